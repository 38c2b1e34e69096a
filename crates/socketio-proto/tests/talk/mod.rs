//! What both applications say to each other, and what they must agree on.
//!
//! Both sides count. What is lost, doubled or out of order is heard at once.

mod play;
mod recovery;
mod room;
mod shell;
mod terms;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::server::{Opening, Peer, Session};
use engineio_proto::{Config, Sid};
use socketio_proto::client::{
    self, AckError, Client, Credentials, DisconnectReason, EmitError, Offline, SessionEnd,
};
use socketio_proto::server::{self, ConnectRequest, Connection};
use socketio_proto::{AckId, Args, ConnectError, Machine, Namespace, Parser, SocketId, Timestamp};

pub(crate) use play::{play, transcript_of};
use recovery::Recovery;
pub(crate) use room::Room;
use shell::Shell;
use terms::Terms;

use crate::world::{Game, Side};

/// What the applications do. The number names a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Open(usize),
    Leave(usize),
    /// One side says the next numbers.
    Say(Side, usize, u32),
    /// One side asks, and waits so many milliseconds for the answer.
    Ask(Side, usize, Option<u64>),
    /// The server puts the client out.
    Kick(usize),
    /// The server lets in whoever waits.
    Admit,
    /// The client answers what it has been asked.
    Answer,
    /// The server ends the connection.
    End,
    /// The client stops.
    Stop,
}

pub(crate) const NAMESPACES: [&str; 2] = ["/", "/a"];

/// Both applications.
#[allow(
    clippy::struct_excessive_bools,
    reason = "notes on things that happened, each for itself"
)]
#[derive(Default)]
pub(crate) struct Talk {
    pub(crate) engine: Config,
    parser: Parser,
    pub(crate) terms: Terms,
    /// See [`Game::longest_wait`].
    longest_wait: u64,
    /// Between two worlds the client is here, with the time of its clock.
    pub(crate) client: Option<(Client, Timestamp)>,
    /// Requests wait for [`Act::Admit`].
    pub(crate) is_slow: bool,
    /// Questions of the server wait for [`Act::Answer`].
    pub(crate) is_lazy: bool,
    held: Vec<(client::ReplyTo, u32)>,
    pub(crate) recovery: Option<Recovery>,
    /// Waits of the client since it last had a session.
    attempts: u32,
    /// So many requests are refused.
    pub(crate) refusals: u32,
    pub(crate) rooms: [Room; 2],
    waiting: Vec<ConnectRequest>,
    stays: u64,
    client_asks: Asks,
    server_asks: Asks,
    is_opened: bool,
    /// The client has wanted to be in `/` since its session is open.
    has_kept_root: bool,
    /// How the session of this world has ended.
    pub(crate) end: Option<SessionEnd>,
    /// What the client says to a namespace that it has been put out of ends the session, as in the
    /// reference, also if it has crossed the news.
    pub(crate) has_kicked: bool,
    pub(crate) has_stopped: bool,
}

/// Questions and their outcomes: exactly one each.
#[derive(Default)]
struct Asks(BTreeMap<u64, (usize, u32, bool)>);

impl Asks {
    fn ask(&mut self, id: u64, room: usize, number: u32) {
        let previous = self.0.insert(id, (room, number, false));
        assert_eq!(previous, None, "an id was used again");
    }

    /// An id above all that were used, and not the next one.
    fn next(&self) -> u64 {
        self.0.last_key_value().map_or(1, |(last, _)| last + 2)
    }

    fn settle<E>(&mut self, id: u64, outcome: &Result<Args, E>) -> u32 {
        let (_, number, is_settled) = self.0.get_mut(&id).expect("somebody asked");
        assert!(!std::mem::replace(is_settled, true), "two outcomes");
        if let Ok(args) = outcome {
            assert_eq!(args.to::<u32>().unwrap(), *number, "another answer");
        }
        *number
    }

    fn are_settled(&self) -> bool {
        self.0.values().all(|(_, _, is_settled)| *is_settled)
    }
}

