//! WebSockets of a session: the one that is the link, the one on trial, and strangers.

use core::mem;
use core::ops::ControlFlow;

use engineio_parser::{Frame, Packet, Utf8Bytes};

use super::link::Link;
use super::parting::Parting;
use super::probe::{Due, Probe, Step};
use super::{Event, Session};
use crate::close::{CloseReason, Violation};
use crate::id::TransportId;

impl Session {
    pub(super) fn on_opened(&mut self, opened: TransportId) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == opened => {}
            Link::Polling {
                probe: Some(probe), ..
            } if probe.transport == opened => {}
            Link::Polling {
                probe: probe @ None,
                ..
            } if self.config.offers_upgrade() => {
                *probe = Some(Probe::start(opened, self.now, &self.config));
            }
            // [eio4 § WebSocket] One per session: any other is closed.
            Link::Polling { .. } | Link::WebSocket { .. } => self.close_transport(opened),
        }
    }

    pub(super) fn on_frame(&mut self, from: TransportId, frame: &Frame) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == from => {
                let end = match Packet::decode(frame) {
                    Ok(packet) => self.on_packet(packet),
                    Err(error) => ControlFlow::Break(Violation::BadPacket(error).into()),
                };
                if let ControlFlow::Break(reason) = end {
                    self.end(reason, Parting::Close);
                }
            }
            Link::Polling {
                probe: Some(probe), ..
            } if probe.transport == from => match probe.on_frame(self.now, frame) {
                Step::Confirm => self.confirm(from),
                Step::Switch => self.switch(from),
                Step::Fail => self.fail_probe(),
            },
            Link::Polling { .. } | Link::WebSocket { .. } => {}
        }
    }

    /// The candidate works. If nothing else does, a noop now makes the waiting poll come back.
    /// [eio4 § Upgrade]
    fn confirm(&mut self, transport: TransportId) {
        self.write(transport, Frame::Text(Utf8Bytes::from_static("3probe")));
        self.on_probe_timeout();
    }

    /// The candidate becomes the link.
    fn switch(&mut self, transport: TransportId) {
        let polling = mem::replace(&mut self.link, Link::web_socket(transport));
        if let Link::Polling {
            poll: Some(request),
            ..
        } = polling
        {
            // Not a close packet: a client must not take it for the end of the session.
            self.respond(request, Parting::Noop.response());
        }
        self.tell(Event::Upgraded);
        self.end_if_drained();
    }

    pub(super) fn on_probe_timeout(&mut self) {
        let Link::Polling {
            poll,
            probe: Some(probe),
            ..
        } = &mut self.link
        else {
            return;
        };
        match probe.on_timeout(self.now, poll.is_some()) {
            Some(Due::Expired) => self.fail_probe(),
            // Data brings the poll back as well as a noop does.
            Some(Due::Noop) if self.outbox.is_empty() => {
                if let Some(request) = poll.take() {
                    self.respond(request, Parting::Noop.response());
                }
            }
            Some(Due::Noop) | None => {}
        }
    }

    fn fail_probe(&mut self) {
        if let Link::Polling { probe, .. } = &mut self.link
            && let Some(failed) = probe.take()
        {
            self.close_transport(failed.transport);
        }
    }

    pub(super) fn on_transport_gone(&mut self, gone: TransportId, reason: CloseReason) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == gone => {
                self.end(reason, Parting::Gone);
            }
            Link::Polling { probe, .. } => {
                probe.take_if(|probe| probe.transport == gone);
            }
            Link::WebSocket { .. } => {}
        }
    }
}
