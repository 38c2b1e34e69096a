//! What other tasks want of a connection.

use std::time::Duration;

use socketio_proto::server::{Emit, ReplyTo};
use socketio_proto::{Args, Encoded, Namespace};

use crate::error::CallError;
use crate::outbox::{OVERHEAD, Queued, args_len};
use crate::server::call::Asker;
use crate::server::socket::Socket;

/// The way into the task of a connection.
pub(crate) type Outbox = crate::outbox::Outbox<Command>;

/// One thing that the connection's task should do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Ask the client, and tell the caller what it says.
    Call {
        packet: Encoded,
        within: Option<Duration>,
        asker: Asker,
    },
    /// Leave every namespace, then close.
    Close,
    /// End the session, once what was emitted before is delivered.
    CloseSession,
    /// Close because the client reads too slowly to be served.
    CloseSlow,
    /// Leave one namespace, and hear nothing more from there.
    Disconnect(Namespace),
    /// Write a packet.
    Emit(Encoded, Emit),
    /// Leave one namespace in which the client has a newer socket, over another connection.
    Replaced(Namespace),
    /// Answer an event late.
    Reply {
        socket: Socket,
        to: ReplyTo,
        args: Args,
    },
    /// Close because the server ends, once what was emitted before is delivered.
    ShutDown,
}

impl Queued for Command {
    fn len(&self) -> usize {
        match self {
            Self::Call { packet, .. } | Self::Emit(packet, _) => OVERHEAD + packet.len(),
            Self::Reply { args, .. } => OVERHEAD + args_len(args),
            Self::Close
            | Self::CloseSession
            | Self::CloseSlow
            | Self::Disconnect(_)
            | Self::Replaced(_)
            | Self::ShutDown => 0,
        }
    }

    fn void(self) {
        if let Self::Call { asker, .. } = self {
            asker.tell(Err(CallError::Disconnected));
        }
    }
}
