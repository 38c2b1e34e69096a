//! Frames of a WebSocket as bytes. [RFC 6455 § 5.2]

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Role;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    /// A ping. [RFC 6455 § 5.5.2]
    EchoRequest,
    /// A pong. [RFC 6455 § 5.5.3]
    EchoReply,
}

/// Why a connection must fail. [RFC 6455 § 7.1.7]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Text that is none.
    Encoding,
    /// What the protocol forbids.
    Protocol,
    /// A message larger than allowed.
    TooBig,
}

/// One frame of the peer, its mask taken off.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawFrame {
    pub(super) opcode: Opcode,
    /// The last of its message.
    pub(super) fin: bool,
    /// The first bit that extensions may use: compressed. [RFC 7692 § 6]
    pub(super) rsv1: bool,
    pub(super) payload: Bytes,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::EchoRequest,
            0xa => Self::EchoReply,
            _ => return None,
        })
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::EchoRequest => 0x9,
            Self::EchoReply => 0xa,
        }
    }

    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::EchoRequest | Self::EchoReply)
    }
}

impl Broken {
    /// The status code of the close frame. [RFC 6455 § 7.4.1]
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Encoding => 1007,
            Self::Protocol => 1002,
            Self::TooBig => 1009,
        }
    }
}

/// Takes one frame of the peer off the front of `input`. `None`: there is none yet.
///
/// `limit` bounds the payload as soon as its length is known.
pub(super) fn take(
    input: &mut BytesMut,
    role: Role,
    limit: usize,
) -> Result<Option<RawFrame>, Broken> {
    let Some((&[first, second], rest)) = input.split_first_chunk() else {
        return Ok(None);
    };
    let opcode = Opcode::from_bits(first & 0x0f).ok_or(Broken::Protocol)?;
    let (fin, rsv1) = (first & FIN != 0, first & RSV1 != 0);
    let is_masked = second & MASKED != 0;
    let short = second & !MASKED;
    if first & RSV2_AND_3 != 0 || is_masked != (role == Role::Server) {
        return Err(Broken::Protocol);
    }
    if opcode.is_control() && (!fin || rsv1 || short > MAX_SHORT) {
        return Err(Broken::Protocol);
    }
    let (length, extended) = match (short, rest) {
        (LENGTH_16, &[a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 2),
        (LENGTH_64, &[a, b, c, d, e, f, g, h, ..]) => {
            (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 8)
        }
        (LENGTH_16 | LENGTH_64, _) => return Ok(None),
        (short, _) => (u64::from(short), 0),
    };
    // The shortest of the three is the only one.
    if (extended == 2 && length <= u64::from(MAX_SHORT))
        || (extended == 8 && length <= u64::from(u16::MAX))
    {
        return Err(Broken::Protocol);
    }
    let length = usize::try_from(length).map_err(|_| Broken::TooBig)?;
    if !opcode.is_control() && length > limit {
        return Err(Broken::TooBig);
    }
    let rest = rest.get(extended..).unwrap_or_default();
    let (mask, masked) = match rest.split_first_chunk() {
        _ if !is_masked => (None, rest),
        Some((&mask, masked)) => (Some(mask), masked),
        None => return Ok(None),
    };
    if masked.len() < length {
        return Ok(None);
    }
    input.advance(input.len() - masked.len());
    let mut payload = input.split_to(length);
    if let Some(mask) = mask {
        apply(&mut payload, mask);
    }
    Ok(Some(RawFrame {
        opcode,
        fin,
        rsv1,
        payload: payload.freeze(),
    }))
}

/// Appends a frame: whole, and masked if there is a mask.
pub(super) fn put(
    out: &mut BytesMut,
    opcode: Opcode,
    rsv1: bool,
    payload: &[u8],
    mask: Option<[u8; 4]>,
) {
    out.reserve(14 + payload.len());
    let rsv1 = if rsv1 { RSV1 } else { 0 };
    let masked = if mask.is_some() { MASKED } else { 0 };
    out.put_u8(FIN | rsv1 | opcode.bits());
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=MAX_SHORT), _) => out.put_u8(masked | length),
        (_, Ok(length)) => {
            out.put_u8(masked | LENGTH_16);
            out.put_u16(length);
        }
        (_, Err(_)) => {
            out.put_u8(masked | LENGTH_64);
            out.put_u64(payload.len() as u64);
        }
    }
    out.put_slice(mask.as_ref().map_or(&[], |mask| &mask[..]));
    let begin = out.len();
    out.put_slice(payload);
    if let Some(mask) = mask {
        apply(&mut out[begin..], mask);
    }
}

