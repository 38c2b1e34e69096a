//! Laws that hold for any stream of WebTransport, in any pieces.

mod strategies;

use bytes::{Bytes, BytesMut};
use engineio_parser::{
    DecodeError, Frame, Packet,
    webtransport::{self, Decoder, Progress},
};
use proptest::{collection::vec, prelude::*};

use strategies::packets;

proptest! {
    #[test]
    fn decoding_undoes_encoding(packets in vec(packets(), 0..10), cuts in vec(0..40_usize, 0..20)) {
        let mut stream = BytesMut::new();
        let mut len = 0;
        for packet in &packets {
            let frame = Frame::from(packet);
            webtransport::encode(&frame, &mut stream);
            len += webtransport::encoded_len(&frame);
            prop_assert_eq!(stream.len(), len);
        }
        let (frames, end) = decode(pieces(stream.freeze(), &cuts), usize::MAX);
        prop_assert_eq!(end, Ok(false));
        let decoded: Result<Vec<Packet>, _> = frames.iter().map(Packet::decode).collect();
        prop_assert_eq!(decoded, Ok(packets));
    }

    #[test]
    fn pieces_make_no_difference(stream in streams(), cuts in vec(0..9_usize, 0..60), limit in 0..200_usize) {
        let whole = decode([stream.clone()], limit);
        prop_assert_eq!(decode(pieces(stream.clone(), &cuts), limit), whole.clone());
        let bytes = (0..stream.len()).map(|at| stream.slice(at..=at));
        prop_assert_eq!(decode(bytes, limit), whole);
    }

    #[test]
    fn no_frame_is_above_the_limit(stream in streams(), limit in 0..200_usize) {
        let (frames, end) = decode([stream.clone()], limit);
        for frame in frames {
            // What is not UTF-8 grows when it is replaced, at most threefold.
            prop_assert!(frame.len() <= limit * 3);
        }
        if let Err(error) = end {
            prop_assert!(error.offset < stream.len());
        }
    }

    /// What is said to be missing is missing: with less, nothing happens.
    #[test]
    fn what_is_needed_is_needed(stream in streams()) {
        let mut decoder = Decoder::new(usize::MAX);
        let mut rest = stream;
        let mut wanted = 1;
        while rest.len() >= wanted {
            let mut piece = rest.split_to(wanted);
            match decoder.decode(&mut piece) {
                Ok(Progress::Complete(_)) => {
                    prop_assert!(piece.is_empty());
                    wanted = 1;
                }
                Ok(Progress::Needs(needed)) => wanted = needed.get(),
                Err(_) => break,
            }
        }
    }
}

/// The frames, and how the stream ends: by an error, or within a frame or not.
fn decode(
    chunks: impl IntoIterator<Item = Bytes>,
    limit: usize,
) -> (Vec<Frame>, Result<bool, DecodeError>) {
    let mut decoder = Decoder::new(limit);
    let mut frames = Vec::new();
    for mut chunk in chunks {
        loop {
            match decoder.decode(&mut chunk) {
                Ok(Progress::Complete(frame)) => frames.push(frame),
                Ok(Progress::Needs(_)) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut chunk), Err(error), "an error is final");
                    return (frames, Err(error));
                }
            }
        }
        assert!(chunk.is_empty());
    }
    (frames, Ok(decoder.is_partial()))
}

/// The stream in pieces of these lengths, and what is left of it.
fn pieces(mut stream: Bytes, cuts: &[usize]) -> Vec<Bytes> {
    let mut pieces: Vec<Bytes> = cuts
        .iter()
        .map(|&cut| stream.split_to(cut.min(stream.len())))
        .collect();
    pieces.push(stream);
    pieces
}

/// Random bytes, and headers of all lengths with something behind.
fn streams() -> impl Strategy<Value = Bytes> {
    let frame =
        (any::<bool>(), 0..3, vec(any::<u8>(), 0..150)).prop_map(|(binary, form, payload)| {
            let top = u8::from(binary) << 7;
            let mut bytes = match form {
                0 if payload.len() < 126 => vec![top | payload.len() as u8],
                0 | 1 => [&[top | 126][..], &(payload.len() as u16).to_be_bytes()].concat(),
                _ => [&[top | 127][..], &(payload.len() as u64).to_be_bytes()].concat(),
            };
            bytes.extend(payload);
            bytes
        });
    prop_oneof![
        vec(any::<u8>(), 0..100).prop_map(Bytes::from),
        vec(frame, 0..5).prop_map(|frames| Bytes::from(frames.concat())),
    ]
}
