//! Readers look at each byte a few times at most, whatever the input is.
//!
//! Counted, not timed: see `steps.rs`. The inputs repeat what is hardest for one reader each.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use serde::de::IgnoredAny;

use crate::{
    Args, Decoder, Frame, Limits, Many, Namespace, Packet, PacketRef, Progress, Refusal, Revision,
    Value, from_json, steps, to_json,
};

/// Pieces of JSON that nest, that nearly are something else, or that are passed over twice.
const UNITS: [&str; 22] = [
    "[",
    "[[[[[[[[]]]]]]]],",
    "{\"a\":",
    "{\"a\":[]},",
    "\"a\",",
    "\"\\u0061\",",
    "\"\\ud83d\",",
    "\"\\",
    "\\u",
    "x",
    " ",
    "1,",
    "-",
    "1e5,",
    "0.1e-400,",
    "null,",
    "{\"_placeholder\":true,\"num\":0},",
    "{\"_placeholder\":{\"_placeholder\":true,\"num\":0},\"x\":",
    "{\"\\u005fplaceholder\":true,\"num\":0},",
    "{\"_placeholder\":true,\"num\":[",
    "{\"num\":0.0,",
    "{\"message\":{\"message\":",
];

#[test]
fn frames_are_decoded_in_linear_time() {
    for unit in UNITS {
        for start in ["2[\"a\",", "2[\"", "51-[\"a\",", "4", "0/", "3", "51-/a,7["] {
            for end in ["", "null]", "\"]"] {
                assert_linear(unit.as_bytes(), |input| {
                    let text = String::from_utf8(input).unwrap();
                    let text = format!("{start}{text}{end}");
                    let _ = PacketRef::decode(&text);
                    for revision in [Revision::V3, Revision::V5] {
                        let mut decoder = Decoder::with_revision(revision, Limits::default());
                        let _ = decoder.feed(Frame::Text(text.as_str().into()));
                        if let Ok(Progress::Complete(packet)) =
                            decoder.feed(Frame::Binary(Bytes::from_static(b"bytes")))
                        {
                            read_packet(&packet);
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn arguments_are_read_in_linear_time() {
    for unit in UNITS {
        assert_linear(unit.as_bytes(), |input| {
            let input = String::from_utf8(input).unwrap();
            for json in [format!("[\"a\",{input}null]"), format!("[\"{input}\"]")] {
                for attachments in [Vec::new(), Vec::from([Bytes::new()])] {
                    if let Ok(args) = Args::from_json(json.as_str(), attachments) {
                        read(&args);
                    }
                }
                let _ = from_json::<Value>(&json);
                let _ = Refusal::decode(json.get(5..).unwrap_or_default());
            }
        });
    }
}

#[test]
fn queries_are_read_in_linear_time() {
    for unit in ["&", "a=b&", "%", "%4", "%41", "+", "?", "a&"] {
        assert_linear(unit.as_bytes(), |input| {
            let name = String::from_utf8(input).unwrap();
            let name = Namespace::new(format!("/?{name}")).unwrap();
            let _ = name.query().get("a");
            let _ = name.query().is_empty();
        });
    }
}

/// The hook counts: what it is held to is not nothing.
#[test]
fn steps_are_counted() {
    let json = format!("[{}1]", "\"a\\n\",".repeat(100));
    let steps = steps::count(|| assert!(from_json::<Value>(&json).is_ok()));
    assert!(steps >= json.len());
}

fn read_packet(packet: &Packet) {
    if let Packet::Event { args, .. } | Packet::Ack { args, .. } = packet {
        read(args);
    }
}

/// Reads arguments in all ways there are.
fn read(args: &Args) {
    let _ = args.event_name();
    let _ = args.to::<Many<Value>>();
    let _ = args.event_data::<Many<Option<Value>>>();
    let _ = args.to::<(IgnoredAny, Option<Vec<Value>>, Value)>();
    let _ = args.to::<Vec<Option<i128>>>();
    let _ = args.without_name().with_name("b");
    let _ = args.to::<Value>().map(|value| to_json(&value));
    #[cfg(feature = "msgpack")]
    msgpack::read(args);
}

#[cfg(feature = "msgpack")]
mod msgpack {
    use super::*;
    use crate::msgpack::{decode, encode};

    pub(super) fn read(args: &Args) {
        let packet = Packet::Ack {
            namespace: Namespace::root(),
            id: None,
            args: args.clone(),
        };
        for revision in [Revision::V4, Revision::V5] {
            let frame = encode(revision, &packet).unwrap();
            let _ = decode(revision, &frame, &Limits::default());
        }
    }

    #[test]
    fn messagepack_is_decoded_in_linear_time() {
        let units: [&[u8]; 20] = [
            b"\xc0",
            b"\x90",
            b"\x91",
            b"\x92\xc0",
            b"\x80",
            b"\x81\xa1a",
            b"\x81\x91",
            b"\xa1a",
            b"\xa1\xff",
            b"\xa0\xd4\x00\x00",
            b"\xc4\x00",
            b"\xc4\x08",
            b"\xdc\xff\xff",
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
            b"\xd5\x05ab",
            b"\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff",
            b"\x01\x02",
            b"\xc1",
        ];
        let heads: [&[u8]; 5] = [
            b"",
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data",
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff\xa1a",
            b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xdf\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
        ];
        for unit in units {
            for head in heads {
                assert_linear(unit, |input| {
                    let frame = Frame::Binary([head, &input].concat().into());
                    let _ = decode(Revision::V5, &frame, &Limits::default());
                });
            }
            assert_linear(unit, |input| {
                // The same with a length that is true.
                let count = u32::try_from(input.len() / unit.len()).unwrap();
                let head = b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\xdd";
                let frame = [&head[..], &count.to_be_bytes(), &input].concat();
                let frame = Frame::Binary(frame.into());
                if let Ok(packet) = decode(Revision::V5, &frame, &Limits::default()) {
                    read_packet(&packet);
                }
            });
        }
    }

    #[test]
    fn old_packets_are_decoded_in_linear_time() {
        for unit in UNITS {
            for start in [
                "{\"type\":2,\"nsp\":\"/\",\"data\":[\"a\",",
                "{\"type\":",
                "{\"nsp\":\"",
            ] {
                assert_linear(unit.as_bytes(), |input| {
                    let input = String::from_utf8(input).unwrap();
                    let text = format!("{start}{input}null]}}");
                    let _ = decode(Revision::V4, &Frame::Text(text.into()), &Limits::default());
                });
            }
        }
    }
}

/// Runs `read` over many repetitions of `unit`.
fn assert_linear(unit: &[u8], read: impl Fn(Vec<u8>)) {
    for size in SIZES {
        let input = unit.repeat(size / unit.len());
        let len = input.len();
        let steps = steps::count(|| read(input));
        assert!(
            steps <= MOST * len,
            "{steps} steps for {len} bytes of {:?}",
            unit.escape_ascii()
        );
    }
}

/// Bytes. A reader that is not linear breaks the bound at the second.
const SIZES: [usize; 2] = [1000, 16_000];

/// How often a byte is looked at, over all the ways of reading that one test tries.
const MOST: usize = 150;
