//! A packet on its way out, encoded once for any number of recipients.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use serde_json::Value;
use socketio_parser::{Packet, encode_event};

use crate::engine::Frame;
use crate::{Args, EncodeError, Namespace, Offset, Utf8Bytes};

/// One packet, encoded for any number of recipients: the type digit of Engine.IO is included.
///
/// Cloning it, and handing it to a connection, moves reference counts and allocates nothing.
#[derive(Clone, Debug)]
pub struct Encoded {
    namespace: Namespace,
    text: Utf8Bytes,
    /// `None` instead of an empty list: most packets have no attachments, and need no allocation
    /// for it.
    attachments: Option<Arc<[Bytes]>>,
}

impl Encoded {
    /// Encodes an event without acknowledgement. `value` is one argument, or several if it is a
    /// tuple.
    ///
    /// # Errors
    ///
    /// If the name is one that the protocol keeps for itself, or the value has no JSON form.
    pub fn event<T: Serialize + ?Sized>(
        namespace: &Namespace,
        name: &str,
        value: &T,
    ) -> Result<Self, EncodeError> {
        let (text, attachments) = encode_event(ENGINE_MESSAGE, namespace, None, name, value)?;
        Ok(Self {
            namespace: namespace.clone(),
            text,
            attachments: share(attachments),
        })
    }

    /// Encodes an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// If the name is one that the protocol keeps for itself.
    pub fn forward(namespace: &Namespace, name: &str, args: &Args) -> Result<Self, EncodeError> {
        Ok(Self::packet(&Packet::Event {
            namespace: namespace.clone(),
            id: None,
            args: args.with_name(name)?,
        }))
    }

    /// The same event with its place in the log behind the last argument: what a client needs to
    /// come back, and its application sees. [js socket.io 4.8.4] `connectionStateRecovery`
    #[must_use]
    pub fn with_offset(&self, offset: &Offset) -> Self {
        // Events alone can be made from outside, and an event is an array that is not empty.
        let Some(open) = self.text.trim_end().strip_suffix(']') else {
            return self.clone();
        };
        let offset = Value::from(offset.as_str());
        Self {
            text: format!("{open},{offset}]").into(),
            ..self.clone()
        }
    }

    /// Encodes any packet.
    pub(crate) fn packet(packet: &Packet) -> Self {
        let mut text = BytesMut::with_capacity(ENGINE_MESSAGE.len() + packet.encoded_len());
        text.extend_from_slice(ENGINE_MESSAGE);
        packet.encode(&mut text);
        Self {
            namespace: packet.namespace().clone(),
            // What the encoder wrote is text; the check is the price of not trusting it blindly.
            text: Utf8Bytes::try_from(text).unwrap_or_default(),
            attachments: share(packet.attachments().to_vec()),
        }
    }

    /// Returns the namespace that the packet is for.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Returns the size in bytes, over all frames.
    #[expect(clippy::len_without_is_empty, reason = "no packet is empty")]
    pub fn len(&self) -> usize {
        let attachments = self.attachments.iter().flat_map(|list| list.iter());
        self.text.len() + attachments.map(Bytes::len).sum::<usize>()
    }

    /// Returns the frames to send, in order: the text, then its attachments.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        let attachments = self.attachments.iter().flat_map(|list| list.iter());
        iter::once(Frame::Text(self.text.clone())).chain(attachments.cloned().map(Frame::Binary))
    }
}

fn share(attachments: Vec<Bytes>) -> Option<Arc<[Bytes]>> {
    (!attachments.is_empty()).then(|| attachments.into())
}

/// The packet type of Engine.IO that carries everything of Socket.IO.
/// [eio4 § Message; sio5 § Packet encoding]
const ENGINE_MESSAGE: &[u8] = b"4";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AckId;

    #[test]
    fn an_event_starts_with_the_digit_of_the_layer_below() {
        let news = Encoded::event(&Namespace::root(), "news", &(1, "é")).unwrap();
        let frames: Vec<_> = news.frames().collect();
        assert_eq!(frames, [Frame::Text("42[\"news\",1,\"é\"]".into())]);
        assert_eq!(news.len(), frames.iter().map(Frame::len).sum::<usize>());
    }

    #[test]
    fn attachments_follow_the_text() {
        let admin = Namespace::new("/admin").unwrap();
        let data = Bytes::from_static(&[1, 2]);
        let packet = Encoded::event(&admin, "bin", &data).unwrap();
        let text = r#"451-/admin,["bin",{"_placeholder":true,"num":0}]"#;
        let frames: Vec<_> = packet.frames().collect();
        assert_eq!(frames, [Frame::Text(text.into()), Frame::Binary(data)]);
        assert_eq!(packet.len(), text.len() + 2);
        assert_eq!(packet.namespace(), &admin);
    }

    #[test]
    fn other_packets_are_encoded_the_same_way() {
        let args = Args::new(&("a",)).unwrap();
        let packet = Packet::Ack {
            namespace: Namespace::root(),
            id: Some(AckId::new(7)),
            args,
        };
        let frames: Vec<_> = Encoded::packet(&packet).frames().collect();
        assert_eq!(frames, [Frame::Text(r#"437["a"]"#.into())]);
    }

    #[test]
    fn what_was_received_is_passed_on() {
        let args = Args::new(&(1, Bytes::from_static(&[2]))).unwrap();
        let packet = Encoded::forward(&Namespace::root(), "e", &args).unwrap();
        let text = r#"451-["e",1,{"_placeholder":true,"num":0}]"#;
        let frames: Vec<_> = packet.frames().collect();
        assert_eq!(
            frames,
            [
                Frame::Text(text.into()),
                Frame::Binary(Bytes::from_static(&[2]))
            ]
        );
    }

    #[test]
    fn an_offset_is_the_last_argument() {
        let admin = Namespace::new("/a").unwrap();
        let plain = Encoded::event(&admin, "e", &()).unwrap();
        let data = Bytes::from_static(&[1]);
        let binary = Encoded::event(&admin, "e", &("]", &data)).unwrap();
        let offset = Offset::new("o\"1");
        let text = r#"42/a,["e","o\"1"]"#;
        let frames: Vec<_> = plain.with_offset(&offset).frames().collect();
        assert_eq!(frames, [Frame::Text(text.into())]);
        let text = r#"451-/a,["e","]",{"_placeholder":true,"num":0},"o\"1"]"#;
        let frames: Vec<_> = binary.with_offset(&offset).frames().collect();
        assert_eq!(frames, [Frame::Text(text.into()), Frame::Binary(data)]);
    }

    #[test]
    fn a_reserved_name_is_refused() {
        assert!(Encoded::event(&Namespace::root(), "disconnect", &()).is_err());
        let args = Args::new(&()).unwrap();
        assert!(Encoded::forward(&Namespace::root(), "disconnect", &args).is_err());
    }
}
