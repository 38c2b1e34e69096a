//! A Socket.IO client: its namespaces over one Engine.IO session after another.

mod auth;
mod buffer;
mod config;
mod delivery;
mod event;
mod incoming;
mod legacy;
mod link;
mod namespace;
mod outgoing;
mod recovery;
mod session;
mod state;

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::ack::Acks;
use crate::backoff::Backoff;
use crate::engine::Ids;
use crate::engine::client::{Input, Io};
use crate::parser::Packet;
use crate::{AckId, Args, Encoded, Machine, Namespace, Output, Timestamp};

pub use crate::backoff::Reconnection;
pub use crate::emit::{Emit, EmitError};
pub use crate::reply::ReplyTo;
pub use auth::{Auth, AuthError, AuthRequest, Credentials};
pub use config::{Config, Offline};
pub use delivery::Delivery;
pub use event::{AckError, DisconnectReason, Event, SessionEnd};

use buffer::Entry;
use link::{Link, Manner, Phase};
use namespace::{Memberships, Standing};

/// A Socket.IO client: namespaces over one Engine.IO session after another.
///
/// Owns the session, so a driver drives one machine for the life of a client. A session that is
/// lost is replaced, after a wait, and the namespaces are joined again; what was emitted meanwhile
/// is sent then.
///
/// # What is kept, and what is lost
///
/// An accepted event waits in the buffer of its namespace until that is connected, and leaves in
/// the order of the calls. The buffer survives the end of a session, a refusal, and the end of the
/// namespace by either side: it is sent when the namespace is connected again. Handed to a session,
/// an event shares its fate: it may or may not arrive if the session is lost. An acknowledgement
/// tells; while its event is still in the buffer, the end of the session does not concern it.
///
/// [`Config::while_offline`] says what else may become of an event while its namespace is not
/// connected. With [`Delivery::AtLeastOnce`] an event stays in the buffer until the server has
/// answered it. An event that this layer gives up is reported, always: as [`Event::Acked`] or as
/// [`Event::Undelivered`].
///
/// # Old servers
///
/// A server of Socket.IO 1 or 2 ([`Config::engine`]) lets the client into `/` without being asked,
/// and into nothing else before. So the client is in `/` also if the application has not opened it:
/// then what comes from there is ignored. If `/` is refused, everything that waits is; if it is left
/// while another namespace is to be joined, it is joined again.
///
/// * The credentials of a namespace become its query, `40/admin?token=t,`: strings as they are,
///   anything else as JSON. Those of `/` are not said; such servers take them from the URL.
/// * A query in the name of a namespace is said, too. To all but [`open`](Self::open) such a
///   namespace is known by its path alone.
/// * The client's id is that of the session, behind the name of the namespace: a secret. There is no
///   recovery.
/// * The server may complain at any time: [`Event::Error`].
#[derive(Debug)]
pub struct Client {
    config: Config,
    now: Timestamp,
    link: Link,
    backoff: Backoff,
    /// Whether the last session that was open went over a WebSocket, and no dial has failed since.
    has_upgraded: bool,
    memberships: Memberships,
    acks: Acks,
    /// Requests for namespaces, and their ends, on their way to the session.
    control: VecDeque<(Encoded, Manner)>,
    /// What the next visit or question is told apart by.
    serial: u64,
    outputs: VecDeque<Output<Io, Event>>,
}

impl Client {
    /// Dials, also before a namespace is opened. The seed feeds the jitter of the waits and nothing
    /// else.
    pub fn connect(config: Config, seed: u64, now: Timestamp) -> Self {
        let mut client = Self {
            config,
            now,
            link: Link::Idle(Ids::new()),
            backoff: Backoff::new(seed),
            has_upgraded: false,
            memberships: Memberships::default(),
            acks: Acks::default(),
            control: VecDeque::new(),
            serial: 0,
            outputs: VecDeque::new(),
        };
        client.dial();
        client
    }

