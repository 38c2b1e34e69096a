//! What the layer below has received, as packets.

use socketio_parser::{DecodeError, Decoder, Frame, Limits, Packet, Progress};

use crate::Parser;
use crate::engine::Message;

/// Reads what one peer sends in the course of one session.
#[derive(Debug)]
pub(crate) enum Reader {
    Json(Decoder),
    #[cfg(feature = "msgpack")]
    MessagePack(Limits),
}

impl Reader {
    pub(crate) fn new(parser: Parser, limits: Limits) -> Self {
        match parser {
            Parser::Json => Self::Json(Decoder::new(limits)),
            #[cfg(feature = "msgpack")]
            Parser::MessagePack => Self::MessagePack(limits),
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
            Self::MessagePack(limits) => {
                use socketio_parser::{Revision, msgpack};

                msgpack::decode(Revision::V5, &frame(message), limits).map(Some)
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
