//! How an event should travel, and why it was not taken.

use crate::engine::server::Compress;

/// How a packet should travel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Emit {
    /// Dropped, not buffered, unless it can leave at once.
    pub volatile: bool,
    /// Whether it is worth compressing, where the transport does that. Clients do not ask.
    pub compress: Compress,
}

/// Why an emit was refused: the caller's mistake or the connection's end, never the peer's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EmitError {
    /// The connection has ended or is ending. A client that reconnects has not ended.
    #[error("the connection is closed")]
    Closed,
    /// The packet is in another encoding than that of the connection, or its arguments have no
    /// form in it: in MessagePack those nested deeper than 1024 levels, or of 4 GiB.
    #[error("the packet does not suit the encoding of the connection")]
    Encoding,
    /// The buffer limit is reached; nothing of the packet was queued.
    #[error("the send buffer is full")]
    Full,
    /// Nobody is in this namespace, or waits to be let in.
    #[error("the namespace is not connected")]
    NotConnected,
    /// A call without an id, or under one that cannot be told apart: another answer is expected
    /// under it, or it is above [`AckId::MAX`](crate::AckId::MAX).
    #[error("no answer can be expected under this id")]
    UnusableId,
}
