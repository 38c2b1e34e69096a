//! What can be wrong with frames, with values to send, and with what is asked of arguments.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

/// A frame that no correct peer sends. The connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Where it is, in bytes from the start of the packet's first frame.
    pub offset: usize,
}

/// What is wrong with a frame. Each text begins as the reference implementation's does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The payload is nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("invalid payload: nested too deeply")]
    DeepPayload,
    /// The number of attachments is missing, not a number, or zero.
    #[error("Illegal attachments")]
    IllegalCount,
    /// The acknowledgement id is no integer, or below zero.
    #[error("invalid packet id")]
    IllegalId,
    /// A placeholder names no attachment of its packet.
    #[error("illegal attachments")]
    IllegalPlaceholder,
    /// The name of the namespace is missing, or none: it begins with `/` and holds no comma.
    #[error("invalid namespace")]
    InvalidNamespace,
    /// The payload is not JSON, or not of the shape that the type asks for.
    #[error("invalid payload")]
    InvalidPayload,
    /// The packet type of a MessagePack packet is missing, or none of the known ones.
    #[error("invalid packet type")]
    InvalidType,
    /// The acknowledgement id is above 2^53 - 1, the greatest that every peer counts exactly.
    #[error("ack id out of range")]
    LargeId,
    /// An event, an ack or a refusal without payload.
    #[error("invalid payload: none")]
    MissingPayload,
    /// A frame that is not MessagePack, or not all of it.
    #[error("Could not parse")]
    NotMessagePack,
    /// An event whose name is one of [`RESERVED_EVENTS`](crate::RESERVED_EVENTS).
    #[error("invalid payload: reserved event name")]
    ReservedName,
    /// More attachments than [`Limits::max_attachments`](crate::Limits::max_attachments).
    #[error("too many attachments")]
    TooManyAttachments,
    /// So many bytes follow a packet in MessagePack.
    #[error("{0} trailing bytes")]
    TrailingBytes(usize),
    /// A binary frame that belongs to no packet.
    #[error("got binary data when not reconstructing a packet")]
    UnexpectedBinary,
    /// A text frame where packets are MessagePack.
    #[error("text where packets are binary")]
    UnexpectedJson,
    /// A text frame where an attachment is due.
    #[error("got plaintext data when reconstructing a packet")]
    UnexpectedText,
    /// The first character is no packet type; the digit if it is one.
    #[error("unknown packet type {}", Digit(*.0))]
    UnknownType(Option<u8>),
}

impl DecodeErrorKind {
    pub(crate) const fn at(self, offset: usize) -> DecodeError {
        DecodeError { kind: self, offset }
    }
}

/// A value that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Bytes where the protocol has no attachments.
    #[error("binary data in a payload that takes none")]
    Binary,
    /// JSON that was given as it is, and is none; or a placeholder in it that stands for nothing.
    #[error("not to be sent: {0}")]
    Json(DecodeError),
    /// A map has a key that JSON cannot express: only strings, numbers, booleans and characters are
    /// keys.
    #[error("map key is not a string")]
    Key,
    /// A length that MessagePack has no room for: 4 GiB or more.
    #[error("too large for MessagePack")]
    Large,
    /// The prefix is not UTF-8.
    #[error("prefix is not UTF-8")]
    Prefix,
    /// The event name belongs to the implementation itself.
    #[error("\"{0}\" is a reserved event name")]
    ReservedName(&'static str),
    /// What the value's own `Serialize` says.
    #[error("{0}")]
    Value(Box<str>),
}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string().into())
    }
}

/// Arguments that are not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgsError(Box<ArgsErrorParts>);

/// Behind a pointer: results are passed up at each step of reading, nearly all of them good.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ArgsErrorParts {
    message: Box<str>,
    argument: Option<usize>,
    offset: Option<usize>,
}

impl ArgsError {
    #[cold]
    pub(crate) fn at(offset: usize, message: impl fmt::Display) -> Self {
        Self::new(message, Some(offset))
    }

    fn new(message: impl fmt::Display, offset: Option<usize>) -> Self {
        Self(Box::new(ArgsErrorParts {
            message: message.to_string().into(),
            argument: None,
            offset,
        }))
    }

    /// Adds where the error was noticed, unless it knows better.
    pub(crate) fn or_at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn in_argument(mut self, argument: usize) -> Self {
        self.0.argument.get_or_insert(argument);
        self
    }

    /// Which argument is wrong, counted from 0 and without the event name.
    #[must_use]
    pub fn argument(&self) -> Option<usize> {
        self.0.argument
    }

    /// Where in the JSON text it was noticed, in bytes.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(argument) = self.0.argument {
            write!(f, "argument {argument}: ")?;
        }
        f.write_str(&self.0.message)?;
        match self.0.offset {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ArgsError {}

impl serde::de::Error for ArgsError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message, None)
    }
}

/// A namespace whose name holds a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("comma in the name of a namespace")]
pub struct NamespaceError;

/// A type digit as the reference prints it: what is no digit is `NaN` there.
struct Digit(Option<u8>);

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(digit) => digit.fmt(f),
            None => f.write_str("NaN"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_byte() {
        let error = DecodeErrorKind::UnknownType(Some(7)).at(0);
        assert_eq!(error.to_string(), "unknown packet type 7 at byte 0");
        let error = DecodeErrorKind::UnknownType(None).at(0);
        assert_eq!(error.to_string(), "unknown packet type NaN at byte 0");
    }

    #[test]
    fn an_error_names_the_argument() {
        let error = ArgsError::at(12, "invalid type").or_at(99).in_argument(1);
        assert_eq!(error.to_string(), "argument 1: invalid type at byte 12");
        assert_eq!((error.argument(), error.offset()), (Some(1), Some(12)));
    }
}
