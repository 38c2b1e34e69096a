//! The parsers of socketioxide.
//!
//! Of an event they read the header only: JSON is validated when someone asks for the arguments.
//! Attachments are copied. The data of pings is dropped.

use bytes::Bytes;
use engineioxide_core::{Packet, PacketBuf, ProtocolVersion, Str, payload};
use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderValue;
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use smallvec::smallvec;
use socketioxide_core::packet::PacketData;
use socketioxide_core::parser::{Parse, ParseConfig, ParserState};
use socketioxide_core::{Value, packet};
use socketioxide_parser_common::CommonParser;

use crate::workload::Received;

/// A packet of Engine.IO, from what a WebSocket has received.
pub(crate) fn packet(bytes: Bytes) -> Packet {
    Packet::parse(ProtocolVersion::V4, text(bytes)).unwrap()
}

/// Packets of Engine.IO, from the body of a request.
pub(crate) fn payload(
    protocol: ProtocolVersion,
    content_type: &HeaderValue,
    bytes: Bytes,
) -> Vec<Packet> {
    let body = Full::new(bytes);
    let packets = payload::decoder(body, Some(content_type), protocol, u64::MAX);
    let packets: Vec<_> = packets.collect().now_or_never().unwrap();
    packets.into_iter().collect::<Result<_, _>>().unwrap()
}

/// An event, from what a WebSocket has received.
pub(crate) fn event(state: &State, (bytes, attachments): Received) -> Value {
    let State(config, state) = state;
    let mut decoded = CommonParser.decode_str(config, state, packet(bytes).into_message());
    for bytes in attachments.into_iter().flatten() {
        decoded = CommonParser.decode_bin(config, state, bytes);
    }
    match decoded.unwrap().inner {
        PacketData::Event(value, _) | PacketData::BinaryEvent(value, _) => value,
        other => panic!("{other:?}"),
    }
}

#[derive(Default)]
pub(crate) struct State(ParseConfig, ParserState);

/// The name of an event and its argument.
pub(crate) fn data<'a, T: Deserialize<'a>>(value: &'a mut Value) -> (usize, T) {
    let name = CommonParser.read_event(value).unwrap().len();
    (name, CommonParser.decode_value(value, true).unwrap())
}

/// The frames of an event, for a WebSocket.
pub(crate) fn frames<T: Serialize>(
    namespace: &'static str,
    id: Option<i64>,
    name: &str,
    value: &T,
) -> (String, Option<impl Sized + use<T>>) {
    let value = CommonParser.encode_value(value, Some(name)).unwrap();
    let mut packet = packet::Packet::event(namespace, value);
    if let Some(id) = id {
        packet.inner.set_ack_id(id);
    }
    let Value::Str(text, attachments) = CommonParser.encode(packet) else {
        panic!("no text");
    };
    (Packet::Message(text).into(), attachments)
}

/// Packets as they wait for an answer.
pub(crate) fn queue(packets: &[Packet]) -> Queue {
    let packets = packets.iter().map(|packet| smallvec![packet.clone()]);
    packets.collect()
}

pub(crate) type Queue = Vec<PacketBuf>;

/// The body of an answer.
pub(crate) fn body(protocol: ProtocolVersion, queue: Queue) -> Bytes {
    let queue = stream::iter(queue);
    let payload = payload::encoder(queue, protocol, true, u64::MAX);
    payload.now_or_never().unwrap().data
}

fn text(bytes: Bytes) -> Str {
    std::str::from_utf8(&bytes).unwrap();
    // SAFETY: the line above has looked.
    unsafe { Str::from_bytes_unchecked(bytes) }
}
