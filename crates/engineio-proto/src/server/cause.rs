//! What is wrong with a request: finer than the code in its answer.

use core::fmt;

use super::Reject;
use crate::config::TransportKind;

/// Why a request was turned down. The answer only says [`reject`](Self::reject).
/// [js engine.io 6.6.12]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A session opens with GET and nothing else.
    BadMethod,
    /// The server takes no new sessions: it is about to stop.
    Closing,
    /// The application does not want this client.
    Forbidden,
    /// No id could be made for the session.
    IdGeneration,
    /// The `Origin` header could not be written back.
    InvalidOrigin,
    /// The request speaks another revision than its session.
    ProtocolMismatch,
    /// A WebSocket was asked for, but not by a WebSocket handshake.
    TransportHandshake,
    /// The request came by another transport than its session uses.
    TransportMismatch {
        /// What the session uses. `None`: the request contradicts itself, so it was not asked.
        previous: Option<TransportKind>,
    },
    /// No session has this id (any more).
    UnknownSession,
    /// The transport is missing, unknown or not offered.
    UnknownTransport,
    /// The revision of the protocol is not spoken here.
    UnsupportedVersion,
}

impl Cause {
    /// What a session means that turns a request down.
    #[must_use]
    pub const fn of_session(reject: Reject) -> Self {
        match reject {
            Reject::UnknownTransport => Self::UnknownTransport,
            Reject::UnknownSession => Self::UnknownSession,
            Reject::BadMethod => Self::BadMethod,
            // [eio4 § Upgrade] It has left polling, and nothing else makes it say so.
            Reject::BadRequest => Self::TransportMismatch {
                previous: Some(TransportKind::WebSocket),
            },
            Reject::Forbidden => Self::Forbidden,
            Reject::UnsupportedVersion => Self::UnsupportedVersion,
        }
    }

    /// What the answer says.
    #[must_use]
    pub const fn reject(self) -> Reject {
        match self {
            Self::BadMethod => Reject::BadMethod,
            Self::Forbidden => Reject::Forbidden,
            Self::Closing
            | Self::IdGeneration
            | Self::InvalidOrigin
            | Self::ProtocolMismatch
            | Self::TransportHandshake
            | Self::TransportMismatch { .. } => Reject::BadRequest,
            Self::UnknownSession => Reject::UnknownSession,
            Self::UnknownTransport => Reject::UnknownTransport,
            Self::UnsupportedVersion => Reject::UnsupportedVersion,
        }
    }

    /// The name that the reference gives to what its code leaves open. `None`: the code says it all.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::IdGeneration => Some("ID_GENERATION_ERROR"),
            Self::InvalidOrigin => Some("INVALID_ORIGIN"),
            Self::ProtocolMismatch => Some("PROTOCOL_MISMATCH"),
            Self::TransportHandshake => Some("TRANSPORT_HANDSHAKE_ERROR"),
            Self::TransportMismatch { .. } => Some("TRANSPORT_MISMATCH"),
            Self::BadMethod
            | Self::Closing
            | Self::Forbidden
            | Self::UnknownSession
            | Self::UnknownTransport
            | Self::UnsupportedVersion => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or(self.reject().message()))
    }
}
