//! The only code that reads the time.

#[cfg(feature = "client")]
use std::time::SystemTime;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use engineio_proto::Timestamp;
use tokio::time::{Instant, Sleep, sleep_until};

/// A point on the runtime's clock from which timestamps are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().as_millis();
        Timestamp::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn instant(&self, at: Timestamp) -> Instant {
        self.origin
            .checked_add(Duration::from_millis(at.as_millis()))
            .unwrap_or_else(|| Instant::now() + FAR_FUTURE)
    }
}

/// The one timer of a connection.
///
/// Invariant: the timer of the runtime fires no later than the deadline last asked for. It is moved
/// only when it would be late or has fired early, so a deadline that recedes with every message
/// costs nothing.
pub(crate) struct Alarm {
    clock: Clock,
    sleep: Pin<Box<Sleep>>,
    set_for: Option<Timestamp>,
}

impl Alarm {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            sleep: Box::pin(sleep_until(clock.origin)),
            set_for: None,
        }
    }

    /// Ready once `due` has come. Without a deadline nothing is waited for.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, due: Option<Timestamp>) -> Poll<()> {
        let Some(due) = due else { return Poll::Pending };
        if self.set_for.is_none_or(|set_for| due < set_for) {
            self.set(due);
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if self.set_for.take().is_some_and(|set_for| due <= set_for) {
                return Poll::Ready(());
            }
            self.set(due);
        }
    }

    fn set(&mut self, due: Timestamp) {
        self.sleep.as_mut().reset(self.clock.instant(due));
        self.set_for = Some(due);
    }
}

/// The time of the calendar: for what other hosts have written down.
#[cfg(feature = "client")]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Milliseconds of the calendar: not to be relied on, only unlikely to be seen twice.
#[cfg(feature = "client")]
pub(crate) fn unix_millis() -> u64 {
    let since = system_time().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

/// Stands for a deadline that the clock cannot express.
const FAR_FUTURE: Duration = Duration::from_secs(60 * 60 * 24 * 365);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_follows_a_deadline_that_recedes_and_one_that_approaches() {
        let clock = Clock::start();
        let mut alarm = Alarm::new(clock);
        let mut due = Some(Timestamp::from_millis(1_000));
        poll_fn(|cx| {
            assert!(alarm.poll(cx, due).is_pending());
            Poll::Ready(())
        })
        .await;

        due = Some(Timestamp::from_millis(5_000));
        poll_fn(|cx| alarm.poll(cx, due)).await;
        assert_eq!(clock.now(), Timestamp::from_millis(5_000));

        poll_fn(|cx| {
            assert!(
                alarm
                    .poll(cx, Some(Timestamp::from_millis(60_000)))
                    .is_pending()
            );
            Poll::Ready(())
        })
        .await;
        due = Some(Timestamp::from_millis(6_000));
        poll_fn(|cx| alarm.poll(cx, due)).await;
        assert_eq!(clock.now(), Timestamp::from_millis(6_000));
    }
}
