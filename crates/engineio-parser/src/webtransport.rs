//! Frames on the byte stream of WebTransport (protocol 4.1).
//!
//! The client opens one stream in both directions. Each frame is a header and a payload: what a
//! WebSocket message would carry in revision 4.
//!
//! | bytes of payload | header |
//! |---|---|
//! | 1 – 125 | one byte: the length |
//! | 126 – 65535 | `7e`, two bytes |
//! | more | `7f`, eight bytes |
//!
//! Numbers are big endian. The top bit of the first byte says that the payload is bytes, not text.
//!
//! ```
//! use bytes::BytesMut;
//! use engineio_parser::{Frame, webtransport::{self, Decoder, Progress}};
//!
//! let mut out = BytesMut::new();
//! webtransport::encode(&Frame::Text("4hello".into()), &mut out);
//! webtransport::encode(&Frame::Binary(vec![1, 2, 3].into()), &mut out);
//! assert_eq!(out, &b"\x064hello\x83\x01\x02\x03"[..]);
//!
//! let mut decoder = Decoder::new(1_000_000);
//! let mut frames = Vec::new();
//! for mut chunk in [out.split_to(3).freeze(), out.freeze()] {
//!     while let Progress::Complete(frame) = decoder.decode(&mut chunk)? {
//!         frames.push(frame);
//!     }
//! }
//! assert_eq!(frames, [Frame::Text("4hello".into()), Frame::Binary(vec![1, 2, 3].into())]);
//! # Ok::<(), engineio_parser::DecodeError>(())
//! ```
//!
//! Specification: [js engine.io-parser 5.2.3].

use core::num::NonZeroUsize;

use alloc::string::String;

use bytes::{BufMut, Bytes, BytesMut};
use nom::{
    Err, IResult, Needed, Parser,
    combinator::map,
    number::streaming::{be_u16, be_u64, u8},
};

use crate::{DecodeError, DecodeErrorKind, Frame, Utf8Bytes, steps};

/// Appends a frame of the stream.
///
/// An empty message of bytes is written as the text `b`, because a frame cannot be empty: the
/// reference writes it nevertheless, and refuses to read it.
///
/// The frame must carry a packet; an empty text is none, and the peer will refuse it.
pub fn encode(frame: &Frame, out: &mut BytesMut) {
    let (kind, payload) = parts(frame);
    out.reserve(encoded_len(frame));
    match payload.len() {
        len @ 0..SHORT => out.put_u8(kind | len as u8),
        len @ SHORT..LONG => {
            out.put_u8(kind | TWO_BYTES);
            out.put_u16(len as u16);
        }
        len => {
            out.put_u8(kind | EIGHT_BYTES);
            out.put_u64(len as u64);
        }
    }
    out.put_slice(payload);
}

/// Exactly the number of bytes that [`encode`] appends.
pub fn encoded_len(frame: &Frame) -> usize {
    let (_, payload) = parts(frame);
    let header = match payload.len() {
        0..SHORT => 1,
        SHORT..LONG => 3,
        _ => 9,
    };
    header + payload.len()
}

/// The top bit of the header, and the payload.
fn parts(frame: &Frame) -> (u8, &[u8]) {
    match frame {
        Frame::Binary(bytes) if bytes.is_empty() => (0, b"b"),
        Frame::Binary(bytes) => (BINARY, bytes),
        Frame::Text(text) => (0, text.as_bytes()),
    }
}

/// Reads frames from a stream that arrives in any pieces.
///
/// It holds the frame that is not complete yet, and nothing else. Memory grows with what has arrived,
/// not with what was announced. A frame that lies within one piece is a slice of it.
#[derive(Clone, Debug)]
pub struct Decoder {
    limit: usize,
    /// Where the state begins, in bytes from the start of the stream.
    start: usize,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Failed(DecodeError),
    Header(Header),
    Payload {
        kind: Kind,
        /// Above zero, and not above the limit.
        len: usize,
        received: BytesMut,
    },
}

