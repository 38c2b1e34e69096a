//! Byte strings: text whose characters are the bytes of the UTF-8 of another text.
//!
//! `é` is `c3 a9` in UTF-8, hence `Ã©` as a byte string. Old parsers wrote their packets like this,
//! and the transport encoded the result as UTF-8 once more. Which ones did so, and where, is said by
//! the [`Dialect`](super::Dialect).

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{DecodeError, DecodeErrorKind, steps};

/// The byte string of a text. ASCII is its own byte string, and is not copied.
///
/// ```
/// use engineio_parser::legacy::byte_string;
///
/// assert_eq!(byte_string::encode("é€"), "Ã©â\u{82}¬");
/// ```
pub fn encode(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(encoded_len(text));
    encoded.extend(text.bytes().map(char::from));
    Cow::Owned(encoded)
}

/// The text of a byte string.
///
/// Surrogates that are encoded one by one become U+FFFD, as in the reference.
///
/// # Errors
///
/// [`ByteString`](DecodeErrorKind::ByteString) at a character above U+00FF, or where the bytes are
/// not UTF-8. The reference drops the upper bits of such a character and goes on; the result is
/// garbage. Where that is what peers send, [`repair`] is the better choice.
///
/// ```
/// use engineio_parser::legacy::byte_string;
///
/// assert_eq!(byte_string::decode("4Ã©")?, "4é");
/// assert_eq!(byte_string::decode("4€").unwrap_err().offset, 1);
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
pub fn decode(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    steps::visit(text.len());
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    let bytes = latin1(text).map_err(|offset| DecodeErrorKind::ByteString.at(offset))?;
    match from_utf8(&bytes) {
        Ok(plain) => Ok(Cow::Owned(plain.into_owned())),
        Err(valid) => {
            let offset = bytes.iter().take(valid).map(|&byte| width(byte)).sum();
            Err(DecodeErrorKind::ByteString.at(offset))
        }
    }
}

/// The text that was meant: the text of a byte string, or anything else as it is.
///
/// For text whose dialect is not known. Who writes plain text with a character above U+00FF is
/// understood; all characters below, some of them not ASCII, and the bytes happen to be UTF-8: that
/// is almost certainly a byte string. Never fails.
///
/// ```
/// use engineio_parser::legacy::byte_string::repair;
///
/// assert_eq!(repair("Ã©"), "é");
/// assert_eq!(repair("é"), "é");
/// assert_eq!(repair("€"), "€");
/// ```
pub fn repair(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    match latin1(text).map(String::from_utf8) {
        Ok(Ok(plain)) => Cow::Owned(plain),
        Ok(Err(_)) | Err(_) => Cow::Borrowed(text),
    }
}

/// Exactly the number of bytes of [`encode`]'s result.
pub(crate) fn encoded_len(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| !byte.is_ascii()).count()
}

/// The text of UTF-8 in which surrogates may be encoded one by one; they become U+FFFD.
///
/// # Errors
///
/// How many bytes are good.
pub(super) fn from_utf8(bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
    steps::visit(bytes.len());
    if let Ok(text) = str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let valid = str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        steps::visit(valid);
        let (good, bad) = rest.split_at_checked(valid).unwrap_or((rest, &[]));
        text.push_str(str::from_utf8(good).unwrap_or_default());
        match bad {
            [] => return Ok(Cow::Owned(text)),
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, behind @ ..] => {
                text.push(char::REPLACEMENT_CHARACTER);
                rest = behind;
            }
            bad => return Err(bytes.len() - bad.len()),
        }
    }
}

/// One byte for each character.
///
/// # Errors
///
/// Where the first character above U+00FF is.
fn latin1(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    for (offset, char) in text.char_indices() {
        bytes.push(u8::try_from(char).map_err(|_| offset)?);
    }
    Ok(bytes)
}

/// How many bytes the character of this number has in UTF-8.
fn width(byte: u8) -> usize {
    char::from(byte).len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_the_bytes_on_the_wire() {
        // The bytes are c3 a9 and ff; the text has two bytes for each.
        let error = decode("Ã©ÿ").unwrap_err();
        assert_eq!(error, DecodeErrorKind::ByteString.at(4));
        assert_eq!(decode("aé€").unwrap_err().offset, 3);
    }

    #[test]
    fn encoded_surrogates_are_replaced() {
        assert_eq!(decode("aí\u{a0}\u{80}b").unwrap(), "a\u{fffd}b");
        assert_eq!(decode("í\u{a0}"), Err(DecodeErrorKind::ByteString.at(0)));
    }

    #[test]
    fn repair_leaves_alone_what_is_no_byte_string() {
        for text in ["", "plain", "Ã", "Ã©€", "\u{80}", "í\u{a0}\u{80}"] {
            assert_eq!(repair(text), text);
        }
    }
}
