//! What has been counted, by all connections together.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use socketio_parser::Value;

/// The counts of one run. Its size does not depend on how long the run is.
#[derive(Debug)]
pub(super) struct Tally {
    /// How long it took to connect.
    pub(super) connects: Times,
    /// With answers: from when an event was due until its answer came. Without: until it was
    /// handed to the transport.
    pub(super) latencies: Times,
    pub(super) sent: u64,
    pub(super) answered: u64,
    /// How often each thing went wrong.
    errors: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            connects: Times::new(),
            latencies: Times::new(),
            sent: 0,
            answered: 0,
            errors: BTreeMap::new(),
        }
    }

    /// Counts something that went wrong. Beyond [`KINDS`] all that is new counts as one kind: a
    /// server may put anything into its messages.
    pub(super) fn error(&mut self, message: &str) {
        let known = self.errors.len() < KINDS || self.errors.contains_key(message);
        let kind = if known { message } else { "other errors" };
        *self.errors.entry(kind.into()).or_default() += 1;
    }

    /// What went wrong and how often, the most frequent first.
    pub(super) fn errors(&self) -> Vec<(&str, u64)> {
        let mut errors: Vec<_> = self
            .errors
            .iter()
            .map(|(kind, count)| (&**kind, *count))
            .collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        errors
    }
}

/// How long something took, again and again: microseconds, three digits exact.
#[derive(Debug)]
pub(super) struct Times(Histogram<u64>);

impl Times {
    fn new() -> Self {
        // One microsecond to an hour: valid bounds, so there is always a histogram.
        let histogram = Histogram::new_with_bounds(1, HOUR, 3);
        Self(histogram.unwrap_or_else(|_| unreachable!("the bounds are constant and valid")))
    }

    /// Counts once. What takes longer than an hour counts as an hour.
    pub(super) fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(HOUR);
        self.0.saturating_record(micros);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The percentiles of [`COLUMNS`], in order.
    pub(super) fn columns(&self) -> [Duration; COLUMNS.len()] {
        COLUMNS.map(|(_, quantile)| {
            Duration::from_micros(match quantile {
                Some(quantile) => self.0.value_at_quantile(quantile).min(self.0.max()),
                None => self.0.max(),
            })
        })
    }

    /// Milliseconds, for programs. `null`: nothing was counted.
    pub(super) fn to_value(&self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        let millis = |time: Duration| Value::from(time.as_micros() as f64 / 1e3);
        let names = COLUMNS.iter().map(|(name, _)| *name);
        let columns = names.zip(self.columns().map(millis));
        let count = [("count", Value::from(self.count()))];
        count.into_iter().chain(columns).collect()
    }
}

/// The columns of the table; without a quantile it is the greatest value.
pub(super) const COLUMNS: [(&str, Option<f64>); 5] = [
    ("p50", Some(0.5)),
    ("p90", Some(0.9)),
    ("p99", Some(0.99)),
    ("p999", Some(0.999)),
    ("max", None),
];

/// How many kinds of errors are told apart.
const KINDS: usize = 16;
/// In microseconds.
const HOUR: u64 = 60 * 60 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_counted() {
        let mut times = Times::new();
        for millis in 1..=1000 {
            times.record(Duration::from_millis(millis));
        }
        let [p50, p90, p99, p999, max] = times.columns().map(|time| time.as_micros() as f64 / 1e3);
        for (is, due) in [
            (p50, 500.0),
            (p90, 900.0),
            (p99, 990.0),
            (p999, 999.0),
            (max, 1000.0),
        ] {
            assert!((is - due).abs() <= due / 1000.0, "{is} instead of {due}");
        }
    }

    #[test]
    fn a_day_counts_as_an_hour() {
        let mut times = Times::new();
        times.record(Duration::from_secs(24 * 60 * 60));
        assert_eq!(times.count(), 1);
        assert!(times.columns()[4] <= Duration::from_secs(2 * 60 * 60));
    }

    #[test]
    fn kinds_of_errors_are_bounded() {
        let mut tally = Tally::new();
        for number in 0..1000 {
            tally.error(&format!("error {number}"));
            tally.error("the usual");
        }
        let errors = tally.errors();
        assert_eq!(errors.len(), KINDS + 1);
        assert_eq!(errors.iter().map(|(_, count)| count).sum::<u64>(), 2000);
        assert_eq!(errors.first(), Some(&("the usual", 1000)));
    }
}
