//! Revisions 2 and 3, as Socket.IO 1 and 2 speak them.
//!
//! They differ from revision 4 in three ways:
//!
//! * Bytes carry a type: one byte `0`–`6` in front of the data, or `b`, the digit and base64. Only
//!   a message carries bytes in practice.
//! * A body of a poll gives the length in front of each packet, as a [`string`] payload or as a
//!   [`binary`] payload. [`payload::Form`](crate::payload::Form) knows which one is due.
//! * Text that is not ASCII was written in three ways over the years: the [`Dialect`].
//!
//! [`Wire`](crate::Wire) and [`payload::Form`](crate::payload::Form) choose between this module and
//! revision 4; who knows what is on the wire may call the functions here.
//!
//! Specification: [eio3 § Encoding].

pub mod binary;
pub mod byte_string;
pub mod string;

mod packet;

pub(crate) use packet::{MESSAGE, share_bytes, share_text};
pub use packet::{decode_bytes, decode_text, repair};

/// How text is put on the wire. ASCII is the same in all of them.
///
/// Nothing on the wire says which one is meant: it depends on the version of the peer's parser
/// (the `engine.io-parser` package). The text in a [binary payload](binary) is plain UTF-8 in every
/// dialect.
///
/// | dialect | parser | Socket.IO | `€` in a WebSocket frame | `€` in a string payload |
/// |---|---|---|---|---|
/// | `ByteStrings` | 1.0.5 – 1.0.8 | 1.0 | `4â\u{82}¬` | `4:4â\u{82}¬` |
/// | `ByteStringPayloads` | 1.1 – 1.3 | 1.1 – 1.7 | `4€` | `4:4â\u{82}¬` |
/// | `Plain` | 2 and later | 2 | `4€` | `2:4€` |
///
/// Text-only clients from before Socket.IO 1.0 speak `Plain` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// [Byte strings](byte_string) in string payloads, plain text in frames.
    ByteStringPayloads,
    /// [Byte strings](byte_string) in string payloads and in frames: what revision 2 implies.
    ByteStrings,
    /// Text as it is, its length in UTF-16 code units: what revision 3 means today.
    Plain,
}

impl Dialect {
    pub(crate) const fn has_byte_string_frames(self) -> bool {
        matches!(self, Self::ByteStrings)
    }

    pub(crate) const fn has_byte_string_payloads(self) -> bool {
        matches!(self, Self::ByteStringPayloads | Self::ByteStrings)
    }
}