impl Talk {
    /// Makes the client, in a world of its own until the first one begins.
    pub(crate) fn new(engine: Config, client: client::Config, terms: Terms, seed: u64) -> Self {
        let now = Timestamp::from_millis(0);
        Self {
            terms,
            longest_wait: longest_wait(&engine, &client),
            parser: client.parser,
            engine,
            client: Some((Client::connect(client, seed, now), now)),
            ..Self::default()
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.rooms.iter().all(Room::is_settled)
            && self.client_asks.are_settled()
            && self.server_asks.are_settled()
    }

    /// What must be true once everything has ended.
    pub(crate) fn check_end(&self) {
        assert!(self.has_stopped && !self.is_opened);
        assert!(self.client_asks.are_settled() && self.server_asks.are_settled());
        assert!(self.rooms.iter().all(|room| room.stay.is_none()));
    }

    fn client_asks(&mut self, shell: &mut Shell, now: Timestamp, room: usize, within: Option<u64>) {
        let number = self.rooms[room].said + 1;
        let args = Args::event("q", &numbered(number)).unwrap();
        let within = within.map(Duration::from_millis);
        let (client, now) = (&mut shell.client, now);
        match client.emit_with_ack(now, &name(room), args, within) {
            Ok(id) => {
                self.rooms[room].said = number;
                if number.is_multiple_of(7) {
                    // Nobody waits, so nobody hears whether it was given up.
                    client.forget(&name(room), id);
                    self.rooms[room].expired.insert(number);
                } else {
                    self.client_asks.ask(id.get(), room, number);
                }
            }
            Err(error) => self.check_refusal(client, room, error),
        }
    }

    fn client_says(&mut self, client: &mut Client, now: Timestamp, room: usize) {
        let number = self.rooms[room].said + 1;
        let packet = self.parser.event(&name(room), "n", &numbered(number));
        let packet = packet.unwrap();
        match client.emit(now, &packet, client::Emit::default()) {
            Ok(()) => self.rooms[room].said = number,
            Err(error) => self.check_refusal(client, room, error),
        }
    }

    /// An emit is refused only where nobody wants to be, or is at the moment.
    fn check_refusal(&self, client: &Client, room: usize, error: EmitError) {
        let refuses = self.terms.while_offline == Offline::Reject;
        let is_offline = refuses && error == EmitError::NotConnected && !is_online(client, room);
        assert!(
            error == EmitError::Closed || !client.is_active(&name(room)) || is_offline,
            "{error}"
        );
        assert!(error != EmitError::Closed || client.is_closed() || client.engine().is_some());
    }

    fn server_says(&mut self, server: Option<&mut Connection>, now: Timestamp, room: usize) {
        let believed = self.rooms[room].believed;
        let away = self.recovery.as_ref().and_then(|book| book.away(room));
        let Some(stay) = believed.or(away) else {
            return;
        };
        let told = self.rooms[room].told.entry(stay).or_default();
        let parser = self.parser;
        let event = |number| parser.event(&name(room), "n", &(stay, number)).unwrap();
        let mut packet = event(told.said + 1);
        if let Some(book) = &mut self.recovery {
            packet = book.record(now, room, stay, &packet, &event(0));
            told.said += 1;
        }
        // Who waits to be let in will find it in the log.
        let server = server.filter(|_| believed.is_some());
        let is_taken =
            server.is_some_and(|server| server.emit(&packet, server::Emit::default()).is_ok());
        if self.recovery.is_none() && is_taken {
            told.said += 1;
        }
    }

    fn server_asks(&mut self, server: &mut Connection, now: Timestamp, room: usize) {
        let Some(stay) = self.rooms[room].believed else {
            return;
        };
        let told = self.rooms[room].told.entry(stay).or_default();
        let count = match self.recovery {
            Some(_) => &mut told.asked,
            None => &mut told.said,
        };
        let question = (stay, *count + 1);
        let args = Args::event("q", &question).unwrap();
        // The driver counts for itself every other time, and for each namespace alike.
        let id = if question.1.is_multiple_of(2) {
            let id = AckId::new(self.server_asks.next());
            let packet = self.parser.call(&name(room), id, "q", &question).unwrap();
            server.call(now, &packet, None).map(|()| id)
        } else {
            server.emit_with_ack(now, &name(room), args, None)
        };
        if let Ok(id) = id {
            *count += 1;
            // Each connection counts from zero, and each world has one.
            self.server_asks.ask(id.get(), room, *count);
        }
    }

    fn client_answers(&mut self, client: &mut Client) {
        self.is_lazy = false;
        for (reply, number) in std::mem::take(&mut self.held) {
            // Too late for a question of another session, whatever it was.
            let _ = client.reply(reply, Args::new(&number).unwrap());
        }
    }

    fn admit(&mut self, server: &mut Connection, now: Timestamp, request: ConnectRequest) {
        if self.refusals > 0 {
            self.refusals -= 1;
            return server.reject(request, &ConnectError::new("later"));
        }
        let room = room_of(&request.namespace);
        self.stays += 1;
        let fresh = self.stays;
        let mut is_back = false;
        let mut stay = fresh;
        let pid = request.resume.as_ref().map(|resume| resume.pid.clone());
        if let Some(book) = &mut self.recovery {
            let accept;
            (accept, stay, is_back) = book.terms(now, room, &request, fresh);
            server.accept_with(request, accept);
        } else {
            let sid = request.sid.clone();
            server.accept(request, sid.unwrap_or(SocketId::new(fresh.to_string())));
        }
        let is_in = server.is_connected(&name(room));
        let book = self.rooms[room].told.entry(stay).or_default();
        self.rooms[room].due = book.said;
        if is_in {
            self.rooms[room].believed = Some(stay);
            self.rooms[room].admitted = stay;
        } else if let Some(recovery) = &mut self.recovery {
            recovery.left(now, room, pid.filter(|_| is_back));
        }
    }

    /// Opens what is not open, and begins the books of a session.
    fn begin(&mut self, client: &mut Client, now: Timestamp) {
        for room in 0..NAMESPACES.len() {
            client.open(now, name(room), Credentials::None);
        }
        self.waiting.clear();
        self.end = None;
        self.has_kicked = false;
        assert!(self.server_asks.are_settled());
        self.server_asks = Asks::default();
        for room in &mut self.rooms {
            room.believed = None;
        }
    }

    /// Hears what the client reports, also between two worlds.
    #[allow(clippy::too_many_lines, reason = "one short arm per event")]
    pub(crate) fn on_client_event(
        &mut self,
        client: &mut Client,
        now: Timestamp,
        event: client::Event,
    ) {
        assert!(!self.has_stopped, "{event:?} after the end");
        match event {
            client::Event::Opened(_) => {
                assert!(
                    !std::mem::replace(&mut self.is_opened, true),
                    "two sessions"
                );
                self.attempts = 0;
                self.has_kept_root = client.is_active(&Namespace::root());
            }
            client::Event::Connected {
                namespace,
                sid,
                recovered,
            } => {
                let room = &mut self.rooms[room_of(&namespace)];
                let stay = if self.terms.is_old() {
                    let is_root = namespace.is_root();
                    let derived = if is_root { "s0" } else { "/a#s0" };
                    assert_eq!(sid.as_str(), derived);
                    let told = room.told.get_mut(&room.admitted).expect("it was let in");
                    told.may_jump = is_root && !self.has_kept_root;
                    told.has_gap &= !told.may_jump;
                    room.admitted
                } else {
                    sid.as_str().parse().unwrap()
                };
                assert_eq!(room.stay.replace(stay), None, "connected twice");
                assert!(!room.told[&stay].has_gap, "lost before the answer");
                assert_eq!(recovered, room.latest == stay, "recovered or not?");
                assert!(
                    !recovered || room.told[&stay].heard >= room.due,
                    "recovered too early"
                );
                room.latest = stay;
                if room.is_torn {
                    room.floor = room.gone;
                }
            }
            client::Event::Refused { namespace, .. } => {
                assert_eq!(self.rooms[room_of(&namespace)].stay, None);
                client.open(now, namespace, Credentials::None);
            }
            client::Event::Event {
                namespace,
                args,
                reply,
            } => {
                let (stay, number): (u64, u32) = args.event_data().unwrap();
                let room = &mut self.rooms[room_of(&namespace)];
                match (&reply, &self.recovery) {
                    (Some(_), Some(_)) => room.learn_question(stay, number),
                    _ => room.learn(stay, number),
                }
                self.held.extend(reply.map(|reply| (reply, number)));
                if !self.is_lazy {
                    self.client_answers(client);
                }
            }
            client::Event::Acked {
                namespace,
                id,
                outcome,
            } => {
                let number = self.client_asks.settle(id.get(), &outcome);
                // Without tries, what is disconnected has left.
                let is_out = self.terms.tries().is_none();
                let lost = Err(AckError::Disconnected);
                if outcome.is_err() && !(is_out && outcome == lost) {
                    self.rooms[room_of(&namespace)].expired.insert(number);
                }
            }
            client::Event::Undelivered {
                namespace,
                packet,
                error,
            } => {
                let args = packet.args().expect("an event");
                let (number, _): (u32, Option<Bytes>) = args.event_data().unwrap();
                let is_new = self.rooms[room_of(&namespace)].expired.insert(number);
                assert!(is_new, "{number} was reported twice");
                assert!(self.terms.tries().is_some() || error == AckError::Superseded);
            }
            client::Event::Disconnected { namespace, reason } => {
                let room = &mut self.rooms[room_of(&namespace)];
                assert!(room.stay.take().is_some(), "disconnected twice");
                if self.terms.tries().is_none() {
                    // Everything taken so far was handed to the session.
                    room.gone = room.said;
                    room.is_torn |= reason != DisconnectReason::ClientDisconnect;
                }
            }
            client::Event::Ended(end) => {
                self.end = Some(end);
                self.is_opened = false;
                for room in &mut self.rooms {
                    assert_eq!(room.stay, None, "a stay without a session");
                    room.is_torn = self.terms.tries().is_none();
                }
            }
            client::Event::GaveUp => panic!("there is no limit"),
            client::Event::Error { .. } => panic!("the server only refuses"),
            client::Event::Stopped => self.has_stopped = true,
            client::Event::Reconnecting { attempt, .. } => {
                self.attempts += 1;
                assert!(attempt <= self.attempts, "the waits were not forgotten");
            }
            client::Event::AuthRequest(_)
            | client::Event::Heartbeat
            | client::Event::Upgraded
            | client::Event::UpgradeFailed => {}
        }
    }
}

impl Game for Talk {
    type Client = Shell;
    type Server = Connection;
    type Act = Act;

