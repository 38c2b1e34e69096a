//! What a handler may ask for: the contexts and the extractors.

use std::cell::Cell;
use std::fmt;

use serde::de::DeserializeOwned;
use socketio_proto::server::ReplyTo;
use socketio_proto::{Args, DisconnectReason};

use crate::ack::Ack;
use crate::error::Rejection;
use crate::socket::Socket;

/// A handler's argument, taken from the context `C` in which the handler runs.
///
/// The contexts are [`EventContext`], [`ConnectContext`] and [`DisconnectContext`]. [`Socket`] and
/// [`State`] come from each of them, [`Auth`] from all but a disconnect; [`Data`], [`Args`] and
/// [`Ack`] exist only where an event is being handled, and a handler that asks for them elsewhere
/// does not compile.
///
/// Implement it for your own types to keep handlers short:
///
/// ```
/// use socketio_tokio::{EventContext, FromContext, Rejection};
///
/// struct UserAgent(String);
///
/// impl<S: Send + Sync> FromContext<EventContext<S>> for UserAgent {
///     fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
///         let value = context.socket().request().headers.get("user-agent");
///         let text = value.and_then(|value| value.to_str().ok());
///         text.map(|text| Self(text.to_owned())).ok_or_else(|| Rejection::new("no user agent"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of this handler",
    note = "events offer `Socket`, `Data<T>`, `Args`, `Ack<T>`, `Auth<T>` and `State<S>`",
    note = "`Data<T>` needs `T: serde::de::DeserializeOwned`, `State<S>` the `S` of `Namespace::<S>`",
    note = "`DisconnectReason` exists in `on_disconnect` only, `Data`, `Args` and `Ack` in `on` only"
)]
pub trait FromContext<C>: Sized {
    /// Takes the argument.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] says what the peer sent wrong. The handler is then not called; the error
    /// reaches `on_error`, and the peer's acknowledgement, if it asked for one.
    fn from_context(context: &C) -> Result<Self, Rejection>;
}

/// What every context offers.
pub trait Context {
    /// The state given to `Namespace::with_state`.
    type State;
    /// The socket that the handler serves.
    fn socket(&self) -> &Socket;
    /// The state of the namespace.
    fn state(&self) -> &Self::State;
}

/// An event of a client, on its way to a handler.
pub struct EventContext<S> {
    socket: Socket,
    args: Args,
    reply: Cell<Option<ReplyTo>>,
    state: S,
}

impl EventContext<()> {
    pub(crate) fn new(socket: Socket, args: Args, reply: Option<ReplyTo>) -> Self {
        Self {
            socket,
            args,
            reply: Cell::new(reply),
            state: (),
        }
    }
}

impl<S> EventContext<S> {
    /// The socket that received the event.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The event's arguments, its name in front.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// Takes the right to answer; later calls get `None`.
    pub(crate) fn take_reply(&self) -> Option<ReplyTo> {
        self.reply.take()
    }

    /// Lends the context to `run` as one with `state`, which is how a namespace with a state
    /// becomes one without.
    pub(crate) fn with_state<T, R>(&self, state: T, run: impl FnOnce(&EventContext<T>) -> R) -> R {
        let (socket, args) = (self.socket.clone(), self.args.clone());
        let context = EventContext {
            socket,
            args,
            reply: Cell::new(self.take_reply()),
            state,
        };
        let outcome = run(&context);
        self.reply.set(context.take_reply());
        outcome
    }
}

impl<S: fmt::Debug> fmt::Debug for EventContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventContext")
            .field("socket", &self.socket)
            .field("args", &self.args)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A client that is being let into a namespace.
#[derive(Debug)]
pub struct ConnectContext<S> {
    pub(crate) socket: Socket,
    pub(crate) state: S,
}

/// A client that has left a namespace.
#[derive(Debug)]
pub struct DisconnectContext<S> {
    pub(crate) socket: Socket,
    pub(crate) reason: DisconnectReason,
    pub(crate) state: S,
}

impl<S> DisconnectContext<S> {
    /// Why the client left.
    pub fn reason(&self) -> &DisconnectReason {
        &self.reason
    }
}

macro_rules! context {
    ($($context:ident),*) => {$(
        impl<S> Context for $context<S> {
            type State = S;
            fn socket(&self) -> &Socket {
                &self.socket
            }
            fn state(&self) -> &S {
                &self.state
            }
        }
    )*};
}
context!(EventContext, ConnectContext, DisconnectContext);

impl<C: Context> FromContext<C> for Socket {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.socket().clone())
    }
}

/// The state of the namespace: a clone of what `Namespace::with_state` was given.
#[derive(Clone, Copy, Debug)]
pub struct State<S>(pub S);

impl<C: Context<State = S>, S: Clone> FromContext<C> for State<S> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(Self(context.state().clone()))
    }
}

/// The arguments of an event, deserialised.
///
/// A tuple takes several arguments, anything else takes the first one; further arguments are
/// ignored. `Bytes` anywhere inside receives a binary attachment. A fixed-size array counts as a
/// tuple, because serde does not tell them apart.
#[derive(Clone, Copy, Debug)]
pub struct Data<T>(pub T);

impl<T: DeserializeOwned, S> FromContext<EventContext<S>> for Data<T> {
    fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
        context.args.event_data().map(Self).map_err(Rejection::from)
    }
}

impl<S> FromContext<EventContext<S>> for Args {
    /// The arguments without the event's name, for handlers that pass them on unread.
    fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
        Ok(context.args.without_name())
    }
}

impl<T, S> FromContext<EventContext<S>> for Ack<T> {
    fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
        Ok(Self::new(context.socket.clone(), context.take_reply()))
    }
}

/// The `auth` payload of the client's CONNECT packet, deserialised.
///
/// A client that sent none is read as `{}`; `Auth<Option<T>>` tells the difference.
#[derive(Clone, Copy, Debug)]
pub struct Auth<T>(pub T);

impl<T: DeserializeOwned> Auth<T> {
    fn read(socket: &Socket) -> Result<Self, Rejection> {
        let json = socket.auth().unwrap_or("null");
        let read = |json: &str| serde_json::from_str(json);
        // `null` for `Option`, `()` and `Value`; whoever needs a map finds an empty one.
        let value = match socket.auth() {
            Some(_) => read(json),
            None => read(json).or_else(|_| read("{}")),
        };
        value
            .map(Self)
            .map_err(|error| Rejection::new(format!("invalid auth payload: {error}")))
    }
}

impl<T: DeserializeOwned, S> FromContext<EventContext<S>> for Auth<T> {
    fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
        Self::read(&context.socket)
    }
}

impl<T: DeserializeOwned, S> FromContext<ConnectContext<S>> for Auth<T> {
    fn from_context(context: &ConnectContext<S>) -> Result<Self, Rejection> {
        Self::read(&context.socket)
    }
}

impl<S> FromContext<DisconnectContext<S>> for DisconnectReason {
    fn from_context(context: &DisconnectContext<S>) -> Result<Self, Rejection> {
        Ok(context.reason)
    }
}
