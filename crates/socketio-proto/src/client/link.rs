//! A session, or the wait for the next one: never both.

use core::mem;

use crate::engine::client::Session;
use crate::engine::{Frame, Ids, SendError, Sid};
use crate::received::Reader;
use crate::{Encoded, Timestamp};

use super::legacy::Root;

/// What connects a client with its server now.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a client has a session for most of its life"
)]
pub(super) enum Link {
    /// Nothing, and nothing is needed.
    Idle(Ids),
    /// One session, from its dial to its end.
    Live(Live),
    /// Nothing any more.
    Stopped,
    /// Nothing until the next dial.
    Waiting { at: Timestamp, ids: Ids },
}

/// One session.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) engine: Session,
    pub(super) reader: Reader,
    /// The id of the session, once it is open.
    pub(super) sid: Option<Sid>,
    /// Where the client is in `/`, if the server is an old one.
    pub(super) root: Root,
    pub(super) phase: Phase,
}

/// How a packet travels with those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    /// As the session likes.
    Along,
    /// Behind them, in a payload of its own: a server on Node.js handles a goodbye at once, and the
    /// events that came with it later, which is never. [js socket.io 4.8.4]
    Apart,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// The server has not accepted yet.
    Dialing,
    /// It ends as soon as everything is delivered, because no namespace needs it. One may have been
    /// opened since: then another session follows.
    Leaving,
    Open,
    /// As `Leaving`, but nothing follows.
    Stopping,
}

impl Link {
    /// The session, if there is one.
    pub(super) fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Idle(_) | Self::Stopped | Self::Waiting { .. } => None,
        }
    }

    /// The session, if there is one.
    pub(super) fn live_mut(&mut self) -> Option<&mut Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Idle(_) | Self::Stopped | Self::Waiting { .. } => None,
        }
    }

    /// The session, if packets may be said to the server.
    pub(super) fn open_mut(&mut self) -> Option<&mut Live> {
        self.live_mut().filter(|live| live.phase == Phase::Open)
    }

    /// Whether packets leave: there is a session, and neither side has begun to end it.
    pub(super) fn is_open(&self) -> bool {
        self.live()
            .is_some_and(|live| live.phase == Phase::Open && live.engine.is_open())
    }

    /// Whether the application has ended the client, or it has given up.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Stopped => true,
            Self::Live(live) => live.phase == Phase::Stopping,
            Self::Idle(_) | Self::Waiting { .. } => false,
        }
    }

    /// When the next dial is due.
    pub(super) fn dial_at(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { at, .. } => Some(*at),
            Self::Idle(_) | Self::Live(_) | Self::Stopped => None,
        }
    }

    /// Takes the id source for the next session, unless there is one or there will be none.
    pub(super) fn take_ids(&mut self) -> Option<Ids> {
        match mem::replace(self, Self::Stopped) {
            Self::Idle(ids) | Self::Waiting { ids, .. } => Some(ids),
            kept @ (Self::Live(_) | Self::Stopped) => {
                *self = kept;
                None
            }
        }
    }

    /// Takes the session.
    pub(super) fn take_live(&mut self) -> Option<Live> {
        match mem::replace(self, Self::Stopped) {
            Self::Live(live) => Some(live),
            kept @ (Self::Idle(_) | Self::Stopped | Self::Waiting { .. }) => {
                *self = kept;
                None
            }
        }
    }

    /// Hands a packet to the session: all of its frames or none.
    pub(super) fn send(&mut self, packet: &Encoded) -> Result<(), SendError> {
        match self.open_mut() {
            Some(live) => live.engine.send_frames(packet.frames()),
            None => Err(SendError::Closed(Frame::Text(Default::default()))),
        }
    }

    /// Hands a packet of one frame to the session, in its manner.
    pub(super) fn say(&mut self, packet: &Encoded, manner: Manner) -> Result<(), SendError> {
        match (self.open_mut(), manner, packet.frames().next()) {
            (Some(live), Manner::Apart, Some(frame)) => live.engine.send_apart(frame),
            _ => self.send(packet),
        }
    }
}
