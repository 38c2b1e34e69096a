//! A client: one connection, shared by its namespaces.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use engineio_tokio::client::{Dialer, drive};
use futures_util::task::AtomicWaker;
use socketio_proto::Namespace as Name;
use socketio_proto::client::{Client as Machine, Config, Reconnection};
use socketio_proto::engine::TransportKind;
use tokio::runtime::Handle as Runtime;
use tokio::sync::{oneshot, watch};

use crate::client::builder::Builder;
use crate::client::command::{Bell, Control, Opening};
use crate::client::error::{BuildError, ConnectError};
use crate::client::member::{Bounds, Member, Terms};
use crate::client::notice::{Inbox, Notice, Notices};
use crate::client::sender::Sender;
use crate::client::setup::{Setup, SocketBuilder};
use crate::client::socket::Socket;
use crate::client::task::ClientTask;
use crate::outbox::Outbox;
use crate::random;

/// A client: one connection to a server, for any number of namespaces.
///
/// A cheap handle: clones are the same client. Nothing is dialed before the first namespace is
/// opened. When neither a `Client` nor a [`Socket`] is left, the connection ends, once what was
/// emitted before is delivered.
///
/// ```no_run
/// use socketio_tokio::client::Client;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("http://127.0.0.1:3000").build()?;
/// let mut chat = client.connect("/").await?;
/// let mut admin = client.connect("/admin").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Handle>);

/// What the clones of a client share. Dropped, the client ends.
struct Handle(Arc<Shared>);

/// What a client and its task share.
pub(crate) struct Shared {
    pub(crate) control: Outbox<Control>,
    waker: Arc<AtomicWaker>,
    /// How to start the task. `None`: it was started.
    plan: Mutex<Option<Plan>>,
    setup: Setup,
    terms: Terms,
    buffer_limit: usize,
    names: Mutex<Vec<Name>>,
    link: Mutex<Link>,
    inboxes: Mutex<Vec<Weak<Inbox>>>,
    over: watch::Sender<bool>,
}

/// What a task begins with.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) dialer: Dialer,
    pub(crate) config: Config,
    pub(crate) max_in_flight: usize,
}

#[derive(Debug)]
struct Link {
    transport: Option<TransportKind>,
    reconnection: Option<Reconnection>,
}

