//! What must not allocate, counted.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use bytes::{Bytes, BytesMut};
use engineio_parser::{Frame, Message, Packet, PacketRef, Utf8Bytes, payload};

#[test]
fn decoding_a_borrowed_text_allocates_nothing() {
    let (count, packet) = allocations(|| PacketRef::decode("4hello"));
    assert!(packet.is_ok());
    assert_eq!(count, 0);
}

#[test]
fn decoding_a_frame_allocates_nothing() {
    let frame = Frame::Text(shared("4hello"));
    let (count, packet) = allocations(|| Packet::decode(&frame));
    assert_eq!(packet, Ok(Packet::Message("hello".into())));
    assert_eq!(count, 0);

    let frame = Frame::Binary(shared("hello").into_bytes());
    let (count, packet) = allocations(|| Packet::decode(&frame));
    assert!(packet.is_ok());
    assert_eq!(count, 0);
}

#[test]
fn decoding_a_payload_of_texts_allocates_nothing() {
    let body = shared("2\u{1e}4hello\u{1e}4world\u{1e}6");
    let (count, packets) = allocations(|| payload::decode(&body).filter(Result::is_ok).count());
    assert_eq!(packets, 4);
    assert_eq!(count, 0);
}

#[test]
fn decoding_base64_allocates_once() {
    let (count, packet) = allocations(|| PacketRef::decode("bAQIDBA=="));
    assert!(packet.is_ok());
    assert_eq!(count, 1);

    let frame = Frame::Text(shared("bAQIDBA=="));
    let (count, packet) = allocations(|| Packet::decode(&frame));
    assert!(packet.is_ok());
    assert_eq!(count, 1);
}

#[test]
fn encoding_a_text_allocates_once() {
    let packet = Packet::Message(Message::Text(shared("hello")));
    let (count, frame) = allocations(|| Frame::from(&packet));
    assert_eq!(count, 1);
    let (count, same) = allocations(|| Frame::from(packet));
    assert_eq!(count, 1);
    assert_eq!(frame, same);
}

#[test]
fn encoding_bytes_or_nothing_for_a_websocket_allocates_nothing() {
    for packet in [
        Packet::Noop,
        Packet::Ping("".into()),
        Packet::Message(shared("a").into_bytes().into()),
    ] {
        let (count, _frame) = allocations(|| Frame::from(&packet));
        assert_eq!(count, 0);
        let (count, _frame) = allocations(|| Frame::from(packet));
        assert_eq!(count, 0);
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    let packets = [
        Packet::Message("hello".into()),
        Packet::Message(vec![1, 2, 3, 4].into()),
    ];
    let mut out = BytesMut::with_capacity(64);
    let (count, ()) = allocations(|| {
        for packet in &packets {
            packet.as_ref().encode(&mut out);
        }
    });
    assert_eq!(out, "4hellobAQIDBA==");
    assert_eq!(count, 0);
}

#[test]
fn pushing_into_a_payload_with_room_allocates_nothing() {
    let text = Frame::Text(shared("4hello"));
    let bytes = Frame::Binary(Bytes::from_static(&[1, 2, 3, 4]));
    let mut body = payload::PayloadBuf::with_capacity(text.payload_len() + 1 + bytes.payload_len());
    let (count, ()) = allocations(|| {
        body.push(&text);
        body.push(&bytes);
    });
    assert_eq!(body.into_bytes(), "4hello\u{1e}bAQIDBA==");
    assert_eq!(count, 0);
}

/// A text whose memory has several owners already, as a part of a network buffer has. `Bytes`
/// allocates its reference count with the second owner, not with the first.
fn shared(text: &str) -> Utf8Bytes {
    let text = Utf8Bytes::from(text);
    drop(text.clone());
    text
}

/// How often `work` allocates, and what it returns.
fn allocations<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = COUNT.get();
    let value = work();
    (COUNT.get() - before, value)
}

/// The system's allocator, with a count for each thread.
struct Counting;

// SAFETY: every call is passed on as it came.
#[allow(unsafe_code, reason = "an allocator cannot be written without it")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`; `ptr` came from `System`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}
