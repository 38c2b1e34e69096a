//! The heartbeat: a ping, then a pong in time. The server pings; before revision 4, the client.
//!
//! Whoever pings waits for a pong; whoever does not waits for the next ping. The states hold their
//! deadlines, so a ping and a pong are never awaited at once. An upgrade does not touch this: the
//! pong may come on the new transport, but it must come.

use core::ops::ControlFlow;
use core::time::Duration;

use crate::close::{CloseReason, Violation};
use crate::time::Timestamp;

/// The spans of a heartbeat, as the handshake names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rhythm {
    /// From a pong to the next ping.
    pub(crate) interval: Duration,
    /// From a ping to its pong.
    pub(crate) timeout: Duration,
}

impl Rhythm {
    /// From one ping to the latest moment of the next.
    const fn patience(self) -> Duration {
        self.interval.saturating_add(self.timeout)
    }
}

/// What one side waits for, and until when. [eio4 § Heartbeat]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heartbeat {
    /// All is well; the next ping is due then.
    PingAt(Timestamp),
    /// A ping is out.
    PongBy(Timestamp),
    /// A ping is out, and another packet has already postponed the deadline.
    PongAtLastBy(Timestamp),
    /// It is the other side that pings.
    PingBy(Timestamp),
}

/// What a deadline asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Send a ping.
    Ping,
    /// The other side has fallen silent.
    Expired,
}

impl Heartbeat {
    /// This side has to ping: the server, or, before revision 4, the client.
    pub(crate) fn start(now: Timestamp, rhythm: Rhythm) -> Self {
        Self::PingAt(now + rhythm.interval)
    }

    /// The other side has to ping, again and again. [js engine.io 6.6.12]
    pub(crate) fn await_ping(now: Timestamp, rhythm: Rhythm) -> Self {
        Self::PingBy(now + rhythm.patience())
    }

    /// A pong counts also when nobody asked: it restarts the interval. [js engine.io 6.6.12]
    pub(crate) fn on_pong(&mut self, now: Timestamp, rhythm: Rhythm) -> ControlFlow<CloseReason> {
        if let Self::PingBy(_) = self {
            return ControlFlow::Break(Violation::WrongDirection.into());
        }
        *self = Self::start(now, rhythm);
        ControlFlow::Continue(())
    }

    /// Whoever has to ping shows that they live. Nothing else does. [js engine.io 6.6.12]
    pub(crate) fn on_ping(&mut self, now: Timestamp, rhythm: Rhythm) -> ControlFlow<CloseReason> {
        let Self::PingBy(_) = self else {
            return ControlFlow::Break(Violation::WrongDirection.into());
        };
        *self = Self::await_ping(now, rhythm);
        ControlFlow::Continue(())
    }

    /// Any other packet shows that the client lives, but not that it answers: it postpones the
    /// deadline, once. [js engine.io 6.6.11]
    pub(crate) fn on_other_packet(&mut self, now: Timestamp, rhythm: Rhythm) {
        if let Self::PongBy(_) = self {
            *self = Self::PongAtLastBy(now + rhythm.timeout);
        }
    }

    /// For a client that pings, any packet shows that the server lives, and postpones the deadline,
    /// but not the end: there is no further ping without a pong. [js engine.io-client 3.5.6]
    pub(crate) fn on_any_packet(&mut self, now: Timestamp, rhythm: Rhythm) {
        if let Self::PongBy(_) = self {
            *self = Self::PongBy(now + rhythm.patience());
        }
    }

    pub(crate) fn on_timeout(&mut self, now: Timestamp, rhythm: Rhythm) -> Option<Beat> {
        if now < self.deadline() {
            return None;
        }
        match *self {
            Self::PingAt(due) => {
                // The grain of a timer is not the client's time to lose or to win; anything longer
                // (a process that was stopped) is, so then the wait begins now.
                let since = if now > due + TIMER_GRAIN { now } else { due };
                *self = Self::PongBy(since + rhythm.timeout);
                Some(Beat::Ping)
            }
            Self::PongBy(_) | Self::PongAtLastBy(_) | Self::PingBy(_) => Some(Beat::Expired),
        }
    }

