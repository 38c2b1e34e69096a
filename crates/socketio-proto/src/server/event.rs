//! What the application learns of a connection.

use crate::ack::AckError;
use crate::engine::CloseReason;
use crate::{AckId, Args, DecodeError, DisconnectReason, Namespace};

use super::{ConnectRequest, ReplyTo};

/// What the application should know.
#[derive(Debug)]
pub enum Event {
    /// A client asks for a namespace and waits. Middleware may take its time.
    ///
    /// Several may wait at once, each for another namespace; they may be answered in any order.
    ConnectRequest(ConnectRequest),
    /// A client emitted.
    Event {
        /// Where.
        namespace: Namespace,
        /// The event name, then the arguments.
        args: Args,
        /// The right to answer, if the client expects an answer.
        reply: Option<ReplyTo>,
    },
    /// The answer to [`call`](super::Connection::call) or
    /// [`emit_with_ack`](super::Connection::emit_with_ack), or why there is none.
    Acked {
        /// Where.
        namespace: Namespace,
        /// The id of the call, or what [`emit_with_ack`](super::Connection::emit_with_ack)
        /// returned: one of its namespace.
        id: AckId,
        /// The arguments of the answer.
        outcome: Result<Args, AckError>,
    },
    /// A namespace that was accepted has ended. The outcomes of its acknowledgements came before.
    Disconnected {
        /// Which one.
        namespace: Namespace,
        /// Why.
        reason: DisconnectReason,
    },
    /// The client sent what is not a packet, and the connection ends. Concerns every namespace;
    /// their ends follow, over polling perhaps only with the client's next request.
    Malformed(DecodeError),
    /// Packets travel over a WebSocket from now on.
    Upgraded,
    /// The session ended. The last event, exactly once. Requests for namespaces that are unanswered
    /// by then are void.
    Closed(CloseReason),
}
