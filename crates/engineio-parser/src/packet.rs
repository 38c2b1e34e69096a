//! One packet: the table of the protocol, read and written.

use alloc::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{DecodeError, DecodeErrorKind, Frame, Message, MessageRef, Utf8Bytes, base64};

/// A packet that borrows from the text it was decoded from.
///
/// [`Packet`] is its owned twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacketRef<'a> {
    /// `0`: the server opens the session. The data is the JSON of a [`Handshake`](crate::Handshake).
    Open(&'a str),
    /// `1`: the session ends. Data behind it is ignored.
    Close,
    /// `2`: the server asks whether the client is there; with `probe`, the client tries a transport.
    Ping(&'a str),
    /// `3`: the answer to a ping, with the same data.
    Pong(&'a str),
    /// `4`, or `b` and base64: what the application says.
    Message(MessageRef<'a>),
    /// `5`: the client moves to the transport that it tried. Data behind it is ignored.
    Upgrade,
    /// `6`: nothing; ends a poll. Data behind it is ignored.
    Noop,
}

impl<'a> PacketRef<'a> {
    /// Decodes one packet in its text form: a WebSocket text frame, or one part of a payload.
    ///
    /// Allocates only for base64. Base64 is read as the reference reads it, which never fails:
    /// padding is optional, the URL-safe alphabet is accepted, anything else is passed over.
    ///
    /// # Errors
    ///
    /// [`Empty`](DecodeErrorKind::Empty) if there is no type character,
    /// [`UnknownType`](DecodeErrorKind::UnknownType) if it is none of `0`–`6` and `b`.
    ///
    /// Specification: [eio4 § Packet encoding].
    pub fn decode(text: &'a str) -> Result<Self, DecodeError> {
        let unknown = DecodeErrorKind::UnknownType.at(0);
        let &tag = text
            .as_bytes()
            .first()
            .ok_or(DecodeErrorKind::Empty.at(0))?;
        let data = text.get(1..).ok_or(unknown)?;
        Ok(match tag {
            b'0' => Self::Open(data),
            b'1' => Self::Close,
            b'2' => Self::Ping(data),
            b'3' => Self::Pong(data),
            b'4' => Self::Message(MessageRef::Text(data)),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            b'b' => Self::Message(MessageRef::Binary(Cow::Owned(base64::decode(data)))),
            _ => return Err(unknown),
        })
    }

    /// Exactly the number of bytes that [`encode`](Self::encode) appends.
    pub fn encoded_len(&self) -> usize {
        self.parts().len()
    }

    /// Appends the packet to `out` as text: bytes become `b` and base64.
    ///
    /// Specification: [eio4 § Packet encoding].
    pub fn encode(&self, out: &mut BytesMut) {
        let parts = self.parts();
        out.reserve(parts.len());
        parts.put(out);
    }

    /// Copies the packet. [`Packet::decode`] shares memory instead.
    pub fn to_owned(&self) -> Packet {
        self.clone().into_packet(Utf8Bytes::from)
    }

    /// What [`encode`](Self::encode) appends, as a text of its own: one allocation, or none if
    /// there is no data.
    ///
    /// For bytes this is what a WebSocket carries that was opened with `b64`.
    pub fn to_text(&self) -> Utf8Bytes {
        // Both buffers are exact, which spares `Bytes` a second allocation.
        match self.parts() {
            Parts::Text(digit, "") => Utf8Bytes::from_static(digit),
            Parts::Text(digit, data) => [digit, data].concat().into(),
            Parts::Bytes(bytes) => base64::encode_behind("b", bytes),
        }
    }

    /// The packet with its text as slices of `owner`, in which it must lie.
    pub(crate) fn share(self, owner: &Utf8Bytes) -> Packet {
        self.into_packet(|part| owner.slice_ref(part))
    }

    fn into_packet(self, own: impl Fn(&'a str) -> Utf8Bytes) -> Packet {
        match self {
            Self::Open(json) => Packet::Open(own(json)),
            Self::Close => Packet::Close,
            Self::Ping(data) => Packet::Ping(own(data)),
            Self::Pong(data) => Packet::Pong(own(data)),
            Self::Message(MessageRef::Text(text)) => Packet::Message(Message::Text(own(text))),
            Self::Message(MessageRef::Binary(Cow::Borrowed(bytes))) => {
                Packet::Message(Message::Binary(Bytes::copy_from_slice(bytes)))
            }
            Self::Message(MessageRef::Binary(Cow::Owned(bytes))) => {
                Packet::Message(Message::Binary(Bytes::from(bytes)))
            }
            Self::Upgrade => Packet::Upgrade,
            Self::Noop => Packet::Noop,
        }
    }

    fn parts(&self) -> Parts<'_> {
        match self {
            Self::Open(json) => Parts::Text("0", json),
            Self::Close => Parts::Text("1", ""),
            Self::Ping(data) => Parts::Text("2", data),
            Self::Pong(data) => Parts::Text("3", data),
            Self::Message(MessageRef::Text(text)) => Parts::Text("4", text),
            Self::Message(MessageRef::Binary(bytes)) => Parts::Bytes(bytes),
            Self::Upgrade => Parts::Text("5", ""),
            Self::Noop => Parts::Text("6", ""),
        }
    }
}

/// A packet that owns its data by reference count.
///
/// [`PacketRef`] is its borrowed twin and explains the variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// The server opens the session; the data is JSON.
    Open(Utf8Bytes),
    /// The session ends.
    Close,
    /// The server asks whether the client is there, or the client tries a transport (`probe`).
    Ping(Utf8Bytes),
    /// The answer to a ping.
    Pong(Utf8Bytes),
    /// What the application says.
    Message(Message),
    /// The client moves to the transport that it tried.
    Upgrade,
    /// Nothing; ends a poll.
    Noop,
}

impl Packet {
    /// Decodes what one WebSocket message carries.
    ///
    /// Text and bytes are slices of the frame, which they keep alive; only base64 is copied. A
    /// binary frame is always a message, whatever its first byte.
    ///
    /// # Errors
    ///
    /// As [`PacketRef::decode`]; a binary frame never fails.
    ///
    /// Specification: [eio4 § Packet encoding, WebSocket].
    pub fn decode(frame: &Frame) -> Result<Self, DecodeError> {
        match frame {
            Frame::Binary(bytes) => Ok(Self::Message(Message::Binary(bytes.clone()))),
            Frame::Text(text) => Ok(PacketRef::decode(text)?.share(text)),
        }
    }

    /// Borrows the packet.
    pub fn as_ref(&self) -> PacketRef<'_> {
        match self {
            Self::Open(json) => PacketRef::Open(json),
            Self::Close => PacketRef::Close,
            Self::Ping(data) => PacketRef::Ping(data),
            Self::Pong(data) => PacketRef::Pong(data),
            Self::Message(message) => PacketRef::Message(message.as_ref()),
            Self::Upgrade => PacketRef::Upgrade,
            Self::Noop => PacketRef::Noop,
        }
    }

    pub(crate) fn parts(&self) -> Parts<'_> {
        match self {
            Self::Open(json) => Parts::Text("0", json),
            Self::Close => Parts::Text("1", ""),
            Self::Ping(data) => Parts::Text("2", data),
            Self::Pong(data) => Parts::Text("3", data),
            Self::Message(Message::Text(text)) => Parts::Text("4", text),
            Self::Message(Message::Binary(bytes)) => Parts::Bytes(bytes),
            Self::Upgrade => Parts::Text("5", ""),
            Self::Noop => Parts::Text("6", ""),
        }
    }
}

