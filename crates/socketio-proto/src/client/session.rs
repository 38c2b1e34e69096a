//! Sessions as they come and go: dialed, opened, ended, missed.

use alloc::string::ToString;

use super::auth::Question;
use super::event::{DisconnectReason, Event, SessionEnd};
use super::link::{Link, Live, Phase};
use super::namespace::{Membership, Standing};
use super::{Auth, AuthRequest, Client, Credentials};
use crate::ack::AckError;
use crate::engine::Ids;
use crate::engine::client::{Event as EngineEvent, Handshake, Session};
use crate::parser::Packet;
use crate::received::Reader;
use crate::{ConnectError, EncodeError, Machine, Namespace, Output};

impl Client {
    /// Starts a session, unless there is one.
    pub(super) fn dial(&mut self) {
        if let Some(ids) = self.link.take_ids() {
            self.link = Link::Live(Live {
                engine: Session::connect(&self.config.engine, ids, self.now),
                reader: Reader::new(self.config.parser, self.config.limits),
                phase: Phase::Dialing,
            });
        }
    }

    pub(super) fn on_engine_event(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Opened(handshake) => self.on_opened(handshake),
            EngineEvent::Message(message) => self.on_message(message),
            EngineEvent::Upgraded => self.report(Event::Upgraded),
            EngineEvent::UpgradeFailed => self.report(Event::UpgradeFailed),
            EngineEvent::Closed(reason) => self.on_session_end(SessionEnd::Engine(reason)),
        }
    }

    fn on_opened(&mut self, handshake: Handshake) {
        self.backoff.reset();
        self.report(Event::Opened(handshake));
        if let Some(live) = self.link.live_mut()
            && live.phase == Phase::Dialing
        {
            live.phase = Phase::Open;
            for name in self.memberships.names() {
                self.ask(&name);
            }
        }
    }

    /// Asks for a namespace that is wanted and that the server does not know of, if there is a
    /// session.
    pub(super) fn ask(&mut self, name: &Namespace) {
        if self.link.open_mut().is_none() {
            return;
        }
        let question = self.next_serial();
        let Some(membership) = self.memberships.get_mut(name) else {
            return;
        };
        if membership.standing != Standing::Apart {
            return;
        }
        match membership.credentials.clone() {
            Credentials::Ask => {
                let question = Question(question);
                membership.standing = Standing::Questioned(question);
                let namespace = name.clone();
                self.report(Event::AuthRequest(AuthRequest {
                    namespace,
                    question,
                }));
            }
            Credentials::Fixed(auth) => self.ask_with(name, Some(&auth)),
            Credentials::None => self.ask_with(name, None),
        }
    }

    /// Nothing is said to a namespace before this. [sio5 § Connection to a namespace]
    ///
    /// Credentials that cannot be said would be refused at each attempt, so they are refused here.
    pub(super) fn ask_with(&mut self, name: &Namespace, auth: Option<&Auth>) {
        if let Some(membership) = self.memberships.get_mut(name) {
            membership.standing = Standing::Asked;
            let data = membership.recovery.payload(auth);
            let namespace = name.clone();
            if let Err(error) = self.tell(&Packet::Connect { namespace, data }) {
                self.refuse(name, ConnectError::new(error.to_string()));
            }
        }
    }

    /// Says something that the server's picture of the client depends on: it is sent even if the
    /// buffer of the session is full, only later.
    pub(super) fn tell(&mut self, packet: &Packet) -> Result<(), EncodeError> {
        let packet = self.config.parser.packet(packet)?;
        self.control.push_back(packet);
        self.flush();
        Ok(())
    }

    /// Hands to the session what has waited for it, as much as it takes.
    pub(super) fn flush(&mut self) {
        while let Some(packet) = self.control.front() {
            if self.link.send(packet).is_err() {
                return;
            }
            self.control.pop_front();
        }
        for membership in self.memberships.iter_mut() {
            if membership.visit().is_some() {
                while let Some(packet) = membership.buffer.first() {
                    if self.link.send(packet).is_err() {
                        return;
                    }
                    membership.buffer.pop();
                }
            }
        }
    }

    /// Lets the session end once everything is delivered, if nobody needs it.
    pub(super) fn leave_if_unused(&mut self) {
        if self.memberships.are_all_left() {
            self.backoff.reset();
            match self.link.take_ids() {
                Some(ids) => self.link = Link::Idle(ids),
                None => self.part(Phase::Leaving),
            }
        }
    }

    /// Begins the end of the session, if there is one that is not ending already.
    pub(super) fn part(&mut self, into: Phase) {
        self.flush();
        if let Some(live) = self.link.live_mut() {
            live.engine.close(self.now);
            live.phase = into;
        }
    }

    /// Ends the session at once.
    pub(super) fn cut(&mut self, end: SessionEnd) {
        if let Some(live) = self.link.live_mut() {
            live.engine.abort();
            while let Some(output) = live.engine.poll_output() {
                // What it would have said is void.
                if let Output::Io(io) = output {
                    self.outputs.push_back(Output::Io(io));
                }
            }
            self.on_session_end(end);
        }
    }

    fn on_session_end(&mut self, end: SessionEnd) {
        let Some(Live { engine, phase, .. }) = self.link.take_live() else {
            return;
        };
        let end = match phase {
            Phase::Dialing | Phase::Open => end,
            Phase::Leaving | Phase::Stopping => SessionEnd::Unused,
        };
        self.control.clear();
        for name in self.memberships.names() {
            let membership = self.memberships.get_mut(&name);
            if membership.is_some_and(Membership::on_session_end) {
                self.report_left(name, DisconnectReason::Session(end));
            }
        }
        self.report(Event::Ended(end));
        let ids = engine.into_ids();
        match phase {
            Phase::Stopping => self.report(Event::Stopped),
            Phase::Leaving if self.memberships.are_all_left() => self.link = Link::Idle(ids),
            Phase::Leaving => {
                self.link = Link::Idle(ids);
                self.dial();
            }
            Phase::Dialing | Phase::Open => self.wait(ids),
        }
    }

    fn wait(&mut self, ids: Ids) {
        let terms = self.config.reconnection.as_ref();
        match terms.and_then(|terms| self.backoff.next(terms)) {
            Some((attempt, delay)) => {
                let at = self.now + delay;
                self.link = Link::Waiting { at, ids };
                self.report(Event::Reconnecting { attempt, at });
            }
            None => self.give_up(),
        }
    }

    pub(super) fn give_up(&mut self) {
        self.link = Link::Stopped;
        self.abandon_everything();
        self.report(Event::GaveUp);
    }

    /// Nothing that waits will be sent, and no answer will come any more.
    pub(super) fn abandon_everything(&mut self) {
        for name in self.memberships.names() {
            if let Some(membership) = self.memberships.get_mut(&name) {
                membership.buffer = Default::default();
            }
            self.abandon_acks(&name);
        }
    }

    /// A namespace that was connected is not any more. What has not left yet keeps its right to an
    /// answer.
    pub(super) fn report_left(&mut self, namespace: Namespace, reason: DisconnectReason) {
        self.abandon_acks(&namespace);
        self.report(Event::Disconnected { namespace, reason });
    }

    fn abandon_acks(&mut self, namespace: &Namespace) {
        let membership = self.memberships.get(namespace);
        let is_buffered = |id| membership.is_some_and(|membership| membership.buffer.holds(id));
        for id in self.acks.abandon_unless(namespace, is_buffered) {
            let (namespace, outcome) = (namespace.clone(), Err(AckError::Disconnected));
            self.report(Event::Acked {
                namespace,
                id,
                outcome,
            });
        }
    }

    /// A number that was never drawn before.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}
