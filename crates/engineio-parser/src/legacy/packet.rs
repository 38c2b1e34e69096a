//! One packet of revisions 2 and 3: views, values and the repair of their texts.

use alloc::borrow::Cow;

use bytes::Bytes;

use super::byte_string;
use crate::{
    DecodeError, DecodeErrorKind, Message, MessageRef, Packet, PacketRef, Utf8Bytes, base64,
};

/// Decodes one packet in its text form: a WebSocket text frame, or one part of a payload.
///
/// The same as [`PacketRef::decode`], except that `b` is followed by the type of the packet. In a
/// dialect of byte strings the text has to be decoded [first](byte_string::decode).
///
/// # Errors
///
/// [`Empty`](DecodeErrorKind::Empty) if there is no type character, behind a `b` neither;
/// [`UnknownType`](DecodeErrorKind::UnknownType) if it is none of `0`–`6` and `b`, or behind a `b`
/// none of `0`–`6`; [`UnexpectedBytes`](DecodeErrorKind::UnexpectedBytes) for base64 in an open, ping
/// or pong packet.
///
/// ```
/// use engineio_parser::{MessageRef, PacketRef, legacy};
///
/// assert_eq!(legacy::decode_text("2probe")?, PacketRef::Ping("probe"));
/// let bytes = PacketRef::Message(MessageRef::Binary(vec![1, 2, 3].into()));
/// assert_eq!(legacy::decode_text("b4AQID")?, bytes);
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
///
/// Specification: [eio3 § Encoding].
pub fn decode_text(text: &str) -> Result<PacketRef<'_>, DecodeError> {
    let Some(typed) = text.strip_prefix('b') else {
        return PacketRef::decode(text);
    };
    let &digit = typed
        .as_bytes()
        .first()
        .ok_or(DecodeErrorKind::Empty.at(1))?;
    match (digit, typed.get(1..).unwrap_or_default()) {
        (b'4', base64) => {
            let bytes = base64::decode(base64);
            Ok(PacketRef::Message(MessageRef::Binary(Cow::Owned(bytes))))
        }
        (digit, data) => without_bytes(digit.wrapping_sub(b'0'), data.is_empty())
            .map_err(|error| error.behind(1)),
    }
}

/// Decodes one packet in its binary form: a WebSocket binary frame, or one part of a payload.
///
/// Borrows the data, which stands behind one byte for the type: its number, not its digit.
///
/// # Errors
///
/// [`Empty`](DecodeErrorKind::Empty) if there is no type,
/// [`UnknownType`](DecodeErrorKind::UnknownType) if it is above 6,
/// [`UnexpectedBytes`](DecodeErrorKind::UnexpectedBytes) if an open, ping or pong packet has data.
///
/// ```
/// use engineio_parser::{MessageRef, PacketRef, legacy};
///
/// let packet = legacy::decode_bytes(&[4, 1, 2, 3])?;
/// assert_eq!(packet, PacketRef::Message(MessageRef::Binary((&[1, 2, 3][..]).into())));
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
///
/// Specification: [eio3 § Encoding].
pub fn decode_bytes(bytes: &[u8]) -> Result<PacketRef<'_>, DecodeError> {
    match bytes {
        [] => Err(DecodeErrorKind::Empty.at(0)),
        [MESSAGE, data @ ..] => Ok(PacketRef::Message(MessageRef::Binary(Cow::Borrowed(data)))),
        [kind, data @ ..] => without_bytes(*kind, data.is_empty()),
    }
}

/// Repairs the text of a packet that was decoded as plain, if it looks like a byte string.
///
/// See [`byte_string::repair`]. Never fails; a packet without text comes back as it is.
///
/// ```
/// use engineio_parser::{Packet, legacy};
///
/// let packet = Packet::Message("â\u{82}¬".into());
/// assert_eq!(legacy::repair(packet), Packet::Message("€".into()));
/// ```
pub fn repair(packet: Packet) -> Packet {
    let text = |text: Utf8Bytes| match byte_string::repair(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(repaired) => repaired.into(),
    };
    match packet {
        Packet::Open(json) => Packet::Open(text(json)),
        Packet::Ping(data) => Packet::Ping(text(data)),
        Packet::Pong(data) => Packet::Pong(text(data)),
        Packet::Message(Message::Text(data)) => Packet::Message(Message::Text(text(data))),
        packet @ (Packet::Close
        | Packet::Message(Message::Binary(_))
        | Packet::Upgrade
        | Packet::Noop) => packet,
    }
}

