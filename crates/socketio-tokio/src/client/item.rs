//! What a namespace tells the application, one thing after another.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::client::{DisconnectReason, ReplyTo};
use socketio_proto::{Args, ArgsError, SocketId};

use crate::client::command::Command;
use crate::client::error::{Failure, Refused};
use crate::client::sender::Sender;
use crate::error::{CallError, EmitError};
use crate::typed::{self, Event as TypedEvent};

/// What happens in a namespace.
///
/// ```
/// use socketio_tokio::client::Item;
///
/// fn show(item: Item) -> Result<(), Box<dyn std::error::Error>> {
///     match item {
///         Item::Event(event) if event.name() == "message" => {
///             let (name, text): (String, String) = event.data()?;
///             println!("{name}: {text}");
///         }
///         Item::Event(event) => event.reply(())?, // the server may have asked for an answer
///         Item::Connected { recovered, .. } => println!("here again, nothing missed: {recovered}"),
///         Item::Disconnected { reason, retry_after } => println!("{reason}, {retry_after:?}"),
///         _ => {}
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// The server has let the client in, for the first time or again. What was emitted meanwhile is
    /// sent now.
    Connected {
        /// The client's public id in this namespace.
        id: SocketId,
        /// Whether the client goes on where it was: same id, same rooms, nothing missing.
        recovered: bool,
    },
    /// The server was not reached, or hung up before it has let the client in. The client goes on
    /// trying, unless it was told not to.
    ConnectFailed(Failure),
    /// The namespace is not connected any more.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// How long the client waits before it tries to come back. `None`: it does not by itself.
        retry_after: Option<Duration>,
    },
    /// A server of Socket.IO 1 or 2 complains. Nothing ends: the namespace stays connected.
    Error(Refused),
    /// The server has emitted, and no handler was registered for the event.
    Event(Event),
    /// Events were dropped here, because the application has read too slowly: see
    /// [`queue_limit`](crate::client::Builder::queue_limit).
    Lagged {
        /// How many.
        missed: u64,
    },
    /// The server does not let the client in. It is not asked again unless by
    /// [`Sender::connect`].
    Refused(Refused),
    /// Something that was emitted will not be sent any more.
    Undelivered(Undelivered),
}

/// An event from the server.
#[derive(Debug)]
pub struct Event {
    sender: Sender,
    args: Args,
    reply: Option<ReplyTo>,
}

impl Event {
    pub(crate) fn new(sender: Sender, args: Args, reply: Option<ReplyTo>) -> Self {
        Self {
            sender,
            args,
            reply,
        }
    }

    /// Its name.
    pub fn name(&self) -> Cow<'_, str> {
        self.args.event_name().unwrap_or_default()
    }

    /// Its arguments, deserialised: a tuple takes several, anything else the first one.
    ///
    /// # Errors
    ///
    /// If they are of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ArgsError> {
        self.args.event_data()
    }

    /// The typed event; `None` if it has another name.
    ///
    /// # Errors
    ///
    /// If its arguments are of another type.
    pub fn typed<E: TypedEvent + DeserializeOwned>(&self) -> Option<Result<E, ArgsError>> {
        (self.name() == E::NAME).then(|| typed::read(&self.args))
    }

    /// Its arguments as they came, its name in front.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// Whether the server waits for an answer.
    pub fn wants_reply(&self) -> bool {
        self.reply.is_some()
    }

    /// Answers, if the server waits for that. A tuple is several values.
    ///
    /// # Errors
    ///
    /// As [`Sender::emit`].
    pub fn reply(self, answer: impl Serialize) -> Result<(), EmitError> {
        match self.reply {
            Some(to) => {
                let args = Args::new(&answer)?;
                self.sender.push(Command::Reply { to, args })
            }
            None => Ok(()),
        }
    }
}

/// An emit that was taken and will not be sent any more, or not once more. Whether it has arrived is
/// known to the server alone.
#[derive(Debug)]
pub struct Undelivered {
    args: Args,
    error: CallError,
}

impl Undelivered {
    pub(crate) fn new(args: Args, error: CallError) -> Self {
        Self { args, error }
    }

    /// The name of the event.
    pub fn name(&self) -> Cow<'_, str> {
        self.args.event_name().unwrap_or_default()
    }

    /// Its arguments, its name in front.
    pub fn args(&self) -> &Args {
        &self.args
    }

    /// Why.
    pub fn error(&self) -> &CallError {
        &self.error
    }
}
