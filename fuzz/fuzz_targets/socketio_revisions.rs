//! Frames of revisions 3 and 4 from a peer that may send anything.
//!
//! The first byte picks the revision; then comes a list of frames: one byte says what kind, the next
//! two how long, then come the bytes. What decodes has to encode to frames that decode to the same.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use socketio_parser::{
    Decoder, Frame, Limits, Many, Namespace, Packet, PacketRef, Progress, Refusal, Revision, Value,
};

fuzz_target!(|input: &[u8]| {
    let Some((pick, mut rest)) = input.split_first() else {
        return;
    };
    let revision = match pick % 2 {
        0 => Revision::V3,
        _ => Revision::V4,
    };
    let mut decoder = Decoder::with_revision(revision, Limits::default());
    while let Some((frame, behind)) = next_frame(rest) {
        rest = behind;
        if let Frame::Text(text) = &frame {
            let _ = PacketRef::decode_as(revision, text);
        }
        match decoder.feed(frame) {
            Ok(Progress::Complete(packet)) => check(revision, &packet),
            Ok(Progress::Needs(_)) => assert!(decoder.is_reconstructing()),
            // Once it has failed it fails for ever: the next frames get a decoder of their own.
            Err(_) => decoder = Decoder::with_revision(revision, Limits::default()),
        }
    }
});

/// Splits off one frame. What is no UTF-8 cannot be a text frame, and is a binary one.
fn next_frame(input: &[u8]) -> Option<(Frame, &[u8])> {
    let (&[kind, low, high], rest) = input.split_first_chunk::<3>()?;
    let len = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
    let (bytes, behind) = rest.split_at(len);
    let frame = match std::str::from_utf8(bytes) {
        Ok(text) if kind % 4 != 0 => Frame::Text(text.into()),
        _ => Frame::Binary(Bytes::copy_from_slice(bytes)),
    };
    Some((frame, behind))
}

fn check(revision: Revision, packet: &Packet) {
    let mut text = BytesMut::new();
    packet.encode_as(revision, &mut text);
    assert_eq!(text.len(), packet.encoded_len_as(revision));
    let text = Frame::Text(text.freeze().try_into().expect("encoded as UTF-8"));
    let attachments = packet.attachments().iter().cloned().map(Frame::Binary);

    let mut decoder = Decoder::with_revision(revision, Limits::default());
    let mut decoded = None;
    for frame in [text].into_iter().chain(attachments) {
        assert!(decoded.is_none(), "a frame too many");
        if let Progress::Complete(packet) = decoder.feed(frame).expect("encoded by us") {
            decoded = Some(packet);
        }
    }
    assert_eq!(decoded.as_ref(), Some(packet));

    check_query(packet.namespace());
    match packet {
        Packet::Event { args, .. } | Packet::Ack { args, .. } => {
            if let Ok(Many(values)) = args.to::<Many<Value>>() {
                assert_eq!(args.to::<()>(), Ok(()));
                assert_eq!(
                    args.to(),
                    Ok(values.first().cloned().filter(|value| !value.is_null()))
                );
            }
        }
        Packet::ConnectError { data, .. } => check_refusal(data),
        Packet::Connect { .. } | Packet::Disconnect { .. } => {}
    }
}

/// A query survives being written anew.
fn check_query(namespace: &Namespace) {
    let parameters: Vec<_> = namespace.query().into_iter().collect();
    assert_eq!(parameters.is_empty(), namespace.query().is_empty());
    let again = namespace.path().with_query(parameters.clone());
    assert_eq!(again.query().into_iter().collect::<Vec<_>>(), parameters);
    if let Some((name, value)) = parameters.last() {
        assert_eq!(namespace.query().get(name).as_ref(), Some(value));
    }
}

fn check_refusal(json: &str) {
    let refusal = Refusal::decode(json).expect("checked by the decoder");
    for revision in [Revision::V4, Revision::V5] {
        let again = refusal.encode(revision);
        assert!(Refusal::decode(&again).is_ok());
    }
}
