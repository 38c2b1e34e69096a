//! What a session leaves behind when it ends, or when it leaves polling.

use bytes::Bytes;

use super::Response;

/// What a session leaves behind on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// A close packet for a waiting poll; a close frame on a WebSocket.
    Close,
    /// Nothing on a WebSocket: it is gone already.
    Gone,
    /// A noop for a waiting poll, which only has to come back.
    Noop,
    /// What the reference answers to a poll that finds the session closing.
    NoopThenClose,
}

impl Parting {
    pub(super) const fn response(self) -> Response {
        Response::Payload(Bytes::from_static(match self {
            Self::Close | Self::Gone => b"1",
            Self::Noop => b"6",
            Self::NoopThenClose => b"6\x1e1",
        }))
    }
}
