//! Many packets in one body: what a poll answers and what a client posts.
//!
//! In revision 4, packets stand one behind the other, separated by U+001E; bytes are always base64.
//! The separator is not escaped: a text that contains it is torn apart by the receiver. The JSON of
//! Socket.IO cannot contain it. Specification: [eio4 § Packet encoding, HTTP long-polling].
//!
//! Revisions 2 and 3 have other forms; [`Form`] says which one is due, reads and writes all of them.

mod form;

use core::iter::FusedIterator;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr;

use crate::{
    DecodeError, Frame, Packet, PacketRef, Utf8Bytes, base64,
    legacy::{binary, string},
    packet::Parts,
    steps,
};

pub use form::{Form, Framing, Packets as FormPackets};

/// Decodes the packets of a body of revision 4, one at a time.
///
/// The texts are slices of the body, which they keep alive. An empty body is one empty packet,
/// hence an error.
///
/// ```
/// use engineio_parser::{Packet, payload};
///
/// let packets: Result<Vec<_>, _> = payload::decode(&"2\u{1e}6".into()).collect();
/// assert_eq!(packets?, [Packet::Ping("".into()), Packet::Noop]);
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
pub fn decode(body: &Utf8Bytes) -> Packets {
    Packets {
        body: body.clone(),
        next: Some(0),
    }
}

/// The packets of a body, in order; after the first error, nothing.
///
/// Offsets of errors count from the start of the body. Packets before an error are good: the
/// reference delivers them.
#[derive(Clone, Debug)]
pub struct Packets {
    body: Utf8Bytes,
    /// Where the next packet begins. `None`: there is none.
    next: Option<usize>,
}

impl Iterator for Packets {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let rest = self.body.get(start..)?;
        let separator = memchr(SEPARATOR, rest.as_bytes());
        let part = rest.get(..separator.unwrap_or(rest.len()))?;
        steps::visit(part.len() + 1);
        match PacketRef::decode(part) {
            Ok(packet) => {
                self.next = separator.map(|len| start + len + 1);
                Some(Ok(packet.share(&self.body)))
            }
            Err(error) => Some(Err(error.behind(start))),
        }
    }
}

impl FusedIterator for Packets {}

/// A body under construction, in revision 4 unless a [`Form`] is given.
///
/// ```
/// use engineio_parser::{Frame, Packet, payload::PayloadBuf};
///
/// let mut body = PayloadBuf::new();
/// body.push(&Frame::from(Packet::Message("hello".into())));
/// body.push(&Frame::from(Packet::Message(vec![1, 2, 3, 4].into())));
/// assert_eq!(body.into_bytes(), "4hello\u{1e}bAQIDBA==");
/// ```
#[derive(Clone, Debug, Default)]
pub struct PayloadBuf {
    bytes: BytesMut,
    form: Form,
}

