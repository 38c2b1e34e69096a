//! How an event should travel, and why it was not taken.

/// How a packet should travel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Emit {
    /// Dropped, not buffered, unless it can leave at once.
    pub volatile: bool,
}

/// Why an emit was refused: the caller's mistake or the connection's end, never the peer's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EmitError {
    /// The connection has ended or is ending. A client that reconnects has not ended.
    #[error("the connection is closed")]
    Closed,
    /// The buffer limit is reached; nothing of the packet was queued.
    #[error("the send buffer is full")]
    Full,
    /// Nobody is in this namespace, or waits to be let in.
    #[error("the namespace is not connected")]
    NotConnected,
}
