//! Packets that borrow from a text frame.

use crate::args::{first_element, is_number};
use crate::decoder::Limits;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::header::{self, Kind};
use crate::packet::{AckId, RESERVED_EVENTS};
use crate::{scan, string};

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
        /// A JSON object or string.
        data: &'a str,
    },
}

impl<'a> PacketRef<'a> {
    /// Decodes a text frame, within the default [`Limits`]. Allocates nothing.
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
        Ok(decode(text, &Limits::default())?.packet)
    }
}

/// A text frame that has been decoded.
pub(crate) struct Decoded<'a> {
    pub(crate) packet: PacketRef<'a>,
    /// Whether the payload holds escapes that are half of a surrogate pair.
    pub(crate) lone_surrogates: bool,
    /// Where the payload begins.
    pub(crate) payload_at: usize,
}

pub(crate) fn decode<'a>(text: &'a str, limits: &Limits) -> Result<Decoded<'a>, DecodeError> {
    let header = header::read(text, limits.max_attachments)?;
    let Payload {
        json,
        lone_surrogates,
    } = Payload::read(text, &header, limits)?;
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
        payload_at: len,
    })
}

/// What stands behind the header, if anything.
struct Payload<'a> {
    json: Option<&'a str>,
    lone_surrogates: bool,
}

impl<'a> Payload<'a> {
    fn read(
        text: &'a str,
        header: &header::Header<'_>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let start = header.len;
        let invalid = |offset| DecodeErrorKind::InvalidPayload.at(offset);
        let Some(&first) = text.as_bytes().get(start) else {
            return Ok(Self {
                json: None,
                lone_surrogates: false,
            });
        };
        // [js socket.io-parser 4.2.7], `isPayloadValid`
        let fits = match header.kind {
            Kind::Connect => first == b'{',
            Kind::Disconnect => false,
            Kind::Event | Kind::Ack => first == b'[',
            Kind::ConnectError => matches!(first, b'{' | b'"'),
        };
        if !fits {
            return Err(invalid(start));
        }
        let walk = scan::walk(text, start, limits.max_depth, &mut ())?;
        let end = scan::skip_space(text.as_bytes(), walk.end);
        if end != text.len() {
            return Err(invalid(end));
        }
        let json = text.get(start..walk.end).unwrap_or_default();
        if header.kind == Kind::Event {
            check_name(json).map_err(|kind| kind.at(start + 1))?;
        }
        Ok(Self {
            json: Some(json),
            lone_surrogates: walk.lone_surrogates,
        })
    }
}

/// An event is named by a string that is not reserved, or by a number.
fn check_name(array: &str) -> Result<(), DecodeErrorKind> {
    let name = first_element(array).ok_or(DecodeErrorKind::InvalidPayload)?;
    match name.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
        // Compared as it is meant: `conn\u0065ct` is reserved too.
        Some(raw)
            if RESERVED_EVENTS
                .iter()
                .any(|reserved| string::equals(raw, reserved)) =>
        {
            Err(DecodeErrorKind::ReservedName)
        }
        Some(_) => Ok(()),
        None if name.starts_with(is_number) => Ok(()),
        None => Err(DecodeErrorKind::InvalidPayload),
    }
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
