//! The options that concern connections below Socket.IO.

use std::time::Duration;

use engineio_tokio::{AllowRequest, ConnectionError, Cookie, Cors, IdGenerator};
use http::HeaderMap;
use http::request::Parts;
use socketio_proto::engine::parser::{legacy::Dialect, payload::Framing};
use socketio_proto::engine::{Message, Transports};

use super::Builder;

/// Options of the engine, under their JavaScript names in snake case.
impl Builder {
    /// The path that requests begin with: `/socket.io`. A slash is added at its end.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.plan.options.path = path.into();
        self
    }

    /// From one heartbeat to the next: 25 s.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.plan.options.engine.ping_interval = interval;
        self
    }

    /// How long a client may take to answer a heartbeat: 20 s. Then it counts as lost.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.plan.options.engine.ping_timeout = timeout;
        self
    }

    /// How long a client may take to change from polling to WebSocket: 10 s. Then it goes on
    /// over polling.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.plan.options.engine.upgrade_timeout = timeout;
        self
    }

    /// The largest message that a client may send, on every transport: 1 000 000 bytes.
    ///
    /// A larger request is answered with 413, and the client may go on; a larger WebSocket
    /// message ends its connection.
    pub fn max_http_buffer_size(mut self, bytes: u64) -> Self {
        self.plan.options.engine.max_payload = bytes;
        self
    }

    /// The transports on offer: polling and WebSocket.
    pub fn transports(mut self, transports: Transports) -> Self {
        self.plan.options.engine.transports = transports;
        self
    }

    /// Whether a client may change from polling to WebSocket: yes.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.plan.options.engine.allow_upgrades = allow;
        self
    }

    /// Lets pages of other origins in. Without it no CORS header is sent.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.plan.options.cors = Some(cors);
        self
    }

    /// Whether the path has to be followed by a slash: yes. Without it `/socket.iox` matches too.
    pub fn add_trailing_slash(mut self, add: bool) -> Self {
        self.plan.options.add_trailing_slash = add;
        self
    }

    /// Whether clients of Socket.IO 1 and 2 are served, too: no. (In JavaScript: `allowEIO3`.)
    ///
    /// They join `/` without asking, hand over credentials as the query of a namespace, and take
    /// an id that is made of that of their connection, which is a secret: do not show one client
    /// the id of another while this is on. They speak JSON whatever the server's
    /// [`parser`](Self::parser).
    pub fn legacy_clients(mut self, serve: bool) -> Self {
        self.plan.options.engine.legacy_clients = serve;
        self
    }

    /// How old clients write text that is not ASCII: as it is, which is what Socket.IO 2 does.
    ///
    /// Nothing that a client says tells which release it is. A server whose old clients are those
    /// of Socket.IO 1.1 to 1.7 is told so by [`LegacyDialect::ByteStringPayloads`]; text of
    /// Socket.IO 2 is then still understood, but what those clients are told over long-polling is
    /// garbled.
    ///
    /// [`LegacyDialect::ByteStringPayloads`]: Dialect::ByteStringPayloads
    pub fn legacy_dialect(mut self, dialect: Dialect) -> Self {
        self.plan.options.engine.legacy_dialect = dialect;
        self
    }

    /// When old clients are answered in bytes over long-polling: when there are some.
    ///
    /// Browsers with Socket.IO 1.1 to 1.3 take nothing else: [`LegacyFraming::Always`].
    ///
    /// [`LegacyFraming::Always`]: Framing::Always
    pub fn legacy_framing(mut self, framing: Framing) -> Self {
        self.plan.options.engine.legacy_framing = framing;
        self
    }

    /// Who may connect. Asked once per connection, before it is opened; without it, everybody.
    ///
    /// ```
    /// use engineio_tokio::{AllowRequest, Refusal};
    /// use socketio_tokio::Server;
    ///
    /// let io = Server::builder()
    ///     .allow_request(AllowRequest::new(async |request| {
    ///         if request.headers.contains_key("authorization") {
    ///             Ok(())
    ///         } else {
    ///             Err(Refusal::new("who are you?"))
    ///         }
    ///     }))
    ///     .build();
    /// ```
    pub fn allow_request(mut self, allow: AllowRequest) -> Self {
        self.plan.options.allow_request = Some(allow);
        self
    }

    /// Where the ids of connections come from: 128 random bits. They are secrets, and unrelated to
    /// the ids of sockets.
    pub fn generate_id(mut self, generate: IdGenerator) -> Self {
        self.plan.options.generate_id = Some(generate);
        self
    }

    /// Sends a cookie with the id of the connection, for load balancers that keep a client at its
    /// server by it. Without it there is none.
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.plan.options.cookie = Some(cookie);
        self
    }

    /// What every client is sent right behind the handshake, before it has joined a namespace.
    pub fn initial_packet(mut self, packet: Message) -> Self {
        self.plan.options.engine.initial_packet = Some(packet);
        self
    }

    /// Answers to polls are compressed from a size on: from 1024 bytes. `None`: never.
    #[cfg(feature = "compression")]
    pub fn http_compression(
        mut self,
        compression: Option<engineio_tokio::HttpCompression>,
    ) -> Self {
        self.plan.options.http_compression = compression;
        self
    }

    /// Compresses WebSocket messages of clients that offer it. `None`, which is the default: never,
    /// because it costs memory and time for each client.
    #[cfg(feature = "compression")]
    pub fn per_message_deflate(
        mut self,
        compression: Option<engineio_tokio::PerMessageDeflate>,
    ) -> Self {
        self.plan.options.per_message_deflate = compression;
        self
    }

    /// Calls `hook` with the headers of the first answer of each connection.
    pub fn initial_headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        let hooks = std::mem::take(&mut self.plan.options.hooks);
        self.plan.options.hooks = hooks.initial_headers(hook);
        self
    }

    /// Calls `hook` with the headers of every answer: polls, posts, and switches to WebSocket.
    pub fn headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        let hooks = std::mem::take(&mut self.plan.options.hooks);
        self.plan.options.hooks = hooks.headers(hook);
        self
    }

    /// Calls `hook` for every request that is refused.
    pub fn connection_error(
        mut self,
        hook: impl Fn(&ConnectionError<'_>) + Send + Sync + 'static,
    ) -> Self {
        let hooks = std::mem::take(&mut self.plan.options.hooks);
        self.plan.options.hooks = hooks.connection_error(hook);
        self
    }
}
