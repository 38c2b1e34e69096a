//! Any bytes as a stream of WebTransport, cut anywhere: nothing panics, pieces make no difference, no
//! frame is above the limit, and what was decoded survives encoding.

#![no_main]

use bytes::{Bytes, BytesMut};
use engineio_parser::{
    DecodeError, Frame, Packet,
    webtransport::{self, Decoder, Progress},
};
use libfuzzer_sys::fuzz_target;

// The first two bytes are the limit, the next eight the lengths of the pieces, over and over.
fuzz_target!(|input: (u16, [u8; 8], Vec<u8>)| {
    let (limit, cuts, stream) = input;
    let stream = Bytes::from(stream);
    let whole = decode([stream.clone()], limit.into());
    assert_eq!(decode(pieces(stream.clone(), &cuts), limit.into()), whole);
    let bytes = (0..stream.len()).map(|at| stream.slice(at..=at));
    assert_eq!(decode(bytes, limit.into()), whole);

    let (frames, _) = whole;
    let mut out = BytesMut::new();
    let mut packets = Vec::new();
    for frame in frames {
        assert!(frame.len() <= usize::from(limit) * 3, "replaced threefold");
        if let Ok(packet) = Packet::decode(&frame) {
            let len = out.len();
            webtransport::encode(&Frame::from(&packet), &mut out);
            let encoded_len = webtransport::encoded_len(&Frame::from(&packet));
            assert_eq!(out.len(), len + encoded_len);
            packets.push(packet);
        }
    }
    let (frames, end) = decode([out.freeze()], usize::MAX);
    assert_eq!(end, Ok(false));
    let decoded: Result<Vec<Packet>, DecodeError> = frames.iter().map(Packet::decode).collect();
    assert_eq!(decoded, Ok(packets));
});

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

fn pieces(mut stream: Bytes, cuts: &[u8]) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    for &cut in cuts.iter().cycle().take(stream.len()) {
        pieces.push(stream.split_to(usize::from(cut).min(stream.len())));
    }
    pieces.push(stream);
    pieces
}
