//! The transport that carries packets now, and how much it can take: its credit.
//!
//! Polling takes one post at a time. A WebSocket has a window of bytes. Without credit nothing is
//! written.

use super::probe::{Probe, ProbePhase};
use super::speech::Speech;
use super::{Handshake, Io};
use crate::config::TransportKind;
use crate::id::{Ids, RequestId, Sid, TransportId};
use crate::outbox::Outbox;
use crate::window::Window;

/// Where packets travel. Only polling has requests, and only polling can be upgraded.
#[derive(Debug)]
pub(crate) enum Link {
    /// Nowhere yet: the handshake is on its way.
    Dialing(Dial),
    Polling {
        sid: Sid,
        /// How many bytes a post may have.
        max_payload: usize,
        get: Option<RequestId>,
        post: Option<RequestId>,
        probe: Option<Probe>,
    },
    WebSocket {
        transport: TransportId,
        window: Window,
    },
}

/// What will bring the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dial {
    Get(RequestId),
    WebSocket(TransportId),
}

impl Dial {
    /// Asks for a session over a transport, with a GET either way. [eio4 § Handshake]
    pub(super) fn start(kind: TransportKind, speech: &Speech, ids: &mut Ids) -> (Self, Io) {
        let query = speech.handshake(kind);
        match kind {
            TransportKind::Polling => {
                let request = ids.request();
                (Self::Get(request), Io::Get { request, query })
            }
            TransportKind::WebSocket => {
                let transport = ids.transport();
                (Self::WebSocket(transport), Io::Connect { transport, query })
            }
        }
    }
}

impl Link {
    /// What the dial has led to.
    pub(crate) fn over(dial: Dial, handshake: &Handshake) -> Self {
        match dial {
            Dial::Get(_) => Self::Polling {
                sid: handshake.sid.clone(),
                max_payload: handshake
                    .max_payload
                    .and_then(|bytes| usize::try_from(bytes).ok())
                    .unwrap_or(usize::MAX),
                get: None,
                post: None,
                probe: None,
            },
            Dial::WebSocket(transport) => Self::WebSocket {
                transport,
                window: Window::default(),
            },
        }
    }

    /// Spends credit: asks for packets if `listens`, and takes from the outbox what can leave now.
    ///
    /// One GET at a time [eio4 § Receiving data] and one POST [eio4 § Sending data], neither while
    /// an upgrade pauses polling [eio4 § Upgrade]. A WebSocket carries each packet in a frame of
    /// its own. [eio4 § WebSocket]
    pub(super) fn flush(
        &mut self,
        outbox: &mut Outbox,
        speech: &Speech,
        ids: &mut Ids,
        listens: bool,
    ) -> Option<Io> {
        match self {
            Self::Dialing(_) => None,
            Self::Polling {
                probe: Some(probe), ..
            } if probe.phase == ProbePhase::Pausing => None,
            Self::Polling { sid, get, .. } if listens && get.is_none() => {
                let request = ids.request();
                *get = Some(request);
                let query = speech.query(TransportKind::Polling, sid.clone());
                Some(Io::Get { request, query })
            }
            Self::Polling {
                sid,
                max_payload,
                post: post @ None,
                ..
            } => {
                let (kind, body) = speech.post(outbox, *max_payload)?;
                let request = ids.request();
                *post = Some(request);
                let query = speech.query(TransportKind::Polling, sid.clone());
                Some(Io::Post {
                    request,
                    query,
                    kind,
                    body,
                })
            }
            Self::Polling { post: Some(_), .. } => None,
            Self::WebSocket { transport, window } => {
                let fits = |bytes| window.fits(bytes);
                let frame = speech.next_frame(outbox, fits)?;
                window.spend(frame.len());
                let transport = *transport;
                Some(Io::Frame { transport, frame })
            }
        }
    }

    /// Whether one more packet behind `queued` bytes would leave at once.
    pub(crate) const fn has_credit(&self, queued: usize) -> bool {
        match self {
            Self::Dialing(_) => false,
            Self::Polling { post, probe, .. } => {
                post.is_none()
                    && !matches!(
                        probe,
                        Some(Probe {
                            phase: ProbePhase::Pausing,
                            ..
                        })
                    )
            }
            Self::WebSocket { window, .. } => window.has_room_behind(queued),
        }
    }

    pub(crate) fn restore_credit(&mut self, flushed: TransportId) {
        if let Self::WebSocket { transport, window } = self
            && *transport == flushed
        {
            window.restore();
        }
    }

    pub(crate) const fn kind(&self) -> TransportKind {
        match self {
            Self::Dialing(Dial::Get(_)) | Self::Polling { .. } => TransportKind::Polling,
            Self::Dialing(Dial::WebSocket(_)) | Self::WebSocket { .. } => TransportKind::WebSocket,
        }
    }
}
