//! The world: a client, its servers, one clock, and what is on its way between them.
//!
//! Nothing sleeps; time jumps to the next thing that happens. Every request and every WebSocket
//! has its own way, in order within, free between: that is where the protocol's races are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use bytes::Bytes;
use engineio_proto::parser::{Channel, Revision};
use engineio_proto::server::{BodyKind, Opening, Peer};
use engineio_proto::{Frame, Ids, Machine, Output, RequestId, Sid, Timestamp, TransportId};

use super::cut::Stream;
use super::fault::Notice;
use super::trace::{client_io, server_io};
use super::{Fault, Game, Rng, Seen, Side, Tally, Trace, Weather};

pub(crate) struct World<G: Game> {
    pub(crate) game: G,
    pub(crate) client: G::Client,
    pub(crate) servers: Vec<G::Server>,
    pub(crate) net: Network<G::Act>,
}

/// Everything between the machines. Kept from one world to the next for its memory.
#[allow(
    clippy::struct_excessive_bools,
    reason = "accidents are independent of each other"
)]
pub(crate) struct Network<A> {
    pub(crate) now: u64,
    pub(crate) rng: Rng,
    pub(crate) weather: Weather,
    pub(crate) trace: Trace,
    /// What has happened in all the worlds of this network, by [revision](Self::revision).
    tallies: [Tally; 3],
    /// What is spoken, for the tally.
    pub(crate) revision: Revision,
    /// Something has happened that may end a session.
    pub(crate) is_disturbed: bool,
    /// Something has happened that may make an upgrade fail.
    pub(crate) is_upgrade_spoiled: bool,
    pub(crate) is_cut: bool,
    pub(super) queue: BinaryHeap<Entry<A>>,
    pub(super) sequence: u64,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) sockets: Vec<Socket>,
    pub(super) ghosts: Ids,
    pub(super) asleep_until: [u64; 2],
    /// By how many milliseconds the clock of a side is late, because it stood still.
    pub(super) late_by: [u64; 2],
    pub(super) slow_until: [u64; 2],
    pub(super) stalled_until: u64,
    pub(super) spoils_next: [bool; 2],
    pub(super) repeats_next_poll: bool,
    pub(super) repeats_next_dial: bool,
    pub(super) refuses_next: bool,
    pub(super) delays_next: u64,
    pub(super) has_hung_up: bool,
    lag: u64,
}

/// An HTTP request and its answer.
pub(super) struct Exchange {
    pub(super) request: RequestId,
    /// A copy of the request that a proxy has made.
    pub(super) ghost: Option<RequestId>,
    pub(super) session: Option<usize>,
    /// Of a handshake.
    pub(super) peer: Option<Peer>,
    /// Of a post.
    pub(super) body: Option<(BodyKind, Bytes)>,
    /// The server owes answers: to the request, to its copy.
    pub(super) owes: [bool; 2],
    /// The client has had its answer.
    pub(super) is_done: bool,
    /// The connection is broken: nothing passes.
    pub(super) is_dead: bool,
    /// By who receives them.
    pub(super) streams: [Stream; 2],
    /// Who is told if it breaks.
    pub(super) notice: Notice,
}

/// A WebSocket.
pub(super) struct Socket {
    pub(super) transport: TransportId,
    pub(super) session: Option<usize>,
    /// What its own query says.
    pub(super) asks: Asks,
    pub(super) way: u64,
    pub(super) ends: [End; 2],
    /// Nothing passes.
    pub(super) is_dead: bool,
    pub(super) is_candidate: bool,
    /// A copy that a proxy has made: the client does not know it.
    pub(super) is_copy: bool,
    /// By who receives them.
    pub(super) streams: [Stream; 2],
    /// Who is told if it breaks.
    pub(super) notice: Notice,
}

/// What the query of a WebSocket asks for.
#[derive(Clone)]
pub(super) enum Asks {
    /// A session, for this client.
    Session(Peer),
    /// To move one to it; it carries this.
    Upgrade(Channel),
}

#[derive(Default)]
pub(super) struct End {
    pub(super) is_open: bool,
    /// This side has closed it, or knows that it is gone.
    pub(super) is_closed: bool,
    pub(super) written: u32,
    pub(super) unflushed: (u32, usize),
    /// When the latest message towards this end arrives.
    pub(super) last: u64,
}

