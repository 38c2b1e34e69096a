//! What one message of the layer below carries.

use bytes::Bytes;

/// UTF-8 text in shared memory: cloning and slicing count references.
pub use bytestring::ByteString as Utf8Bytes;

/// One Socket.IO frame, which is one Engine.IO message without its type digit.
///
/// A packet is one text frame, followed by one binary frame per attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The header of a packet, with its payload as JSON.
    Text(Utf8Bytes),
    /// One attachment.
    Binary(Bytes),
}

impl From<Utf8Bytes> for Frame {
    fn from(text: Utf8Bytes) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}
