//! Laws that hold for all packets and for all input.

#![allow(missing_docs, reason = "a test")]

#[allow(dead_code, reason = "each file of tests uses a part")]
mod strategies;
#[allow(dead_code, reason = "each file of tests uses a part")]
mod value;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use socketio_parser::{
    Args, Decoder, Frame, Limits, Many, Namespace, Packet, PacketRef, Progress, Refusal, Revision,
    Value as Sent, encode_event, from_json, to_json,
};

use strategies::{any_value, bytes, edit, edits, id, name, namespace, packet, sent, without_bytes};
use value::{Everything, Several, Value};

/// A type of an application, with bytes in every kind of place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Message {
    text: String,
    bytes: Bytes,
    list: Vec<Bytes>,
    map: BTreeMap<String, Option<Bytes>>,
    kind: Kind,
    #[serde(flatten)]
    rest: BTreeMap<String, Flat>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Empty,
    File(Bytes),
    Files(Bytes, u64),
    Named {
        name: String,
        file: Bytes,
        size: Option<i64>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Flat {
    Number(i64),
    Bytes(Bytes),
}

fn message() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![
        Just(Kind::Empty),
        bytes().prop_map(Kind::File),
        (bytes(), any::<u64>()).prop_map(|(file, size)| Kind::Files(file, size)),
        (any::<String>(), bytes(), any::<Option<i64>>())
            .prop_map(|(name, file, size)| Kind::Named { name, file, size }),
    ];
    let flat = prop_oneof![
        any::<i64>().prop_map(Flat::Number),
        bytes().prop_map(Flat::Bytes)
    ];
    let map = btree_map(any::<String>(), proptest::option::of(bytes()), 0..3);
    let rest = btree_map("x[a-z]{1,3}", flat, 0..3);
    (
        any::<String>(),
        bytes(),
        vec(bytes(), 0..3),
        map,
        kind,
        rest,
    )
        .prop_map(|(text, bytes, list, map, kind, rest)| Message {
            text,
            bytes,
            list,
            map,
            kind,
            rest,
        })
}

fn frames(packet: &Packet, revision: Revision) -> Vec<Frame> {
    let mut out = BytesMut::from("before");
    packet.encode_as(revision, &mut out);
    assert_eq!(out.len(), "before".len() + packet.encoded_len_as(revision));
    let text = Frame::Text(out.split_off("before".len()).freeze().try_into().unwrap());
    [text]
        .into_iter()
        .chain(packet.attachments().iter().cloned().map(Frame::Binary))
        .collect()
}

const REVISIONS: [Revision; 3] = [Revision::V3, Revision::V4, Revision::V5];

/// Decodes what is expected to be one packet.
fn decode(frames: Vec<Frame>, revision: Revision) -> Packet {
    let mut limits = Limits::default();
    limits.max_attachments = usize::MAX;
    let mut decoder = Decoder::with_revision(revision, limits);
    let count = frames.len();
    for (index, frame) in frames.into_iter().enumerate() {
        match decoder.feed(frame).unwrap() {
            Progress::Complete(packet) => {
                assert_eq!(index + 1, count);
                return packet;
            }
            Progress::Needs(missing) => assert_eq!(missing.get(), count - index - 1),
        }
    }
    panic!("no packet");
}

/// Feeds anything. What comes out has to survive another round, and being read in any way.
fn survive(frames: &[Frame]) {
    for revision in REVISIONS {
        let mut decoder = Decoder::with_revision(revision, Limits::default());
        for frame in frames.iter().cloned() {
            if let Frame::Text(text) = &frame {
                let _ = PacketRef::decode_as(revision, text);
            }
            if let Ok(Progress::Complete(packet)) = decoder.feed(frame) {
                let frames = self::frames(&packet, revision);
                assert_eq!(decode(frames, revision), packet);
                read(&packet);
            }
        }
    }
}

