//! The server: options, namespaces, and the tower service made of them.

pub(crate) mod broadcast;
pub(crate) mod broadcast_call;
pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod client_files;
pub mod cluster;
pub(crate) mod command;
#[cfg(feature = "compression")]
pub(crate) mod compression;
#[cfg(not(feature = "compression"))]
#[path = "compression/none.rs"]
pub(crate) mod compression;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod context;
pub(crate) mod dynamic;
pub(crate) mod emitter;
pub(crate) mod extensions;
pub(crate) mod extract;
pub(crate) mod handshake;
pub(crate) mod hub;
pub(crate) mod listeners;
pub(crate) mod namespace;
pub(crate) mod namespaces;
pub(crate) mod observer;
pub(crate) mod recovery;
pub(crate) mod remote;
pub(crate) mod room_event;
pub(crate) mod routes;
pub(crate) mod socket;
pub(crate) mod state;
pub(crate) mod verdict;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio_tokio::{Acceptor, Body};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use socketio_proto::engine::server::Session;
use socketio_proto::server::{Config, Connection as Machine};
use socketio_proto::{Namespace as Name, Room, Timestamp};
use tokio::net::{TcpListener, ToSocketAddrs};
use tower_service::Service;

use crate::error::NamespaceTaken;
use crate::server::broadcast::Broadcast;
use crate::server::builder::{Builder, Plan};
use crate::server::client_files::ClientFiles;
use crate::server::cluster::{ClusterError, Node};
use crate::server::command::Outbox;
use crate::server::connection::ClientTask;
use crate::server::connections::{Closing, Connections};
use crate::server::handshake::Connection;
use crate::server::hub::{Hub, Terms};
use crate::server::namespace::Namespace;
use crate::server::namespaces::Namespaces;
use crate::server::observer::{Metrics, Observer};

/// A Socket.IO server.
///
/// A cheap handle: clones are the same server. It is a tower service for requests whose path
/// begins with the configured one; `socketio-axum` mounts it into a router, and
/// [`listen`](Self::listen) serves it alone.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    engine: engineio_tokio::Server<SocketAcceptor>,
    client_files: Option<ClientFiles>,
}

/// A server seen from what it owns.
#[derive(Clone)]
pub(crate) struct WeakServer(Weak<Inner>);

impl fmt::Debug for WeakServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakServer")
    }
}

impl WeakServer {
    pub(crate) fn upgrade(&self) -> Option<Server> {
        self.0.upgrade().map(Server)
    }
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) namespaces: Arc<Namespaces>,
    node: Option<Arc<Node>>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) max_in_flight: usize,
    pub(crate) max_buffer_size: usize,
    config: Config,
    on_new_namespace: Option<OnNewNamespace>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

pub(crate) type OnNewNamespace = Box<dyn Fn(&Broadcast) + Send + Sync>;

impl Server {
    /// The options of a server, with the defaults of the JavaScript one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Makes a server with its first namespaces.
    ///
    /// # Panics
    ///
    /// If two namespaces have the same path, or one has a path that no packet can express.
    pub(crate) fn new(plan: Plan, first: Vec<Namespace>) -> Self {
        let server = Self(Arc::new_cyclic(|server| {
            let server = WeakServer(Weak::clone(server));
            let node = plan
                .cluster
                .map(|cluster| Node::new(cluster, server.clone()));
            let node = node.map(Arc::new);
            let terms = Terms {
                parser: plan.config.parser,
                recovery: plan.recovery,
                server,
                node: node.clone(),
            };
            let namespaces = Namespaces::new(plan.cleanup, terms);
            let shared = Shared {
                namespaces: Arc::new(namespaces),
                node,
                connections: Arc::default(),
                max_in_flight: plan.max_in_flight,
                max_buffer_size: plan.max_buffer_size,
                config: plan.config,
                on_new_namespace: plan.on_new_namespace,
                observer: plan.observer,
            };
            Inner {
                engine: engineio_tokio::Server::new(plan.options, SocketAcceptor(Arc::new(shared))),
                client_files: plan.client_files,
            }
        }));
        if let Some(node) = &server.shared().node {
            node.start();
        }
        let namespaces = &server.shared().namespaces;
        for namespace in first {
            if let Err(taken) = namespaces.add(namespace) {
                panic!("{taken}");
            }
        }
        // Unless it was among them, `/` exists without handlers.
        let _there_already = namespaces.add(Namespace::new("/"));
        server
    }

    /// Adds a namespace to a server that may be running already.
    ///
    /// # Errors
    ///
    /// If there is a namespace of this name. Its handlers stay as they are.
    ///
    /// # Panics
    ///
    /// If the path contains a comma, which no packet can express.
    pub fn add(&self, namespace: Namespace) -> Result<(), NamespaceTaken> {
        let added = self.shared().namespaces.add(namespace)?;
        if let Some(hub) = added {
            self.shared().announce(&hub);
        }
        Ok(())
    }

    /// Everybody in the namespace `path`.
    ///
    /// The namespace must exist; otherwise the emits of the choice return
    /// [`EmitError::UnknownNamespace`](crate::EmitError::UnknownNamespace).
    pub fn of(&self, path: &str) -> Broadcast {
        let name = Name::new(path.to_owned()).ok();
        let found = name.and_then(|name| self.shared().namespaces.get(&name));
        found.map_or_else(|| Broadcast::nowhere(path), Broadcast::new)
    }

    /// Every namespace that exists now, dynamic ones included, in no particular order.
    pub fn namespaces(&self) -> Vec<Broadcast> {
        let hubs = self.shared().namespaces.all();
        hubs.into_iter().map(Broadcast::new).collect()
    }

