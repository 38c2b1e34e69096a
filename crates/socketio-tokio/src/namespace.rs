//! What an application says about a namespace: its handlers, before the server runs.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::Serialize;
use socketio_proto::{ConnectError, Namespace as Name};

use crate::context::{ConnectContext, DisconnectContext, EventContext};
use crate::error::HandlerError;
use crate::handler::{
    ConnectFn, DisconnectFn, Erased, EventFn, Handler, MiddlewareFn, erase, erase_middleware,
};
use crate::socket::Socket;

/// The handlers of one namespace, and the state that they share.
///
/// ```
/// use socketio_tokio::{Data, Namespace, Server, Socket};
///
/// let chat = Namespace::new("/chat")
///     .on_connect(async |socket: Socket| socket.join("lobby"))
///     .on("message", async |socket: Socket, Data((name, text)): Data<(String, String)>| {
///         socket.to("lobby").emit("message", (name, text))
///     })
///     .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b);
/// let io = Server::builder().namespace(chat).build();
/// ```
///
/// Handlers of one connection start in the order in which its packets arrive, and then make
/// progress side by side. What a handler returns is the acknowledgement, if the client asked for
/// one: `()` answers with nothing, a tuple with several values, a `Result` with what is inside.
/// An `Err` also reaches [`on_error`](Self::on_error).
#[must_use = "a namespace does nothing until a server is built with it"]
pub struct Namespace<S = ()> {
    path: String,
    events: HashMap<Box<str>, EventFn<S>>,
    middleware: Vec<MiddlewareFn<S>>,
    on_connect: Option<ConnectFn<S>>,
    on_disconnect: Option<DisconnectFn<S>>,
    on_error: Option<ErrorFn>,
}

pub(crate) type ErrorFn = Box<dyn Fn(&Socket, &HandlerError) + Send + Sync>;

impl<S: Clone + Send + Sync + 'static> Namespace<S> {
    /// A namespace without handlers. A missing slash in front of `path` is added.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            events: HashMap::new(),
            middleware: Vec::new(),
            on_connect: None,
            on_disconnect: None,
            on_error: None,
        }
    }

    /// Serves an event. A second handler for the same event replaces the first.
    pub fn on<H, T>(mut self, event: &str, handler: H) -> Self
    where
        H: Handler<EventContext<S>, T>,
        H::Output: Serialize,
    {
        self.events.insert(event.into(), erase(handler));
        self
    }

    /// Decides whether a client is let in. Several are asked in order; the first `Err` refuses.
    ///
    /// The client then sees `connect_error` with the [`ConnectError`]'s message and data. An
    /// argument that cannot be taken, such as an [`Auth`](crate::Auth) of another shape, refuses
    /// too. What middleware emits to the joining socket arrives once it is let in.
    pub fn middleware<H, T, E>(mut self, handler: H) -> Self
    where
        H: Handler<ConnectContext<S>, T, Output = Result<(), E>>,
        E: Into<ConnectError> + 'static,
    {
        self.middleware.push(erase_middleware(handler));
        self
    }

    /// Runs when a client has been let in. It starts before any of the client's events is handled;
    /// if it has to wait for something, they are handled meanwhile.
    pub fn on_connect<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<ConnectContext<S>, T>,
        H::Output: Serialize,
    {
        self.on_connect = Some(erase(handler));
        self
    }

    /// Runs when a client has left: by itself, put out, or lost. Exactly once per client.
    pub fn on_disconnect<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<DisconnectContext<S>, T>,
        H::Output: Serialize,
    {
        self.on_disconnect = Some(erase(handler));
        self
    }

    /// Is told about every event that did not reach its handler and every handler that failed.
    /// Without it they are logged as `tracing` warnings.
    pub fn on_error(
        mut self,
        report: impl Fn(&Socket, &HandlerError) + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Some(Box::new(report));
        self
    }

    /// Gives the state that handlers take as `State<S>`; each of them receives a clone.
    pub fn with_state(self, state: S) -> Namespace {
        let events = self.events.into_iter().map(|(event, handler)| {
            let state = state.clone();
            let handler: EventFn<()> = Box::new(move |context, wanted| {
                context.with_state(state.clone(), |context| handler(context, wanted))
            });
            (event, handler)
        });
        Namespace {
            path: self.path,
            events: events.collect(),
            middleware: self
                .middleware
                .into_iter()
                .map(|f| lend_on_connect(f, &state))
                .collect(),
            on_connect: self
                .on_connect
                .map(|handler| lend_on_connect(handler, &state)),
            on_disconnect: self.on_disconnect.map(|handler| -> DisconnectFn<()> {
                Box::new(move |context, wanted| {
                    let DisconnectContext { socket, reason, .. } = context;
                    let (socket, reason) = (socket.clone(), *reason);
                    handler(
                        &DisconnectContext {
                            socket,
                            reason,
                            state: state.clone(),
                        },
                        wanted,
                    )
                })
            }),
            on_error: self.on_error,
        }
    }
}

/// A function of a context with a state, as one of a context without.
fn lend_on_connect<S, T>(
    handler: Erased<ConnectContext<S>, T>,
    state: &S,
) -> Erased<ConnectContext<()>, T>
where
    S: Clone + Send + Sync + 'static,
    T: 'static,
{
    let state = state.clone();
    Box::new(move |context, wanted| {
        let socket = context.socket.clone();
        handler(
            &ConnectContext {
                socket,
                state: state.clone(),
            },
            wanted,
        )
    })
}

impl Namespace {
    /// The name and the frozen handlers.
    ///
    /// # Panics
    ///
    /// If the path cannot be written in a packet: a mistake in the program, found at its start.
    pub(crate) fn freeze(self) -> (Name, Arc<Routes>) {
        let Self {
            path,
            events,
            middleware,
            on_connect,
            on_disconnect,
            on_error,
        } = self;
        let name = Name::new(path.clone());
        let name = name.unwrap_or_else(|error| panic!("namespace {path:?}: {error}"));
        (
            name,
            Arc::new(Routes {
                events,
                middleware,
                on_connect,
                on_disconnect,
                on_error,
            }),
        )
    }
}

impl<S> fmt::Debug for Namespace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("path", &self.path)
            .field("events", &self.events.keys())
            .field("middleware", &self.middleware.len())
            .finish_non_exhaustive()
    }
}

/// The handlers of a running namespace. Never changes, so looking one up takes no lock.
pub(crate) struct Routes {
    events: HashMap<Box<str>, EventFn<()>>,
    pub(crate) middleware: Vec<MiddlewareFn<()>>,
    pub(crate) on_connect: Option<ConnectFn<()>>,
    pub(crate) on_disconnect: Option<DisconnectFn<()>>,
    on_error: Option<ErrorFn>,
}

impl Routes {
    /// The handler of an event.
    pub(crate) fn event(&self, name: &str) -> Option<&EventFn<()>> {
        self.events.get(name)
    }

    /// Tells the application what went wrong.
    pub(crate) fn report(&self, socket: &Socket, error: &HandlerError) {
        match &self.on_error {
            // A panic there must not end the connection that it was told about.
            Some(report) => {
                let told = catch_unwind(AssertUnwindSafe(|| report(socket, error)));
                if told.is_err() {
                    tracing::error!(socket = %socket.id(), "on_error panicked when told: {error}");
                }
            }
            None => {
                tracing::warn!(socket = %socket.id(), namespace = %socket.namespace(), "{error}")
            }
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("events", &self.events.keys())
            .finish_non_exhaustive()
    }
}
