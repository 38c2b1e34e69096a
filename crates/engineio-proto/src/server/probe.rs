//! The upgrade, seen from the server: a WebSocket that asks to become the link.
//!
//! The client sends `5` only after its last poll has come back, so the server has to send that
//! poll back. One noop is not enough: it may overtake `3probe`, and then the client, which has not
//! yet learned that it should stop, polls again.

use core::time::Duration;

use engineio_parser::{Channel, DecodeError, Packet};

use super::UpgradeFailure;
use crate::config::Config;
use crate::id::TransportId;
use crate::time::Timestamp;

/// A WebSocket on trial. At most one per session.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) transport: TransportId,
    pub(crate) channel: Channel,
    by: Timestamp,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    AwaitPing,
    AwaitUpgrade { noop_at: Timestamp },
}

/// The candidates of a session that did not become its link.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FailedUpgrades {
    pub(crate) count: u64,
    pub(crate) last: Option<UpgradeFailure>,
}

impl FailedUpgrades {
    pub(crate) const fn record(&mut self, failure: UpgradeFailure) {
        self.count += 1;
        self.last = Some(failure);
    }
}

/// What a packet on the candidate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Say that the candidate works.
    Confirm,
    /// Make it the link.
    Switch,
    /// Close it; the session goes on over polling.
    Fail,
}

/// What the time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send a waiting poll back.
    Noop,
    /// The trial has taken too long.
    Expired,
}

impl Probe {
    pub(crate) fn start(
        transport: TransportId,
        channel: Channel,
        now: Timestamp,
        config: &Config,
    ) -> Self {
        Self {
            transport,
            channel,
            by: now + config.upgrade_timeout,
            phase: Phase::AwaitPing,
        }
    }

    /// [eio4 § Upgrade] `5` counts without a probe before it: clients in the field leave it out.
    /// [js engine.io 6.6.12]
    pub(crate) fn on_packet(
        &mut self,
        now: Timestamp,
        packet: Result<Packet, DecodeError>,
    ) -> Step {
        match packet {
            Ok(Packet::Ping(data)) if data == "probe" => {
                self.phase = Phase::AwaitUpgrade { noop_at: now };
                Step::Confirm
            }
            Ok(Packet::Upgrade) => Step::Switch,
            Ok(
                Packet::Open(_)
                | Packet::Close
                | Packet::Ping(_)
                | Packet::Pong(_)
                | Packet::Message(_)
                | Packet::Noop,
            )
            | Err(_) => Step::Fail,
        }
    }

    /// Whether the client has tried the candidate before it moves to it.
    pub(crate) const fn was_tried(&self) -> bool {
        matches!(self.phase, Phase::AwaitUpgrade { .. })
    }

    pub(crate) fn on_timeout(&mut self, now: Timestamp, poll_is_parked: bool) -> Option<Due> {
        if self.by <= now {
            return Some(Due::Expired);
        }
        match &mut self.phase {
            Phase::AwaitUpgrade { noop_at } if poll_is_parked && *noop_at <= now => {
                *noop_at = now + NOOP_INTERVAL;
                Some(Due::Noop)
            }
            Phase::AwaitUpgrade { .. } | Phase::AwaitPing => None,
        }
    }

    /// The next deadline. A noop is due only while there is a poll to send back.
    pub(crate) fn deadline(&self, poll_is_parked: bool) -> Timestamp {
        match self.phase {
            Phase::AwaitUpgrade { noop_at } if poll_is_parked => noop_at.min(self.by),
            Phase::AwaitUpgrade { .. } | Phase::AwaitPing => self.by,
        }
    }
}

/// How often a poll is sent back while an upgrade is under way. [js engine.io 6.6.12]
const NOOP_INTERVAL: Duration = Duration::from_millis(100);
