//! Bytes as text: how a payload carries them.
//!
//! Written and read through tables, eight characters at a time. Vectors would be faster, but they
//! take `unsafe`, or `std` to find out which the processor has.

use alloc::{vec, vec::Vec};
use bytes::BytesMut;

use crate::{Utf8Bytes, steps};

/// Exactly the number of characters that `bytes` bytes become, padding included.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Appends `bytes` to `out`.
pub(crate) fn encode(bytes: &[u8], out: &mut BytesMut) {
    let start = out.len();
    out.resize(start + encoded_len(bytes.len()), 0);
    write(bytes, out.get_mut(start..).unwrap_or_default());
}

/// `start` and `bytes` as one text, in one allocation.
pub(crate) fn encode_behind(start: &str, bytes: &[u8]) -> Utf8Bytes {
    // The buffer is exact, which spares `Bytes` a second allocation.
    let mut text = vec![0; start.len() + encoded_len(bytes.len())];
    if let Some((head, digits)) = text.split_at_mut_checked(start.len()) {
        head.copy_from_slice(start.as_bytes());
        write(bytes, digits);
    }
    Utf8Bytes::try_from(text).unwrap_or_default()
}

/// Fills `room`, which has the [right length](encoded_len).
fn write(bytes: &[u8], room: &mut [u8]) {
    let (blocks, rest) = bytes.as_chunks::<6>();
    let (places, _) = room.as_chunks_mut::<8>();
    for (&[a, b, c, d, e, f], place) in blocks.iter().zip(places) {
        let bits = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        let [a, b] = pair(bits >> 36);
        let [c, d] = pair(bits >> 24);
        let [e, f] = pair(bits >> 12);
        let [g, h] = pair(bits);
        *place = [a, b, c, d, e, f, g, h];
    }
    let room = room.get_mut(8 * blocks.len()..).unwrap_or_default();
    for (bytes, place) in rest.chunks(3).zip(room.chunks_mut(4)) {
        let byte = |index| bytes.get(index).copied().unwrap_or_default();
        let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]).into();
        let digits = [pair(bits >> 12), pair(bits)];
        let digits = digits.as_flattened().iter().take(bytes.len() + 1);
        for (to, &from) in place.iter_mut().zip(digits.chain(b"==")) {
            *to = from;
        }
    }
}

/// The two characters of the lowest twelve bits.
fn pair(bits: u64) -> [u8; 2] {
    let index = (bits & 0xfff) as usize;
    PAIRS.get(index).copied().unwrap_or_default()
}

/// The bytes that `text` stands for. Never fails: what is not base64 is passed over.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    steps::visit(text.len());
    let digits = text.trim_end_matches('=').len();
    let mut bytes = vec![0; digits / 4 * 3 + digits % 4 * 3 / 4];
    let (blocks, _) = text.as_bytes().as_chunks();
    let (places, _) = bytes.as_chunks_mut();
    let mut read_blocks = 0;
    for (block, place) in blocks.iter().zip(places) {
        let Some(read) = read(block) else {
            break;
        };
        *place = read;
        read_blocks += 1;
    }
    let rest = text.get(8 * read_blocks..).unwrap_or_default();
    let room = bytes.get_mut(6 * read_blocks..).unwrap_or_default();
    let read = 6 * read_blocks + read_leniently(rest, room);
    bytes.truncate(read);
    bytes
}

/// The bytes of eight characters, unless one of them is not in the alphabet.
fn read(&[a, b, c, d, e, f, g, h]: &[u8; 8]) -> Option<[u8; 6]> {
    let [first, second, third, fourth] = &VALUES;
    let at =
        |values: &[u32; 256], digit| values.get(usize::from(digit)).map_or(FOREIGN, |&bits| bits);
    let high = at(first, a) | at(second, b) | at(third, c) | at(fourth, d);
    let low = at(first, e) | at(second, f) | at(third, g) | at(fourth, h);
    let [_, _, bytes @ ..] = (u64::from(high) << 24 | u64::from(low)).to_be_bytes();
    ((high | low) < FOREIGN).then_some(bytes)
}

