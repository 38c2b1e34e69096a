//! The notation of the vectors, and the rule for deviations.

#![allow(dead_code, reason = "each file of tests uses a part")]

use std::fmt::Debug;

use bytes::Bytes;
use engineio_parser::{DecodeError, Frame, Message, Packet, Utf8Bytes};
use serde_json::Value;

/// Vectors that this crate does not follow on purpose: name, reason.
pub(crate) type Deviations = [(&'static str, &'static str)];

pub(crate) const NOT_UTF8: &str = "text is UTF-8, which has no unpaired surrogates";

/// Runs `rule` over the `count` vectors that `wanted` picks from a file: all must pass, except the
/// deviations, which must not. A deviation that passes, or that is not there, leaves the table.
pub(crate) fn check(
    file: &str,
    wanted: impl Fn(&Value) -> bool,
    count: usize,
    deviations: &Deviations,
    rule: impl Fn(&Value) -> Result<(), String>,
) {
    let vectors: Vec<Value> = vectors(file).into_iter().filter(wanted).collect();
    assert_eq!(vectors.len(), count);
    let mut failures = Vec::new();
    for vector in &vectors {
        let name = string(vector, "name");
        let deviation = deviations.iter().find(|(listed, _)| *listed == name);
        match (rule(vector), deviation) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some((_, reason))) => failures.push(format!("{name} passes now: {reason}")),
            (Err(difference), None) => failures.push(format!("{name}: {difference}")),
        }
    }
    for (name, _) in deviations {
        if !vectors.iter().any(|vector| string(vector, "name") == *name) {
            failures.push(format!("no vector {name}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every vector of a file.
pub(crate) fn all(_vector: &Value) -> bool {
    true
}

pub(crate) fn vectors(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    let vectors = file["vectors"].as_array().unwrap().clone();
    assert_eq!(file["count"].as_u64(), Some(vectors.len() as u64));
    vectors
}

pub(crate) fn equal<T: PartialEq<U> + Debug, U: Debug>(ours: T, theirs: U) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("ours {ours:?}, theirs {theirs:?}"))
    }
}

/// The packets before the first error, and whether there is one.
pub(crate) fn collect(
    packets: impl Iterator<Item = Result<Packet, DecodeError>>,
) -> (Vec<Packet>, bool) {
    let mut packets = packets.fuse();
    let mut good = Vec::new();
    for packet in packets.by_ref() {
        match packet {
            Ok(packet) => good.push(packet),
            Err(_) => {
                assert_eq!(packets.next(), None, "nothing follows an error");
                return (good, true);
            }
        }
    }
    (good, false)
}

pub(crate) fn packets_and_error(list: &Value) -> Result<(Vec<Packet>, bool), String> {
    let list = list.as_array().unwrap();
    let (errors, good): (Vec<_>, Vec<_>) = list
        .iter()
        .cloned()
        .partition(|item| item["type"] == "error");
    Ok((packets_of(&Value::Array(good))?, !errors.is_empty()))
}

pub(crate) fn packets_of(list: &Value) -> Result<Vec<Packet>, String> {
    list.as_array().unwrap().iter().map(packet).collect()
}

pub(crate) fn packet(value: &Value) -> Result<Packet, String> {
    let kind = value["type"].as_str().ok_or("a packet without a type")?;
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

pub(crate) fn has_bytes(packets: &[Packet]) -> bool {
    let is_binary = |packet: &Packet| matches!(packet, Packet::Message(Message::Binary(_)));
    packets.iter().any(is_binary)
}

pub(crate) fn frame(value: &Value) -> Result<Frame, String> {
    match value.get("binary") {
        Some(binary) => Ok(Frame::Binary(bytes(binary))),
        None => Ok(Frame::Text(text(&value["text"])?)),
    }
}

pub(crate) fn text(value: &Value) -> Result<Utf8Bytes, String> {
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

pub(crate) fn bytes(value: &Value) -> Bytes {
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

pub(crate) fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}
