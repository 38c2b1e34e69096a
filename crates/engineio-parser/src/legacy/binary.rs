//! Many packets as bytes: marker, length, packet, one behind the other.
//!
//! The marker is `00` for text or `01` for bytes; the length is decimal, one byte of the value 0–9 for
//! each digit, ended by `ff`. It counts the bytes behind, the type included. Text is UTF-8 and begins
//! with the digit of its type, bytes begin with its number. `€` and the bytes 1 to 4:
//!
//! ```text
//! 00 04 ff 34 e2 82 ac   01 05 ff 04 01 02 03 04
//! ```
//!
//! Written by [`PayloadBuf::for_form`](crate::payload::PayloadBuf::for_form).
//! Specification: [eio3 § Encoding, Payload].

use core::iter::FusedIterator;

use alloc::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use nom::{
    IResult, Parser,
    bytes::complete::{tag, take_while_m_n},
    number::complete::u8,
    sequence::terminated,
};

use super::{MESSAGE, byte_string, share_bytes, share_text};
use crate::{DecodeError, DecodeErrorKind, Frame, Packet, Utf8Bytes, packet::Parts, steps};

/// Decodes the packets of a body, one at a time.
///
/// Texts and bytes are slices of the body, which they keep alive. An empty body has no packets.
///
/// All lengths are checked before the first packet comes out, as the reference does: a body that is
/// cut short delivers nothing. Offsets of errors count from the start of the body.
///
/// ```
/// use engineio_parser::{Packet, legacy::binary};
///
/// let body = b"\x00\x04\xff4\xe2\x82\xac\x01\x03\xff\x04\x01\x02"[..].into();
/// let packets: Result<Vec<_>, _> = binary::decode(&body).collect();
/// let bytes = Packet::Message(vec![1, 2].into());
/// assert_eq!(packets?, [Packet::Message("€".into()), bytes]);
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
pub fn decode(body: &Bytes) -> Packets {
    let state = match check(body) {
        Ok(()) => State::Next(0),
        Err(error) => State::Failed(error),
    };
    Packets {
        body: body.clone(),
        state,
    }
}

/// The packets of a body, in order; after the first error, nothing.
///
/// Packets before one of an unknown type are good: the reference delivers them. It delivers those
/// behind too, to a session that has ended.
#[derive(Clone, Debug)]
pub struct Packets {
    body: Bytes,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing follows.
    Done,
    /// The body is no payload.
    Failed(DecodeError),
    /// Where the next marker stands, if not at the end.
    Next(usize),
}

impl Iterator for Packets {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = match core::mem::replace(&mut self.state, State::Done) {
            State::Done => return None,
            State::Failed(error) => return Some(Err(error)),
            State::Next(start) => start,
        };
        let input = self.body.get(start..).filter(|rest| !rest.is_empty())?;
        let Entry {
            marker,
            packet,
            rest,
        } = match entry(input) {
            Ok(entry) => entry,
            Err(kind) => return Some(Err(kind.at(start))),
        };
        let end = self.body.len() - rest.len();
        let start = end - packet.len();
        let packet = self.body.slice(start..end);
        let packet = match marker {
            Marker::Bytes => share_bytes(&packet),
            Marker::Text => decode_utf8(packet),
        };
        if packet.is_ok() {
            self.state = State::Next(end);
        }
        Some(packet.map_err(|error| error.behind(start)))
    }
}

impl FusedIterator for Packets {}

/// Whether markers and lengths lead from one packet to the next, up to the end.
fn check(body: &[u8]) -> Result<(), DecodeError> {
    let mut input = body;
    while !input.is_empty() {
        let start = body.len() - input.len();
        input = entry(input).map_err(|kind| kind.at(start))?.rest;
    }
    Ok(())
}

/// Decodes a text entry; the text is a slice of `utf8` unless it has surrogates to replace.
fn decode_utf8(utf8: Bytes) -> Result<Packet, DecodeError> {
    let replaced = match byte_string::from_utf8(&utf8) {
        Ok(Cow::Borrowed(_)) => None,
        Ok(Cow::Owned(text)) => Some(Utf8Bytes::from(text)),
        Err(valid) => return Err(DecodeErrorKind::Utf8.at(valid)),
    };
    let text = match replaced {
        Some(text) => text,
        None => Utf8Bytes::try_from(utf8).map_err(|_| DecodeErrorKind::Utf8.at(0))?,
    };
    share_text(&text, &text, false)
}

/// One packet with its marker, and what follows it.
struct Entry<'a> {
    marker: Marker,
    packet: &'a [u8],
    rest: &'a [u8],
}

enum Marker {
    Bytes,
    Text,
}

/// The reference takes any marker above 0 as bytes, any byte as a digit, and what there is if the
/// length is beyond the end. No peer relies on it, and each can shift what follows.
fn entry(input: &[u8]) -> Result<Entry<'_>, DecodeErrorKind> {
    let (rest, marker) = marker(input).map_err(|_| DecodeErrorKind::Marker)?;
    let marker = match marker {
        0 => Marker::Text,
        1 => Marker::Bytes,
        _ => return Err(DecodeErrorKind::Marker),
    };
    let (rest, digits) = length(rest).map_err(|_| DecodeErrorKind::Length)?;
    steps::visit(input.len() - rest.len());
    let len = digits
        .iter()
        .fold(0, |len: u64, &digit| len * 10 + u64::from(digit));
    let (packet, rest) = usize::try_from(len)
        .ok()
        .and_then(|len| rest.split_at_checked(len))
        .ok_or(DecodeErrorKind::Truncated)?;
    Ok(Entry {
        marker,
        packet,
        rest,
    })
}

