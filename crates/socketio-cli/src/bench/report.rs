//! What a run has shown, for people and for programs.

use std::fmt::Write;
use std::time::Duration;

use socketio_parser::Value;

use super::tally::{COLUMNS, Tally, Times};
use crate::output;
use crate::units;

/// A run that is over.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) url: &'a str,
    /// How many connections there should have been.
    pub(super) connections: usize,
    /// Events per second, all connections together.
    pub(super) rate: f64,
    /// How long events were sent, and answers waited for.
    pub(super) elapsed: Duration,
    pub(super) payload: usize,
    pub(super) with_ack: bool,
    pub(super) tally: &'a Tally,
}

impl Report<'_> {
    /// For programs. Times are milliseconds.
    pub(super) fn to_value(&self) -> Value {
        let tally = self.tally;
        let errors = tally
            .errors()
            .into_iter()
            .map(|(kind, count)| (kind, Value::from(count)));
        Value::from_iter([
            ("url", Value::from(self.url)),
            ("connections", (self.connections as u64).into()),
            ("connected", tally.connects.count().into()),
            ("rate", self.rate.into()),
            ("seconds", self.elapsed.as_secs_f64().into()),
            ("payload_bytes", (self.payload as u64).into()),
            ("sent", tally.sent.into()),
            ("sent_per_second", self.per_second(tally.sent).into()),
            (
                "answered",
                if self.with_ack {
                    tally.answered.into()
                } else {
                    Value::Null
                },
            ),
            ("errors", errors.collect()),
            ("connect_ms", tally.connects.to_value()),
            (self.row().1, tally.latencies.to_value()),
        ])
    }

    /// For people.
    pub(super) fn to_table(&self) -> String {
        let tally = self.tally;
        let mut out = format!("{:<10}{:>9}", "", "count");
        for (name, _) in COLUMNS {
            let _ = write!(out, "{name:>9}"); // into a String, as all below
        }
        line(&mut out, "connect", &tally.connects);
        line(&mut out, self.row().0, &tally.latencies);
        let _ = write!(
            out,
            "\n\n{} of {} connections; {} sent, {:.1}/s of {:.1}/s",
            tally.connects.count(),
            self.connections,
            tally.sent,
            self.per_second(tally.sent),
            self.rate,
        );
        if self.with_ack {
            let _ = write!(out, "; {} answered", tally.answered);
        }
        let bytes = tally.sent as f64 * self.payload as f64;
        let rate = bytes / self.seconds() / 1e6;
        let _ = writeln!(out, "; {rate:.2} MB/s of payload");
        match tally.errors().as_slice() {
            [] => out.push_str("no errors"),
            errors => {
                let _ = write!(
                    out,
                    "errors: {}",
                    errors.iter().map(|(_, count)| count).sum::<u64>()
                );
                for (kind, count) in errors {
                    let _ = write!(out, "\n{count:>9}  {}", output::one_line(kind));
                }
            }
        }
        out
    }

    /// What the latencies are of.
    fn row(&self) -> (&'static str, &'static str) {
        match self.with_ack {
            true => ("answer", "answer_ms"),
            false => ("send", "send_ms"),
        }
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

fn line(out: &mut String, name: &str, times: &Times) {
    let _ = write!(out, "\n{name:<10}{:>9}", times.count());
    for time in times.columns() {
        let text = match times.count() {
            0 => "–".into(),
            _ => units::short(time),
        };
        let _ = write!(out, "{text:>9}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let mut tally = Tally::new();
        tally.connects.record(Duration::from_millis(2));
        for millis in [1, 1, 1, 4] {
            tally.sent += 1;
            tally.answered += 1;
            tally.latencies.record(Duration::from_millis(millis));
        }
        tally.error("no\nanswer");
        tally
    }

    fn report(tally: &Tally, with_ack: bool) -> Report<'_> {
        Report {
            url: "http://a/",
            connections: 2,
            rate: 2.0,
            elapsed: Duration::from_secs(2),
            payload: 1_000_000,
            with_ack,
            tally,
        }
    }

    #[test]
    fn people_read_a_table() {
        let expected = "              count      p50      p90      p99     p999      max
connect           1   2.00ms   2.00ms   2.00ms   2.00ms   2.00ms
answer            4   1.00ms   4.00ms   4.00ms   4.00ms   4.00ms

1 of 2 connections; 4 sent, 2.0/s of 2.0/s; 4 answered; 2.00 MB/s of payload
errors: 1
        1  no answer";
        assert_eq!(report(&tally(), true).to_table(), expected);
    }

    #[test]
    fn programs_read_an_object() {
        let value = report(&tally(), true).to_value();
        let expected = r#"{"url":"http://a/","connections":2,"connected":1,"rate":2,"seconds":2,"payload_bytes":1000000,"sent":4,"sent_per_second":2,"answered":4,"errors":{"no\nanswer":1},"connect_ms":{"count":1,"p50":2,"p90":2,"p99":2,"p999":2,"max":2},"answer_ms":{"count":4,"p50":1,"p90":4.001,"p99":4.001,"p999":4.001,"max":4.001}}"#;
        assert_eq!(output::json(&value), expected);
    }

    #[test]
    fn what_was_not_counted_is_not_zero() {
        let empty = Tally::new();
        let report = report(&empty, false);
        assert!(report.to_table().contains("–"));
        assert_eq!(report.to_value().get("send_ms"), Some(&Value::Null));
        assert_eq!(report.to_value().get("answered"), Some(&Value::Null));
    }
}
