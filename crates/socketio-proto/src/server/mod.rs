//! One client of a Socket.IO server: its namespaces over one Engine.IO session.

mod config;
mod event;
mod incoming;
mod legacy;
mod namespace;
mod outgoing;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use socketio_parser::{Packet, Revision};

use crate::ack::Acks;
use crate::engine::CloseReason;
use crate::engine::server::{Event as EngineEvent, Input, Io, Session};
use crate::received::Reader;
use crate::{
    AckId, Args, ConnectError, DisconnectReason, Encoded, Machine, Namespace, Output, Parser,
    PrivateId, SocketId, Timestamp,
};

pub use crate::ack::AckError;
pub use crate::emit::{Emit, EmitError};
pub use crate::reply::ReplyTo;
pub use config::Config;
pub use event::Event;
pub use namespace::{Accept, ConnectRequest};

use namespace::Namespaces;

/// One client of a Socket.IO server: namespaces and acknowledgements over one Engine.IO session.
///
/// Owns the session, so a driver drives one machine whether it serves Engine.IO or Socket.IO.
#[derive(Debug)]
pub struct Connection {
    engine: Session,
    state: State,
    now: Timestamp,
    /// Disarmed by the first namespace that is joined, and never armed again.
    connect_by: Option<Timestamp>,
    parser: Parser,
    reader: Reader,
    namespaces: Namespaces,
    acks: Acks,
    /// Of the clients that were let in with one, until the namespace is ended on purpose.
    pids: BTreeMap<Namespace, PrivateId>,
    outputs: VecDeque<Output<Io, Event>>,
}

impl Connection {
    /// Wraps a session that was just opened. The client has to join a namespace within
    /// [`Config::connect_timeout`].
    pub fn new(engine: Session, config: &Config, now: Timestamp) -> Self {
        let mut connection = Self {
            engine,
            state: State::Open,
            now,
            connect_by: Some(now + config.connect_timeout),
            parser: config.parser,
            reader: Reader::new(config.parser, Revision::V5, config.limits),
            namespaces: Namespaces::new(config.max_namespaces),
            acks: Acks::default(),
            pids: BTreeMap::new(),
            outputs: VecDeque::new(),
        };
        connection.ask_for_root();
        connection
    }

    /// Returns the session beneath.
    pub fn engine(&self) -> &Session {
        &self.engine
    }

    /// Whether the client is in this namespace: it was let in and has not left.
    pub fn is_connected(&self, namespace: &Namespace) -> bool {
        self.namespaces.visit(namespace).is_some()
    }

