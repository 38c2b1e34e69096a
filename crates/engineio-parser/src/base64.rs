//! Bytes as text: how a payload carries them.

use ::base64::{
    Engine,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig},
    },
};
use alloc::{string::String, vec, vec::Vec};
use bytes::BytesMut;

use crate::{Utf8Bytes, steps};

/// Exactly the number of characters that `bytes` bytes become, padding included.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Appends `bytes` to `out`.
pub(crate) fn encode(bytes: &[u8], out: &mut BytesMut) {
    let start = out.len();
    let len = encoded_len(bytes.len());
    out.resize(start + len, 0);
    if let Some(room) = out.get_mut(start..) {
        let written = ENGINE.encode_slice(bytes, room);
        debug_assert_eq!(written, Ok(len), "the room is exact");
    }
}

/// `start` and `bytes` as one text, in one allocation.
pub(crate) fn encode_behind(start: &str, bytes: &[u8]) -> Utf8Bytes {
    // The buffer is exact, which spares `Bytes` a second allocation.
    let mut text = String::with_capacity(start.len() + encoded_len(bytes.len()));
    text.push_str(start);
    ENGINE.encode_string(bytes, &mut text);
    text.into()
}

/// The bytes that `text` stands for. Never fails: what is not base64 is passed over.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    steps::visit(text.len());
    let digits = text.trim_end_matches('=').len();
    let mut bytes = vec![0; digits / 4 * 3 + digits % 4 * 3 / 4];
    match ENGINE.decode_slice(text, &mut bytes) {
        Ok(len) => bytes.truncate(len),
        Err(_) => bytes = decode_leniently(text),
    }
    bytes
}

/// [js engine.io-parser 5.2.3] Node's decoder takes both alphabets, needs no padding, passes over
/// foreign characters and stops at `=`. No peer relies on it, but a server that is stricter would
/// end sessions that the reference keeps.
fn decode_leniently(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0_u32;
    let mut count = 0;
    for digit in text
        .bytes()
        .take_while(|&byte| byte != b'=')
        .filter_map(digit)
    {
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// The six bits of one character.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

const ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);

/// Writes padding, does not ask for it; bits left over at the end may have any value, as in Node.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lenient_decoder_agrees_with_the_strict_one() {
        let bytes: Vec<u8> = (0..=255).collect();
        for start in (0..4).chain(200..256) {
            let bytes = bytes.get(start..).unwrap();
            let text = ENGINE.encode(bytes);
            assert_eq!(decode(&text), bytes);
            assert_eq!(decode_leniently(&text), bytes);
        }
    }

    #[test]
    fn both_encoders_write_the_same() {
        for len in 0..10 {
            let bytes = vec![0xfb; len];
            let mut buffer = BytesMut::from("b");
            let text = encode_behind("b", &bytes);
            encode(&bytes, &mut buffer);
            assert_eq!(buffer, *text);
            assert_eq!(text.len(), 1 + encoded_len(len));
        }
    }

    #[test]
    fn foreign_characters_are_passed_over() {
        assert_eq!(decode("AQ\u{20ac}ID\nBA=="), [1, 2, 3, 4]);
        assert_eq!(decode("A"), b"");
        assert_eq!(decode("AQ==ID"), [1]);
    }
}
