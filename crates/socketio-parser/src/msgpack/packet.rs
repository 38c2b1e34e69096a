//! Packets as maps.

use bytes::Bytes;

use super::reader::{Item, Reader};
use super::to_json::{self, Binary};
use super::writer::Writer;
use super::{from_json, legacy};
use crate::args::{Args, first_element};
use crate::attachments::Attachments;
use crate::decoder::Limits;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::frame::{Frame, Utf8Bytes};
use crate::header::Kind;
use crate::namespace::Namespace;
use crate::number::Number;
use crate::packet::{AckId, Packet};
use crate::packet_ref::{self, Name};
use crate::revision::Revision;
use crate::scan::MAX_DEPTH;

/// Decodes a packet. Its byte strings share the memory of the frame.
///
/// [`Limits::max_attachments`] does not apply: byte strings are no frames to wait for.
///
/// # Errors
///
/// [`DecodeError`] if no correct peer sends this frame. The texts begin as those of
/// socket.io-msgpack-parser 3.0.2. Besides what that checks, names are checked as in the default
/// encoding: a namespace begins with `/` and holds no comma, an event is named by a number or by a
/// string that is not reserved.
pub fn decode(revision: Revision, frame: &Frame, limits: &Limits) -> Result<Packet, DecodeError> {
    match frame {
        Frame::Binary(frame) => decode_map(revision, frame, limits),
        Frame::Text(text) if revision < Revision::V5 => legacy::decode(text, limits),
        Frame::Text(_) => Err(DecodeErrorKind::UnexpectedJson.at(0)),
    }
}

/// Encodes a packet: to text if it has no arguments and the revision is below 5, and otherwise to
/// MessagePack.
///
/// # Errors
///
/// [`EncodeError::Json`] if the `data` of the packet is not JSON, [`EncodeError::Large`] if it
/// takes 4 GiB.
pub fn encode(revision: Revision, packet: &Packet) -> Result<Frame, EncodeError> {
    let (kind, id, args, data) = match packet {
        Packet::Connect { data, .. } => (Kind::Connect, None, None, data.as_deref()),
        Packet::Disconnect { .. } => (Kind::Disconnect, None, None, None),
        Packet::Event { id, args, .. } => (Kind::Event, *id, Some(args), Some(args.json())),
        Packet::Ack { id, args, .. } => (Kind::Ack, *id, Some(args), Some(args.json())),
        Packet::ConnectError { data, .. } => (Kind::ConnectError, None, None, Some(&**data)),
    };
    let namespace = packet.namespace();
    if revision < Revision::V5 && args.is_none() {
        return Ok(Frame::Text(legacy::encode(kind, namespace, data)));
    }
    let attachments = packet.attachments();
    let data_len = data.map_or(0, |json| json.len());
    let len = attachments
        .iter()
        .fold(data_len, |len, bytes| len.saturating_add(bytes.len()));
    if u32::try_from(len).is_err() {
        return Err(EncodeError::Large);
    }
    let mut out = Writer::with_capacity(len + namespace.as_str().len() + ROOM);
    // In the order of the reference's server.
    out.map(2 + u32::from(data.is_some()) + u32::from(id.is_some()));
    out.text("type");
    out.number(type_number(kind, revision, !attachments.is_empty()).into());
    if let Some(json) = data {
        let placeholders = args.map_or(&[][..], Args::placeholders);
        out.text("data");
        from_json::write(&mut out, json, attachments, placeholders).map_err(EncodeError::Json)?;
    }
    if let Some(id) = id {
        out.text("id");
        out.number(Number::from(id.get()));
    }
    out.text("nsp");
    out.text(namespace.as_str());
    Ok(Frame::Binary(out.into_vec().into()))
}

/// The number of a packet type. Types 5 and 6 say what the bytes say already, and went with
/// revision 4.
pub(super) fn type_number(kind: Kind, revision: Revision, is_binary: bool) -> u32 {
    match kind {
        Kind::Connect => 0,
        Kind::Disconnect => 1,
        Kind::Event if is_binary && revision < Revision::V5 => 5,
        Kind::Event => 2,
        Kind::Ack if is_binary && revision < Revision::V5 => 6,
        Kind::Ack => 3,
        Kind::ConnectError => 4,
    }
}