    /// Returns the namespaces in which the client is, in the order in which it was let in.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.joined()
    }

    /// Lets a client into a namespace, under a new id. Nothing happens if the connection is ending.
    ///
    /// What was emitted to the namespace before this call precedes the answer, what is emitted
    /// after it follows. [sio5 § Connection to a namespace]
    pub fn accept(&mut self, request: ConnectRequest, sid: SocketId) {
        let (pid, missed) = (None, Vec::new());
        self.accept_with(request, Accept { sid, pid, missed });
    }

    /// Lets a client into a namespace, perhaps to pick up where it left off: what it has missed
    /// precedes the answer [js socket.io 4.8.4].
    ///
    /// Nothing happens if the connection is ending. The client is not in the namespace then
    /// ([`is_connected`](Self::is_connected)), and a session that was restored for it is to be
    /// persisted again.
    pub fn accept_with(&mut self, request: ConnectRequest, accept: Accept) {
        let namespace = request.namespace;
        if self.state != State::Open || !self.namespaces.accept(&namespace) {
            return;
        }
        self.connect_by = None;
        for packet in &accept.missed {
            self.send_or_abort(Ok(packet.clone()));
        }
        let data = self.answer(&accept);
        if let Some(pid) = accept.pid {
            self.pids.insert(namespace.clone(), pid);
        }
        self.send(&Packet::Connect { namespace, data });
    }

    /// The private id under which to persist a namespace that has ended
    /// ([`Event::Disconnected`]). `None` if it has not, if either side has ended it on purpose, or
    /// if the client was let in without one.
    pub fn resumable(&self, namespace: &Namespace) -> Option<&PrivateId> {
        self.pids
            .get(namespace)
            .filter(|_| !self.is_connected(namespace))
    }

    /// Keeps a client out of a namespace. It may ask again. Nothing happens if the connection is
    /// ending. [sio5 § Connection to a namespace]
    pub fn reject(&mut self, request: ConnectRequest, error: &ConnectError) {
        let namespace = request.namespace;
        if self.state == State::Open && self.namespaces.reject(&namespace) {
            self.abandon_acks(&namespace);
            self.refuse(&namespace, error);
        }
    }

    /// Emits to this client, in the namespace that the packet was encoded for.
    ///
    /// All frames of the packet are taken or none. A volatile packet that cannot leave at once is
    /// dropped, which is not an error. If it is a call, its answer is ignored.
    ///
    /// # Errors
    ///
    /// [`EmitError::NotConnected`] if the client is not in the namespace and has not asked for it,
    /// [`EmitError::Encoding`] if the packet is not in that of [`Config::parser`],
    /// [`EmitError::Full`] if the buffer limit of the session is reached, [`EmitError::Closed`]
    /// once the connection is ending.
    pub fn emit(&mut self, packet: &Encoded, emit: Emit) -> Result<(), EmitError> {
        self.check_reachable(packet.namespace())?;
        if emit.volatile && !self.engine.is_writable() {
            return Ok(());
        }
        self.push_with(packet, emit.compress)?;
        if let Some(id) = packet.ack_id() {
            self.acks.pass_over(id);
        }
        Ok(())
    }

    /// Emits a call and expects its answer, reported as [`Event::Acked`] exactly once: with the
    /// answer, or with the reason why there is none. See [`Parser::call`].
    ///
    /// The clock starts at `now`; without `within` only the end of the namespace ends the wait.
    ///
    /// One packet may go to many connections. In one namespace of one connection an id is to be
    /// used once: a late answer to its first use would be taken for one to the second. Where a
    /// mistake is certain it is refused.
    ///
    /// # Errors
    ///
    /// [`EmitError::UnusableId`] if the packet is not a call, or an answer is expected under its id
    /// already; otherwise as for [`emit`](Self::emit). Nothing is reported later then.
    pub fn call(
        &mut self,
        now: Timestamp,
        packet: &Encoded,
        within: Option<Duration>,
    ) -> Result<(), EmitError> {
        self.now = self.now.max(now);
        let namespace = packet.namespace();
        self.check_reachable(namespace)?;
        let id = packet.ack_id();
        let id = id.filter(|id| self.acks.is_usable(namespace, *id));
        let id = id.ok_or(EmitError::UnusableId)?;
        self.push(packet)?;
        let answer_by = within.map(|within| self.now + within);
        self.acks.expect(namespace.clone(), id, answer_by);
        Ok(())
    }

    /// As [`call`](Self::call), under an id of the connection's own, which no call has used before.
    /// `args` begin with the event name; see [`Args::event`].
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
        self.check_reachable(to)?;
        let id = self.acks.next_id();
        let packet = self.encode(&Packet::Event {
            namespace: to.clone(),
            id: Some(id),
            args,
        })?;
        self.call(now, &packet, within)?;
        Ok(id)
    }

    /// Gives up an answer in which nobody is interested any longer: it will not be reported.
    pub fn forget(&mut self, namespace: &Namespace, id: AckId) {
        self.acks.forget(namespace, id);
    }

    /// Answers an event, under the id that it came with. [sio5 § Acknowledgement]
    ///
    /// # Errors
    ///
    /// [`EmitError::NotConnected`] if the client has left the namespace since, even if it has come
    /// back; otherwise as for [`emit`](Self::emit).
    pub fn reply(&mut self, to: ReplyTo, args: Args) -> Result<(), EmitError> {
        self.check_reachable(&to.namespace)?;
        if self.namespaces.visit(&to.namespace) != Some(to.visit) {
            return Err(EmitError::NotConnected);
        }
        let ReplyTo { namespace, id, .. } = to;
        let answer = self.encode(&Packet::Ack {
            namespace,
            id: Some(id),
            args,
        })?;
        self.push(&answer)
    }

    /// Ends one namespace. The connection goes on, also if it was the last one.
    /// [sio5 § Disconnection from a namespace]
    ///
    /// Nothing happens to a client that is not in the namespace, or waits to be let in.
    pub fn disconnect(&mut self, from: &Namespace) {
        if self.namespaces.leave(from) {
            self.send(&Packet::Disconnect {
                namespace: from.clone(),
            });
            self.report_left(from.clone(), DisconnectReason::ServerNamespaceDisconnect);
        }
    }

    /// Ends every namespace in the order of joining, then the session once everything is delivered.
    pub fn close(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        for namespace in self.namespaces.leave_all() {
            self.send(&Packet::Disconnect {
                namespace: namespace.clone(),
            });
            self.report_left(namespace, DisconnectReason::ServerNamespaceDisconnect);
        }
        self.drop_pending();
        self.close_engine();
    }

    /// Ends the session beneath without a word to the namespaces: they end when it does, with its
    /// reason (`forced close`).
    pub fn close_session(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.close_engine();
    }

    /// Ends everything at once, for a client that cannot be served any longer: one that reads too
    /// slowly. Nothing is sent or delivered any more, and the namespaces end with the reason
    /// `forced close`.
    pub fn abort(&mut self) {
        self.abort_engine();
    }

    /// Ends every namespace because the whole server stops, then the session once everything is
    /// delivered; [`abort`](Self::abort) cuts that short. The client is not told to leave, so it
    /// will come back to whatever serves it next. [js socket.io 4.8.4]
    ///
    /// The reference throws away what was emitted before and has not left yet.
    pub fn shut_down(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.disconnect_all(DisconnectReason::ServerShuttingDown);
        self.close_engine();
    }

    fn on_engine_event(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Message(message) => self.on_message(message),
            EngineEvent::Upgraded => self.report(Event::Upgraded),
            EngineEvent::Closed(reason) => self.on_engine_closed(reason),
        }
    }

    fn on_engine_closed(&mut self, reason: CloseReason) {
        // The client may have left just after the fault for which this side was closing.
        let told = match self.state {
            State::Closing => CloseReason::Forced,
            State::Open | State::Closed => reason,
        };
        self.state = State::Closed;
        self.connect_by = None;
        self.disconnect_all(DisconnectReason::Engine(told));
        self.report(Event::Closed(reason));
    }

    fn disconnect_all(&mut self, reason: DisconnectReason) {
        for namespace in self.namespaces.leave_all() {
            self.report_left(namespace, reason);
        }
        self.drop_pending();
    }

    fn drop_pending(&mut self) {
        for namespace in self.namespaces.drop_pending() {
            self.abandon_acks(&namespace);
        }
    }

    fn report_left(&mut self, namespace: Namespace, reason: DisconnectReason) {
        if !reason.is_recoverable() {
            self.pids.remove(&namespace);
        }
        self.abandon_acks(&namespace);
        self.report(Event::Disconnected { namespace, reason });
    }

    fn abandon_acks(&mut self, namespace: &Namespace) {
        for id in self.acks.abandon(namespace) {
            let (namespace, outcome) = (namespace.clone(), Err(AckError::Disconnected));
            self.report(Event::Acked {
                namespace,
                id,
                outcome,
            });
        }
    }

    fn report(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn check_reachable(&self, namespace: &Namespace) -> Result<(), EmitError> {
        if self.state != State::Open {
            return Err(EmitError::Closed);
        }
        if self.namespaces.is_reachable(namespace) {
            Ok(())
        } else {
            Err(EmitError::NotConnected)
        }
    }

    fn close_engine(&mut self) {
        self.start_closing();
        self.engine.close(self.now);
    }

    fn abort_engine(&mut self) {
        self.start_closing();
        self.engine.abort();
    }

    fn start_closing(&mut self) {
        if self.state == State::Open {
            self.state = State::Closing;
            self.connect_by = None;
        }
    }

    /// Takes over what the session has to say so far, in order, without waiting to be polled.
    fn drain_engine(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Io(io) => self.outputs.push_back(Output::Io(io)),
                Output::Event(event) => self.on_engine_event(event),
            }
        }
    }

    /// Acts on the deadlines that have passed, in their order.
    fn pass_deadlines(&mut self, has_passed: impl Fn(Timestamp) -> bool) {
        while let Some(at) = self.own_timeout().filter(|at| has_passed(*at)) {
            // An answer that came in time may still wait inside the session.
            self.drain_engine();
            while let Some((namespace, id)) = self.acks.expire(at) {
                self.report(Event::Acked {
                    namespace,
                    id,
                    outcome: Err(AckError::TimedOut),
                });
            }
            if self.connect_by.is_some_and(|by| by <= at) {
                self.on_violation();
            }
        }
    }

    /// When this layer, not the session beneath, has something to do.
    fn own_timeout(&self) -> Option<Timestamp> {
        self.connect_by
            .into_iter()
            .chain(self.acks.next_timeout())
            .min()
    }
}

impl Machine for Connection {
    type Input = Input;
    type Io = Io;
    type Event = Event;

    fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = self.now.max(now);
        let now = self.now;
        // What was due before this input has happened, even if the timer was slow to say so. What
        // is due at the same moment has not: an answer at the deadline is in time.
        self.pass_deadlines(|at| at < now);
        self.engine.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let now = self.now;
        self.engine.handle_timeout(now);
        self.pass_deadlines(|at| at <= now);
    }

    fn poll_output(&mut self) -> Option<Output<Io, Event>> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            if self.outputs.capacity() > KEPT {
                self.outputs = VecDeque::new();
            }
            match self.engine.poll_output()? {
                Output::Io(io) => return Some(Output::Io(io)),
                Output::Event(event) => self.on_engine_event(event),
            }
        }
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        self.own_timeout()
            .into_iter()
            .chain(self.engine.next_timeout())
            .min()
    }

    fn is_closed(&self) -> bool {
        self.state == State::Closed
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    /// The session ends as soon as it can; until then nothing comes in and nothing new goes out.
    Closing,
    Closed,
}

/// Outputs for which the room is kept. One body may hold very many packets.
const KEPT: usize = 64;
