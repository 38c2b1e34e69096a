//! A packet on its way out, encoded once for any number of recipients.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;
use core::num::NonZeroUsize;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use socketio_parser::{Decoder, Limits, Packet, Progress};

use crate::engine::Frame;
use crate::{AckId, Args, EncodeError, Namespace, Offset, Parser, Utf8Bytes, json};

/// One packet, encoded for any number of recipients, a question to all of them included: the type
/// digit of Engine.IO is a part of it.
///
/// Cloning it, and handing it to a connection, moves reference counts and allocates nothing. What
/// is made here is JSON; [`Parser`] makes the same in the other encoding.
#[derive(Clone, Debug)]
pub struct Encoded {
    namespace: Namespace,
    ack_id: Option<AckId>,
    /// How much longer offsets have made the JSON of the arguments.
    added: Option<NonZeroUsize>,
    frames: Frames,
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
        Parser::Json.event(namespace, name, value)
    }

    /// Encodes an event that expects an answer: see [`Parser::call`].
    ///
    /// # Errors
    ///
    /// As for [`event`](Self::event).
    pub fn call<T: Serialize + ?Sized>(
        namespace: &Namespace,
        id: AckId,
        name: &str,
        value: &T,
    ) -> Result<Self, EncodeError> {
        Parser::Json.call(namespace, id, name, value)
    }

    /// Encodes an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// If the name is one that the protocol keeps for itself.
    pub fn forward(namespace: &Namespace, name: &str, args: &Args) -> Result<Self, EncodeError> {
        Parser::Json.forward(namespace, name, args)
    }

    /// As [`forward`](Self::forward), for an event that expects an answer: see [`Parser::call`].
    ///
    /// # Errors
    ///
    /// As for [`forward`](Self::forward).
    pub fn forward_call(
        namespace: &Namespace,
        id: AckId,
        name: &str,
        args: &Args,
    ) -> Result<Self, EncodeError> {
        Parser::Json.forward_call(namespace, id, name, args)
    }

    pub(crate) fn new(namespace: Namespace, ack_id: Option<AckId>, frames: Frames) -> Self {
        Self {
            namespace,
            ack_id,
            added: None,
            frames,
        }
    }

    /// The same event with its place in the log behind the last argument: what a client needs to
    /// come back, and its application sees. An event that expects an answer is not in the log, and
    /// stays as it is. [js socket.io 4.8.4] `connectionStateRecovery`
    #[must_use]
    pub fn with_offset(&self, offset: &Offset) -> Self {
        let Ok(offset) = json::of(offset.as_str()) else {
            return self.clone();
        };
        let frames = match self.ack_id {
            None => self.frames.with_argument(&offset),
            Some(_) => None,
        };
        let Some(frames) = frames else {
            return self.clone();
        };
        let added = self.added.map_or(0, NonZeroUsize::get) + COMMA + offset.len();
        Self {
            namespace: self.namespace.clone(),
            ack_id: None,
            added: NonZeroUsize::new(added),
            frames,
        }
    }

    /// The same event as a call under this id. `None` if this is no event, or nested so deeply that
    /// no peer would read it.
    pub(crate) fn with_ack_id(&self, id: AckId) -> Option<Self> {
        let event = Packet::Event {
            namespace: self.namespace.clone(),
            id: Some(id),
            args: self.args()?,
        };
        self.parser().packet(&event).ok()
    }

    /// Returns the namespace that the packet is for.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Returns the id under which the event expects its answers, if it does.
    pub fn ack_id(&self) -> Option<AckId> {
        self.ack_id
    }

    /// Returns the encoding.
    pub fn parser(&self) -> Parser {
        match self.frames {
            Frames::Json { .. } => Parser::Json,
            #[cfg(feature = "msgpack")]
            Frames::MessagePack(_) => Parser::MessagePack,
        }
    }

    /// Reads the event again: its name, then its arguments, without the offset that
    /// [`with_offset`](Self::with_offset) has added. For those who look at what goes out; the
    /// packet keeps nothing for it.
    ///
    /// `None` if this is no event, or nested so deeply that no peer would read it.
    pub fn args(&self) -> Option<Args> {
        let Some(Packet::Event { args, .. }) = self.frames.read() else {
            return None;
        };
        let Some(added) = self.added else {
            return Some(args);
        };
        let end = args.json().len().checked_sub(added.get() + CLOSE)?;
        let open = args.json().get(..end)?;
        Args::from_json(format!("{open}]"), args.attachments().to_vec()).ok()
    }

    /// Returns the size in bytes, over all frames.
    #[expect(clippy::len_without_is_empty, reason = "no packet is empty")]
    pub fn len(&self) -> usize {
        let (first, attachments) = self.frames.parts();
        first.len() + attachments.iter().map(Bytes::len).sum::<usize>()
    }

    /// Returns the frames to send, in order: the text, then its attachments; or one frame of bytes.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        let (first, attachments) = self.frames.parts();
        iter::once(first).chain(attachments.iter().cloned().map(Frame::Binary))
    }
}

