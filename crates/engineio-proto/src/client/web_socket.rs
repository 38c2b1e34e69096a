//! WebSockets of a session: the one that opens it or is its link, and the one on trial.

use core::ops::ControlFlow;

use engineio_parser::{Frame, Utf8Bytes};

use super::link::{Dial, Link};
use super::probe::{Probe, ProbePhase, Step};
use super::{Event, Io, Parting, Session, State};
use crate::close::{CloseReason, Violation};
use crate::config::TransportKind;
use crate::id::TransportId;
use crate::window::Window;

impl Session {
    /// Dials a WebSocket beside polling, for the same session [eio4 § Upgrade]. There is never a
    /// second one. [eio4 § WebSocket]
    pub(super) fn start_probe(&mut self) {
        if let Link::Polling {
            sid,
            probe: probe @ None,
            ..
        } = &mut self.link
        {
            let transport = self.ids.transport();
            let query = self.speech.query(TransportKind::WebSocket, sid.clone());
            *probe = Some(Probe {
                transport,
                by: self.now + self.config.upgrade_timeout,
                phase: ProbePhase::Connecting,
            });
            self.perform(Io::Connect { transport, query });
        }
    }

    pub(super) fn on_opened(&mut self, opened: TransportId) {
        // A WebSocket that opens the session has nothing to say: the server begins.
        if let Link::Polling {
            probe: Some(probe), ..
        } = &mut self.link
            && probe.transport == opened
            && probe.phase == ProbePhase::Connecting
        {
            // [eio4 § Upgrade] The candidate is tried before it is used.
            probe.phase = ProbePhase::AwaitPong;
            self.write(opened, Utf8Bytes::from_static("2probe"));
        }
    }

    pub(super) fn on_frame(&mut self, from: TransportId, frame: &Frame) {
        match &mut self.link {
            Link::Dialing(Dial::WebSocket(transport)) | Link::WebSocket { transport, .. }
                if *transport == from =>
            {
                let end = match self.speech.decode(frame) {
                    Ok(packet) => self.on_packet(packet),
                    Err(error) => ControlFlow::Break(Violation::BadPacket(error).into()),
                };
                if let ControlFlow::Break(reason) = end {
                    self.fail(reason);
                }
            }
            Link::Polling {
                probe: Some(probe), ..
            } if probe.transport == from => match probe.on_packet(self.speech.decode(frame)) {
                Step::Pause => self.switch_if_quiet(),
                Step::Fail => self.fail_probe(),
            },
            Link::Dialing(_) | Link::Polling { .. } | Link::WebSocket { .. } => {}
        }
    }

    /// Once both requests have come back, the candidate becomes the link.
    ///
    /// Sooner, an answer on its way over polling would be overtaken by what the server writes to
    /// the WebSocket, and a post by what this side writes. [eio4 § Upgrade]
    pub(super) fn switch_if_quiet(&mut self) {
        if let Link::Polling {
            get: None,
            post: None,
            probe:
                Some(Probe {
                    transport,
                    phase: ProbePhase::Pausing,
                    ..
                }),
            ..
        } = self.link
        {
            let upgrade = Utf8Bytes::from_static("5");
            let mut window = Window::default();
            window.spend(upgrade.len());
            self.link = Link::WebSocket { transport, window };
            self.write(transport, upgrade);
            self.tell(Event::Upgraded);
        }
    }

    pub(super) fn on_probe_timeout(&mut self) {
        if let Link::Polling {
            probe: Some(probe), ..
        } = &self.link
            && probe.by <= self.now
        {
            self.fail_probe();
        }
    }

    /// Gives the candidate up; polling goes on where it paused.
    fn fail_probe(&mut self) {
        if let Some(transport) = self.take_probe() {
            self.close_transport(transport);
            self.on_upgrade_failed();
        }
    }

    fn on_upgrade_failed(&mut self) {
        match self.state {
            State::Open { .. } => self.tell(Event::UpgradeFailed),
            State::Closing { .. } => self.part(),
            State::Opening { .. } | State::Closed => {}
        }
    }

    /// The candidate, which is no longer one.
    pub(super) fn take_probe(&mut self) -> Option<TransportId> {
        match &mut self.link {
            Link::Polling { probe, .. } => probe.take().map(|probe| probe.transport),
            Link::Dialing(_) | Link::WebSocket { .. } => None,
        }
    }

    pub(super) fn on_transport_gone(&mut self, gone: TransportId, reason: CloseReason) {
        match &mut self.link {
            Link::Dialing(Dial::WebSocket(transport)) if *transport == gone => {
                self.redial_or_end(CloseReason::TransportError);
            }
            Link::WebSocket { transport, .. } if *transport == gone => {
                self.end(reason, Parting::Gone);
            }
            Link::Polling { probe, .. } => {
                if probe.take_if(|probe| probe.transport == gone).is_some() {
                    self.on_upgrade_failed();
                }
            }
            Link::Dialing(_) | Link::WebSocket { .. } => {}
        }
    }
}
