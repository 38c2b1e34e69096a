//! Thousands of sequences of frames, good and bad, decoded as the reference decodes them.
//!
//! The file of inputs is written by `crates/interop/js/differential/generate.mjs`, which says how.
//! What we refuse though the reference takes it is said by [`Refusal`], and counted.

#![allow(missing_docs, reason = "a test")]

#[allow(dead_code, reason = "tests/vectors.rs uses all of it")]
mod value;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value as Json;
use socketio_parser::{
    AckId, Args, Decoder, Frame, Limits, Packet, PacketRef, Progress, from_json,
};

use value::{Everything, Value};

/// An input, and what the reference made of it.
#[derive(Deserialize)]
struct Case {
    frames: Vec<Json>,
    #[serde(default)]
    packets: Vec<Recorded>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Recorded {
    after: usize,
    #[serde(rename = "type")]
    kind: u64,
    nsp: String,
    id: Option<Json>,
    data: Option<Json>,
    /// How deep the data is nested, where it is too deep to be written down.
    levels: Option<usize>,
}

#[derive(Deserialize)]
struct Failure {
    at: usize,
    message: String,
}

#[derive(Debug, PartialEq)]
struct Described {
    after: usize,
    kind: u64,
    namespace: String,
    id: Option<u64>,
    data: Data,
}

#[derive(Debug, PartialEq)]
enum Data {
    /// Nested deeper than 100 levels; whether an argument has more than 128, too many to be read
    /// into types.
    Deep(bool),
    None,
    Some(Value),
}

/// What is correct for the reference and an error for us.
///
/// Each is decided by the text of the packet, read here without our parser.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Refusal {
    /// A type, a number of attachments or an id that is no digits but that JavaScript takes for a
    /// number, such as white space.
    Coerced,
    /// More than 1024 levels of nesting.
    Deep,
    /// A placeholder for half an attachment; it becomes undefined.
    Fraction,
    /// An id above 2^53 - 1, which is rounded.
    LargeId,
    /// An event, an acknowledgement or a refusal without payload.
    NoPayload,
    /// A bad placeholder that a later member of the same name replaces.
    Overridden,
    /// An id of a packet that has none.
    StrayId,
}

/// How many inputs we refuse for each reason.
const REFUSED: [(Refusal, usize); 7] = [
    (Refusal::Coerced, 166),
    (Refusal::Deep, 10),
    (Refusal::Fraction, 5),
    (Refusal::LargeId, 54),
    (Refusal::NoPayload, 121),
    (Refusal::Overridden, 13),
    (Refusal::StrayId, 37),
];

#[test]
fn every_input_is_decoded_as_by_the_reference() {
    let mut lines = include_str!("vectors/differential-socketio-v5.jsonl").lines();
    let head: Json = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(head["source"], "socket.io-parser 4.2.7");
    let (mut cases, mut refused, mut differ) = (0, BTreeMap::new(), Vec::new());
    for line in lines {
        cases += 1;
        match compare(&serde_json::from_str(line).unwrap()) {
            Ok(None) => {}
            Ok(Some(refusal)) => *refused.entry(refusal).or_insert(0) += 1,
            Err(difference) => differ.push(format!("{line}\n  {difference}")),
        }
    }
    let count = differ.len();
    assert_eq!(count, 0, "{count} differ:\n{}", differ.join("\n"));
    assert_eq!(head["cases"], cases);
    assert_eq!(refused, BTreeMap::from(REFUSED));
}

/// Feeds the frames, up to the first error.
fn compare(case: &Case) -> Result<Option<Refusal>, String> {
    let mut decoder = Decoder::new(Limits::default());
    let mut expected = case.packets.iter().peekable();
    for (at, frame) in case.frames.iter().map(frame).enumerate() {
        let packet = expected.next_if(|packet| packet.after == at);
        let failure = case.error.as_ref().filter(|failure| failure.at == at);
        twins_agree(&decoder, &frame)?;
        match (decoder.feed(frame), packet, failure) {
            (Ok(Progress::Needs(_)), None, None) => {}
            (Ok(Progress::Complete(ours)), Some(theirs), None) => {
                let (ours, theirs) = (describe(at, &ours), describe_recorded(theirs));
                if ours != theirs {
                    return Err(format!("{ours:?} instead of {theirs:?}"));
                }
            }
            (Err(ours), None, Some(theirs)) if ours.to_string().starts_with(&theirs.message) => {
                return Ok(None);
            }
            (Err(ours), packet, _) => {
                let refusal = refusal(case, at, packet);
                return refusal
                    .map(Some)
                    .ok_or_else(|| format!("frame {at}: {ours}"));
            }
            (ours, _, _) => return Err(format!("frame {at}: {ours:?}")),
        }
    }
    Ok(None)
}