pub(super) struct Entry<A> {
    pub(super) at: u64,
    pub(super) sequence: u64,
    pub(super) what: What<A>,
}

/// Something that happens. A number names an exchange or a socket.
pub(super) enum What<A> {
    Act(A),
    Fault(Fault),
    Head(usize),
    Body(usize),
    Answer(usize, u16, Bytes),
    Broken(usize),
    Aborted(usize),
    Dial(usize),
    Dialed(usize),
    Message(Side, usize, Frame),
    Flushed(Side, usize, u32),
    Gone(Side, usize, Manner),
    /// A report about a WebSocket that is not the link.
    StaleFlushed(Side),
}

/// How a WebSocket came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Closed,
    Broken,
}

impl<A> Default for Network<A> {
    fn default() -> Self {
        let mut ghosts = Ids::new();
        // Far away from the ids of any client.
        for _ in 0..100_000 {
            ghosts.request();
        }
        Self {
            now: 0,
            rng: Rng::new(0),
            weather: Weather::calm(0),
            trace: Trace::silent(),
            tallies: Default::default(),
            revision: Revision::V4,
            is_disturbed: false,
            is_upgrade_spoiled: false,
            is_cut: false,
            queue: BinaryHeap::new(),
            sequence: 0,
            exchanges: Vec::new(),
            sockets: Vec::new(),
            ghosts,
            asleep_until: [0; 2],
            late_by: [0; 2],
            slow_until: [0; 2],
            stalled_until: 0,
            spoils_next: [false; 2],
            repeats_next_poll: false,
            repeats_next_dial: false,
            refuses_next: false,
            delays_next: 0,
            has_hung_up: false,
            lag: 0,
        }
    }
}

impl<G: Game> World<G> {
    /// A world at time zero, in which the client is about to dial.
    pub(crate) fn new(mut game: G, mut net: Network<G::Act>, weather: Weather, rng: Rng) -> Self {
        net.reset(weather, rng);
        let client = game.connect(net.time());
        Self {
            game,
            client,
            servers: Vec::new(),
            net,
        }
    }

    /// Plans an act of an application.
    pub(crate) fn plan(&mut self, at: u64, act: G::Act) {
        self.net.push(at, What::Act(act));
    }

    /// Plans something that goes wrong.
    pub(crate) fn plan_fault(&mut self, at: u64, fault: Fault) {
        self.net.push(at, What::Fault(fault));
    }

    /// Runs until `end`, or until `stop` says so. Whether it did.
    pub(crate) fn run(&mut self, end: u64, stop: impl Fn(&Self) -> bool) -> bool {
        self.drain_client();
        while !stop(self) {
            let due = self.next_due();
            let next = self.net.queue.peek().map_or(u64::MAX, |entry| entry.at);
            if next.min(due) > end {
                self.net.now = self.net.now.max(end);
                return false;
            }
            // An input that comes at the same moment as a timeout goes first.
            if next <= due {
                let entry = self.net.queue.pop().expect("it was there a moment ago");
                self.net.now = self.net.now.max(entry.at);
                self.happen(entry);
            } else {
                self.net.now = self.net.now.max(due);
                self.on_timeouts();
            }
        }
        true
    }

    /// When the next timer fires: when it is due, or as late as the driver is.
    fn next_due(&self) -> u64 {
        let longest = self.game.longest_wait();
        let due = |timeout: Option<Timestamp>, side: Side| {
            let wakes = self.net.asleep_until[side as usize];
            timeout.map_or(u64::MAX, |due| {
                let due = due
                    .as_millis()
                    .saturating_add(self.net.late_by[side as usize]);
                let latest = self.net.now.max(wakes) + longest;
                assert!(due <= latest, "{side:?} waits until {due}");
                due.saturating_add(self.net.lag).max(wakes)
            })
        };
        let mut next = due(self.client.next_timeout(), Side::Client);
        for server in &self.servers {
            next = next.min(due(server.next_timeout(), Side::Server));
        }
        next
    }

