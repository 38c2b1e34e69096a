//! The words between a session and its driver.

use core::time::Duration;

use bytes::Bytes;
use engineio_parser as parser;
use engineio_parser::{Frame, Message};

use super::BodyKind;
use super::query::Query;
use crate::close::CloseReason;
use crate::config::{TransportKind, Transports};
use crate::heartbeat::Rhythm;
use crate::id::{RequestId, Sid, TransportId};

/// What reached the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An answer to a request, whole.
    Response {
        /// The request that it answers.
        request: RequestId,
        /// The HTTP status.
        status: u16,
        /// As received, whatever its content type: of text, what is not UTF-8 is replaced.
        body: Bytes,
    },
    /// A request that will get no answer.
    Failed {
        /// The request.
        request: RequestId,
    },
    /// A dial for a WebSocket succeeded.
    Opened {
        /// The WebSocket, as [`Io::Connect`] named it.
        transport: TransportId,
    },
    /// One WebSocket message.
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
    /// A WebSocket was closed by the server, cleanly or not, or could not be dialed.
    Closed {
        /// The WebSocket that is gone.
        transport: TransportId,
    },
    /// A WebSocket broke, or the server broke its rules.
    Broken {
        /// The WebSocket that is gone.
        transport: TransportId,
    },
}

/// What the driver should do. `query` is ready to append to the configured URL.
///
/// Once [`Event::Closed`] has been polled, the driver drops the requests that are still in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Io {
    /// Poll for packets. At most one is in flight. Its answer may be text or bytes.
    Get {
        /// Names the answer.
        request: RequestId,
        /// What the request asks for.
        query: Query,
    },
    /// Post packets. At most one is in flight.
    Post {
        /// Names the answer.
        request: RequestId,
        /// What the request asks for.
        query: Query,
        /// Names the content type: [`BodyKind::content_type`].
        kind: BodyKind,
        /// At most as many bytes as the server allows, unless a single packet is larger.
        body: Bytes,
    },
    /// Dial a WebSocket.
    Connect {
        /// Names the WebSocket from now on.
        transport: TransportId,
        /// What the dial asks for.
        query: Query,
    },
    /// Write one WebSocket message.
    Frame {
        /// The WebSocket to write to.
        transport: TransportId,
        /// The message.
        frame: Frame,
    },
    /// Close a WebSocket behind what was written, without a status code, or stop dialing it.
    /// Nothing further will be asked of it.
    Close {
        /// The WebSocket to close.
        transport: TransportId,
    },
}

/// What the application should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server accepted.
    Opened(Handshake),
    /// The server said something.
    Message(Message),
    /// The server lives: a ping of it has been answered, or, before revision 4, it has answered one.
    Heartbeat,
    /// Packets travel over a WebSocket from now on.
    Upgraded,
    /// The upgrade failed; the session goes on over polling.
    UpgradeFailed,
    /// The session ended. The last event, exactly once.
    Closed(CloseReason),
}

/// The terms of a session, set by the server. [eio4 § Handshake]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// The id of the session, a secret between client and server.
    pub sid: Sid,
    /// What the session may move to. Names of transports unknown here are left out.
    pub upgrades: Transports,
    /// From one ping of the server to the next. Before revision 4, from a pong of it to the next
    /// ping of this side.
    pub ping_interval: Duration,
    /// How long after a ping was due, or, before revision 4, after one of this side, the server
    /// counts as gone.
    pub ping_timeout: Duration,
    /// How large the body of a post may be, in bytes. Old servers do not say.
    pub max_payload: Option<u64>,
}

impl Handshake {
    pub(crate) const fn rhythm(&self) -> Rhythm {
        Rhythm {
            interval: self.ping_interval,
            timeout: self.ping_timeout,
        }
    }
}

impl From<parser::Handshake<'_>> for Handshake {
    fn from(handshake: parser::Handshake<'_>) -> Self {
        let offers = |transport: TransportKind| {
            handshake
                .upgrades
                .iter()
                .any(|name| name == transport.as_str())
        };
        Self {
            upgrades: Transports {
                polling: offers(TransportKind::Polling),
                websocket: offers(TransportKind::WebSocket),
            },
            ping_interval: Duration::from_millis(handshake.ping_interval),
            ping_timeout: Duration::from_millis(handshake.ping_timeout),
            // Zero means that there is no limit. [js engine.io-client 6.6.8]
            max_payload: handshake.max_payload.filter(|limit| *limit > 0),
            sid: Sid::new(handshake.sid.into_owned()),
        }
    }
}
