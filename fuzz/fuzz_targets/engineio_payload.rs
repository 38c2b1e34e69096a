//! Any bytes as a packet and as a payload: nothing panics, and what was decoded survives encoding.

#![no_main]

use engineio_parser::{DecodeError, Frame, Packet, PacketRef, Utf8Bytes, payload};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let binary = Frame::Binary(data.to_vec().into());
    let message = Packet::decode(&binary).expect("a binary frame is always a message");
    assert_eq!(Frame::from(&message), binary);
    assert_round_trip(&[message]);

    // What is not UTF-8 reaches a decoder with replacements, as an HTTP layer would hand it over.
    let text = Utf8Bytes::from(String::from_utf8_lossy(data).into_owned());
    check_packet(&text);
    check_payload(&text);
    Corpus::Keep
});

fn check_packet(text: &Utf8Bytes) {
    let borrowed = PacketRef::decode(text);
    let owned = Packet::decode(&Frame::Text(text.clone()));
    assert_eq!(owned, borrowed.clone().map(|packet| packet.to_owned()));
    let Ok(packet) = borrowed else { return };
    let encoded = packet.to_text();
    assert_eq!(encoded.len(), packet.encoded_len());
    assert_eq!(PacketRef::decode(&encoded), Ok(packet));
}

fn check_payload(body: &Utf8Bytes) {
    let mut good = Vec::new();
    let mut bad: Option<DecodeError> = None;
    for packet in payload::decode(body) {
        assert_eq!(bad, None, "nothing follows an error");
        match packet {
            Ok(packet) => good.push(packet),
            Err(error) => bad = Some(error),
        }
    }
    assert!(bad.is_none_or(|error| error.offset <= body.len()));
    assert!(
        !good.is_empty() || bad.is_some(),
        "an empty body is an error"
    );
    assert_round_trip(&good);
}

/// Each packet as a frame, all of them as a payload.
fn assert_round_trip(packets: &[Packet]) {
    let mut body = payload::PayloadBuf::new();
    let mut len = packets.len().saturating_sub(1);
    for packet in packets {
        let frame = Frame::from(packet);
        assert_eq!(Packet::decode(&frame).as_ref(), Ok(packet));
        len += frame.payload_len();
        body.push(&frame);
    }
    assert_eq!(body.len(), len);
    if !packets.is_empty() {
        let body = Utf8Bytes::try_from(body.into_bytes()).expect("a payload is text");
        let decoded: Result<Vec<Packet>, DecodeError> = payload::decode(&body).collect();
        assert_eq!(decoded.as_deref(), Ok(packets));
    }
}
