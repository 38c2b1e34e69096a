//! Frames in, packets out.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroUsize;
use core::ops::Range;

use bytes::Bytes;

use crate::args::Args;
use crate::attachments::Attachments;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::frame::{Frame, Utf8Bytes};
use crate::namespace::{Namespace, ROOT};
use crate::packet::Packet;
use crate::packet_ref::{self, Decoded, PacketRef};
use crate::part::Part;
use crate::placeholder::{Finder, Found};
use crate::revision::Revision;
use crate::string;

/// How much of the peer is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The greatest number of attachments of one packet. Default: 10, as in the reference.
    pub max_attachments: usize,
    /// The deepest nesting of a payload, the array of arguments being level 1. Default, and the
    /// most that has an effect: 1024.
    ///
    /// Decoding does not recurse. Reading arguments into types does, and stops at 128 levels.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_depth: crate::scan::MAX_DEPTH,
        }
    }
}

/// Makes packets of the frames of one connection.
///
/// A packet with attachments takes several frames, and nothing may come between them. The size of a
/// frame is limited by the layer below; there is no limit to the wait for an attachment.
#[derive(Debug)]
pub struct Decoder {
    revision: Revision,
    limits: Limits,
    state: State,
}

/// How far a packet is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Here it is.
    Complete(Packet),
    /// So many binary frames have to follow.
    Needs(NonZeroUsize),
}

#[derive(Debug)]
enum State {
    Idle,
    Reconstructing(Partial),
    Failed(DecodeError),
}

/// An event or an acknowledgement whose attachments have not all come.
#[derive(Debug)]
struct Partial {
    /// Without its attachments.
    packet: Packet,
    /// Where its JSON began in its frame.
    json_at: usize,
    /// What was found in the JSON. Its offsets count from the start of the frame.
    placeholders: Found,
    attachments: Vec<Bytes>,
    missing: NonZeroUsize,
}

impl Decoder {
    /// Waits for the first frame of a peer that speaks revision 5.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self::with_revision(Revision::V5, limits)
    }

    /// Waits for the first frame of a peer that speaks this revision.
    #[must_use]
    pub const fn with_revision(revision: Revision, limits: Limits) -> Self {
        Self {
            revision,
            limits,
            state: State::Idle,
        }
    }

    /// Takes the next frame. The packet shares its memory.
    ///
    /// An escaped half of a surrogate pair, which JavaScript strings may hold, becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if no correct peer sends this frame now. The stream cannot be trusted from
    /// here: each later call returns the same error.
    ///
    /// Specification: [sio5 § Packet encoding].
    pub fn feed(&mut self, frame: Frame) -> Result<Progress, DecodeError> {
        let fed = match frame {
            Frame::Text(text) => self.on_text(text),
            Frame::Binary(bytes) => self.on_attachment(bytes),
        };
        if let Err(error) = &fed {
            self.state = State::Failed(*error);
        }
        fed
    }

    /// Whether a packet waits for attachments.
    #[must_use]
    pub fn is_reconstructing(&self) -> bool {
        matches!(self.state, State::Reconstructing(_))
    }

    fn on_text(&mut self, text: Utf8Bytes) -> Result<Progress, DecodeError> {
        match &self.state {
            State::Idle => {}
            State::Reconstructing(_) => return Err(DecodeErrorKind::UnexpectedText.at(0)),
            State::Failed(error) => return Err(*error),
        }
        let mut placeholders = Finder::new();
        let (packet, json_at, missing) =
            owned(text, self.revision, &self.limits, &mut placeholders)?;
        let Some(missing) = NonZeroUsize::new(missing) else {
            return Ok(Progress::Complete(packet));
        };
        self.state = State::Reconstructing(Partial {
            packet,
            json_at,
            placeholders: placeholders.finish(),
            attachments: Vec::new(),
            missing,
        });
        Ok(Progress::Needs(missing))
    }

    fn on_attachment(&mut self, bytes: Bytes) -> Result<Progress, DecodeError> {
        let partial = match &mut self.state {
            State::Idle => return Err(DecodeErrorKind::UnexpectedBinary.at(0)),
            State::Reconstructing(partial) => partial,
            State::Failed(error) => return Err(*error),
        };
        partial.attachments.push(bytes);
        if let Some(missing) = NonZeroUsize::new(partial.missing.get() - 1) {
            partial.missing = missing;
            return Ok(Progress::Needs(missing));
        }
        match mem::replace(&mut self.state, State::Idle) {
            State::Reconstructing(partial) => partial.complete().map(Progress::Complete),
            State::Idle | State::Failed(_) => Err(DecodeErrorKind::UnexpectedBinary.at(0)),
        }
    }
}

impl Partial {
    fn complete(self) -> Result<Packet, DecodeError> {
        let Self {
            mut packet,
            json_at,
            placeholders,
            attachments,
            ..
        } = self;
        let placeholders = placeholders.check(attachments.len(), json_at)?;
        if let Packet::Event { args, .. } | Packet::Ack { args, .. } = &mut packet {
            args.attach(Attachments::new(attachments, placeholders));
        }
        Ok(packet)
    }
}