/// The borrowed twin of a packet is made of the same texts.
fn twins_agree(decoder: &Decoder, frame: &Frame) -> Result<(), String> {
    let Frame::Text(text) = frame else {
        return Ok(());
    };
    let fed = Decoder::new(Limits::default())
        .feed(frame.clone())
        .map(|_| ());
    let borrowed = PacketRef::decode(text).map(|_| ());
    // Placeholders are looked at when the attachments have come.
    match decoder.is_reconstructing() || fed == borrowed {
        true => Ok(()),
        false => Err(format!("{fed:?}, borrowed {borrowed:?}")),
    }
}

/// Why we refuse the packet that frame `at` belongs to; `packet` is what the reference makes of it
/// if it is complete.
fn refusal(case: &Case, at: usize, packet: Option<&Recorded>) -> Option<Refusal> {
    let text = case.frames[..=at].iter().rev().find_map(Json::as_str)?;
    let mut characters = text.chars();
    let Some(kind) = characters.next().filter(|&kind| !is_space(kind)) else {
        return Some(Refusal::Coerced);
    };
    let mut rest = characters.as_str();
    if matches!(kind, '5' | '6') {
        let (count, behind) = rest.split_once('-')?;
        if !count.chars().all(|character| character.is_ascii_digit()) {
            return Some(Refusal::Coerced);
        }
        rest = behind;
    }
    if rest.starts_with('/') {
        rest = rest.split_once(',').map_or("", |(_, behind)| behind);
    }
    let payload = rest.trim_start_matches(|next: char| is_space(next) || next.is_ascii_digit());
    let id = &rest[..rest.len() - payload.len()];
    let has_id = matches!(kind, '2' | '3' | '5' | '6');
    if id.contains(is_space) {
        Some(Refusal::Coerced)
    } else if !id.is_empty() && !has_id {
        Some(Refusal::StrayId)
    } else if !id.is_empty() && id.parse().is_ok_and(|id: f64| id >= 2_f64.powi(53)) {
        Some(Refusal::LargeId)
    } else if payload.is_empty() && (has_id || kind == '4') {
        Some(Refusal::NoPayload)
    } else if packet.is_some_and(|packet| packet.levels > Some(1024)) {
        Some(Refusal::Deep)
    } else if packet?.data.as_ref()?.to_string().contains("$undefined") {
        Some(Refusal::Fraction)
    } else {
        let head = &text[..text.len() - payload.len()];
        // Numbers that overflow are beyond the parser of this test.
        let without_repetition: Json =
            serde_json::from_str(&payload.replace("e400", "e300")).ok()?;
        let text = Frame::Text(format!("{head}{without_repetition}").into());
        let attachments = case.frames[..=at].iter().rev().map(frame);
        let attachments = attachments.take_while(|frame| matches!(frame, Frame::Binary(_)));
        is_packet([text].into_iter().chain(attachments)).then_some(Refusal::Overridden)
    }
}

/// Whether the frames are one packet.
fn is_packet(frames: impl Iterator<Item = Frame>) -> bool {
    let mut decoder = Decoder::new(Limits::default());
    let fed: Vec<_> = frames.map(|frame| decoder.feed(frame)).collect();
    matches!(fed.last(), Some(Ok(Progress::Complete(_))))
}

/// What JavaScript passes over around a number.
fn is_space(character: char) -> bool {
    character == '\u{feff}' || character.is_whitespace() && character != '\u{85}'
}

fn describe(after: usize, packet: &Packet) -> Described {
    let value = |json: &str| Data::Some(from_json(json).unwrap());
    let (kind, id, data) = match packet {
        Packet::Connect { data, .. } => (0, None, data.as_deref().map_or(Data::None, value)),
        Packet::Disconnect { .. } => (1, None, Data::None),
        Packet::Event { id, args, .. } => (2, *id, arguments(args)),
        Packet::Ack { id, args, .. } => (3, *id, arguments(args)),
        Packet::ConnectError { data, .. } => (4, None, value(data)),
    };
    Described {
        after,
        kind,
        namespace: packet.namespace().to_string(),
        id: id.map(AckId::get),
        data,
    }
}

fn arguments(args: &Args) -> Data {
    let deep = args.json().matches(['[', '{']).count() > 100;
    match Everything::of(args) {
        Ok(_) if deep => Data::Deep(false),
        Err(error) if error.contains("nested too deeply") => Data::Deep(true),
        value => Data::Some(value.unwrap()),
    }
}

fn describe_recorded(recorded: &Recorded) -> Described {
    Described {
        after: recorded.after,
        kind: recorded.kind,
        namespace: recorded.nsp.clone(),
        id: recorded.id.as_ref().map(|id| id.as_u64().unwrap()),
        data: match (&recorded.data, recorded.levels) {
            (_, Some(levels)) => Data::Deep(levels > 1 + 128),
            (Some(data), None) => Data::Some(Value::try_from(data).unwrap()),
            (None, None) => Data::None,
        },
    }
}

fn frame(frame: &Json) -> Frame {
    match frame {
        Json::String(text) => Frame::Text(text.as_str().into()),
        bytes => Frame::Binary(Bytes::from(value::bytes(&bytes["$bin"]))),
    }
}
