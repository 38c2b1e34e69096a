//! How packets are written for the server and read from it: its codec, and whether this side takes
//! bytes.

use bytes::Bytes;
use engineio_parser::{Channel, DecodeError, Frame, Packet, Revision, payload::Form};

use super::{BodyKind, Config, Query};
use crate::codec::Codec;
use crate::config::TransportKind;
use crate::id::Sid;
use crate::outbox::Outbox;

/// What the server speaks, as the configuration has it: nothing on the wire would tell.
#[derive(Debug)]
pub(super) struct Speech {
    codec: Codec,
    /// Of every transport.
    channel: Channel,
}

impl Speech {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            codec: Codec::of(config.revision),
            channel: match config.force_base64 {
                true => Channel::Text,
                false => Channel::Bytes,
            },
        }
    }

    pub(super) const fn revision(&self) -> Revision {
        self.codec.revision()
    }

    /// Revision 4: most servers, who must not pay for the others.
    pub(super) const fn is_usual(&self) -> bool {
        self.codec.is_usual()
    }

    /// Asks for a new session.
    pub(super) const fn handshake(&self, transport: TransportKind) -> Query {
        Query::handshake(self.revision(), transport, self.channel)
    }

    /// Asks for something in the name of a session.
    pub(super) const fn query(&self, transport: TransportKind, sid: Sid) -> Query {
        Query::session(self.revision(), transport, self.channel, sid)
    }

    /// The next message for a WebSocket, if `fits` says that there is room for its bytes.
    pub(super) fn next_frame(
        &self,
        outbox: &mut Outbox,
        fits: impl FnOnce(usize) -> bool,
    ) -> Option<Frame> {
        match self.codec.keeps_frames(self.channel) {
            true => outbox.pop_if(fits),
            false => outbox.pop_as(fits, &self.codec, self.channel),
        }
    }

    /// What a message of a WebSocket says.
    pub(super) fn decode(&self, frame: &Frame) -> Result<Packet, DecodeError> {
        self.codec.decode(frame)
    }

    /// What an unusual server answers to a poll.
    ///
    /// Its first byte tells text from bytes: the former begins with the digit of a length, the
    /// latter with a marker, 0 or 1. [eio3 § Encoding, Payload] The content type says the same.
    pub(super) fn decode_answer(
        &self,
        body: &Bytes,
    ) -> impl Iterator<Item = Result<Packet, DecodeError>> + use<> {
        let kind = match body.first() {
            Some(0 | 1) => BodyKind::Binary,
            Some(_) | None => BodyKind::Text,
        };
        self.codec.decode_body(kind, body)
    }

    /// As much of what waits as fits into a post. `None`: nothing waits.
    pub(super) fn post(&self, outbox: &mut Outbox, limit: usize) -> Option<(BodyKind, Bytes)> {
        if self.is_usual() {
            return Some((BodyKind::Text, outbox.take_payload(limit)?));
        }
        self.unusual_post(outbox, limit)
    }

    #[cold]
    fn unusual_post(&self, outbox: &mut Outbox, limit: usize) -> Option<(BodyKind, Bytes)> {
        let form = |has_bytes| self.codec.form(self.channel, has_bytes);
        let (form, body) = outbox.take_as(limit, form)?;
        let kind = match form {
            Form::Binary => BodyKind::Binary,
            Form::Separated | Form::String(_) => BodyKind::Text,
        };
        Some((kind, body))
    }
}
