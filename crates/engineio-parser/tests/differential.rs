//! Thousands of inputs, good and bad, decoded as the reference decodes them.
//!
//! The file of inputs is written by `crates/interop/js/differential/generate.mjs`, which says how.
//! What we do otherwise on purpose is said by a function, and counted.

use bytes::Bytes;
use engineio_parser::{Frame, Message, Packet, PacketRef, Utf8Bytes, payload};
use serde_json::Value;

/// What a decoder makes of an input: packets, and whether an error ends them.
#[derive(Debug, PartialEq)]
struct Outcome {
    packets: Vec<Packet>,
    failed: bool,
}

#[test]
fn every_input_is_decoded_as_by_the_reference() {
    let mut lines = include_str!("vectors/differential-engineio-v4.jsonl").lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(head["source"], "engine.io-parser 5.2.3");
    let (mut cases, mut dropped, mut differ) = (0, 0, Vec::new());
    for line in lines {
        cases += 1;
        let case: Value = serde_json::from_str(line).unwrap();
        let is = case["is"].as_array().unwrap();
        dropped += usize::from(is.iter().any(drops_data));
        let (ours, theirs) = (decode(&case), outcome(is));
        if ours != theirs {
            differ.push(format!("{line}\n  ours: {ours:?}"));
        }
    }
    let count = differ.len();
    assert_eq!(count, 0, "{count} differ:\n{}", differ.join("\n"));
    assert_eq!(head["cases"], cases);
    assert_eq!(dropped, DROPPED);
}

/// Nothing reads what stands behind close, upgrade and noop, hence we drop it.
fn drops_data(packet: &Value) -> bool {
    matches!(packet[0].as_str().unwrap(), "close" | "upgrade" | "noop") && !packet[1].is_null()
}

/// How many inputs have data that we drop.
const DROPPED: usize = 1324;

fn decode(case: &Value) -> Outcome {
    if let Some(body) = case.get("payload") {
        let mut packets = payload::decode(&body.as_str().unwrap().into());
        let good: Vec<_> = packets.by_ref().map_while(Result::ok).collect();
        assert_eq!(packets.next(), None, "an error is the last");
        let all = payload::decode(&body.as_str().unwrap().into()).count();
        return Outcome {
            failed: all > good.len(),
            packets: good,
        };
    }
    let frame = match &case["packet"] {
        Value::String(text) => Frame::Text(text.as_str().into()),
        bytes => Frame::Binary(from_hex(bytes)),
    };
    let decoded = Packet::decode(&frame);
    if let Frame::Text(text) = &frame {
        let borrowed = PacketRef::decode(text).map(|packet| packet.to_owned());
        assert_eq!(borrowed, decoded, "the borrowed twin agrees");
    }
    Outcome {
        failed: decoded.is_err(),
        packets: decoded.into_iter().collect(),
    }
}

fn outcome(is: &[Value]) -> Outcome {
    let (errors, good): (Vec<_>, Vec<_>) = is.iter().partition(|packet| packet[0] == "error");
    Outcome {
        packets: good.into_iter().map(packet).collect(),
        failed: !errors.is_empty(),
    }
}

fn packet(recorded: &Value) -> Packet {
    let data = &recorded[1];
    let text = || Utf8Bytes::from(data.as_str().unwrap_or_default());
    match recorded[0].as_str().unwrap() {
        "open" => Packet::Open(text()),
        "close" => Packet::Close,
        "ping" => Packet::Ping(text()),
        "pong" => Packet::Pong(text()),
        "message" if data.is_object() => Packet::Message(Message::Binary(from_hex(data))),
        "message" => Packet::Message(Message::Text(text())),
        "upgrade" => Packet::Upgrade,
        "noop" => Packet::Noop,
        other => panic!("{other} is no packet"),
    }
}

fn from_hex(bytes: &Value) -> Bytes {
    let digits = bytes["$bin"].as_str().unwrap();
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}