    fn connect(&mut self, _: Timestamp) -> Shell {
        let (mut client, since) = self
            .client
            .take()
            .expect("the client is between two worlds");
        self.begin(&mut client, since);
        Shell::new(client, since)
    }

    fn accept(&mut self, sid: Sid, peer: Peer, via: Opening, now: Timestamp) -> Connection {
        let session = Session::open_for(&self.engine, sid, peer, via, now);
        let mut config = server::Config::default();
        config.parser = self.parser;
        Connection::new(session, &config, now)
    }

    fn actor(act: &Act) -> Side {
        match act {
            Act::Say(side, ..) | Act::Ask(side, ..) => *side,
            Act::Answer | Act::Open(_) | Act::Leave(_) | Act::Stop => Side::Client,
            Act::Admit | Act::End | Act::Kick(_) => Side::Server,
        }
    }

    fn act(&mut self, now: Timestamp, act: &Act, shell: &mut Shell, servers: &mut [Connection]) {
        if Self::actor(act) == Side::Client && shell.is_closed() {
            return;
        }
        let time = shell.tick(now);
        let client = &mut shell.client;
        match (*act, servers.first_mut()) {
            (Act::Open(room), _) => client.open(time, name(room), Credentials::None),
            (Act::Leave(room), _) => {
                self.has_kept_root &= room != 0;
                client.disconnect(time, &name(room));
            }
            (Act::Stop, _) => client.close(time),
            (Act::Say(Side::Client, room, count), _) => {
                (0..count).for_each(|_| self.client_says(client, time, room));
            }
            (Act::Ask(Side::Client, room, within), _) => {
                self.client_asks(shell, time, room, within);
            }
            (Act::Answer, _) => self.client_answers(client),
            (Act::Say(Side::Server, room, count), mut server) => {
                (0..count).for_each(|_| self.server_says(server.as_deref_mut(), now, room));
            }
            (Act::Ask(Side::Server, room, _), Some(server)) => self.server_asks(server, now, room),
            (Act::Kick(room), Some(server)) => {
                self.has_kicked = true;
                // What the client has on its way will not be heard.
                self.rooms[room].is_torn |=
                    self.terms.tries().is_none() && self.rooms[room].believed.is_some();
                server.disconnect(&name(room));
            }
            (Act::Admit, Some(server)) => {
                self.is_slow = false;
                for request in std::mem::take(&mut self.waiting) {
                    self.admit(server, now, request);
                }
            }
            (Act::End, Some(server)) => server.close(now),
            (Act::Admit, None) => self.is_slow = false,
            (Act::Ask(Side::Server, ..), None) | (Act::End | Act::Kick(_), None) => {}
        }
    }