/// A packet as it is written down.
#[derive(Clone, Copy)]
pub(crate) enum Parts<'a> {
    /// A message of bytes, which has no type digit.
    Bytes(&'a [u8]),
    /// The type digit, the data.
    Text(&'static str, &'a str),
}

impl Parts<'_> {
    /// How long it is as text.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Text(digit, data) => digit.len() + data.len(),
            Self::Bytes(bytes) => 1 + base64::encoded_len(bytes.len()),
        }
    }

    /// Appends it as text.
    pub(crate) fn put(self, out: &mut BytesMut) {
        match self {
            Self::Text(digit, data) => {
                out.put_slice(digit.as_bytes());
                out.put_slice(data.as_bytes());
            }
            Self::Bytes(bytes) => {
                out.put_u8(b'b');
                base64::encode(bytes, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_behind_a_packet_that_carries_none_is_ignored() {
        assert_eq!(PacketRef::decode("1bye"), Ok(PacketRef::Close));
        assert_eq!(PacketRef::decode("5x"), Ok(PacketRef::Upgrade));
        assert_eq!(PacketRef::decode("6:4hello"), Ok(PacketRef::Noop));
    }

    #[test]
    fn a_type_of_more_than_one_byte_is_unknown() {
        let error = DecodeErrorKind::UnknownType.at(0);
        assert_eq!(PacketRef::decode("\u{ff14}abc"), Err(error));
    }

    #[test]
    fn decoding_a_frame_shares_its_memory() {
        let text = Utf8Bytes::from_static("4hello");
        let packet = Packet::decode(&Frame::Text(text.clone())).unwrap();
        let Packet::Message(Message::Text(shared)) = packet else {
            panic!("not a text")
        };
        assert_eq!(shared, "hello");
        assert_eq!(shared.as_ptr(), text[1..].as_ptr());
    }

    #[test]
    fn a_copy_equals_what_was_borrowed() {
        for text in ["0{}", "1", "2probe", "3", "4hello", "bAQID", "5", "6"] {
            let borrowed = PacketRef::decode(text).unwrap();
            assert_eq!(borrowed.to_owned().as_ref(), borrowed);
            assert_eq!(borrowed.to_text(), text);
        }
    }
}
