//! What a handler for events of other servers is called with.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use socketio_proto::{Args, Namespace as Name};

use super::ServerReply;
use crate::ack::Ack;
use crate::broadcast::Broadcast;
use crate::context::{FromContext, Stateless};
use crate::error::Rejection;
use crate::extract::{Data, EventName, State};
use crate::hub::Hub;
use crate::server::Server;

/// An event of another server, on its way to a handler that was given to
/// [`Namespace::on_server_side`](crate::Namespace::on_server_side).
///
/// It offers [`Data`], [`Args`], [`Ack`], [`EventName`], [`State`], the name of the namespace, the
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

impl<T: DeserializeOwned, S> FromContext<ServerSideContext<S>> for Data<T> {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        let data = context.args.event_data();
        data.map(Self).map_err(Rejection::from)
    }
}

impl<S> FromContext<ServerSideContext<S>> for Args {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        Ok(context.args.without_name())
    }
}

impl<S> FromContext<ServerSideContext<S>> for EventName {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        let name = context.args.event_name().unwrap_or_default();
        Ok(Self(name.into_owned()))
    }
}

impl<T, S> FromContext<ServerSideContext<S>> for Ack<T> {
    fn from_context(context: &ServerSideContext<S>) -> Result<Self, Rejection> {
        Ok(Self::to_server(context.take_reply()))
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
