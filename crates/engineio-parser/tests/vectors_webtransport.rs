//! Recorded behaviour of the reference for frames of WebTransport, in both directions.
//!
//! Where this crate differs on purpose, the vector stands in a table with the reason. Such a vector
//! must fail: when it no longer does, it is removed from the table.

mod notation;

use bytes::{Bytes, BytesMut};
use engineio_parser::{
    Frame, Packet,
    webtransport::{self, Decoder, Progress},
};
use serde_json::Value;

use notation::{
    Deviations, NOT_UTF8, bytes, check, equal, packet, packets_and_error, string, vectors,
};

const FILE: &str = include_str!("vectors/engineio-webtransport_frames.json");

const EMPTY: &str = "an empty message travels as the text `b`: peers refuse the frame `80`";
const SMALL_LIMIT: &str = "the mark of a longer header is not a length";
const EMPTY_CHUNK: &str = "an empty chunk changes nothing: the reference damages the frame";

const FRAMES: &Deviations = &[
    ("wt_frame_binary_0", EMPTY),
    ("wt_frame_lone_surrogate_becomes_fffd", NOT_UTF8),
];

#[test]
fn frames() {
    let is_frame = |vector: &Value| vector["op"] != "decode_stream";
    check(FILE, is_frame, 35, FRAMES, |vector| {
        let packet = packet(&vector["packet"])?;
        let expected = bytes(&vector["frame"]);
        let frame = Frame::from(&packet);
        let mut out = BytesMut::new();
        webtransport::encode(&frame, &mut out);
        equal(webtransport::encoded_len(&frame), out.len())?;
        equal(&out, &expected)?;
        equal(out.starts_with(&bytes(&vector["header"])), true)?;
        equal(decode([expected], usize::MAX), vec![(Some(packet), 0)])
    });
}

/// The vectors in the table, as far as they can be followed: what arrives.
#[test]
fn frames_that_are_not_written_here_are_read() {
    let vectors = vectors(FILE);
    for (name, _) in FRAMES {
        let vector = vectors.iter().find(|vector| vector["name"] == *name);
        let vector = vector.unwrap();
        let received = decode([bytes(&vector["frame"])], usize::MAX);
        let (packets, is_error) = packets_and_error(&vector["decoded_by_peer"]).unwrap();
        let mut expected: Vec<_> = packets
            .into_iter()
            .map(|packet| (Some(packet), 0))
            .collect();
        expected.extend(is_error.then_some((None, 0)));
        assert_eq!(received, expected);
    }
}

const STREAMS: &Deviations = &[
    ("wt_stream_empty_chunk_between", EMPTY_CHUNK),
    ("wt_stream_len16_marker_alone_over_small_max", SMALL_LIMIT),
    ("wt_stream_len64_marker_alone_over_small_max", SMALL_LIMIT),
];

#[test]
fn streams() {
    let is_stream = |vector: &Value| vector["op"] == "decode_stream";
    check(FILE, is_stream, 33, STREAMS, |vector| {
        equal(decode_stream(vector), received(&vector["packets"])?)
    });
}

/// One vector says what would be right where the reference is wrong.
#[test]
fn an_empty_chunk_does_no_harm() {
    let vectors = vectors(FILE);
    let wrong: Vec<&Value> = vectors
        .iter()
        .filter(|vector| vector["reference_bug"] == true)
        .collect();
    assert_eq!(wrong.len(), 1);
    for vector in wrong {
        assert_eq!(
            Ok(decode_stream(vector)),
            received(&vector["correct_packets"])
        );
    }
}

fn decode_stream(vector: &Value) -> Received {
    let limit = vector["max_payload"].as_u64().unwrap();
    let chunks = vector["chunks"].as_array().unwrap().iter().map(bytes);
    decode(chunks, limit.try_into().unwrap())
}

/// What came out, and behind which chunk. `None`: an error.
type Received = Vec<(Option<Packet>, u64)>;

fn decode(chunks: impl IntoIterator<Item = Bytes>, limit: usize) -> Received {
    let mut decoder = Decoder::new(limit);
    let mut received = Vec::new();
    for (index, mut chunk) in (0..).zip(chunks) {
        loop {
            match decoder.decode(&mut chunk) {
                Ok(Progress::Complete(frame)) => {
                    received.push((Packet::decode(&frame).ok(), index));
                }
                Ok(Progress::Needs(_)) => break,
                Err(_) => {
                    received.push((None, index));
                    return received;
                }
            }
        }
        assert!(chunk.is_empty());
    }
    received
}

fn received(list: &Value) -> Result<Received, String> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| {
            let after = item["after_chunk"].as_u64().unwrap();
            match string(item, "type") {
                "error" => Ok((None, after)),
                _ => Ok((Some(packet(item)?), after)),
            }
        })
        .collect()
}
