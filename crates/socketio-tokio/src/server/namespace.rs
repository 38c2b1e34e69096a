//! What an application says about a namespace: its handlers, before the server runs.

use std::fmt;

use serde::Serialize;
use socketio_proto::{ConnectError, Namespace as Name};

use crate::error::HandlerError;
use crate::handler::{Handler, erase, erase_typed, erase_with};
use crate::outgoing::Outgoing;
use crate::server::cluster::ServerSideContext;
use crate::server::context::{ConnectContext, DisconnectContext, EventContext, NamespaceContext};
use crate::server::dynamic::{Matcher, Pattern};
use crate::server::room_event::RoomEvent;
use crate::server::routes::Routes;
use crate::server::socket::Socket;
use crate::server::verdict::{Verdict, erase_event_middleware};
use crate::typed::{Acknowledges, Event, EventOf, OutputOf, TypedArguments};

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
///
/// An event passes, in this order: the [`on_any`](Self::on_any) handlers, the
/// [`event_middleware`](Self::event_middleware), the handlers given to [`on`](Self::on). What a
/// single socket has registered for itself comes behind what its namespace has.
/// [js socket.io 4.8.4]
#[must_use = "a namespace does nothing until a server is built with it"]
pub struct Namespace<S = ()> {
    place: Place,
    routes: Routes<S>,
}

/// Which namespaces the handlers are for.
#[derive(Debug)]
pub(crate) enum Place {
    /// The one of this path.
    At(String),
    /// All that match and have no handlers of their own.
    Where(Matcher),
}

