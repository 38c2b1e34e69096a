//! Decoders hold, and allocate over all, a small multiple of what arrives, whatever it says.

mod counting;

use bytes::Bytes;
use engineio_parser::{
    Frame, Revision, Wire, jsonp,
    legacy::Dialect::{ByteStringPayloads, ByteStrings, Plain},
    payload::Form,
    webtransport::{Decoder, Progress},
};
use proptest::{collection::vec, prelude::*, sample::select};

use counting::memory;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn memory_is_bounded_by_the_input(input in inputs()) {
        for reader in READERS {
            let copy = input.clone();
            let (peak, total) = memory(|| reader(copy));
            prop_assert!(peak <= HELD * input.len() + FIXED, "{peak} bytes at once");
            prop_assert!(total <= ALLOCATED * input.len() + FIXED, "{total} bytes over all");
        }
    }
}

/// Every decoder, with everything that it has to say about a body.
const READERS: [fn(Vec<u8>); 9] = [
    |body| read(Form::Binary, body),
    |body| read(Form::Separated, body),
    |body| read(Form::String(ByteStringPayloads), body),
    |body| read(Form::String(ByteStrings), body),
    |body| read(Form::String(Plain), body),
    |body| drop(jsonp::decode_request(&body)),
    |body| {
        let script = String::from_utf8_lossy(&body).into_owned();
        let _ = jsonp::decode(&format!("___eio[0](\"{script}\");"));
    },
    |body| {
        let text = String::from_utf8_lossy(&body).into_owned();
        let _ = Wire::from(Revision::V2).decode(&Frame::Text(text.into()));
        let _ = Wire::from(Revision::V3).decode(&Frame::Binary(body.into()));
    },
    |body| {
        let mut decoder = Decoder::new(usize::MAX);
        for piece in body.chunks(3) {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Ok(Progress::Complete(_)) = decoder.decode(&mut piece) {}
        }
    },
];

fn read(form: Form, body: Vec<u8>) {
    form.decode(&body.into()).for_each(drop);
}

/// What costs most for each byte, many times; and anything.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    const UNITS: &[&[u8]] = &[
        b"1:6",
        b"2:4a",
        "3:4Ã©".as_bytes(),
        b"4:b4A=",
        b"6:b4AQID",
        b"6:b4AQ!D",
        b"bA\x1e",
        b"bA!D\x1e",
        b"4a\x1e",
        b"\x00\x01\xff6",
        b"\x01\x02\xff\x04a",
        b"\x00\x04\xff4\xed\xa0\x80",
        b"\x024a",
        b"\x82\x01\x02",
        b"\xff\x00\x00\x00\x0f\x00\x00\x00\x00",
        b"\x01\x80",
        b"d=",
        b"%FF",
        b"\\n",
        b"\\u0061",
        b"\xff",
        b"9999999999999999:",
        b"\x00\x09\x09\x09\x09\x09\x09\xff4",
    ];
    let repeated = (select(UNITS), 1..400_usize).prop_map(|(unit, count)| unit.repeat(count));
    let mixed = vec(select(UNITS), 0..100).prop_map(|units| units.concat());
    prop_oneof![repeated, mixed, vec(any::<u8>(), 0..300)]
}

/// Bytes held at one time for each byte of input: the input itself, and a text in which each byte is
/// replaced by three, while it doubles its room.
const HELD: usize = 16;

/// Bytes allocated for each byte of input, freed ones too. The smallest packet that allocates has three
/// bytes, and needs a reference count of 24 bytes beside its data.
const ALLOCATED: usize = 32;

/// Bytes for what does not depend on the input.
const FIXED: usize = 256;

#[cfg(feature = "serde")]
mod handshake {
    use engineio_parser::Handshake;

    use super::*;

    #[test]
    fn a_handshake_costs_what_it_is_long() {
        for unit in ["\"\",", "\"a\",", "\"\\u0061\",", "[", "{\"a\":"] {
            for key in ["upgrades", "sid", "x"] {
                let list = unit.repeat(1000);
                let json = format!("{{\"sid\":\"a\",\"{key}\":[{list}\"\"]}}");
                let (peak, total) = memory(|| drop(Handshake::decode(&json)));
                assert!(peak <= HELD * json.len() + FIXED, "{peak}");
                assert!(total <= ALLOCATED * json.len() + FIXED, "{total}");
            }
        }
    }
}