impl PayloadBuf {
    /// Creates an empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty body that can grow to `bytes` bytes without allocating.
    ///
    /// Exact is: the sum of [`Frame::payload_len`] over the frames, and one byte between two.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: BytesMut::with_capacity(bytes),
            form: Form::default(),
        }
    }

    /// Creates an empty body of this form.
    ///
    /// ```
    /// use engineio_parser::{Frame, legacy::Dialect, payload::{Form, PayloadBuf}};
    ///
    /// let mut body = PayloadBuf::for_form(Form::String(Dialect::Plain));
    /// body.push(&Frame::Text("4€".into()));
    /// body.push(&Frame::Binary(vec![1, 2, 3].into()));
    /// assert_eq!(body.into_bytes(), "2:4€6:b4AQID");
    /// ```
    pub fn for_form(form: Form) -> Self {
        Self {
            bytes: BytesMut::new(),
            form,
        }
    }

    /// Appends one packet, behind a separator if it is not the first.
    ///
    /// The frame is one of revision 4, whatever the form of the body: [`Frame::from`] makes it from
    /// a packet. A text that contains U+001E is not refused here: see the [module](self).
    pub fn push(&mut self, frame: &Frame) {
        match self.form {
            Form::Binary => binary::put(&mut self.bytes, frame),
            Form::Separated => self.push_separated(frame),
            Form::String(dialect) => string::put(&mut self.bytes, frame, dialect),
        }
    }

    /// Appends one packet, unless that makes the body longer than `limit` bytes. Whether it did.
    ///
    /// The first one is always taken: a packet cannot be divided.
    ///
    /// ```
    /// use engineio_parser::{Frame, legacy::Dialect, payload::{Form, PayloadBuf}};
    ///
    /// let mut body = PayloadBuf::for_form(Form::String(Dialect::Plain));
    /// assert!(body.push_within(&Frame::Text("4hello".into()), 10));
    /// assert!(!body.push_within(&Frame::Text("6".into()), 10));
    /// assert_eq!(body.into_bytes(), "6:4hello");
    /// ```
    pub fn push_within(&mut self, frame: &Frame, limit: usize) -> bool {
        let len = self.len();
        self.push(frame);
        let fits = len == 0 || self.len() <= limit;
        if !fits {
            self.bytes.truncate(len);
        }
        fits
    }

    /// The same without a frame in between.
    fn push_packet(&mut self, packet: Parts<'_>) {
        match self.form {
            Form::Binary => binary::put_packet(&mut self.bytes, packet),
            Form::Separated => {
                self.separate(packet.len());
                packet.put(&mut self.bytes);
            }
            Form::String(dialect) => string::put_packet(&mut self.bytes, packet, dialect),
        }
    }

    /// Makes room for a packet of this length, behind what is there.
    fn separate(&mut self, len: usize) {
        let separator = usize::from(!self.is_empty());
        self.bytes.reserve(separator + len);
        if separator > 0 {
            self.bytes.put_u8(SEPARATOR);
        }
    }

    fn push_separated(&mut self, frame: &Frame) {
        self.separate(frame.payload_len());
        match frame {
            Frame::Binary(bytes) => {
                self.bytes.put_u8(b'b');
                base64::encode(bytes, &mut self.bytes);
            }
            Frame::Text(text) => self.bytes.put_slice(text.as_bytes()),
        }
    }

    /// Bytes so far, separators and lengths included.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was pushed. In revision 4, an empty body is not a valid payload.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The finished body, which is UTF-8 unless it is [binary](Form::Binary). Nothing is copied.
    ///
    /// The string payload of no packets is `0:`.
    pub fn into_bytes(self) -> Bytes {
        match self.form {
            Form::String(_) if self.bytes.is_empty() => Bytes::from_static(string::EMPTY),
            Form::Binary | Form::Separated | Form::String(_) => self.bytes.freeze(),
        }
    }
}

/// [eio4 § Packet encoding] "the record separator character", U+001E.
const SEPARATOR: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{DecodeErrorKind, Message};

    #[test]
    fn the_payload_of_the_protocol_document() {
        let text = "4hello\x1ebAQIDBA==";
        let packets: Vec<_> = decode(&text.into()).collect::<Result<_, _>>().unwrap();
        let bytes = Message::from(Bytes::from_static(&[1, 2, 3, 4]));
        assert_eq!(
            packets,
            [Packet::Message("hello".into()), Packet::Message(bytes)]
        );
        let mut body = PayloadBuf::new();
        for packet in &packets {
            body.push(&packet.into());
        }
        assert_eq!(body.into_bytes(), text);
    }

    #[test]
    fn offsets_count_from_the_start_of_the_body() {
        let mut packets = decode(&"4€\x1e7".into());
        assert!(matches!(packets.next(), Some(Ok(_))));
        let error = DecodeErrorKind::UnknownType.at(5);
        assert_eq!(packets.next(), Some(Err(error)));
        assert_eq!(packets.next(), None);
    }

    #[test]
    fn nothing_follows_an_error() {
        let mut packets = decode(&"\x1e4a".into());
        let error = DecodeErrorKind::Empty.at(0);
        assert_eq!(packets.next(), Some(Err(error)));
        assert_eq!(packets.next(), None);
        assert_eq!(packets.next(), None);
    }

    #[test]
    fn a_trailing_separator_announces_a_packet_that_is_missing() {
        let last = decode(&"4a\x1e".into()).last();
        let error = DecodeErrorKind::Empty.at(3);
        assert_eq!(last, Some(Err(error)));
    }

    #[test]
    fn texts_share_the_memory_of_the_body() {
        let body = Utf8Bytes::from_static("4a\x1e4b");
        let Some(Ok(Packet::Message(Message::Text(text)))) = decode(&body).last() else {
            panic!("not a text");
        };
        assert_eq!(text.as_ptr(), body[4..].as_ptr());
    }
}
