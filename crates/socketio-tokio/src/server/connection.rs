//! One client's connection: the application that runs on its machine, in its task.
//!
//! Work is started in the order in which the packets came. Before anything is answered, what the
//! handlers have emitted so far is handed to the machine, so that the wire shows the order in
//! which the application spoke.

mod admission;
mod events;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_tokio::Application;
use socketio_proto::server::{
    ConnectRequest, Connection as Machine, EmitError as Refused, Event, ReplyTo,
};
use socketio_proto::{
    AckId, Args, DecodeError, DisconnectReason, Encoded, Namespace as Name, Timestamp,
};

use self::admission::{Admission, Search};
use self::events::{Passage, Served};
use crate::error::{CallError, Rejection};
use crate::handler::BoxFuture;
use crate::in_flight::{InFlight, Task, tasks};
use crate::outbox::args_len;
use crate::outcome::Subject;
use crate::server::Shared;
use crate::server::call::Asker;
use crate::server::command::{Command, Outbox};
use crate::server::handshake::Connection;
use crate::server::namespaces::Visit;
use crate::server::socket::Socket;
use crate::span::Span;

tasks! {
    Admission -> Result<(), socketio_proto::ConnectError>,
    Passage -> crate::server::verdict::Passed,
    Search -> bool,
    Served -> crate::answer::Answer
}

/// What the server does with one client.
pub(crate) struct ClientTask {
    server: Arc<Shared>,
    key: u64,
    connection: Connection,
    span: Arc<Span>,
    outbox: Arc<Outbox>,
    /// The namespaces in which the client is. Few, so a scan beats a map.
    joined: Vec<Joined>,
    /// What has happened and is not started yet.
    backlog: VecDeque<Pending>,
    /// The bytes of the events in the backlog.
    backlog_bytes: usize,
    in_flight: InFlight<Running>,
    calls: HashMap<(Name, AckId), Asker>,
    /// The number of calls at which those that nobody waits for are looked for.
    sweep_at: usize,
    /// Empty between calls; kept for its memory.
    commands: Vec<Command>,
    ended: bool,
}

/// One namespace in which the client is.
struct Joined {
    socket: Socket,
    _visit: Visit,
}

/// Something that waits for its turn to be handled.
enum Pending {
    Connect(ConnectRequest),
    Disconnect {
        namespace: Name,
        reason: DisconnectReason,
    },
    Event {
        namespace: Name,
        args: Args,
        reply: Option<ReplyTo>,
    },
    Malformed(DecodeError),
}

/// What there is to work with while the connection's task runs.
struct Turn<'a, 'b> {
    cx: &'a mut Context<'b>,
    machine: &'a mut Machine,
    now: Timestamp,
}

