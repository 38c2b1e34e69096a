//! How packets are written for a client and read from it: its codec, and what surrounds it.

use bytes::Bytes;
use engineio_parser::{
    Channel, DecodeError, Frame, Packet, Revision, jsonp,
    payload::{Form, PayloadBuf},
};

use super::response::Wrapping;
use super::{BodyKind, Compress, Peer, Response};
use crate::body::text;
use crate::codec::Codec;
use crate::config::Config;
use crate::outbox::{Outbox, is_bytes};

/// What a client speaks.
#[derive(Debug)]
pub(super) struct Speech {
    codec: Codec,
    /// Of polling. That of a WebSocket belongs to it.
    channel: Channel,
    jsonp: Option<jsonp::Index>,
}

impl Speech {
    pub(super) fn new(config: &Config, peer: Peer) -> Self {
        Self {
            codec: match peer.revision {
                Revision::V3 => Codec::revision_3(config.legacy_dialect, config.legacy_framing),
                Revision::V2 | Revision::V4 => Codec::of(peer.revision),
            },
            channel: peer.channel,
            jsonp: peer.jsonp,
        }
    }

    pub(super) const fn revision(&self) -> Revision {
        self.codec.revision()
    }

    /// Revision 4 without a script around it: most clients, who must not pay for the others.
    pub(super) const fn is_usual(&self) -> bool {
        self.codec.is_usual() && self.jsonp.is_none()
    }

    /// A native client, not a browser: of those with revision 2, only browsers double the encoding
    /// of text.
    pub(super) fn take_for_native(&mut self) {
        if self.revision() == Revision::V2 {
            self.codec = self.codec.in_plain_text();
        }
    }

    /// The next message for a WebSocket, if `fits` says that there is room for its bytes.
    pub(super) fn next_frame(
        &self,
        outbox: &mut Outbox,
        channel: Channel,
        fits: impl FnOnce(usize) -> bool,
    ) -> Option<Frame> {
        match self.codec.keeps_frames(channel) {
            true => outbox.pop_if(fits),
            false => outbox.pop_as(fits, &self.codec, channel),
        }
    }

    /// A message for a WebSocket.
    pub(super) fn frame(&self, frame: Frame, channel: Channel) -> Frame {
        self.codec.frame(frame, channel)
    }

    /// What a message of a WebSocket says.
    pub(super) fn decode(&self, frame: &Frame) -> Result<Packet, DecodeError> {
        self.codec.decode(frame)
    }

    /// Whether a post of this kind is none of the revision's.
    pub(super) fn refuses(&self, kind: BodyKind) -> bool {
        self.codec.is_usual() && kind == BodyKind::Binary
    }

    /// The packets of a post of an unusual client. `None`: it is a form without packets, which is
    /// ignored. [js engine.io 6.6.12]
    pub(super) fn decode_post(
        &self,
        kind: BodyKind,
        body: Bytes,
    ) -> Option<impl Iterator<Item = Result<Packet, DecodeError>> + use<>> {
        let (body, kind) = match &self.jsonp {
            Some(_) => (jsonp::decode_request(&body)?.into_bytes(), BodyKind::Text),
            None => (body, kind),
        };
        Some(self.codec.decode_body(kind, &body))
    }

    /// All that waits, as the answer to a poll. `None`: nothing waits.
    pub(super) fn answer(&self, outbox: &mut Outbox) -> Option<Response> {
        let compress = match outbox.is_incompressible() {
            true => Compress::No,
            false => Compress::Yes,
        };
        if self.is_usual() {
            let payload = outbox.take_payload(usize::MAX)?;
            return Some(plain(payload, compress));
        }
        self.unusual_answer(outbox, compress)
    }

    #[cold]
    fn unusual_answer(&self, outbox: &mut Outbox, compress: Compress) -> Option<Response> {
        let (form, body) = outbox.take_as(usize::MAX, |has_bytes| self.form(has_bytes))?;
        Some(self.wrap(form, body, compress))
    }

    /// A few packets as the answer to a poll.
    pub(super) fn say(&self, frames: &[Frame]) -> Response {
        if let (true, [Frame::Text(text)]) = (self.is_usual(), frames) {
            return Response::Payload(text.clone().into_bytes());
        }
        let form = self.form(frames.iter().any(is_bytes));
        let mut body = PayloadBuf::for_form(form);
        frames.iter().for_each(|frame| body.push(frame));
        self.wrap(form, body.into_bytes(), Compress::Yes)
    }

    fn form(&self, has_bytes: bool) -> Form {
        self.codec.form(self.channel, has_bytes)
    }

    fn wrap(&self, form: Form, body: Bytes, compress: Compress) -> Response {
        let (wrapping, body) = match (&self.jsonp, form) {
            (Some(index), _) => (Wrapping::Script, jsonp::encode(index, &text(body))),
            (None, Form::Binary) => (Wrapping::Bytes, body),
            (None, Form::Separated | Form::String(_)) => return plain(body, compress),
        };
        Response::Wrapped {
            body,
            wrapping,
            compress,
        }
    }
}

const fn plain(payload: Bytes, compress: Compress) -> Response {
    match compress {
        Compress::Yes => Response::Payload(payload),
        Compress::No => Response::Incompressible(payload),
    }
}