impl<S: Clone + Send + Sync + 'static> Namespace<S> {
    /// A namespace without handlers. A missing slash in front of `path` is added.
    pub fn new(path: impl Into<String>) -> Self {
        Self::at(Place::At(path.into()))
    }

    /// A namespace for every path for which `matches` says yes and which has no handlers of its
    /// own. It comes into being when the first client asks for it.
    ///
    /// Several such namespaces are asked in the order in which the server was given them.
    ///
    /// ```
    /// use socketio_tokio::Namespace;
    ///
    /// let tenants = Namespace::<()>::dynamic(|path| path.starts_with("/tenant-"));
    /// ```
    pub fn dynamic(matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::at(Place::Where(Matcher::Path(Box::new(matches))))
    }

    /// A namespace for every path of this form: `{}` stands for one or more characters other than
    /// a slash, everything else for itself.
    ///
    /// ```
    /// use socketio_tokio::{Data, Namespace, PathParams};
    ///
    /// let rooms = Namespace::<()>::pattern("/room-{}")
    ///     .on("where", async |PathParams(params): PathParams| params);
    /// ```
    ///
    /// # Panics
    ///
    /// If two `{}` touch each other, so that nobody could tell where one ends.
    pub fn pattern(pattern: &str) -> Self {
        Self::at(Place::Where(Matcher::Pattern(Pattern::new(pattern))))
    }

    /// A namespace for every path for which an async function says yes: it may ask for the
    /// [name](socketio_proto::Namespace), the [`Handshake`](crate::Handshake) and the
    /// [`Auth`](crate::Auth) payload. A function that cannot take its arguments, or panics, has
    /// said no.
    ///
    /// ```
    /// use socketio_tokio::{Auth, Namespace, NamespaceName};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Key { key: String }
    ///
    /// let tenants = Namespace::<()>::dynamic_if(
    ///     async |name: NamespaceName, Auth(Key { key }): Auth<Key>| name.as_str().ends_with(&key),
    /// );
    /// ```
    pub fn dynamic_if<H, T>(matches: H) -> Self
    where
        H: Handler<NamespaceContext, T, Output = bool>,
    {
        let matches = erase_with(matches, std::convert::identity);
        Self::at(Place::Where(Matcher::Ask(matches)))
    }

    fn at(place: Place) -> Self {
        let routes = Routes::default();
        Self { place, routes }
    }

    /// Serves an event. Of several handlers for the same event the first one answers; the others
    /// start behind it, and what they return is only looked at for errors.
    pub fn on<H, T>(mut self, event: &str, handler: H) -> Self
    where
        H: Handler<EventContext<S>, T>,
        H::Output: Serialize,
    {
        let handlers = self.routes.events.entry(event.into()).or_default();
        handlers.push(erase(handler));
        self
    }

    /// Serves a typed event: its last argument, [`Typed<E>`](crate::Typed), says which. Otherwise
    /// as [`on`](Self::on).
    ///
    /// The handler returns `E::Ack`, or a `Result` with one; anything else does not compile.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use socketio_tokio::{Event, Namespace, Socket, Typed};
    ///
    /// #[derive(serde::Deserialize, Event)]
    /// #[event(name = "add", ack = i64)]
    /// struct Add(i64, i64);
    ///
    /// let namespace = Namespace::<()>::new("/")
    ///     .on_event(async |Typed(Add(a, b)): Typed<Add>| a + b);
    /// # }
    /// ```
    pub fn on_event<H, T>(mut self, handler: H) -> Self
    where
        T: TypedArguments,
        H: Handler<EventContext<S>, T>,
        H::Output: Acknowledges<OutputOf<T>>,
    {
        let name = <EventOf<T> as Event>::NAME;
        let handlers = self.routes.events.entry(name.into()).or_default();
        handlers.push(erase_typed(handler));
        self
    }

    /// Sees every event, before event middleware and handlers and even if these stop it. What it
    /// returns is only looked at for errors.
    pub fn on_any<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<EventContext<S>, T>,
        H::Output: Serialize,
    {
        self.routes.any.push(erase(handler));
        self
    }

    /// Sees every event that is emitted to a socket of this namespace, broadcasts included,
    /// acknowledgements excluded; also a volatile one that is dropped then.
    ///
    /// Runs in the task that emits, so it should be short.
    pub fn on_any_outgoing(
        mut self,
        see: impl Fn(&Socket, &Outgoing) + Send + Sync + 'static,
    ) -> Self {
        self.routes.any_outgoing.push(std::sync::Arc::new(see));
        self
    }

    /// Decides about every event before its handlers see it: an `Err` stops it there, and
    /// [`Args`](crate::Args) in an `Ok` take the place of its arguments. Several are asked in
    /// order.
    ///
    /// The error reaches [`on_error`](Self::on_error), and the client if it asked for an
    /// acknowledgement. An event whose middleware has to wait is overtaken by those behind it.
    ///
    /// ```
    /// use socketio_tokio::{EventName, Namespace};
    ///
    /// let namespace = Namespace::<()>::new("/").event_middleware(async |name: EventName| {
    ///     if name.0.starts_with("admin:") { Err("not for you") } else { Ok(()) }
    /// });
    /// ```
    pub fn event_middleware<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<EventContext<S>, T>,
        H::Output: Verdict,
    {
        let handler = erase_event_middleware(handler);
        self.routes.event_middleware.push(handler);
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
        let handler = erase_with(handler, |verdict: Result<(), E>| {
            verdict.map_err(Into::into)
        });
        self.routes.middleware.push(handler);
        self
    }

    /// Runs when a client has been let in. It starts before any of the client's events is handled;
    /// if it has to wait for something, they are handled meanwhile. Several start in order.
    pub fn on_connect<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<ConnectContext<S>, T>,
        H::Output: Serialize,
    {
        self.routes.on_connect.push(erase(handler));
        self
    }

    /// Runs when a client is lost or leaves, right before [`on_disconnect`](Self::on_disconnect):
    /// until it waits for something for the first time, [`Socket::rooms`] still names the rooms in
    /// which the client was. Nothing can be emitted to the client any more.
    pub fn on_disconnecting<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<DisconnectContext<S>, T>,
        H::Output: Serialize,
    {
        self.routes.on_disconnecting.push(erase(handler));
        self
    }

    /// Runs when a client has left: by itself, put out, or lost. Exactly once per client.
    pub fn on_disconnect<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<DisconnectContext<S>, T>,
        H::Output: Serialize,
    {
        self.routes.on_disconnect.push(erase(handler));
        self
    }

    /// Serves an event that another server of the cluster has sent with
    /// [`Broadcast::server_side_emit`](crate::Broadcast::server_side_emit) in this namespace. Of
    /// several handlers for the same event the first one answers.
    ///
    /// Handlers may ask for [`Data`](crate::Data), [`Args`](crate::Args), [`Ack`](crate::Ack),
    /// [`EventName`](crate::EventName), [`State`](crate::State), the
    /// [`Broadcast`](crate::Broadcast) to everybody in the namespace, its
    /// [name](socketio_proto::Namespace), and the [`Server`](crate::Server). What goes wrong in them
    /// is logged as a `tracing` warning: there is no socket to tell [`on_error`](Self::on_error)
    /// of.
    ///
    /// ```
    /// use socketio_tokio::{Broadcast, Data, Namespace};
    ///
    /// let namespace = Namespace::<()>::new("/")
    ///     .on_server_side("how many", async |here: Broadcast| here.sockets().len())
    ///     .on_server_side("log level", async |Data(level): Data<String>| println!("{level}"));
    /// ```
    pub fn on_server_side<H, T>(mut self, event: &str, handler: H) -> Self
    where
        H: Handler<ServerSideContext<S>, T>,
        H::Output: Serialize,
    {
        let handlers = self.routes.server_side.entry(event.into()).or_default();
        handlers.push(erase(handler));
        self
    }

    /// Is told what happens to the rooms of this server: created, joined, left, deleted, in this
    /// order. Rooms that are named after a socket are rooms, too.
    ///
    /// Runs in the task that makes it happen, or in one that is telling events already, so it should
    /// be short. It may use the namespace; what it makes happen is told behind the event in hand.
    pub fn on_room_event(
        mut self,
        listener: impl Fn(&Name, &RoomEvent) + Send + Sync + 'static,
    ) -> Self {
        self.routes.room_events.push(Box::new(listener));
        self
    }

    /// Is told about every event that did not reach its handler and every handler that failed.
    /// Without it they are logged as `tracing` warnings.
    pub fn on_error(
        mut self,
        report: impl Fn(&Socket, &HandlerError) + Send + Sync + 'static,
    ) -> Self {
        self.routes.on_error = Some(Box::new(report));
        self
    }

    /// Gives the state that handlers take as `State<S>`; each of them receives a clone.
    pub fn with_state(self, state: S) -> Namespace {
        Namespace {
            place: self.place,
            routes: self.routes.with_state(&state),
        }
    }
}

impl Namespace {
    pub(crate) fn into_parts(self) -> (Place, Routes) {
        (self.place, self.routes)
    }
}

impl Place {
    /// The name of a namespace.
    ///
    /// # Panics
    ///
    /// If the path cannot be written in a packet: a mistake in the program, found at its start.
    pub(crate) fn name(path: String) -> Name {
        let name = Name::new(path.clone());
        name.unwrap_or_else(|error| panic!("namespace {path:?}: {error}"))
    }
}

impl<S> fmt::Debug for Namespace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("place", &self.place)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
