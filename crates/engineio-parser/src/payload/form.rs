//! In which form a body is written, and when which form is due.

use core::iter::FusedIterator;

use alloc::{string::String, vec::Vec};

use bytes::Bytes;

use crate::{
    Channel, DecodeError, Packet, Revision, Utf8Bytes, Wire,
    legacy::{Dialect, binary, string},
    packet::Parts,
};

/// How the packets of a body are told apart.
///
/// ```
/// use engineio_parser::{Channel, Packet, Revision, payload::{Form, Framing}};
///
/// // A browser with Socket.IO 1.0.6 polls; there is a noop for it.
/// let revision = Revision::from_query(Some("2"));
/// let channel = Channel::from_query(None, None);
/// let form = Form::of_answer(revision.into(), channel, Framing::of(revision), false);
/// assert_eq!(form.content_type(), "application/octet-stream");
/// assert_eq!(form.encode([&Packet::Noop]), &b"\x00\x01\xff6"[..]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// Revisions 2 and 3: [bytes](binary).
    Binary,
    /// Revision 4: text, separated by U+001E.
    #[default]
    Separated,
    /// Revisions 2 and 3: [text](string), with a length before each packet.
    String(Dialect),
}

impl Form {
    /// The form of the answer to a poll. `has_bytes`: one packet of the answer carries bytes.
    ///
    /// | | without `b64` and `j` | with one of them |
    /// |---|---|---|
    /// | revisions 2 and 3, [`Framing::Always`] | binary | string |
    /// | revisions 2 and 3, [`Framing::OnDemand`] | binary if there are bytes, else string | string |
    /// | revision 4 | separated | separated |
    ///
    /// A binary body for the client of JSONP makes no sense in a script, so `j` implies `b64`; the
    /// reference sends nonsense.
    pub fn of_answer(wire: Wire, channel: Channel, framing: Framing, has_bytes: bool) -> Self {
        match (wire, channel, framing, has_bytes) {
            (Wire::V4, ..) => Self::Separated,
            (Wire::Legacy(_), Channel::Bytes, Framing::Always, _)
            | (Wire::Legacy(_), Channel::Bytes, Framing::OnDemand, true) => Self::Binary,
            (Wire::Legacy(dialect), Channel::Bytes, Framing::OnDemand, false)
            | (Wire::Legacy(dialect), Channel::Text, ..) => Self::String(dialect),
        }
    }

    /// The form of a posted body, from the value of its header `Content-Type`.
    ///
    /// Bytes are announced by exactly `application/octet-stream`; with parameters, or without the
    /// header, a body is text. `None`: the revision does not know this content type, the request is
    /// an error.
    pub fn of_request(wire: Wire, content_type: Option<&str>) -> Option<Self> {
        match (wire, content_type == Some(OCTET_STREAM)) {
            (Wire::V4, true) => None,
            (Wire::V4, false) => Some(Self::Separated),
            (Wire::Legacy(_), true) => Some(Self::Binary),
            (Wire::Legacy(dialect), false) => Some(Self::String(dialect)),
        }
    }

    /// The value of the header `Content-Type`, exactly: old browsers compare all of it.
    ///
    /// [JSONP](crate::jsonp::CONTENT_TYPE) has its own.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Binary => OCTET_STREAM,
            Self::Separated | Self::String(_) => "text/plain; charset=UTF-8",
        }
    }

    /// Decodes the packets of a body, one at a time.
    ///
    /// In a body of text, what is not UTF-8 is replaced by U+FFFD first, as an HTTP layer of the
    /// reference does; offsets of errors then count in the replaced text. Everything else is as in
    /// [`payload::decode`](super::decode), [`string::decode`] and [`binary::decode`].
    pub fn decode(self, body: &Bytes) -> Packets {
        Packets(match self {
            Self::Binary => Inner::Binary(binary::decode(body)),
            Self::Separated => Inner::Separated(super::decode(&text(body))),
            Self::String(dialect) => Inner::String(string::decode(&text(body), dialect)),
        })
    }

    /// Encodes packets as one body. A [`PayloadBuf`](super::PayloadBuf) does so step by step.
    pub fn encode<'a>(self, packets: impl IntoIterator<Item = &'a Packet>) -> Bytes {
        let packets: Vec<_> = packets.into_iter().map(Packet::parts).collect();
        let len = |packet: &Parts<'_>| self.head_len() + packet.len();
        let mut body = super::PayloadBuf::for_form(self);
        body.bytes.reserve(packets.iter().map(len).sum());
        for packet in packets {
            body.push_packet(packet);
        }
        body.into_bytes()
    }

    /// About as many bytes as stand before a packet: a separator, or a length of up to four digits.
    const fn head_len(self) -> usize {
        match self {
            Self::Binary | Self::String(_) => 6,
            Self::Separated => 1,
        }
    }
}