/// What a packet looks like on the wire.
#[derive(Clone, Debug)]
pub(crate) enum Frames {
    Json {
        text: Utf8Bytes,
        /// `None` instead of an empty list: most packets have no attachments, and need no
        /// allocation for it.
        attachments: Option<Arc<[Bytes]>>,
    },
    #[cfg(feature = "msgpack")]
    MessagePack(Bytes),
}

impl Frames {
    /// Takes a text that begins with [`ENGINE_MESSAGE`], and what follows it.
    pub(crate) fn text(text: Utf8Bytes, attachments: Vec<Bytes>) -> Self {
        Self::Json {
            text,
            attachments: (!attachments.is_empty()).then(|| attachments.into()),
        }
    }

    pub(crate) fn json(packet: &Packet) -> Self {
        let mut text = BytesMut::with_capacity(ENGINE_MESSAGE.len() + packet.encoded_len());
        text.extend_from_slice(ENGINE_MESSAGE);
        packet.encode(&mut text);
        // What the encoder wrote is text; the check is the price of not trusting it blindly.
        let text = Utf8Bytes::try_from(text).unwrap_or_default();
        Self::text(text, packet.attachments().to_vec())
    }

    #[cfg(feature = "msgpack")]
    pub(crate) fn message_pack(packet: &Packet) -> Result<Self, EncodeError> {
        use socketio_parser::{Frame, Revision, msgpack};

        Ok(Self::MessagePack(
            match msgpack::encode(Revision::V5, packet)? {
                Frame::Binary(bytes) => bytes,
                // Earlier revisions alone have packets that are text.
                Frame::Text(text) => text.into_bytes(),
            },
        ))
    }

    fn parts(&self) -> (Frame, &[Bytes]) {
        match self {
            Self::Json { text, attachments } => {
                let attachments = attachments.as_deref().unwrap_or_default();
                (Frame::Text(text.clone()), attachments)
            }
            #[cfg(feature = "msgpack")]
            Self::MessagePack(bytes) => (Frame::Binary(bytes.clone()), &[]),
        }
    }

    /// An event with one more argument, which is given as JSON.
    fn with_argument(&self, argument: &str) -> Option<Self> {
        match self {
            Self::Json { text, attachments } => {
                let open = text.trim_end().strip_suffix(']')?;
                Some(Self::Json {
                    text: format!("{open},{argument}]").into(),
                    attachments: attachments.clone(),
                })
            }
            #[cfg(feature = "msgpack")]
            Self::MessagePack(_) => {
                let Some(Packet::Event {
                    namespace,
                    id,
                    args,
                }) = self.read()
                else {
                    return None;
                };
                let open = args.json().strip_suffix(']')?;
                let json = format!("{open},{argument}]");
                let args = Args::from_json(json, args.attachments().to_vec()).ok()?;
                Self::message_pack(&Packet::Event {
                    namespace,
                    id,
                    args,
                })
                .ok()
            }
        }
    }

    /// Reads the packet, as its recipient will.
    fn read(&self) -> Option<Packet> {
        let mut limits = Limits::default();
        limits.max_attachments = usize::MAX;
        match self {
            Self::Json { text, attachments } => {
                use socketio_parser::Frame;

                let mut decoder = Decoder::new(limits);
                let text = text.slice_ref(text.get(ENGINE_MESSAGE.len()..)?);
                let attachments = attachments.as_deref().unwrap_or_default();
                let attachments = attachments.iter().cloned().map(Frame::Binary);
                let mut last = None;
                for frame in iter::once(Frame::Text(text)).chain(attachments) {
                    last = Some(decoder.feed(frame).ok()?);
                }
                match last? {
                    Progress::Complete(packet) => Some(packet),
                    Progress::Needs(_) => None,
                }
            }
            #[cfg(feature = "msgpack")]
            Self::MessagePack(bytes) => {
                use socketio_parser::{Frame, Revision, msgpack};

                msgpack::decode(Revision::V5, &Frame::Binary(bytes.clone()), &limits).ok()
            }
        }
    }
}

