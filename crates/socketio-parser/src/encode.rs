//! From a value to frames in one go: the hot path of an emit.

use alloc::vec::Vec;
use core::{mem, str};

use bytes::Bytes;
use serde::Serialize;

use crate::args::write_event;
use crate::error::EncodeError;
use crate::frame::Utf8Bytes;
use crate::namespace::Namespace;
use crate::packet::AckId;
use crate::ser::Serializer;

/// Encodes an event: the same frames as [`Args::event`](crate::Args::event) in a
/// [`Packet::Event`](crate::Packet::Event), with the value serialised right behind the header. They
/// are the same in every [`Revision`](crate::Revision).
///
/// `prefix` is written before the packet: `b"4"` makes an Engine.IO message of it. The byte strings
/// are the frames that follow the text. Their number is not limited here, but peers refuse more
/// than 10 by default.
///
/// # Errors
///
/// [`EncodeError::ReservedName`] if the name is reserved, [`EncodeError::Prefix`] if the prefix is
/// not UTF-8, another [`EncodeError`] if the value cannot be JSON.
///
/// Specification: [sio5 § Packet encoding].
pub fn encode_event<T: Serialize + ?Sized>(
    prefix: &[u8],
    namespace: &Namespace,
    id: Option<AckId>,
    name: &str,
    value: &T,
) -> Result<(Utf8Bytes, Vec<Bytes>), EncodeError> {
    let prefix = str::from_utf8(prefix).map_err(|_| EncodeError::Prefix)?;
    let mut digits = itoa::Buffer::new();
    let mut serializer = Serializer::new();
    let out = &mut serializer.out;
    out.push_str(prefix);
    out.push_str("2");
    if !namespace.is_root() {
        out.push_str(namespace.as_str());
        out.push_str(",");
    }
    if let Some(id) = id {
        out.push_str(digits.format(id.get()));
    }
    write_event(&mut serializer, name, value)?;
    let Serializer { out, attachments } = &mut serializer;
    if !attachments.is_empty() {
        // Known only now. Text moves, which is short where bytes are many, so that all other events
        // carry no room that they do not use.
        let tag = prefix.len();
        out.replace(tag, 1, "5-");
        out.replace(tag + 1, 0, digits.format(attachments.bytes().len()));
    }
    Ok((out.share(), mem::take(attachments).into_bytes()))
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn encoded<T: Serialize>(namespace: &str, id: Option<u64>, value: &T) -> String {
        let namespace = Namespace::new(namespace).unwrap();
        let id = id.map(AckId::new);
        encode_event(b"4", &namespace, id, "é", value)
            .unwrap()
            .0
            .to_string()
    }

    /// [sio5 § Packet encoding]
    #[test]
    fn the_header_stands_before_the_arguments() {
        assert_eq!(encoded("/", None, &()), r#"42["é"]"#);
        assert_eq!(encoded("/a", Some(12), &(1, "b")), r#"42/a,12["é",1,"b"]"#);
        let binary =
            r#"452-/a,12["é",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
        assert_eq!(
            encoded("/a", Some(12), &(Bytes::new(), Bytes::new())),
            binary
        );
        let many = alloc::vec![Bytes::new(); 11];
        assert!(encoded("/", None, &many).starts_with("4511-[\"é\",["));
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        let error = |prefix, name| encode_event(prefix, &Namespace::root(), None, name, &());
        assert_eq!(
            error(b"4", "connect"),
            Err(EncodeError::ReservedName("connect"))
        );
        assert_eq!(error(b"\xff", "a"), Err(EncodeError::Prefix));
    }
}
