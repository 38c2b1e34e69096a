//! What a handler for events of other servers is called with.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use socketio_proto::{Args, Namespace as Name};

use super::ServerReply;
use crate::ack::Respond;
use crate::context::{FromContext, HasEvent};
use crate::error::Rejection;
use crate::server::Server;
use crate::server::broadcast::Broadcast;
use crate::server::extract::State;
use crate::server::hub::Hub;
use crate::server::state::Stateless;

/// An event of another server, on its way to a handler that was given to
/// [`Namespace::on_server_side`](crate::Namespace::on_server_side).
///
/// It offers [`Data`](crate::Data), [`Args`], [`Ack`](crate::Ack),
/// [`EventName`](crate::EventName), [`State`], the name of the namespace, the
/// [`Broadcast`] to everybody in it, and the [`Server`].
pub struct ServerSideContext<S> {
    hub: Arc<Hub>,
    args: Args,
    reply: Cell<Option<ServerReply>>,
    state: S,
}

impl ServerSideContext<()> {
    pub(super) fn new(hub: Arc<Hub>, args: Args, reply: Option<ServerReply>) -> Self {
        Self {
            hub,
            args,
            reply: Cell::new(reply),
            state: (),
        }
    }
}

impl<S> ServerSideContext<S> {
    /// The event's arguments, its name in front.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// The namespace in which it was sent.
    pub fn namespace(&self) -> &Name {
        self.hub.name()
    }

    /// The state given to `Namespace::with_state`.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Takes the right to answer; later calls get `None`.
    pub(super) fn take_reply(&self) -> Option<ServerReply> {
        self.reply.take()
    }
}

impl Stateless for ServerSideContext<()> {
    type With<S> = ServerSideContext<S>;

    fn lend<S, R>(&self, state: S, run: impl FnOnce(&ServerSideContext<S>) -> R) -> R {
        let context = ServerSideContext {
            hub: Arc::clone(&self.hub),
            args: self.args.clone(),
            reply: Cell::new(self.take_reply()),
            state,
        };
        let outcome = run(&context);
        self.reply.set(context.take_reply());
        outcome
    }
}

impl<S> HasEvent for ServerSideContext<S> {
    fn args(&self) -> &Args {
        &self.args
    }

    fn take_respond(&self) -> Option<Respond> {
        let reply = self.take_reply()?;
        Some(Box::new(move |args| {
            reply.send(args);
            Ok(())
        }))
    }
}

impl<S: Clone> FromContext<ServerSideContext<S>> for State<S> {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        Ok(Self(context.state.clone()))
    }
}

impl<S> FromContext<ServerSideContext<S>> for Name {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        Ok(context.hub.name().clone())
    }
}

impl<S> FromContext<ServerSideContext<S>> for Broadcast {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        Ok(Self::new(Arc::clone(&context.hub)))
    }
}

impl<S> FromContext<ServerSideContext<S>> for Server {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        let server = context.hub.server();
        server.ok_or_else(|| Rejection::internal("the server is gone"))
    }
}

impl<S: fmt::Debug> fmt::Debug for ServerSideContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSideContext")
            .field("namespace", self.namespace())
            .field("args", &self.args)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