    pub(crate) const fn deadline(&self) -> Timestamp {
        match *self {
            Self::PingAt(at) | Self::PongBy(at) | Self::PongAtLastBy(at) | Self::PingBy(at) => at,
        }
    }
}

/// How late a timer may fire and still count as punctual.
const TIMER_GRAIN: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    const RHYTHM: Rhythm = Rhythm {
        interval: Duration::from_millis(300),
        timeout: Duration::from_millis(200),
    };

    #[test]
    fn a_ping_then_silence_expires() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert_eq!(beat.on_timeout(at(299), RHYTHM), None);
        assert_eq!(beat.on_timeout(at(300), RHYTHM), Some(Beat::Ping));
        assert_eq!(beat.on_timeout(at(499), RHYTHM), None);
        assert_eq!(beat.on_timeout(at(500), RHYTHM), Some(Beat::Expired));
    }

    #[test]
    fn the_interval_counts_from_the_pong() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert_eq!(beat.on_timeout(at(300), RHYTHM), Some(Beat::Ping));
        assert!(beat.on_pong(at(350), RHYTHM).is_continue());
        assert_eq!(beat, Heartbeat::PingAt(at(650)));
    }

    #[test]
    fn a_pong_nobody_asked_for_postpones_the_ping() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert!(beat.on_pong(at(100), RHYTHM).is_continue());
        assert_eq!(beat, Heartbeat::PingAt(at(400)));
    }

    #[test]
    fn another_packet_postpones_the_deadline_once() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        beat.on_other_packet(at(100), RHYTHM);
        assert_eq!(beat, Heartbeat::PingAt(at(300)));
        assert_eq!(beat.on_timeout(at(300), RHYTHM), Some(Beat::Ping));
        beat.on_other_packet(at(400), RHYTHM);
        beat.on_other_packet(at(500), RHYTHM);
        assert_eq!(beat.on_timeout(at(599), RHYTHM), None);
        assert_eq!(beat.on_timeout(at(600), RHYTHM), Some(Beat::Expired));
    }

    #[test]
    fn to_a_client_that_pings_any_packet_is_as_good_as_a_pong_but_for_the_next_ping() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        beat.on_any_packet(at(100), RHYTHM);
        assert_eq!(beat, Heartbeat::PingAt(at(300)));
        assert_eq!(beat.on_timeout(at(300), RHYTHM), Some(Beat::Ping));
        beat.on_any_packet(at(400), RHYTHM);
        beat.on_any_packet(at(450), RHYTHM);
        assert_eq!(beat, Heartbeat::PongBy(at(950)));
        let mut beat = Heartbeat::await_ping(at(0), RHYTHM);
        beat.on_any_packet(at(400), RHYTHM);
        assert_eq!(beat, Heartbeat::PingBy(at(500)));
    }

    #[test]
    fn a_timer_that_is_a_little_late_does_not_drift() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert_eq!(beat.on_timeout(at(302), RHYTHM), Some(Beat::Ping));
        assert_eq!(beat.deadline(), at(500));
    }

    #[test]
    fn a_process_that_was_stopped_gives_the_client_its_time() {
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert_eq!(beat.on_timeout(at(60_000), RHYTHM), Some(Beat::Ping));
        assert_eq!(beat.deadline(), at(60_200));
    }

    #[test]
    fn an_old_client_pings_and_nothing_else_counts() {
        let mut beat = Heartbeat::await_ping(at(0), RHYTHM);
        assert!(beat.on_ping(at(400), RHYTHM).is_continue());
        beat.on_other_packet(at(800), RHYTHM);
        assert_eq!(beat.on_timeout(at(899), RHYTHM), None);
        assert_eq!(beat.on_timeout(at(900), RHYTHM), Some(Beat::Expired));
    }

    #[test]
    fn each_side_has_its_own_half_of_a_heartbeat() {
        let mut beat = Heartbeat::await_ping(at(0), RHYTHM);
        let wrong = ControlFlow::Break(Violation::WrongDirection.into());
        assert_eq!(beat.on_pong(at(1), RHYTHM), wrong);
        let mut beat = Heartbeat::start(at(0), RHYTHM);
        assert_eq!(beat.on_ping(at(1), RHYTHM), wrong);
        assert_eq!(beat, Heartbeat::PingAt(at(300)));
    }
}
