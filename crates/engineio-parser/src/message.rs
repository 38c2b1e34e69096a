//! What an application says, next to what a WebSocket carries.
//!
//! They are different types, so that forgetting to encode, or encoding twice, does not compile.

use alloc::{borrow::Cow, string::String, vec::Vec};

use bytes::Bytes;

use crate::{Packet, Utf8Bytes, base64};

/// What an application says: text or bytes, not encoded.
///
/// Clones share memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Bytes.
    Binary(Bytes),
    /// Text. If it contains U+001E, polling tears it apart: see [`payload`](crate::payload).
    Text(Utf8Bytes),
}

impl Message {
    /// Borrows the message.
    pub fn as_ref(&self) -> MessageRef<'_> {
        match self {
            Self::Binary(bytes) => MessageRef::Binary(Cow::Borrowed(bytes)),
            Self::Text(text) => MessageRef::Text(text),
        }
    }
}

impl From<Utf8Bytes> for Message {
    fn from(text: Utf8Bytes) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

/// A [`Message`] that borrows from what was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageRef<'a> {
    /// Bytes: borrowed from a [`Message`], owned when they came as base64.
    Binary(Cow<'a, [u8]>),
    /// Text.
    Text(&'a str),
}

/// What one WebSocket message carries: one encoded packet, type digit included.
///
/// Made from a [`Packet`] by `Frame::from`, read by [`Packet::decode`], both in revision 4. For peers of
/// other revisions it is rewritten, and read, by a [`Wire`](crate::Wire). Clones share memory.
///
/// Specification: [eio4 § Packet encoding, WebSocket].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of a message. No type is transmitted in revision 4; before, it is the first byte.
    Binary(Bytes),
    /// A packet as text. Never empty if it was encoded here.
    Text(Utf8Bytes),
}

impl Frame {
    /// Bytes on a WebSocket, without the head of its message.
    pub fn len(&self) -> usize {
        match self {
            Self::Binary(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Whether nothing is carried: an empty binary message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in the body of a poll of revision 4, where binary becomes `b` and base64. The separator between
    /// packets is not counted.
    pub fn payload_len(&self) -> usize {
        match self {
            Self::Binary(bytes) => 1 + base64::encoded_len(bytes.len()),
            Self::Text(text) => text.len(),
        }
    }
}

/// Encodes. The bytes of a message are moved; a text is copied behind its type digit, in one
/// allocation.
impl From<Packet> for Frame {
    fn from(packet: Packet) -> Self {
        match packet {
            Packet::Message(Message::Binary(bytes)) => Self::Binary(bytes),
            packet => Self::Text(packet.as_ref().to_text()),
        }
    }
}

/// Encodes. The bytes of a message are shared; a text is copied behind its type digit, in one
/// allocation.
impl From<&Packet> for Frame {
    fn from(packet: &Packet) -> Self {
        match packet {
            Packet::Message(Message::Binary(bytes)) => Self::Binary(bytes.clone()),
            packet => Self::Text(packet.as_ref().to_text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_behind_its_digit() {
        let frame = Frame::from(Packet::Message("hello".into()));
        assert_eq!(frame, Frame::Text(Utf8Bytes::from_static("4hello")));
        assert_eq!((frame.len(), frame.payload_len()), (6, 6));
    }

    #[test]
    fn bytes_are_carried_without_a_digit() {
        let bytes = Bytes::from_static(&[1, 2, 3, 4]);
        let frame = Frame::from(Packet::Message(bytes.clone().into()));
        assert_eq!(frame, Frame::Binary(bytes));
        assert_eq!((frame.len(), frame.payload_len()), (4, 9));
    }

    #[test]
    fn bytes_are_not_copied() {
        let bytes = Bytes::from_static(&[1, 2, 3, 4]);
        let packet = Packet::Message(bytes.clone().into());
        for frame in [Frame::from(&packet), Frame::from(packet)] {
            let Frame::Binary(carried) = frame else {
                panic!("bytes became text")
            };
            assert_eq!(carried.as_ptr(), bytes.as_ptr());
        }
    }
}
