//! One client's connection: the application that runs on its machine, in its task.
//!
//! Work is started in the order in which the packets came. Before anything is answered, what the
//! handlers have emitted so far is handed to the machine, so that the wire shows the order in
//! which the application spoke.

mod admission;
mod events;
mod in_flight;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_tokio::Application;
use http::request::Parts;
use socketio_proto::server::{
    ConnectRequest, Connection as Machine, Emit, EmitError as Refused, Event, ReplyTo,
};
use socketio_proto::{AckId, Args, DecodeError, DisconnectReason, Namespace as Name, Timestamp};
use tokio::sync::oneshot;

use self::in_flight::{InFlight, Outcome, Running, Started, Subject, Task};
use crate::error::CallError;
use crate::namespace::Routes;
use crate::outbox::{Command, Outbox, Volatile, args_len};
use crate::server::Shared;
use crate::socket::Socket;

/// What the server does with one client.
pub(crate) struct Connection {
    server: Arc<Shared>,
    key: u64,
    outbox: Arc<Outbox>,
    request: Arc<Parts>,
    /// The namespaces in which the client is. Few, so a scan beats a map.
    joined: Vec<Joined>,
    /// What has happened and is not started yet.
    backlog: VecDeque<Pending>,
    /// The bytes of the events in the backlog.
    backlog_bytes: usize,
    in_flight: InFlight,
    calls: HashMap<AckId, oneshot::Sender<Result<Args, CallError>>>,
    /// The number of calls at which those that nobody waits for are looked for.
    sweep_at: usize,
    /// Empty between calls; kept for its memory.
    commands: Vec<Command>,
    ended: bool,
}

/// One namespace in which the client is.
struct Joined {
    socket: Socket,
    routes: Arc<Routes>,
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

impl Connection {
    pub(crate) fn new(
        server: Arc<Shared>,
        key: u64,
        outbox: Arc<Outbox>,
        request: Arc<Parts>,
    ) -> Self {
        Self {
            server,
            key,
            outbox,
            request,
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
                namespace,
                args,
                within,
                answer,
            } => {
                match machine.emit_with_ack(turn.now, &namespace, args, within) {
                    Ok(id) => {
                        self.calls.insert(id, answer);
                        self.forget_abandoned_calls(turn.machine);
                    }
                    // A caller that no longer waits has dropped its end.
                    Err(refused) => drop(answer.send(Err(refused.into()))),
                }
            }
            Command::Close => machine.close(turn.now),
            Command::CloseSlow => machine.abort(),
            Command::Disconnect(namespace) => machine.disconnect(&namespace),
            Command::Emit(packet, volatile) => {
                let emit = Emit {
                    volatile: volatile == Volatile::Yes,
                };
                match machine.emit(&packet, emit) {
                    // The outbox has counted these bytes against the same limit, so this is a
                    // client that fills its buffer with acknowledgements. No gap may open.
                    Err(Refused::Full) => machine.abort(),
                    Ok(()) | Err(Refused::Closed | Refused::NotConnected) => {}
                }
            }
            Command::Reply { socket, to, args } => {
                self.reply(turn, &socket, to, args, &Subject::LateAnswer);
            }
            Command::ShutDown => machine.shut_down(turn.now),
        }
    }

    /// Drops calls whose futures are gone, such as those that lost a race. Looked for only when
    /// their number has doubled, so that it costs nothing per call.
    fn forget_abandoned_calls(&mut self, machine: &mut Machine) {
        if self.calls.len() < self.sweep_at {
            return;
        }
        self.calls.retain(|id, answer| {
            let is_awaited = !answer.is_closed();
            if !is_awaited {
                machine.forget(*id);
            }
            is_awaited
        });
        self.sweep_at = FIRST_SWEEP.max(self.calls.len() * 2);
    }

