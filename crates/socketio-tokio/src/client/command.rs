//! What handles want of the task of a client.

use std::sync::Arc;
use std::time::Duration;

use socketio_proto::client::{Emit, Reconnection, ReplyTo};
use socketio_proto::{Args, Encoded};
use tokio::sync::oneshot;

use crate::call::CallOutcome;
use crate::client::auth::Source;
use crate::client::error::ConnectError;
use crate::client::member::Member;
use crate::error::CallError;
use crate::outbox::{OVERHEAD, Queued, args_len};

/// What is wanted of one namespace.
#[derive(Debug)]
pub(crate) enum Command {
    /// Ask the server, and tell the caller what it says.
    Call {
        args: Args,
        within: Option<Duration>,
        asker: oneshot::Sender<CallOutcome>,
    },
    /// Ask to be let in, now and after every reconnect.
    Connect,
    /// Stay in without anybody who reads.
    Detach(crate::client::Client),
    /// Leave, until told otherwise.
    Disconnect,
    Emit(Encoded, Emit),
    /// Leave for good.
    Leave,
    Reply {
        to: ReplyTo,
        args: Args,
    },
    /// Say something else about itself from now on.
    SetAuth(Source),
}

impl Queued for Command {
    fn len(&self) -> usize {
        match self {
            Self::Emit(packet, _) => OVERHEAD + packet.len(),
            Self::Call { args, .. } | Self::Reply { args, .. } => OVERHEAD + args_len(args),
            Self::Connect | Self::Detach(_) | Self::Disconnect | Self::Leave | Self::SetAuth(_) => {
                0
            }
        }
    }

    fn void(self) {
        if let Self::Call { asker, .. } = self {
            // Whoever no longer waits has dropped its end.
            let _gone = asker.send(Err(CallError::Disconnected));
        }
    }
}

/// What is wanted of the whole client.
#[derive(Debug)]
pub(crate) enum Control {
    /// Leave every namespace and end, once everything is delivered.
    Close,
    /// Join a namespace.
    Open(Opening),
    SetReconnection(Option<Reconnection>),
}

impl Queued for Control {
    fn len(&self) -> usize {
        0
    }

    fn void(self) {
        if let Self::Open(opening) = self {
            opening.member.end();
        }
    }
}

/// A namespace that is to be joined.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) member: Arc<Member>,
    pub(crate) auth: Source,
    pub(crate) bell: Option<Bell>,
}

/// Who waits for a namespace to be connected for the first time.
pub(crate) type Bell = oneshot::Sender<Result<(), ConnectError>>;
