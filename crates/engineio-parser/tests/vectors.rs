//! Recorded behaviour of the reference parser, in both directions.
//!
//! Where this crate differs on purpose, the vector stands in [`DEVIATIONS`] with the reason. Such a
//! vector must fail: when it no longer does, it is removed from the table.

use bytes::{Bytes, BytesMut};
use engineio_parser::{Frame, Message, Packet, PacketRef, Utf8Bytes, payload};
use serde_json::Value;

/// Vectors that this crate does not follow, each with the reason.
const DEVIATIONS: [(&str, &str); 10] = [
    ("v4_err_payload_v3_string_payload", IGNORED),
    ("v4_packet_binary_type_noop_is_lost_on_wire", ONLY_MESSAGES),
    ("v4_packet_binary_type_pong_is_lost_on_wire", ONLY_MESSAGES),
    ("v4_packet_text_close_with_data", IGNORED),
    ("v4_packet_text_message_lone_high_surrogate", NOT_UTF8),
    ("v4_packet_text_message_lone_low_surrogate", NOT_UTF8),
    ("v4_packet_text_message_reversed_surrogates", NOT_UTF8),
    ("v4_packet_text_noop_with_data", IGNORED),
    (
        "v4_payload_lone_high_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
    (
        "v4_payload_lone_low_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
];
const IGNORED: &str = "data behind close and noop is accepted, and dropped: nothing reads it";
const NOT_UTF8: &str = "text is UTF-8, which has no unpaired surrogates";
const ONLY_MESSAGES: &str = "bytes with a type that would be lost cannot be written down";

#[test]
fn packets() {
    check(
        include_str!("vectors/engineio-packets_v4.json"),
        84,
        |vector| {
            let (op, encoded) = (string(vector, "op"), frame(&vector["encoded"])?);
            let packet = packet(&vector["packet"])?;
            if op != "decode" {
                equal(encode(&packet, &encoded), encoded.clone())?;
            }
            if op != "encode" {
                equal(Packet::decode(&encoded), Ok(packet.clone()))?;
            }
            if let (Frame::Text(text), "both") = (&encoded, op) {
                equal(PacketRef::decode(text), Ok(packet.as_ref()))?;
                equal(packet.as_ref().encoded_len(), text.len())?;
            }
            Ok(())
        },
    );
}

#[test]
fn payloads() {
    check(
        include_str!("vectors/engineio-payload_v4.json"),
        28,
        |vector| {
            let packets = packets_of(&vector["packets"])?;
            let payload = text(&vector["payload"])?;
            let mut body = payload::PayloadBuf::new();
            for packet in &packets {
                body.push(&Frame::from(packet));
            }
            let body = body.into_bytes();
            equal(&body[..], payload.as_bytes())?;
            match string(vector, "op") {
                "both" => {
                    equal(body, bytes(&vector["body_utf8"]))?;
                    equal(decode(&payload), (packets, false))
                }
                "encode_then_decode" => equal(
                    decode(&payload),
                    packets_and_error(&vector["decoded_by_peer"])?,
                ),
                op => Err(format!("unknown op {op}")),
            }
        },
    );
}

/// The two payload vectors in [`DEVIATIONS`], as far as they can be followed: what arrives.
#[test]
fn bodies_with_replaced_surrogates_are_decoded() {
    let vectors = vectors(include_str!("vectors/engineio-payload_v4.json"), 28);
    let surrogates = vectors
        .iter()
        .filter(|vector| vector["requires_utf16"] == true);
    let mut count = 0;
    for vector in surrogates {
        let body = Utf8Bytes::try_from(bytes(&vector["body_utf8"])).unwrap();
        assert_eq!(
            Ok(decode(&body)),
            packets_and_error(&vector["decoded_by_peer"])
        );
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn decode_errors() {
    check(
        include_str!("vectors/engineio-decode_errors_v4.json"),
        30,
        |vector| {
            let input = text(&vector["input"]["text"])?;
            let expected = packets_and_error(&vector["result"])?;
            equal(expected.1, vector["is_error"] == true)?;
            match string(vector, "level") {
                "packet" => {
                    let frame = Frame::Text(input.clone());
                    equal(Packet::decode(&frame).is_err(), true)?;
                    equal(PacketRef::decode(&input).is_err(), true)
                }
                "payload" => equal(decode(&input), expected),
                level => Err(format!("unknown level {level}")),
            }
        },
    );
}

#[test]
fn every_deviation_names_a_vector() {
    let files = [
        include_str!("vectors/engineio-packets_v4.json"),
        include_str!("vectors/engineio-payload_v4.json"),
        include_str!("vectors/engineio-decode_errors_v4.json"),
    ];
    for (name, _) in DEVIATIONS {
        let quoted = format!("\"{name}\"");
        assert!(
            files.iter().any(|file| file.contains(&quoted)),
            "no vector {name}"
        );
    }
}

/// Runs `rule` over `count` vectors: all must pass, except the deviations, which must not.
fn check(file: &str, count: usize, rule: impl Fn(&Value) -> Result<(), String>) {
    let mut failures = Vec::new();
    for vector in vectors(file, count) {
        let name = string(&vector, "name");
        let deviation = DEVIATIONS.iter().find(|(listed, _)| *listed == name);
        match (rule(&vector), deviation) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some((_, reason))) => failures.push(format!("{name} passes now: {reason}")),
            (Err(difference), None) => failures.push(format!("{name}: {difference}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn vectors(file: &str, count: usize) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    let vectors = file["vectors"].as_array().unwrap().clone();
    assert_eq!(vectors.len(), count);
    vectors
}

fn equal<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    ours: T,
    theirs: U,
) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("ours {ours:?}, theirs {theirs:?}"))
    }
}

/// Encodes in the form of `like`: for a WebSocket, or as text (which is also appended to a buffer).
fn encode(packet: &Packet, like: &Frame) -> Frame {
    match like {
        Frame::Binary(_) => Frame::from(packet),
        Frame::Text(_) => {
            let mut out = BytesMut::from("before");
            packet.as_ref().encode(&mut out);
            let text = packet.as_ref().to_text();
            assert_eq!(out[6..], *text.as_bytes());
            Frame::Text(text)
        }
    }
}

/// The packets before the first error, and whether there is one.
fn decode(body: &Utf8Bytes) -> (Vec<Packet>, bool) {
    let mut packets = payload::decode(body);
    let good: Vec<_> = packets.by_ref().map_while(Result::ok).collect();
    assert_eq!(packets.next(), None);
    let bad = payload::decode(body).nth(good.len()).is_some();
    (good, bad)
}

fn packets_and_error(list: &Value) -> Result<(Vec<Packet>, bool), String> {
    let list = list.as_array().unwrap();
    let (errors, good): (Vec<_>, Vec<_>) = list
        .iter()
        .cloned()
        .partition(|item| item["type"] == "error");
    Ok((packets_of(&Value::Array(good))?, !errors.is_empty()))
}

fn packets_of(list: &Value) -> Result<Vec<Packet>, String> {
    list.as_array().unwrap().iter().map(packet).collect()
}

fn packet(value: &Value) -> Result<Packet, String> {
    let kind = string(value, "type");
    if let Some(binary) = value.get("binary") {
        return match kind {
            "message" => Ok(Packet::Message(Message::Binary(bytes(binary)))),
            _ => Err(format!("a {kind} cannot carry bytes")),
        };
    }
    let data = value.get("text").map_or(Ok(Utf8Bytes::new()), text)?;
    match (kind, data.is_empty()) {
        ("open", _) => Ok(Packet::Open(data)),
        ("close", true) => Ok(Packet::Close),
        ("ping", _) => Ok(Packet::Ping(data)),
        ("pong", _) => Ok(Packet::Pong(data)),
        ("message", _) => Ok(Packet::Message(Message::Text(data))),
        ("upgrade", true) => Ok(Packet::Upgrade),
        ("noop", true) => Ok(Packet::Noop),
        _ => Err(format!("a {kind} cannot carry data")),
    }
}

fn frame(value: &Value) -> Result<Frame, String> {
    match value.get("binary") {
        Some(binary) => Ok(Frame::Binary(bytes(binary))),
        None => Ok(Frame::Text(text(&value["text"])?)),
    }
}

fn text(value: &Value) -> Result<Utf8Bytes, String> {
    if let Some(text) = value.as_str() {
        Ok(text.into())
    } else if let Some(parts) = value["concat"].as_array() {
        let parts: Result<Vec<_>, _> = parts.iter().map(text).collect();
        Ok(parts?.iter().map(|part| &**part).collect::<String>().into())
    } else if let Some(count) = value["count"].as_u64() {
        Ok(string(value, "repeat")
            .repeat(usize::try_from(count).unwrap())
            .into())
    } else {
        Err(format!("{value} cannot be written down"))
    }
}

fn bytes(value: &Value) -> Bytes {
    if let Some(parts) = value["concat"].as_array() {
        parts.iter().flat_map(bytes).collect()
    } else if let Some(count) = value["count"].as_u64() {
        let unit = from_hex(string(value, "repeat_hex"));
        unit.repeat(usize::try_from(count).unwrap()).into()
    } else {
        from_hex(string(value, "hex")).into()
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}