    /// Joins a namespace, now or as soon as there is a session, and again after every reconnect.
    /// Dials if the last session was not needed any more. [sio5 § Connection to a namespace]
    ///
    /// In a namespace that is open already only the credentials change, for the next request.
    /// Nothing happens once the client has ended.
    pub fn open(&mut self, now: Timestamp, namespace: Namespace, credentials: Credentials) {
        self.now = self.now.max(now);
        if self.link.is_over() {
            return;
        }
        let asked = namespace;
        let namespace = self.key_of(&asked);
        self.memberships.enter(&namespace);
        let Some(membership) = self.memberships.get_mut(&namespace) else {
            return;
        };
        match membership.standing {
            Standing::Left => membership.standing = Standing::Apart,
            Standing::Withdrawn => membership.standing = Standing::Reopened,
            // The application need not answer what it does not want to be asked.
            Standing::Questioned(_) if credentials != Credentials::Ask => {
                membership.standing = Standing::Apart;
            }
            Standing::Apart
            | Standing::Asked
            | Standing::Joined(_)
            | Standing::Questioned(_)
            | Standing::Reopened => {}
        }
        membership.credentials = credentials;
        membership.asked = asked;
        if let Link::Idle(_) = self.link {
            self.dial();
        }
        self.ask(&namespace);
    }

    /// Answers [`Event::AuthRequest`]: the namespace is asked for now. Too late, nothing happens.
    pub fn authenticate(&mut self, request: AuthRequest, auth: Option<Auth>) {
        let membership = self.memberships.get(&request.namespace);
        let waits_for = Standing::Questioned(request.question);
        if membership.is_none_or(|membership| membership.standing != waits_for) {
            return;
        }
        if self.may_ask(&request.namespace) {
            self.ask_with(&request.namespace, auth.as_ref());
        } else if let Some(membership) = self.memberships.get_mut(&request.namespace) {
            // It has left `/` since the question. By the time that it is back, the answer is old.
            membership.standing = Standing::Apart;
        }
    }

    /// Emits, or buffers until the namespace is connected ([`Config::while_offline`]) or until it is
    /// the turn of this event ([`Config::delivery`]).
    ///
    /// All frames of the packet are taken or none. A volatile packet that cannot leave at once is
    /// dropped, which is not an error. If it is a call, its answer is ignored.
    ///
    /// # Errors
    ///
    /// [`EmitError::NotConnected`] if the namespace is not open, was refused, or was ended by
    /// either side, and with [`Offline::Reject`] while it is not connected;
    /// [`EmitError::Encoding`] if the packet is not in that of [`Config::parser`], or with
    /// [`Delivery::AtLeastOnce`] cannot be read; [`EmitError::Full`] if [`Config::buffer_limit`] or
    /// the limit of the session is reached; [`EmitError::Closed`] once the client has ended.
    pub fn emit(&mut self, now: Timestamp, packet: &Encoded, emit: Emit) -> Result<(), EmitError> {
        self.now = self.now.max(now);
        self.take(Entry::event(packet.clone()), emit)?;
        if let Some(id) = packet.ack_id() {
            self.acks.pass_over(id);
        }
        self.try_at_once();
        Ok(())
    }

    /// Emits an event and expects an answer, reported as [`Event::Acked`] exactly once: with the
    /// answer, or with the reason why there is none. `args` begin with the event name; see
    /// [`Args::event`].
    ///
    /// The clock starts at `now`, also for an event that has to be buffered: it is not sent any
    /// more once its time has passed. Without `within`, and without one in [`Config::delivery`],
    /// only the end of a session ends the wait for an event that has left, and only the end of the
    /// client the wait for one that has not.
    ///
    /// With [`Delivery::AtLeastOnce`] each try has a clock of its own, which starts when it is sent,
    /// and an id of its own on the wire. The id that is returned is that of the call.
    ///
    /// # Errors
    ///
    /// As for [`emit`](Self::emit). Nothing is reported later then.
    pub fn emit_with_ack(
        &mut self,
        now: Timestamp,
        to: &Namespace,
        args: Args,
        within: Option<Duration>,
    ) -> Result<AckId, EmitError> {
        self.now = self.now.max(now);
        let id = self.acks.next_id();
        let packet = self.encode(&Packet::Event {
            namespace: to.clone(),
            id: Some(id),
            args,
        })?;
        self.take(Entry::call(packet, id, within), Emit::default())?;
        let delivery = self.config.delivery;
        if delivery.is_one_by_one() {
            self.acks.pass_over(id);
            self.try_at_once();
        } else {
            let answer_by = delivery.patience(within).map(|within| self.now + within);
            self.acks.expect(to.clone(), id, answer_by);
        }
        Ok(id)
    }