    /// Starts what came in, in order, as long as there is room for more handlers.
    fn start_backlog(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let mut any = false;
        while self.in_flight.len() < self.server.max_in_flight {
            let Some(pending) = self.backlog.pop_front() else {
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

    /// Polls a handler for the first time, if its arguments could be taken.
    fn launch(&mut self, turn: &mut Turn<'_, '_>, task: Task, started: Started) {
        let done = match started {
            Started::Running(work) => self.in_flight.start(turn.cx, Running::new(task, work)),
            Started::Rejected(rejection) => Some((task, Outcome::Rejected(rejection))),
            Started::Panicked(message) => Some((task, Outcome::Panicked(message))),
        };
        if let Some((task, outcome)) = done {
            self.finish(turn, task, outcome);
        }
    }

    fn finish(&mut self, turn: &mut Turn<'_, '_>, task: Task, outcome: Outcome) {
        match task {
            Task::Admission {
                socket,
                request,
                next,
            } => {
                self.on_verdict(turn, socket, request, next, outcome);
            }
            Task::Event {
                socket,
                subject,
                reply,
            } => {
                self.apply_commands(turn);
                self.answer(turn, &socket, &subject, reply, outcome);
            }
        }
    }

    fn find(&self, namespace: &Name) -> Option<&Joined> {
        self.joined
            .iter()
            .find(|joined| joined.socket.namespace() == namespace)
    }
}

impl Application<Machine> for Connection {
    fn on_event(&mut self, _: &mut Machine, _: Timestamp, event: Event) {
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
            Event::Acked { id, outcome, .. } => {
                if let Some(answer) = self.calls.remove(&id) {
                    let _gone = answer.send(outcome.map_err(CallError::from));
                }
            }
            Event::Disconnected { namespace, reason } => {
                // At once, and not in its turn: nobody should write to a client that is gone.
                if let Some(Joined { socket, .. }) = self.find(&namespace) {
                    socket.set_gone();
                }
                self.backlog
                    .push_back(Pending::Disconnect { namespace, reason });
            }
            Event::Malformed(error) => self.backlog.push_back(Pending::Malformed(error)),
            Event::Upgraded => {}
            Event::Closed(_) => {
                self.ended = true;
                self.outbox.close();
                self.server.forget(self.key);
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, machine: &mut Machine, now: Timestamp) -> Poll<()> {
        self.outbox.register(cx.waker());
        // Not only when idle: a connection that is never idle must not seem to hold what has left.
        self.outbox.set_written(machine.engine().held_bytes());
        let turn = &mut Turn { cx, machine, now };
        let mut any = self.apply_commands(turn);
        while let Some((task, outcome)) = self.in_flight.poll_done(turn.cx) {
            any = true;
            self.finish(turn, task, outcome);
        }
        any |= self.start_backlog(turn);
        any |= self.apply_commands(turn);
        if any { Poll::Ready(()) } else { Poll::Pending }
    }

    /// A little is read ahead even when all handlers are busy: they may wait for answers of this
    /// very client, and its heartbeat goes on.
    fn is_reading(&self) -> bool {
        self.backlog.len() < self.server.max_in_flight && self.backlog_bytes < BACKLOG_BYTES
    }

    fn on_idle(&mut self, machine: &Machine) {
        self.outbox.set_written(machine.engine().held_bytes());
    }

    fn is_finished(&self) -> bool {
        self.ended && self.backlog.is_empty() && self.in_flight.is_empty()
    }
}

/// Open calls at which abandoned ones are looked for first.
const FIRST_SWEEP: usize = 64;

/// Bytes of events that are read ahead of the handlers. One read may exceed it.
const BACKLOG_BYTES: usize = 256 * 1024;

impl Drop for Connection {
    /// A task that is dropped with its runtime must not leave sockets behind that look alive.
    fn drop(&mut self) {
        self.outbox.close();
        for Joined { socket, .. } in &self.joined {
            socket.set_gone();
        }
        self.server.forget(self.key);
    }
}
