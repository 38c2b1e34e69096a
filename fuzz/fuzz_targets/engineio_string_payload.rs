//! Any bytes as a string payload of revisions 2 and 3, in every dialect: nothing panics, errors lie
//! within the body and end it, and what was decoded survives encoding.

#![no_main]

use std::borrow::Cow;

use bytes::Bytes;
use engineio_parser::{
    DecodeError, Frame, Packet, Utf8Bytes, Wire,
    legacy::{self, Dialect, byte_string},
    payload::Form,
};
use libfuzzer_sys::fuzz_target;

const DIALECTS: [Dialect; 3] = [
    Dialect::ByteStringPayloads,
    Dialect::ByteStrings,
    Dialect::Plain,
];

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    for dialect in DIALECTS {
        check_body(Form::String(dialect), &body);
    }
    let text = Utf8Bytes::from(String::from_utf8_lossy(data).into_owned());
    check_frame(&text);
    check_byte_string(&text);
});

fn check_body(form: Form, body: &Bytes) {
    let mut good = Vec::new();
    let mut bad: Option<DecodeError> = None;
    for packet in form.decode(body) {
        assert_eq!(bad, None, "nothing follows an error");
        match packet {
            Ok(packet) => good.push(packet),
            Err(error) => bad = Some(error),
        }
    }
    if let (Some(error), Ok(text)) = (bad, str::from_utf8(body)) {
        assert!(text.is_char_boundary(error.offset));
    }
    let body = form.encode(&good);
    let decoded: Result<Vec<Packet>, DecodeError> = form.decode(&body).collect();
    assert_eq!(decoded.as_deref(), Ok(&good[..]));
    for packet in good {
        let repaired = legacy::repair(packet.clone());
        assert_eq!(
            std::mem::discriminant(&packet),
            std::mem::discriminant(&repaired)
        );
    }
}

/// A view and the values of all dialects agree about ASCII.
fn check_frame(text: &Utf8Bytes) {
    let frame = Frame::Text(text.clone());
    let view = legacy::decode_text(text).map(|packet| packet.to_owned());
    assert_eq!(Wire::Legacy(Dialect::Plain).decode(&frame), view);
    let old = Wire::Legacy(Dialect::ByteStrings).decode(&frame);
    if text.is_ascii() {
        assert_eq!(old, view);
    }
}

fn check_byte_string(text: &str) {
    let encoded = byte_string::encode(text);
    assert_eq!(byte_string::decode(&encoded).as_deref(), Ok(text));
    assert_eq!(byte_string::repair(&encoded), text);
    match byte_string::decode(text) {
        Ok(plain) if plain.contains(char::REPLACEMENT_CHARACTER) => {}
        Ok(plain) => assert_eq!(byte_string::repair(text), plain),
        Err(error) => {
            assert!(text.is_char_boundary(error.offset));
            assert!(matches!(byte_string::repair(text), Cow::Borrowed(_)));
        }
    }
}
