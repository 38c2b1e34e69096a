//! The wire of Socket.IO, revisions 3 to 5: header, arguments and binary attachments.
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
//! | `4` | [`Packet::ConnectError`] | an object or a string: see [`Refusal`] |
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
//! let frames = attachments.into_iter().map(Frame::Binary);
//! for frame in [Frame::Text(text)].into_iter().chain(frames) {
//!     match decoder.feed(frame)? {
//!         Progress::Complete(Packet::Event { args, .. }) => {
//!             assert_eq!(args.event_name().unwrap(), "say");
//!             let (words, seen): (&str, Bytes) = args.event_data()?;
//!             assert_eq!((words, seen), ("look", picture.clone()));
//!         }
//!         Progress::Complete(_) => {}
//!         Progress::Needs(missing) => assert_eq!(missing.get(), 1),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What arguments are
//!
//! Any type of `serde`: see [`Args`] for which is how many arguments. [`Value`] is whatever came,
//! [`Many`] a number of arguments that is known only at run time.
//!
//! # Old peers, other encodings
//!
//! A [`Packet`] is the same in every [`Revision`]; [`Decoder::with_revision`] and
//! [`Packet::encode_as`] know how each is written. Events look the same in all of them, so
//! [`encode_event`] need not be told. What old clients put into the name of a namespace is read by
//! [`Namespace::query`].
//!
//! ```
//! use bytes::BytesMut;
//! use socketio_parser::{AckId, Args, Namespace, Packet, Revision};
//!
//! let namespace = Namespace::root();
//! let ack = Packet::Ack { namespace, id: Some(AckId::new(7)), args: Args::new(&"ok")? };
//! for (revision, expected) in [(Revision::V3, r#"30-7["ok"]"#), (Revision::V5, r#"37["ok"]"#)] {
//!     let mut out = BytesMut::new();
//!     ack.encode_as(revision, &mut out);
//!     assert_eq!(out, expected);
//! }
//! # Ok::<(), socketio_parser::EncodeError>(())
//! ```
//!
//! With the feature `msgpack`, the module `msgpack` reads and writes the same packets as
//! `socket.io-msgpack-parser` does.
//!
//! # Where this differs from the reference
//!
//! The reference is `socket.io-parser` (4.2.7; 3.4.5 for revision 4, 2.1.5 for revision 3) and
//! `socket.io-msgpack-parser` (3.0.2; 2.2.1 for revision 4). Correct peers do not notice.
//!
//! | where | the reference | here | why |
//! |---|---|---|---|
//! | ids, numbers of attachments | what JavaScript takes for a number, such as ` 1` or `0x1` | digits | it hides errors |
//! | ids | any size, and below 0 in MessagePack | up to 2^53 - 1 | peers cannot count beyond |
//! | ids elsewhere than in events and acknowledgements | ignored | error | nobody reads them |
//! | an event, an acknowledgement, a refusal without payload | accepted | error | it breaks the reference's clients |
//! | reserved event names | refused in revision 5, where received | refused everywhere | handlers of `disconnect` are not the peer's to call |
//! | payloads, counts, placeholders before revision 5 | less and less is accepted from release to release | as in revision 5, any JSON as a refusal excepted | the checks are there for a reason |
//! | a text frame between attachments in revision 3 | takes the place of the packet | error | as later releases |
//! | nesting | any depth | 1024 levels; 128 when reading into types | the stack is finite |
//! | halves of surrogate pairs | kept | U+FFFD | text is UTF-8 |
//! | names of namespaces | any string | a slash comes first, and no comma | they could not be called by others |
//! | typed arrays in revision 3; `ArrayBuffer`, dates, `toJSON` in MessagePack | forms of their own | bytes are bytes, all else is what its type serialises as | – |
//! | `undefined`, and the client's `options`, in MessagePack | sent | left out | nobody reads them |
//! | NaN in MessagePack | kept | `null` | arguments are JSON |
//! | integers above 2^64 in MessagePack | upper bits cut off | sent as doubles | it is a mistake |
//! | large integers | rounded, or an exception for `BigInt` | exact | – |
//!
//! # Reading order
//!
//! 1. `header.rs` – the grammar before the payload; `revision.rs` – what changed in it.
//! 2. `packet_ref.rs` – what a payload has to be.
//! 3. [`Decoder`] – a packet and the attachments that follow it.
//! 4. [`Args`] – from JSON to values; `arguments.rs` has the rule for tuples, `ser.rs` and `de.rs`
//!    the JSON, `placeholder.rs` the byte strings.
//! 5. `text.rs` – why encoding allocates once.
//! 6. `msgpack/packet.rs` – the same packets as maps.
//! 7. `tests/vectors.rs`, `tests/msgpack.rs` – recorded packets, in both directions.
//!
//! # Features
//!
//! * `msgpack` (off): the module `msgpack`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(test)]
extern crate std;

#[cfg(feature = "msgpack")]
pub mod msgpack;

mod args;
mod arguments;
mod attachments;
mod de;
mod decoder;
mod encode;
mod error;
mod float;
mod forward;
mod frame;
mod header;
mod items;
mod json;
mod key;
mod many;
mod namespace;
mod number;
mod packet;
mod packet_ref;
mod part;
mod placeholder;
mod plain;
mod query;
mod refusal;
mod revision;
mod scan;
mod ser;
mod steps;
mod string;
mod text;
mod value;
mod value_serde;

#[cfg(test)]
mod linear;

pub use args::Args;
pub use decoder::{Decoder, Limits, Progress};
pub use encode::encode_event;
pub use error::{ArgsError, DecodeError, DecodeErrorKind, EncodeError, NamespaceError};
pub use frame::{Frame, Utf8Bytes};
pub use json::{from_json, to_json};
pub use many::Many;
pub use namespace::Namespace;
pub use number::Number;
pub use packet::{AckId, Packet, RESERVED_EVENTS};
pub use packet_ref::PacketRef;
pub use query::{Parameters, Query};
pub use refusal::Refusal;
pub use revision::Revision;
pub use value::Value;

/// The examples of the readme, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
