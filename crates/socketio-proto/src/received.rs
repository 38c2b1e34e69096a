//! What the layer below has received, as the decoder takes it.

use socketio_parser::Frame;

use crate::engine::Message;

/// One message of Engine.IO is one frame of Socket.IO. [sio5 § Packet encoding]
pub(crate) fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(text),
        Message::Binary(data) => Frame::Binary(data),
    }
}