/// [js engine.io-parser 5.2.3] Node's decoder takes both alphabets, needs no padding, passes over
/// foreign characters and stops at `=`. Of each UTF-16 code unit it sees the lower half only: `Ł`
/// (U+0141) is an `A`. No peer relies on it, but a server that is stricter would end sessions that
/// the reference keeps.
///
/// Returns how many bytes of `room` were written; there is enough.
fn read_leniently(text: &str, room: &mut [u8]) -> usize {
    let mut places = room.iter_mut();
    let mut bits = 0_u32;
    let mut count = 0;
    let mut written = 0;
    let characters = text.encode_utf16().map(|unit| unit.to_le_bytes()[0]);
    for value in characters
        .take_while(|&byte| byte != b'=')
        .filter_map(value)
    {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            if let Some(place) = places.next() {
                *place = (bits >> count & 0xff) as u8;
                written += 1;
            }
        }
    }
    written
}

/// The six bits of one character.
const fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The two characters of each value of twelve bits.
static PAIRS: [[u8; 2]; 4096] = {
    let mut pairs = [[0; 2]; 4096];
    let mut bits = 0;
    while bits < pairs.len() {
        pairs[bits] = [ALPHABET[bits >> 6], ALPHABET[bits & 63]];
        bits += 1;
    }
    pairs
};

/// The bits of each character, where they belong if it is the first, second, third or fourth.
static VALUES: [[u32; 256]; 4] = {
    let mut values = [[FOREIGN; 256]; 4];
    let mut character = 0;
    while character < 256 {
        if let Some(value) = value(character as u8) {
            let mut place = 0;
            while place < 4 {
                values[place][character] = (value as u32) << (18 - 6 * place);
                place += 1;
            }
        }
        character += 1;
    }
    values
};

/// Stands in for the bits of a character that is not in the alphabet.
const FOREIGN: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use ::base64::{Engine, prelude::BASE64_STANDARD};
    use alloc::string::String;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reading_blocks_is_reading_characters(
            parts in prop::collection::vec("[A-Za-z0-9+/]{8}|[A-Za-z0-9_=\u{a} é\u{141}-]|.", 0..12)
        ) {
            let text: String = parts.concat();
            let mut bytes = vec![0; text.len()];
            let len = read_leniently(&text, &mut bytes);
            bytes.truncate(len);
            prop_assert_eq!(decode(&text), bytes);
        }
    }

    #[test]
    fn every_length_is_written_and_read_as_by_others() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for start in 0..bytes.len() {
            let bytes = bytes.get(start..).unwrap();
            let expected = BASE64_STANDARD.encode(bytes);
            let mut buffer = BytesMut::from("b");
            encode(bytes, &mut buffer);
            let text = encode_behind("b", bytes);
            assert_eq!(text.strip_prefix('b'), Some(expected.as_str()));
            assert_eq!(buffer, *text);
            assert_eq!(decode(&expected), bytes);
            assert_eq!(decode(expected.trim_end_matches('=')), bytes);
        }
    }

    #[test]
    fn foreign_characters_are_passed_over() {
        assert_eq!(decode("AQ\u{20ac}ID\nBA=="), [1, 2, 3, 4]);
        assert_eq!(decode("A"), b"");
        assert_eq!(decode("AQ==ID"), [1]);
        for foreign in ["\n", "\0", "é", "€", "\u{10000}"] {
            for before in 0..20 {
                let mut text = "AQIDBAUG".repeat(3);
                text.insert_str(before, foreign);
                assert_eq!(decode(&text), [1, 2, 3, 4, 5, 6].repeat(3), "{text:?}");
            }
        }
    }

    #[test]
    fn the_alphabet_of_urls_is_read_too() {
        assert_eq!(decode("-_-_-_-_AQIDBAUG"), decode("+/+/+/+/AQIDBAUG"));
    }

    /// [js engine.io-parser 5.2.3]
    #[test]
    fn of_a_code_unit_the_lower_half_counts() {
        assert_eq!(decode("\u{141}QID"), [1, 2, 3]);
        assert_eq!(decode("AQID\u{13d}AQID"), [1, 2, 3]);
    }
}
