//! What must not allocate, counted.

mod counting;

use bytes::{Bytes, BytesMut};
use engineio_parser::{
    Channel, Frame, Message, Packet, PacketRef, Revision, Utf8Bytes, Wire,
    legacy::{self, Dialect},
    payload::{self, Form},
    webtransport::{self, Decoder, Progress},
};

use counting::allocations;

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

#[test]
fn decoding_old_packets_allocates_nothing() {
    let (count, packet) = allocations(|| legacy::decode_bytes(&[4, 1, 2, 3]));
    assert!(packet.is_ok());
    assert_eq!(count, 0);

    let wire = Wire::from(Revision::V2);
    for frame in [
        Frame::Text(shared("4hello")),
        Frame::Binary(shared("\u{4}hello").into_bytes()),
    ] {
        let (count, packet) = allocations(|| wire.decode(&frame));
        assert!(packet.is_ok());
        assert_eq!(count, 0);
    }
}

#[test]
fn decoding_old_payloads_allocates_nothing() {
    let strings = shared("1:26:4hello2:4€1:6").into_bytes();
    let form = Form::String(Dialect::Plain);
    let (count, packets) = allocations(|| form.decode(&strings).filter(Result::is_ok).count());
    assert_eq!((count, packets), (0, 4));

    let bytes = Bytes::from(b"\x00\x01\xff2\x00\x04\xff4\xe2\x82\xac\x01\x03\xff\x04ab".to_vec());
    drop(bytes.clone());
    let (count, packets) =
        allocations(|| Form::Binary.decode(&bytes).filter(Result::is_ok).count());
    assert_eq!((count, packets), (0, 3));
}

#[test]
fn a_text_for_many_peers_is_encoded_once() {
    let frame = Frame::Text(shared("4hello"));
    for revision in [Revision::V2, Revision::V3, Revision::V4] {
        let wire = Wire::from(revision);
        let (count, same) = allocations(|| wire.rewrite(frame.clone(), Channel::Bytes));
        assert_eq!((count, &same), (0, &frame));
    }
}

#[test]
fn a_byte_in_front_of_bytes_costs_one_allocation() {
    let frame = Frame::Binary(shared("abc").into_bytes());
    let wire = Wire::from(Revision::V3);
    for channel in [Channel::Bytes, Channel::Text] {
        let frame = frame.clone();
        let (count, _frame) = allocations(|| wire.rewrite(frame, channel));
        assert_eq!(count, 1);
    }
}

#[test]
fn frames_of_a_stream_are_slices_of_a_chunk() {
    let mut stream = BytesMut::with_capacity(64);
    let frames = [
        Frame::Text(shared("4hello")),
        Frame::Binary(shared("abc").into_bytes()),
    ];
    let (count, ()) = allocations(|| {
        for frame in &frames {
            webtransport::encode(frame, &mut stream);
        }
    });
    assert_eq!(count, 0);
    let mut chunk = stream.freeze();
    drop(chunk.clone());
    let mut decoder = Decoder::new(100);
    let (count, ()) = allocations(|| {
        for frame in &frames {
            assert_eq!(
                decoder.decode(&mut chunk),
                Ok(Progress::Complete(frame.clone()))
            );
        }
    });
    assert_eq!(count, 0);
}

/// A text whose memory has several owners already, as a part of a network buffer has. `Bytes`
/// allocates its reference count with the second owner, not with the first.
fn shared(text: &str) -> Utf8Bytes {
    let text = Utf8Bytes::from(text);
    drop(text.clone());
    text
}
