//! Frames from a peer that may send anything.
//!
//! The input is a list of frames: one byte says what kind, the next two how long, then come the
//! bytes. What decodes has to encode to frames that decode to the same.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use socketio_parser::{Args, Decoder, Frame, Limits, Packet, PacketRef, Progress};

fuzz_target!(|input: &[u8]| {
    let mut decoder = Decoder::new(Limits::default());
    let mut rest = input;
    while let Some((frame, behind)) = next_frame(rest) {
        rest = behind;
        if let Frame::Text(text) = &frame {
            let _ = PacketRef::decode(text);
        }
        match decoder.feed(frame) {
            Ok(Progress::Complete(packet)) => check(&packet),
            Ok(Progress::Needs(missing)) => {
                assert!(decoder.is_reconstructing());
                assert!(missing.get() <= Limits::default().max_attachments);
            }
            // Once it has failed it fails for ever: the next frames get a decoder of their own.
            Err(error) => {
                let again = decoder.feed(Frame::Text("0".into()));
                assert_eq!(again, Err(error));
                decoder = Decoder::new(Limits::default());
            }
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

fn check(packet: &Packet) {
    let mut text = BytesMut::new();
    packet.encode(&mut text);
    assert_eq!(text.len(), packet.encoded_len());
    let text = Frame::Text(text.freeze().try_into().expect("encoded as UTF-8"));
    let attachments = packet.attachments().iter().cloned().map(Frame::Binary);

    let mut decoder = Decoder::new(Limits::default());
    let mut decoded = None;
    for frame in [text].into_iter().chain(attachments) {
        assert!(decoded.is_none(), "a frame too many");
        if let Progress::Complete(packet) = decoder.feed(frame).expect("encoded by us") {
            decoded = Some(packet);
        }
    }
    assert_eq!(decoded.as_ref(), Some(packet));
    if let Packet::Event { args, .. } | Packet::Ack { args, .. } = packet {
        read(args);
    }
}

fn read(args: &Args) {
    let _ = args.event_name();
    let _ = args.to::<serde_json::Value>();
    let _ = args.event_data::<serde_json::Value>();
    let _ = args.event_data::<(Bytes, Option<Vec<u8>>, String)>();
    let again = Args::from_json(args.json(), args.attachments().into());
    assert_eq!(again.as_ref(), Ok(args));
}
