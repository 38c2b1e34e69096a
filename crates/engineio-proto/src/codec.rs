//! How packets are written for the other side and read from it: the place where revisions differ.
//!
//! Everything that waits is a frame of revision 4, shared by all who are told the same; it is
//! rewritten when it leaves.

use bytes::Bytes;
use engineio_parser::{
    Channel, DecodeError, Frame, Packet, Revision, Wire,
    legacy::{self, Dialect},
    payload::{Form, Framing},
};

use crate::body::BodyKind;

/// What the other side speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    revision: Revision,
    wire: Wire,
    framing: Framing,
}

impl Codec {
    /// A revision as it is usually spoken.
    pub(crate) fn of(revision: Revision) -> Self {
        Self {
            revision,
            wire: Wire::from(revision),
            framing: Framing::of(revision),
        }
    }

    /// Revision 3 as some speak it.
    pub(crate) const fn revision_3(dialect: Dialect, framing: Framing) -> Self {
        Self {
            revision: Revision::V3,
            wire: Wire::Legacy(dialect),
            framing,
        }
    }

    /// The same revision, its text as it is.
    pub(crate) const fn in_plain_text(self) -> Self {
        Self {
            wire: Wire::Legacy(Dialect::Plain),
            ..self
        }
    }

    pub(crate) const fn revision(&self) -> Revision {
        self.revision
    }

    /// Revision 4: what most speak, who must not pay for the others.
    pub(crate) const fn is_usual(&self) -> bool {
        matches!(self.wire, Wire::V4)
    }

    /// Whether messages for a WebSocket stay as they are.
    pub(crate) const fn keeps_frames(&self, channel: Channel) -> bool {
        matches!((self.wire, channel), (Wire::V4, Channel::Bytes))
    }

    /// A message for a WebSocket.
    pub(crate) fn frame(&self, frame: Frame, channel: Channel) -> Frame {
        self.wire.rewrite(frame, channel)
    }

    /// How many bytes that message has.
    pub(crate) fn frame_len(&self, frame: &Frame, channel: Channel) -> usize {
        self.wire.rewritten_len(frame, channel)
    }

    /// What a message of a WebSocket says.
    pub(crate) fn decode(&self, frame: &Frame) -> Result<Packet, DecodeError> {
        match self.wire {
            Wire::V4 => Packet::decode(frame),
            Wire::Legacy(dialect) => decode_legacy(frame, dialect),
        }
    }

    /// The form of a body that is written. `has_bytes`: one of its packets carries bytes.
    pub(crate) fn form(&self, channel: Channel, has_bytes: bool) -> Form {
        Form::of_answer(self.wire, channel, self.framing, has_bytes)
    }

    /// What a body says.
    pub(crate) fn decode_body(
        &self,
        kind: BodyKind,
        body: &Bytes,
    ) -> impl Iterator<Item = Result<Packet, DecodeError>> + use<> {
        let (form, is_byte_string) = match (self.wire, kind) {
            (Wire::V4, _) => (Form::Separated, false),
            (Wire::Legacy(_), BodyKind::Binary) => (Form::Binary, false),
            (Wire::Legacy(dialect), BodyKind::Text) => {
                (Form::String(Dialect::Plain), dialect != Dialect::Plain)
            }
        };
        form.decode(body).map(move |packet| match is_byte_string {
            true => packet.map(legacy::repair),
            false => packet,
        })
    }
}

#[cold]
fn decode_legacy(frame: &Frame, dialect: Dialect) -> Result<Packet, DecodeError> {
    let packet = PLAIN.decode(frame)?;
    Ok(match dialect {
        // What the other side means by its text is a guess, and a wrong one must not end the session.
        Dialect::ByteStrings => legacy::repair(packet),
        Dialect::ByteStringPayloads | Dialect::Plain => packet,
    })
}

/// Whoever speaks an old revision is read as if they wrote plain text.
const PLAIN: Wire = Wire::Legacy(Dialect::Plain);