fn read(packet: &Packet) {
    let _ = packet.namespace().query().get("a");
    match packet {
        Packet::Event { args, .. } | Packet::Ack { args, .. } => {
            let _ = args.event_name();
            let _ = args.to::<serde_json::Value>();
            let _ = args.event_data::<Many<Sent>>();
            let _ = args.to::<Message>();
            let _ = args.event_data::<(Bytes, Option<Vec<u8>>, Kind)>();
            let again = Args::from_json(args.json(), args.attachments().into());
            assert_eq!(again.as_ref(), Ok(args));
        }
        Packet::ConnectError { data, .. } => assert!(Refusal::decode(data).is_ok()),
        Packet::Connect { .. } | Packet::Disconnect { .. } => {}
    }
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(packet in packet()) {
        for revision in REVISIONS {
            prop_assert_eq!(decode(frames(&packet, revision), revision), packet.clone());
        }
    }

    #[test]
    fn the_hot_path_takes_no_short_cut(
        namespace in namespace(), id in id(), name in name(), items in vec(any_value(), 0..4)
    ) {
        let value = Several(&items);
        let (text, attachments) = encode_event(b"4", &namespace, id, &name, &value).unwrap();
        let args = Args::event(&name, &Several(&items)).unwrap();
        prop_assert_eq!(args.event_name().unwrap(), &*name);
        let mut expected = BytesMut::from("4");
        Packet::Event { namespace, id, args }.encode(&mut expected);
        prop_assert_eq!(text.as_bytes(), &expected.freeze());
        let placeholders = text.matches("{\"_placeholder\":true").count();
        prop_assert!(attachments.len() <= placeholders);
    }

    #[test]
    fn values_come_back(items in vec(any_value(), 0..5)) {
        let args = Args::new(&Several(&items)).unwrap();
        prop_assert_eq!(Everything::of(&args), Ok(Value::List(items)));
    }

    #[test]
    fn our_own_values_come_back(items in vec(sent(), 0..5), name in name()) {
        let many = Many(items.clone());
        prop_assert_eq!(Args::new(&many).unwrap().to(), Ok(many.clone()));
        let event = Args::event(&name, &many).unwrap();
        prop_assert_eq!(event.event_data(), Ok(many));
        let first = items.first().filter(|value| !value.is_null());
        prop_assert_eq!(event.event_data(), Ok(first.cloned()));
        let moved = event.with_name("another").unwrap().without_name();
        prop_assert_eq!(moved.to(), event.to::<Many<Sent>>());
        prop_assert_eq!(moved.without_name(), event.without_name());
    }

    #[test]
    fn types_come_back(first in message(), second in message(), name in name()) {
        let args = Args::event(&name, &(&first, 7, &second)).unwrap();
        prop_assert_eq!(args.event_data(), Ok((first.clone(), 7, second)));
        prop_assert_eq!(args.event_data(), Ok(first));
    }

    #[test]
    fn numbers_come_back(
        float in any::<f64>(),
        single in any::<f32>(),
        int in any::<(i64, u64, i128, u128)>(),
    ) {
        prop_assume!(float.is_finite() && single.is_finite());
        let args = Args::new(&(float, single, int)).unwrap();
        prop_assert_eq!(args.to(), Ok((float, single, int)));
    }

    #[test]
    fn any_text_is_survived(texts in vec(any::<String>(), 1..4), bytes in bytes()) {
        let frames = texts.into_iter().map(|text| Frame::Text(text.into()));
        survive(&frames.chain([Frame::Binary(bytes)]).collect::<Vec<_>>());
    }

    #[test]
    fn any_change_is_survived(packet in packet(), edits in edits(), extra in bytes()) {
        for revision in [Revision::V3, Revision::V5] {
            let mut frames = frames(&packet, revision);
            let Frame::Text(text) = &frames[0] else { panic!() };
            frames[0] = Frame::Text(edit(text, &edits).into());
            frames.push(Frame::Binary(extra.clone()));
            survive(&frames);
        }
    }

    /// Two implementations of the same grammar.
    #[test]
    fn json_is_what_others_say_it_is(value in any_value(), edits in edits()) {
        let json = edit(&to_json(&without_bytes(value)).unwrap(), &edits);
        let theirs = serde_json::from_str::<IgnoredAny>(&json).is_ok();
        prop_assert_eq!(from_json::<IgnoredAny>(&json).is_ok(), theirs, "{}", json);
        if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&json) {
            prop_assert_eq!(from_json::<serde_json::Value>(&json), Ok(theirs));
        }
    }

    #[test]
    fn strings_are_written_as_others_do(text in any::<String>()) {
        prop_assert_eq!(to_json(&text).unwrap(), serde_json::to_string(&text).unwrap());
    }

    #[test]
    fn any_text_is_a_parameter(parameters in vec(any::<(String, String)>(), 1..5)) {
        let name = Namespace::new("/a").unwrap().with_query(parameters.clone());
        let read: Vec<_> = name.query().into_iter().collect();
        let expected = parameters.iter().map(|(key, value)| (key.into(), value.into()));
        prop_assert_eq!(read, expected.collect::<Vec<_>>());
        let (key, value) = parameters.last().unwrap();
        prop_assert_eq!(name.query().get(key).unwrap(), &**value);
        let packet = Packet::Connect { namespace: name, data: None };
        prop_assert_eq!(decode(frames(&packet, Revision::V4), Revision::V4), packet);
    }

    #[test]
    fn a_refusal_comes_back(message in any::<String>(), data in any_value()) {
        let data = to_json(&without_bytes(data)).unwrap();
        let refusal = Refusal { data: Some(&data), ..Refusal::new(message) };
        let json = refusal.encode(Revision::V5);
        prop_assert_eq!(Refusal::decode(&json), Ok(refusal.clone()));
        prop_assert!(from_json::<IgnoredAny>(&refusal.encode(Revision::V4)).is_ok());
    }
}
