//! Which revision of the protocol a peer speaks, and what follows for its frames.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{
    DecodeError, Frame, Packet, Utf8Bytes, base64,
    legacy::{self, Dialect, byte_string},
};

/// A revision of the protocol: the number in the query parameter `EIO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// Browsers with Socket.IO 1.0.0 – 1.0.6, and native clients of that time. On the wire this is
    /// revision 3, in another [`Dialect`].
    V2,
    /// Socket.IO 1.0 – 2.5.
    V3,
    /// Socket.IO 3 and later.
    V4,
}

impl Revision {
    /// Reads the value of the query parameter `EIO`; `None`: the parameter is missing.
    ///
    /// Never fails, as in the reference since 5.0: what is not exactly `4` is an old client. Of a
    /// parameter that is repeated, the last value counts.
    ///
    /// ```
    /// use engineio_parser::Revision;
    ///
    /// assert_eq!(Revision::from_query(Some("4")), Revision::V4);
    /// assert_eq!(Revision::from_query(Some("2")), Revision::V2);
    /// assert_eq!(Revision::from_query(Some("04")), Revision::V3);
    /// assert_eq!(Revision::from_query(None), Revision::V3);
    /// ```
    pub fn from_query(eio: Option<&str>) -> Self {
        match eio {
            Some("4") => Self::V4,
            Some("2") => Self::V2,
            Some(_) | None => Self::V3,
        }
    }

    /// The number that clients send.
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }
}

/// How one peer writes and reads packets.
///
/// The usual one follows from the [`Revision`]; only the dialect is a matter of choice.
///
/// ```
/// use engineio_parser::{Channel, Frame, Packet, Revision, Wire};
///
/// let packet = Packet::Message(vec![1, 2, 3].into());
/// let wire = Wire::from(Revision::V3);
/// let frame = wire.encode(&packet, Channel::Bytes);
/// assert_eq!(frame, Frame::Binary(vec![4, 1, 2, 3].into()));
/// assert_eq!(wire.decode(&frame)?, packet);
///
/// assert_eq!(wire.encode(&packet, Channel::Text), Frame::Text("b4AQID".into()));
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Revisions 2 and 3.
    Legacy(Dialect),
    /// Revision 4.
    V4,
}

impl Wire {
    /// Decodes what one WebSocket message carries.
    ///
    /// Text and bytes are slices of the frame, which they keep alive; base64 is copied, and so is
    /// the text of a byte string that is not ASCII. Binary frames of revisions 2 and 3 begin with
    /// the type, those of revision 4 do not.
    ///
    /// # Errors
    ///
    /// As [`Packet::decode`], [`legacy::decode_text`] and [`legacy::decode_bytes`];
    /// [`ByteString`](crate::DecodeErrorKind::ByteString) in a dialect of byte strings.
    ///
    /// Specification: [eio3 § Encoding], [eio4 § Packet encoding].
    pub fn decode(self, frame: &Frame) -> Result<Packet, DecodeError> {
        match (self, frame) {
            (Self::V4, frame) => Packet::decode(frame),
            (Self::Legacy(_), Frame::Binary(bytes)) => legacy::share_bytes(bytes),
            (Self::Legacy(dialect), Frame::Text(text)) => {
                legacy::share_text(text, text, dialect.has_byte_string_frames())
            }
        }
    }

    /// Encodes one packet for a WebSocket.
    ///
    /// On a channel for text, bytes become base64.
    pub fn encode(self, packet: &Packet, channel: Channel) -> Frame {
        self.rewrite(Frame::from(packet), channel)
    }

    /// Rewrites a frame of revision 4, such as [`Frame::from`] makes, for this peer.
    ///
    /// One packet for many peers is so encoded once, whatever they speak. Nothing is copied where
    /// the form stays the same: any frame of revision 4, texts of revision 3.
    ///
    /// ```
    /// use engineio_parser::{Channel, Frame, Revision, Wire};
    ///
    /// let frame = Frame::Text("4€".into());
    /// let [old, new] = [Revision::V2, Revision::V3].map(Wire::from);
    /// assert_eq!(new.rewrite(frame.clone(), Channel::Bytes), frame);
    /// assert_eq!(old.rewrite(frame, Channel::Bytes), Frame::Text("4â\u{82}¬".into()));
    /// ```
    pub fn rewrite(self, frame: Frame, channel: Channel) -> Frame {
        match (self, frame, channel) {
            (Self::V4, frame, Channel::Bytes) => frame,
            (Self::V4, Frame::Text(text), Channel::Text) => Frame::Text(text),
            (Self::V4, Frame::Binary(bytes), Channel::Text) => {
                Frame::Text(base64::encode_behind("b", &bytes))
            }
            (Self::Legacy(_), Frame::Binary(bytes), Channel::Bytes) => {
                Frame::Binary(with_type(&bytes))
            }
            (Self::Legacy(_), Frame::Binary(bytes), Channel::Text) => {
                Frame::Text(base64::encode_behind("b4", &bytes))
            }
            (Self::Legacy(dialect), Frame::Text(text), _) => {
                Frame::Text(rewrite_text(text, dialect))
            }
        }
    }

