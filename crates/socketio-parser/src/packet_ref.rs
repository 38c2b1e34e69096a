//! Packets that borrow from a text frame.

use crate::args::is_number;
use crate::decoder::Limits;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::header::{self, Kind};
use crate::packet::{AckId, RESERVED_EVENTS};
use crate::revision::Revision;
use crate::scan::{self, Container, Visit};
use crate::string;

/// What one text frame says: the borrowed twin of [`Packet`](crate::Packet).
///
/// Namespaces begin with `/` and hold no comma. Payloads are valid JSON, of the shape that the
/// packet asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketRef<'a> {
    /// Asks for a namespace, or grants it.
    Connect {
        /// Which namespace.
        namespace: &'a str,
        /// A JSON object.
        data: Option<&'a str>,
    },
    /// Leaves a namespace.
    Disconnect {
        /// Which namespace.
        namespace: &'a str,
    },
    /// An event.
    Event {
        /// Which namespace.
        namespace: &'a str,
        /// Present if the sender waits for an acknowledgement.
        id: Option<AckId>,
        /// A JSON array; the first element is the name.
        args: &'a str,
        /// How many binary frames follow.
        attachments: usize,
    },
    /// The answer to an event.
    Ack {
        /// Which namespace.
        namespace: &'a str,
        /// Of which event.
        id: Option<AckId>,
        /// A JSON array.
        args: &'a str,
        /// How many binary frames follow.
        attachments: usize,
    },
    /// Refuses a namespace.
    ConnectError {
        /// Which namespace.
        namespace: &'a str,
        /// A JSON object or string; any JSON before revision 5.
        data: &'a str,
    },
}

impl<'a> PacketRef<'a> {
    /// Decodes a text frame of revision 5, within the default [`Limits`]. Allocates nothing.
    ///
    /// Escaped halves of surrogate pairs are left as they are; the [`Decoder`](crate::Decoder)
    /// replaces them.
    ///
    /// # Errors
    ///
    /// As [`Decoder::feed`](crate::Decoder::feed), for a frame by itself.
    ///
    /// Specification: [sio5 § Packet encoding].
    pub fn decode(text: &'a str) -> Result<Self, DecodeError> {
        Self::decode_as(Revision::V5, text)
    }

    /// Decodes a text frame of this revision: otherwise as [`decode`](Self::decode).
    ///
    /// # Errors
    ///
    /// As [`Decoder::feed`](crate::Decoder::feed), for a frame by itself.
    pub fn decode_as(revision: Revision, text: &'a str) -> Result<Self, DecodeError> {
        Ok(decode(text, revision, &Limits::default(), &mut ())?.packet)
    }
}

/// A text frame that has been decoded.
pub(crate) struct Decoded<'a> {
    pub(crate) packet: PacketRef<'a>,
    /// Whether the payload holds escapes that are half of a surrogate pair.
    pub(crate) lone_surrogates: bool,
    /// How many binary frames follow.
    pub(crate) attachments: usize,
    /// Where the payload begins.
    pub(crate) payload_at: usize,
    /// Where in it the name of an event ends; 0 if there is none.
    pub(crate) name_end: usize,
}

/// Decodes a text frame. `finder` is told about the payload if binary frames follow.
pub(crate) fn decode<'a>(
    text: &'a str,
    revision: Revision,
    limits: &Limits,
    finder: &mut impl Visit<'a>,
) -> Result<Decoded<'a>, DecodeError> {
    let header = header::read(text, revision, limits.max_attachments)?;
    let Payload {
        json,
        lone_surrogates,
        name_end,
    } = Payload::read(text, &header, revision, limits.max_depth, finder)?;
    let missing = DecodeErrorKind::MissingPayload.at(text.len());
    let header::Header {
        kind,
        attachments,
        namespace,
        id,
        len,
    } = header;
    let packet = match kind {
        Kind::Connect => PacketRef::Connect {
            namespace,
            data: json,
        },
        Kind::Disconnect => PacketRef::Disconnect { namespace },
        Kind::Event => PacketRef::Event {
            namespace,
            id,
            args: json.ok_or(missing)?,
            attachments,
        },
        Kind::Ack => PacketRef::Ack {
            namespace,
            id,
            args: json.ok_or(missing)?,
            attachments,
        },
        Kind::ConnectError => PacketRef::ConnectError {
            namespace,
            data: json.ok_or(missing)?,
        },
    };
    Ok(Decoded {
        packet,
        lone_surrogates,
        attachments,
        payload_at: len,
        name_end,
    })
}

/// What stands behind the header, if anything.
struct Payload<'a> {
    json: Option<&'a str>,
    lone_surrogates: bool,
    /// Where in it the name of an event ends; 0 if there is none.
    name_end: usize,
}

