//! Packets in MessagePack: what `socket.io-msgpack-parser` sends instead of text.
//!
//! Both sides have to be set up for it; nothing on the wire announces it. A packet is one binary
//! frame, a map of `type`, `nsp`, `data` and `id`, with the byte strings in place: there are no
//! attachments to wait for, and no state between frames. Before revision 5, packets without
//! arguments are JSON text instead, `{"type":0,"nsp":"/"}`.
//!
//! Arguments become the [`Args`](crate::Args) that the default encoding gives: JSON, and byte
//! strings that share the memory of the frame. Whoever reads them, or passes them on to a peer with
//! another parser, need not care which way they came. JSON is what they can say:
//!
//! | MessagePack | becomes |
//! |---|---|
//! | NaN | `null` |
//! | `undefined` (extension 0 of one byte) | nothing in an object, `null` in an array |
//! | date (extension 0 of eight bytes) | its text, `"2020-01-01T00:00:00.000Z"` |
//! | extension 0 of any size | bytes: an `ArrayBuffer` |
//! | another extension | `[type, bytes]` |
//! | a key that is no string | its text |
//! | a string that is not UTF-8 | the same with U+FFFD |
//! | bytes in the data of a CONNECT or a refusal | `{"type":"Buffer","data":[…]}` |
//!
//! ```
//! use bytes::Bytes;
//! use socketio_parser::{Args, Limits, Namespace, Packet, Revision, msgpack};
//!
//! let bytes = Bytes::from_static(b"\x89PNG");
//! let packet = Packet::Event {
//!     namespace: Namespace::root(),
//!     id: None,
//!     args: Args::event("file", &("a.png", &bytes))?,
//! };
//! let frame = msgpack::encode(Revision::V5, &packet)?;
//! let decoded = msgpack::decode(Revision::V5, &frame, &Limits::default())?;
//! assert_eq!(decoded, packet);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod date;
mod from_json;
mod legacy;
mod packet;
mod reader;
mod to_json;
mod writer;

pub use packet::{decode, encode};