    /// Everybody in `room` of the namespace `/`.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.of("/").to(room)
    }

    /// Emits to everybody in the namespace `/`.
    ///
    /// # Errors
    ///
    /// As [`Broadcast::emit`].
    pub fn emit(&self, event: &str, data: impl serde::Serialize) -> Result<(), crate::EmitError> {
        self.of("/").emit(event, data)
    }

    /// The path under which the server answers, a slash at its end.
    pub fn path(&self) -> &str {
        self.0.engine.path()
    }

    /// How many clients are connected, whatever namespaces they are in.
    pub fn connection_count(&self) -> usize {
        self.0.engine.session_count()
    }

    /// How the server is doing at this moment: for metrics. Takes time for every connection.
    pub fn metrics(&self) -> Metrics {
        let shared = self.shared();
        let (connections, queued_bytes) = shared.connections.measure();
        let hubs = shared.namespaces.all();
        Metrics {
            connections,
            queued_bytes,
            namespaces: hubs.iter().map(|hub| hub.measure()).collect(),
        }
    }

    /// How many servers there are in the cluster, this one included; 1 if it has none.
    ///
    /// # Errors
    ///
    /// If the cluster cannot say.
    pub async fn server_count(&self) -> Result<usize, ClusterError> {
        let others = match &self.shared().node {
            Some(node) => node.others(&Name::root()).await?,
            None => 0,
        };
        Ok(others + 1)
    }

    /// Puts all clients out, and takes no new ones: those get status 503.
    ///
    /// Every socket sees the reason `server shutting down`, and what was emitted before is still
    /// delivered; JavaScript clients see `transport close` and begin to reconnect. That happens
    /// whether or not the result is awaited. Awaiting it waits until the last client is gone and
    /// its last handler done.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_tokio::Server, app: ()) {
    /// io.close().await;
    /// # }
    /// ```
    pub fn close(&self) -> Closing {
        if let Some(node) = &self.shared().node {
            node.leave();
        }
        self.0.engine.close();
        let connections = &self.shared().connections;
        connections.close();
        Closing::new(Arc::clone(connections), self.clone())
    }

    /// Waits until the last session has ended, and what it had to say is written.
    pub(crate) async fn sessions_ended(&self) {
        self.0.engine.sessions_ended().await;
    }

    /// Serves HTTP/1 on an address until the future is dropped; other paths get a 404.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound, or accepting fails for good.
    pub async fn listen(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        self.serve(listener, std::future::pending()).await
    }

    /// Serves HTTP/1 on a listener until `shutdown` is ready; then [closes](Self::close), and
    /// returns when everybody is gone.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_tokio::Server) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    /// io.serve(listener, ctrl_c).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If accepting fails for good.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let server = self.clone();
        let closed = async move {
            shutdown.await;
            server.close().await;
        };
        engineio_tokio::serve(listener, self.clone(), closed).await
    }

    /// Answers one HTTP request, whatever its path: a router may have found its own way here.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let files = self.0.client_files.as_ref();
        match files.and_then(|files| files.respond(self.path(), &request)) {
            Some(response) => response,
            None => self.0.engine.respond(request).await,
        }
    }

    /// Connects somebody in the same process.
    #[cfg(feature = "test")]
    pub(crate) async fn open_in_process(
        &self,
        request: Parts,
    ) -> Option<engineio_tokio::InProcess> {
        self.0.engine.open_in_process(request).await
    }

    /// How packets are written and read here.
    #[cfg(feature = "test")]
    pub(crate) fn parser(&self) -> socketio_proto::Parser {
        self.shared().config.parser
    }

    pub(crate) fn hub(&self, namespace: &Name) -> Option<Arc<Hub>> {
        self.shared().namespaces.get(namespace)
    }

    fn shared(&self) -> &Shared {
        &self.0.engine.acceptor().0
    }
}

impl<B> Service<Request<B>> for Server
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        Box::pin(async move {
            Ok(if server.0.engine.matches(request.uri().path()) {
                server.respond(request).await
            } else {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            })
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("path", &self.path())
            .field("namespaces", &self.shared().namespaces)
            .field("connections", &self.connection_count())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Tells the application that a namespace has come into being.
    pub(crate) fn announce(&self, hub: &Arc<Hub>) {
        if let Some(tell) = &self.on_new_namespace {
            let choice = Broadcast::new(Arc::clone(hub));
            // A panic there must not end the connection of whoever asked for the namespace.
            if catch_unwind(AssertUnwindSafe(|| tell(&choice))).is_err() {
                tracing::error!(namespace = hub.name().as_str(), "on_new_namespace panicked");
            }
        }
    }
}

/// Makes a Socket.IO connection of each Engine.IO session.
struct SocketAcceptor(Arc<Shared>);

impl Acceptor for SocketAcceptor {
    type Machine = Machine;
    type Application = ClientTask;

    fn accept(
        &self,
        session: Session,
        request: Arc<Parts>,
        now: Timestamp,
    ) -> (Machine, ClientTask) {
        let Self(shared) = self;
        let outbox = Arc::new(Outbox::new(shared.max_buffer_size, Arc::default()));
        let key = shared.connections.add(&outbox);
        let connection = Connection::new(&session, request, outbox);
        (
            Machine::new(session, &shared.config, now),
            ClientTask::new(Arc::clone(shared), key, connection),
        )
    }

    fn session(machine: &Machine) -> Option<&Session> {
        Some(machine.engine())
    }
}
