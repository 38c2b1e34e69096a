//! Recorded behaviour of the reference servers and client for JSONP, in both directions.
//!
//! Where this crate differs on purpose, the vector stands in a table with the reason. Such a vector
//! must fail: when it no longer does, it is removed from the table.

mod notation;

use engineio_parser::{
    Channel, Handshake, Packet, Revision, Utf8Bytes, Wire,
    jsonp::{self, Index},
    payload::{Form, Framing},
};
use serde_json::Value;

use notation::{
    Deviations, NOT_UTF8, bytes, check, collect, equal, has_bytes, packets_and_error, packets_of,
    string, text, vectors,
};

const FILE: &str = include_str!("vectors/engineio-jsonp.json");

const CARRIAGE_RETURN: &str = "a carriage return is kept: the server could not restore it";

const ANSWERS: &Deviations = &[
    ("jsonp_response_v3_text_lone_surrogate", NOT_UTF8),
    ("jsonp_response_v4_text_lone_surrogate", NOT_UTF8),
];

#[test]
fn answers() {
    check(FILE, op("response"), 62, ANSWERS, |vector| {
        let packets = packets_of(&vector["packets"])?;
        let index = Index::from_query(string(vector, "j"));
        let form = form(vector, &packets);
        let payload = Utf8Bytes::try_from(form.encode(&packets)).unwrap();

        let body = jsonp::encode(&index, &payload);
        equal(&body, string(vector, "body"))?;
        equal(&body, &bytes(&vector["body_utf8"]))?;
        equal(jsonp::CONTENT_TYPE, string(vector, "content_type"))?;

        equal(
            jsonp::decode(string(vector, "body")),
            Ok((index, payload.clone())),
        )?;
        // Revision 4 does not escape its separator: such a text is torn apart behind the callback.
        let is_torn = form == Form::Separated && payload.split('\u{1e}').count() != packets.len();
        equal(
            is_torn,
            string(vector, "name") == "jsonp_response_v4_text_u001e",
        )?;
        let (received, is_error) = collect(form.decode(&payload.into_bytes()));
        equal((received == packets, is_error), (!is_torn, false))
    });
}

/// The vectors in the table, as far as they can be followed.
#[test]
fn answers_with_halves_of_characters_are_read() {
    let vectors = vectors(FILE);
    for (name, _) in ANSWERS {
        let vector = vectors.iter().find(|vector| vector["name"] == *name);
        let vector = vector.unwrap();
        let (_, payload) = jsonp::decode(string(vector, "body")).unwrap();
        let packets = form(vector, &[]).decode(&payload.into_bytes());
        let expected = Packet::Message("a\u{fffd}".into());
        assert_eq!(collect(packets), (vec![expected], false));
    }
}

#[test]
fn handshakes() {
    check(FILE, op("handshake_response"), 20, &[], |vector| {
        let revision = revision(vector);
        let handshake = Handshake {
            sid: SID.into(),
            upgrades: vec!["websocket".into()],
            ping_interval: 25_000,
            ping_timeout: 20_000,
            max_payload: (revision == Revision::V4).then_some(1_000_000),
        };
        let packet = Packet::Open(handshake.encode_for(revision));
        let payload = form(vector, &[]).encode([&packet]);
        let payload = Utf8Bytes::try_from(payload).unwrap();
        let index = Index::from_query(string(vector, "j"));
        let body = jsonp::encode(&index, &payload);
        equal(body.starts_with(string(vector, "head").as_bytes()), true)?;

        let expected = string(vector, "body").replace("{sid}", SID);
        equal(body, expected.as_str())?;
        equal(jsonp::decode(&expected), Ok((index, payload)))
    });
}

const FORMS: &Deviations = &[
    ("jsonp_request_v3_cr", CARRIAGE_RETURN),
    ("jsonp_request_v3_crlf", CARRIAGE_RETURN),
    ("jsonp_request_v3_lone_surrogate", NOT_UTF8),
];

#[test]
fn forms_are_written() {
    let written = |vector: &Value| vector["op"] == "request" && vector.get("packets").is_some();
    check(FILE, written, 30, FORMS, |vector| {
        let packets = packets_of(&vector["packets"])?;
        let payload = Utf8Bytes::try_from(form(vector, &packets).encode(&packets)).unwrap();
        equal(jsonp::encode_request(&payload), string(vector, "body"))?;
        let value = text(&vector["form_value"])?;
        equal(
            percent_decoded(string(vector, "body")),
            format!("d={value}").as_bytes(),
        )
    });
}

#[test]
fn forms_are_read() {
    check(FILE, op("request"), 58, &[], |vector| {
        let body = string(vector, "body").as_bytes();
        let packets = match jsonp::decode_request(body) {
            Some(payload) => collect(form(vector, &[]).decode(&payload.into_bytes())),
            None => (vec![], false),
        };
        let mut expected = packets_and_error(&vector["server_packets"])?;
        // A session does not hand over the packet that ends it.
        if vector["session_closed_with"] == "transport close" {
            expected.0.push(Packet::Close);
        }
        equal(packets, expected)
    });
}

fn op(op: &str) -> impl Fn(&Value) -> bool {
    move |vector| vector["op"] == op
}

fn revision(vector: &Value) -> Revision {
    Revision::from_query(Some(&vector["protocol"].to_string()))
}

/// JSONP implies base64, whether there are bytes or not.
fn form(vector: &Value, packets: &[Packet]) -> Form {
    let wire = Wire::from(revision(vector));
    let channel = Channel::from_query(None, Some(vector["j"].as_str().unwrap_or("0")));
    Form::of_answer(wire, channel, Framing::OnDemand, has_bytes(packets))
}

/// The field of a form as it was before it was sent.
fn percent_decoded(body: &str) -> Vec<u8> {
    let mut parts = body.split('%');
    let mut bytes = parts.next().unwrap().replace('+', " ").into_bytes();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.replace('+', " ").bytes());
    }
    bytes
}

const SID: &str = "lv_VI97HAXpY6yYWAAAC";