impl Decoder {
    /// Starts at the beginning of a stream. No payload may be longer than `limit` bytes.
    ///
    /// Servers should allow what their handshake announces as
    /// [`max_payload`](crate::Handshake::max_payload).
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            start: 0,
            state: State::Header(Header::default()),
        }
    }

    /// Takes the next frame from the front of `chunk`, the next piece of the stream.
    ///
    /// Call it until it [needs](Progress::Needs) more; the chunk is empty then. Empty chunks change
    /// nothing. As in the reference, a text that is not UTF-8 is repaired with U+FFFD, a byte order
    /// mark in front of it is dropped, and lengths may be written longer than necessary.
    ///
    /// Whether the frame is a packet is for [`Packet::decode`](crate::Packet::decode) to say. One
    /// that is not does not disturb those that follow.
    ///
    /// # Errors
    ///
    /// [`Empty`](DecodeErrorKind::Empty) if a length is zero,
    /// [`TooLong`](DecodeErrorKind::TooLong) if it is above the limit, both as soon as the header is
    /// complete and at the place where it begins. The stream cannot be understood any more: every
    /// later call fails in the same way.
    pub fn decode(&mut self, chunk: &mut Bytes) -> Result<Progress, DecodeError> {
        loop {
            match &mut self.state {
                State::Failed(error) => return Err(*error),
                State::Header(header) => match header.fill(chunk) {
                    Ok((kind, len)) => {
                        let behind = self.start.saturating_add(header.len);
                        self.state = self.payload(kind, len);
                        self.start = behind;
                    }
                    Err(needed) => return Ok(Progress::Needs(needed)),
                },
                State::Payload {
                    kind,
                    len,
                    received,
                } => match take(*len, received, chunk) {
                    Ok(payload) => {
                        let frame = kind.frame(payload);
                        self.start = self.start.saturating_add(*len);
                        self.state = State::Header(Header::default());
                        return Ok(Progress::Complete(frame));
                    }
                    Err(needed) => return Ok(Progress::Needs(needed)),
                },
            }
        }
    }

    /// Whether a frame has begun and is not complete: a stream should not end here.
    pub fn is_partial(&self) -> bool {
        match &self.state {
            State::Failed(_) => false,
            State::Header(header) => header.len > 0,
            State::Payload { .. } => true,
        }
    }

    /// What follows a header.
    fn payload(&self, kind: Kind, len: u64) -> State {
        let allowed = usize::try_from(len).ok().filter(|&len| len <= self.limit);
        match (len, allowed) {
            (0, _) => State::Failed(DecodeErrorKind::Empty.at(self.start)),
            (1..=MAX_LEN, Some(len)) => State::Payload {
                kind,
                len,
                received: BytesMut::new(),
            },
            _ => State::Failed(DecodeErrorKind::TooLong.at(self.start)),
        }
    }
}

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A frame. There may be more in the chunk.
    Complete(Frame),
    /// The chunk is used up; the frame lacks as many bytes at least.
    Needs(NonZeroUsize),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Binary,
    Text,
}

impl Kind {
    fn frame(self, payload: Bytes) -> Frame {
        steps::visit(payload.len());
        match self {
            Self::Binary => Frame::Binary(payload),
            Self::Text => Frame::Text(text(payload)),
        }
    }
}

/// [js engine.io-parser 5.2.3] A `TextDecoder` replaces what is wrong, and drops a byte order mark.
fn text(mut payload: Bytes) -> Utf8Bytes {
    if payload.starts_with(BYTE_ORDER_MARK) {
        payload = payload.slice(BYTE_ORDER_MARK.len()..);
    }
    Utf8Bytes::try_from(payload.clone())
        .unwrap_or_else(|_| String::from_utf8_lossy(&payload).into_owned().into())
}

/// A header, as far as it has arrived.
#[derive(Clone, Debug, Default)]
struct Header {
    bytes: [u8; 9],
    len: usize,
}

impl Header {
    /// Takes the rest of the header from the chunk, and not more.
    ///
    /// # Errors
    ///
    /// How many bytes are missing.
    fn fill(&mut self, chunk: &mut Bytes) -> Result<(Kind, u64), NonZeroUsize> {
        loop {
            let (arrived, free) = self
                .bytes
                .split_at_mut_checked(self.len)
                .unwrap_or_default();
            steps::visit(arrived.len());
            let needed = match header(arrived) {
                Ok((_, header)) => return Ok(header),
                Err(Err::Incomplete(Needed::Size(needed))) => needed,
                Err(_) => NonZeroUsize::MIN,
            };
            if chunk.is_empty() {
                return Err(needed);
            }
            let piece = chunk.split_to(needed.get().min(chunk.len()));
            for (byte, &new) in free.iter_mut().zip(&piece) {
                *byte = new;
            }
            self.len += piece.len();
        }
    }
}

fn header(input: &[u8]) -> IResult<&[u8], (Kind, u64)> {
    let (rest, first) = u8(input)?;
    let (rest, len) = match first & !BINARY {
        TWO_BYTES => map(be_u16, u64::from).parse(rest)?,
        EIGHT_BYTES => be_u64(rest)?,
        len => (rest, u64::from(len)),
    };
    let kind = if first & BINARY == 0 {
        Kind::Text
    } else {
        Kind::Binary
    };
    Ok((rest, (kind, len)))
}

/// Takes a payload of `len` bytes, of which some have been received.
///
/// # Errors
///
/// How many bytes are missing.
fn take(len: usize, received: &mut BytesMut, chunk: &mut Bytes) -> Result<Bytes, NonZeroUsize> {
    if received.is_empty() && chunk.len() >= len {
        return Ok(chunk.split_to(len));
    }
    let piece = chunk.split_to(chunk.len().min(len - received.len()));
    steps::visit(piece.len());
    received.extend_from_slice(&piece);
    match NonZeroUsize::new(len - received.len()) {
        Some(needed) => Err(needed),
        None => Ok(received.split().freeze()),
    }
}

