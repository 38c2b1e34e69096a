//! Values, packets and their corruptions, at random.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use socketio_parser::{AckId, Args, Namespace, Packet, RESERVED_EVENTS, Value as Sent, to_json};

use crate::value::{Several, Value};

pub(crate) fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

pub(crate) fn any_value() -> impl Strategy<Value = Value> {
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

/// The values of the crate itself.
pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    any_value().prop_map(to_sent)
}

fn to_sent(value: Value) -> Sent {
    match value {
        Value::Null => Sent::Null,
        Value::Bool(value) => value.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::List(items) => items.into_iter().map(to_sent).collect(),
        Value::Map(members) => members
            .into_iter()
            .map(|(name, value)| (name, to_sent(value)))
            .collect(),
    }
}

pub(crate) fn namespace() -> impl Strategy<Value = Namespace> {
    prop_oneof![Just("/"), Just("/admin"), Just("/a-1/é?b=c")]
        .prop_map(|name| Namespace::new(name).unwrap())
}

pub(crate) fn id() -> impl Strategy<Value = Option<AckId>> {
    proptest::option::of((0..=AckId::MAX.get()).prop_map(AckId::new))
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("reserved", |name| !RESERVED_EVENTS.contains(&&**name))
}

pub(crate) fn packet() -> impl Strategy<Value = Packet> {
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

pub(crate) fn without_bytes(value: Value) -> Value {
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
pub(crate) fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
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

pub(crate) fn edit(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (index, removed, inserted) in edits {
        let at = index.index(chars.len() + 1);
        let end = chars.len().min(at + removed);
        chars.splice(at..end, inserted.chars());
    }
    chars.into_iter().collect()
}