/// What a number says, with or without bytes.
pub(super) fn kind(number: u64, revision: Revision) -> Option<Kind> {
    Some(match number {
        0 => Kind::Connect,
        1 => Kind::Disconnect,
        2 => Kind::Event,
        3 => Kind::Ack,
        4 => Kind::ConnectError,
        5 if revision < Revision::V5 => Kind::Event,
        6 if revision < Revision::V5 => Kind::Ack,
        _ => return None,
    })
}

/// Checks a name: this encoding could say others, but nobody could be called by them.
pub(super) fn namespace(name: Utf8Bytes, at: usize) -> Result<Namespace, DecodeError> {
    if !name.starts_with('/') || name.contains(',') {
        return Err(DecodeErrorKind::InvalidNamespace.at(at));
    }
    Ok(Namespace::from_wire(name))
}

/// What a packet is made of.
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) namespace: Namespace,
    pub(super) id: Option<AckId>,
    /// JSON, and the bytes that belong to it.
    pub(super) data: Option<(Utf8Bytes, Attachments)>,
    /// Where the data was.
    pub(super) at: usize,
}

impl Parts {
    /// Checks that the data fits the kind.
    pub(super) fn packet(self, revision: Revision) -> Result<Packet, DecodeError> {
        let Self {
            kind,
            namespace,
            id,
            data,
            at,
        } = self;
        // [js socket.io-msgpack-parser 2.2.1]: unlike in the default encoding of that revision.
        let is_plain = kind == Kind::Connect && revision < Revision::V5;
        let fits = |first| packet_ref::fits(kind, revision, first) && !is_plain;
        let first = data.as_ref().and_then(|(json, _)| json.bytes().next());
        if first.is_some_and(|first| !fits(first)) {
            return Err(DecodeErrorKind::InvalidPayload.at(at));
        }
        let missing = DecodeErrorKind::MissingPayload.at(at);
        Ok(match kind {
            Kind::Connect => Packet::Connect {
                namespace,
                data: data.map(|(json, _)| json),
            },
            Kind::Disconnect => Packet::Disconnect { namespace },
            Kind::Event => {
                let (json, attachments) = data.ok_or(missing)?;
                let name = first_element(&json);
                let name = name.map_or(Name::Container, |(text, end)| Name::Scalar { text, end });
                let name_end = name.check().map_err(|kind| kind.at(at))?;
                Packet::Event {
                    namespace,
                    id,
                    args: Args::from_parts(json, attachments).with_name_end(name_end),
                }
            }
            Kind::Ack => {
                let (json, attachments) = data.ok_or(missing)?;
                Packet::Ack {
                    namespace,
                    id,
                    args: Args::from_parts(json, attachments),
                }
            }
            Kind::ConnectError => Packet::ConnectError {
                namespace,
                data: data.ok_or(missing)?.0,
            },
        })
    }
}

fn decode_map(revision: Revision, frame: &Bytes, limits: &Limits) -> Result<Packet, DecodeError> {
    let fields = Fields::read(frame)?;
    let field = |at: Option<usize>| match at {
        Some(at) => Reader::new(frame, at).next().map(|item| (item, at)),
        None => Ok((Item::Undefined, 0)),
    };
    let (item, at) = field(fields.kind)?;
    let kind = item.as_unsigned().and_then(|number| kind(number, revision));
    let kind = kind.ok_or(DecodeErrorKind::InvalidType.at(at))?;

    let invalid = |at| DecodeErrorKind::InvalidNamespace.at(at);
    let namespace = match field(fields.namespace)? {
        (Item::String(b"/"), _) => Namespace::root(),
        (Item::String(name), at) => {
            let name = match kind {
                // Copied: it lives as long as the connection.
                Kind::Connect => Bytes::copy_from_slice(name),
                _ => frame.slice_ref(name),
            };
            namespace(name.try_into().map_err(|_| invalid(at))?, at)?
        }
        (_, at) => return Err(invalid(at)),
    };

    let (item, data_at) = field(fields.data)?;
    let max_depth = limits.max_depth.min(MAX_DEPTH);
    let data = match (item, kind) {
        (Item::Undefined, _) => None,
        // They would become JSON that could pass for an object or a string.
        (Item::Binary(_) | Item::Date(_), _) => {
            return Err(DecodeErrorKind::InvalidPayload.at(data_at));
        }
        (_, Kind::Event | Kind::Ack) => {
            Some(to_json::json(frame, data_at, max_depth, Binary::Attach)?)
        }
        _ => Some(to_json::json(frame, data_at, max_depth, Binary::Describe)?),
    };

    let id = match field(fields.id)? {
        (Item::Undefined, _) => None,
        (item, at) => Some(match item.as_unsigned() {
            Some(id) if id <= AckId::MAX.get() => AckId::new(id),
            Some(_) => return Err(DecodeErrorKind::LargeId.at(at)),
            None => return Err(DecodeErrorKind::IllegalId.at(at)),
        }),
    };
    let parts = Parts {
        kind,
        namespace,
        id,
        data,
        at: data_at,
    };
    parts.packet(revision)
}

