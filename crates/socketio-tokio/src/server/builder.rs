//! The options of a server.

mod engine;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engineio_tokio::Options;
use socketio_proto::Parser;
use socketio_proto::server::Config;

use crate::server::broadcast::Broadcast;
use crate::server::client_files::ClientFiles;
use crate::server::cluster::Cluster;
use crate::server::namespace::Namespace;
use crate::server::namespaces::Cleanup;
use crate::server::observer::Observer;
use crate::server::recovery::ConnectionStateRecovery;
use crate::server::{OnNewNamespace, Server};

/// The options of a [`Server`], under their JavaScript names in snake case.
///
/// The defaults are those of the JavaScript server, so its documentation reads on.
#[must_use = "options do nothing until `build` is called"]
pub struct Builder {
    plan: Plan,
    namespaces: Vec<Namespace>,
}

/// Everything that a server is made of, beside its namespaces.
pub(crate) struct Plan {
    pub(crate) options: Options,
    pub(crate) config: Config,
    pub(crate) max_buffer_size: usize,
    pub(crate) max_in_flight: usize,
    pub(crate) cleanup: Cleanup,
    pub(crate) recovery: Option<ConnectionStateRecovery>,
    pub(crate) on_new_namespace: Option<OnNewNamespace>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) client_files: Option<ClientFiles>,
    pub(crate) cluster: Option<Arc<dyn Cluster>>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut options = Options::default();
        options.path = "/socket.io".to_owned();
        Self {
            plan: Plan {
                options,
                config: Config::default(),
                max_buffer_size: MAX_BUFFER_SIZE,
                max_in_flight: MAX_IN_FLIGHT,
                cleanup: Cleanup::default(),
                recovery: None,
                on_new_namespace: None,
                observer: None,
                client_files: None,
                cluster: None,
            },
            namespaces: Vec::new(),
        }
    }

    /// Adds a namespace, or a rule for [dynamic](Namespace::dynamic) ones. The namespace `/`
    /// exists without being added, and then has no handlers.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespaces.push(namespace);
        self
    }

    /// Whether a dynamic namespace is forgotten when its last client leaves: no. Without it, a
    /// client that asks for ever new names makes the server grow. With it, what
    /// [connection state recovery](Self::connection_state_recovery) has kept for the namespace is
    /// forgotten, too.
    pub fn cleanup_empty_child_namespaces(mut self, cleanup: bool) -> Self {
        self.plan.cleanup = if cleanup {
            Cleanup::Forget
        } else {
            Cleanup::Keep
        };
        self
    }

    /// Is told when a namespace comes into being after the start: added by [`Server::add`], or
    /// because a client has asked for a dynamic one.
    pub fn on_new_namespace(mut self, tell: impl Fn(&Broadcast) + Send + Sync + 'static) -> Self {
        self.plan.on_new_namespace = Some(Box::new(tell));
        self
    }

    /// Lets clients whose connection was lost come back with the same id, rooms and data, and be
    /// sent what they have missed. Off by default: every event then carries one more argument, its
    /// place in the log, as in the JavaScript server.
    pub fn connection_state_recovery(mut self, recovery: ConnectionStateRecovery) -> Self {
        self.plan.recovery = Some(recovery);
        self
    }

    /// Is told what happens to connections and sockets, for metrics.
    pub fn observer(mut self, observer: Arc<impl Observer>) -> Self {
        let engine: Arc<dyn engineio_tokio::Observer> = Arc::clone(&observer) as _;
        self.plan.options.observer = Some(engine);
        self.plan.observer = Some(observer);
        self
    }

    /// How packets are written and read. Clients must be set up for the same.
    pub fn parser(mut self, parser: Parser) -> Self {
        self.plan.config.parser = parser;
        self
    }

    /// How many namespaces a client may be in, or wait for, at once: 1024.
    pub fn max_namespaces(mut self, namespaces: usize) -> Self {
        self.plan.config.max_namespaces = namespaces;
        self
    }

    /// How long a client may be connected without joining a namespace: 45 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.plan.config.connect_timeout = timeout;
        self
    }

    /// How many bytes may wait for one client that reads too slowly: 16 MiB.
    ///
    /// At the bound an emit to one socket returns [`EmitError::Full`](crate::EmitError::Full), a
    /// volatile broadcast passes the client by, and any other broadcast closes its connection,
    /// so that it reconnects instead of missing something unawares.
    pub fn max_buffer_size(mut self, bytes: usize) -> Self {
        self.plan.max_buffer_size = bytes;
        self
    }

    /// How many handlers of one connection may be at work at once: 32.
    ///
    /// At the bound further events wait, as many again or 256 KiB of them; then nothing more is
    /// read from the client, so that TCP makes it wait. Its answers are not read either then:
    /// handlers that keep it so for longer than `ping_timeout` cost the client its connection.
    pub fn max_in_flight(mut self, handlers: usize) -> Self {
        self.plan.max_in_flight = handlers.max(1);
        self
    }

    /// How many binary attachments a packet of a client may have: 10. More end its connection.
    pub fn max_attachments(mut self, attachments: usize) -> Self {
        self.plan.config.limits.max_attachments = attachments;
        self
    }

    /// Serves the browser client under the server's path, such as `/socket.io/socket.io.js`.
    pub fn serve_client(mut self, files: ClientFiles) -> Self {
        self.plan.client_files = Some(files);
        self
    }

    /// Makes the server one of several: what it emits reaches the clients of the others too, and
    /// theirs its own. Without, it is alone.
    ///
    /// ```
    /// use socketio_tokio::Server;
    /// use socketio_tokio::cluster::InProcess;
    ///
    /// let cluster = InProcess::new();
    /// let public = Server::builder().cluster(cluster.member()).build();
    /// let internal = Server::builder().cluster(cluster.member()).build();
    /// ```
    pub fn cluster(mut self, cluster: Arc<dyn Cluster>) -> Self {
        self.plan.cluster = Some(cluster);
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
            mut plan,
            namespaces,
        } = self;
        // The outbox counts the same bytes against the real limit. The session gets room for
        // the acknowledgements that bypass it.
        plan.options.engine.buffer_limit = plan.max_buffer_size.saturating_mul(2);
        Server::new(plan, namespaces)
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
