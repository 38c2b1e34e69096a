//! The server: options, namespaces, and the tower service made of them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use engineio_tokio::{Acceptor, Body};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use socketio_proto::engine::server::Session;
use socketio_proto::server::{Config, Connection as Machine};
use socketio_proto::{Namespace as Name, Room, SocketId, Timestamp};
use tokio::net::{TcpListener, ToSocketAddrs};
use tower_service::Service;

use crate::broadcast::Broadcast;
use crate::builder::Builder;
use crate::client_files::ClientFiles;
use crate::connection::Connection;
use crate::hub::Hub;
use crate::namespace::Routes;
use crate::outbox::{Command, Outbox};

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

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) namespaces: HashMap<Name, (Arc<Hub>, Arc<Routes>)>,
    pub(crate) max_in_flight: usize,
    max_buffer_size: usize,
    config: Config,
    connections: Mutex<Connections>,
    next_key: AtomicU64,
}

#[derive(Default)]
struct Connections {
    outboxes: HashMap<u64, Arc<Outbox>>,
    closing: bool,
}

impl Server {
    /// The options of a server, with the defaults of the JavaScript one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(
        options: engineio_tokio::Options,
        config: Config,
        namespaces: HashMap<Name, (Arc<Hub>, Arc<Routes>)>,
        limits: Bounds,
        client_files: Option<ClientFiles>,
    ) -> Self {
        let shared = Shared {
            namespaces,
            max_in_flight: limits.max_in_flight,
            max_buffer_size: limits.max_buffer_size,
            config,
            connections: Mutex::default(),
            next_key: AtomicU64::new(0),
        };
        let engine = engineio_tokio::Server::new(options, SocketAcceptor(Arc::new(shared)));
        Self(Arc::new(Inner {
            engine,
            client_files,
        }))
    }

    /// Everybody in the namespace `path`.
    ///
    /// The namespace must have been given to the builder; otherwise the emits of the choice
    /// return [`EmitError::UnknownNamespace`](crate::EmitError::UnknownNamespace).
    pub fn of(&self, path: &str) -> Broadcast {
        let name = Name::new(path.to_owned()).ok();
        let found = name.and_then(|name| self.shared().namespaces.get(&name));
        found.map_or_else(
            || Broadcast::nowhere(path),
            |(hub, _)| Broadcast::new(Arc::clone(hub)),
        )
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

    /// Puts all clients out, and whoever comes later as soon as it comes.
    ///
    /// Every socket sees the reason `server shutting down`; JavaScript clients see
    /// `transport close` and begin to reconnect. Returns at once: the connections end in their
    /// own tasks, where `on_disconnect` runs.
    pub fn close(&self) {
        let mut connections = self.shared().lock();
        connections.closing = true;
        let outboxes: Vec<_> = connections.outboxes.values().cloned().collect();
        drop(connections);
        for outbox in outboxes {
            shut_down(&outbox);
        }
    }

    /// Serves HTTP/1 on an address until the future is dropped; other paths get a 404.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound, or accepting fails for good.
    pub async fn listen(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        engineio_tokio::serve(listener, self.clone(), std::future::pending()).await
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

    fn shared(&self) -> &Shared {
        &self.0.engine.acceptor().0
    }
}

/// How much one client may occupy.
pub(crate) struct Bounds {
    pub(crate) max_buffer_size: usize,
    pub(crate) max_in_flight: usize,
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
            .field("connections", &self.connection_count())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The handlers of a namespace.
    pub(crate) fn routes(&self, namespace: &Name) -> Option<&Arc<Routes>> {
        self.namespaces.get(namespace).map(|(_, routes)| routes)
    }

    /// A fresh public id: 16 random bytes, unrelated to the secret session id.
    pub(crate) fn socket_id(&self) -> SocketId {
        let mut random = [0; 16];
        // The operating system's generator fails only where nothing else would work either.
        getrandom::fill(&mut random).expect("the operating system gives random bytes");
        SocketId::new(URL_SAFE_NO_PAD.encode(random))
    }

    /// The connection `key` has ended.
    pub(crate) fn forget(&self, key: u64) {
        self.lock().outboxes.remove(&key);
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a Socket.IO connection of each Engine.IO session.
struct SocketAcceptor(Arc<Shared>);

impl Acceptor for SocketAcceptor {
    type Machine = Machine;
    type Application = Connection;

    fn accept(
        &self,
        session: Session,
        request: Arc<Parts>,
        now: Timestamp,
    ) -> (Machine, Connection) {
        let Self(shared) = self;
        let key = shared.next_key.fetch_add(1, Ordering::Relaxed);
        let outbox = Arc::new(Outbox::new(shared.max_buffer_size));
        let mut connections = shared.lock();
        connections.outboxes.insert(key, Arc::clone(&outbox));
        let closing = connections.closing;
        drop(connections);
        if closing {
            shut_down(&outbox);
        }
        let machine = Machine::new(session, &shared.config, now);
        (
            machine,
            Connection::new(Arc::clone(shared), key, outbox, request),
        )
    }
}

fn shut_down(outbox: &Outbox) {
    // A connection that has ended already needs no telling.
    let _ended = outbox.push(Command::ShutDown);
}