    fn on_client(&mut self, now: Timestamp, shell: &mut Shell, event: client::Event) {
        let time = shell.tick(now);
        self.on_client_event(&mut shell.client, time, event);
    }

    fn on_server(
        &mut self,
        now: Timestamp,
        session: usize,
        server: &mut Connection,
        event: server::Event,
    ) {
        if session > 0 {
            // The work of a proxy: nobody speaks to it, so all it does is end. Old ones are asked in.
            let is_asked = self.terms.is_old() && matches!(event, server::Event::ConnectRequest(_));
            let is_end = matches!(event, server::Event::Closed(_));
            return assert!(is_asked || is_end, "{event:?}");
        }
        match event {
            server::Event::ConnectRequest(request) if self.is_slow => self.waiting.push(request),
            server::Event::ConnectRequest(request) => self.admit(server, now, request),
            server::Event::Event {
                namespace,
                args,
                reply,
            } => {
                let (number, _): (u32, Option<Bytes>) = args.event_data().unwrap();
                let is_late = self.end.is_some();
                let room = &mut self.rooms[room_of(&namespace)];
                match self.terms.tries() {
                    Some(most) => room.hear_again(number, most),
                    None => room.hear(number, is_late),
                }
                if let Some(reply) = reply {
                    let _ = server.reply(reply, Args::new(&number).unwrap());
                }
            }
            server::Event::Acked { id, outcome, .. } => {
                self.server_asks.settle(id.get(), &outcome);
            }
            server::Event::Disconnected { namespace, .. } => {
                let room = room_of(&namespace);
                let believed = self.rooms[room].believed.take();
                assert!(believed.is_some(), "disconnected twice");
                if let Some(recovery) = &mut self.recovery {
                    recovery.left(now, room, server.resumable(&namespace).cloned());
                }
            }
            server::Event::Malformed(_) | server::Event::Upgraded | server::Event::Closed(_) => {}
        }
    }

