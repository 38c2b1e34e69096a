//! Socket.IO packets, protocol 5: header, arguments and binary attachments.
//!
//! A packet is one text frame, `2/chat,7["say","hello"]`, followed by one binary frame for each
//! byte string among its arguments. This crate turns values into frames and frames into values; who
//! carries the frames is not its business.
//!
//! | type | packet | payload |
//! |---|---|---|
//! | `0` | [`Packet::Connect`] | an object, or nothing |
//! | `1` | [`Packet::Disconnect`] | nothing |
//! | `2` | [`Packet::Event`] | an array: the name, then the arguments |
//! | `3` | [`Packet::Ack`] | an array: the arguments |
//! | `4` | [`Packet::ConnectError`] | an object or a string |
//! | `5`, `6` | types 2 and 3 with [attachments](Packet::attachments) | as theirs, with placeholders |
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use socketio_parser::{Decoder, Frame, Limits, Namespace, Packet, Progress, encode_event};
//!
//! let picture = Bytes::from_static(b"\x89PNG");
//! let chat = Namespace::new("/chat")?;
//! let (text, attachments) = encode_event(b"", &chat, None, "say", &("look", &picture))?;
//! assert_eq!(text, r#"51-/chat,["say","look",{"_placeholder":true,"num":0}]"#);
//!
//! let mut decoder = Decoder::new(Limits::default());
//! assert!(matches!(decoder.feed(Frame::Text(text))?, Progress::Needs(count) if count.get() == 1));
//! for bytes in attachments {
//!     if let Progress::Complete(Packet::Event { args, .. }) = decoder.feed(Frame::Binary(bytes))?
//!     { assert_eq!(args.event_name().unwrap(), "say");
//!         let (words, seen): (&str, Bytes) = args.event_data()?;
//!         assert_eq!((words, seen), ("look", picture.clone()));
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading order
//!
//! 1. `header.rs` – the grammar before the payload.
//! 2. `packet_ref.rs` – what a payload has to be.
//! 3. [`Decoder`] – a packet and the attachments that follow it.
//! 4. [`Args`] – from JSON to values; `arguments.rs` has the rule for tuples, `ser.rs` and `de.rs`
//!    the JSON, `placeholder.rs` the byte strings.
//! 5. `tests/vectors.rs` – recorded packets, in both directions.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod args;
mod arguments;
mod de;
mod decoder;
mod encode;
mod error;
mod forward;
mod frame;
mod header;
mod json;
mod namespace;
mod packet;
mod packet_ref;
mod placeholder;
mod scan;
mod ser;
mod string;

pub use args::Args;
pub use decoder::{Decoder, Limits, Progress};
pub use encode::encode_event;
pub use error::{ArgsError, DecodeError, DecodeErrorKind, EncodeError, NamespaceError};
pub use frame::{Frame, Utf8Bytes};
pub use json::{from_json, to_json};
pub use namespace::Namespace;
pub use packet::{AckId, Packet, RESERVED_EVENTS};
pub use packet_ref::PacketRef;

/// The examples of the readme, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
