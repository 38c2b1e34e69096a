//! Packets in MessagePack recorded from the reference implementation, in both directions.
//!
//! Source: socket.io-msgpack-parser 3.0.2 (revision 5) and 2.2.1 (revision 4), with notepack.io
//! 2.2.0.

#![allow(missing_docs, reason = "a test")]
#![cfg(feature = "msgpack")]

#[allow(dead_code, reason = "each file of tests uses a part")]
mod described;
mod deviations;
#[allow(dead_code, reason = "each file of tests uses a part")]
mod value;

use std::collections::BTreeMap;

use socketio_parser::{Frame, Limits, Revision, msgpack};

use described::{Described, Vector, check, same};

#[test]
fn revision_5_is_as_recorded() {
    let file = include_str!("vectors/socketio-msgpack-v5.json");
    check("msgpack.", &[file], |vector| run(Revision::V5, vector));
}

#[test]
fn revision_4_is_as_recorded() {
    let file = include_str!("vectors/socketio-msgpack-v4.json");
    check("msgpack-v4.", &[file], |vector| run(Revision::V4, vector));
}

fn run(revision: Revision, vector: &Vector) -> Result<(), String> {
    match vector.kind.as_deref() {
        Some("encode") => encodes_as(revision, vector),
        Some("encode_error") => same(encode(revision, vector).is_err(), true),
        Some("decode" | "decode_error") => decodes_to(revision, vector),
        other => panic!("{other:?}"),
    }
}

fn encode(revision: Revision, vector: &Vector) -> Result<Frame, String> {
    let packet = described::packet(vector.packet.as_ref().unwrap())?;
    let frame = msgpack::encode(revision, &packet).map_err(|error| error.to_string())?;
    let decoded = msgpack::decode(revision, &frame, &Limits::default());
    same(decoded.as_ref(), Ok(&packet))?;
    Ok(frame)
}

/// The order of members is free; all else has to be the same to the byte.
fn encodes_as(revision: Revision, vector: &Vector) -> Result<(), String> {
    let frame = encode(revision, vector)?;
    match (frame, &vector.frames()[..]) {
        (Frame::Binary(frame), [Frame::Binary(expected)]) => same(tree(&frame), tree(expected)),
        (frame, expected) => same(&[frame][..], expected),
    }
}

fn decodes_to(revision: Revision, vector: &Vector) -> Result<(), String> {
    let [frame] = &vector.frames()[..] else {
        panic!()
    };
    let expected = vector.packets()?;
    match (
        msgpack::decode(revision, frame, &Limits::default()),
        vector.failure(),
    ) {
        (Ok(packet), None) => same([Described::of(0, &packet)?].as_slice(), &expected),
        (Err(error), Some(failure)) => {
            let begins = error.to_string().starts_with(&failure.message);
            same(begins, true).map_err(|_| format!("{error}, not {}", failure.message))
        }
        (Ok(packet), Some(failure)) => Err(format!("{packet:?}, not {}", failure.message)),
        (Err(error), None) => Err(error.to_string()),
    }
}

/// MessagePack, taken apart no more than to compare it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tree<'a> {
    /// The bytes of a scalar, or those before the first item of a container.
    head: &'a [u8],
    items: Vec<Self>,
    members: BTreeMap<Self, Self>,
}

fn tree(bytes: &[u8]) -> Tree<'_> {
    let mut rest = bytes;
    let tree = next(&mut rest);
    assert!(rest.is_empty());
    tree
}

fn next<'a>(rest: &mut &'a [u8]) -> Tree<'a> {
    let bytes = *rest;
    let number = |len: usize| {
        let digits = bytes[1..=len].iter();
        digits.fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let low = |mask: u8| usize::from(bytes[0] & mask);
    let (head, items, members) = match bytes[0] {
        0x80..=0x8f => (1, 0, low(0xf)),
        0x90..=0x9f => (1, low(0xf), 0),
        0xa0..=0xbf => (1 + low(0x1f), 0, 0),
        0xc4 | 0xd9 => (2 + number(1), 0, 0),
        0xc5 | 0xda => (3 + number(2), 0, 0),
        0xc6 | 0xdb => (5 + number(4), 0, 0),
        0xc7 => (3 + number(1), 0, 0),
        0xcc | 0xd0 => (2, 0, 0),
        0xcd | 0xd1 | 0xd4 => (3, 0, 0),
        0xca | 0xce | 0xd2 => (5, 0, 0),
        0xcb | 0xcf | 0xd3 => (9, 0, 0),
        0xd7 => (10, 0, 0),
        0xdc => (3, number(2), 0),
        0xdd => (5, number(4), 0),
        0xde => (3, 0, number(2)),
        0xdf => (5, 0, number(4)),
        _ => (1, 0, 0),
    };
    let (head, behind) = bytes.split_at(head);
    *rest = behind;
    Tree {
        head,
        items: (0..items).map(|_| next(rest)).collect(),
        members: (0..members).map(|_| (next(rest), next(rest))).collect(),
    }
}
