//! Packets recorded from the reference implementation, in both directions.
//!
//! Source: socket.io-parser 4.2.7. What we do otherwise is in the tables, each with its reason; a
//! vector in a table that passes is an error too.

#![allow(missing_docs, reason = "a test")]

mod value;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::Value as Json;
use socketio_parser::{
    AckId, Args, Decoder, Frame, Limits, Namespace, Packet, Progress, encode_event, from_json,
    to_json,
};

use value::{Everything, Several, Value, text};

/// Encode vectors that differ.
const ENCODED_OTHERWISE: &[(&str, &str)] = &[
    (
        "v5.enc.encode-error-bigint",
        "Rust: integers of any size are numbers",
    ),
    (
        "v5.enc.encode-error-circular",
        "Rust: a value cannot contain itself",
    ),
    (
        "v5.enc.event-data-undefined",
        "an event always has an array",
    ),
    ("v5.enc.event-id-1e21", "Rust: ids are integers"),
    ("v5.enc.event-lone-surrogates", "Rust: strings are UTF-8"),
    (
        "v5.enc.event-reserved-name",
        "refused where the reference's sockets refuse it",
    ),
    (
        "v5.enc.event-to-json",
        "Rust: there is no toJSON, a type serialises as it likes",
    ),
    (
        "v5.enc.binary-in-to-json",
        "Rust: there is no toJSON, a type serialises as it likes",
    ),
    (
        "v5.enc.nsp-no-leading-slash",
        "the slash is added, for the peer could not read it",
    ),
    (
        "v5.enc.nsp-with-comma",
        "refused, for the peer would read another namespace",
    ),
];

/// Decode vectors that differ.
const DECODED_OTHERWISE: &[(&str, &str)] = &[
    ("v5.dec.ack-no-id-no-payload", NO_PAYLOAD),
    ("v5.dec.ack-no-payload", NO_PAYLOAD),
    ("v5.dec.binary-count-exp", COERCION),
    ("v5.dec.binary-count-hex", COERCION),
    ("v5.dec.binary-count-plus", COERCION),
    ("v5.dec.binary-count-space", COERCION),
    ("v5.dec.binary-no-payload", NO_PAYLOAD),
    ("v5.dec.binary-no-payload-nsp", NO_PAYLOAD),
    (
        "v5.dec.binary-num-float",
        "a placeholder has to stand for an attachment",
    ),
    ("v5.dec.bom-only", COERCION),
    ("v5.dec.connect-number-payload", STRAY_ID),
    ("v5.dec.connect-with-id", STRAY_ID),
    ("v5.dec.disconnect-with-id", STRAY_ID),
    ("v5.dec.empty-string", COERCION),
    ("v5.dec.error-no-payload", NO_PAYLOAD),
    ("v5.dec.error-number-is-id", STRAY_ID),
    ("v5.dec.event-admin-no-comma-payload", NO_PAYLOAD),
    ("v5.dec.event-id-1-space", COERCION),
    ("v5.dec.event-id-2^53+1", LARGE_ID),
    ("v5.dec.event-id-21-digits", LARGE_ID),
    ("v5.dec.event-id-400-digits", LARGE_ID),
    ("v5.dec.event-id-newline", COERCION),
    ("v5.dec.event-id-space", COERCION),
    ("v5.dec.event-id-space-1", COERCION),
    ("v5.dec.event-id-u64max", LARGE_ID),
    ("v5.dec.event-json-depth-1000", DEEP),
    ("v5.dec.event-json-depth-200", DEEP),
    ("v5.dec.event-json-depth-objects-200", DEEP),
    ("v5.dec.event-no-payload", NO_PAYLOAD),
    ("v5.dec.event-no-payload-admin", NO_PAYLOAD),
    ("v5.dec.event-no-payload-id", NO_PAYLOAD),
    ("v5.dec.single-newline", COERCION),
    ("v5.dec.single-space", COERCION),
    ("v5.dec.space-payload", COERCION),
];

const COERCION: &str = "digits are numbers, and nothing else is";
const DEEP: &str = "decoded, but reading it into types stops at 128 levels";
const LARGE_ID: &str = "above 2^53 - 1 peers do not count exactly";
const NO_PAYLOAD: &str = "refused: events, acknowledgements and refusals have a payload";
const STRAY_ID: &str = "refused: only events and acknowledgements have an id";

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    packet: Option<Json>,
    #[serde(default)]
    frames: Vec<Json>,
    #[serde(default)]
    packets: Vec<Emitted>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Emitted {
    after_frame: usize,
    packet: Json,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    at_frame: usize,
    message: String,
}

