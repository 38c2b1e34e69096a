//! Many packets as one text: `<length>:<packet>`, one behind the other.
//!
//! The length counts UTF-16 code units of the text that is handed to the HTTP layer. In a dialect of
//! byte strings that text is a byte string, so the number happens to count the bytes of the original;
//! in [`Dialect::Plain`], `€` is `2:4€` and `😀` is `3:4😀`. Bytes are `b4` and base64.
//!
//! Written by [`PayloadBuf::for_form`](crate::payload::PayloadBuf::for_form).
//! Specification: [eio3 § Encoding, Payload].

use core::iter::FusedIterator;

use bytes::{BufMut, BytesMut};
use nom::{
    IResult, Parser,
    character::complete::{char, u64},
    sequence::terminated,
};

use super::{Dialect, byte_string, share_text};
use crate::{DecodeError, DecodeErrorKind, Frame, Packet, Utf8Bytes, base64, packet::Parts, steps};

/// Decodes the packets of a body, one at a time.
///
/// The texts are slices of the body, which they keep alive, unless a byte string has to be decoded.
/// Packets of length zero are passed over, so `0:`, the empty payload, has none.
///
/// Offsets of errors count from the start of the body: a bad length is blamed on its first digit.
/// What follows a [close](Packet::Close) packet should be ignored; that is up to the caller.
///
/// ```
/// use engineio_parser::{Packet, legacy::{Dialect, string}};
///
/// let body = "2:4€1:6".into();
/// let packets: Result<Vec<_>, _> = string::decode(&body, Dialect::Plain).collect();
/// assert_eq!(packets?, [Packet::Message("€".into()), Packet::Noop]);
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
pub fn decode(body: &Utf8Bytes, dialect: Dialect) -> Packets {
    Packets {
        body: body.clone(),
        dialect,
        next: Some(0),
    }
}

/// The packets of a body, in order; after the first error, nothing.
///
/// Packets before an error are good: the reference delivers them.
#[derive(Clone, Debug)]
pub struct Packets {
    body: Utf8Bytes,
    dialect: Dialect,
    /// Where the next length begins. `None`: there was an error, or there is none.
    next: Option<usize>,
}

impl Iterator for Packets {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut start = self.next.take()?;
        loop {
            let rest = self.body.get(start..)?;
            if rest.is_empty() {
                return (start == 0).then(|| Err(DecodeErrorKind::Empty.at(0)));
            }
            let (part, rest) = match split(rest) {
                Ok(parts) => parts,
                Err(kind) => return Some(Err(kind.at(start))),
            };
            let end = self.body.len() - rest.len();
            if !part.is_empty() {
                let packet = share_text(part, &self.body, self.dialect.has_byte_string_payloads());
                if packet.is_ok() {
                    self.next = Some(end);
                }
                return Some(packet.map_err(|error| error.behind(end - part.len())));
            }
            start = end;
        }
    }
}

impl FusedIterator for Packets {}

/// The first packet, and what follows it.
fn split(input: &str) -> Result<(&str, &str), DecodeErrorKind> {
    let (rest, units) = length(input).map_err(|_| DecodeErrorKind::Length)?;
    steps::visit(input.len() - rest.len());
    let units = usize::try_from(units).map_err(|_| DecodeErrorKind::Truncated)?;
    split_utf16(rest, units)
}

/// Digits and a colon, nothing else. The reference reads what its language calls a number, so it
/// takes `+2`, `0x2` and `2.0` too; no peer sends that.
fn length(input: &str) -> IResult<&str, u64> {
    terminated(u64, char(':')).parse(input)
}

/// Splits a text behind as many UTF-16 code units.
fn split_utf16(text: &str, units: usize) -> Result<(&str, &str), DecodeErrorKind> {
    // A code unit has one byte at least.
    let ascii = text
        .as_bytes()
        .get(..units)
        .ok_or(DecodeErrorKind::Truncated)?;
    steps::visit(units);
    if ascii.is_ascii() {
        return text
            .split_at_checked(units)
            .ok_or(DecodeErrorKind::SplitCharacter);
    }
    let mut left = units;
    let mut chars = text.chars();
    while left > 0 {
        let char = chars.next().ok_or(DecodeErrorKind::Truncated)?;
        steps::visit(char.len_utf8());
        left = left
            .checked_sub(char.len_utf16())
            .ok_or(DecodeErrorKind::SplitCharacter)?;
    }
    let rest = chars.as_str();
    Ok((text.strip_suffix(rest).unwrap_or_default(), rest))
}

