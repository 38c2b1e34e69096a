//! What can go wrong for an application, sorted by who is to blame.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
#[cfg(feature = "server")]
use socketio_proto::Namespace as NamespaceName;
#[cfg(feature = "server")]
use socketio_proto::server::AckError;
use socketio_proto::server::EmitError as Refused;
use socketio_proto::{Args, ArgsError, DecodeError, EncodeError};
use thiserror::Error;

/// Why an emit was not taken. Nothing of it was sent.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The value cannot be a Socket.IO argument, or the event's name is reserved.
    #[error("the event cannot be encoded: {0}")]
    Encode(#[from] EncodeError),
    /// The peer reads too slowly, or is out of reach: as many bytes wait for it as may, which is
    /// `max_buffer_size` of a server and `buffer_limit` of a client.
    #[error(
        "the send buffer is full: await `drained()`, or raise `max_buffer_size` of the server or \
         `buffer_limit` of the client"
    )]
    Full,
    /// The socket has left the namespace. A client that is only offline has not.
    #[error("the socket is not connected")]
    NotConnected,
    /// No namespace of this name was given to the server's builder.
    #[error("the server has no namespace {0:?}: add it with `Server::builder().namespace(..)`")]
    UnknownNamespace(String),
}

/// A namespace of this name is there already.
#[cfg(feature = "server")]
#[derive(Clone, Debug, Error)]
#[error("there is a namespace {0} already: put the handlers together")]
pub struct NamespaceTaken(pub NamespaceName);

/// Why a call got no answer.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The answer is not of the type asked for.
    #[error("the answer has another type: {0}")]
    Answer(#[from] ArgsError),
    /// The socket was disconnected before the answer came.
    #[error("socket has been disconnected")]
    Disconnected,
    /// The event was not sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// A newer event has taken its place while the client was offline, as it was set up to. It was
    /// not sent.
    #[error("a newer event has taken its place")]
    Superseded,
    /// The time given to the call has passed.
    #[error("operation has timed out")]
    TimedOut,
}

impl From<Refused> for EmitError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Full,
            Refused::Closed | Refused::NotConnected => Self::NotConnected,
            Refused::Encoding | Refused::UnusableId => {
                Self::Encode(EncodeError::Value(refused.to_string().into()))
            }
        }
    }
}

impl From<Refused> for CallError {
    fn from(refused: Refused) -> Self {
        Self::Emit(refused.into())
    }
}

#[cfg(feature = "server")]
impl From<AckError> for CallError {
    fn from(error: AckError) -> Self {
        match error {
            AckError::Disconnected => Self::Disconnected,
            AckError::TimedOut => Self::TimedOut,
        }
    }
}

impl From<socketio_proto::client::AckError> for CallError {
    fn from(error: socketio_proto::client::AckError) -> Self {
        use socketio_proto::client::AckError;
        match error {
            AckError::Disconnected => Self::Disconnected,
            AckError::Superseded => Self::Superseded,
            AckError::TimedOut => Self::TimedOut,
        }
    }
}

/// Why a handler's argument could not be taken.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct Rejection {
    message: String,
    blame: Blame,
}

#[derive(Clone, Copy, Debug)]
enum Blame {
    /// The peer has sent something that does not fit, and is told.
    Peer,
    /// The mistake is in the program, which is no business of the peer.
    Program,
}

impl Rejection {
    /// Rejects what the peer has sent; `message` is shown to the peer too.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            blame: Blame::Peer,
        }
    }

    /// Rejects because of a mistake in the program: the peer is only told `internal error`.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            blame: Blame::Program,
        }
    }

    /// What the peer is told.
    pub(crate) fn told(&self) -> &str {
        match self.blame {
            Blame::Peer => &self.message,
            Blame::Program => "internal error",
        }
    }
}

impl From<ArgsError> for Rejection {
    fn from(error: ArgsError) -> Self {
        Self::new(error.to_string())
    }
}

/// A ready error for handlers: the peer's acknowledgement is `{"error": "…"}`.
///
/// Every error becomes one by `?`, with its own words.
///
/// ```
/// use socketio_tokio::{Data, EventError, Namespace, Socket};
///
/// let namespace = Namespace::<()>::new("/")
///     .on("rename", async |socket: Socket, Data(name): Data<String>| {
///         if name.is_empty() {
///             return Err(EventError::new("a name has letters"));
///         }
///         socket.broadcast().emit("renamed", name)?;
///         Ok(())
///     });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EventError(String);

impl EventError {
    /// An error of these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

// Not an error itself, so that every error can become one.
impl<E: std::error::Error> From<E> for EventError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Debug for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventError").field(&self.0).finish()
    }
}

impl Serialize for EventError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(&self.0, serializer)
    }
}

/// What `on_error` is told: an event that did not reach its handler, or a handler that failed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// The handler returned an `Err`. `answer` is its value, as sent to a peer that asked.
    #[error("the handler of {event:?} failed: {}", answer.json())]
    Failed {
        /// The name of the event, or `connect` or `disconnect` for those hooks.
        event: String,
        /// The error as one argument.
        answer: Args,
    },
    /// The peer sent what is not a Socket.IO packet. Its connection is closed.
    #[error("malformed packet: {0}")]
    Malformed(DecodeError),
    /// The handler panicked. Only this event is lost.
    #[error("the handler of {event:?} panicked: {message}")]
    Panicked {
        /// As above.
        event: String,
        /// The panic's message.
        message: String,
    },
    /// The event does not have the arguments that its handler asks for.
    #[error("the event {event:?} was rejected: {rejection}")]
    Rejected {
        /// As above.
        event: String,
        /// What is wrong with it.
        rejection: Rejection,
    },
    /// The handler's return value could not be sent as an acknowledgement.
    #[error("the answer to {event:?} was not sent: {source}")]
    Unanswered {
        /// As above.
        event: String,
        /// Why not.
        source: EmitError,
    },
}

/// The errors of this crate, as a peer sees them in an acknowledgement: `{"error": "…"}`.
fn serialize_error<S: Serializer>(message: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("error", message)?;
    map.end()
}

impl Serialize for EmitError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(&self.to_string(), serializer)
    }
}

impl Serialize for CallError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(&self.to_string(), serializer)
    }
}

impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(self.told(), serializer)
    }
}