    /// Gives up an answer in which nobody is interested any longer: it will not be reported. The
    /// event itself is sent all the same.
    pub fn forget(&mut self, namespace: &Namespace, id: AckId) {
        self.acks.forget(namespace, id);
        if let Some(membership) = self.memberships.get_mut(namespace) {
            membership.buffer.forget(id);
        }
    }

    /// Answers an event, under the id that it came with. [sio5 § Acknowledgement]
    ///
    /// # Errors
    ///
    /// [`EmitError::NotConnected`] if the namespace has ended since, even if it is connected again:
    /// the server does not wait any more. Otherwise as for [`emit`](Self::emit).
    pub fn reply(&mut self, to: ReplyTo, args: Args) -> Result<(), EmitError> {
        if self.link.is_over() {
            return Err(EmitError::Closed);
        }
        let ReplyTo {
            namespace,
            id,
            visit,
        } = to;
        let membership = self.memberships.get(&namespace);
        if membership.and_then(|membership| membership.visit()) != Some(visit) {
            return Err(EmitError::NotConnected);
        }
        let packet = self.encode(&Packet::Ack {
            namespace,
            id: Some(id),
            args,
        })?;
        self.send(&packet)
    }

    /// Leaves a namespace, which is not joined again by itself. The last one to be left ends the
    /// session once everything is delivered. [sio5 § Disconnection from a namespace]
    pub fn disconnect(&mut self, now: Timestamp, from: &Namespace) {
        self.now = self.now.max(now);
        let membership = self.memberships.get_mut(from);
        let Some(membership) = membership.filter(|membership| membership.is_wanted()) else {
            return;
        };
        membership.recovery.forget();
        membership.early.take();
        match membership.standing {
            Standing::Asked | Standing::Reopened => membership.standing = Standing::Withdrawn,
            Standing::Joined(_) => {
                membership.standing = Standing::Left;
                self.tell_disconnect(from);
                self.report_left(from.clone(), DisconnectReason::ClientDisconnect);
            }
            Standing::Apart | Standing::Left | Standing::Questioned(_) | Standing::Withdrawn => {
                membership.standing = Standing::Left;
            }
        }
        self.leave_if_unused();
    }

    /// Gives up what waits in a namespace: it is reported, and will not be sent. For one that was
    /// left, and whose buffer nobody should inherit.
    pub fn discard(&mut self, namespace: &Namespace) {
        self.abandon(namespace);
    }

    /// Leaves every namespace, ends the session once everything is delivered, and stops. Events
    /// that are still in a buffer are void.
    pub fn close(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if !self.link.is_over() {
            self.leave_everything();
            match self.link {
                Link::Live(_) => self.part(Phase::Stopping),
                Link::Idle(_) | Link::Stopped | Link::Waiting { .. } => self.stop(),
            }
        }
    }

    /// Ends everything at once. Nothing is sent or delivered any more.
    pub fn abort(&mut self) {
        self.leave_everything();
        match &mut self.link {
            Link::Live(live) => {
                live.phase = Phase::Stopping;
                self.cut(SessionEnd::Unused);
            }
            Link::Idle(_) | Link::Waiting { .. } => self.stop(),
            Link::Stopped => {}
        }
    }