/// Decodes `text`, which lies in `owner`, as slices of `owner` where it can.
pub(crate) fn share_text(
    text: &str,
    owner: &Utf8Bytes,
    is_byte_string: bool,
) -> Result<Packet, DecodeError> {
    if is_byte_string && let Cow::Owned(plain) = byte_string::decode(text)? {
        let plain = Utf8Bytes::from(plain);
        return Ok(decode_text(&plain)?.share(&plain));
    }
    Ok(decode_text(text)?.share(owner))
}

/// Decodes the binary form; the data is a slice of `bytes`.
pub(crate) fn share_bytes(bytes: &Bytes) -> Result<Packet, DecodeError> {
    match decode_bytes(bytes)? {
        PacketRef::Message(MessageRef::Binary(_)) => {
            Ok(Packet::Message(Message::Binary(bytes.slice(1..))))
        }
        packet => Ok(packet.to_owned()),
    }
}

/// A packet in a form for bytes that is not a message: the reference keeps its bytes, but nothing
/// ever reads them. No peer sends such a packet.
fn without_bytes(kind: u8, is_empty: bool) -> Result<PacketRef<'static>, DecodeError> {
    match (kind, is_empty) {
        (0, true) => Ok(PacketRef::Open("")),
        (1, _) => Ok(PacketRef::Close),
        (2, true) => Ok(PacketRef::Ping("")),
        (3, true) => Ok(PacketRef::Pong("")),
        (5, _) => Ok(PacketRef::Upgrade),
        (6, _) => Ok(PacketRef::Noop),
        (0 | 2 | 3, false) => Err(DecodeErrorKind::UnexpectedBytes.at(1)),
        _ => Err(DecodeErrorKind::UnknownType.at(0)),
    }
}

/// The type of a message, as one byte.
pub(crate) const MESSAGE: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_a_packet_that_carries_none_are_ignored() {
        for (text, bytes, packet) in [
            ("b1AQ==", [1, 1], PacketRef::Close),
            ("b5AQ==", [5, 1], PacketRef::Upgrade),
            ("b6AQ==", [6, 1], PacketRef::Noop),
        ] {
            assert_eq!(decode_text(text), Ok(packet.clone()));
            assert_eq!(decode_bytes(&bytes), Ok(packet));
        }
    }

    #[test]
    fn bytes_where_text_belongs_are_refused() {
        for kind in [0, 2, 3] {
            assert!(decode_bytes(&[kind]).is_ok());
            let error = DecodeErrorKind::UnexpectedBytes;
            assert_eq!(decode_bytes(&[kind, 1]), Err(error.at(1)));
            let text = alloc::format!("b{kind}AQ==");
            assert_eq!(decode_text(&text), Err(error.at(2)));
        }
    }

    #[test]
    fn a_digit_is_not_a_number() {
        let error = Err(DecodeErrorKind::UnknownType.at(0));
        assert_eq!(decode_bytes(b"4hello"), error);
    }

    #[test]
    fn the_type_behind_a_b_is_one_byte() {
        let unknown = DecodeErrorKind::UnknownType.at(1);
        for text in ["b7AQID", "bAQID", "b\u{ff14}", "bb4"] {
            assert_eq!(decode_text(text), Err(unknown), "{text}");
        }
        assert_eq!(decode_text("b"), Err(DecodeErrorKind::Empty.at(1)));
    }

    #[test]
    fn a_text_that_needs_no_repair_is_not_copied() {
        let text = Utf8Bytes::from_static("4é");
        let Packet::Message(Message::Text(same)) = repair(Packet::Message(text.clone().into()))
        else {
            panic!("not a text")
        };
        assert_eq!(same.as_ptr(), text.as_ptr());
    }
}