/// A packet as the vectors describe it.
#[derive(Debug, Default, PartialEq)]
struct Described {
    after_frame: usize,
    kind: u64,
    namespace: String,
    id: Option<u64>,
    data: Option<Value>,
}

#[test]
fn packets_are_encoded_as_recorded() {
    let file = include_str!("vectors/socketio-v5-encode.json");
    check(file, ENCODED_OTHERWISE, |vector| {
        let frames = encode(vector.packet.as_ref().unwrap())?;
        let expected: Vec<_> = vector.frames.iter().map(frame).collect();
        same(frames.len(), expected.len())?;
        for (frame, expected) in frames.iter().zip(&expected) {
            match (frame, expected) {
                (Frame::Text(text), Frame::Text(expected)) => same_text(text, expected)?,
                (frame, expected) => same(frame, expected)?,
            }
        }
        Ok(())
    });
}

#[test]
fn frames_are_decoded_as_recorded() {
    let file = include_str!("vectors/socketio-v5-decode.json");
    check(file, DECODED_OTHERWISE, |vector| decodes_to(vector, None));
}

#[test]
fn errors_are_those_recorded() {
    let file = include_str!("vectors/socketio-v5-decode-errors.json");
    check(file, &[], |vector| {
        decodes_to(vector, vector.error.as_ref())
    });
}

/// What is nested too deeply for types still comes through.
#[test]
fn deep_nesting_is_decoded() {
    let file: File = serde_json::from_str(include_str!("vectors/socketio-v5-decode.json")).unwrap();
    for vector in file
        .vectors
        .iter()
        .filter(|vector| vector.name.contains("depth"))
    {
        let mut decoder = Decoder::new(Limits::default());
        let Frame::Text(text) = frame(&vector.frames[0]) else {
            panic!()
        };
        let fed = decoder.feed(Frame::Text(text.clone())).unwrap();
        let Progress::Complete(Packet::Event { args, .. }) = fed else {
            panic!()
        };
        assert_eq!(args.json(), &text[1..]);
        let error = args.event_data::<Value>().unwrap_err();
        assert!(error.to_string().contains("nested too deeply"), "{error}");
    }
}

/// Runs all vectors of a file: those in the table have to fail, all others to pass.
fn check(file: &str, table: &[(&str, &str)], run: impl Fn(&Vector) -> Result<(), String>) {
    let file: File = serde_json::from_str(file).unwrap();
    let mut table: BTreeMap<_, _> = table.iter().copied().collect();
    let mut wrong = Vec::new();
    for vector in &file.vectors {
        match (run(vector), table.remove(&*vector.name)) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err(error), None) => wrong.push(format!("{}: {error}", vector.name)),
            (Ok(()), Some(reason)) => wrong.push(format!("{} passes: {reason}", vector.name)),
        }
    }
    wrong.extend(table.keys().map(|name| format!("{name}: no such vector")));
    assert!(wrong.is_empty(), "{:#?}", wrong);
}

fn encode(packet: &Json) -> Result<Vec<Frame>, String> {
    let namespace = packet.get("nsp").map(text).unwrap_or_default();
    let namespace = Namespace::new(namespace).map_err(|error| error.to_string())?;
    let data = packet.get("data").map(Value::try_from).transpose()?;
    let id = match packet.get("id") {
        None | Some(Json::Null) => None,
        Some(id) => Some(AckId::new(id.as_u64().ok_or("no integer")?)),
    };
    let json = |data: &Value| to_json(data).map_err(|error| error.to_string());
    let several = |data: Option<&Value>| match data {
        Some(Value::List(items)) => Ok(items.clone()),
        other => Err(format!("no arguments: {other:?}")),
    };
    let packet = match packet["type"].as_u64().unwrap() {
        0 => Packet::Connect {
            namespace,
            data: data.as_ref().map(json).transpose()?,
        },
        1 => Packet::Disconnect { namespace },
        2 => {
            let items = several(data.as_ref())?;
            let args = event_args(&namespace, id, &items)?;
            Packet::Event {
                namespace,
                id,
                args,
            }
        }
        3 => {
            let args = Args::new(&Several(&several(data.as_ref())?)).unwrap();
            Packet::Ack {
                namespace,
                id,
                args,
            }
        }
        4 => Packet::ConnectError {
            namespace,
            data: json(&data.ok_or("no data")?)?,
        },
        other => panic!("{other}"),
    };
    Ok(frames_of(&packet))
}

