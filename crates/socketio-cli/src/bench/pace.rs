//! When each event is due.

use std::time::Duration;

use tokio::time::Instant;

/// The plan of one connection among several that share a rate.
///
/// Invariant: what is due depends on the start alone, never on how long anything took. So an event
/// that is sent late, since the server was slow, has waited since it was due, and its wait counts.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    start: Instant,
    interval: Duration,
    next: u64,
    step: u64,
    end: Instant,
}

impl Pace {
    /// The plan of connection `index` of `connections`: all of them together are due each
    /// `interval`, from `start` until `end`.
    pub(super) fn new(
        start: Instant,
        end: Instant,
        interval: Duration,
        index: u64,
        connections: u64,
    ) -> Self {
        Self {
            start,
            interval,
            next: index,
            step: connections.max(1),
            end,
        }
    }

    /// When the next event is due. `None`: there is none left.
    pub(super) fn due(&self) -> Option<Instant> {
        let since = self.interval.as_secs_f64() * self.next as f64;
        let due = self
            .start
            .checked_add(Duration::try_from_secs_f64(since).ok()?)?;
        (due < self.end).then_some(due)
    }

    /// The event that was due is on its way.
    pub(super) fn advance(&mut self) {
        self.next = self.next.saturating_add(self.step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(index: u64, connections: u64) -> Vec<u128> {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(start, start + second, second / 10, index, connections);
        let mut due = Vec::new();
        while let Some(at) = pace.due() {
            due.push((at - start).as_millis());
            pace.advance();
        }
        due
    }

    #[test]
    fn one_connection_takes_all() {
        assert_eq!(plan(0, 1), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    }

    #[test]
    fn several_take_turns() {
        assert_eq!(plan(0, 3), [0, 300, 600, 900]);
        assert_eq!(plan(1, 3), [100, 400, 700]);
        assert_eq!(plan(2, 3), [200, 500, 800]);
    }

    #[test]
    fn who_comes_too_late_has_no_turn() {
        assert_eq!(plan(10, 20), [0_u128; 0]);
    }
}
