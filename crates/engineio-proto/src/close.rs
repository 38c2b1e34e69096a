//! How a session ends, and why a message was not taken.

use core::fmt;

use engineio_parser::{DecodeError, Frame};

/// Why a session ended. One per session, in its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// This side asked for it.
    Forced,
    /// The other side fell silent for longer than the heartbeat allows.
    PingTimeout,
    /// The other side closed, in the protocol's words.
    TransportClose,
    /// The network failed: an aborted request, a refused dial, a broken socket.
    TransportError,
    /// The other side broke the protocol.
    Violation(Violation),
}

impl CloseReason {
    /// The reason in the words of the reference implementation.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Forced => "forced close",
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::Violation(Violation::BadPacket(_)) => "parse error",
            Self::TransportError | Self::Violation(_) => "transport error",
        }
    }
}

impl From<Violation> for CloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a peer did that the protocol forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The first packet of a server is not a readable handshake. [eio4 § Handshake]
    #[error("bad handshake")]
    BadHandshake,
    /// Not a packet. [eio4 § Packet encoding]
    #[error("{0}")]
    BadPacket(DecodeError),
    /// A body of bytes, which this revision does not have.
    /// [eio4 § Packet encoding, HTTP long-polling]
    #[error("binary body")]
    BinaryBody,
    /// Two polls at once. [eio4 § Receiving data]
    #[error("two polls at once")]
    PollOverlap,
    /// Two posts at once. [eio4 § Sending data]
    #[error("two posts at once")]
    PostOverlap,
    /// A packet that only the other side may send. [eio4 § Heartbeat]
    #[error("invalid heartbeat direction")]
    WrongDirection,
}

/// Why a message was not taken. It is handed back, encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The session has ended or is closing.
    #[error("session closed")]
    Closed(Frame),
    /// As many bytes are waiting as the configuration allows.
    #[error("buffer full")]
    Full(Frame),
}

impl SendError {
    /// The message that was not taken.
    #[must_use]
    pub fn into_frame(self) -> Frame {
        match self {
            Self::Closed(frame) | Self::Full(frame) => frame,
        }
    }
}
