//! How often the hot paths ask for memory.

#![allow(missing_docs, reason = "a test")]
mod counting;

use bytes::{Bytes, BytesMut};
use socketio_parser::{
    AckId, Args, Decoder, Frame, Limits, Namespace, Packet, PacketRef, Progress, Revision,
    Utf8Bytes, encode_event, to_json,
};

use counting::allocations;

const EVENTS: [&str; 3] = [
    r#"2["message","hello"]"#,
    r#"2/chat,17["message",{"from":"ada","to":["a","b",["c",{"d":[]}]]},"esc\n",1.5,null]"#,
    r#"3/chat,17[true]"#,
];

#[test]
fn decoding_an_event_allocates_nothing() {
    for text in EVENTS {
        // A slice of what was read from the socket, as a driver has it.
        let buffer = Utf8Bytes::from(text);
        let frame = Frame::Text(buffer.clone());
        let mut decoder = Decoder::new(Limits::default());
        let (count, fed) = allocations(|| decoder.feed(frame));
        assert!(matches!(fed, Ok(Progress::Complete(_))));
        assert_eq!(count, 0, "{text}");
        let frame = Frame::Text(buffer.clone());
        let mut decoder = Decoder::with_revision(Revision::V4, Limits::default());
        let (count, fed) = allocations(|| decoder.feed(frame));
        assert_eq!((count, fed.is_ok()), (0, true), "{text}");
        assert_eq!(
            allocations(|| PacketRef::decode(text).is_ok()),
            (0, true),
            "{text}"
        );
    }
}

#[test]
fn reading_arguments_allocates_what_they_own() {
    let args = Args::event("message", &("hello", 7, Some([1.5, 2.5]))).unwrap();
    let (count, name) = allocations(|| args.event_name());
    assert_eq!((count, &*name.unwrap()), (0, "message"));
    let (count, data) = allocations(|| args.event_data());
    assert_eq!((count, data), (0, Ok(("hello", 7, Some([1.5, 2.5])))));
}

/// The text and its reference count are one allocation, which clones share.
#[test]
fn encoding_a_small_event_allocates_once() {
    let chat = Namespace::new("/chat").unwrap();
    let id = Some(AckId::new(17));
    let value = ("hello", [1, 2, 3], 1.5);
    let (count, encoded) = allocations(|| encode_event(b"4", &chat, id, "message", &value));
    let (text, _) = encoded.unwrap();
    assert_eq!(text, r#"42/chat,17["message","hello",[1,2,3],1.5]"#);
    assert_eq!(count, 1);
    assert_eq!(allocations(|| text.clone()), (0, text));

    let (count, args) = allocations(|| Args::event("message", &value));
    assert_eq!((count, args.is_ok()), (1, true));
    let (count, args) = allocations(|| Args::new(&value));
    assert_eq!((count, args.is_ok()), (1, true));
    let (count, json) = allocations(|| to_json(&value));
    assert_eq!((count, json.is_ok()), (1, true));
}

/// Room for the text, and its reference count.
#[test]
fn encoding_a_large_event_allocates_twice() {
    let value = "x".repeat(10_000);
    let encode = || encode_event(b"4", &Namespace::root(), None, "message", &value);
    let (count, encoded) = allocations(encode);
    assert_eq!((count, encoded.is_ok()), (2, true));
}

#[test]
fn encoding_a_packet_takes_the_room_that_is_there() {
    let packet = Packet::Ack {
        namespace: Namespace::new("/chat").unwrap(),
        id: Some(AckId::new(17)),
        args: Args::new(&(1, "a")).unwrap(),
    };
    for revision in [Revision::V3, Revision::V4, Revision::V5] {
        let mut out = BytesMut::with_capacity(packet.encoded_len_as(revision));
        let (count, ()) = allocations(|| packet.encode_as(revision, &mut out));
        assert_eq!(count, 0);
    }
}

#[test]
fn cloning_a_packet_allocates_nothing() {
    let args = Args::event("message", &(Bytes::from_static(b"a"), "b")).unwrap();
    let packet = Packet::Event {
        namespace: Namespace::root(),
        id: None,
        args,
    };
    let _shared = packet.clone();
    let (count, clone) = allocations(|| packet.clone());
    assert_eq!((count, clone), (0, packet));
}