    fn on_timeouts(&mut self) {
        if self.net.asleep_until[Side::Client as usize] <= self.net.now {
            tick(&mut self.client, self.net.time_of(Side::Client));
            self.drain_client();
        }
        if self.net.asleep_until[Side::Server as usize] <= self.net.now {
            let now = self.net.time_of(Side::Server);
            for session in 0..self.servers.len() {
                tick(&mut self.servers[session], now);
                self.drain_server(session);
            }
        }
        let Network {
            rng, weather, lag, ..
        } = &mut self.net;
        *lag = rng.within(&weather.lag);
    }

    pub(super) fn act(&mut self, act: &G::Act) {
        self.net
            .trace
            .remark(self.net.time(), || format!("{act:?}"));
        let side = G::actor(act);
        let now = self.net.time_of(side);
        // What is overdue happens before what is asked.
        match side {
            Side::Client => self.client.handle_timeout(now),
            Side::Server => {
                for server in &mut self.servers {
                    server.handle_timeout(now);
                }
            }
        }
        self.drain(side);
        self.game.act(now, act, &mut self.client, &mut self.servers);
        self.drain(side);
    }

    fn drain(&mut self, side: Side) {
        match side {
            Side::Client => self.drain_client(),
            Side::Server => (0..self.servers.len()).for_each(|session| self.drain_server(session)),
        }
    }

    pub(super) fn drain_client(&mut self) {
        let (now, time) = (self.net.time(), self.net.time_of(Side::Client));
        let mut count = 0;
        while let Some(output) = self.client.poll_output() {
            count += 1;
            assert!(count < MOST_OUTPUTS, "outputs without end");
            match output {
                Output::Io(io) => {
                    self.net.trace.output(now, Side::Client, || client_io(&io));
                    self.net.perform_for_client(io);
                }
                Output::Event(event) => {
                    self.net
                        .trace
                        .output(now, Side::Client, || G::client_line(&event));
                    self.game.on_client(time, &mut self.client, event);
                }
            }
        }
        if self.client.is_closed() {
            self.net.hang_up();
        }
    }

    pub(super) fn drain_server(&mut self, session: usize) {
        let (now, time) = (self.net.time(), self.net.time_of(Side::Server));
        let mut count = 0;
        while let Some(output) = self.servers[session].poll_output() {
            count += 1;
            assert!(count < MOST_OUTPUTS, "outputs without end");
            match output {
                Output::Io(io) => {
                    self.net.trace.output(now, Side::Server, || server_io(&io));
                    self.net.perform_for_server(io);
                }
                Output::Event(event) => {
                    self.net
                        .trace
                        .output(now, Side::Server, || G::server_line(&event));
                    self.game
                        .on_server(time, session, &mut self.servers[session], event);
                }
            }
        }
        if self.servers[session].is_closed() {
            self.net.check_nothing_owed(session);
        }
    }

    /// Makes the session that a handshake asks for.
    pub(super) fn accept(&mut self, peer: Peer, via: Opening) -> usize {
        let session = self.servers.len();
        let sid = Sid::new(format!("s{session}"));
        let now = self.net.time_of(Side::Server);
        let server = self.game.accept(sid, peer, via, now);
        self.servers.push(server);
        session
    }
}

impl<A> Network<A> {
    fn reset(&mut self, weather: Weather, rng: Rng) {
        self.now = 0;
        self.revision = Revision::V4;
        self.rng = rng;
        self.weather = weather;
        self.is_disturbed = false;
        self.is_upgrade_spoiled = false;
        self.is_cut = false;
        self.queue.clear();
        self.sequence = 0;
        self.exchanges.clear();
        self.sockets.clear();
        self.asleep_until = [0; 2];
        self.late_by = [0; 2];
        self.slow_until = [0; 2];
        self.stalled_until = 0;
        self.spoils_next = [false; 2];
        self.repeats_next_poll = false;
        self.repeats_next_dial = false;
        self.refuses_next = false;
        self.delays_next = 0;
        self.has_hung_up = false;
        self.lag = 0;
    }

    pub(crate) const fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// What the clock of a side shows.
    pub(super) const fn time_of(&self, side: Side) -> Timestamp {
        Timestamp::from_millis(self.now.saturating_sub(self.late_by[side as usize]))
    }

    pub(super) const fn saw(&mut self, seen: Seen) {
        self.tallies[(self.revision.number() - 2) as usize].count(seen);
    }

    /// What has happened in the worlds in which a revision was spoken.
    pub(crate) fn tally_of(&self, revision: Revision) -> &Tally {
        &self.tallies[usize::from(revision.number() - 2)]
    }

