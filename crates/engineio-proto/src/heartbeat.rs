//! The server's heartbeat: a ping, then a pong in time. Clients before revision 4 ping instead.
//!
//! The states hold their deadlines, so a ping and a pong are never awaited at once. An upgrade
//! does not touch this: the pong may come on the new transport, but it must come.

use core::ops::ControlFlow;
use core::time::Duration;

use crate::close::{CloseReason, Violation};
use crate::config::Config;
use crate::time::Timestamp;

/// What the server waits for, and until when. [eio4 § Heartbeat]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heartbeat {
    /// All is well; the next ping is due then.
    PingAt(Timestamp),
    /// A ping is out.
    PongBy(Timestamp),
    /// A ping is out, and another packet has already postponed the deadline.
    PongAtLastBy(Timestamp),
    /// Revisions 2 and 3: it is the client that pings. [eio3 § Encoding, ping]
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
    pub(crate) fn start(now: Timestamp, config: &Config) -> Self {
        Self::PingAt(now + config.ping_interval)
    }

    /// Revisions 2 and 3: the client has to ping, again and again. [js engine.io 6.6.12]
    pub(crate) fn await_ping(now: Timestamp, config: &Config) -> Self {
        Self::PingBy(now + config.ping_interval + config.ping_timeout)
    }

    /// A pong counts also when nobody asked: it restarts the interval. [js engine.io 6.6.12]
    pub(crate) fn on_pong(&mut self, now: Timestamp, config: &Config) -> ControlFlow<CloseReason> {
        if let Self::PingBy(_) = self {
            return ControlFlow::Break(Violation::WrongDirection.into());
        }
        *self = Self::start(now, config);
        ControlFlow::Continue(())
    }

    /// A client before revision 4 shows that it lives. Nothing else does. [js engine.io 6.6.12]
    pub(crate) fn on_ping(&mut self, now: Timestamp, config: &Config) -> ControlFlow<CloseReason> {
        let Self::PingBy(_) = self else {
            return ControlFlow::Break(Violation::WrongDirection.into());
        };
        *self = Self::await_ping(now, config);
        ControlFlow::Continue(())
    }

    /// Any other packet shows that the client lives, but not that it answers: it postpones the
    /// deadline, once. [js engine.io 6.6.11]
    pub(crate) fn on_other_packet(&mut self, now: Timestamp, config: &Config) {
        if let Self::PongBy(_) = self {
            *self = Self::PongAtLastBy(now + config.ping_timeout);
        }
    }

    pub(crate) fn on_timeout(&mut self, now: Timestamp, config: &Config) -> Option<Beat> {
        if now < self.deadline() {
            return None;
        }
        match *self {
            Self::PingAt(due) => {
                // The grain of a timer is not the client's time to lose or to win; anything longer
                // (a process that was stopped) is, so then the wait begins now.
                let since = if now > due + TIMER_GRAIN { now } else { due };
                *self = Self::PongBy(since + config.ping_timeout);
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

    fn config() -> Config {
        Config {
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            ..Config::default()
        }
    }

    #[test]
    fn a_ping_then_silence_expires() {
        let mut beat = Heartbeat::start(at(0), &config());
        assert_eq!(beat.on_timeout(at(299), &config()), None);
        assert_eq!(beat.on_timeout(at(300), &config()), Some(Beat::Ping));
        assert_eq!(beat.on_timeout(at(499), &config()), None);
        assert_eq!(beat.on_timeout(at(500), &config()), Some(Beat::Expired));
    }

    #[test]
    fn the_interval_counts_from_the_pong() {
        let mut beat = Heartbeat::start(at(0), &config());
        assert_eq!(beat.on_timeout(at(300), &config()), Some(Beat::Ping));
        assert!(beat.on_pong(at(350), &config()).is_continue());
        assert_eq!(beat, Heartbeat::PingAt(at(650)));
    }

    #[test]
    fn a_pong_nobody_asked_for_postpones_the_ping() {
        let mut beat = Heartbeat::start(at(0), &config());
        assert!(beat.on_pong(at(100), &config()).is_continue());
        assert_eq!(beat, Heartbeat::PingAt(at(400)));
    }

    #[test]
    fn another_packet_postpones_the_deadline_once() {
        let mut beat = Heartbeat::start(at(0), &config());
        beat.on_other_packet(at(100), &config());
        assert_eq!(beat, Heartbeat::PingAt(at(300)));
        assert_eq!(beat.on_timeout(at(300), &config()), Some(Beat::Ping));
        beat.on_other_packet(at(400), &config());
        beat.on_other_packet(at(500), &config());
        assert_eq!(beat.on_timeout(at(599), &config()), None);
        assert_eq!(beat.on_timeout(at(600), &config()), Some(Beat::Expired));
    }

    #[test]
    fn a_timer_that_is_a_little_late_does_not_drift() {
        let mut beat = Heartbeat::start(at(0), &config());
        assert_eq!(beat.on_timeout(at(302), &config()), Some(Beat::Ping));
        assert_eq!(beat.deadline(), at(500));
    }

    #[test]
    fn a_process_that_was_stopped_gives_the_client_its_time() {
        let mut beat = Heartbeat::start(at(0), &config());
        assert_eq!(beat.on_timeout(at(60_000), &config()), Some(Beat::Ping));
        assert_eq!(beat.deadline(), at(60_200));
    }

    #[test]
    fn an_old_client_pings_and_nothing_else_counts() {
        let mut beat = Heartbeat::await_ping(at(0), &config());
        assert!(beat.on_ping(at(400), &config()).is_continue());
        beat.on_other_packet(at(800), &config());
        assert_eq!(beat.on_timeout(at(899), &config()), None);
        assert_eq!(beat.on_timeout(at(900), &config()), Some(Beat::Expired));
    }

    #[test]
    fn each_side_has_its_own_half_of_a_heartbeat() {
        let mut beat = Heartbeat::await_ping(at(0), &config());
        let wrong = ControlFlow::Break(Violation::WrongDirection.into());
        assert_eq!(beat.on_pong(at(1), &config()), wrong);
        let mut beat = Heartbeat::start(at(0), &config());
        assert_eq!(beat.on_ping(at(1), &config()), wrong);
        assert_eq!(beat, Heartbeat::PingAt(at(300)));
    }
}
