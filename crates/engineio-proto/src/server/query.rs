//! The query of a request: the parameters that mean something here.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use engineio_parser::Revision;

use super::Peer;
use crate::config::{Config, TransportKind};
use crate::id::Sid;

/// The parameters that mean something here; the others belong to the application.
#[derive(Default)]
pub(super) struct Query<'a> {
    transport: Cow<'a, str>,
    sid: Cow<'a, str>,
    eio: Option<Cow<'a, str>>,
    b64: Option<Cow<'a, str>>,
    j: Option<Cow<'a, str>>,
    /// Whether there is a parameter of this name, whatever its value.
    pub(super) disconnect: bool,
}

impl<'a> Query<'a> {
    /// Of a repeated parameter, the last value counts. [js engine.io 6.6.12]
    pub(super) fn parse(text: &'a str) -> Self {
        let mut query = Self::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match decode(name).as_ref() {
                "EIO" => query.eio = Some(decode(value)),
                "b64" => query.b64 = Some(decode(value)),
                "disconnect" => query.disconnect = true,
                "j" => query.j = Some(decode(value)),
                "sid" => query.sid = decode(value),
                "transport" => query.transport = decode(value),
                _ => {}
            }
        }
        query
    }

    /// The revision that is spoken, if it is spoken here.
    pub(super) fn revision(&self, config: &Config) -> Option<Revision> {
        let revision = Revision::from_query(self.eio.as_deref());
        (config.legacy_clients || revision == Revision::V4).then_some(revision)
    }

    /// Who asks for a transport.
    pub(super) fn peer(&self, revision: Revision, transport: TransportKind) -> Peer {
        let j = match transport {
            TransportKind::Polling => self.j.as_deref(),
            TransportKind::WebSocket => None,
        };
        Peer::new(revision, self.b64.as_deref(), j)
    }

    pub(super) fn transport(&self) -> Option<TransportKind> {
        [TransportKind::Polling, TransportKind::WebSocket]
            .into_iter()
            .find(|transport| self.transport == transport.as_str())
    }

    /// An empty id is no id: such a request is a handshake.
    pub(super) fn sid(&self) -> Option<Sid> {
        (!self.sid.is_empty()).then(|| Sid::new(self.sid.as_ref()))
    }
}

/// Decodes `application/x-www-form-urlencoded` text. What is not an escape stays as it is, and
/// bytes that are not UTF-8 are replaced, as in every URL parser of the web.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'+', tail @ ..] => {
                bytes.push(b' ');
                tail
            }
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
    Cow::Owned(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The value of an ASCII hexadecimal digit.
const fn hex(digit: u8) -> u8 {
    // `a` and `A` end in the same five bits; `0` in 10000.
    if digit.is_ascii_digit() {
        digit & 0x0f
    } else {
        (digit & 0x07) + 9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hexadecimal_digit_has_its_value() {
        for (value, digit) in (0..).zip(*b"0123456789abcdef") {
            assert_eq!(
                (hex(digit), hex(digit.to_ascii_uppercase())),
                (value, value)
            );
        }
    }
}
