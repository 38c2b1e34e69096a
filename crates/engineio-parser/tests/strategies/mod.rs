//! Any packet, any text.

#![allow(dead_code, reason = "each file of tests uses a part")]

use engineio_parser::{Message, Packet, Utf8Bytes};
use proptest::{collection::vec, prelude::*};

pub(crate) fn packets() -> impl Strategy<Value = Packet> {
    packets_of(texts().boxed())
}

pub(crate) fn packets_without_separator() -> impl Strategy<Value = Packet> {
    packets_of(texts().prop_map(|text| text.replace('\u{1e}', " ")).boxed())
}

fn packets_of(texts: BoxedStrategy<String>) -> impl Strategy<Value = Packet> {
    let texts = texts.prop_map(Utf8Bytes::from);
    prop_oneof![
        texts.clone().prop_map(Packet::Open),
        Just(Packet::Close),
        texts.clone().prop_map(Packet::Ping),
        texts.clone().prop_map(Packet::Pong),
        texts.prop_map(|text| Packet::Message(Message::Text(text))),
        vec(any::<u8>(), 0..50).prop_map(|bytes| Packet::Message(bytes.into())),
        Just(Packet::Upgrade),
        Just(Packet::Noop),
    ]
}

/// Any characters, control characters and the separator included.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let char = prop_oneof![any::<char>(), proptest::char::range('\0', '~')];
    vec(char, 0..30).prop_map(|chars| chars.into_iter().collect())
}
