//! Packets without arguments, as socket.io-msgpack-parser 2.x writes them: JSON text.

use alloc::string::String;

use super::from_json;
use super::packet::{self, Parts, kind, type_number};
use crate::attachments::Attachments;
use crate::de::Reader;
use crate::decoder::Limits;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::frame::Utf8Bytes;
use crate::header::Kind;
use crate::namespace::Namespace;
use crate::packet::{AckId, Packet};
use crate::revision::Revision;
use crate::text::Text;
use crate::{scan, string};

/// Writes `{"type":0,"nsp":"/"}`. The data is written as it is.
pub(super) fn encode(kind: Kind, namespace: &Namespace, data: Option<&str>) -> Utf8Bytes {
    let mut out = Text::new();
    out.push_str("{\"type\":");
    out.push_str(itoa::Buffer::new().format(type_number(kind, Revision::V4, false)));
    out.push_str(",\"nsp\":");
    string::write(&mut out, namespace.as_str());
    if let Some(data) = data {
        out.push_str(",\"data\":");
        out.push_str(data);
    }
    out.push_str("}");
    out.share()
}

/// Reads any packet that has no bytes in it.
pub(super) fn decode(text: &Utf8Bytes, limits: &Limits) -> Result<Packet, DecodeError> {
    let invalid = |at| DecodeErrorKind::InvalidPayload.at(at);
    let walk = scan::walk(text, 0, limits.max_depth, &mut ())?;
    let end = scan::skip_space(text.as_bytes(), walk.end);
    if end != text.len() {
        return Err(invalid(end));
    }
    let Members {
        kind: number,
        namespace,
        data,
        id,
    } = Members::read(text).unwrap_or_default();
    let number = number.and_then(from_json::number);
    let kind = number.and_then(|number| kind(number.as_u64()?, Revision::V4));
    let kind = kind.ok_or(DecodeErrorKind::InvalidType.at(0))?;
    let namespace = namespace.ok_or(DecodeErrorKind::InvalidNamespace.at(0))?;
    let namespace = packet::namespace(namespace.into(), 0)?;
    let id = match id.map(|id| from_json::number(id).and_then(|id| id.as_u64())) {
        None => None,
        Some(Some(id)) if id <= AckId::MAX.get() => Some(AckId::new(id)),
        Some(Some(_)) => return Err(DecodeErrorKind::LargeId.at(0)),
        Some(None) => return Err(DecodeErrorKind::IllegalId.at(0)),
    };
    let at = data.map_or(text.len(), |(_, at)| at);
    let data = data.map(|(json, _)| match walk.lone_surrogates {
        true => string::replace_lone_surrogates(json).into(),
        false => text.slice_ref(json),
    });
    let parts = Parts {
        kind,
        namespace,
        id,
        data: data.map(|json| (json, Attachments::NONE)),
        at,
    };
    parts.packet(Revision::V4)
}

/// The members of a packet. The last of equal keys counts.
#[derive(Default)]
struct Members<'a> {
    kind: Option<&'a str>,
    namespace: Option<String>,
    /// JSON, and where it begins.
    data: Option<(&'a str, usize)>,
    id: Option<&'a str>,
}

impl<'a> Members<'a> {
    /// `None`: the text, which is JSON, is no object.
    fn read(text: &'a str) -> Option<Self> {
        let mut reader = Reader::new(text, &[], &[]);
        let mut members = Self::default();
        reader.expect(b'{').ok()?;
        while reader.peek() != Some(b'}') {
            let key = reader.key().ok()?;
            let first = reader.peek();
            let at = reader.at;
            match (&*key, first) {
                ("nsp", Some(b'"')) => members.namespace = Some(reader.string().ok()?.into_owned()),
                ("type", _) => members.kind = Some(reader.raw_value().ok()?),
                ("data", _) => members.data = Some((reader.raw_value().ok()?, at)),
                ("id", _) => members.id = Some(reader.raw_value().ok()?),
                _ => reader.skip_value().ok()?,
            }
            if reader.peek() == Some(b',') {
                reader.expect(b',').ok()?;
            }
        }
        Some(members)
    }
}