fn marker(input: &[u8]) -> IResult<&[u8], u8> {
    u8(input)
}

/// The digits, without the byte that ends them.
fn length(input: &[u8]) -> IResult<&[u8], &[u8]> {
    terminated(
        take_while_m_n(1, MAX_DIGITS, |digit| digit <= 9),
        tag(&[LENGTH_END][..]),
    )
    .parse(input)
}

/// Appends a packet that is given as a frame of revision 4.
pub(crate) fn put(out: &mut BytesMut, frame: &Frame) {
    match frame {
        Frame::Binary(bytes) => put_entry(out, Marker::Bytes, &[MESSAGE], bytes),
        Frame::Text(text) => match text.strip_prefix('b') {
            Some(base64) => put_entry(out, Marker::Text, b"b4", base64.as_bytes()),
            None => put_entry(out, Marker::Text, b"", text.as_bytes()),
        },
    }
}

/// Appends a packet.
pub(crate) fn put_packet(out: &mut BytesMut, packet: Parts<'_>) {
    match packet {
        Parts::Bytes(bytes) => put_entry(out, Marker::Bytes, &[MESSAGE], bytes),
        Parts::Text(digit, data) => {
            put_entry(out, Marker::Text, digit.as_bytes(), data.as_bytes());
        }
    }
}

fn put_entry(out: &mut BytesMut, marker: Marker, start: &[u8], data: &[u8]) {
    let len = start.len() + data.len();
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(len);
    out.reserve(2 + digits.len() + len);
    out.put_u8(match marker {
        Marker::Bytes => 1,
        Marker::Text => 0,
    });
    for digit in digits.bytes() {
        out.put_u8(digit - b'0');
    }
    out.put_u8(LENGTH_END);
    out.put_slice(start);
    out.put_slice(data);
}

/// Behind the digits.
const LENGTH_END: u8 = 0xff;

/// Enough for 2⁵³, the largest length that the reference can count to.
const MAX_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::Message;

    fn results(body: &'static [u8]) -> Vec<Result<Packet, DecodeError>> {
        decode(&Bytes::from_static(body)).collect()
    }

    #[test]
    fn the_payload_of_the_protocol_document() {
        let body = b"\x00\x04\xff\x34\xe2\x82\xac\x01\x05\xff\x04\x01\x02\x03\x04";
        let bytes = Packet::Message(Bytes::from_static(&[1, 2, 3, 4]).into());
        assert_eq!(results(body), [Ok(Packet::Message("€".into())), Ok(bytes)]);
    }

    #[test]
    fn digits_are_written_from_the_left() {
        for (len, digits) in [
            (0, &[0][..]),
            (9, &[9]),
            (10, &[1, 0]),
            (1970, &[1, 9, 7, 0]),
        ] {
            let mut out = BytesMut::new();
            put_entry(&mut out, Marker::Text, b"", &alloc::vec![0; len]);
            let (head, data) = out.split_at(out.len() - len);
            assert_eq!(data.len(), len);
            assert_eq!(head, [&[0], digits, &[LENGTH_END]].concat());
        }
    }

    #[test]
    fn a_body_that_is_cut_short_delivers_nothing() {
        for (body, error) in [
            (&b"\x00\x01\xff6\x02"[..], DecodeErrorKind::Marker.at(4)),
            (b"\x00\x01\xff6\x00", DecodeErrorKind::Length.at(4)),
            (b"\x00\x01\xff6\x00\xff", DecodeErrorKind::Length.at(4)),
            (b"\x00\x01\xff6\x00\x0a\xff", DecodeErrorKind::Length.at(4)),
            (
                b"\x00\x01\xff6\x00\x02\xff4",
                DecodeErrorKind::Truncated.at(4),
            ),
        ] {
            assert_eq!(results(body), [Err(error)]);
        }
    }

    #[test]
    fn a_bad_packet_is_found_where_it_stands() {
        let noop = Ok(Packet::Noop);
        for (body, error) in [
            (
                &b"\x00\x01\xff6\x00\x02\xff7a"[..],
                DecodeErrorKind::UnknownType.at(7),
            ),
            (
                b"\x00\x01\xff6\x01\x02\xff\x07a",
                DecodeErrorKind::UnknownType.at(7),
            ),
            (
                b"\x00\x01\xff6\x00\x02\xff4\xff",
                DecodeErrorKind::Utf8.at(8),
            ),
            (b"\x00\x01\xff6\x00\x00\xff", DecodeErrorKind::Empty.at(7)),
        ] {
            assert_eq!(results(body), [noop.clone(), Err(error)]);
        }
    }

    #[test]
    fn seventeen_digits_are_too_many() {
        let zeros = |count: usize| {
            let mut body = Vec::from([0]);
            body.resize(1 + count, 0);
            body.extend([1, 0xff, b'6']);
            decode(&body.into()).collect::<Vec<_>>()
        };
        assert_eq!(zeros(15), [Ok(Packet::Noop)]);
        assert_eq!(zeros(16), [Err(DecodeErrorKind::Length.at(0))]);
    }

    #[test]
    fn data_shares_the_memory_of_the_body() {
        let body = Bytes::from_static(b"\x01\x02\xff\x04a\x00\x02\xff4b");
        let mut packets = decode(&body);
        let Some(Ok(Packet::Message(Message::Binary(bytes)))) = packets.next() else {
            panic!("not bytes")
        };
        let Some(Ok(Packet::Message(Message::Text(text)))) = packets.next() else {
            panic!("not a text")
        };
        assert_eq!(bytes.as_ptr(), body[4..].as_ptr());
        assert_eq!(text.as_ptr(), body[9..].as_ptr());
    }
}