/// Makes arguments, and checks that the way without them gives the same frames.
fn event_args(namespace: &Namespace, id: Option<AckId>, items: &[Value]) -> Result<Args, String> {
    let Some((Value::Text(name), rest)) = items.split_first() else {
        return Ok(Args::new(&Several(items)).unwrap());
    };
    let args = Args::event(name, &Several(rest)).map_err(|error| error.to_string())?;
    let (text, attachments) = encode_event(b"4", namespace, id, name, &Several(rest)).unwrap();
    let packet = Packet::Event {
        namespace: namespace.clone(),
        id,
        args: args.clone(),
    };
    let mut frames = vec![Frame::Text(text[1..].into())];
    frames.extend(attachments.into_iter().map(Frame::Binary));
    same(frames, frames_of(&packet))?;
    Ok(args)
}

fn frames_of(packet: &Packet) -> Vec<Frame> {
    let mut out = BytesMut::new();
    packet.encode(&mut out);
    assert_eq!(out.len(), packet.encoded_len());
    let text = Frame::Text(out.freeze().try_into().unwrap());
    [text]
        .into_iter()
        .chain(packet.attachments().iter().cloned().map(Frame::Binary))
        .collect()
}

fn decodes_to(vector: &Vector, failure: Option<&Failure>) -> Result<(), String> {
    let mut decoder = Decoder::new(Limits::default());
    let mut expected = vector.packets.iter();
    for (index, frame) in vector.frames.iter().map(frame).enumerate() {
        match (decoder.feed(frame), failure) {
            (Ok(Progress::Complete(packet)), _) => {
                let expected = expected.next().ok_or("a packet too many")?;
                same(describe(index, &packet)?, describe_expected(expected)?)?;
            }
            (Ok(Progress::Needs(_)), _) => {}
            (Err(error), Some(failure)) => {
                same(index, failure.at_frame)?;
                let begins = error.to_string().starts_with(&failure.message);
                same(begins, true).map_err(|_| format!("{error}, not {}", failure.message))?;
                return same(expected.next().is_none(), true);
            }
            (Err(error), None) => return Err(error.to_string()),
        }
    }
    same(expected.next().is_none(), true)?;
    same(failure.is_none(), true)
}

fn describe(after_frame: usize, packet: &Packet) -> Result<Described, String> {
    let value = |json: &str| from_json(json).map_err(|error| error.to_string());
    let (kind, id, data) = match packet {
        Packet::Connect { data, .. } => (0, None, data.as_deref().map(value).transpose()?),
        Packet::Disconnect { .. } => (1, None, None),
        Packet::Event { id, args, .. } => (2, *id, Some(Everything::of(args)?)),
        Packet::Ack { id, args, .. } => (3, *id, Some(Everything::of(args)?)),
        Packet::ConnectError { data, .. } => (4, None, Some(value(data)?)),
    };
    let namespace = packet.namespace().to_string();
    Ok(Described {
        after_frame,
        kind,
        namespace,
        id: id.map(AckId::get),
        data,
    })
}

fn describe_expected(emitted: &Emitted) -> Result<Described, String> {
    let packet = &emitted.packet;
    Ok(Described {
        after_frame: emitted.after_frame,
        kind: packet["type"].as_u64().unwrap(),
        namespace: text(&packet["nsp"]),
        id: packet
            .get("id")
            .map(|id| id.as_u64().ok_or("no integer"))
            .transpose()?,
        data: packet.get("data").map(Value::try_from).transpose()?,
    })
}

fn frame(frame: &Json) -> Frame {
    match (frame.get("text"), frame.get("bin")) {
        (Some(text), _) => Frame::Text(value::text(text).into()),
        (None, Some(hex)) => Frame::Binary(Bytes::from(value::bytes(hex))),
        (None, None) => panic!("{frame}"),
    }
}

/// The order of members is free: then header and JSON are compared by themselves.
fn same_text(text: &str, expected: &str) -> Result<(), String> {
    let split = |text: &str| {
        let (header, json) = text.split_at(text.find(['[', '{', '"']).unwrap_or(text.len()));
        (header.to_owned(), serde_json::from_str::<Json>(json).ok())
    };
    if text == expected {
        Ok(())
    } else {
        same(split(text), split(expected))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?} instead of {expected:?}")
        .chars()
        .take(400)
        .collect())
}