/// Whether text travels in binary bodies too, to a client that takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// In every answer: what servers of Socket.IO 1 do. Browsers with Socket.IO 1.0 – 1.3 take
    /// nothing else.
    Always,
    /// Only together with bytes: what servers of Socket.IO 2 do, and what the test suite of
    /// revision 3 asks for.
    OnDemand,
}

impl Framing {
    /// The usual one for clients of a revision.
    pub const fn of(revision: Revision) -> Self {
        match revision {
            Revision::V2 => Self::Always,
            Revision::V3 | Revision::V4 => Self::OnDemand,
        }
    }
}

/// The packets of a body of any form, in order; after the first error, nothing.
#[derive(Clone, Debug)]
pub struct Packets(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Binary(binary::Packets),
    Separated(super::Packets),
    String(string::Packets),
}

impl Iterator for Packets {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Inner::Binary(packets) => packets.next(),
            Inner::Separated(packets) => packets.next(),
            Inner::String(packets) => packets.next(),
        }
    }
}

impl FusedIterator for Packets {}

fn text(body: &Bytes) -> Utf8Bytes {
    Utf8Bytes::try_from(body.clone())
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}

const OCTET_STREAM: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMINGS: [Framing; 2] = [Framing::Always, Framing::OnDemand];

    #[test]
    fn revision_4_has_one_form() {
        for (framing, has_bytes) in FRAMINGS.into_iter().zip([false, true]) {
            for channel in [Channel::Bytes, Channel::Text] {
                let form = Form::of_answer(Wire::V4, channel, framing, has_bytes);
                assert_eq!(form, Form::Separated);
            }
        }
    }

    #[test]
    fn a_client_of_text_never_gets_bytes() {
        let string = Form::String(Dialect::Plain);
        for framing in FRAMINGS {
            for has_bytes in [false, true] {
                let wire = Wire::from(Revision::V3);
                let form = Form::of_answer(wire, Channel::Text, framing, has_bytes);
                assert_eq!(form, string);
            }
        }
    }

    #[test]
    fn the_framing_decides_about_text() {
        let wire = Wire::from(Revision::V2);
        let form = |framing, has_bytes| Form::of_answer(wire, Channel::Bytes, framing, has_bytes);
        assert_eq!(form(Framing::Always, false), Form::Binary);
        assert_eq!(form(Framing::Always, true), Form::Binary);
        assert_eq!(form(Framing::OnDemand, true), Form::Binary);
        let string = Form::String(Dialect::ByteStrings);
        assert_eq!(form(Framing::OnDemand, false), string);
    }

    #[test]
    fn a_content_type_with_parameters_is_text() {
        let [old, new] = [Revision::V3, Revision::V4].map(Wire::from);
        let bytes = Some("application/octet-stream");
        let parameters = Some("application/octet-stream; charset=binary");
        assert_eq!(Form::of_request(old, bytes), Some(Form::Binary));
        assert_eq!(Form::of_request(new, bytes), None);
        let string = Form::String(Dialect::Plain);
        for content_type in [None, parameters, Some("text/plain")] {
            assert_eq!(Form::of_request(old, content_type), Some(string));
            let form = Form::of_request(new, content_type);
            assert_eq!(form, Some(Form::Separated));
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced_in_text() {
        let body = Bytes::from_static(b"2:4\xff");
        let packets = Form::String(Dialect::Plain).decode(&body);
        let expected = Packet::Message("\u{fffd}".into());
        assert_eq!(
            packets.collect::<Result<Vec<_>, _>>(),
            Ok([expected].into())
        );
    }
}
