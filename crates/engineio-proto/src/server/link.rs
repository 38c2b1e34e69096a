//! The transport that carries packets now, and how much it can take: its credit.
//!
//! A parked poll is one credit, spent by its answer. A WebSocket has a window of bytes, restored
//! when everything handed out has left. Without credit nothing is written.

use engineio_parser::Channel;

use super::probe::Probe;
use super::speech::Speech;
use super::{Event, Io};
use crate::config::TransportKind;
use crate::id::{RequestId, TransportId};
use crate::machine::Output;
use crate::outbox::Outbox;
use crate::window::Window;

/// Polling or WebSocket. Only polling can park a request or be upgraded.
#[derive(Debug)]
pub(crate) enum Link {
    Polling {
        poll: Option<RequestId>,
        /// The poll that took the last payload, until the client polls again: it has not shown yet
        /// that it received it.
        answered: Option<RequestId>,
        probe: Option<Probe>,
    },
    WebSocket {
        transport: TransportId,
        channel: Channel,
        window: Window,
    },
}

impl Link {
    pub(crate) const fn polling() -> Self {
        Self::Polling {
            poll: None,
            answered: None,
            probe: None,
        }
    }

    pub(crate) fn web_socket(transport: TransportId, channel: Channel) -> Self {
        Self::WebSocket {
            transport,
            channel,
            window: Window::default(),
        }
    }

    /// Spends credit: takes from the outbox what can leave now. A poll brings back all that waits
    /// [eio4 § Receiving data]; a WebSocket carries each packet in a frame of its own
    /// [eio4 § WebSocket].
    pub(super) fn flush(
        &mut self,
        outbox: &mut Outbox,
        speech: &Speech,
    ) -> Option<Output<Io, Event>> {
        match self {
            Self::Polling { poll, answered, .. } => {
                let request = (*poll)?;
                let response = speech.answer(outbox)?;
                *poll = None;
                *answered = Some(request);
                Some(Output::Io(Io::Respond { request, response }))
            }
            Self::WebSocket {
                transport,
                channel,
                window,
            } => {
                let fits = |bytes| window.fits(bytes);
                let frame = speech.next_frame(outbox, *channel, fits)?;
                window.spend(frame.len());
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
            Self::WebSocket { window, .. } => window.has_room_behind(queued),
        }
    }

    /// Counts a frame of the link that was written without the outbox.
    pub(crate) const fn spend(&mut self, bytes: usize) {
        if let Self::WebSocket { window, .. } = self {
            window.spend(bytes);
        }
    }

    /// The bytes of frames that were written and have not left.
    pub(crate) const fn unflushed(&self) -> usize {
        match self {
            Self::Polling { .. } => 0,
            Self::WebSocket { window, .. } => window.unflushed(),
        }
    }

    pub(crate) fn restore_credit(&mut self, flushed: TransportId) {
        if let Self::WebSocket {
            transport, window, ..
        } = self
            && *transport == flushed
        {
            window.restore();
        }
    }

    pub(crate) const fn kind(&self) -> TransportKind {
        match self {
            Self::Polling { .. } => TransportKind::Polling,
            Self::WebSocket { .. } => TransportKind::WebSocket,
        }
    }
}
