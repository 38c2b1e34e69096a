//! What a session leaves behind when it ends, or when it leaves polling.

use engineio_parser::{Frame, Utf8Bytes};

use super::Response;
use super::speech::Speech;

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
    pub(super) fn response(self, speech: &Speech) -> Response {
        let [noop, close] = [NOOP, CLOSE].map(|text| Frame::Text(Utf8Bytes::from_static(text)));
        match self {
            Self::Close | Self::Gone => speech.say(&[close]),
            Self::Noop => speech.say(&[noop]),
            Self::NoopThenClose => speech.say(&[noop, close]),
        }
    }
}

const CLOSE: &str = "1";

const NOOP: &str = "6";
