//! Laws that hold for all packets in MessagePack, and for all bytes.

#![allow(missing_docs, reason = "a test")]
#![cfg(feature = "msgpack")]

#[allow(dead_code, reason = "each file of tests uses a part")]
mod strategies;
#[allow(dead_code, reason = "each file of tests uses a part")]
mod value;

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use socketio_parser::{
    Args, Decoder, Frame, Limits, Many, Packet, Progress, Revision, Value as Sent, msgpack,
};

use strategies::{edit, edits, packet, sent};

const REVISIONS: [Revision; 3] = [Revision::V3, Revision::V4, Revision::V5];

/// Decodes anything. What comes out has to survive another round, in either encoding.
fn survive(frame: &Frame) {
    for revision in REVISIONS {
        let Ok(packet) = msgpack::decode(revision, frame, &Limits::default()) else {
            continue;
        };
        let again = msgpack::encode(revision, &packet).unwrap();
        let again = msgpack::decode(revision, &again, &Limits::default()).unwrap();
        assert_eq!(again.namespace(), packet.namespace());
        if let Packet::Event { args, .. } | Packet::Ack { args, .. } = &packet {
            let (Packet::Event { args: again, .. } | Packet::Ack { args: again, .. }) = &again
            else {
                panic!()
            };
            assert_eq!(args.to::<Many<Sent>>(), again.to::<Many<Sent>>());
            assert_eq!(args.attachments(), again.attachments());
            let _ = args.event_data::<(Bytes, String)>();
            // Data that looks like a placeholder is told from one here, and not on that wire.
            if args.attachments().is_empty() {
                let again = Args::from_json(args.json(), Vec::new());
                assert_eq!(again.as_ref(), Ok(args));
                assert_eq!(by_default(&packet, revision), packet);
            }
        }
    }
}

/// Sends a packet without bytes in the default encoding.
fn by_default(packet: &Packet, revision: Revision) -> Packet {
    let mut out = BytesMut::new();
    packet.encode_as(revision, &mut out);
    let text = Frame::Text(out.freeze().try_into().unwrap());
    match Decoder::with_revision(revision, Limits::default()).feed(text) {
        Ok(Progress::Complete(packet)) => packet,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(packet in packet()) {
        for revision in REVISIONS {
            // Before revision 5, a CONNECT has no data.
            if revision < Revision::V5 && matches!(packet, Packet::Connect { data: Some(_), .. }) {
                continue;
            }
            let frame = msgpack::encode(revision, &packet).unwrap();
            let decoded = msgpack::decode(revision, &frame, &Limits::default());
            prop_assert_eq!(decoded.as_ref(), Ok(&packet));
        }
    }

    #[test]
    fn bytes_share_the_memory_of_the_frame(items in vec(sent(), 1..5)) {
        let packet = Packet::Ack {
            namespace: Default::default(),
            id: None,
            args: Args::new(&Many(items)).unwrap(),
        };
        let frame = msgpack::encode(Revision::V5, &packet).unwrap();
        let decoded = msgpack::decode(Revision::V5, &frame, &Limits::default()).unwrap();
        let Frame::Binary(frame) = frame else { panic!() };
        for bytes in decoded.attachments().iter().filter(|bytes| !bytes.is_empty()) {
            prop_assert!(frame.as_ptr_range().contains(&bytes.as_ptr()));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..100)) {
        survive(&Frame::Binary(bytes.clone().into()));
        let head = b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x99";
        survive(&Frame::Binary([&head[..], &bytes].concat().into()));
    }

    #[test]
    fn any_change_is_survived(
        packet in packet(),
        at in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        edits in edits(),
    ) {
        for revision in [Revision::V4, Revision::V5] {
            match msgpack::encode(revision, &packet).unwrap() {
                Frame::Binary(frame) => {
                    let mut bytes = frame.to_vec();
                    for (at, byte) in &at {
                        let at = at.index(bytes.len());
                        bytes[at] = *byte;
                    }
                    survive(&Frame::Binary(bytes.clone().into()));
                    bytes.truncate(cut.index(bytes.len()));
                    survive(&Frame::Binary(bytes.into()));
                }
                Frame::Text(text) => survive(&Frame::Text(edit(&text, &edits).into())),
            }
        }
    }
}
