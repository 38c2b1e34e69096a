//! Decoders hold, and allocate over all, a small multiple of what arrives, whatever it says.

#![allow(missing_docs, reason = "a test")]

mod counting;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use socketio_parser::{Decoder, Frame, Limits, Many, Packet, Progress, Revision, Utf8Bytes, Value};

use counting::memory;

/// Texts that say more than they are long, or that are taken apart into many pieces.
const UNITS: [&str; 9] = [
    "[],",
    "[",
    "0,",
    "\"\",",
    "\"\\ud83d\",",
    "{},",
    "{\"\":0},",
    "{\"_placeholder\":true,\"num\":0},",
    "{\"_placeholder\":true,\"x\":",
];

#[test]
fn a_packet_costs_what_it_is_long() {
    for unit in UNITS {
        for start in ["2[\"a\",", "51-[\"a\",", "30-[", "4[", "0/"] {
            for count in [1, 100, 10_000] {
                let text = format!("{start}{}0]", unit.repeat(count));
                let len = text.len();
                let frame = Frame::Text(text.into());
                bounded(len, || feed([frame, Frame::Binary(Bytes::new())]));
            }
        }
    }
}

#[test]
fn announced_attachments_cost_nothing() {
    let mut limits = Limits::default();
    limits.max_attachments = usize::MAX;
    let frame = Frame::Text(Utf8Bytes::from_static("51000000000-[\"a\"]"));
    let (peak, total) = memory(|| drop(Decoder::new(limits).feed(frame)));
    assert_eq!((peak, total), (0, 0));
}

#[test]
fn values_cost_what_they_are_long() {
    for unit in ["[],", "0,", "\"\",", "{},", "{\"\":0},", "[[[[0]]]],"] {
        let json = format!("[{}0]", unit.repeat(10_000));
        let args = socketio_parser::Args::from_json(json, Vec::new()).unwrap();
        bounded(args.json().len(), || drop(args.to::<Many<Value>>()));
        bounded(args.json().len(), || drop(args.to::<Value>()));
    }
}

proptest! {
    #[test]
    fn any_text_is_bounded(texts in vec(any::<String>(), 1..3), bytes in vec(any::<u8>(), 0..9)) {
        let len = texts.iter().map(String::len).sum::<usize>() + bytes.len();
        let frames = texts.into_iter().map(|text| Frame::Text(text.into()));
        let frames: Vec<_> = frames.chain([Frame::Binary(bytes.into())]).collect();
        bounded(len, || feed(frames));
    }
}

fn feed(frames: impl IntoIterator<Item = Frame> + Clone) {
    for revision in [Revision::V3, Revision::V4, Revision::V5] {
        let mut decoder = Decoder::with_revision(revision, Limits::default());
        for frame in frames.clone() {
            if let Ok(Progress::Complete(Packet::Event { args, .. })) = decoder.feed(frame) {
                let _ = args.event_name();
            }
        }
    }
}

fn bounded(len: usize, work: impl FnOnce()) {
    let (peak, total) = memory(work);
    assert!(peak <= HELD * len + FIXED, "{peak} bytes held for {len}");
    assert!(total <= ALLOCATED * len + FIXED, "{total} bytes for {len}");
}

/// Bytes held at one time, for each byte of input, while lists grow to twice their length. The
/// worst are values, 40 bytes for the two of `0,`, and MessagePack of empty bytes: two bytes become
/// a placeholder of 34 or more, and 56 to remember it.
const HELD: usize = 128;

/// Bytes allocated over all, for each byte of input, freed ones too.
const ALLOCATED: usize = 256;

/// Bytes for what does not depend on the input.
const FIXED: usize = 1024;

#[cfg(feature = "msgpack")]
mod msgpack {
    use socketio_parser::msgpack::decode;

    use super::*;

    #[test]
    fn announced_lengths_cost_nothing() {
        let head = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data";
        let announced: [&[u8]; 7] = [
            b"\xdd\xff\xff\xff\xff\xa1a",
            b"\x92\xa1a\xdf\xff\xff\xff\xff",
            b"\x92\xa1a\xc6\xff\xff\xff\xff",
            b"\x92\xa1a\xdb\xff\xff\xff\xff",
            b"\x92\xa1a\xc9\xff\xff\xff\xff\x00",
            b"\xdc\xff\xff\xa1a\xdc\xff\xff",
            b"\xdf\xff\xff\xff\xff",
        ];
        for data in announced {
            let frame = Frame::Binary([head, data].concat().into());
            let (peak, total) = memory(|| {
                let decoded = decode(Revision::V5, &frame, &Limits::default());
                assert!(decoded.is_err());
            });
            assert_eq!((peak, total), (0, 0));
        }
    }

    #[test]
    fn a_packet_costs_what_it_is_long() {
        let units: [&[u8]; 8] = [
            b"\xc0",
            b"\x90",
            b"\xa1\x01",
            b"\xa1\xff",
            b"\xc4\x00",
            b"\xd5\x05ab",
            b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff",
            b"\x81\xc4\x00\xc4\x00",
        ];
        for unit in units {
            for count in [1, 100, 10_000_u32] {
                for (kind, revision) in [(0, Revision::V5), (3, Revision::V5), (4, Revision::V4)] {
                    // A CONNECT has an object.
                    let data = if kind == 0 {
                        &b"\x81\xa0\xdd"[..]
                    } else {
                        b"\xdd"
                    };
                    let frame = [
                        b"\x83\xa4type",
                        &[kind][..],
                        b"\xa3nsp\xa1/\xa4data",
                        data,
                        &count.to_be_bytes(),
                        &unit.repeat(count.try_into().unwrap()),
                    ]
                    .concat();
                    let len = frame.len();
                    let frame = Frame::Binary(frame.into());
                    bounded(len, || {
                        assert!(decode(revision, &frame, &Limits::default()).is_ok());
                    });
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_bounded(bytes in vec(any::<u8>(), 0..200)) {
            let frame = Frame::Binary(bytes.into());
            let Frame::Binary(bytes) = &frame else { panic!() };
            bounded(bytes.len(), || drop(decode(Revision::V4, &frame, &Limits::default())));
        }
    }
}