    /// Changes how the client gets back what it loses, from the next wait on. `None` ends a wait
    /// that has begun: the client gives up.
    pub fn set_reconnection(&mut self, reconnection: Option<Reconnection>) {
        self.config.reconnection = reconnection;
        if let (Link::Waiting { .. }, None) = (&self.link, &self.config.reconnection) {
            self.give_up();
        }
    }

    /// Changes what is said to a namespace the next time that it is asked for, without opening it.
    /// Nothing happens if it was never opened.
    pub fn set_credentials(&mut self, namespace: &Namespace, credentials: Credentials) {
        if let Some(membership) = self.memberships.get_mut(namespace) {
            membership.credentials = credentials;
        }
    }

    /// Changes how long an attempt to open a session may take, from the next one on:
    /// [`opening_timeout`](crate::engine::client::Config::opening_timeout).
    pub fn set_opening_timeout(&mut self, timeout: Duration) {
        self.config.engine.opening_timeout = timeout;
    }

    fn leave_everything(&mut self) {
        for name in self.memberships.names() {
            let Some(membership) = self.memberships.get_mut(&name) else {
                continue;
            };
            let was_joined = membership.visit().is_some();
            membership.standing = Standing::Left;
            if was_joined {
                self.tell_disconnect(&name);
                self.report_left(name, DisconnectReason::ClientDisconnect);
            }
        }
        self.abandon_everything();
    }

    fn stop(&mut self) {
        self.link = Link::Stopped;
        self.report(Event::Stopped);
    }

    fn encode(&self, packet: &Packet) -> Result<Encoded, EmitError> {
        let packet = self.config.parser.packet(packet);
        packet.map_err(|_| EmitError::Encoding)
    }

    fn report(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Takes over what the session has to say so far, in order, without waiting to be polled.
    fn drain_engine(&mut self) {
        while let Some(live) = self.link.live_mut()
            && let Some(output) = live.engine.poll_output()
        {
            match output {
                Output::Io(io) => self.outputs.push_back(Output::Io(io)),
                Output::Event(event) => self.on_engine_event(event),
            }
        }
    }

    /// Acts on the deadlines that have passed, in their order, those of the session among them.
    fn pass_deadlines(&mut self, has_passed: impl Fn(Timestamp) -> bool) {
        while let Some(at) = self.own_timeout().filter(|at| has_passed(*at)) {
            if let Some(live) = self.link.live_mut() {
                live.engine.handle_timeout(at);
            }
            // An answer that came in time may still wait inside the session.
            self.drain_engine();
            while let Some((namespace, id)) = self.acks.expire(at) {
                self.on_unanswered(namespace, id, AckError::TimedOut);
            }
            if self.link.dial_at().is_some_and(|due| due <= at) {
                self.dial();
            }
        }
    }

    /// When this layer, not the session beneath, has something to do.
    fn own_timeout(&self) -> Option<Timestamp> {
        let dial_at = self.link.dial_at().into_iter();
        dial_at.chain(self.acks.next_timeout()).min()
    }
}

impl Machine for Client {
    type Input = Input;
    type Io = Io;
    type Event = Event;

    fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = self.now.max(now);
        let now = self.now;
        // What was due before this input has happened, even if the timer was slow to say so. What
        // is due at the same moment has not: an answer at the deadline is in time.
        self.pass_deadlines(|at| at < now);
        if let Some(live) = self.link.live_mut() {
            live.engine.handle(now, input);
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let now = self.now;
        self.pass_deadlines(|at| at <= now);
        if let Some(live) = self.link.live_mut() {
            live.engine.handle_timeout(now);
        }
    }

    fn poll_output(&mut self) -> Option<Output<Io, Event>> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            self.flush();
            match self.link.live_mut()?.engine.poll_output()? {
                Output::Io(io) => return Some(Output::Io(io)),
                Output::Event(event) => self.on_engine_event(event),
            }
        }
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        let engine = self.link.live().and_then(|live| live.engine.next_timeout());
        self.own_timeout().into_iter().chain(engine).min()
    }

    fn is_closed(&self) -> bool {
        matches!(self.link, Link::Stopped)
    }
}
