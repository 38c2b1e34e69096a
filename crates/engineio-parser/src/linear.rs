//! Decoders look at each byte a few times at most, whatever the input is.
//!
//! Counted, not timed: see `steps.rs`. The inputs repeat what is hardest for one decoder each.

use alloc::{format, string::String, vec::Vec};

use bytes::Bytes;

use crate::{
    Frame, PacketRef, Utf8Bytes, Wire, jsonp,
    legacy::Dialect,
    payload::Form,
    steps,
    webtransport::{Decoder, Progress},
};

#[test]
fn payloads_are_decoded_in_linear_time() {
    let forms = [
        Form::Binary,
        Form::Separated,
        Form::String(Dialect::ByteStringPayloads),
        Form::String(Dialect::ByteStrings),
        Form::String(Dialect::Plain),
    ];
    let units: [&[u8]; 20] = [
        b"0:",
        b"1:6",
        b"2:4a",
        "3:4😀".as_bytes(),
        "2:4😀".as_bytes(),
        "3:4Ã©".as_bytes(),
        "4:4í\u{a0}\u{80}".as_bytes(),
        b"6:b4AQID",
        b"6:b4!!!!",
        b"9",
        b"0",
        b"4\x1e",
        b"bAQID\x1e",
        b"b=\x1e",
        b"\x00\x01\xff6",
        b"\x01\x01\xff\x04",
        b"\x00\x04\xff4\xed\xa0\x80",
        b"\x00\x04\xff4\xe2\x82\xac",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff6",
        b"\x00",
    ];
    for form in forms {
        for unit in units {
            assert_linear(unit, |body| {
                let body = Bytes::from(body);
                form.decode(&body).for_each(drop);
            });
        }
    }
}

/// Lengths that announce the whole rest are the obvious way to have it looked at again and again.
#[test]
fn a_payload_of_long_announcements_is_decoded_in_linear_time() {
    let announced = |len: usize| {
        let text = "é".repeat(len);
        format!("{}:4{text}", len + 1).into_bytes()
    };
    for dialect in [Dialect::ByteStrings, Dialect::Plain] {
        let count = |body: Vec<u8>| {
            let (len, body) = (body.len(), Bytes::from(body));
            let form = Form::String(dialect);
            (len, steps::count(|| form.decode(&body).for_each(drop)))
        };
        for len in SIZES {
            let (len, steps) = count(announced(len));
            assert!(steps <= MOST * len, "{steps} steps for {len} bytes");
        }
    }
}

#[test]
fn frames_are_decoded_in_linear_time() {
    let wires = [
        Wire::Legacy(Dialect::ByteStrings),
        Wire::Legacy(Dialect::Plain),
        Wire::V4,
    ];
    for wire in wires {
        for unit in ["b4AQID", "4Ã©", "4€", "b4!", "í\u{a0}\u{80}"] {
            assert_linear(unit.as_bytes(), |text| {
                let text = String::from_utf8(text).unwrap();
                let _ = PacketRef::decode(&text);
                let _ = wire.decode(&Frame::Text(text.into()));
            });
        }
    }
}

#[test]
fn jsonp_is_decoded_in_linear_time() {
    for unit in [
        "d=4&", "x&", "&", "%64", "d=%5Cn", "d=\\\\n", "%", "\\", "=", "+",
    ] {
        for start in ["", "d="] {
            assert_linear(unit.as_bytes(), |body| {
                let _ = jsonp::decode_request(&[start.as_bytes(), &body].concat());
            });
        }
    }
    for unit in [
        "a",
        "\\n",
        "\\u0061",
        "\\ud83d",
        "\\ud83d\\ude00",
        "\"",
        "\\x",
        "](",
    ] {
        for start in ["___eio[1](\"", "___eio[", ""] {
            assert_linear(unit.as_bytes(), |script| {
                let script = String::from_utf8(script).unwrap();
                let _ = jsonp::decode(&format!("{start}{script}\");"));
            });
        }
    }
}

#[test]
fn streams_are_decoded_in_linear_time() {
    let units: [&[u8]; 6] = [
        b"\x014",
        b"\x81\x04",
        b"\x7e\x00\x014",
        b"\x7f\x00\x00\x00\x00\x00\x00\x00\x014",
        b"\xff\x00\x00\x00\x00\x01\x00\x00\x00",
        b"\x03\xed\xa0\x80",
    ];
    for piece in [1, 7, 100_000] {
        for unit in units {
            assert_linear(unit, |stream| {
                let mut decoder = Decoder::new(usize::MAX);
                for chunk in stream.chunks(piece) {
                    let mut chunk = Bytes::copy_from_slice(chunk);
                    while let Ok(Progress::Complete(_)) = decoder.decode(&mut chunk) {}
                }
            });
        }
    }
}

/// The hook counts: what it is held to below is not nothing.
#[test]
fn steps_are_counted() {
    let body = Utf8Bytes::from("6:4hello".repeat(100)).into_bytes();
    let steps = steps::count(|| {
        let packets = Form::String(Dialect::Plain).decode(&body);
        assert_eq!(packets.filter(Result::is_ok).count(), 100);
    });
    assert!(steps >= body.len());
}

/// Runs `decode` over many repetitions of `unit`.
fn assert_linear(unit: &[u8], decode: impl Fn(Vec<u8>)) {
    for size in SIZES {
        let input = unit.repeat(size / unit.len());
        let len = input.len();
        let steps = steps::count(|| decode(input));
        assert!(
            steps <= MOST * len,
            "{steps} steps for {len} bytes of {unit:?}"
        );
    }
}

/// Bytes. A decoder that is not linear breaks the bound at the second.
const SIZES: [usize; 2] = [1000, 32_000];

/// How often a byte is looked at. The worst case is a stream that arrives byte by byte: its header is
/// read anew with each of up to nine.
const MOST: usize = 10;
