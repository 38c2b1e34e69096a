//! MessagePack from a peer that may send anything.
//!
//! The first byte picks the revision, and whether the frame is text; the rest is the frame. What
//! decodes has to encode to a frame that says the same, and to have the same form in JSON.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use socketio_parser::{
    Args, Decoder, Frame, Limits, Many, Packet, Progress, Revision, Value, msgpack,
};

fuzz_target!(|input: &[u8]| {
    let Some((pick, bytes)) = input.split_first() else {
        return;
    };
    let revision = match pick % 2 {
        0 => Revision::V4,
        _ => Revision::V5,
    };
    let frame = match std::str::from_utf8(bytes) {
        Ok(text) if pick % 8 == 2 => Frame::Text(text.into()),
        _ => Frame::Binary(Bytes::copy_from_slice(bytes)),
    };
    let Ok(packet) = msgpack::decode(revision, &frame, &Limits::default()) else {
        return;
    };
    let again = msgpack::encode(revision, &packet).expect("decoded by us");
    let again = msgpack::decode(revision, &again, &Limits::default()).expect("encoded by us");
    assert_eq!(again.namespace(), packet.namespace());
    match (&packet, &again) {
        (
            Packet::Event { id, args, .. },
            Packet::Event {
                id: same,
                args: again,
                ..
            },
        )
        | (
            Packet::Ack { id, args, .. },
            Packet::Ack {
                id: same,
                args: again,
                ..
            },
        ) => {
            assert_eq!(id, same);
            read(args, again);
        }
        // Old packets are JSON, which may be written otherwise.
        (Packet::ConnectError { .. }, Packet::ConnectError { .. })
        | (Packet::Connect { .. }, Packet::Connect { .. })
        | (Packet::Disconnect { .. }, Packet::Disconnect { .. }) => {}
        other => panic!("{other:?}"),
    }
    if packet.attachments().is_empty() {
        assert_eq!(by_default(revision, &packet), packet);
    }
});

fn read(args: &Args, again: &Args) {
    assert_eq!(args.event_name(), again.event_name());
    assert_eq!(args.attachments(), again.attachments());
    assert_eq!(
        args.to::<Many<Value>>().ok(),
        again.to::<Many<Value>>().ok()
    );
    let _ = args.event_data::<(Bytes, Option<Vec<u8>>, String)>();
    let _ = args.to::<serde_json::Value>();
    let _ = args.without_name().with_name("name");
}

/// Sends a packet without bytes in the default encoding.
fn by_default(revision: Revision, packet: &Packet) -> Packet {
    let mut out = BytesMut::new();
    packet.encode_as(revision, &mut out);
    let text = Frame::Text(out.freeze().try_into().expect("encoded as UTF-8"));
    match Decoder::with_revision(revision, Limits::default()).feed(text) {
        Ok(Progress::Complete(packet)) => packet,
        other => panic!("{other:?}"),
    }
}
