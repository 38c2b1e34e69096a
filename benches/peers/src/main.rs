//! Measures our parsers, others that are written in Rust, and the least that any parser has to do.
//!
//! Writes a line for each result: workload, bytes, who, nanoseconds. A part behind a comma says
//! what becomes of the arguments of an event: they stay JSON, become the types that the application
//! wants, or values of any kind. All decode from bytes and encode to bytes, in memory from the
//! heap, as sockets have it.

mod floor;
mod measure;
mod ours;
mod parts;
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
use workload::{BINARY, EVENT, HEARTBEAT, LONG, OBJECT, Object, Received};

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
    parts::measure();
}

fn heartbeat() {
    let bytes = Bytes::copy_from_slice(HEARTBEAT);
    let received = || bytes.clone();
    // Does not look whether text is UTF-8.
    let rust_engineio = |bytes| rust_engineio::Packet::try_from(bytes).unwrap();
    Workload::new("decode heartbeat", bytes.len())
        .of("ours", received, ours::packet)
        .of("socketioxide", received, socketioxide::packet)
        .of("rust_engineio", received, rust_engineio)
        .by("floor", || floor::decode(&bytes))
        .run();
    let ours = || ours::packet(received());
    let socketioxide = || socketioxide::packet(received());
    Workload::new("encode heartbeat", bytes.len())
        .of("ours", ours, Frame::from)
        .of("socketioxide", socketioxide, String::from)
        .of("rust_engineio", || rust_engineio(received()), Bytes::from)
        .by("floor", || floor::encode(&bytes))
        .run();
}

/// An event with one argument.
fn event<T: DeserializeOwned + Serialize>(name: &str, bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let received = (bytes.clone(), None);
    decode_event(&format!("decode {name}"), &received);
    event_data::<T>(&format!("decode {name}, typed"), &received);
    event_data::<Value>(&format!("decode {name}, values"), &received);

    let args = ours::event(&mut ours::decoder(), received);
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

/// An event up to its arguments, which stay JSON.
fn decode_event(name: &str, received: &Received) {
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new(name, received.0.len())
        .of(
            "ours",
            || received.clone(),
            |received| ours::event(&mut decoder, received),
        )
        .of(
            "socketioxide",
            || received.clone(),
            |received| socketioxide::event(&state, received),
        )
        .by("floor", || floor::decode(&received.0))
        .run();
}

/// The same up to the argument as the application gets it.
fn event_data<T: DeserializeOwned>(name: &str, received: &Received) {
    let (mut decoder, state) = (ours::decoder(), socketioxide::State::default());
    Workload::new(name, received.0.len())
        .of(
            "ours",
            || received.clone(),
            |received| ours::data::<T>(&ours::event(&mut decoder, received)),
        )
        .of(
            "socketioxide",
            || received.clone(),
            |received| socketioxide::data::<T>(&mut socketioxide::event(&state, received)),
        )
        .by("floor", || floor::decode(&received.0))
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
    let (bytes, attachments) = (Bytes::copy_from_slice(BINARY), workload::attachments());
    let received = (bytes.clone(), Some(attachments.clone()));
    decode_event("decode binary", &received);
    event_data::<(Bytes, Bytes)>("decode binary, typed", &received);
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
    let received = || body.clone();
    let theirs = socketioxide::payload(protocol, &content_type, received());
    let queue = || socketioxide::queue(&theirs);
    assert_eq!(socketioxide::body(protocol, queue()), body);
    Workload::new(format!("decode {name}"), body.len())
        .of("ours", received, |body| ours::payload(form, &body))
        .of("socketioxide", received, |body| {
            socketioxide::payload(protocol, &content_type, body)
        })
        .by("floor", || floor::decode(&body))
        .run();
    Workload::new(format!("encode {name}"), body.len())
        .by("ours", || form.encode(&packets))
        .of("socketioxide", queue, |queue| {
            socketioxide::body(protocol, queue)
        })
        .by("floor", || floor::encode(&body))
        .run();
}
