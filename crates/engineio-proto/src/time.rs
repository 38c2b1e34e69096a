//! Points in time, as numbers that someone else reads off a clock.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// A point on the driver's monotonic clock: milliseconds since an origin that the driver picks.
///
/// Adding a [`Duration`] rounds up to a whole millisecond, so a timer never fires early, and
/// stops at the end of time instead of overflowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `millis` milliseconds after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let millis = span.as_nanos().div_ceil(NANOS_PER_MILLI);
        Self(
            self.0
                .saturating_add(u64::try_from(millis).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

const NANOS_PER_MILLI: u128 = 1_000_000;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn adding_rounds_up_so_that_nothing_fires_early() {
        let start = Timestamp::from_millis(10);
        assert_eq!(start + Duration::from_nanos(1), Timestamp::from_millis(11));
        assert_eq!(start + Duration::from_millis(1), Timestamp::from_millis(11));
        assert_eq!(
            start + Duration::from_micros(1001),
            Timestamp::from_millis(12)
        );
        assert_eq!(start + Duration::ZERO, start);
    }

    #[test]
    fn time_ends_instead_of_overflowing() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(Timestamp::from_millis(5) + Duration::MAX, end);
        assert_eq!(end + Duration::from_secs(1), end);
    }

    #[test]
    fn it_prints_as_seconds() {
        assert_eq!(Timestamp::from_millis(25_000).to_string(), "25.000s");
        assert_eq!(Timestamp::from_millis(7).to_string(), "0.007s");
    }
}