/// Appends a packet that is given as a frame of revision 4.
pub(crate) fn put(out: &mut BytesMut, frame: &Frame, dialect: Dialect) {
    match frame {
        Frame::Binary(bytes) => put_bytes(out, bytes),
        Frame::Text(text) => match text.strip_prefix('b') {
            Some(base64) => put_text(out, "b4", base64, dialect),
            None => put_text(out, "", text, dialect),
        },
    }
}

/// Appends a packet.
pub(crate) fn put_packet(out: &mut BytesMut, packet: Parts<'_>, dialect: Dialect) {
    match packet {
        Parts::Bytes(bytes) => put_bytes(out, bytes),
        Parts::Text(digit, data) => put_text(out, digit, data, dialect),
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    put_length(out, 2 + base64::encoded_len(bytes.len()));
    out.put_slice(b"b4");
    base64::encode(bytes, out);
}

/// Appends a packet whose beginning is ASCII.
fn put_text(out: &mut BytesMut, start: &str, text: &str, dialect: Dialect) {
    if dialect.has_byte_string_payloads() {
        put_length(out, start.len() + text.len());
        out.reserve(start.len() + byte_string::encoded_len(text));
        out.put_slice(start.as_bytes());
        out.put_slice(byte_string::encode(text).as_bytes());
    } else {
        put_length(out, start.len() + utf16_len(text));
        out.reserve(start.len() + text.len());
        out.put_slice(start.as_bytes());
        out.put_slice(text.as_bytes());
    }
}

fn put_length(out: &mut BytesMut, units: usize) {
    out.put_slice(itoa::Buffer::new().format(units).as_bytes());
    out.put_u8(b':');
}

/// The number of UTF-16 code units: one for each character, and one more for each of four bytes.
fn utf16_len(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let units = |byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0);
    text.bytes().map(units).sum()
}

/// What the reference writes if there is no packet.
pub(crate) const EMPTY: &[u8] = b"0:";

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::Message;

    fn error(body: &str) -> Option<DecodeError> {
        decode(&body.into(), Dialect::Plain).find_map(Result::err)
    }

    #[test]
    fn utf16_is_counted_as_the_standard_library_counts_it() {
        let text: String = ('\0'..='\u{900}')
            .chain("\u{ffff}\u{10000}😀".chars())
            .collect();
        assert_eq!(utf16_len(&text), text.encode_utf16().count());
    }

    #[test]
    fn offsets_count_from_the_start_of_the_body() {
        assert_eq!(error("2:4€1:7"), Some(DecodeErrorKind::UnknownType.at(8)));
        assert_eq!(error("2:4€x"), Some(DecodeErrorKind::Length.at(6)));
        assert_eq!(error("2:4€9:4"), Some(DecodeErrorKind::Truncated.at(6)));
        assert_eq!(
            error("0:2:4😀"),
            Some(DecodeErrorKind::SplitCharacter.at(2))
        );
        assert_eq!(error(""), Some(DecodeErrorKind::Empty.at(0)));
    }

    #[test]
    fn a_length_beyond_any_number_is_refused() {
        let digits = "9".repeat(400) + ":4";
        assert_eq!(error(&digits), Some(DecodeErrorKind::Length.at(0)));
        let digits = "18446744073709551615:4";
        assert_eq!(error(digits), Some(DecodeErrorKind::Truncated.at(0)));
    }

    #[test]
    fn digits_are_ascii() {
        assert_eq!(error("\u{ff12}:4a"), Some(DecodeErrorKind::Length.at(0)));
        assert_eq!(error("\u{662}:4a"), Some(DecodeErrorKind::Length.at(0)));
    }

    #[test]
    fn texts_share_the_memory_of_the_body() {
        let body = Utf8Bytes::from_static("2:4a2:4b");
        for dialect in [Dialect::Plain, Dialect::ByteStrings] {
            let Some(Ok(Packet::Message(Message::Text(text)))) = decode(&body, dialect).last()
            else {
                panic!("not a text");
            };
            assert_eq!(text.as_ptr(), body[7..].as_ptr());
        }
    }
}