    /// How many bytes [`rewrite`](Self::rewrite) makes of a frame.
    ///
    /// ```
    /// use engineio_parser::{Channel, Frame, Revision, Wire};
    ///
    /// let frame = Frame::Binary(vec![1, 2, 3].into());
    /// let len = |channel| Wire::from(Revision::V3).rewritten_len(&frame, channel);
    /// // A type and the bytes; `b4AQID`.
    /// assert_eq!((len(Channel::Bytes), len(Channel::Text)), (4, 6));
    /// ```
    pub fn rewritten_len(self, frame: &Frame, channel: Channel) -> usize {
        match (self, frame, channel) {
            (Self::V4, frame, Channel::Bytes) => frame.len(),
            (Self::V4, frame, Channel::Text) => frame.payload_len(),
            (Self::Legacy(_), Frame::Binary(bytes), Channel::Bytes) => 1 + bytes.len(),
            (Self::Legacy(_), Frame::Binary(_), Channel::Text) => 1 + frame.payload_len(),
            (Self::Legacy(dialect), Frame::Text(text), _) => match text.starts_with('b') {
                true => 1 + text.len(),
                false if dialect.has_byte_string_frames() => byte_string::encoded_len(text),
                false => text.len(),
            },
        }
    }
}

impl From<Revision> for Wire {
    /// The usual dialect: byte strings for revision 2, as Socket.IO 1.0.6 speaks, plain text for
    /// revision 3, as Socket.IO 2 speaks.
    fn from(revision: Revision) -> Self {
        match revision {
            Revision::V2 => Self::Legacy(Dialect::ByteStrings),
            Revision::V3 => Self::Legacy(Dialect::Plain),
            Revision::V4 => Self::V4,
        }
    }
}

/// What can travel to a peer on one transport. Fixed when the transport is created.
///
/// It says how to write; a receiver takes both forms at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Bytes as they are.
    Bytes,
    /// Text only: bytes become base64.
    Text,
}

impl Channel {
    /// Reads the query parameters `b64` and `j` of the request that creates the transport.
    ///
    /// The value of `b64` is not interpreted: `0` asks for base64 like any other, only the empty
    /// value does not. A client of [JSONP](crate::jsonp) (polling only) cannot take bytes, whether
    /// it says so or not.
    ///
    /// ```
    /// use engineio_parser::Channel;
    ///
    /// assert_eq!(Channel::from_query(Some("0"), None), Channel::Text);
    /// assert_eq!(Channel::from_query(Some(""), None), Channel::Bytes);
    /// assert_eq!(Channel::from_query(None, Some("")), Channel::Text);
    /// ```
    pub fn from_query(b64: Option<&str>, j: Option<&str>) -> Self {
        match (b64, j) {
            (None | Some(""), None) => Self::Bytes,
            (Some(_), _) | (_, Some(_)) => Self::Text,
        }
    }
}

/// A message of bytes as revisions 2 and 3 carry it.
fn with_type(bytes: &[u8]) -> Bytes {
    let mut typed = Vec::with_capacity(1 + bytes.len());
    typed.push(legacy::MESSAGE);
    typed.extend_from_slice(bytes);
    typed.into()
}

fn rewrite_text(text: Utf8Bytes, dialect: Dialect) -> Utf8Bytes {
    if let Some(base64) = text.strip_prefix('b') {
        return ["b4", base64].concat().into();
    }
    if dialect.has_byte_string_frames() && !text.is_ascii() {
        return byte_string::encode(&text).into_owned().into();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn frames_that_stay_the_same_are_not_copied() {
        let text = Utf8Bytes::from_static("4hello");
        for revision in [Revision::V2, Revision::V3, Revision::V4] {
            let frame = Frame::Text(text.clone());
            let Frame::Text(same) = Wire::from(revision).rewrite(frame, Channel::Text) else {
                panic!("a text became bytes")
            };
            assert_eq!(same.as_ptr(), text.as_ptr());
        }
    }

    #[test]
    fn bytes_that_came_as_base64_stay_bytes() {
        let packet = Packet::Message(Message::from(Bytes::from_static(&[1, 2, 3])));
        let frame = Frame::Text("bAQID".into());
        assert_eq!(Packet::decode(&frame), Ok(packet.clone()));
        for revision in [Revision::V2, Revision::V3, Revision::V4] {
            for channel in [Channel::Bytes, Channel::Text] {
                let wire = Wire::from(revision);
                let rewritten = wire.rewrite(frame.clone(), channel);
                assert_eq!(wire.decode(&rewritten), Ok(packet.clone()));
            }
        }
    }

    #[test]
    fn bytes_share_the_memory_of_the_frame() {
        let bytes = Bytes::from_static(&[4, 1, 2]);
        let wire = Wire::from(Revision::V3);
        let Ok(Packet::Message(Message::Binary(data))) = wire.decode(&Frame::Binary(bytes.clone()))
        else {
            panic!("not bytes")
        };
        assert_eq!(data.as_ptr(), bytes[1..].as_ptr());
    }
}
