//! The words between a session and its driver.

use bytes::Bytes;
use engineio_parser::{Frame, Message};

use super::{BodyKind, Response};
use crate::close::CloseReason;
use crate::id::{RequestId, TransportId};

/// The request that opens a session; the handshake is its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A poll without a session id.
    Poll(RequestId),
    /// A WebSocket without a session id, after its HTTP handshake.
    WebSocket(TransportId),
}

/// Whether a packet may be compressed where it travels over polling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compress {
    /// It is not worth the effort: compressed already, or encrypted.
    No,
    /// If the driver thinks so.
    #[default]
    Yes,
}

/// Why a WebSocket did not take over a session. The session goes on over polling, and another may
/// try. [js engine.io 6.6.12]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpgradeFailure {
    /// The client closed it.
    Closed,
    /// It broke.
    Failed,
    /// It took longer than [`upgrade_timeout`](crate::Config::upgrade_timeout).
    Timeout,
    /// It carried something else than a probe and an upgrade.
    UnexpectedPacket,
}

impl UpgradeFailure {
    /// The failure in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "transport close",
            Self::Failed => "transport error",
            Self::Timeout => "upgrade timeout",
            Self::UnexpectedPacket => "unexpected packet",
        }
    }
}

/// What reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The client waits for packets.
    Poll {
        /// The exchange to answer.
        request: RequestId,
    },
    /// The head of a post arrived. Separate from its body, so that overlap is visible.
    Post {
        /// The exchange to answer.
        request: RequestId,
        /// What its content type announces.
        kind: BodyKind,
    },
    /// The whole body of a post, at most [`max_payload`](crate::Config::max_payload) bytes.
    Body {
        /// The exchange whose head came as [`Input::Post`].
        request: RequestId,
        /// As received: what is not UTF-8 is replaced.
        body: Bytes,
    },
    /// The body of a post is larger than [`max_payload`](crate::Config::max_payload). The session
    /// goes on.
    BodyTooLarge {
        /// The exchange whose head came as [`Input::Post`].
        request: RequestId,
    },
    /// The client went away before its answer. There will be none.
    Aborted {
        /// The exchange that broke.
        request: RequestId,
    },
    /// A request about the session with a method that has no meaning here.
    Other {
        /// The exchange to answer.
        request: RequestId,
    },
    /// A client of Socket.IO 0.9 leaves: see [`Purpose::Farewell`](super::Purpose::Farewell).
    Farewell {
        /// The exchange to answer.
        request: RequestId,
    },
    /// A WebSocket handshake for this session completed.
    Opened {
        /// The WebSocket, never heard of before.
        transport: TransportId,
    },
    /// The same, and the client takes no bytes on it: they become base64.
    OpenedForText {
        /// The WebSocket, never heard of before.
        transport: TransportId,
    },
    /// One WebSocket message, at most [`max_payload`](crate::Config::max_payload) bytes.
    Frame {
        /// The WebSocket it came by.
        transport: TransportId,
        /// The message.
        frame: Frame,
    },
    /// Every frame handed out so far has left: the WebSocket has credit again.
    Flushed {
        /// The WebSocket.
        transport: TransportId,
    },
    /// The WebSocket was closed by the client, cleanly or not.
    Closed {
        /// The WebSocket that is gone.
        transport: TransportId,
    },
    /// The WebSocket broke, or the client broke its rules: an oversized message, for example.
    Failed {
        /// The WebSocket that is gone.
        transport: TransportId,
    },
}

/// What the driver should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Io {
    /// Answer a request. Each one handed in is answered exactly once, unless it was aborted.
    Respond {
        /// The exchange to answer.
        request: RequestId,
        /// The answer.
        response: Response,
    },
    /// Write one WebSocket message.
    Frame {
        /// The WebSocket to write to.
        transport: TransportId,
        /// The message.
        frame: Frame,
    },
    /// Close a WebSocket behind what was written, without a status code. Nothing further will be
    /// asked of it.
    Close {
        /// The WebSocket to close.
        transport: TransportId,
    },
}

/// What the application should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client said something.
    Message(Message),
    /// Packets travel over a WebSocket from now on.
    Upgraded,
    /// The session ended. The last event, exactly once.
    Closed(CloseReason),
}
