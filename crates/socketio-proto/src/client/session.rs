//! Sessions as they come and go: dialed, opened, ended, missed.

use alloc::borrow::Cow;
use alloc::string::ToString;

use super::auth::Question;
use super::event::{DisconnectReason, Event, SessionEnd};
use super::legacy::Root;
use super::link::{Link, Live, Manner, Phase};
use super::namespace::{Membership, Standing};
use super::{AckError, Auth, AuthRequest, Client, Credentials};
use crate::engine::client::{Config as EngineConfig, Event as EngineEvent, Handshake, Session};
use crate::engine::{Ids, TransportKind};
use crate::parser::Packet;
use crate::received::Reader;
use crate::{ConnectError, EncodeError, Machine, Namespace, Output};

impl Client {
    /// Starts a session, unless there is one.
    pub(super) fn dial(&mut self) {
        if let Some(ids) = self.link.take_ids() {
            self.link = Link::Live(Live {
                engine: Session::connect(&self.dial_config(), ids, self.now),
                reader: Reader::new(self.config.parser, self.revision(), self.config.limits),
                sid: None,
                root: Root::Awaited,
                phase: Phase::Dialing,
            });
        }
    }

    /// [js engine.io-client 6.6.8] `rememberUpgrade`
    fn dial_config(&self) -> Cow<'_, EngineConfig> {
        let mut config = Cow::Borrowed(&self.config.engine);
        if self.config.remember_upgrade && self.has_upgraded {
            let order = |kind: &TransportKind| *kind != TransportKind::WebSocket;
            // Stable: the others keep their order. A WebSocket that is not allowed is not added.
            config.to_mut().transports.sort_by_key(order);
        }
        config
    }

    pub(super) fn on_engine_event(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Opened(handshake) => self.on_opened(handshake),
            EngineEvent::Message(message) => self.on_message(message),
            EngineEvent::Heartbeat => self.report(Event::Heartbeat),
            EngineEvent::Upgraded => {
                self.has_upgraded = true;
                self.report(Event::Upgraded);
            }
            EngineEvent::UpgradeFailed => self.report(Event::UpgradeFailed),
            EngineEvent::Closed(reason) => self.on_session_end(SessionEnd::Engine(reason)),
        }
    }

    fn on_opened(&mut self, handshake: Handshake) {
        let sid = handshake.sid.clone();
        self.backoff.reset();
        self.report(Event::Opened(handshake));
        let transport = self.engine().map(Session::transport);
        self.has_upgraded = transport == Some(TransportKind::WebSocket);
        if let Some(live) = self.link.live_mut()
            && live.phase == Phase::Dialing
        {
            live.phase = Phase::Open;
            live.sid = Some(sid);
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
        let standing = self.memberships.get(name).map(|m| &m.standing);
        if standing != Some(&Standing::Apart) || !self.may_ask(name) {
            return;
        }
        let question = self.next_serial();
        let Some(membership) = self.memberships.get_mut(name) else {
            return;
        };
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
        let is_legacy = self.is_legacy();
        if let Some(membership) = self.memberships.get_mut(name) {
            membership.standing = Standing::Asked;
            let (namespace, data) = if is_legacy {
                (membership.asked_with(auth), None)
            } else {
                (name.clone(), membership.recovery.payload(auth))
            };
            if let Err(error) = self.tell(&Packet::Connect { namespace, data }, Manner::Along) {
                self.refuse(name, ConnectError::new(error.to_string()));
            }
        }
    }

    /// Says something that the server's picture of the client depends on: it is sent even if the
    /// buffer of the session is full, only later.
    pub(super) fn tell(&mut self, packet: &Packet, manner: Manner) -> Result<(), EncodeError> {
        let packet = self.config.parser.packet(packet)?;
        self.control.push_back((packet, manner));
        self.flush();
        Ok(())
    }

    /// Hands to the session what has waited for it, as much as it takes.
    pub(super) fn flush(&mut self) {
        while let Some((packet, manner)) = self.control.front() {
            if self.link.say(packet, *manner).is_err() {
                return;
            }
            self.control.pop_front();
        }
        for membership in self.memberships.iter_mut() {
            if membership.visit().is_some() {
                let delivery = self.config.delivery;
                let is_taken = if delivery.is_one_by_one() {
                    membership.try_first(&mut self.link, &mut self.acks, delivery, self.now)
                } else {
                    membership.send_all(&mut self.link)
                };
                if !is_taken {
                    return;
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
        self.has_upgraded &= phase != Phase::Dialing;
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
            self.abandon(&name);
        }
    }

    /// The same for one namespace.
    pub(super) fn abandon(&mut self, name: &Namespace) {
        self.abandon_acks(name);
        if let Some(membership) = self.memberships.get_mut(name) {
            for entry in membership.buffer.take_all() {
                self.report_outcome(name.clone(), entry, Err(AckError::Disconnected));
            }
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
            self.on_unanswered(namespace.clone(), id, AckError::Disconnected);
        }
    }

    /// A number that was never drawn before.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}
