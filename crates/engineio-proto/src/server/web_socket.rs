//! WebSockets of a session: the one that is the link, the one on trial, and strangers.

use core::ops::ControlFlow;

use engineio_parser::{Channel, Frame, Utf8Bytes};

use super::link::Link;
use super::parting::Parting;
use super::probe::{Due, Probe, Step};
use super::{Event, Session, UpgradeFailure};
use crate::close::{CloseReason, Violation};
use crate::id::TransportId;

impl Session {
    pub(super) fn on_opened(&mut self, opened: TransportId, channel: Channel) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == opened => {}
            Link::Polling {
                probe: Some(probe), ..
            } if probe.transport == opened => {}
            Link::Polling {
                probe: probe @ None,
                ..
            } if self.config.offers_upgrade() => {
                *probe = Some(Probe::start(opened, channel, self.now, &self.config));
            }
            // [eio4 § WebSocket] One per session: any other is closed.
            Link::Polling { .. } | Link::WebSocket { .. } => self.close_transport(opened),
        }
    }

    pub(super) fn on_frame(&mut self, from: TransportId, frame: &Frame) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == from => {
                self.received.count(1, frame.len());
                let end = match self.speech.decode(frame) {
                    Ok(packet) => self.on_packet(packet),
                    Err(error) => ControlFlow::Break(Violation::BadPacket(error).into()),
                };
                if let ControlFlow::Break(reason) = end {
                    self.end(reason, Parting::Close);
                }
            }
            Link::Polling {
                probe: Some(probe), ..
            } if probe.transport == from => {
                match probe.on_packet(self.now, self.speech.decode(frame)) {
                    Step::Confirm => self.confirm(from),
                    Step::Switch => self.switch(from),
                    Step::Fail => self.refuse_probe(),
                }
            }
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
        let Link::Polling {
            poll,
            probe: Some(probe),
            ..
        } = &mut self.link
        else {
            return;
        };
        let poll = poll.take();
        // [js engine.io 1.3.1] Browsers try what they move to.
        if !probe.was_tried() {
            self.speech.take_for_native();
        }
        self.link = Link::web_socket(transport, probe.channel);
        if let Some(request) = poll {
            // Not a close packet: a client must not take it for the end of the session.
            self.respond(request, Parting::Noop.response(&self.speech));
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
                    self.respond(request, Parting::Noop.response(&self.speech));
                }
            }
            Some(Due::Noop) | None => {}
        }
    }

    fn fail_probe(&mut self) {
        self.give_up_probe(UpgradeFailure::Timeout);
    }

    fn refuse_probe(&mut self) {
        self.give_up_probe(UpgradeFailure::UnexpectedPacket);
    }

    fn give_up_probe(&mut self, failure: UpgradeFailure) {
        if let Link::Polling { probe, .. } = &mut self.link
            && let Some(failed) = probe.take()
        {
            self.failed_upgrades.record(failure);
            self.close_transport(failed.transport);
        }
    }

    pub(super) fn on_transport_gone(&mut self, gone: TransportId, reason: CloseReason) {
        match &mut self.link {
            Link::WebSocket { transport, .. } if *transport == gone => {
                self.end(reason, Parting::Gone);
            }
            Link::Polling { probe, .. } => {
                if probe.take_if(|probe| probe.transport == gone).is_some() {
                    self.failed_upgrades.record(match reason {
                        CloseReason::TransportClose => UpgradeFailure::Closed,
                        _ => UpgradeFailure::Failed,
                    });
                }
            }
            Link::WebSocket { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::id::{Ids, Sid};
    use crate::machine::Machine;
    use crate::server::{Input, Opening};
    use crate::time::Timestamp;

    #[test]
    fn a_session_remembers_why_its_candidates_failed_and_why_it_ended() {
        let (mut ids, config) = (Ids::new(), Config::default());
        let now = Timestamp::from_millis(0);
        let opening = Opening::Poll(ids.request());
        let mut session = Session::open(&config, Sid::new("s1"), opening, now);
        let mut candidate = |session: &mut Session| {
            let transport = ids.transport();
            session.handle(now, Input::Opened { transport });
            transport
        };
        assert_eq!(session.last_upgrade_failure(), None);

        let transport = candidate(&mut session);
        session.handle(now, Input::Closed { transport });
        let closed = session.last_upgrade_failure();
        let transport = candidate(&mut session);
        session.handle(now, Input::Failed { transport });
        let failed = session.last_upgrade_failure();
        let transport = candidate(&mut session);
        let frame = Frame::Text(Utf8Bytes::from_static("4"));
        session.handle(now, Input::Frame { transport, frame });
        let unexpected = session.last_upgrade_failure();
        candidate(&mut session);
        session.handle_timeout(now + config.upgrade_timeout);
        let timeout = session.last_upgrade_failure();
        assert_eq!(
            [closed, failed, unexpected, timeout],
            [
                UpgradeFailure::Closed,
                UpgradeFailure::Failed,
                UpgradeFailure::UnexpectedPacket,
                UpgradeFailure::Timeout,
            ]
            .map(Some)
        );
        assert_eq!(session.failed_upgrades(), 4);

        let transport = candidate(&mut session);
        let frame = Frame::Text(Utf8Bytes::from_static("5"));
        session.handle(now, Input::Frame { transport, frame });
        assert_eq!(
            (session.failed_upgrades(), session.close_reason()),
            (4, None)
        );
        session.handle(now, Input::Closed { transport });
        assert_eq!(session.close_reason(), Some(CloseReason::TransportClose));
        assert_eq!(session.failed_upgrades(), 4);
    }
}
