//! The options of a server.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engineio_tokio::{Cors, Options};
use socketio_proto::engine::Transports;
use socketio_proto::server::Config;

use crate::client_files::ClientFiles;
use crate::hub::Hub;
use crate::namespace::Namespace;
use crate::server::{Bounds, Server};

/// The options of a [`Server`], under their JavaScript names in snake case.
///
/// The defaults are those of the JavaScript server, so its documentation reads on.
#[must_use = "options do nothing until `build` is called"]
pub struct Builder {
    options: Options,
    config: Config,
    bounds: Bounds,
    namespaces: Vec<Namespace>,
    client_files: Option<ClientFiles>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut options = Options::default();
        options.path = "/socket.io".to_owned();
        Self {
            options,
            config: Config::default(),
            bounds: Bounds {
                max_buffer_size: MAX_BUFFER_SIZE,
                max_in_flight: MAX_IN_FLIGHT,
            },
            namespaces: Vec::new(),
            client_files: None,
        }
    }

    /// Adds a namespace. The namespace `/` exists without being added, and then has no handlers.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespaces.push(namespace);
        self
    }

    /// The path that requests begin with: `/socket.io`. A slash is added at its end.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.options.path = path.into();
        self
    }

    /// From one heartbeat to the next: 25 s.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options.engine.ping_interval = interval;
        self
    }

    /// How long a client may take to answer a heartbeat: 20 s. Then it counts as lost.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.ping_timeout = timeout;
        self
    }

    /// How long a client may take to change from polling to WebSocket: 10 s. Then it goes on
    /// over polling.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.upgrade_timeout = timeout;
        self
    }

    /// How long a client may be connected without joining a namespace: 45 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// The largest message that a client may send, on every transport: 1 000 000 bytes.
    ///
    /// A larger request is answered with 413, and the client may go on; a larger WebSocket
    /// message ends its connection.
    pub fn max_http_buffer_size(mut self, bytes: u64) -> Self {
        self.options.engine.max_payload = bytes;
        self
    }

    /// How many bytes may wait for one client that reads too slowly: 16 MiB.
    ///
    /// At the bound an emit to one socket returns [`EmitError::Full`](crate::EmitError::Full), a
    /// volatile broadcast passes the client by, and any other broadcast closes its connection,
    /// so that it reconnects instead of missing something unawares.
    pub fn max_buffer_size(mut self, bytes: usize) -> Self {
        self.bounds.max_buffer_size = bytes;
        self
    }

    /// How many handlers of one connection may be at work at once: 32.
    ///
    /// At the bound further events wait, as many again or 256 KiB of them; then nothing more is
    /// read from the client, so that TCP makes it wait. Its answers are not read either then:
    /// handlers that keep it so for longer than `ping_timeout` cost the client its connection.
    pub fn max_in_flight(mut self, handlers: usize) -> Self {
        self.bounds.max_in_flight = handlers.max(1);
        self
    }

    /// How many binary attachments a packet of a client may have: 10. More end its connection.
    pub fn max_attachments(mut self, attachments: usize) -> Self {
        self.config.limits.max_attachments = attachments;
        self
    }

    /// The transports on offer: polling and WebSocket.
    pub fn transports(mut self, transports: Transports) -> Self {
        self.options.engine.transports = transports;
        self
    }

    /// Whether a client may change from polling to WebSocket: yes.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.options.engine.allow_upgrades = allow;
        self
    }

    /// Lets pages of other origins in. Without it no CORS header is sent.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.options.cors = Some(cors);
        self
    }

    /// Serves the browser client under the server's path, such as `/socket.io/socket.io.js`.
    pub fn serve_client(mut self, files: ClientFiles) -> Self {
        self.client_files = Some(files);
        self
    }

    /// Builds the server.
    ///
    /// # Panics
    ///
    /// If the path of a namespace contains a comma, which no packet can express, or if two
    /// namespaces have the same path.
    pub fn build(self) -> Server {
        let Self {
            mut options,
            config,
            bounds,
            mut namespaces,
            client_files,
        } = self;
        // The outbox counts the same bytes against the real limit. The session gets room for
        // the acknowledgements that bypass it.
        options.engine.buffer_limit = bounds.max_buffer_size.saturating_mul(2);
        let mut frozen = HashMap::new();
        for (name, routes) in namespaces.drain(..).map(Namespace::freeze) {
            let hub = Arc::new(Hub::new(name.clone()));
            let earlier = frozen.insert(name.clone(), (hub, routes));
            assert!(
                earlier.is_none(),
                "two namespaces are called {name}: put them together"
            );
        }
        let (name, routes) = Namespace::new("/").freeze();
        let root = || (Arc::new(Hub::new(name.clone())), routes);
        frozen.entry(name.clone()).or_insert_with(root);
        Server::new(options, config, frozen, bounds, client_files)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("namespaces", &self.namespaces)
            .finish_non_exhaustive()
    }
}

/// Bytes waiting for one slow client.
const MAX_BUFFER_SIZE: usize = 16 * 1024 * 1024;

/// Handlers of one connection at work at once.
const MAX_IN_FLIGHT: usize = 32;