impl Client {
    /// The options of a client, with the defaults of the JavaScript one. `url` names the server:
    /// `http`, `https`, `ws` or `wss`, host, port, and perhaps a query that is part of every
    /// request.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    pub(crate) fn new(plan: Plan, setup: Setup) -> Self {
        let waker = Arc::<AtomicWaker>::default();
        let config = &plan.config;
        let shared = Shared {
            control: Outbox::new(usize::MAX, Arc::clone(&waker)),
            waker,
            setup,
            terms: Terms {
                parser: config.parser,
                while_offline: config.while_offline,
                revision: config.engine.revision,
            },
            buffer_limit: config.buffer_limit,
            names: Mutex::default(),
            link: Mutex::new(Link {
                transport: None,
                reconnection: config.reconnection.clone(),
            }),
            inboxes: Mutex::default(),
            over: watch::Sender::new(false),
            plan: Mutex::new(Some(plan)),
        };
        Self(Arc::new(Handle(Arc::new(shared))))
    }

    /// Opens a namespace, and waits until the server has let the client in. The first
    /// [`Item::Connected`](crate::client::Item::Connected) is not in the stream then.
    ///
    /// Dropped before, it leaves the namespace.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Unreachable`] at the first failure to reach the server,
    /// [`ConnectError::Refused`] if the server does not let the client in,
    /// [`ConnectError::Build`] if nothing was tried. The namespace is left then.
    pub async fn connect(&self, namespace: &str) -> Result<Socket, ConnectError> {
        self.connect_as(namespace, self.shared().setup.clone())
            .await
    }

    /// Opens a namespace as JavaScript does: at once, and the client goes on trying to reach the
    /// server. What is emitted meanwhile waits.
    ///
    /// # Errors
    ///
    /// If the namespace's name is not one, if the client is there already or has ended, or if there
    /// is no tokio runtime.
    pub fn open(&self, namespace: &str) -> Result<Socket, BuildError> {
        self.enter(namespace, self.shared().setup.clone(), None)
    }

    /// A namespace with an `auth`, handlers or bounds of its own.
    pub fn namespace(&self, namespace: &str) -> SocketBuilder {
        let mut setup = self.shared().setup.clone();
        setup.routes = Default::default();
        SocketBuilder::new(self.clone(), namespace.to_owned(), setup)
    }

    /// What happens to the connection from now on.
    pub fn notices(&self) -> Notices {
        let inbox = Arc::new(Inbox::default());
        let shared = self.shared();
        let mut inboxes = lock(&shared.inboxes);
        inboxes.retain(|inbox| inbox.strong_count() > 0);
        inboxes.push(Arc::downgrade(&inbox));
        // Under the lock, behind which the end is told.
        if shared.control.is_closed() {
            inbox.end();
        }
        drop(inboxes);
        Notices::new(inbox)
    }

    /// Over what packets travel now. `None` while there is no connection.
    pub fn transport(&self) -> Option<TransportKind> {
        lock(&self.shared().link).transport
    }

    /// Whether there is a connection. Its namespaces may still be waiting to be let in.
    pub fn is_connected(&self) -> bool {
        self.transport().is_some()
    }

    /// How the client gets back what it loses.
    pub fn reconnection(&self) -> Option<Reconnection> {
        lock(&self.shared().link).reconnection.clone()
    }

    /// Changes how the client gets back what it loses, from the next wait on. `None`: not at all,
    /// and a wait that has begun ends the client.
    pub fn set_reconnection(&self, reconnection: Option<Reconnection>) {
        let shared = self.shared();
        lock(&shared.link).reconnection.clone_from(&reconnection);
        if let Some(plan) = &mut *lock(&shared.plan) {
            plan.config.reconnection = reconnection;
            return;
        }
        // After the end there is nothing to change.
        let _ended = shared.control.push(Control::SetReconnection(reconnection));
    }

    /// Leaves every namespace, delivers what was emitted before, and ends the connection: resolves
    /// when that is done. What waits for a namespace that is not connected, or for its turn among
    /// [`retries`](Builder::retries), is void: await [`Sender::drained`] before.
    ///
    /// A server on Node.js ignores events that reach it in the same moment as the leave, whoever
    /// sends them. Who has to be sure asks for an answer ([`Sender::call`]) before.
    pub async fn close(&self) {
        self.shared().close();
        self.closed().await;
    }

    /// Waits until the client has ended: it was closed, or has given up.
    pub async fn closed(&self) {
        let mut over = self.shared().over.subscribe();
        // The sender lives as long as this handle.
        let _over = over.wait_for(|over| *over).await;
    }

    pub(crate) async fn connect_as(
        &self,
        namespace: &str,
        setup: Setup,
    ) -> Result<Socket, ConnectError> {
        let (bell, rung) = oneshot::channel();
        let socket = self.enter(namespace, setup, Some(bell))?;
        match rung.await {
            Ok(outcome) => outcome.map(|()| socket),
            Err(_) => Err(ConnectError::Closed),
        }
    }

    pub(crate) fn enter(
        &self,
        namespace: &str,
        setup: Setup,
        bell: Option<Bell>,
    ) -> Result<Socket, BuildError> {
        if let Some(error) = setup.error {
            return Err(error);
        }
        let runtime = Runtime::try_current().map_err(|_| BuildError::NoRuntime)?;
        let asked = Name::new(namespace.to_owned())?;
        let shared = self.shared();
        let bounds = Bounds {
            buffer: shared.buffer_limit,
            queue: setup.queue_limit,
            overflow: setup.overflow,
        };
        let routes = Arc::new(setup.routes);
        let member = Member::new(asked, shared.terms, bounds, routes, &shared.waker);
        let member = Arc::new(member);
        let name = member.name.clone();
        shared.claim(&name)?;
        let opening = Opening {
            member: Arc::clone(&member),
            auth: setup.auth,
            bell,
        };
        if shared.control.push(Control::Open(opening)).is_err() {
            shared.release(&name);
            return Err(BuildError::Closed);
        }
        if let Some(plan) = lock(&shared.plan).take() {
            self.start(&runtime, plan);
        }
        Ok(Socket::new(Sender(member), self.clone()))
    }

    fn start(&self, runtime: &Runtime, plan: Plan) {
        let shared = Arc::clone(&self.0.0);
        let Plan {
            dialer,
            config,
            max_in_flight,
        } = plan;
        let task = ClientTask::new(shared, dialer.clone(), max_in_flight);
        let seed = random::number();
        let over = Over(Arc::clone(&self.0.0));
        runtime.spawn(async move {
            drive(dialer, |now| (Machine::connect(config, seed, now), task)).await;
            drop(over);
        });
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.transport())
            .field("namespaces", &*lock(&self.shared().names))
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Shared {
    fn close(&self) {
        if lock(&self.plan).take().is_some() {
            // It never began.
            self.end();
            self.over.send_replace(true);
            return;
        }
        // After the end there is nothing to close.
        let _ended = self.control.push(Control::Close);
    }

    /// The client has ended, as far as its handles are concerned.
    pub(crate) fn end(&self) {
        self.control.close();
        self.set_transport(None);
        for inbox in lock(&self.inboxes).drain(..) {
            if let Some(inbox) = inbox.upgrade() {
                inbox.end();
            }
        }
    }

    /// That of the task.
    pub(crate) fn waker(&self) -> &AtomicWaker {
        &self.waker
    }

    pub(crate) fn set_transport(&self, transport: Option<TransportKind>) {
        lock(&self.link).transport = transport;
    }

    pub(crate) fn tell(&self, notice: &Notice) {
        for inbox in lock(&self.inboxes).iter().filter_map(Weak::upgrade) {
            inbox.push(notice.clone());
        }
    }

    /// Takes a namespace for one socket.
    fn claim(&self, name: &Name) -> Result<(), BuildError> {
        let mut names = lock(&self.names);
        if names.contains(name) {
            return Err(BuildError::NamespaceInUse(name.as_str().to_owned()));
        }
        names.push(name.clone());
        Ok(())
    }

    /// Makes a namespace free again.
    pub(crate) fn release(&self, name: &Name) {
        lock(&self.names).retain(|taken| taken != name);
    }
}

/// Dropped when a client has ended, and all that it had to say has left.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.send_replace(true);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
