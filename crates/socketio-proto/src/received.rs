//! What the layer below has received, as packets.

use socketio_parser::{DecodeError, Decoder, Frame, Limits, Packet, Progress, Revision};

use crate::Parser;
use crate::engine::Message;

/// Reads what one peer sends in the course of one session.
#[derive(Debug)]
pub(crate) enum Reader {
    Json(Decoder),
    #[cfg(feature = "msgpack")]
    MessagePack(Revision, Limits),
}

impl Reader {
    /// For packets in the revision that the peer speaks.
    pub(crate) fn new(parser: Parser, revision: Revision, limits: Limits) -> Self {
        match parser {
            Parser::Json => Self::Json(Decoder::with_revision(revision, limits)),
            #[cfg(feature = "msgpack")]
            Parser::MessagePack => Self::MessagePack(revision, limits),
        }
    }

    /// Takes a message. `None`: its packet is not complete.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if no correct peer sends this message now: one in the other encoding
    /// included.
    pub(crate) fn read(&mut self, message: Message) -> Result<Option<Packet>, DecodeError> {
        match self {
            Self::Json(decoder) => Ok(match decoder.feed(frame(message))? {
                Progress::Complete(packet) => Some(packet),
                Progress::Needs(_) => None,
            }),
            #[cfg(feature = "msgpack")]
            Self::MessagePack(revision, limits) => {
                use socketio_parser::msgpack;

                msgpack::decode(*revision, &frame(message), limits).map(Some)
            }
        }
    }
}

/// One message of Engine.IO is one frame of Socket.IO. [sio5 § Packet encoding]
fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(text),
        Message::Binary(data) => Frame::Binary(data),
    }
}
