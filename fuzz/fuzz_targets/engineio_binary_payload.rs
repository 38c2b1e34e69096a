//! Any bytes as a binary payload, and as a binary frame, of revisions 2 and 3: nothing panics, errors
//! lie within the body and end it, and what was decoded survives encoding.

#![no_main]

use bytes::Bytes;
use engineio_parser::{Channel, DecodeError, Frame, Packet, Revision, Wire, legacy, payload::Form};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    check_body(&body);
    check_frame(body);
});

fn check_body(body: &Bytes) {
    let mut good = Vec::new();
    let mut bad: Option<DecodeError> = None;
    for packet in Form::Binary.decode(body) {
        assert_eq!(bad, None, "nothing follows an error");
        match packet {
            Ok(packet) => good.push(packet),
            Err(error) => bad = Some(error),
        }
    }
    assert!(bad.is_none_or(|error| error.offset <= body.len()));
    let canonical = Form::Binary.encode(&good);
    let decoded: Result<Vec<Packet>, DecodeError> = Form::Binary.decode(&canonical).collect();
    assert_eq!(decoded.as_deref(), Ok(&good[..]));
}

fn check_frame(bytes: Bytes) {
    let view = legacy::decode_bytes(&bytes).map(|packet| packet.to_owned());
    let wire = Wire::from(Revision::V3);
    let value = wire.decode(&Frame::Binary(bytes));
    assert_eq!(value, view);
    let Ok(packet) = value else { return };
    for channel in [Channel::Bytes, Channel::Text] {
        let frame = wire.encode(&packet, channel);
        assert_eq!(wire.decode(&frame).as_ref(), Ok(&packet));
    }
}
