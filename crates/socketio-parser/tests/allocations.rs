//! How often the hot paths ask for memory.

#![allow(missing_docs, reason = "a test")]
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::Bytes;
use socketio_parser::{
    AckId, Args, Decoder, Frame, Limits, Namespace, Packet, PacketRef, Progress, Utf8Bytes,
    encode_event,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: passed on as it came.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn allocations<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.get();
    let value = run();
    (ALLOCATIONS.get() - before, value)
}

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

/// One for the text, one for its reference count.
#[test]
fn encoding_a_small_event_allocates_twice() {
    let chat = Namespace::new("/chat").unwrap();
    let id = Some(AckId::new(17));
    let (count, encoded) =
        allocations(|| encode_event(b"4", &chat, id, "message", &("hello", [1, 2, 3], 1.5)));
    assert_eq!(
        encoded.unwrap().0,
        r#"42/chat,17["message","hello",[1,2,3],1.5]"#
    );
    assert_eq!(count, 2);
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
