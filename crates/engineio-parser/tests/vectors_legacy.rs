//! Recorded behaviour of the reference parsers of revisions 2 and 3, in both directions.
//!
//! Where this crate differs on purpose, the vector stands in a table with the reason. Such a vector
//! must fail: when it no longer does, it is removed from the table.

mod notation;

use engineio_parser::{
    Channel, Frame, Packet, Revision, Wire,
    legacy::{self, Dialect, byte_string},
    payload::{Form, Framing},
};
use serde_json::Value;

use notation::{
    Deviations, NOT_UTF8, all, bytes, check, collect, equal, frame, has_bytes, packet,
    packets_and_error, packets_of, string, text, vectors,
};

const BROKEN_FRAMING: &str = "markers and lengths are read strictly: what follows could shift";
const DIGITS: &str = "a length is digits: no peer sends anything else";
const ENDED: &str = "nothing follows a bad packet: the session has ended";
const NOT_A_BYTE_STRING: &str = "what is not a byte string is refused: its upper bits are lost";
const ONLY_MESSAGES: &str = "only a message carries bytes: nothing reads those of other packets";
const UNKNOWN: &str = "a packet of an unknown type is an error: the reference passes over it";

const PACKETS: &Deviations = &[
    ("v3_packet_binary_type_close_is_kept_base64", ONLY_MESSAGES),
    ("v3_packet_binary_type_close_is_kept_raw", ONLY_MESSAGES),
    ("v3_packet_binary_type_noop_is_kept_base64", ONLY_MESSAGES),
    ("v3_packet_binary_type_noop_is_kept_raw", ONLY_MESSAGES),
    ("v3_packet_binary_type_open_is_kept_base64", ONLY_MESSAGES),
    ("v3_packet_binary_type_open_is_kept_raw", ONLY_MESSAGES),
    ("v3_packet_binary_type_ping_is_kept_base64", ONLY_MESSAGES),
    ("v3_packet_binary_type_ping_is_kept_raw", ONLY_MESSAGES),
    ("v3_packet_binary_type_pong_is_kept_base64", ONLY_MESSAGES),
    ("v3_packet_binary_type_pong_is_kept_raw", ONLY_MESSAGES),
    (
        "v3_packet_binary_type_upgrade_is_kept_base64",
        ONLY_MESSAGES,
    ),
    ("v3_packet_binary_type_upgrade_is_kept_raw", ONLY_MESSAGES),
    ("v3_packet_text_message_lone_high", NOT_UTF8),
    ("v3_packet_text_message_lone_low", NOT_UTF8),
];

#[test]
fn packets_of_revision_3() {
    let file = include_str!("vectors/engineio-packets_v3.json");
    check(file, all, 55, PACKETS, |vector| {
        check_packet(vector, Revision::V3.into())
    });
}

