//! What the application learns of a client, and why things end.

use core::fmt;

use crate::engine::CloseReason;
use crate::engine::client::Handshake;
use crate::reply::ReplyTo;
use crate::{AckId, Args, ConnectError, DecodeError, Encoded, Namespace, SocketId, Timestamp};

use super::AuthRequest;

/// What the application should know.
#[derive(Debug)]
pub enum Event {
    /// A session is open; the namespaces ask to be let in. A matching [`Ended`](Self::Ended)
    /// follows.
    Opened(Handshake),
    /// A namespace that was opened with [`Credentials::Ask`](super::Credentials::Ask) needs to know
    /// what to say.
    AuthRequest(AuthRequest),
    /// A namespace is connected. What the server emitted before it said so came before.
    Connected {
        /// Which one.
        namespace: Namespace,
        /// The client's public id there.
        sid: SocketId,
        /// Whether the server has picked up where an earlier session left off: same id, same
        /// rooms, and nothing of what it had to say is missing.
        recovered: bool,
    },
    /// A namespace was refused. It is not asked for again unless the application opens it.
    Refused {
        /// Which one.
        namespace: Namespace,
        /// Why.
        error: ConnectError,
    },
    /// A server of Socket.IO 1 or 2 complains. Nothing ends: the namespace is connected and stays
    /// so.
    Error {
        /// Where. What the server says about `/` is reported for every namespace that is connected.
        namespace: Namespace,
        /// What it says.
        error: ConnectError,
    },
    /// The server emitted.
    Event {
        /// Where.
        namespace: Namespace,
        /// The event name, then the arguments.
        args: Args,
        /// The right to answer, if the server expects an answer.
        reply: Option<ReplyTo>,
    },
    /// The answer to [`emit_with_ack`](super::Client::emit_with_ack), or why there is none.
    Acked {
        /// Where.
        namespace: Namespace,
        /// What [`emit_with_ack`](super::Client::emit_with_ack) returned.
        id: AckId,
        /// The arguments of the answer.
        outcome: Result<Args, AckError>,
    },
    /// An emit that was taken, and is not a call, has been given up: it was replaced, or its tries
    /// are used up, or the client has ended. If it has left, it may have arrived all the same.
    ///
    /// With [`Delivery::AtMostOnce`](super::Delivery::AtMostOnce) this is not said of what has
    /// left.
    Undelivered {
        /// Where.
        namespace: Namespace,
        /// What was emitted.
        packet: Encoded,
        /// Why.
        error: AckError,
    },
    /// A connected namespace has ended. The outcomes of what it was asked came before.
    Disconnected {
        /// Which one.
        namespace: Namespace,
        /// Why, and thereby whether it comes back by itself:
        /// [`DisconnectReason::is_retried`].
        reason: DisconnectReason,
    },
    /// The server has shown that it lives, once in a while: a heartbeat of the session has come
    /// full circle.
    Heartbeat,
    /// Packets travel over a WebSocket from now on.
    Upgraded,
    /// The upgrade failed; the session goes on over polling.
    UpgradeFailed,
    /// A session has ended, or could not be opened if no [`Opened`](Self::Opened) came before.
    ///
    /// The driver drops the requests that are still in flight: nobody waits for their answers.
    Ended(SessionEnd),
    /// The next attempt is made at `at`, unless every namespace is left by then.
    Reconnecting {
        /// Counted from 1, since there was last a session.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The attempts of the configuration are used up. The last event.
    GaveUp,
    /// The application has ended the client. The last event.
    Stopped,
}

/// Why an event was not answered, or will not be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AckError {
    /// The namespace was disconnected, or the client has ended, before the answer came.
    ///
    /// An event that has not left yet goes on waiting when its namespace is disconnected: it will
    /// leave after reconnecting.
    #[error("socket has been disconnected")]
    Disconnected,
    /// A newer event has taken its place while the namespace was not connected:
    /// [`Offline::Latest`](super::Offline::Latest). It has not left.
    #[error("a newer event has taken its place")]
    Superseded,
    /// The time given to the emit, or to the last of its tries, has passed.
    #[error("operation has timed out")]
    TimedOut,
}

/// Why a namespace ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DisconnectReason {
    /// This side left.
    ClientDisconnect,
    /// The server has put this client out.
    ServerDisconnect,
    /// The session ended, and with it every namespace.
    Session(SessionEnd),
}

impl DisconnectReason {
    /// Returns the reference's spelling. [js socket.io-client 4.8.4]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ClientDisconnect => "io client disconnect",
            Self::ServerDisconnect => "io server disconnect",
            Self::Session(end) => end.as_str(),
        }
    }

    /// Whether the namespace joins again by itself, as long as the client does not give up: nobody
    /// asked for this end. If it does not, opening it again is up to the application.
    pub fn is_retried(&self) -> bool {
        matches!(self, Self::Session(_))
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a session ended, or could not be opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionEnd {
    /// The transport, the heartbeat or the server has ended it.
    Engine(CloseReason),
    /// The server said more than [`Config::buffer_limit`](super::Config::buffer_limit) to a
    /// namespace without letting the client in.
    Flooded,
    /// The server sent what is not a packet.
    Malformed(DecodeError),
    /// No namespace needed it any more.
    Unused,
}

impl SessionEnd {
    /// Returns the reference's spelling. [js socket.io-client 4.8.4]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Engine(reason) => reason.as_str(),
            Self::Flooded | Self::Malformed(_) => "parse error",
            Self::Unused => CloseReason::Forced.as_str(),
        }
    }
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
