//! Recorded behaviour of the reference parser of revision 4, in both directions.
//!
//! Where this crate differs on purpose, the vector stands in a table with the reason. Such a vector
//! must fail: when it no longer does, it is removed from the table.

mod notation;

use bytes::BytesMut;
use engineio_parser::{Frame, Packet, PacketRef, Utf8Bytes, payload};

use notation::{
    Deviations, NOT_UTF8, all, bytes, check, collect, equal, frame, packet, packets_and_error,
    packets_of, string, text, vectors,
};

const IGNORED: &str = "data behind close and noop is accepted, and dropped: nothing reads it";
const ONLY_MESSAGES: &str = "bytes with a type that would be lost cannot be written down";

const PACKETS: &Deviations = &[
    ("v4_packet_binary_type_noop_is_lost_on_wire", ONLY_MESSAGES),
    ("v4_packet_binary_type_pong_is_lost_on_wire", ONLY_MESSAGES),
    ("v4_packet_text_close_with_data", IGNORED),
    ("v4_packet_text_message_lone_high_surrogate", NOT_UTF8),
    ("v4_packet_text_message_lone_low_surrogate", NOT_UTF8),
    ("v4_packet_text_message_reversed_surrogates", NOT_UTF8),
    ("v4_packet_text_noop_with_data", IGNORED),
];

#[test]
fn packets() {
    let file = include_str!("vectors/engineio-packets_v4.json");
    check(file, all, 84, PACKETS, |vector| {
        let (op, encoded) = (string(vector, "op"), frame(&vector["encoded"])?);
        let packet = packet(&vector["packet"])?;
        if op != "decode" {
            equal(encode(&packet, &encoded), encoded.clone())?;
        }
        if op != "encode" {
            equal(Packet::decode(&encoded), Ok(packet.clone()))?;
        }
        if let (Frame::Text(text), "both") = (&encoded, op) {
            equal(PacketRef::decode(text), Ok(packet.as_ref()))?;
            equal(packet.as_ref().encoded_len(), text.len())?;
        }
        Ok(())
    });
}

const PAYLOADS: &Deviations = &[
    (
        "v4_payload_lone_high_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
    (
        "v4_payload_lone_low_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
];

#[test]
fn payloads() {
    let file = include_str!("vectors/engineio-payload_v4.json");
    check(file, all, 28, PAYLOADS, |vector| {
        let packets = packets_of(&vector["packets"])?;
        let payload = text(&vector["payload"])?;
        let mut body = payload::PayloadBuf::new();
        for packet in &packets {
            body.push(&Frame::from(packet));
        }
        let body = body.into_bytes();
        equal(&body[..], payload.as_bytes())?;
        match string(vector, "op") {
            "both" => {
                equal(body, bytes(&vector["body_utf8"]))?;
                equal(decode(&payload), (packets, false))
            }
            "encode_then_decode" => equal(
                decode(&payload),
                packets_and_error(&vector["decoded_by_peer"])?,
            ),
            op => Err(format!("unknown op {op}")),
        }
    });
}

/// The two payload vectors in the table, as far as they can be followed: what arrives.
#[test]
fn bodies_with_replaced_surrogates_are_decoded() {
    let vectors = vectors(include_str!("vectors/engineio-payload_v4.json"));
    let surrogates = vectors
        .iter()
        .filter(|vector| vector["requires_utf16"] == true);
    let mut count = 0;
    for vector in surrogates {
        let body = Utf8Bytes::try_from(bytes(&vector["body_utf8"])).unwrap();
        assert_eq!(
            Ok(decode(&body)),
            packets_and_error(&vector["decoded_by_peer"])
        );
        count += 1;
    }
    assert_eq!(count, 2);
}

const DECODE_ERRORS: &Deviations = &[("v4_err_payload_v3_string_payload", IGNORED)];

#[test]
fn decode_errors() {
    let file = include_str!("vectors/engineio-decode_errors_v4.json");
    check(file, all, 30, DECODE_ERRORS, |vector| {
        let input = text(&vector["input"]["text"])?;
        let expected = packets_and_error(&vector["result"])?;
        equal(expected.1, vector["is_error"] == true)?;
        match string(vector, "level") {
            "packet" => {
                let frame = Frame::Text(input.clone());
                equal(Packet::decode(&frame).is_err(), true)?;
                equal(PacketRef::decode(&input).is_err(), true)
            }
            "payload" => equal(decode(&input), expected),
            level => Err(format!("unknown level {level}")),
        }
    });
}

/// Encodes in the form of `like`: for a WebSocket, or as text (which is also appended to a buffer).
fn encode(packet: &Packet, like: &Frame) -> Frame {
    match like {
        Frame::Binary(_) => Frame::from(packet),
        Frame::Text(_) => {
            let mut out = BytesMut::from("before");
            packet.as_ref().encode(&mut out);
            let text = packet.as_ref().to_text();
            assert_eq!(out[6..], *text.as_bytes());
            Frame::Text(text)
        }
    }
}

fn decode(body: &Utf8Bytes) -> (Vec<Packet>, bool) {
    collect(payload::decode(body))
}
