//! What can be wrong with the bytes.

/// Why something could not be decoded, with the place.
///
/// The reference implementation answers every such error in one way: it ends the session
/// (`parse error`). Specification: [eio4 § Packet encoding].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Where, in bytes from the start of what was decoded: the packet, the payload or the stream.
    pub offset: usize,
}

impl DecodeError {
    /// The same error, seen from the start of a text in which the packet begins at `start`.
    pub(crate) fn behind(self, start: usize) -> Self {
        Self {
            offset: self.offset.saturating_add(start),
            ..self
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The text should be a byte string, but has a character above U+00FF, or its bytes are not
    /// UTF-8: see [`byte_string`](crate::legacy::byte_string).
    #[error("not a byte string")]
    ByteString,
    /// There is no type character. An empty payload, and a separator that is leading, trailing or
    /// doubled, show up as this; so does an empty frame of a WebTransport stream.
    #[error("empty packet")]
    Empty,
    /// The length in front of a packet is not a number, or its end is missing.
    #[error("invalid length")]
    Length,
    /// An entry of a binary payload is marked neither as text nor as bytes.
    #[error("unknown marker")]
    Marker,
    /// Not a script that hands one text to the callback of JSONP.
    #[error("not a jsonp answer")]
    Script,
    /// The length in front of a packet ends inside of a character: between two surrogates.
    #[error("length ends inside of a character")]
    SplitCharacter,
    /// The announced length is above the limit of the receiver.
    #[error("packet longer than allowed")]
    TooLong,
    /// The payload ends before the packet does.
    #[error("packet shorter than announced")]
    Truncated,
    /// Bytes in a packet whose data is text: open, ping or pong.
    #[error("bytes in a packet that carries text")]
    UnexpectedBytes,
    /// The type is none of `0`–`6` and `b`.
    #[error("unknown packet type")]
    UnknownType,
    /// A text is not UTF-8.
    #[error("invalid utf-8")]
    Utf8,
}

impl DecodeErrorKind {
    /// The error of this kind at a byte.
    pub(crate) const fn at(self, offset: usize) -> DecodeError {
        DecodeError { kind: self, offset }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_error_names_the_byte() {
        let error = DecodeErrorKind::UnknownType.at(1).behind(5);
        assert_eq!(error.to_string(), "unknown packet type at byte 6");
    }
}