    pub(super) fn push(&mut self, at: u64, what: What<A>) {
        self.sequence += 1;
        let at = at.max(self.now);
        self.queue.push(Entry {
            at,
            sequence: self.sequence,
            what,
        });
    }

    /// When something that leaves now and takes `way` arrives.
    pub(super) fn arrival(&mut self, way: u64) -> u64 {
        let (at, grain) = (self.now + way, self.weather.grain);
        let passes = at.div_ceil(grain) * grain;
        if passes > at {
            self.saw(Seen::Buffered);
        }
        passes
    }

    /// Every request that reached a session is answered, whatever happens to it.
    fn check_nothing_owed(&self, session: usize) {
        for exchange in &self.exchanges {
            assert!(
                exchange.session != Some(session) || exchange.owes == [false; 2],
                "{} was never answered",
                exchange.request
            );
        }
    }

    /// A machine that has ended leaves no WebSocket open.
    pub(super) fn check_nothing_open(&self) {
        for socket in &self.sockets {
            for end in &socket.ends {
                assert!(
                    end.is_closed || !end.is_open,
                    "{} stays open",
                    socket.transport
                );
            }
        }
    }

    /// When the last thing that stands still moves on.
    pub(crate) fn quiet_from(&self) -> u64 {
        let [client, server] = self.asleep_until;
        let [slow_client, slow_server] = self.slow_until;
        [client, server, slow_client, slow_server, self.stalled_until]
            .into_iter()
            .fold(self.now, u64::max)
    }

    pub(crate) fn fail(&mut self, fault: Fault) {
        let now = self.time();
        self.trace.remark(now, || format!("{fault:?}"));
        let is_long = |millis: u64| millis > LONGEST_HARMLESS;
        match fault {
            Fault::Cut => {
                self.saw(Seen::Cable);
                self.is_cut = true;
                self.is_disturbed = true;
            }
            Fault::Stall(millis) => {
                self.saw(Seen::Stall);
                self.stalled_until = self.stalled_until.max(self.now + millis);
                self.is_disturbed |= is_long(millis);
            }
            Fault::Sleep(side, millis) => {
                self.saw([Seen::ClientSlept, Seen::ServerSlept][side as usize]);
                self.sleep(side, millis);
            }
            Fault::Suspend(side, millis) => {
                self.saw([Seen::ClientClockStood, Seen::ServerClockStood][side as usize]);
                self.late_by[side as usize] += self.sleep(side, millis);
            }
            Fault::SlowReader(side, millis) => {
                let until = &mut self.slow_until[side as usize];
                *until = (*until).max(self.now + millis);
                self.is_disturbed |= is_long(millis);
            }
            Fault::Refuse => self.refuses_next = true,
            Fault::LateDial(millis) => self.delays_next = millis,
            Fault::RepeatedDial => self.repeats_next_dial = true,
            Fault::RepeatedPoll => {
                self.repeats_next_poll = true;
                self.is_disturbed = true;
            }
            Fault::Garbage(side) => {
                self.spoils_next[side as usize] = true;
                self.is_disturbed = true;
            }
            Fault::Reset(notice) => self.cut_connection(notice),
        }
    }

    /// One side stands still. By how much longer than it would have anyway.
    fn sleep(&mut self, side: Side, millis: u64) -> u64 {
        let until = &mut self.asleep_until[side as usize];
        let before = (*until).max(self.now);
        *until = (*until).max(self.now + millis);
        self.is_disturbed |= millis > LONGEST_HARMLESS;
        *until - before
    }
}

fn tick<M: Machine>(machine: &mut M, now: Timestamp) {
    machine.handle_timeout(now);
    assert!(
        machine.next_timeout().is_none_or(|next| next > now),
        "time stands still"
    );
}

impl<A> PartialEq for Entry<A> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<A> Eq for Entry<A> {}

impl<A> PartialOrd for Entry<A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest one is the greatest: it leaves the heap first.
impl<A> Ord for Entry<A> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

/// A side or a network that stands still for so many milliseconds harms no session.
const LONGEST_HARMLESS: u64 = 1_000;

/// What one input may lead to, with room to spare.
const MOST_OUTPUTS: usize = 10_000;
