//! The form that a page posts: one field `d`, in which line feeds are escaped.

use alloc::{string::String, vec::Vec};

use bytes::Bytes;
use memchr::memchr;

use crate::{Utf8Bytes, steps};

/// Reads the payload of a posted form.
///
/// `None`: the field `d` does not occur exactly once. The reference ignores such a request, and answers
/// it like any other. Never fails: what is not percent-encoded is taken as it is, what is not UTF-8 is
/// replaced by U+FFFD.
///
/// ```
/// use engineio_parser::jsonp;
///
/// assert_eq!(jsonp::decode_request(b"d=4a+%E2%82%AC").as_deref(), Some("4a €"));
/// assert_eq!(jsonp::decode_request(b"d=4a&d=4b"), None);
/// ```
pub fn decode_request(body: &[u8]) -> Option<Utf8Bytes> {
    let mut fields = Fields(body).filter(|field| Decoded(field.name).eq(*b"d"));
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let mut value = Vec::with_capacity(field.value.len());
    value.extend(Decoded(field.value));
    let text = String::from_utf8(unescape(&value))
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Some(text.into())
}

/// Writes a payload as the form of a page does.
///
/// Two things differ from a browser, which mangles what the server cannot restore: a carriage return
/// stays one, where a form of HTML adds a line feed. A backslash in front of a line feed is lost with
/// either.
///
/// ```
/// use engineio_parser::jsonp;
///
/// assert_eq!(jsonp::encode_request("4:4a\nb"), "d=4%3A4a%5Cnb");
/// ```
pub fn encode_request(payload: &str) -> Bytes {
    let mut body = String::with_capacity(2 + payload.len() * 3);
    body.push_str("d=");
    let mut bytes = payload.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => body.push_str("%5Cn"),
            b'\\' if bytes.next_if_eq(&b'n').is_some() => body.push_str("%5C%5Cn"),
            byte => push_encoded(&mut body, byte),
        }
    }
    body.into()
}

fn push_encoded(body: &mut String, byte: u8) {
    match byte {
        b' ' => body.push('+'),
        b'*' | b'-' | b'.' | b'_' => body.push(char::from(byte)),
        byte if byte.is_ascii_alphanumeric() => body.push(char::from(byte)),
        byte => {
            body.push('%');
            for nibble in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(nibble.into(), 16).unwrap_or_default();
                body.push(digit.to_ascii_uppercase());
            }
        }
    }
}

/// The fields of a form, in order.
struct Fields<'a>(&'a [u8]);

struct Field<'a> {
    /// Percent-encoded.
    name: &'a [u8],
    /// Percent-encoded; empty if there is no `=`.
    value: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let (field, rest) = split(self.0, b'&');
        steps::visit(field.len() + 1);
        self.0 = rest;
        let (name, value) = split(field, b'=');
        Some(Field { name, value })
    }
}

/// What stands in front of a byte, and what behind it; all and nothing if there is no such byte.
fn split(input: &[u8], separator: u8) -> (&[u8], &[u8]) {
    memchr(separator, input)
        .and_then(|at| Some((input.get(..at)?, input.get(at + 1..)?)))
        .unwrap_or((input, &[]))
}

/// The bytes that a part of a form stands for. A `%` without two digits stands for itself.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match *self.0 {
            [] => return None,
            [b'+', ref rest @ ..] => (b' ', rest),
            [b'%', high, low, ref rest @ ..] => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', self.0.get(1..)?),
            },
            [byte, ref rest @ ..] => (byte, rest),
        };
        steps::visit(self.0.len() - rest.len());
        self.0 = rest;
        Some(byte)
    }
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Undoes the escaping of line feeds: `\n` is one, `\\n` is a backslash and `n`.
///
/// [js engine.io 6.6.12] does it in two passes, first the former, then the latter. One is enough,
/// because a backslash belongs to at most one of them: the one whose `n` comes next.
fn unescape(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr(b'\\', rest) {
        let (plain, escaped) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        text.extend_from_slice(plain);
        let (meant, behind): (&[u8], _) = match escaped {
            [b'\\', b'\\', b'n', behind @ ..] => (b"\\n", behind),
            [b'\\', b'n', behind @ ..] => (b"\n", behind),
            escaped => (b"\\", escaped.get(1..).unwrap_or_default()),
        };
        text.extend_from_slice(meant);
        steps::visit(rest.len() - behind.len());
        rest = behind;
    }
    steps::visit(rest.len());
    text.extend_from_slice(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &[u8]) -> Option<String> {
        decode_request(body).map(|payload| payload.to_string())
    }

    use alloc::string::ToString;

    #[test]
    fn line_feeds_are_escaped_as_the_reference_does() {
        for (payload, form, understood) in [
            ("a\nb", r"a\nb", "a\nb"),
            (r"a\nb", r"a\\nb", r"a\nb"),
            (r"a\\nb", r"a\\\nb", r"a\\nb"),
            ("a\\\nb", r"a\\nb", r"a\nb"),
            (r"\", r"\", r"\"),
            (r"\\", r"\\", r"\\"),
        ] {
            let body = encode_request(payload);
            let value: Vec<u8> = Decoded(body.strip_prefix(b"d=").unwrap()).collect();
            assert_eq!(value, form.as_bytes());
            assert_eq!(decoded(&body).as_deref(), Some(understood));
        }
    }

    #[test]
    fn the_field_must_occur_once() {
        for (body, payload) in [
            (&b""[..], None),
            (b"x=4a", None),
            (b"4hello", None),
            (b"d=4a&d=4b", None),
            (b"d=4a&%64=4b", None),
            (b"D=4a", None),
            (b"dd=4a", None),
            (b"d", Some("")),
            (b"d=", Some("")),
            (b"&&d=4a&", Some("4a")),
            (b"y=1&%64=4a", Some("4a")),
            (b"d=4a=b", Some("4a=b")),
        ] {
            assert_eq!(decoded(body).as_deref(), payload);
        }
    }

    #[test]
    fn what_is_not_encoded_is_taken_as_it_is() {
        for (body, payload) in [
            (&b"d=%"[..], "%"),
            (b"d=%4", "%4"),
            (b"d=%zz%41", "%zzA"),
            (b"d=%%41", "%A"),
            (b"d=\xe2\x82\xac", "€"),
            (b"d=%E2%82\xac", "€"),
            (b"d=%E2%82", "\u{fffd}"),
            (b"d=\xe2\\n", "\u{fffd}\n"),
        ] {
            assert_eq!(decoded(body).as_deref(), Some(payload));
        }
    }
}
