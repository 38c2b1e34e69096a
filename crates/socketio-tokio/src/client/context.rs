//! What the handlers of a client are called with.

use std::cell::Cell;
use std::fmt;

use socketio_proto::Args;
use socketio_proto::client::{DisconnectReason, ReplyTo};

use crate::ack::Respond;
use crate::client::command::Command;
use crate::client::error::ConnectError;
use crate::client::sender::Sender;
use crate::context::{FromContext, HasEvent};
use crate::error::Rejection;

/// What every context of a client offers.
pub trait Context {
    /// The way back to the server.
    fn sender(&self) -> &Sender;
}

impl<C: Context> FromContext<C> for Sender {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.sender().clone())
    }
}

/// An event of the server, on its way to a handler.
///
/// It offers [`Data`](crate::Data), [`Typed`](crate::Typed), [`Args`], [`Ack`](crate::Ack),
/// [`EventName`](crate::EventName) and [`Sender`].
pub struct EventContext {
    sender: Sender,
    args: Args,
    reply: Cell<Option<ReplyTo>>,
}

impl EventContext {
    pub(crate) fn new(sender: Sender, args: Args, reply: Option<ReplyTo>) -> Self {
        Self {
            sender,
            args,
            reply: Cell::new(reply),
        }
    }

    /// Takes the right to answer; later calls get `None`.
    pub(crate) fn take_reply(&self) -> Option<ReplyTo> {
        self.reply.take()
    }
}

impl HasEvent for EventContext {
    fn args(&self) -> &Args {
        &self.args
    }

    fn take_respond(&self) -> Option<Respond> {
        let to = self.take_reply()?;
        let sender = self.sender.clone();
        Some(Box::new(move |args| {
            sender.push(Command::Reply { to, args })
        }))
    }
}

impl fmt::Debug for EventContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventContext")
            .field("sender", &self.sender)
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// The server has let the client in. It offers [`Sender`].
#[derive(Debug)]
pub struct ConnectContext {
    pub(crate) sender: Sender,
}

/// A namespace is not connected any more. It offers [`DisconnectReason`] and [`Sender`].
#[derive(Debug)]
pub struct DisconnectContext {
    pub(crate) sender: Sender,
    pub(crate) reason: DisconnectReason,
}

impl FromContext<DisconnectContext> for DisconnectReason {
    fn from_context(context: &DisconnectContext) -> Result<Self, Rejection> {
        Ok(context.reason)
    }
}

/// The server was not reached, or does not let the client in. It offers [`ConnectError`] and
/// [`Sender`].
#[derive(Debug)]
pub struct ConnectErrorContext {
    pub(crate) sender: Sender,
    pub(crate) error: ConnectError,
}

impl FromContext<ConnectErrorContext> for ConnectError {
    fn from_context(context: &ConnectErrorContext) -> Result<Self, Rejection> {
        Ok(context.error.clone())
    }
}

macro_rules! context {
    ($($context:ident),*) => {$(
        impl Context for $context {
            fn sender(&self) -> &Sender {
                &self.sender
            }
        }
    )*};
}
context!(
    EventContext,
    ConnectContext,
    DisconnectContext,
    ConnectErrorContext
);