/// Where the values of the members begin. The last of equal keys counts, and unknown ones do not:
/// the reference's client sends its `options` along.
#[derive(Default)]
struct Fields {
    kind: Option<usize>,
    namespace: Option<usize>,
    data: Option<usize>,
    id: Option<usize>,
}

impl Fields {
    fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame, 0);
        let mut fields = Self::default();
        if let Item::Map(len) = reader.clone().next()? {
            reader.next()?;
            for _ in 0..len {
                let mut key = reader.clone();
                reader.skip_value()?;
                let value = Some(reader.at);
                match key.next()? {
                    Item::String(b"type") => fields.kind = value,
                    Item::String(b"nsp") => fields.namespace = value,
                    Item::String(b"data") => fields.data = value,
                    Item::String(b"id") => fields.id = value,
                    _ => {}
                }
                reader.skip_value()?;
            }
        } else {
            // Something else is whole, or not: then that is what is wrong.
            reader.skip_value()?;
        }
        match frame.len().saturating_sub(reader.at) {
            0 => Ok(fields),
            behind => Err(DecodeErrorKind::TrailingBytes(behind).at(reader.at)),
        }
    }
}

/// Bytes for the names of the members, the numbers, and what is longer than in JSON.
const ROOM: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(data: &str) -> Packet {
        Packet::Connect {
            namespace: Namespace::root(),
            data: Some(data.into()),
        }
    }

    #[test]
    fn json_that_is_none_is_not_sent() {
        let error = |data| encode(Revision::V5, &connect(data)).unwrap_err();
        let invalid = |at| EncodeError::Json(DecodeErrorKind::InvalidPayload.at(at));
        assert_eq!(error("{"), invalid(1));
        assert_eq!(error("{} x"), invalid(3));
    }

    #[test]
    fn numbers_take_the_shortest_form() {
        let frame = encode(Revision::V5, &connect(r#"{"a":[2.0,-0.0,1e2,300,-1,0.5]}"#));
        let bytes = b"\x83\xa4type\0\xa4data\x81\xa1a\x96\x02\0\x64\xcd\x01\x2c\xff\
            \xcb\x3f\xe0\0\0\0\0\0\0\xa3nsp\xa1/";
        assert_eq!(frame, Ok(Frame::Binary(Bytes::from_static(bytes))));
    }

    /// [js socket.io-msgpack-parser 3.0.2]: only `undefined` is absent, `nil` is not.
    #[test]
    fn nil_is_not_nothing() {
        let decode = |frame: &'static [u8]| {
            let frame = Frame::Binary(Bytes::from_static(frame));
            decode(Revision::V5, &frame, &Limits::default()).map_err(|error| error.kind)
        };
        assert!(decode(b"\x83\xa4type\0\xa3nsp\xa1/\xa4data\xd4\0\0").is_ok());
        assert_eq!(
            decode(b"\x83\xa4type\0\xa3nsp\xa1/\xa4data\xc0"),
            Err(DecodeErrorKind::InvalidPayload)
        );
        assert_eq!(
            decode(b"\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x90\xa2id\xc0"),
            Err(DecodeErrorKind::IllegalId)
        );
    }

    #[test]
    fn data_like_a_placeholder_stays_data() {
        let data = crate::Value::from_iter([("_placeholder", true)]);
        let args = Args::event("a", &(&data, Bytes::from_static(b"b"))).unwrap();
        let packet = Packet::Event {
            namespace: Namespace::root(),
            id: None,
            args,
        };
        let frame = encode(Revision::V5, &packet).unwrap();
        let decoded = decode(Revision::V5, &frame, &Limits::default());
        assert_eq!(decoded.as_ref(), Ok(&packet));
        let Ok(Packet::Event { args, .. }) = &decoded else {
            panic!()
        };
        assert_eq!(args.event_data(), Ok((data, Bytes::from_static(b"b"))));
    }
}
