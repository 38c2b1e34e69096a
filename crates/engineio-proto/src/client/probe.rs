//! The upgrade, seen from the client: a WebSocket that may become the link.
//!
//! Both sides must agree on the packet with which the WebSocket takes over. On this side that is
//! safe only when nothing travels over polling any more; see `Session::switch_if_quiet`.

use engineio_parser::{DecodeError, Packet};

use crate::id::TransportId;
use crate::time::Timestamp;

/// A WebSocket on trial. At most one per session.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) transport: TransportId,
    /// When this side gives up.
    pub(crate) by: Timestamp,
    pub(crate) phase: ProbePhase,
}

/// What the client waits for. [eio4 § Upgrade]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbePhase {
    /// The dial.
    Connecting,
    /// The answer to `2probe`.
    AwaitPong,
    /// The two requests in flight. There are no new ones.
    Pausing,
}

/// What a packet on the candidate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Let polling come to rest, then switch.
    Pause,
    /// Close it; the session goes on over polling.
    Fail,
}

impl Probe {
    pub(crate) fn on_packet(&mut self, packet: Result<Packet, DecodeError>) -> Step {
        match (self.phase, packet) {
            (ProbePhase::AwaitPong, Ok(Packet::Pong(data))) if data == "probe" => {
                self.phase = ProbePhase::Pausing;
                Step::Pause
            }
            (ProbePhase::Connecting | ProbePhase::AwaitPong | ProbePhase::Pausing, _) => Step::Fail,
        }
    }
}
