//! How a client came in: its connection, and what it sent to join a namespace.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::SystemTime;

use engineio_tokio::{RemoteAddr, Secure};
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use socketio_proto::engine::parser::Revision;
use socketio_proto::engine::server::Session;
use socketio_proto::engine::{Sid, TransportKind};
use socketio_proto::parser::Utf8Bytes;

use crate::error::Rejection;
use crate::server::command::{Command, Outbox};

/// The connection of one client, shared by all namespaces in which the client is.
///
/// A cheap handle, as [`Socket`](crate::Socket) is.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    session: Sid,
    revision: Revision,
    request: Arc<Parts>,
    issued: SystemTime,
    transport: AtomicU8,
    outbox: Arc<Outbox>,
}

impl Connection {
    pub(crate) fn new(session: &Session, request: Arc<Parts>, outbox: Arc<Outbox>) -> Self {
        Self(Arc::new(Inner {
            session: session.sid().clone(),
            revision: session.revision(),
            request,
            issued: SystemTime::now(),
            transport: AtomicU8::new(number(session.transport())),
            outbox,
        }))
    }

    /// The id of the Engine.IO session. **A secret**: whoever knows it can speak for the client.
    pub fn session_id(&self) -> &str {
        self.0.session.as_str()
    }

    /// The revision of the Engine.IO protocol that the client speaks: 4, or 3 for one of
    /// Socket.IO 1 or 2. [js engine.io 6.6.12]
    pub fn protocol(&self) -> u8 {
        match self.0.revision {
            Revision::V4 => 4,
            Revision::V2 | Revision::V3 => 3,
        }
    }

    /// The transport in use now: `polling` or `websocket`. It changes when the client upgrades.
    pub fn transport(&self) -> &'static str {
        let is_web_socket =
            self.0.transport.load(Ordering::Relaxed) == number(TransportKind::WebSocket);
        if is_web_socket {
            TransportKind::WebSocket.as_str()
        } else {
            TransportKind::Polling.as_str()
        }
    }

    /// The head of the first HTTP request of this client: URI, headers, extensions.
    pub fn request(&self) -> &Parts {
        &self.0.request
    }

    /// The address of the peer, if whoever accepted the connection has told it.
    ///
    /// [`Server::listen`](crate::Server::listen) does; behind a proxy it is the proxy's. Other
    /// hosts put an [`RemoteAddr`] among the extensions of each request.
    pub fn address(&self) -> Option<SocketAddr> {
        let address = self.0.request.extensions.get::<RemoteAddr>();
        address.map(|RemoteAddr(address)| *address)
    }

    /// Whether the connection is open.
    pub fn is_open(&self) -> bool {
        !self.0.outbox.is_closed()
    }

    /// Ends the session once what was emitted before has been delivered; every socket of it sees
    /// the reason `forced close`.
    pub fn close(&self) {
        // A connection that has ended already needs no telling.
        let _ended = self.0.outbox.push(Command::CloseSession);
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.0.outbox
    }

    pub(crate) fn set_transport(&self, transport: TransportKind) {
        self.0.transport.store(number(transport), Ordering::Relaxed);
    }
}

fn number(transport: TransportKind) -> u8 {
    match transport {
        TransportKind::Polling => 0,
        TransportKind::WebSocket => 1,
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("transport", &self.transport())
            .field("address", &self.address())
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// What a client said when it came: its first HTTP request, and the payload of its CONNECT packet.
/// Fixed when it joins. [sio5 § Connection to a namespace; js socket.io 4.8.4]
#[derive(Clone, Debug)]
pub struct Handshake {
    pub(crate) connection: Connection,
    pub(crate) auth: Option<Utf8Bytes>,
}

impl Handshake {
    /// The headers of the first request.
    pub fn headers(&self) -> &HeaderMap {
        &self.connection.request().headers
    }

    /// The URI of the first request.
    pub fn url(&self) -> &Uri {
        &self.connection.request().uri
    }

    /// The decoded pairs of the first request's query, those of Engine.IO included.
    pub fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let query = self.url().query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
    }

    /// The last value under `name` in the query.
    pub fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        let values = self.query().filter(|(key, _)| key == name);
        values.last().map(|(_, value)| value)
    }

    /// As [`Connection::address`].
    pub fn address(&self) -> Option<SocketAddr> {
        self.connection.address()
    }

    /// When the connection was opened.
    pub fn issued(&self) -> SystemTime {
        self.connection.0.issued
    }

    /// Whether the request came over TLS, as far as whoever accepted it has put [`Secure`] among
    /// its extensions.
    pub fn is_secure(&self) -> bool {
        self.connection
            .request()
            .extensions
            .get::<Secure>()
            .is_some()
    }

    /// Whether the request came from a page, which says where from.
    pub fn is_cross_domain(&self) -> bool {
        self.headers().contains_key(ORIGIN)
    }

    /// The JSON object that the client sent to be let in, `{}` if it sent none.
    pub fn auth(&self) -> &str {
        self.auth.as_deref().unwrap_or("{}")
    }

    /// The same, deserialised. A client that sent none is read as `null` where that fits the type,
    /// otherwise as `{}`.
    ///
    /// # Errors
    ///
    /// If it has another shape.
    pub fn auth_as<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let read = |json: &str| serde_json::from_str(json);
        let value = match &self.auth {
            Some(json) => read(json),
            None => read("null").or_else(|_| read("{}")),
        };
        value.map_err(|error| Rejection::new(format!("invalid auth payload: {error}")))
    }
}
