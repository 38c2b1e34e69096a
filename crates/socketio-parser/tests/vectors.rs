//! Packets recorded from the reference implementation, in both directions and three revisions.
//!
//! Source: socket.io-parser 4.2.7 (revision 5), 3.4.5 (revision 4) and 2.1.5 (revision 3).

#![allow(missing_docs, reason = "a test")]

#[allow(dead_code, reason = "each file of tests uses a part")]
mod described;
mod deviations;
#[allow(dead_code, reason = "each file of tests uses a part")]
mod value;

use bytes::BytesMut;
use serde_json::Value as Json;
use socketio_parser::{Decoder, Frame, Limits, Many, Packet, Progress, Revision, encode_event};

use described::{Described, Vector, check, same};
use value::Value;

#[test]
fn revision_3_is_encoded_as_recorded() {
    let file = include_str!("vectors/socketio-v3-encode.json");
    check("v3.enc.", &[file], |vector| {
        encodes_as(Revision::V3, vector)
    });
}

#[test]
fn revision_4_is_encoded_as_recorded() {
    let file = include_str!("vectors/socketio-v4-encode.json");
    check("v4.enc.", &[file], |vector| {
        encodes_as(Revision::V4, vector)
    });
}

#[test]
fn revision_5_is_encoded_as_recorded() {
    let file = include_str!("vectors/socketio-v5-encode.json");
    check("v5.enc.", &[file], |vector| {
        encodes_as(Revision::V5, vector)
    });
}

#[test]
fn revision_3_is_decoded_as_recorded() {
    let file = include_str!("vectors/socketio-v3-decode.json");
    check("v3.dec.", &[file], |vector| {
        decodes_to(Revision::V3, vector)
    });
}

#[test]
fn revision_4_is_decoded_as_recorded() {
    let files = [
        include_str!("vectors/socketio-v4-decode.json"),
        include_str!("vectors/socketio-v4-decode-errors.json"),
    ];
    check("v4.dec.", &files, |vector| decodes_to(Revision::V4, vector));
}

#[test]
fn revision_5_is_decoded_as_recorded() {
    let files = [
        include_str!("vectors/socketio-v5-decode.json"),
        include_str!("vectors/socketio-v5-decode-errors.json"),
    ];
    check("v5.dec.", &files, |vector| decodes_to(Revision::V5, vector));
}

/// What is nested too deeply for types still comes through.
#[test]
fn deep_nesting_is_decoded() {
    for inner in [200, 1000] {
        let json = format!("[\"deep\",{}1{}]", "[".repeat(inner), "]".repeat(inner));
        let frame = Frame::Text(format!("2{json}").into());
        let fed = Decoder::new(Limits::default()).feed(frame).unwrap();
        let Progress::Complete(Packet::Event { args, .. }) = fed else {
            panic!()
        };
        assert_eq!(args.json(), json);
        let error = args.event_data::<Value>().unwrap_err();
        assert!(error.to_string().contains("nested too deeply"), "{error}");
    }
}

fn encodes_as(revision: Revision, vector: &Vector) -> Result<(), String> {
    let packet = described::packet(vector.packet.as_ref().unwrap())?;
    let frames = frames_of(revision, &packet);
    if revision == Revision::V5 {
        takes_no_short_cut(&packet, &frames)?;
    }
    let expected = vector.frames();
    same(frames.len(), expected.len())?;
    for (frame, expected) in frames.iter().zip(&expected) {
        match (frame, expected) {
            (Frame::Text(text), Frame::Text(expected)) => same_text(text, expected)?,
            (frame, expected) => same(frame, expected)?,
        }
    }
    Ok(())
}

/// Checks that the way of an event without [`Packet`] gives the same frames.
fn takes_no_short_cut(packet: &Packet, frames: &[Frame]) -> Result<(), String> {
    let Packet::Event {
        namespace,
        id,
        args,
    } = packet
    else {
        return Ok(());
    };
    if !args.json().starts_with("[\"") {
        return Ok(()); // named by a number
    }
    let (Some(name), Ok(Many(items))) = (args.event_name(), args.event_data::<Many<Value>>())
    else {
        return Ok(());
    };
    let encoded = encode_event(b"4", namespace, *id, &name, &Many(items));
    let Ok((text, attachments)) = encoded else {
        return Ok(());
    };
    let text = Frame::Text(text[1..].into());
    let shorter: Vec<_> = [text]
        .into_iter()
        .chain(attachments.into_iter().map(Frame::Binary))
        .collect();
    same(shorter.as_slice(), frames)
}

fn frames_of(revision: Revision, packet: &Packet) -> Vec<Frame> {
    let mut out = BytesMut::new();
    packet.encode_as(revision, &mut out);
    assert_eq!(out.len(), packet.encoded_len_as(revision));
    let text = Frame::Text(out.freeze().try_into().unwrap());
    [text]
        .into_iter()
        .chain(packet.attachments().iter().cloned().map(Frame::Binary))
        .collect()
}

fn decodes_to(revision: Revision, vector: &Vector) -> Result<(), String> {
    let mut decoder = Decoder::with_revision(revision, Limits::default());
    let (packets, failure) = (vector.packets()?, vector.failure());
    let mut expected = packets.iter();
    for (index, frame) in vector.frames().into_iter().enumerate() {
        match (decoder.feed(frame), &failure) {
            (Ok(Progress::Complete(packet)), _) => {
                let expected = expected.next().ok_or("a packet too many")?;
                same(&Described::of(index, &packet)?, expected)?;
            }
            (Ok(Progress::Needs(_)), _) => {}
            (Err(error), Some(failure)) => {
                same(index, failure.at_frame)?;
                let begins = error.to_string().starts_with(&failure.message);
                same(begins, true).map_err(|_| format!("{error}, not {}", failure.message))?;
                return same(expected.next().is_none(), true);
            }
            (Err(error), None) => return Err(error.to_string()),
        }
    }
    same(expected.next().is_none(), true)?;
    same(failure.is_none(), true)
}

/// The order of members is free: then header and JSON are compared by themselves.
fn same_text(text: &str, expected: &str) -> Result<(), String> {
    let split = |text: &str| {
        let (header, json) = text.split_at(text.find(['[', '{', '"']).unwrap_or(text.len()));
        (header.to_owned(), serde_json::from_str::<Json>(json).ok())
    };
    if text == expected {
        Ok(())
    } else {
        same(split(text), split(expected))
    }
}
