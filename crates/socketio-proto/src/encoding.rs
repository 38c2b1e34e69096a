//! The encodings of packets: which one a connection speaks, and how to write it.

use serde::Serialize;
use socketio_parser::{Packet, Revision, encode_event};

use crate::encoded::{ENGINE_MESSAGE, Frames};
use crate::{AckId, Args, ConnectError, EncodeError, Encoded, Namespace};

/// How packets look on the wire. Both sides have to be set up for the same: nothing on the wire
/// announces it. [js socket.io 4.8.4] `parser`
///
/// A driver keeps one, and makes everything that it sends with it: a packet in another encoding is
/// refused by the connection.
///
/// ```
/// use socketio_proto::{AckId, Namespace, Parser};
///
/// let parser = Parser::default();
/// let news = parser.event(&Namespace::root(), "news", &("a", 1))?;
/// assert_eq!(news.args().unwrap().json(), r#"["news","a",1]"#);
/// let question = parser.call(&Namespace::root(), AckId::new(7), "ready?", &())?;
/// assert_eq!(question.ack_id(), Some(AckId::new(7)));
/// # Ok::<(), socketio_proto::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Parser {
    /// A line of text, and a binary frame for each byte string: the default of every release.
    /// [sio5 § Packet encoding]
    #[default]
    Json,
    /// One binary frame, as `socket.io-msgpack-parser` 3 writes it.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Parser {
    /// Encodes an event without acknowledgement. `value` is one argument, or several if it is a
    /// tuple.
    ///
    /// # Errors
    ///
    /// If the name is one that the protocol keeps for itself, or the value has no form in this
    /// encoding.
    pub fn event<T: Serialize + ?Sized>(
        self,
        namespace: &Namespace,
        name: &str,
        value: &T,
    ) -> Result<Encoded, EncodeError> {
        self.say(namespace, None, name, value)
    }

    /// Encodes an event that expects an answer, under an id of the caller's choice: one packet for
    /// all who are asked. See [`Connection::call`](crate::server::Connection::call).
    ///
    /// # Errors
    ///
    /// As for [`event`](Self::event).
    pub fn call<T: Serialize + ?Sized>(
        self,
        namespace: &Namespace,
        id: AckId,
        name: &str,
        value: &T,
    ) -> Result<Encoded, EncodeError> {
        self.say(namespace, Some(id), name, value)
    }

    /// Encodes an event whose arguments are passed on as they were received, whatever the encoding
    /// in which they came.
    ///
    /// # Errors
    ///
    /// As for [`event`](Self::event).
    pub fn forward(
        self,
        namespace: &Namespace,
        name: &str,
        args: &Args,
    ) -> Result<Encoded, EncodeError> {
        self.pass_on(namespace, None, name, args)
    }

    /// As [`forward`](Self::forward), for an event that expects an answer: see
    /// [`call`](Self::call).
    ///
    /// # Errors
    ///
    /// As for [`event`](Self::event).
    pub fn forward_call(
        self,
        namespace: &Namespace,
        id: AckId,
        name: &str,
        args: &Args,
    ) -> Result<Encoded, EncodeError> {
        self.pass_on(namespace, Some(id), name, args)
    }

    /// Encodes any packet. In JSON there is none that cannot be.
    pub(crate) fn packet(self, packet: &Packet) -> Result<Encoded, EncodeError> {
        let id = match packet {
            Packet::Event { id, .. } => *id,
            Packet::Ack { .. }
            | Packet::Connect { .. }
            | Packet::ConnectError { .. }
            | Packet::Disconnect { .. } => None,
        };
        let frames = match self {
            Self::Json => Frames::json(packet),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => Frames::message_pack(packet)?,
        };
        Ok(Encoded::new(packet.namespace().clone(), id, frames))
    }

    /// Encodes a refusal: without its data, if that has no form in this encoding.
    pub(crate) fn refusal(
        self,
        namespace: &Namespace,
        error: &ConnectError,
        revision: Revision,
    ) -> Result<Encoded, EncodeError> {
        let refusal = |error: &ConnectError| {
            self.packet(&Packet::ConnectError {
                namespace: namespace.clone(),
                data: error.to_json(revision),
            })
        };
        refusal(error).or_else(|_| refusal(&ConnectError::new(error.message.as_str())))
    }

    fn say<T: Serialize + ?Sized>(
        self,
        namespace: &Namespace,
        id: Option<AckId>,
        name: &str,
        value: &T,
    ) -> Result<Encoded, EncodeError> {
        match self {
            Self::Json => {
                let (text, attachments) = encode_event(ENGINE_MESSAGE, namespace, id, name, value)?;
                let frames = Frames::text(text, attachments);
                Ok(Encoded::new(namespace.clone(), id, frames))
            }
            #[cfg(feature = "msgpack")]
            Self::MessagePack => self.packet(&Packet::Event {
                namespace: namespace.clone(),
                id,
                args: Args::event(name, value)?,
            }),
        }
    }

    fn pass_on(
        self,
        namespace: &Namespace,
        id: Option<AckId>,
        name: &str,
        args: &Args,
    ) -> Result<Encoded, EncodeError> {
        self.packet(&Packet::Event {
            namespace: namespace.clone(),
            id,
            args: args.with_name(name)?,
        })
    }
}

#[cfg(all(test, feature = "msgpack"))]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Offset;
    use crate::engine::Frame;

    fn frame(packet: &Encoded) -> Bytes {
        let mut frames = packet.frames();
        match (frames.next(), frames.next()) {
            (Some(Frame::Binary(bytes)), None) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_is_one_map() {
        let data = Bytes::from_static(&[1, 2]);
        let event = Parser::MessagePack
            .event(&Namespace::root(), "e", &(1, &data))
            .unwrap();
        let expected = b"\x83\xa4type\x02\xa4data\x93\xa1e\x01\xc4\x02\x01\x02\xa3nsp\xa1/";
        assert_eq!(frame(&event), &expected[..]);
        assert_eq!(event.len(), expected.len());
        assert_eq!(event.parser(), Parser::MessagePack);
        let args = Args::new(&(1, &data)).unwrap();
        let forwarded = Parser::MessagePack.forward(&Namespace::root(), "e", &args);
        assert_eq!(frame(&forwarded.unwrap()), frame(&event));
    }

    #[test]
    fn a_call_has_its_id_and_an_event_its_offset() {
        let namespace = Namespace::new("/a").unwrap();
        let call = Parser::MessagePack.call(&namespace, AckId::new(300), "q", &());
        let expected = b"\x84\xa4type\x02\xa4data\x91\xa1q\xa2id\xcd\x01\x2c\xa3nsp\xa2/a";
        assert_eq!(frame(&call.unwrap()), &expected[..]);
        let event = Parser::MessagePack.event(&namespace, "e", &()).unwrap();
        let event = event.with_offset(&Offset::new("o"));
        let expected = b"\x83\xa4type\x02\xa4data\x92\xa1e\xa1o\xa3nsp\xa2/a";
        assert_eq!(frame(&event), &expected[..]);
    }

    #[test]
    fn a_refusal_leaves_out_what_cannot_be_said() {
        let mut error = ConnectError::new("no");
        error.data = Some("not JSON".into());
        let refusal = Parser::MessagePack.refusal(&Namespace::root(), &error, Revision::V5);
        let expected = b"\x83\xa4type\x04\xa4data\x81\xa7message\xa2no\xa3nsp\xa1/";
        assert_eq!(frame(&refusal.unwrap()), &expected[..]);
    }
}
