//! One line, as the text or the bytes that it stands for.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use bytes::Bytes;
use socketio_parser::Utf8Bytes;

/// What a line stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A line with `hex:` or `base64:`.
    Bytes(Bytes),
    /// Any other line.
    Text(Utf8Bytes),
}

/// A line that stands for nothing: what is wrong, and at which of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Illegible {
    pub(super) message: &'static str,
    pub(super) offset: usize,
}

impl Source {
    /// Understands a line. `None`: it is empty, or a comment.
    pub(super) fn of(line: &str) -> Result<Option<Self>, Illegible> {
        // Arrows show the direction in the developer tools of some browsers.
        let text = line.trim_start_matches([' ', '\t', '↑', '↓', '⬆', '⬇', '⇧', '⇩']);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        if let Some(digits) = text.strip_prefix("hex:") {
            let start = line.len() - digits.len();
            return hex(digits, start).map(|bytes| Some(Self::Bytes(bytes)));
        }
        if let Some(base64) = text.strip_prefix("base64:") {
            let start = line.len() - base64.len();
            return match LENIENT.decode(base64) {
                Ok(bytes) => Ok(Some(Self::Bytes(bytes.into()))),
                Err(error) => Err(Illegible {
                    message: "not base64",
                    offset: start + place(&error, base64.len()),
                }),
            };
        }
        Ok(Some(Self::Text(text.into())))
    }
}

fn hex(digits: &str, start: usize) -> Result<Bytes, Illegible> {
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut half = None;
    for (at, character) in digits
        .char_indices()
        .filter(|(_, character)| *character != ' ')
    {
        let Some(digit) = character.to_digit(16) else {
            return Err(Illegible {
                message: "not a hexadecimal digit",
                offset: start + at,
            });
        };
        let digit = digit as u8; // below 16
        match half.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => half = Some(digit),
        }
    }
    match half {
        Some(_) => Err(Illegible {
            message: "half a byte",
            offset: start + digits.len(),
        }),
        None => Ok(bytes.into()),
    }
}

fn place(error: &base64::DecodeError, len: usize) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _)
        | base64::DecodeError::InvalidLastSymbol { offset: at, .. } => *at,
        _ => len,
    }
}

/// Logs leave the padding out or in.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: &'static [u8]) -> Result<Option<Source>, Illegible> {
        Ok(Some(Source::Bytes(Bytes::from_static(bytes))))
    }

    #[test]
    fn bytes_have_a_prefix() {
        assert_eq!(Source::of("hex:01 02fF"), bytes(&[1, 2, 255]));
        assert_eq!(Source::of("hex:"), bytes(&[]));
        assert_eq!(Source::of("base64:AQID/w=="), bytes(&[1, 2, 3, 255]));
        assert_eq!(Source::of("base64:AQID/w"), bytes(&[1, 2, 3, 255]));
    }

    #[test]
    fn all_else_is_text() {
        for (line, text) in [
            ("2[\"a\"]", "2[\"a\"]"),
            ("↓ 2[\"a \"]", "2[\"a \"]"),
            ("bAQID", "bAQID"),
        ] {
            assert_eq!(Source::of(line), Ok(Some(Source::Text(text.into()))));
        }
        for nothing in ["", "  ", "# a comment"] {
            assert_eq!(Source::of(nothing), Ok(None));
        }
    }

    #[test]
    fn an_error_names_the_byte() {
        for (line, message, offset) in [
            ("hex:0g", "not a hexadecimal digit", 5),
            ("↓ hex:01 2", "half a byte", 12),
            ("base64:A!ID", "not base64", 8),
        ] {
            assert_eq!(
                Source::of(line),
                Err(Illegible { message, offset }),
                "{line}"
            );
        }
    }
}