const STRING_PAYLOADS: &Deviations = &[
    ("v3_string_payload_b64_binary_noop_type", ONLY_MESSAGES),
    ("v3_string_payload_lenient_blank_length_is_zero", DIGITS),
    ("v3_string_payload_lenient_decimal_point_length", DIGITS),
    ("v3_string_payload_lenient_exponent_length", DIGITS),
    ("v3_string_payload_lenient_hex_length", DIGITS),
    ("v3_string_payload_lenient_leading_space_length", DIGITS),
    ("v3_string_payload_lenient_newline_before_length", DIGITS),
    ("v3_string_payload_lenient_plus_sign_length", DIGITS),
    ("v3_string_payload_lenient_trailing_space_length", DIGITS),
    (
        "v3_string_payload_lone_high_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
    (
        "v3_string_payload_lone_low_surrogate_becomes_fffd_in_http_body",
        NOT_UTF8,
    ),
];

#[test]
fn string_payloads_of_revision_3() {
    let file = include_str!("vectors/engineio-payload_string_v3.json");
    check(file, all, 44, STRING_PAYLOADS, |vector| {
        check_payload(vector, Revision::V3.into())
    });
}

#[test]
fn string_payloads_of_socketio_1() {
    let file = include_str!("vectors/engineio-payload_string_v3_legacy.json");
    let wire = Wire::Legacy(Dialect::ByteStringPayloads);
    check(file, all, 7, &[], |vector| {
        check_payload(vector, wire)?;

        let packets = packets_of(&vector["packets"])?;
        let first = frame(&vector["websocket_frame_of_first_packet"])?;
        equal(wire.encode(&packets[0], Channel::Bytes), first.clone())?;
        equal(wire.decode(&first), Ok(packets[0].clone()))?;

        // A newer peer misunderstands, which can be repaired.
        let body = bytes(&vector["body_utf8"]);
        let (garbled, _) = collect(Form::String(Dialect::Plain).decode(&body));
        equal(&garbled, &packets_of(&vector["decoded_by_parser_2"])?)?;
        let repaired: Vec<_> = garbled.into_iter().map(legacy::repair).collect();
        equal(repaired, packets)
    });
}

const BINARY_PAYLOADS: &Deviations = &[
    ("v3_binary_payload_binary_noop_type", ONLY_MESSAGES),
    (
        "v3_binary_payload_lenient_binary_marker_any_nonzero_byte",
        BROKEN_FRAMING,
    ),
    (
        "v3_binary_payload_lenient_declared_length_longer_than_data_is_truncated",
        BROKEN_FRAMING,
    ),
    (
        "v3_binary_payload_lenient_marker_ff_counts_as_binary",
        BROKEN_FRAMING,
    ),
    (
        "v3_binary_payload_lenient_string_entry_with_base64_packet",
        BROKEN_FRAMING,
    ),
    (
        "v3_binary_payload_lone_high_surrogate_becomes_fffd",
        NOT_UTF8,
    ),
    (
        "v3_binary_payload_lone_low_surrogate_becomes_fffd",
        NOT_UTF8,
    ),
];

#[test]
fn binary_payloads_of_revision_3() {
    let file = include_str!("vectors/engineio-payload_binary_v3.json");
    check(file, all, 40, BINARY_PAYLOADS, |vector| {
        check_payload(vector, Revision::V3.into())
    });
}

/// The vector of this case announces one byte more than there is; this is what it is about.
#[test]
fn base64_in_a_text_entry_is_read() {
    let body = b"\x00\x06\xffb4AQID"[..].into();
    let bytes = Packet::Message(vec![1, 2, 3].into());
    assert_eq!(collect(Form::Binary.decode(&body)), (vec![bytes], false));
}

/// The vectors in the tables that cannot be written here, as far as they can be followed.
#[test]
fn bodies_with_replaced_surrogates_are_decoded() {
    let mut count = 0;
    for (file, form, key) in [
        (
            include_str!("vectors/engineio-payload_string_v3.json"),
            Form::String(Dialect::Plain),
            "body_utf8",
        ),
        (
            include_str!("vectors/engineio-payload_binary_v3.json"),
            Form::Binary,
            "payload",
        ),
    ] {
        let vectors = vectors(file);
        let received = vectors
            .iter()
            .filter(|vector| vector.get("decoded_by_peer").is_some());
        for vector in received {
            let packets = packets_of(&vector["decoded_by_peer"]).unwrap();
            let body = bytes(&vector[key]);
            assert_eq!(collect(form.decode(&body)), (packets, false));
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

const DECODE_ERRORS: &Deviations = &[
    (
        "v3_err_binary_payload_bad_text_entry_then_valid_continues",
        ENDED,
    ),
    ("v3_err_binary_payload_binary_unknown_type", UNKNOWN),
    ("v3_err_binary_payload_zero_length_binary", UNKNOWN),
    ("v3_err_packet_b64_b_bad_type", UNKNOWN),
    ("v3_err_packet_b64_b_letter_type", UNKNOWN),
    ("v3_err_packet_b64_b_only", UNKNOWN),
    ("v3_err_packet_bin_empty", UNKNOWN),
    ("v3_err_packet_bin_type_52_ascii_4", UNKNOWN),
    ("v3_err_packet_bin_type_7", UNKNOWN),
    ("v3_err_packet_bin_type_ff", UNKNOWN),
    ("v3_err_string_payload_b64_bad_type", UNKNOWN),
    ("v3_err_string_payload_split_surrogate_pair", NOT_UTF8),
];

#[test]
fn decode_errors_of_revision_3() {
    let file = include_str!("vectors/engineio-decode_errors_v3.json");
    check(file, all, 57, DECODE_ERRORS, |vector| {
        let ours = decode_input(vector)?;
        let expected = packets_and_error(&vector["result"])?;
        equal(expected.1, vector["is_error"] == true)?;
        equal(ours, expected)
    });
}

/// [A] "treat as decode error or ignore": here they are errors.
#[test]
fn unknown_types_are_errors() {
    let vectors = vectors(include_str!("vectors/engineio-decode_errors_v3.json"));
    let unknown = |vector: &&Value| vector["has_unknown_type"] == true;
    let mut count = 0;
    for vector in vectors.iter().filter(unknown) {
        assert_eq!(decode_input(vector), Ok((vec![], true)));
        count += 1;
    }
    assert_eq!(count, 10);
}

const BYTE_STRINGS: &Deviations = &[
    ("utf8_decode_masks_code_point_to_8_bits", NOT_A_BYTE_STRING),
    ("utf8_encode_high_then_ascii", NOT_UTF8),
    ("utf8_encode_lone_high", NOT_UTF8),
    ("utf8_encode_lone_low", NOT_UTF8),
    ("utf8_encode_two_highs", NOT_UTF8),
];

#[test]
fn byte_strings() {
    let file = include_str!("vectors/engineio-utf8_v3.json");
    check(file, all, 30, BYTE_STRINGS, |vector| {
        let encoded: String = match vector["byte_text"].as_str() {
            Some(text) => text.into(),
            None => bytes(&vector["byte_string"])
                .iter()
                .copied()
                .map(char::from)
                .collect(),
        };
        let decoded = byte_string::decode(&encoded);
        match string(vector, "op") {
            "encode" => {
                let text = text(&vector["text"])?;
                equal(byte_string::encode(&text), encoded.as_str())?;
                equal(decoded.as_deref(), Ok(&*text))
            }
            "decode" if vector.get("error").is_some() => equal(decoded.is_err(), true),
            "decode" => equal(decoded.as_deref(), Ok(&*text(&vector["text"])?)),
            op => Err(format!("unknown op {op}")),
        }
    });
}

const EIO2: &Deviations = &[(
    "eio2_ws_text_received_without_byte_string_encoding_emoji",
    NOT_A_BYTE_STRING,
)];

#[test]
fn revision_2() {
    let file = include_str!("vectors/engineio-eio2.json");
    check(file, all, 50, EIO2, |vector| {
        match string(vector, "level") {
            "packet" => check_packet(vector, Revision::V2.into()),
            "payload" => check_payload(vector, Revision::V2.into()),
            level => Err(format!("unknown level {level}")),
        }
    });
}

#[test]
fn revision_2_before_it_had_bytes() {
    let file = include_str!("vectors/engineio-eio2_text_only.json");
    check(file, all, 8, &[], |vector| {
        equal(string(vector, "level"), "payload")?;
        check_payload(vector, Wire::Legacy(Dialect::Plain))
    });
}

/// One packet as a frame, in the directions that the vector names.
fn check_packet(vector: &Value, wire: Wire) -> Result<(), String> {
    let (op, encoded) = (string(vector, "op"), frame(&vector["encoded"])?);
    if vector.get("throws").is_some() {
        return equal(wire.decode(&encoded).is_err(), true);
    }
    let packet = packet(&vector["packet"])?;
    if op != "decode" {
        for &channel in channels(vector) {
            equal(wire.encode(&packet, channel), encoded.clone())?;
        }
    }
    if op != "encode" {
        equal(wire.decode(&encoded), Ok(packet.clone()))?;
    }
    if let (Frame::Text(text), Some(_)) = (&encoded, vector.get("frame_utf8")) {
        equal(text.as_bytes(), &bytes(&vector["frame_utf8"])[..])?;
    }
    match (&encoded, wire) {
        (Frame::Binary(bytes), _) => equal(legacy::decode_bytes(bytes), Ok(packet.as_ref())),
        (Frame::Text(text), Wire::Legacy(Dialect::Plain)) => {
            equal(legacy::decode_text(text), Ok(packet.as_ref()))
        }
        (Frame::Text(text), _) => {
            let text = byte_string::decode(text).map_err(|error| error.to_string())?;
            equal(legacy::decode_text(&text), Ok(packet.as_ref()))
        }
    }
}

/// Some packets as a body, in the directions that the vector names, and the choice of its form.
fn check_payload(vector: &Value, wire: Wire) -> Result<(), String> {
    let packets = packets_of(&vector["packets"])?;
    let framing = match (vector["force_binary"] == true, wire) {
        (true, _) | (_, Wire::Legacy(Dialect::ByteStrings)) => Framing::Always,
        _ => Framing::OnDemand,
    };
    let body = body(vector)?;
    for &channel in channels(vector) {
        let form = match string(vector, "op") {
            // The body cannot say how it was announced.
            "decode" if vector["payload"].get("hex").is_some() => Form::Binary,
            _ => Form::of_answer(wire, channel, framing, has_bytes(&packets)),
        };
        if string(vector, "op") != "decode" {
            equal(form.encode(&packets), body.clone())?;
        }
        // The vectors that only encode are the empty ones, and those with surrogates.
        equal(collect(form.decode(&body)), (packets.clone(), false))?;
        if let Some(content_type) = vector["content_type"].as_str() {
            equal(form.content_type(), content_type)?;
        }
    }
    Ok(())
}

/// The bytes of a body; where the vector gives its text too, both are the same.
fn body(vector: &Value) -> Result<bytes::Bytes, String> {
    for key in ["payload_bytes", "payload"] {
        if vector[key].is_object() && text(&vector[key]).is_err() {
            return Ok(bytes(&vector[key]));
        }
    }
    let payload = text(&vector["payload"])?.into_bytes();
    if vector.get("body_utf8").is_some() {
        equal(&payload, &bytes(&vector["body_utf8"]))?;
    }
    Ok(payload)
}

fn channels(vector: &Value) -> &'static [Channel] {
    match vector["supports_binary"].as_bool() {
        Some(true) => &[Channel::Bytes],
        Some(false) => &[Channel::Text],
        None => &[Channel::Bytes, Channel::Text],
    }
}

fn decode_input(vector: &Value) -> Result<(Vec<Packet>, bool), String> {
    let input = frame(&vector["input"])?;
    let packets = match (string(vector, "level"), input) {
        ("packet", input) => collect([Wire::from(Revision::V3).decode(&input)].into_iter()),
        (_, Frame::Text(text)) => collect(Form::String(Dialect::Plain).decode(&text.into_bytes())),
        (_, Frame::Binary(bytes)) => collect(Form::Binary.decode(&bytes)),
    };
    Ok(packets)
}