/// Decodes a text frame into a packet that owns it. Returns as well where its JSON began, and how
/// many attachments follow.
fn owned(
    text: Utf8Bytes,
    revision: Revision,
    limits: &Limits,
    placeholders: &mut Finder,
) -> Result<(Packet, usize, usize), DecodeError> {
    let Decoded {
        packet,
        lone_surrogates,
        attachments,
        payload_at,
        name_end,
    } = packet_ref::decode(&text, revision, limits, placeholders)?;
    let shared = Shared {
        text: &text,
        lone_surrogates,
    };
    let packet = match packet {
        PacketRef::Event {
            namespace,
            id,
            args,
            ..
        } => {
            let (namespace, args) = (shared.namespace(namespace), shared.args(args, payload_at));
            let args = args.of(text).with_name_end(name_end);
            Packet::Event {
                namespace,
                id,
                args,
            }
        }
        PacketRef::Ack {
            namespace,
            id,
            args,
            ..
        } => {
            let (namespace, args) = (shared.namespace(namespace), shared.args(args, payload_at));
            let args = args.of(text);
            Packet::Ack {
                namespace,
                id,
                args,
            }
        }
        PacketRef::Connect { namespace, data } => Packet::Connect {
            // Copied: it lives as long as the connection, and would keep the credentials alive.
            namespace: Namespace::from_wire(namespace.into()),
            data: data.map(|data| shared.json(data)),
        },
        PacketRef::Disconnect { namespace } => Packet::Disconnect {
            namespace: shared.namespace(namespace),
        },
        PacketRef::ConnectError { namespace, data } => Packet::ConnectError {
            namespace: shared.namespace(namespace),
            data: shared.json(data),
        },
    };
    Ok((packet, payload_at, attachments))
}

/// A frame whose parts are taken without copying.
struct Shared<'a> {
    text: &'a Utf8Bytes,
    lone_surrogates: bool,
}

impl Shared<'_> {
    fn args(&self, json: &str, at: usize) -> Json {
        match self.lone_surrogates {
            true => Json::Rewritten(string::replace_lone_surrogates(json)),
            false => Json::Part(at..at + json.len()),
        }
    }

    fn json(&self, part: &str) -> Utf8Bytes {
        match self.lone_surrogates {
            true => string::replace_lone_surrogates(part).into(),
            false => self.text.slice_ref(part),
        }
    }

    fn namespace(&self, name: &str) -> Namespace {
        match name {
            // Not in the frame if it was left out.
            ROOT => Namespace::root(),
            name => Namespace::from_wire(self.text.slice_ref(name)),
        }
    }
}

/// The JSON of arguments.
enum Json {
    /// Where in its frame it stands.
    Part(Range<usize>),
    /// With other escapes than there.
    Rewritten(String),
}

impl Json {
    /// The arguments of this frame.
    fn of(self, frame: Utf8Bytes) -> Args {
        let json = match self {
            Self::Part(range) => Part::new(frame, range),
            Self::Rewritten(json) => Utf8Bytes::from(json).into(),
        };
        Args::from_parts(json, Attachments::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Frame {
        Frame::Text(text.into())
    }

    const BYTES: Frame = Frame::Binary(Bytes::from_static(b"bytes"));

    #[test]
    fn what_is_missing_is_counted() {
        let mut decoder = Decoder::new(Limits::default());
        let needs = |count| Ok(Progress::Needs(NonZeroUsize::new(count).unwrap()));
        assert_eq!(
            decoder.feed(text("52-[\"a\",{\"_placeholder\":true,\"num\":1}]")),
            needs(2)
        );
        assert!(decoder.is_reconstructing());
        assert_eq!(decoder.feed(BYTES), needs(1));
        let Ok(Progress::Complete(packet)) = decoder.feed(BYTES) else {
            panic!()
        };
        assert_eq!(packet.attachments().len(), 2);
        assert!(!decoder.is_reconstructing());
    }

    #[test]
    fn after_an_error_it_fails_for_ever() {
        let mut decoder = Decoder::new(Limits::default());
        let error = Err(DecodeErrorKind::UnknownType(Some(9)).at(0));
        assert_eq!(decoder.feed(text("9")), error);
        assert_eq!(decoder.feed(text("2[\"a\"]")), error);
        assert_eq!(decoder.feed(BYTES), error);
    }

    #[test]
    fn an_illegal_placeholder_is_named_in_its_frame() {
        let mut decoder = Decoder::new(Limits::default());
        decoder
            .feed(text("51-/a,[\"a\",{\"_placeholder\":true,\"num\":1}]"))
            .unwrap();
        assert_eq!(
            decoder.feed(BYTES),
            Err(DecodeErrorKind::IllegalPlaceholder.at(11))
        );
    }

    #[test]
    fn limits_are_kept() {
        let limits = Limits {
            max_attachments: 1,
            max_depth: 2,
        };
        let error = |frame| Decoder::new(limits).feed(text(frame)).unwrap_err();
        assert_eq!(
            error("52-[\"a\"]"),
            DecodeErrorKind::TooManyAttachments.at(1)
        );
        assert_eq!(error("2[\"a\",[[]]]"), DecodeErrorKind::DeepPayload.at(7));
        assert!(Decoder::new(limits).feed(text("2[\"a\",[]]")).is_ok());
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        let mut decoder = Decoder::new(Limits::default());
        let fed = decoder.feed(text(r#"2["a","\ud83d"]"#)).unwrap();
        let Progress::Complete(Packet::Event { args, .. }) = fed else {
            panic!()
        };
        assert_eq!(args.json(), r#"["a","\ufffd"]"#);
    }
}