    fn max_payload(&self) -> u64 {
        self.engine.max_payload
    }

    fn longest_wait(&self) -> u64 {
        self.longest_wait
    }
}

/// The longest of all waits: for a pong, a dial, a first namespace, a reconnection, an answer.
fn longest_wait(engine: &Config, client: &client::Config) -> u64 {
    let reconnection = client.reconnection.as_ref();
    let spans = [
        engine.ping_interval + engine.ping_timeout,
        engine.upgrade_timeout,
        engine.close_timeout,
        client.engine.opening_timeout,
        client.engine.upgrade_timeout,
        client.engine.close_timeout,
        server::Config::default().connect_timeout,
        reconnection.map_or(Duration::ZERO, |terms| terms.delay_max),
        LONGEST_QUESTION,
    ];
    let longest = spans.into_iter().max().unwrap_or_default();
    u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)
}

/// No question waits longer for its answer, unless it waits for ever.
pub(crate) const LONGEST_QUESTION: Duration = Duration::from_secs(5);

/// Whether what is emitted now leaves now.
fn is_online(client: &Client, room: usize) -> bool {
    let is_open = client.engine().is_some_and(|engine| engine.is_open());
    is_open && client.is_connected(&name(room))
}

pub(crate) fn name(room: usize) -> Namespace {
    Namespace::new(NAMESPACES[room]).unwrap()
}

fn room_of(namespace: &Namespace) -> usize {
    let is_it = |name: &&str| *name == namespace.as_str();
    NAMESPACES.iter().position(is_it).unwrap()
}

/// Every fifth number brings bytes.
fn numbered(number: u32) -> (u32, Option<Bytes>) {
    let has_bytes = number.is_multiple_of(5);
    (number, has_bytes.then(|| Bytes::from_static(&[7; 3])))
}