/// Puts a mask on, or takes it off. [RFC 6455 § 5.3]
fn apply(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_AND_3: u8 = 0x30;
/// [RFC 6455 § 5.3] What a client sends is masked, and nothing else.
const MASKED: u8 = 0x80;

/// The longest payload whose length fits into the second byte.
const MAX_SHORT: u8 = 125;
/// A length of 16 bits follows.
const LENGTH_16: u8 = 126;
/// A length of 64 bits follows.
const LENGTH_64: u8 = 127;

#[cfg(all(test, feature = "client", feature = "server"))]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn masked(head: &[u8], payload: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::from(head);
        bytes.extend_from_slice(&MASK);
        bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b));
        bytes
    }

    fn whole(bytes: &[u8], role: Role, limit: usize) -> Result<Option<RawFrame>, Broken> {
        take(&mut BytesMut::from(bytes), role, limit)
    }

    /// [RFC 6455 § 5.7]
    #[test]
    fn the_frames_of_the_specification_are_read() {
        let plain = BytesMut::from(&b"\x81\x05Hello"[..]);
        for (role, mut bytes) in [
            (Role::Server, masked(&[0x81, 0x85], b"Hello")),
            (Role::Client, plain),
        ] {
            bytes.extend_from_slice(b"next");
            let frame = take(&mut bytes, role, 5).unwrap().unwrap();
            let payload = Bytes::from_static(b"Hello");
            let expected = RawFrame {
                opcode: Opcode::Text,
                fin: true,
                rsv1: false,
                payload,
            };
            assert_eq!((frame, &bytes[..]), (expected, &b"next"[..]));
        }
    }

    #[test]
    fn the_masked_frame_of_the_specification_is_written() {
        let mut out = BytesMut::new();
        put(&mut out, Opcode::Text, false, b"Hello", Some(MASK));
        assert_eq!(out, masked(&[0x81, 0x85], b"Hello"));
    }

    #[test]
    fn every_length_is_read_as_it_is_written() {
        for length in [0, 1, 7, 8, 9, 125, 126, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|byte| (byte % 251) as u8).collect();
            for (role, mask) in [(Role::Client, None), (Role::Server, Some(MASK))] {
                let mut out = BytesMut::new();
                put(&mut out, Opcode::Binary, true, &payload, mask);
                let frame = whole(&out, role, length).unwrap().unwrap();
                assert!(frame.payload == payload && frame.rsv1 && frame.fin);
                let head = out.len() - length;
                for cut in [1, head - 1, head, out.len() - 1] {
                    let cut = &out[..cut.min(out.len() - 1)];
                    assert_eq!(whole(cut, role, length), Ok(None), "{length}");
                }
            }
        }
    }

    #[test]
    fn what_a_client_must_not_send_is_an_error() {
        for (head, broken) in [
            (&[0x81, 0x05][..], Broken::Protocol),
            (&[0xa1, 0x85], Broken::Protocol),
            (&[0x91, 0x85], Broken::Protocol),
            (&[0x83, 0x85], Broken::Protocol),
            (&[0x09, 0x80], Broken::Protocol),
            (&[0xc9, 0x80], Broken::Protocol),
            (&[0x89, 0xfe], Broken::Protocol),
            (&[0x82, 0xfe, 0x00, 0x7d], Broken::Protocol),
            (
                &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                Broken::Protocol,
            ),
            (&[0x82, 0xfe, 0x00, 0x7f], Broken::TooBig),
            (
                &[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
                Broken::TooBig,
            ),
        ] {
            assert_eq!(whole(head, Role::Server, 126), Err(broken), "{head:x?}");
        }
    }

    #[test]
    fn what_a_server_must_not_send_is_an_error() {
        for (head, broken) in [
            (&[0x81, 0x85][..], Broken::Protocol),
            (&[0x83, 0x05], Broken::Protocol),
            (&[0x89, 0x7e], Broken::Protocol),
            (&[0x82, 0x7e, 0x00, 0x7f], Broken::TooBig),
        ] {
            assert_eq!(whole(head, Role::Client, 126), Err(broken), "{head:x?}");
        }
    }
}
