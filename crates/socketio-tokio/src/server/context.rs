//! What a handler is called with.

use std::cell::Cell;
use std::fmt;

use socketio_proto::server::ReplyTo;
use socketio_proto::{Args, DisconnectReason, Namespace as Name};

use crate::ack::Respond;
use crate::context::HasEvent;
use crate::server::command::Command;
use crate::server::handshake::Handshake;
use crate::server::socket::Socket;
use crate::server::state::Stateless;

/// What every context offers.
pub trait Context {
    /// The socket that the handler serves.
    fn socket(&self) -> &Socket;
}

/// A context in a namespace whose state is an `S`.
#[diagnostic::on_unimplemented(
    message = "this namespace has no state of type `{S}`",
    label = "`State<{S}>` cannot be taken here",
    note = "a namespace has the state that `.with_state(..)` gives it, or `()`",
    note = "handlers of a single socket have no state: clone what they need into them"
)]
pub trait HasState<S>: Context {
    /// The state given to `Namespace::with_state`.
    fn state(&self) -> &S;
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
}

impl<S> HasEvent for EventContext<S> {
    fn args(&self) -> &Args {
        &self.args
    }

    fn take_respond(&self) -> Option<Respond> {
        let to = self.take_reply()?;
        let socket = self.socket.clone();
        Some(Box::new(move |args| {
            let at = socket.clone();
            socket.push_command(Command::Reply {
                socket: at,
                to,
                args,
            })
        }))
    }
}

impl Stateless for EventContext<()> {
    type With<S> = EventContext<S>;

    fn lend<S, R>(&self, state: S, run: impl FnOnce(&EventContext<S>) -> R) -> R {
        let context = EventContext {
            socket: self.socket.clone(),
            args: self.args.clone(),
            reply: Cell::new(self.take_reply()),
            state,
        };
        let outcome = run(&context);
        self.reply.set(context.take_reply());
        outcome
    }
}

impl Stateless for ConnectContext<()> {
    type With<S> = ConnectContext<S>;

    fn lend<S, R>(&self, state: S, run: impl FnOnce(&ConnectContext<S>) -> R) -> R {
        let socket = self.socket.clone();
        run(&ConnectContext { socket, state })
    }
}

impl Stateless for DisconnectContext<()> {
    type With<S> = DisconnectContext<S>;

    fn lend<S, R>(&self, state: S, run: impl FnOnce(&DisconnectContext<S>) -> R) -> R {
        let (socket, reason) = (self.socket.clone(), self.reason);
        run(&DisconnectContext {
            socket,
            reason,
            state,
        })
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
    socket: Socket,
    state: S,
}

impl ConnectContext<()> {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, state: () }
    }
}

/// A client that has left a namespace.
#[derive(Debug)]
pub struct DisconnectContext<S> {
    socket: Socket,
    reason: DisconnectReason,
    state: S,
}

impl DisconnectContext<()> {
    pub(crate) fn new(socket: Socket, reason: DisconnectReason) -> Self {
        let state = ();
        Self {
            socket,
            reason,
            state,
        }
    }
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
            fn socket(&self) -> &Socket {
                &self.socket
            }
        }

        impl<S> HasState<S> for $context<S> {
            fn state(&self) -> &S {
                &self.state
            }
        }
    )*};
}
context!(EventContext, ConnectContext, DisconnectContext);

/// A client that asks for a namespace which does not exist, and may come to exist.
#[derive(Debug)]
pub struct NamespaceContext {
    name: Name,
    handshake: Handshake,
}

impl NamespaceContext {
    pub(crate) fn new(name: Name, handshake: Handshake) -> Self {
        Self { name, handshake }
    }

    /// The namespace that the client asks for.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How the client came in.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }
}