impl<'a> Payload<'a> {
    fn read(
        text: &'a str,
        header: &header::Header<'_>,
        revision: Revision,
        max_depth: usize,
        finder: &mut impl Visit<'a>,
    ) -> Result<Self, DecodeError> {
        let start = header.len;
        let invalid = |offset| DecodeErrorKind::InvalidPayload.at(offset);
        let Some(&first) = text.as_bytes().get(start) else {
            return Ok(Self {
                json: None,
                lone_surrogates: false,
                name_end: 0,
            });
        };
        if !fits(header.kind, revision, first) {
            return Err(invalid(start));
        }
        let mut name = Name::Outside;
        let walk = match (header.kind, header.attachments) {
            (Kind::Event, 0) => scan::walk(text, start, max_depth, &mut name)?,
            (_, 0) => scan::walk(text, start, max_depth, &mut ())?,
            (_, _) => scan::walk(text, start, max_depth, &mut (&mut name, finder))?,
        };
        let end = scan::skip_space(text.as_bytes(), walk.end);
        if end != text.len() {
            return Err(invalid(end));
        }
        let name_end = match header.kind {
            Kind::Event => name.check().map_err(|kind| kind.at(start + 1))? - start,
            _ => 0,
        };
        Ok(Self {
            json: text.get(start..walk.end),
            lone_surrogates: walk.lone_surrogates,
            name_end,
        })
    }
}

/// Whether a packet may have JSON that begins so.
///
/// [js socket.io-parser 4.2.7], `isPayloadValid`
pub(crate) fn fits(kind: Kind, revision: Revision, first: u8) -> bool {
    match kind {
        Kind::Connect => first == b'{',
        Kind::Disconnect => false,
        Kind::Event | Kind::Ack => first == b'[',
        Kind::ConnectError => matches!(first, b'{' | b'"') || revision < Revision::V5,
    }
}

/// The first element of an array, noticed while the array is read over.
pub(crate) enum Name<'t> {
    /// The array has not begun.
    Outside,
    /// The first element comes next.
    Inside,
    /// A scalar: with its quotes if it is a string, and where it ends.
    Scalar { text: &'t str, end: usize },
    /// An array or an object.
    Container,
}

impl<'t> Visit<'t> for Name<'t> {
    fn open(&mut self, _container: Container, _at: usize) {
        match self {
            Self::Outside => *self = Self::Inside,
            Self::Inside => *self = Self::Container,
            Self::Scalar { .. } | Self::Container => {}
        }
    }

    fn scalar(&mut self, text: &'t str, end: usize) {
        if let Self::Inside = self {
            *self = Self::Scalar { text, end };
        }
    }
}

impl Name<'_> {
    /// An event is named by a string that is not reserved, or by a number. Returns where it ends.
    pub(crate) fn check(&self) -> Result<usize, DecodeErrorKind> {
        let &Self::Scalar { text: name, end } = self else {
            return Err(DecodeErrorKind::InvalidPayload);
        };
        match name.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(raw) if is_reserved(raw) => Err(DecodeErrorKind::ReservedName),
            Some(_) => Ok(end),
            None if name.starts_with(is_number) => Ok(end),
            None => Err(DecodeErrorKind::InvalidPayload),
        }
    }
}

/// Compares what the string means: `conn\u0065ct` is reserved too.
fn is_reserved(raw: &str) -> bool {
    RESERVED_EVENTS
        .iter()
        .any(|reserved| string::equals(raw, reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_borrows_each_part() {
        let packet = PacketRef::decode("51-/admin,456[\"a\",{\"_placeholder\":true,\"num\":0}] ");
        assert_eq!(
            packet,
            Ok(PacketRef::Event {
                namespace: "/admin",
                id: Some(AckId::new(456)),
                args: "[\"a\",{\"_placeholder\":true,\"num\":0}]",
                attachments: 1,
            })
        );
        assert_eq!(
            PacketRef::decode("1/a"),
            Ok(PacketRef::Disconnect { namespace: "/a" })
        );
    }

    #[test]
    fn an_error_names_the_byte() {
        let error = |text| PacketRef::decode(text).unwrap_err();
        assert_eq!(error("2/a,"), DecodeErrorKind::MissingPayload.at(4));
        assert_eq!(
            error("2/a,1[\"a\",]"),
            DecodeErrorKind::InvalidPayload.at(10)
        );
        assert_eq!(error("2[\"connect\"]"), DecodeErrorKind::ReservedName.at(2));
        assert_eq!(error("2[\"a\"] x"), DecodeErrorKind::InvalidPayload.at(7));
        assert_eq!(error("01"), DecodeErrorKind::InvalidPayload.at(1));
        assert_eq!(error("1{}"), DecodeErrorKind::InvalidPayload.at(1));
    }
}