/// The packet type of Engine.IO that carries everything of Socket.IO as text; bytes need none.
/// [eio4 § Message; sio5 § Packet encoding]
pub(crate) const ENGINE_MESSAGE: &[u8] = b"4";

/// Bytes of the comma between two arguments.
const COMMA: usize = 1;
/// Bytes of the bracket behind the last argument.
const CLOSE: usize = 1;

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    const PARSERS: &[Parser] = &[
        Parser::Json,
        #[cfg(feature = "msgpack")]
        Parser::MessagePack,
    ];

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
        let frames: Vec<_> = Parser::Json.packet(&packet).unwrap().frames().collect();
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
    fn a_call_has_its_id_in_every_frame_that_shows_it() {
        let (admin, id) = (Namespace::new("/a").unwrap(), AckId::new(12));
        let args = Args::new(&1).unwrap();
        let call = Encoded::call(&admin, id, "q", &1).unwrap();
        let forwarded = Encoded::forward_call(&admin, id, "q", &args).unwrap();
        for packet in [call, forwarded] {
            assert_eq!(packet.ack_id(), Some(id));
            let frames: Vec<_> = packet.frames().collect();
            assert_eq!(frames, [Frame::Text(r#"42/a,12["q",1]"#.into())]);
            let same = packet.with_offset(&Offset::new("o"));
            assert_eq!(same.frames().collect::<Vec<_>>(), frames);
        }
        let event = Encoded::event(&admin, "q", &1).unwrap();
        assert_eq!(event.ack_id(), None);
    }

    #[test]
    fn the_offset_is_not_among_the_arguments() {
        let data = Bytes::from_static(&[1]);
        let odd = "]\"\\\u{7f}\u{2028}é,\n";
        for &parser in PARSERS {
            for namespace in ["/", "/[\"x\"]"] {
                let namespace = Namespace::new(namespace).unwrap();
                let args = Args::event("e", &(odd, &data, 1.5)).unwrap();
                let event = parser.event(&namespace, "e", &(odd, &data, 1.5)).unwrap();
                assert_eq!(event.args().as_ref(), Some(&args));
                let twice = event
                    .with_offset(&Offset::new(odd))
                    .with_offset(&Offset::new("2"));
                assert_eq!(twice.args(), Some(args));
                let Some(Packet::Event { args, .. }) = twice.frames.read() else {
                    panic!("an event");
                };
                let (.., first, second): (String, Bytes, f64, String, String) =
                    args.event_data().unwrap();
                assert_eq!((&*first, &*second), (odd, "2"));
            }
            let call = parser
                .call(&Namespace::root(), AckId::new(1), "q", &())
                .unwrap();
            assert_eq!(call.args(), Some(Args::event("q", &()).unwrap()));
        }
    }

    #[test]
    fn more_attachments_than_a_peer_allows_are_read_again() {
        let many = alloc::vec![Bytes::from_static(&[1]); 20];
        for &parser in PARSERS {
            let event = parser.event(&Namespace::root(), "e", &many).unwrap();
            assert_eq!(event.args().unwrap().attachments(), many);
        }
    }

    #[test]
    fn what_is_no_event_has_no_arguments() {
        let packet = Packet::Ack {
            namespace: Namespace::root(),
            id: Some(AckId::new(7)),
            args: Args::new(&1).unwrap(),
        };
        for &parser in PARSERS {
            let answer = parser.packet(&packet).unwrap();
            assert_eq!((answer.args(), answer.ack_id()), (None, None));
        }
    }

    #[test]
    fn a_reserved_name_is_refused() {
        let id = AckId::new(0);
        assert!(Encoded::call(&Namespace::root(), id, "disconnect", &()).is_err());
        assert!(Encoded::event(&Namespace::root(), "disconnect", &()).is_err());
        let args = Args::new(&()).unwrap();
        assert!(Encoded::forward(&Namespace::root(), "disconnect", &args).is_err());
    }
}
