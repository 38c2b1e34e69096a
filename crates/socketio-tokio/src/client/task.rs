//! What runs in the task of a client, on its machine.
//!
//! Work is started in the order in which the packets came. Before anything is answered, what the
//! handlers have emitted so far is handed to the machine, so that the wire shows the order in which
//! the application spoke.

mod connecting;
mod serving;

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_tokio::Application;
use engineio_tokio::client::Dialer;
use socketio_proto::client::{
    AuthRequest, Client as Machine, Credentials, DisconnectReason, Emit, Event, ReplyTo,
};
use socketio_proto::{AckId, Args, Encoded, Namespace as Name, Timestamp};
use tokio::sync::oneshot;

use self::connecting::Authentication;
use self::serving::{Served, reply};
use crate::call::CallOutcome;
use crate::client::auth::Source;
use crate::client::command::{Bell, Command, Control, Opening};
use crate::client::error::ConnectError;
use crate::client::item::{Item, Undelivered};
use crate::client::manager::{Client, Shared};
use crate::client::member::Member;
use crate::client::queue::Entry;
use crate::error::{CallError, Rejection};
use crate::handler::BoxFuture;
use crate::in_flight::{InFlight, Task, tasks};
use crate::outbox::args_len;
use crate::outcome::Subject;

tasks! {
    Authentication -> crate::answer::Answer,
    Served -> crate::answer::Answer
}

/// What a client does.
pub(crate) struct ClientTask {
    shared: Arc<Shared>,
    dialer: Dialer,
    max_in_flight: usize,
    /// The namespaces that are open. Few, so a scan beats a map.
    joined: Vec<Joined>,
    /// Namespaces that are to be opened when the socket that was there has left.
    openings: Vec<Opening>,
    /// What has happened, has a handler, and is not started yet.
    backlog: VecDeque<Pending>,
    /// The bytes of the events in the backlog.
    backlog_bytes: usize,
    /// What namespaces say about themselves is to be asked for.
    questions: Vec<AuthRequest>,
    in_flight: InFlight<Running>,
    calls: HashMap<(Name, AckId), oneshot::Sender<CallOutcome>>,
    /// The number of calls at which those that nobody waits for are looked for.
    sweep_at: usize,
    /// Namespaces whose loss is told as soon as it is known what comes next.
    lost: Vec<(Arc<Member>, DisconnectReason)>,
    /// How often it was asked what a namespace says about itself.
    asked: u64,
    /// Whether the present session has opened.
    opened: bool,
    /// The attempts since there was last a session.
    attempts: u32,
    /// Empty between calls; kept for their memory.
    controls: Vec<Control>,
    commands: Vec<Command>,
    ended: bool,
}

/// One namespace.
struct Joined {
    member: Arc<Member>,
    auth: Source,
    /// Who waits for the first answer of the server.
    bell: Option<Bell>,
    /// Nobody wants it any more; forgotten at the next turn.
    leaving: bool,
    /// The number of the question that is open.
    question: u64,
    /// Dropped, the question is not waited for any more.
    asking: Option<oneshot::Sender<()>>,
    /// Keeps the client alive for a namespace that nobody holds.
    _kept: Option<Client>,
}

/// Something that waits for its handlers to be started.
enum Pending {
    Connect(Arc<Member>),
    ConnectError(Arc<Member>, ConnectError),
    Disconnect(Arc<Member>, DisconnectReason),
    Event {
        member: Arc<Member>,
        args: Args,
        reply: Option<ReplyTo>,
    },
}

/// What there is to work with while the task runs.
struct Turn<'a, 'b> {
    cx: &'a mut Context<'b>,
    machine: &'a mut Machine,
    now: Timestamp,
}

