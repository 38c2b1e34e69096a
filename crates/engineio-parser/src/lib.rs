//! The wire of Engine.IO, revisions 2 to 4: text and bytes in, text and bytes out.
//!
//! Nothing here waits, remembers or answers; for that see the crate `engineio-proto`.
//!
//! | packet | as text | data | on a WebSocket |
//! |---|---|---|---|
//! | [`Open`](Packet::Open) | `0` | [`Handshake`] as JSON | text |
//! | [`Close`](Packet::Close) | `1` | – | text |
//! | [`Ping`](Packet::Ping) | `2` | none, or `probe` | text |
//! | [`Pong`](Packet::Pong) | `3` | none, or `probe` | text |
//! | [`Message`](Packet::Message) | `4` | text | text |
//! | [`Message`](Packet::Message) | `b` | bytes, as base64 | binary: the bytes alone |
//! | [`Upgrade`](Packet::Upgrade) | `5` | – | text |
//! | [`Noop`](Packet::Noop) | `6` | – | text |
//!
//! A WebSocket message carries one packet, a [`Frame`]. The body of a poll carries any number of
//! packets as text, a [`payload`].
//!
//! # Example
//!
//! ```
//! use engineio_parser::{Frame, Message, Packet, payload};
//!
//! // A body arrives.
//! let mut echo = payload::PayloadBuf::new();
//! for packet in payload::decode(&"2\u{1e}4hello\u{1e}bAQIDBA==".into()) {
//!     match packet? {
//!         Packet::Ping(data) => echo.push(&Packet::Pong(data).into()),
//!         Packet::Message(message) => echo.push(&Packet::Message(message).into()),
//!         _ => {}
//!     }
//! }
//! assert_eq!(echo.into_bytes(), "3\u{1e}4hello\u{1e}bAQIDBA==");
//!
//! // The same on a WebSocket, where bytes travel as they are.
//! let frame = Frame::Binary(vec![1, 2, 3, 4].into());
//! let packet = Packet::decode(&frame)?;
//! assert_eq!(packet, Packet::Message(Message::from(vec![1, 2, 3, 4])));
//! assert_eq!(Frame::from(packet), frame);
//! # Ok::<(), engineio_parser::DecodeError>(())
//! ```
//!
//! # Old clients, other transports
//!
//! The table and the functions of [`Packet`], [`PacketRef`] and [`payload::decode`] are revision 4.
//! A [`Packet`] is the same in every [`Revision`]; only the way it is written differs:
//!
//! | | one packet | the body of a poll |
//! |---|---|---|
//! | any revision | [`Wire`] | [`payload::Form`] |
//! | revisions 2 and 3 | [`legacy`] | [`legacy::string`], [`legacy::binary`] |
//! | in a script element | – | [`jsonp`], around a body of text |
//! | on a stream of bytes | [`webtransport`] | – |
//!
//! ```
//! use engineio_parser::{Channel, Packet, Revision, Wire, payload::{Form, Framing}};
//!
//! // `GET /engine.io/?EIO=3&transport=polling`
//! let revision = Revision::from_query(Some("3"));
//! let wire = Wire::from(revision);
//! let channel = Channel::from_query(None, None);
//!
//! let packets = [Packet::Message("€".into()), Packet::Noop];
//! let form = Form::of_answer(wire, channel, Framing::of(revision), false);
//! let body = form.encode(&packets);
//! assert_eq!(body, "2:4€1:6");
//! assert_eq!(form.decode(&body).collect::<Result<Vec<_>, _>>()?, packets);
//! # Ok::<(), engineio_parser::DecodeError>(())
//! ```
//!
//! # Where this differs from the reference
//!
//! The reference is `engine.io-parser` (5.2.3; 2.2.1 for revision 3; 1.0.6 for revision 2) and what
//! `engine.io` 6.6.12 does around it. Peers do not notice: they send none of this, or cannot tell.
//!
//! | where | the reference | here | why |
//! |---|---|---|---|
//! | bytes in a packet other than a message | kept (before 4), or sent as a message | open, ping, pong: error; close, upgrade, noop: dropped | nothing reads them |
//! | text behind close, upgrade, noop | kept | dropped | nothing reads it |
//! | binary packet of an unknown type, or none, before 4 | passed over | error | nobody means it |
//! | halves of surrogate pairs | kept in memory, U+FFFD on the wire | cannot be said; read as U+FFFD, or refused where a length cuts a pair | text is UTF-8 |
//! | length of a [`legacy::string`] packet | any number of JavaScript, such as `+2` or `0x2` | digits | it hides errors |
//! | marker of a [`legacy::binary`] packet | any byte above 0 means bytes | 0 or 1 | it hides errors |
//! | length of a [`legacy::binary`] packet | any bytes, cut off at the end of the body | 1 to 16 digits, all of the packet | what follows would shift |
//! | behind a bad packet of a binary payload | decoded | nothing | the session has ended |
//! | plain text where a [byte string](legacy::byte_string) is due | upper bits dropped, or an exception | error | it is garbage |
//! | [`jsonp`] with bytes and without `b64` | `{"type":"Buffer",…}` | base64 | it is garbage |
//! | a `%` without digits in a [posted form](jsonp::decode_request) | damages text that is not encoded | kept | it is a mistake |
//! | a carriage return in a [posted form](jsonp::encode_request) | a line feed is added | kept | lengths would not match |
//! | [`webtransport`]: empty message of bytes | `80`, which it refuses to read | the text `b` | it arrives |
//! | [`webtransport`]: empty chunk | damages the next frame | ignored | it is a mistake |
//! | [`webtransport`]: limit below 126 | refuses all longer headers | refuses longer frames | it is a mistake |
//!
//! # Reading order
//!
//! 1. `message.rs` – what is said and what is carried.
//! 2. `packet.rs` – the table above as code: start at [`PacketRef::decode`].
//! 3. `payload.rs` – many packets in one body.
//! 4. `handshake.rs` – the JSON of the first packet.
//! 5. `revision.rs`, `payload/form.rs` – which peer gets what; then `legacy/`.
//! 6. `jsonp.rs`, `webtransport.rs` – each alone.
//! 7. `tests/vectors_*.rs` – the recorded behaviour of the reference.
//!
//! # Features
//!
//! * `serde` (off): reading a handshake, `Handshake::decode`. Writing one needs no feature.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod jsonp;
pub mod legacy;
pub mod payload;
pub mod webtransport;

mod base64;
mod error;
mod handshake;
mod json;
mod message;
mod packet;
mod revision;
mod steps;

#[cfg(test)]
mod linear;

/// UTF-8 text in shared memory: a clone counts references, a slice copies nothing.
pub use bytestring::ByteString as Utf8Bytes;
pub use error::{DecodeError, DecodeErrorKind};
pub use handshake::Handshake;
#[cfg(feature = "serde")]
pub use handshake::HandshakeError;
pub use message::{Frame, Message, MessageRef};
pub use packet::{Packet, PacketRef};
pub use revision::{Channel, Revision, Wire};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
