//! Engine.IO packets and payloads, revision 4: text and bytes in, text and bytes out.
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
//! # Reading order
//!
//! 1. `message.rs` – what is said and what is carried.
//! 2. `packet.rs` – the table above as code: start at [`PacketRef::decode`].
//! 3. `payload.rs` – many packets in one body.
//! 4. `handshake.rs` – the JSON of the first packet.
//! 5. `tests/vectors.rs` – the recorded behaviour of the reference.
//!
//! # Features
//!
//! * `serde` (off): reading a handshake, `Handshake::decode`. Writing one needs no feature.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod payload;

mod base64;
mod error;
mod handshake;
mod message;
mod packet;

/// UTF-8 text in shared memory: a clone counts references, a slice copies nothing.
pub use bytestring::ByteString as Utf8Bytes;
pub use error::{DecodeError, DecodeErrorKind};
pub use handshake::Handshake;
#[cfg(feature = "serde")]
pub use handshake::HandshakeError;
pub use message::{Frame, Message, MessageRef};
pub use packet::{Packet, PacketRef};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
