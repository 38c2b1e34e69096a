//! Laws that hold for all packets and for all input.

#![allow(missing_docs, reason = "a test")]

mod value;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use socketio_parser::{
    AckId, Args, Decoder, Frame, Limits, Namespace, Packet, PacketRef, Progress, RESERVED_EVENTS,
    encode_event, from_json, to_json,
};

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

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::Number),
        any::<i32>().prop_map(|number| Value::Number(number.into())),
        any::<String>().prop_map(Value::Text),
        bytes().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::List),
            btree_map(any::<String>(), inner, 0..5).prop_map(Value::Map),
        ]
    })
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

fn namespace() -> impl Strategy<Value = Namespace> {
    prop_oneof![Just("/"), Just("/admin"), Just("/a-1/é?b=c")]
        .prop_map(|name| Namespace::new(name).unwrap())
}

fn id() -> impl Strategy<Value = Option<AckId>> {
    proptest::option::of((0..=AckId::MAX.get()).prop_map(AckId::new))
}

fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("reserved", |name| !RESERVED_EVENTS.contains(&&**name))
}

fn packet() -> impl Strategy<Value = Packet> {
    let items = || vec(any_value(), 0..5);
    let object = || btree_map(any::<String>(), any_value().prop_map(without_bytes), 0..4);
    let json = |object: BTreeMap<String, Value>| to_json(&object).unwrap();
    prop_oneof![
        (namespace(), proptest::option::of(object())).prop_map(move |(namespace, data)| {
            Packet::Connect {
                namespace,
                data: data.map(json),
            }
        }),
        namespace().prop_map(|namespace| Packet::Disconnect { namespace }),
        (namespace(), id(), name(), items()).prop_map(|(namespace, id, name, items)| {
            Packet::Event {
                namespace,
                id,
                args: Args::event(&name, &Several(&items)).unwrap(),
            }
        }),
        (namespace(), id(), items()).prop_map(|(namespace, id, items)| {
            Packet::Ack {
                namespace,
                id,
                args: Args::new(&Several(&items)).unwrap(),
            }
        }),
        (namespace(), object()).prop_map(move |(namespace, data)| Packet::ConnectError {
            namespace,
            data: json(data)
        }),
    ]
}

fn without_bytes(value: Value) -> Value {
    match value {
        Value::Bytes(_) => Value::Null,
        Value::List(items) => Value::List(items.into_iter().map(without_bytes).collect()),
        Value::Map(members) => {
            let members = members
                .into_iter()
                .map(|(key, value)| (key, without_bytes(value)));
            Value::Map(members.collect())
        }
        other => other,
    }
}

/// Changes of a text: at which character, and what stands there instead of so many.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let piece = prop_oneof![
        "[\\[\\]{}:,\"\\\\0-9eE.+ -]{0,2}",
        Just("\\ud83d".to_owned()),
        Just("\\u00e9".to_owned()),
        Just("\"_placeholder\":true".to_owned()),
        Just("\"num\":".to_owned()),
        Just("null".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    vec((any::<prop::sample::Index>(), 0..3_usize, piece), 0..4)
}

fn edit(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (index, removed, inserted) in edits {
        let at = index.index(chars.len() + 1);
        let end = chars.len().min(at + removed);
        chars.splice(at..end, inserted.chars());
    }
    chars.into_iter().collect()
}

fn frames(packet: &Packet) -> Vec<Frame> {
    let mut out = BytesMut::from("before");
    packet.encode(&mut out);
    assert_eq!(out.len(), "before".len() + packet.encoded_len());
    let text = Frame::Text(out.split_off("before".len()).freeze().try_into().unwrap());
    [text]
        .into_iter()
        .chain(packet.attachments().iter().cloned().map(Frame::Binary))
        .collect()
}

fn unlimited() -> Decoder {
    let mut limits = Limits::default();
    limits.max_attachments = usize::MAX;
    Decoder::new(limits)
}

/// Decodes what is expected to be one packet.
fn decode(frames: Vec<Frame>) -> Packet {
    let mut decoder = unlimited();
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
fn survive(frames: Vec<Frame>) {
    let mut decoder = Decoder::new(Limits::default());
    for frame in frames {
        if let Frame::Text(text) = &frame {
            let _ = PacketRef::decode(text);
        }
        let Ok(Progress::Complete(packet)) = decoder.feed(frame) else {
            continue;
        };
        assert_eq!(decode(self::frames(&packet)), packet);
        if let Packet::Event { args, .. } | Packet::Ack { args, .. } = &packet {
            let _ = args.event_name();
            let _ = args.to::<serde_json::Value>();
            let _ = args.event_data::<serde_json::Value>();
            let _ = args.to::<Message>();
            let _ = args.event_data::<(Bytes, Option<Vec<u8>>, Kind)>();
            assert_eq!(
                Args::from_json(args.json().clone(), args.attachments().into()),
                Ok(args.clone())
            );
        }
    }
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(packet in packet()) {
        prop_assert_eq!(decode(frames(&packet)), packet);
    }

    #[test]
    fn the_hot_path_takes_no_short_cut(
        namespace in namespace(), id in id(), name in name(), items in vec(any_value(), 0..4)
    ) {
        let (text, attachments) = encode_event(b"4", &namespace, id, &name, &Several(&items)).unwrap();
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
    fn types_come_back(first in message(), second in message(), name in name()) {
        let args = Args::event(&name, &(&first, 7, &second)).unwrap();
        prop_assert_eq!(args.event_data(), Ok((first.clone(), 7, second)));
        prop_assert_eq!(args.event_data(), Ok(first));
    }

    #[test]
    fn numbers_come_back(float in any::<f64>(), single in any::<f32>(), int in any::<(i64, u64, i128, u128)>()) {
        prop_assume!(float.is_finite() && single.is_finite());
        let args = Args::new(&(float, single, int)).unwrap();
        prop_assert_eq!(args.to(), Ok((float, single, int)));
    }

    #[test]
    fn any_text_is_survived(texts in vec(any::<String>(), 1..4), bytes in bytes()) {
        let frames = texts.into_iter().map(|text| Frame::Text(text.into()));
        survive(frames.chain([Frame::Binary(bytes)]).collect());
    }

    #[test]
    fn any_change_is_survived(packet in packet(), edits in edits(), extra in bytes()) {
        let mut frames = frames(&packet);
        let Frame::Text(text) = &frames[0] else { panic!() };
        frames[0] = Frame::Text(edit(text, &edits).into());
        frames.push(Frame::Binary(extra));
        survive(frames);
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
}