impl ClientTask {
    pub(crate) fn new(shared: Arc<Shared>, dialer: Dialer, max_in_flight: usize) -> Self {
        Self {
            shared,
            dialer,
            max_in_flight,
            joined: Vec::new(),
            openings: Vec::new(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            questions: Vec::new(),
            in_flight: InFlight::default(),
            calls: HashMap::new(),
            sweep_at: FIRST_SWEEP,
            lost: Vec::new(),
            asked: 0,
            opened: false,
            attempts: 0,
            controls: Vec::new(),
            commands: Vec::new(),
            ended: false,
        }
    }

    /// Does what there is to do. `Ready` if there was anything.
    fn work(&mut self, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.shared.waker().register(turn.cx.waker());
        self.tell_lost(None);
        self.forget_left();
        // Not only when idle: a client that is never idle must not seem to hold what has left.
        self.count_bytes(turn.machine);
        let mut any = self.open_again(turn);
        any |= self.apply_all(turn);
        any |= self.start_questions(turn);
        while let Some(done) = self.in_flight.poll_done(turn.cx) {
            any = true;
            self.finish(turn, done);
        }
        any |= self.start_backlog(turn);
        any |= self.apply_all(turn);
        if self.ended && self.backlog.is_empty() {
            self.let_go();
        }
        if any { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The client has ended, and the handlers that are still at work finish without it: they may be
    /// what waits for its end.
    fn let_go(&mut self) {
        let mut handlers = std::mem::take(&mut self.in_flight);
        if !handlers.is_empty() {
            tokio::spawn(poll_fn(move |cx| {
                while let Some(done) = handlers.poll_done(cx) {
                    on_late(done);
                }
                if handlers.is_empty() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
        }
    }

    /// Hands what handles want to the machine. True if there was anything.
    fn apply_all(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let mut controls = std::mem::take(&mut self.controls);
        self.shared.control.take(&mut controls);
        let mut any = !controls.is_empty();
        for control in controls.drain(..) {
            self.control(turn, control);
        }
        self.controls = controls;
        for place in 0..self.joined.len() {
            any |= self.apply_commands(turn, place);
        }
        any
    }

    fn control(&mut self, turn: &mut Turn<'_, '_>, control: Control) {
        match control {
            Control::Close => {
                // What was emitted before goes first.
                for place in 0..self.joined.len() {
                    self.apply_commands(turn, place);
                }
                turn.machine.close(turn.now);
            }
            Control::Open(opening) => self.open(turn, opening),
            Control::SetReconnection(reconnection) => turn.machine.set_reconnection(reconnection),
        }
    }

    fn open(&mut self, turn: &mut Turn<'_, '_>, opening: Opening) {
        // One that is about to leave says what it has to say first, and hears of its own end.
        if let Some(place) = self.place(&opening.member.name) {
            self.apply_commands(turn, place);
            return self.openings.push(opening);
        }
        let Opening { member, auth, bell } = opening;
        turn.machine
            .open(turn.now, member.asked.clone(), Credentials::Ask);
        self.joined.push(Joined {
            member,
            auth,
            bell,
            leaving: false,
            question: 0,
            asking: None,
            _kept: None,
        });
    }

    /// Opens what had to wait for somebody to leave. True if there was anything.
    fn open_again(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let openings = std::mem::take(&mut self.openings);
        let any = !openings.is_empty();
        for opening in openings {
            self.open(turn, opening);
        }
        any
    }

    /// Hands what the handles of one namespace want to the machine. True if there was anything.
    fn apply_commands(&mut self, turn: &mut Turn<'_, '_>, place: usize) -> bool {
        let Some(joined) = self.joined.get(place) else {
            return false;
        };
        let member = Arc::clone(&joined.member);
        let mut commands = std::mem::take(&mut self.commands);
        member.outbox.take(&mut commands);
        let any = !commands.is_empty();
        for command in commands.drain(..) {
            self.apply(turn, &member, place, command);
        }
        self.commands = commands;
        any
    }

    fn apply(
        &mut self,
        turn: &mut Turn<'_, '_>,
        member: &Arc<Member>,
        place: usize,
        command: Command,
    ) {
        let Turn { machine, now, .. } = turn;
        let Some(joined) = self.joined.get_mut(place) else {
            return;
        };
        match command {
            Command::Call {
                args,
                within,
                asker,
            } => match machine.emit_with_ack(*now, &member.name, args, within) {
                Ok(id) => {
                    self.calls.insert((member.name.clone(), id), asker);
                    self.forget_abandoned_calls(machine);
                }
                Err(refused) => tell(asker, Err(refused.into())),
            },
            Command::Connect => {
                machine.open(*now, member.asked.clone(), Credentials::Ask);
                member.set_active(machine.is_active(&member.name));
            }
            Command::Detach(client) => {
                member.queue.ignore();
                joined._kept = Some(client);
            }
            Command::Disconnect => machine.disconnect(*now, &member.name),
            Command::Emit(packet, emit) => emit_now(machine, *now, member, &packet, emit),
            Command::Leave => {
                joined.leaving = true;
                machine.disconnect(*now, &member.name);
                // Whoever comes here next has nothing to do with what waits.
                machine.discard(&member.name);
            }
            Command::Reply { to, args } => {
                reply(machine, member, to, args, &Subject::LateAnswer);
            }
            Command::SetAuth(auth) => joined.auth = auth,
        }
    }

    /// Drops calls whose futures are gone, such as those that lost a race. Looked for only when
    /// their number has doubled, so that it costs nothing per call.
    fn forget_abandoned_calls(&mut self, machine: &mut Machine) {
        if self.calls.len() < self.sweep_at {
            return;
        }
        self.calls.retain(|(namespace, id), asker| {
            let is_gone = asker.is_closed();
            if is_gone {
                machine.forget(namespace, *id);
            }
            !is_gone
        });
        self.sweep_at = FIRST_SWEEP.max(self.calls.len() * 2);
    }

    /// Starts the handlers of what has happened, in order, as long as there is room for more.
    fn start_backlog(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let mut any = false;
        // At the end nothing waits for room any more.
        while self.ended || self.in_flight.len() < self.max_in_flight {
            let Some(pending) = self.backlog.pop_front() else {
                // One read may have filled it with very many packets.
                if self.backlog.capacity() > KEPT {
                    self.backlog = VecDeque::new();
                }
                break;
            };
            any = true;
            if let Pending::Event { args, .. } = &pending {
                self.backlog_bytes -= args_len(args);
            }
            self.serve_pending(turn, pending);
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
            Done::Authentication(authentication, ended) => {
                self.on_authenticated(turn, authentication, ended);
            }
            Done::Served(served, ended) => self.on_served(turn, served, ended),
        }
    }

    /// Forgets the namespaces that were left for good. What their end has brought about has come
    /// in since the last turn.
    fn forget_left(&mut self) {
        for joined in self.joined.extract_if(.., |joined| joined.leaving) {
            joined.member.end();
        }
    }

    fn count_bytes(&self, machine: &Machine) {
        let session = machine.engine().map_or(0, |engine| {
            let unwritten = usize::from(engine.is_open() && !engine.is_writable());
            engine.queued_bytes() + unwritten
        });
        for Joined { member, .. } in &self.joined {
            let waiting = machine.queued_bytes(&member.name);
            member.outbox.set_written(waiting + session);
        }
    }

    fn place(&self, name: &Name) -> Option<usize> {
        self.joined
            .iter()
            .position(|joined| joined.member.name == *name)
    }

    fn find(&mut self, name: &Name) -> Option<&mut Joined> {
        self.joined
            .iter_mut()
            .find(|joined| joined.member.name == *name)
    }

    /// The client has ended: whoever waits is told.
    fn end(&mut self) {
        self.ended = true;
        self.tell_lost(None);
        self.calls.clear();
        self.questions.clear();
        for Opening { member, .. } in self.openings.drain(..) {
            member.end();
        }
        for Joined { member, bell, .. } in &mut self.joined {
            bell.take();
            member.end();
        }
        self.shared.end();
    }
}

impl Application<Machine> for ClientTask {
    fn on_event(&mut self, machine: &mut Machine, now: Timestamp, event: Event) {
        self.hear(machine, now, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>, machine: &mut Machine, now: Timestamp) -> Poll<()> {
        self.work(&mut Turn { cx, machine, now })
    }

    /// A little is read ahead even when all handlers are busy: they may wait for answers of this
    /// very server, and its heartbeat goes on.
    fn is_reading(&self) -> bool {
        self.backlog.len() < self.max_in_flight
            && self.backlog_bytes < BACKLOG_BYTES
            && !self
                .joined
                .iter()
                .any(|joined| joined.member.queue.holds_up())
    }

    fn on_idle(&mut self, machine: &Machine) {
        self.count_bytes(machine);
    }

    fn is_finished(&self) -> bool {
        self.ended && self.backlog.is_empty() && self.in_flight.is_empty()
    }
}

impl Drop for ClientTask {
    /// A task that is dropped with its runtime must not leave handles behind that wait for ever.
    fn drop(&mut self) {
        if !self.ended {
            self.end();
        }
    }
}

/// A handler has finished behind the end of its client.
fn on_late(done: Done) {
    match done {
        Done::Authentication(..) => {}
        Done::Served(served, ended) => served.report(ended),
    }
}

/// Emits. What was taken from the caller already and is refused now is told to the reader.
fn emit_now(machine: &mut Machine, now: Timestamp, member: &Member, packet: &Encoded, emit: Emit) {
    if let Err(refused) = machine.emit(now, packet, emit)
        && !emit.volatile
    {
        tell_undelivered(member, packet, refused.into());
    }
}

fn tell_undelivered(member: &Member, packet: &Encoded, error: CallError) {
    // What is nested so deeply that it cannot be read again would have been refused by the server.
    if let Some(args) = packet.args() {
        let undelivered = Item::Undelivered(Undelivered::new(args, error));
        member.queue.push(Entry::Item(undelivered));
    }
}

/// Whoever no longer waits has dropped its end.
fn tell(asker: oneshot::Sender<CallOutcome>, outcome: CallOutcome) {
    drop(asker.send(outcome));
}

/// Open calls at which abandoned ones are looked for first.
const FIRST_SWEEP: usize = 64;

/// Entries of the backlog for which the room is kept.
const KEPT: usize = 64;

/// Bytes of events that are read ahead of the handlers. One read may exceed it.
const BACKLOG_BYTES: usize = 256 * 1024;
