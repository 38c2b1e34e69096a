//! The transport that carries packets now, and how much it can take: its credit.
//!
//! A parked poll is one credit, spent by its answer. A WebSocket has a window of bytes, restored
//! when everything handed out has left. Without credit nothing is written.

use super::probe::Probe;
use super::response::Response;
use super::{Event, Io};
use crate::config::TransportKind;
use crate::id::{RequestId, TransportId};
use crate::machine::Output;
use crate::outbox::Outbox;

/// Polling or WebSocket. Only polling can park a request or be upgraded.
#[derive(Debug)]
pub(crate) enum Link {
    Polling {
        poll: Option<RequestId>,
        probe: Option<Probe>,
    },
    WebSocket {
        transport: TransportId,
        unflushed: usize,
    },
}

impl Link {
    pub(crate) const fn polling() -> Self {
        Self::Polling {
            poll: None,
            probe: None,
        }
    }

    pub(crate) const fn web_socket(transport: TransportId) -> Self {
        Self::WebSocket {
            transport,
            unflushed: 0,
        }
    }

    /// Spends credit: takes from the outbox what can leave now.
    pub(crate) fn flush(&mut self, outbox: &mut Outbox) -> Option<Output<Io, Event>> {
        match self {
            Self::Polling { poll, .. } => {
                let request = (*poll)?;
                let payload = outbox.take_payload()?;
                *poll = None;
                Some(Output::Io(Io::Respond {
                    request,
                    response: Response::Payload(payload),
                }))
            }
            Self::WebSocket {
                transport,
                unflushed,
            } => {
                let frame = outbox.pop_if(|bytes| fits(*unflushed, bytes))?;
                *unflushed += frame.len() + FRAME_HEADER;
                Some(Output::Io(Io::Frame {
                    transport: *transport,
                    frame,
                }))
            }
        }
    }

    /// Whether one more packet behind `queued` bytes would leave at once.
    pub(crate) const fn has_credit(&self, queued: usize) -> bool {
        match self {
            Self::Polling { poll, .. } => poll.is_some(),
            Self::WebSocket { unflushed, .. } => unflushed.saturating_add(queued) < WINDOW,
        }
    }

    /// Counts a frame of the link that was written without the outbox.
    pub(crate) const fn spend(&mut self, bytes: usize) {
        if let Self::WebSocket { unflushed, .. } = self {
            *unflushed += bytes + FRAME_HEADER;
        }
    }

    pub(crate) fn restore_credit(&mut self, flushed: TransportId) {
        if let Self::WebSocket {
            transport,
            unflushed,
        } = self
            && *transport == flushed
        {
            *unflushed = 0;
        }
    }

    pub(crate) const fn kind(&self) -> TransportKind {
        match self {
            Self::Polling { .. } => TransportKind::Polling,
            Self::WebSocket { .. } => TransportKind::WebSocket,
        }
    }
}

/// A packet larger than the window travels alone.
const fn fits(unflushed: usize, bytes: usize) -> bool {
    unflushed == 0 || unflushed + bytes + FRAME_HEADER <= WINDOW
}

/// Bytes handed to a WebSocket before it has to report them gone.
const WINDOW: usize = 64 * 1024;

/// Bytes of the longest header of a WebSocket frame from a server. [RFC 6455 § 5.2]
///
/// It counts too, so that a flood of empty packets ends.
const FRAME_HEADER: usize = 10;
