//! Measures our parsers, others that are written in Rust, and the least that any parser has to do.
//!
//! Writes a line for each result: workload, bytes, who, nanoseconds. A part behind a comma says
//! what becomes of the arguments of an event: they stay JSON, become the types that the application
//! wants, or values of any kind. All decode from bytes and encode to bytes, in memory from the
//! heap, as sockets have it.

mod floor;
mod measure;
mod ours;
mod socketioxide;
mod workload;

use bytes::Bytes;
use engineio_parser::legacy::Dialect;
use engineio_parser::payload::Form;
use engineio_parser::{Frame, Message, Packet};
use engineioxide_core::ProtocolVersion;
use http::HeaderValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use socketio_parser::{AckId, Namespace};

use measure::Workload;
use workload::{BINARY, EVENT, HEARTBEAT, LONG, OBJECT, Object};

fn main() {
    heartbeat();
    event::<String>("event", EVENT);
    event::<Object>("object", OBJECT);
    binary();
    event::<String>("long", LONG);
    payload("payload", Form::Separated, &texts());
    payload("payload with bytes", Form::Separated, &with_bytes());
    payload("v3 payload", Form::String(Dialect::Plain), &texts());
    payload("v3 payload with bytes", Form::Binary, &with_bytes());
}

fn heartbeat() {
    let bytes = Bytes::copy_from_slice(HEARTBEAT);
    let decoded = ours::packet(&bytes);
    Workload::new("decode heartbeat", bytes.len())
        .by("ours", || ours::packet(&bytes))
        .by("socketioxide", || socketioxide::packet(&bytes))
        // Does not look whether text is UTF-8.
        .by("rust_engineio", || {
            rust_engineio::Packet::try_from(bytes.clone()).unwrap()
        })
        .by("floor", || floor::decode(&bytes))
        .run();
    let (theirs, others) = (
        socketioxide::packet(&bytes),
        rust_engineio::Packet::try_from(bytes.clone()).unwrap(),
    );
    Workload::new("encode heartbeat", bytes.len())
        .by("ours", || Frame::from(&decoded))
        .by("socketioxide", || String::from(theirs.clone()))
        .by("rust_engineio", || Bytes::from(others.clone()))
        .by("floor", || floor::encode(&bytes))
        .run();
}

/// An event with one argument.
fn event<T: DeserializeOwned + Serialize>(name: &str, bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new(format!("decode {name}"), bytes.len())
        .by("ours", || ours::event(&mut decoder, &bytes, &[]))
        .by("socketioxide", || socketioxide::event(&state, &bytes, &[]))
        .by("floor", || floor::decode(&bytes))
        .run();
    event_data::<T>(&format!("decode {name}, typed"), &bytes);
    event_data::<Value>(&format!("decode {name}, values"), &bytes);

    let args = ours::event(&mut ours::decoder(), &bytes, &[]);
    encode_event(
        &format!("encode {name}, typed"),
        &bytes,
        &args.event_data::<T>().unwrap(),
    );
    encode_event(
        &format!("encode {name}, values"),
        &bytes,
        &args.event_data::<Value>().unwrap(),
    );
}

/// The same up to the argument as the application gets it.
fn event_data<T: DeserializeOwned>(name: &str, bytes: &Bytes) {
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new(name, bytes.len())
        .by("ours", || {
            ours::data::<T>(&ours::event(&mut decoder, bytes, &[]))
        })
        .by("socketioxide", || {
            socketioxide::data::<T>(&mut socketioxide::event(&state, bytes, &[]))
        })
        .by("floor", || floor::decode(bytes))
        .run();
}

fn encode_event<T: Serialize>(name: &str, bytes: &Bytes, value: &T) {
    let is_object = bytes == OBJECT;
    let (namespace, id, event) = match is_object {
        true => ("/chat", Some(17), "update"),
        false => ("/", None, "message"),
    };
    let ours = ours::Event {
        namespace: Namespace::new(namespace).unwrap(),
        id: id.map(AckId::new),
        name: event,
        value,
    };
    let id = id.map(u64::cast_signed);
    let (text, _) = ours::frames(&ours);
    assert_eq!(text.len(), bytes.len());
    assert_eq!(
        socketioxide::frames(namespace, id, event, value).0.len(),
        bytes.len()
    );
    Workload::new(name, bytes.len())
        .by("ours", || ours::frames(&ours))
        .by("socketioxide", || {
            socketioxide::frames(namespace, id, event, value)
        })
        .by("floor", || floor::encode(bytes))
        .run();
}

/// An event with two attachments, which are frames of their own.
fn binary() {
    type Data<'a> = (Bytes, Bytes);

    let (bytes, attachments) = (Bytes::copy_from_slice(BINARY), workload::attachments());
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new("decode binary", bytes.len())
        .by("ours", || ours::event(&mut decoder, &bytes, &attachments))
        .by("socketioxide", || {
            socketioxide::event(&state, &bytes, &attachments)
        })
        .by("floor", || floor::decode(&bytes))
        .run();
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new("decode binary, typed", bytes.len())
        .by("ours", || {
            ours::data::<Data>(&ours::event(&mut decoder, &bytes, &attachments))
        })
        .by("socketioxide", || {
            socketioxide::data::<Data>(&mut socketioxide::event(&state, &bytes, &attachments))
        })
        .by("floor", || floor::decode(&bytes))
        .run();
    let value = (&attachments[0], &attachments[1]);
    let ours = ours::Event {
        namespace: Namespace::root(),
        id: None,
        name: "upload",
        value: &value,
    };
    Workload::new("encode binary, typed", bytes.len())
        .by("ours", || ours::frames(&ours))
        .by("socketioxide", || {
            socketioxide::frames("/", None, "upload", &value)
        })
        .by("floor", || floor::encode(&bytes))
        .run();
}

fn texts() -> Vec<Message> {
    workload::messages()
        .into_iter()
        .map(Message::from)
        .collect()
}

fn with_bytes() -> Vec<Message> {
    let text = Message::from(&std::str::from_utf8(BINARY).unwrap()[1..]);
    let attachments = workload::attachments().into_iter().map(Message::from);
    [text].into_iter().chain(attachments).collect()
}

/// The body of a request or an answer.
fn payload(name: &str, form: Form, messages: &[Message]) {
    let packets: Vec<_> = messages.iter().cloned().map(Packet::Message).collect();
    let body = form.encode(&packets);
    let content_type = HeaderValue::from_static(form.content_type());
    let protocol = match form {
        Form::Separated => ProtocolVersion::V4,
        Form::Binary | Form::String(_) => ProtocolVersion::V3,
    };
    let theirs = socketioxide::payload(protocol, &content_type, &body);
    assert_eq!(socketioxide::body(protocol, &theirs), body);
    Workload::new(format!("decode {name}"), body.len())
        .by("ours", || ours::payload(form, &body))
        .by("socketioxide", || {
            socketioxide::payload(protocol, &content_type, &body)
        })
        .by("floor", || floor::decode(&body))
        .run();
    Workload::new(format!("encode {name}"), body.len())
        .by("ours", || form.encode(&packets))
        .by("socketioxide", || socketioxide::body(protocol, &theirs))
        .by("floor", || floor::encode(&body))
        .run();
}
