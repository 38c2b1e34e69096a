//! Our parsers.
//!
//! A packet has been validated down to the last byte: UTF-8, JSON, the name of the event, the
//! placeholders.

use bytes::Bytes;
use engineio_parser::payload::Form;
use engineio_parser::{Frame, Message, Packet, Utf8Bytes};
use serde::{Deserialize, Serialize};
use socketio_parser::{AckId, Args, Decoder, Limits, Namespace, Progress};

use crate::workload::Received;

/// A packet of Engine.IO, from what a WebSocket has received.
pub(crate) fn packet(bytes: Bytes) -> Packet {
    Packet::decode(&Frame::Text(text(bytes))).unwrap()
}

/// Packets of Engine.IO, from the body of a request.
pub(crate) fn payload(form: Form, bytes: &Bytes) -> Vec<Packet> {
    form.decode(bytes).collect::<Result<_, _>>().unwrap()
}

/// An event, from what a WebSocket has received.
pub(crate) fn event(decoder: &mut Decoder, (bytes, attachments): Received) -> Args {
    let Packet::Message(Message::Text(text)) = packet(bytes) else {
        panic!("no message");
    };
    let mut progress = decoder.feed(socketio_parser::Frame::Text(text)).unwrap();
    for bytes in attachments.into_iter().flatten() {
        let Ok(Packet::Message(Message::Binary(bytes))) = Packet::decode(&Frame::Binary(bytes))
        else {
            panic!("no message");
        };
        progress = decoder.feed(socketio_parser::Frame::Binary(bytes)).unwrap();
    }
    match progress {
        Progress::Complete(socketio_parser::Packet::Event { args, .. }) => args,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn decoder() -> Decoder {
    Decoder::new(Limits::default())
}

/// The name of an event and its argument.
pub(crate) fn data<'a, T: Deserialize<'a>>(args: &'a Args) -> (usize, T) {
    (args.event_name().unwrap().len(), args.event_data().unwrap())
}

/// The frames of an event, for a WebSocket.
pub(crate) fn frames<T: Serialize>(event: &Event<'_, T>) -> (Utf8Bytes, Vec<Bytes>) {
    socketio_parser::encode_event(b"4", &event.namespace, event.id, event.name, event.value)
        .unwrap()
}

/// What is emitted.
pub(crate) struct Event<'a, T> {
    pub(crate) namespace: Namespace,
    pub(crate) id: Option<AckId>,
    pub(crate) name: &'a str,
    pub(crate) value: &'a T,
}

fn text(bytes: Bytes) -> Utf8Bytes {
    Utf8Bytes::try_from(bytes).unwrap()
}