/// The top bit of a header: the payload is bytes.
const BINARY: u8 = 0x80;

/// In place of a length: it stands in the two bytes that follow.
const TWO_BYTES: u8 = 0x7e;

/// In place of a length: it stands in the eight bytes that follow.
const EIGHT_BYTES: u8 = 0x7f;

/// The first length that does not fit into the first byte.
const SHORT: usize = TWO_BYTES as usize;

/// The first length that does not fit into two bytes.
const LONG: usize = 0x1_0000;

/// The largest length that the reference can count to.
const MAX_LEN: u64 = (1 << 53) - 1;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    fn needs(count: usize) -> Result<Progress, DecodeError> {
        Ok(Progress::Needs(NonZeroUsize::new(count).unwrap()))
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut decoder = Decoder::new(1000);
        let mut feed = |bytes: &'static [u8]| decoder.decode(&mut Bytes::from_static(bytes));
        assert_eq!(feed(b""), needs(1));
        assert_eq!(feed(b"\x7e"), needs(2));
        assert_eq!(feed(b"\x00"), needs(1));
        assert_eq!(feed(b"\x03"), needs(3));
        assert_eq!(feed(b"4"), needs(2));
        let frame = Frame::Text("4ab".into());
        assert_eq!(feed(b"ab"), Ok(Progress::Complete(frame)));
    }

    #[test]
    fn a_small_limit_does_not_refuse_the_marks_of_long_headers() {
        let mut decoder = Decoder::new(1);
        let mut chunk =
            Bytes::from_static(b"\x7e\x00\x014\x7f\x00\x00\x00\x00\x00\x00\x00\x016\x02");
        for text in ["4", "6"] {
            let frame = Frame::Text(text.into());
            assert_eq!(decoder.decode(&mut chunk), Ok(Progress::Complete(frame)));
        }
        let error = DecodeErrorKind::TooLong.at(14);
        assert_eq!(decoder.decode(&mut chunk), Err(error));
    }

    #[test]
    fn an_error_is_final_and_stands_at_the_header() {
        let mut decoder = Decoder::new(1);
        let mut chunk = Bytes::from_static(b"\x014\x80\x014");
        assert!(decoder.decode(&mut chunk).is_ok());
        let error = DecodeErrorKind::Empty.at(2);
        for _ in 0..3 {
            assert_eq!(decoder.decode(&mut chunk), Err(error));
        }
        assert!(!decoder.is_partial());
    }

    #[test]
    fn the_end_of_a_stream_can_be_judged() {
        let mut decoder = Decoder::new(10);
        assert!(!decoder.is_partial());
        for (bytes, is_partial) in [("\u{7e}", true), ("\0\u{1}", true), ("4", false)] {
            let _ = decoder.decode(&mut Bytes::from_static(bytes.as_bytes()));
            assert_eq!(decoder.is_partial(), is_partial);
        }
    }

    #[test]
    fn a_frame_within_a_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"\x824a\x01b");
        let mut rest = chunk.clone();
        let Ok(Progress::Complete(Frame::Binary(bytes))) = Decoder::new(9).decode(&mut rest) else {
            panic!("not bytes")
        };
        assert_eq!(bytes.as_ptr(), chunk[1..].as_ptr());
    }

    #[test]
    fn an_announcement_costs_no_memory() {
        let mut decoder = Decoder::new(usize::MAX);
        let mut chunk = Bytes::from_static(b"\xff\x00\x1f\xff\xff\xff\xff\xff\xffab");
        assert_eq!(decoder.decode(&mut chunk), needs(MAX_LEN as usize - 2));
        let State::Payload { received, .. } = decoder.state else {
            panic!("no payload")
        };
        assert!(received.capacity() < 100);
    }

    #[test]
    fn empty_bytes_travel_as_text() {
        let mut out = BytesMut::new();
        let empty = Frame::Binary(Bytes::new());
        encode(&empty, &mut out);
        assert_eq!(out.len(), encoded_len(&empty));
        let text = Frame::Text("b".into());
        let mut chunk = out.freeze();
        assert_eq!(
            Decoder::new(1).decode(&mut chunk),
            Ok(Progress::Complete(text))
        );
    }

    #[test]
    fn the_length_of_a_frame_is_exact() {
        for len in [1, 125, 126, 127, 65_535, 65_536] {
            let frame = Frame::Binary(Vec::into(vec![7; len]));
            let mut out = BytesMut::new();
            encode(&frame, &mut out);
            assert_eq!(out.len(), encoded_len(&frame));
            let mut chunk = out.freeze();
            let complete = Ok(Progress::Complete(frame));
            assert_eq!(Decoder::new(len).decode(&mut chunk), complete);
        }
    }
}
