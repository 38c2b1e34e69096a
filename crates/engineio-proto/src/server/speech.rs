//! How packets are written for a client and read from it: the place where revisions differ.
//!
//! Everything that waits is a frame of revision 4, shared by all who are told the same; it is
//! rewritten when it leaves.

use bytes::Bytes;
use engineio_parser::{
    Channel, DecodeError, Frame, Packet, Revision, Wire, jsonp,
    legacy::{self, Dialect},
    payload::{Form, Framing, PayloadBuf},
};

use super::response::Wrapping;
use super::{BodyKind, Compress, Peer, Response};
use crate::body::text;
use crate::config::Config;
use crate::outbox::{Outbox, is_bytes};

/// What a client speaks.
#[derive(Debug)]
pub(super) struct Speech {
    revision: Revision,
    wire: Wire,
    framing: Framing,
    /// Of polling. That of a WebSocket belongs to it.
    channel: Channel,
    jsonp: Option<jsonp::Index>,
}

impl Speech {
    pub(super) fn new(config: &Config, peer: Peer) -> Self {
        let revision = peer.revision;
        let (wire, framing) = match revision {
            Revision::V3 => (Wire::Legacy(config.legacy_dialect), config.legacy_framing),
            Revision::V2 | Revision::V4 => (Wire::from(revision), Framing::of(revision)),
        };
        Self {
            revision,
            wire,
            framing,
            channel: peer.channel,
            jsonp: peer.jsonp,
        }
    }

    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    /// Revision 4 without a script around it: most clients, who must not pay for the others.
    pub(super) const fn is_usual(&self) -> bool {
        matches!((self.wire, &self.jsonp), (Wire::V4, None))
    }

    /// A native client, not a browser: of those with revision 2, only browsers double the encoding
    /// of text.
    pub(super) fn take_for_native(&mut self) {
        if self.revision == Revision::V2 {
            self.wire = Wire::Legacy(Dialect::Plain);
        }
    }

    /// Whether messages for a WebSocket stay as they are.
    pub(super) const fn keeps_frames(&self, channel: Channel) -> bool {
        matches!((self.wire, channel), (Wire::V4, Channel::Bytes))
    }

    /// A message for a WebSocket.
    pub(super) fn frame(&self, frame: Frame, channel: Channel) -> Frame {
        self.wire.rewrite(frame, channel)
    }

    /// What a message of a WebSocket says.
    pub(super) fn decode(&self, frame: &Frame) -> Result<Packet, DecodeError> {
        match self.wire {
            Wire::V4 => Packet::decode(frame),
            Wire::Legacy(dialect) => decode_legacy(frame, dialect),
        }
    }

    /// Whether a post of this kind is none of the revision's.
    pub(super) fn refuses(&self, kind: BodyKind) -> bool {
        self.wire == Wire::V4 && kind == BodyKind::Binary
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
        let (form, is_byte_string) = match (self.wire, kind) {
            (Wire::V4, _) => (Form::Separated, false),
            (Wire::Legacy(_), BodyKind::Binary) => (Form::Binary, false),
            (Wire::Legacy(dialect), BodyKind::Text) => {
                (Form::String(Dialect::Plain), dialect != Dialect::Plain)
            }
        };
        let packets = form.decode(&body);
        Some(packets.map(move |packet| match is_byte_string {
            true => packet.map(legacy::repair),
            false => packet,
        }))
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
        let (form, body) = outbox.take_all(|has_bytes| self.form(has_bytes))?;
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
        Form::of_answer(self.wire, self.channel, self.framing, has_bytes)
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

#[cold]
fn decode_legacy(frame: &Frame, dialect: Dialect) -> Result<Packet, DecodeError> {
    let packet = PLAIN.decode(frame)?;
    Ok(match dialect {
        // What a client means by its text is a guess, and a wrong one must not end the session.
        Dialect::ByteStrings => legacy::repair(packet),
        Dialect::ByteStringPayloads | Dialect::Plain => packet,
    })
}

const fn plain(payload: Bytes, compress: Compress) -> Response {
    match compress {
        Compress::Yes => Response::Payload(payload),
        Compress::No => Response::Incompressible(payload),
    }
}

/// Old clients are read as if they wrote plain text.
const PLAIN: Wire = Wire::Legacy(Dialect::Plain);
