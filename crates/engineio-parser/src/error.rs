//! What can be wrong with the bytes.

/// Why a packet could not be decoded, with the place.
///
/// The reference implementation answers every such error in one way: it ends the session
/// (`parse error`). Specification: [eio4 § Packet encoding].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Where, in bytes from the start of what was decoded: the packet, or the whole payload.
    pub offset: usize,
}

impl DecodeError {
    /// The same error, seen from the start of a text in which the packet begins at `start`.
    pub(crate) fn behind(self, start: usize) -> Self {
        Self {
            offset: self.offset + start,
            ..self
        }
    }
}

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// There is no type character. An empty payload, and a separator that is leading, trailing or
    /// doubled, show up as this.
    #[error("empty packet")]
    Empty,
    /// The type character is none of `0`–`6` and `b`.
    #[error("unknown packet type")]
    UnknownType,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_error_names_the_byte() {
        let error = DecodeError {
            kind: DecodeErrorKind::UnknownType,
            offset: 1,
        }
        .behind(5);
        assert_eq!(error.to_string(), "unknown packet type at byte 6");
    }
}
