//! Why a client does not come about, or does not get in.

use std::fmt;
use std::sync::Arc;

use engineio_tokio::client::{DialerError, Failure as Cause};
use http::StatusCode;
use serde::de::DeserializeOwned;
use socketio_proto::client::SessionEnd;
use socketio_proto::engine::CloseReason;
use socketio_proto::{ConnectError as Said, NamespaceError, Utf8Bytes};
use thiserror::Error;

/// Why a client cannot even try to connect: the mistake is in the program.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The client has ended: it was closed, or has given up.
    #[error("the client has ended: build another one")]
    Closed,
    /// The URL or an option cannot be used.
    #[error("{0}")]
    Dialer(#[source] Arc<DialerError>),
    /// A header's name or value cannot be sent.
    #[error("invalid header {0:?}")]
    InvalidHeader(String),
    /// No packet can express this namespace.
    #[error("invalid namespace: {0}")]
    InvalidNamespace(#[from] NamespaceError),
    /// What [`auth`](crate::client::Builder::auth) was given is not a JSON object.
    #[error("invalid auth: {0}")]
    InvalidAuth(String),
    /// The client is in this namespace already: one connection can be there only once.
    #[error("the client is in {0} already: clone its `sender()`, or build another client")]
    NamespaceInUse(String),
    /// The URL names a namespace, where one is given beside it.
    #[error(
        "the URL of a client ends behind the port: {0} is a namespace, and is given to `connect`"
    )]
    NamespaceInUrl(String),
    /// A client needs a tokio runtime to run in.
    #[error("there is no tokio runtime here")]
    NoRuntime,
}

impl From<DialerError> for BuildError {
    fn from(error: DialerError) -> Self {
        Self::Dialer(Arc::new(error))
    }
}

/// Why a namespace was not connected.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing was tried.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The client was closed meanwhile.
    #[error("the client was closed before it was connected")]
    Closed,
    /// The server does not let the client in.
    #[error("the server refused the connection: {0}")]
    Refused(#[from] Refused),
    /// The server was not reached.
    #[error("the server was not reached: {0}")]
    Unreachable(#[from] Failure),
}

/// What a server says, or the own [`auth`](crate::client::Builder::auth), when a client is kept out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Refused {
    message: String,
    data: Option<Utf8Bytes>,
}

impl Refused {
    pub(crate) fn new(message: impl Into<String>, data: Option<Utf8Bytes>) -> Self {
        let message = message.into();
        Self { message, data }
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What went wrong, for programs. `None` if that was not said, or is of another type:
    /// [`json`](Self::json) shows it as it came.
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        self.json().and_then(|json| serde_json::from_str(json).ok())
    }

    /// The JSON text of the data, if there is any.
    pub fn json(&self) -> Option<&str> {
        self.data.as_deref()
    }
}

impl From<Said> for Refused {
    fn from(said: Said) -> Self {
        Self::new(said.message, said.data)
    }
}

/// Why the server was not reached.
#[derive(Clone, Debug)]
pub struct Failure {
    end: SessionEnd,
    cause: Option<Cause>,
    /// Whether there was a session, which ended too early.
    was_open: bool,
}

impl Failure {
    pub(crate) fn new(end: SessionEnd, cause: Option<Cause>, was_open: bool) -> Self {
        Self {
            end,
            cause,
            was_open,
        }
    }

    /// What the protocol makes of it.
    pub fn end(&self) -> SessionEnd {
        self.end
    }

    /// What has happened on the network, if anything has: `None` where time has run out.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The HTTP status, if the server or a proxy has answered with one.
    pub fn status(&self) -> Option<StatusCode> {
        self.cause.as_ref().and_then(Cause::status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cause, end) = (&self.cause, self.end);
        match end {
            SessionEnd::Engine(CloseReason::Violation(_)) if !self.was_open => write!(
                f,
                "its answer was not understood ({end}): it may speak another revision, see \
                 `Builder::revision`"
            ),
            // Nothing went wrong on the network, so it was time that ran out.
            SessionEnd::Engine(CloseReason::TransportError)
                if !self.was_open && cause.is_none() =>
            {
                f.write_str("no answer within the `timeout` of an attempt")
            }
            _ => match cause {
                Some(cause) => cause.fmt(f),
                None => end.fmt(f),
            },
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().and_then(std::error::Error::source)
    }
}
