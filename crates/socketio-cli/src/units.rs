//! Spans, rates and sizes as people type them.

use std::str::FromStr;
use std::time::Duration;

/// A span of time: `5s`, `500ms`, `1m30s`; a number alone is seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = text.parse::<f64>().ok();
        let span = match seconds {
            Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            None => text
                .parse()
                .ok()
                .and_then(|span: jiff::SignedDuration| span.try_into().ok()),
        };
        // Beyond a year nobody waits, and adding to the present time must not overflow.
        span.filter(|span| *span <= Duration::from_secs(365 * 24 * 60 * 60))
            .map(Self)
            .ok_or_else(|| "a span of time looks like 5s, 500ms or 1m30s".into())
    }
}

/// How often per second: `200`, `200/s`, `6000/m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(f64);

impl Rate {
    /// Between two events.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }

    /// Events in a second.
    pub(crate) fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, seconds) = match text.split_once('/') {
            None | Some((_, "s" | "sec")) => (text.split('/').next().unwrap_or(text), 1.0),
            Some((number, "m" | "min")) => (number, 60.0),
            Some((number, "h")) => (number, 3600.0),
            Some(_) => ("", 1.0),
        };
        let rate = number.parse::<f64>().ok().map(|number| number / seconds);
        rate.filter(|rate| (1e-4..=1e7).contains(rate))
            .map(Self)
            .ok_or_else(|| "a rate looks like 200/s or 6000/m, and is at most 10000000/s".into())
    }
}

/// A number of bytes: `512`, `64k`, `1M`; k and M are 1024 and 1024².
pub(crate) fn size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let factor: usize = match text.get(digits.len()..)? {
        "" | "B" => 1,
        "k" | "K" | "kB" | "KB" | "KiB" => 1 << 10,
        "M" | "MB" | "MiB" => 1 << 20,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

/// A span as it could have been typed: `1m30s`.
pub(crate) fn exact(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes, rest, span.subsec_millis()) {
        (0, 0, millis) => format!("{millis}ms"),
        (0, _, 0) => format!("{rest}s"),
        (0, _, _) => format!("{}s", span.as_secs_f64()),
        (_, 0, _) => format!("{minutes}m"),
        (_, _, _) => format!("{minutes}m{rest}s"),
    }
}

/// A span in the unit that reads best, with three digits: `1.23ms`.
pub(crate) fn short(span: Duration) -> String {
    let micros = span.as_secs_f64() * 1e6;
    let (number, unit) = match micros {
        micros if micros < 1e3 => (micros, "µs"),
        micros if micros < 1e6 => (micros / 1e3, "ms"),
        micros => (micros / 1e6, "s"),
    };
    let digits = match number {
        number if number < 10.0 => 2,
        number if number < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("2", 2_000),
            ("0.25", 250),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "-5s",
            "-1",
            "5 bananas",
            "inf",
            "nan",
            "1e300",
            "9999999h",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_reads_as_it_was_typed() {
        for text in ["5s", "500ms", "1m30s", "2m", "0ms", "1.5s"] {
            let Span(span) = text.parse().unwrap();
            assert_eq!(exact(span), text);
        }
    }

    #[test]
    fn rates_are_per_second() {
        for (text, expected) in [
            ("200", 200.0),
            ("200/s", 200.0),
            ("6000/m", 100.0),
            ("0.5/s", 0.5),
        ] {
            assert_eq!(text.parse(), Ok(Rate(expected)), "{text}");
        }
        for text in ["", "0", "-1/s", "x/s", "5/y", "nan", "inf", "1e9"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        assert_eq!(Rate(200.0).interval(), Duration::from_millis(5));
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(size("512"), Some(512));
        assert_eq!(size("64k"), Some(65536));
        assert_eq!(size("1MiB"), Some(1 << 20));
        for text in ["", "k", "1x", "-1", "99999999999999999999", r#"{"a":1}"#] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn a_short_span_has_three_digits() {
        for (micros, text) in [
            (0, "0.00µs"),
            (7, "7.00µs"),
            (1_234, "1.23ms"),
            (45_600, "45.6ms"),
            (678_000, "678ms"),
            (12_000_000, "12.0s"),
        ] {
            assert_eq!(short(Duration::from_micros(micros)), text);
        }
    }
}