impl ClientTask {
    pub(crate) fn new(server: Arc<Shared>, key: u64, connection: Connection) -> Self {
        let outbox = Arc::clone(connection.outbox());
        let span = Arc::new(Span::connection(connection.address()));
        Self {
            server,
            key,
            connection,
            span,
            outbox,
            joined: Vec::new(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            in_flight: InFlight::default(),
            calls: HashMap::new(),
            sweep_at: FIRST_SWEEP,
            commands: Vec::new(),
            ended: false,
        }
    }

    /// Does what there is to do. `Ready` if there was anything.
    fn work(&mut self, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.outbox.register(turn.cx.waker());
        if self.outbox.is_abandoned() {
            self.abandon(turn.machine);
        }
        // Not only when idle: a connection that is never idle must not seem to hold what has left.
        self.outbox.set_written(occupied(turn.machine));
        let mut any = self.apply_commands(turn);
        while let Some(done) = self.in_flight.poll_done(turn.cx) {
            any = true;
            self.finish(turn, done);
        }
        any |= self.start_backlog(turn);
        any |= self.apply_commands(turn);
        if any { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Hands what other tasks and the handlers want to the machine. True if there was anything.
    fn apply_commands(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let mut commands = std::mem::take(&mut self.commands);
        self.outbox.take(&mut commands);
        let any = !commands.is_empty();
        for command in commands.drain(..) {
            self.apply(turn, command);
        }
        self.commands = commands;
        any
    }

    fn apply(&mut self, turn: &mut Turn<'_, '_>, command: Command) {
        let machine = &mut *turn.machine;
        match command {
            Command::Call {
                packet,
                within,
                asker,
            } => self.call(machine, turn.now, &packet, within, asker),
            Command::Close => {
                machine.close(turn.now);
                self.forget_events(|_| true);
            }
            Command::CloseSession => machine.close_session(turn.now),
            Command::CloseSlow => machine.abort(),
            Command::Disconnect(namespace) => {
                machine.disconnect(&namespace);
                if !machine.is_connected(&namespace) {
                    self.forget_events(|name| *name == namespace);
                }
            }
            Command::Replaced(namespace) => machine.disconnect(&namespace),
            Command::Emit(packet, emit) => match machine.emit(&packet, emit) {
                // The outbox has counted these bytes against the same limit, so this is a
                // client that fills its buffer with acknowledgements. No gap may open.
                Err(Refused::Full) => machine.abort(),
                Ok(()) | Err(Refused::Closed | Refused::NotConnected) => {}
                // The hub of the namespace encodes everything, as its server is set up to.
                Err(Refused::Encoding | Refused::UnusableId) => {}
            },
            Command::Reply { socket, to, args } => {
                self.reply(turn, &socket, to, args, &Subject::LateAnswer);
            }
            Command::ShutDown => machine.shut_down(turn.now),
        }
    }

    /// Who was put out is not heard any more.
    fn forget_events(&mut self, of: impl Fn(&Name) -> bool) {
        self.backlog.retain(
            |pending| !matches!(pending, Pending::Event { namespace, .. } if of(namespace)),
        );
        let args = self.backlog.iter().filter_map(|pending| match pending {
            Pending::Event { args, .. } => Some(args_len(args)),
            Pending::Connect(_) | Pending::Disconnect { .. } | Pending::Malformed(_) => None,
        });
        self.backlog_bytes = args.sum();
    }

    fn call(
        &mut self,
        machine: &mut Machine,
        now: Timestamp,
        packet: &Encoded,
        within: Option<Duration>,
        asker: Asker,
    ) {
        match (machine.call(now, packet, within), packet.ack_id()) {
            (Ok(()), Some(id)) => {
                self.calls.insert((packet.namespace().clone(), id), asker);
                self.forget_abandoned_calls(machine);
            }
            (Ok(()), None) => {}
            (Err(refused), _) => asker.tell(Err(refused.into())),
        }
    }

    /// Drops calls whose futures are gone, such as those that lost a race. Looked for only when
    /// their number has doubled, so that it costs nothing per call.
    fn forget_abandoned_calls(&mut self, machine: &mut Machine) {
        if self.calls.len() < self.sweep_at {
            return;
        }
        self.calls.retain(|(namespace, id), asker| {
            let is_gone = asker.is_gone();
            if is_gone {
                machine.forget(namespace, *id);
            }
            !is_gone
        });
        self.sweep_at = FIRST_SWEEP.max(self.calls.len() * 2);
    }

    /// Starts what came in, in order, as long as there is room for more handlers.
    fn start_backlog(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let mut any = false;
        while self.in_flight.len() < self.server.max_in_flight {
            let Some(pending) = self.backlog.pop_front() else {
                // One read may have filled it with very many packets.
                if self.backlog.capacity() > KEPT {
                    self.backlog = VecDeque::new();
                }
                break;
            };
            any = true;
            match pending {
                Pending::Connect(request) => self.on_connect(turn, request),
                Pending::Disconnect { namespace, reason } => self.on_left(turn, &namespace, reason),
                Pending::Event {
                    namespace,
                    args,
                    reply,
                } => {
                    self.backlog_bytes -= args_len(&args);
                    self.on_packet(turn, &namespace, args, reply);
                }
                Pending::Malformed(error) => self.on_malformed(error),
            }
        }
        any
    }

    /// Takes a handler's arguments, and polls it for the first time.
    fn launch<T: Task<Running = Running>>(
        &mut self,
        turn: &mut Turn<'_, '_>,
        start: impl FnOnce() -> Result<BoxFuture<T::Output>, Rejection>,
        task: impl FnOnce() -> T,
    ) {
        if let Some(done) = self.in_flight.start(turn.cx, start, task) {
            self.finish(turn, done);
        }
    }

    fn finish(&mut self, turn: &mut Turn<'_, '_>, done: Done) {
        match done {
            Done::Admission(admission, ended) => self.on_verdict(turn, admission, ended),
            Done::Passage(passage, ended) => self.on_passed(turn, passage, ended),
            Done::Search(search, ended) => self.on_match(turn, search, ended),
            Done::Served(served, ended) => self.on_served(turn, served, ended),
        }
    }

    /// Drops whatever is still to be done: the time that the end of the server could take is over.
    fn abandon(&mut self, machine: &mut Machine) {
        machine.abort();
        self.in_flight.clear();
        self.backlog.clear();
        self.backlog_bytes = 0;
    }

    fn find(&self, namespace: &Name) -> Option<&Joined> {
        self.joined
            .iter()
            .find(|joined| joined.socket.namespace() == namespace)
    }
}

impl Application<Machine> for ClientTask {
    fn on_event(&mut self, machine: &mut Machine, _: Timestamp, event: Event) {
        match event {
            Event::ConnectRequest(request) => self.backlog.push_back(Pending::Connect(request)),
            Event::Event {
                namespace,
                args,
                reply,
            } => {
                self.backlog_bytes += args_len(&args);
                self.backlog.push_back(Pending::Event {
                    namespace,
                    args,
                    reply,
                });
            }
            Event::Acked {
                namespace,
                id,
                outcome,
            } => {
                if let Some(asker) = self.calls.remove(&(namespace, id)) {
                    asker.tell(outcome.map_err(CallError::from));
                }
            }
            Event::Disconnected { namespace, reason } => {
                // At once, and not in its turn: nobody should write to a client that is gone.
                if let Some(Joined { socket, .. }) = self.find(&namespace) {
                    socket.end(machine.resumable(&namespace).is_some());
                    if let Some(observer) = &self.server.observer {
                        observer.socket_disconnected(socket, &reason);
                    }
                }
                self.backlog
                    .push_back(Pending::Disconnect { namespace, reason });
            }
            Event::Malformed(error) => self.backlog.push_back(Pending::Malformed(error)),
            Event::Upgraded => self.connection.set_transport(machine.engine().transport()),
            Event::Closed(_) => {
                self.ended = true;
                self.outbox.close();
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, machine: &mut Machine, now: Timestamp) -> Poll<()> {
        let span = Arc::clone(&self.span);
        span.enter(|| self.work(&mut Turn { cx, machine, now }))
    }

    /// A little is read ahead even when all handlers are busy: they may wait for answers of this
    /// very client, and its heartbeat goes on.
    fn is_reading(&self) -> bool {
        self.backlog.len() < self.server.max_in_flight && self.backlog_bytes < BACKLOG_BYTES
    }

    fn on_idle(&mut self, machine: &Machine) {
        self.outbox.set_written(occupied(machine));
    }

    fn is_finished(&self) -> bool {
        self.ended && self.backlog.is_empty() && self.in_flight.is_empty()
    }
}

/// The bytes that wait for the client: in the session, and in the transport.
fn occupied(machine: &Machine) -> usize {
    machine.engine().held_bytes() + machine.engine().unflushed_bytes()
}

/// Open calls at which abandoned ones are looked for first.
const FIRST_SWEEP: usize = 64;

/// Entries of the backlog for which the room is kept.
const KEPT: usize = 64;

/// Bytes of events that are read ahead of the handlers. One read may exceed it.
const BACKLOG_BYTES: usize = 256 * 1024;

impl Drop for ClientTask {
    /// A task that is dropped with its runtime must not leave sockets behind that look alive.
    fn drop(&mut self) {
        self.outbox.close();
        for Joined { socket, .. } in &self.joined {
            socket.end(false);
            socket.listeners().off_all();
        }
        self.server.connections.remove(self.key);
    }
}
