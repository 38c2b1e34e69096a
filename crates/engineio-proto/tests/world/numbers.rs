//! The game of Engine.IO alone: both applications count, so what is lost, doubled or out of order
//! is heard at once.

use std::time::Duration;

use engineio_proto::client::{self, Event as ClientEvent};
use engineio_proto::parser::Revision;
use engineio_proto::server::{self, Event as ServerEvent, Opening, Peer};
use engineio_proto::{
    CloseReason, Config, Frame, Ids, Machine, Message, SendError, Sid, Timestamp, TransportKind,
    Transports,
};

use super::trace::message;
use super::{Fault, Game, Network, Rng, Seen, Side, Trace, Weather, World};

/// What the applications do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// One side says the next numbers, each padded to so many bytes.
    Say(Side, u32, usize),
    Close(Side),
    Abort(Side),
}

/// Both applications, and what they must agree on.
#[derive(Debug)]
pub(crate) struct Numbers {
    client: client::Config,
    server: Config,
    /// Numbers that the machine of a side has taken.
    said: [u32; 2],
    /// Numbers that a side has heard.
    heard: [u32; 2],
    /// How often the client has heard that the server lives.
    heartbeats: u32,
    is_opened: bool,
    is_upgraded: [bool; 2],
    has_upgrade_failed: bool,
    has_left: [Option<Act>; 2],
    ended: [Option<CloseReason>; 2],
}

impl Numbers {
    pub(crate) const fn new(client: client::Config, server: Config) -> Self {
        Self {
            client,
            server,
            said: [0; 2],
            heard: [0; 2],
            heartbeats: 0,
            is_opened: false,
            is_upgraded: [false; 2],
            has_upgrade_failed: false,
            has_left: [None; 2],
            ended: [None; 2],
        }
    }

    pub(crate) const fn reason(&self, side: Side) -> Option<CloseReason> {
        self.ended[side as usize]
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.is_upgraded == [true; 2]
    }

    fn has_anyone_left(&self) -> bool {
        self.has_left.iter().any(Option::is_some)
    }

    /// Everything that was taken has been heard, and both sides are where they want to be.
    fn is_settled(&self) -> bool {
        self.is_opened
            && self.ended == [None, None]
            && self.said[0] == self.heard[1]
            && self.said[1] == self.heard[0]
            && (self.is_upgraded() || self.has_upgrade_failed || !self.hopes_for_upgrade())
    }

    fn hopes_for_upgrade(&self) -> bool {
        let transports = &self.client.transports;
        transports.first() == Some(&TransportKind::Polling)
            && transports.contains(&TransportKind::WebSocket)
            && self.client.upgrade
            && self.server.allow_upgrades
            && self.server.transports.websocket
    }

    fn hear(&mut self, side: Side, message: &Message) {
        assert_eq!(self.reason(side), None, "a message after the end");
        let heard = &mut self.heard[side as usize];
        let number = match message {
            Message::Text(text) => {
                let number = number(text.as_bytes());
                let is_right = !says_more(self.client.revision, number) || text.ends_with(MORE);
                assert!(is_right, "{text:?} has changed on the way");
                number
            }
            Message::Binary(bytes) => number(bytes),
        };
        assert_eq!(number, *heard + 1, "lost, doubled or out of order");
        *heard = number;
        assert!(number <= self.said[side.other() as usize], "never said");
    }

    fn end(&mut self, side: Side, reason: CloseReason) {
        let previous = self.ended[side as usize].replace(reason);
        assert_eq!(previous, None, "{side:?} ended twice");
        let is_forced = self.has_left[side as usize].is_some();
        assert_eq!(
            reason == CloseReason::Forced,
            is_forced,
            "{side:?}: {reason}"
        );
    }

    fn say(&mut self, side: Side, size: usize, send: impl FnOnce(Frame) -> Result<(), SendError>) {
        let number = self.said[side as usize] + 1;
        match send(frame(self.client.revision, number, size)) {
            Ok(()) => {
                assert_eq!(self.has_left[side as usize], None, "taken while closing");
                self.said[side as usize] = number;
            }
            Err(SendError::Closed(_)) => assert!(
                self.has_left[side as usize].is_some() || self.reason(side).is_some(),
                "refused while open"
            ),
            Err(SendError::Full(_)) => {}
        }
    }
}

impl Game for Numbers {
    type Client = client::Session;
    type Server = server::Session;
    type Act = Act;

    fn connect(&mut self, now: Timestamp) -> client::Session {
        client::Session::connect(&self.client, Ids::new(), now)
    }

    fn accept(&mut self, sid: Sid, peer: Peer, via: Opening, now: Timestamp) -> server::Session {
        server::Session::open_for(&self.server, sid, peer, via, now)
    }

    fn actor(act: &Act) -> Side {
        let (Act::Say(side, ..) | Act::Close(side) | Act::Abort(side)) = *act;
        side
    }

    fn act(
        &mut self,
        now: Timestamp,
        act: &Act,
        client: &mut client::Session,
        servers: &mut [server::Session],
    ) {
        let server = servers.first_mut();
        match (*act, server) {
            (Act::Say(side @ Side::Client, count, size), _) => {
                for _ in 0..count {
                    self.say(side, size, |frame| client.send_frame(frame));
                    let bound = self.client.buffer_limit + LARGEST;
                    assert!(client.queued_bytes() <= bound, "more than the limit");
                }
            }
            (Act::Say(side @ Side::Server, count, size), Some(server)) => {
                for _ in 0..count {
                    self.say(side, size, |frame| server.send_frame(frame));
                    let bound = self.server.buffer_limit + LARGEST;
                    assert!(server.queued_bytes() <= bound, "more than the limit");
                }
            }
            (Act::Close(Side::Client), _) => {
                leave(&mut self.has_left[0], *act, client.is_closed());
                client.close(now);
            }
            (Act::Close(Side::Server), Some(server)) => {
                leave(&mut self.has_left[1], *act, server.is_closed());
                server.close(now);
            }
            (Act::Abort(Side::Client), _) => {
                leave(&mut self.has_left[0], *act, client.is_closed());
                client.abort();
            }
            (Act::Abort(Side::Server), Some(server)) => {
                leave(&mut self.has_left[1], *act, server.is_closed());
                server.abort();
            }
            (
                Act::Say(Side::Server, ..) | Act::Close(Side::Server) | Act::Abort(Side::Server),
                None,
            ) => {}
        }
    }

    fn on_client(&mut self, _: Timestamp, _: &mut client::Session, event: ClientEvent) {
        assert_eq!(self.ended[0], None, "{event:?} after the end");
        match event {
            ClientEvent::Opened(_) => {
                assert!(!self.is_opened, "opened twice");
                self.is_opened = true;
            }
            ClientEvent::Message(message) => self.hear(Side::Client, &message),
            ClientEvent::Upgraded => {
                assert!(!self.is_upgraded[0], "upgraded twice");
                self.is_upgraded[0] = true;
            }
            ClientEvent::UpgradeFailed => self.has_upgrade_failed = true,
            ClientEvent::Heartbeat => self.heartbeats += 1,
            ClientEvent::Closed(reason) => self.end(Side::Client, reason),
        }
    }

    fn on_server(
        &mut self,
        _: Timestamp,
        session: usize,
        _: &mut server::Session,
        event: ServerEvent,
    ) {
        if session > 0 {
            // The work of a proxy: nobody speaks to it, so all it does is end.
            return assert!(matches!(event, ServerEvent::Closed(_)), "{event:?}");
        }
        assert_eq!(self.ended[1], None, "{event:?} after the end");
        match event {
            ServerEvent::Message(message) => self.hear(Side::Server, &message),
            ServerEvent::Upgraded => {
                assert!(!self.is_upgraded[1], "upgraded twice");
                self.is_upgraded[1] = true;
            }
            ServerEvent::Closed(reason) => self.end(Side::Server, reason),
        }
    }

    fn max_payload(&self) -> u64 {
        self.server.max_payload
    }

    fn longest_wait(&self) -> u64 {
        let (client, server) = (&self.client, &self.server);
        let spans = [
            client.opening_timeout,
            client.upgrade_timeout,
            client.close_timeout,
            server.upgrade_timeout,
            server.close_timeout,
            server.ping_interval + server.ping_timeout,
        ];
        millis(spans.into_iter().max().unwrap_or_default())
    }

    fn client_line(event: &ClientEvent) -> String {
        match event {
            ClientEvent::Opened(_) => "Opened".to_owned(),
            ClientEvent::Message(said) => message(said),
            ClientEvent::Heartbeat => "Heartbeat".to_owned(),
            ClientEvent::Upgraded => "Upgraded".to_owned(),
            ClientEvent::UpgradeFailed => "UpgradeFailed".to_owned(),
            ClientEvent::Closed(reason) => format!("Closed({reason:?})"),
        }
    }

    fn server_line(event: &ServerEvent) -> String {
        match event {
            ServerEvent::Message(said) => message(said),
            ServerEvent::Upgraded => "Upgraded".to_owned(),
            ServerEvent::Closed(reason) => format!("Closed({reason:?})"),
        }
    }
}

/// Everything that a seed decides, but for the fates of single messages.
#[derive(Debug)]
pub(crate) struct Scenario {
    client: client::Config,
    server: Config,
    weather: Weather,
    acts: Vec<(u64, Act)>,
    faults: Vec<(u64, Fault)>,
    /// From here on nothing is done any more, and nothing goes wrong.
    active: u64,
    /// How long to look on, once everything has been said.
    idle: u64,
    /// Who ends it, if nobody has.
    last_act: Act,
}

impl Scenario {
    /// What a seed decides, and the chance that is left for the rest.
    pub(crate) fn of(seed: u64) -> (Self, Rng) {
        let mut rng = Rng::new(seed);
        let mut scenario = Self::draw(&mut rng);
        scenario.speak(&mut Rng::new(seed ^ SPEECH));
        (scenario, rng)
    }

    /// Draws how the client speaks, from a chance of its own: the rest of a seed does not depend
    /// on it.
    fn speak(&mut self, rng: &mut Rng) {
        use Revision::{V2, V3, V4};
        self.client.revision = rng.weighted(&[(9, V4), (4, V3), (3, V2)]);
        self.client.force_base64 = rng.one_in(8);
        let rarity = match self.client.revision {
            V2 | V3 => 4,
            V4 => 16,
        };
        if rng.one_in(rarity) {
            // Whoever leaves is cut off just then, which hardly happens otherwise.
            let leaves = |act: &&(u64, Act)| !matches!(act.1, Act::Say(..));
            let cut = |act: &(u64, Act)| (act.0 + 1, Fault::reset(rng));
            self.faults.extend(self.acts.iter().filter(leaves).map(cut));
        }
    }

    fn draw(rng: &mut Rng) -> Self {
        let (client, server, max_way) = configs(rng);
        let weather = Weather::draw(rng, max_way);
        let active = rng.weighted(&[(3, 300), (3, 2_000), (1, 8_000), (1, 60_000)]);
        let is_bulky = rng.one_in(12) && server.max_payload > 100_000;
        let mut acts = Vec::new();
        for side in [Side::Client, Side::Server] {
            for _ in 0..rng.below(7) {
                let count = 1 + u32::try_from(rng.below(3)).unwrap_or(0);
                let size = match is_bulky {
                    true => usize::try_from(rng.below(LARGEST as u64 - 20)).unwrap_or(0),
                    false => 0,
                };
                acts.push((moment(rng, active), Act::Say(side, count, size)));
            }
        }
        if server.max_payload < 100 && rng.one_in(8) {
            // More than a post may carry, and it cannot be divided.
            acts.push((moment(rng, active), Act::Say(Side::Client, 1, 100)));
        }
        if rng.one_in(100) {
            chatter(rng, max_way, &mut acts);
        }
        for rarity in [4, 16] {
            if rng.one_in(rarity) {
                acts.push((moment(rng, active), leaving(rng)));
            }
        }
        let mut faults = Vec::new();
        for _ in 0..rng.weighted(&[(3, 0), (2, 1), (1, 2)]) {
            let fault = Fault::draw(rng, 1_000);
            let at = match fault {
                _ if fault.is_about_dials() => 0,
                Fault::Reset(_) if !acts.is_empty() && rng.one_in(2) => {
                    // While something is on its way.
                    let act = usize::try_from(rng.below(acts.len() as u64)).unwrap_or(0);
                    (acts[act].0 + rng.below(max_way)).min(active)
                }
                _ => moment(rng, active),
            };
            faults.push((at, fault));
        }
        let patience = millis(server.ping_interval + server.ping_timeout);
        Self {
            weather,
            acts,
            faults,
            active,
            idle: if rng.one_in(6) { patience * 5 / 2 } else { 0 },
            last_act: leaving(rng),
            client,
            server,
        }
    }

    /// Plays it to its end. Panics where a law is broken.
    pub(crate) fn play(self, net: Network<Act>, rng: Rng) -> Network<Act> {
        let (bound, revision) = (self.bound(), self.client.revision);
        let noticed_within = self.silence() + 2_000;
        let settles_within = self.settling();
        let mut world = World::new(
            Numbers::new(self.client, self.server),
            net,
            self.weather,
            rng,
        );
        world.net.revision = revision;
        for (at, act) in self.acts {
            world.plan(at, act);
        }
        for (at, fault) in self.faults {
            // Nothing to refuse, unless it is known before the dial.
            match at {
                0 => world.net.fail(fault),
                at => world.plan_fault(at, fault),
            }
        }
        world.run(self.active, World::is_over);
        world.net.mend();
        let patience = |world: &World<Numbers>| match &world.game {
            _ if !world.net.is_disturbed => settles_within,
            game if game.is_opened && !game.has_anyone_left() => noticed_within,
            _ => bound,
        };
        let is_calm = |world: &World<Numbers>| {
            let game = &world.game;
            let settles = !world.net.is_cut && !game.has_anyone_left();
            world.is_over() || settles && game.is_settled()
        };
        let was_disturbed = world.net.is_disturbed;
        let end = world.net.quiet_from() + patience(&world);
        let mut is_done = world.run(end, is_calm);
        if world.net.is_disturbed && !was_disturbed {
            let end = world.net.quiet_from() + patience(&world);
            is_done = world.run(end, is_calm);
        }
        world.check_calm(is_done || world.game.has_anyone_left());
        if self.idle > 0 {
            world.run(world.net.now + self.idle, World::is_over);
            world.check_calm(true);
        }
        if !world.is_over() && !world.game.has_anyone_left() {
            world.plan(world.net.now, self.last_act);
        }
        let end = world.net.quiet_from() + bound;
        let is_over = world.run(end, World::is_over);
        assert!(is_over, "somebody never ends");
        // What comes late changes nothing, but for a copy of a dial: it is a session of its own.
        world.run(world.net.now + 4_000, |_| false);
        // Twice, because a side may fall asleep on the way.
        let is_over = (0..2).any(|_| {
            let end = world.net.quiet_from() + bound;
            world.run(end, World::is_over)
        });
        assert!(is_over, "a session without a client never ends");
        world.check_end();
        world.count_outcomes();
        world.net
    }

    /// How long the heartbeat may keep a session that is dead: one side falls silent, and then the
    /// other notices.
    fn silence(&self) -> u64 {
        let (interval, timeout) = (self.server.ping_interval, self.server.ping_timeout);
        let intervals = match self.client.revision {
            // The last ping buys another interval.
            Revision::V2 | Revision::V3 => 2 * interval,
            Revision::V4 => interval,
        };
        millis(intervals + 2 * timeout)
    }

    /// In any weather, everything is said and every upgrade is done after so many milliseconds.
    const fn settling(&self) -> u64 {
        match self.client.revision {
            // More is said about each packet, so fewer of them fit into a post.
            Revision::V2 | Revision::V3 => 60_000,
            Revision::V4 => 20_000,
        }
    }

    /// Longer than every timer in a row.
    fn bound(&self) -> u64 {
        self.silence()
            + millis(self.client.opening_timeout)
            + millis(self.client.close_timeout.max(self.server.close_timeout))
            + 5_000
    }
}

impl World<Numbers> {
    /// Both sides have ended, if both have ever been.
    fn is_over(&self) -> bool {
        self.client.is_closed()
            && self.servers.iter().all(Machine::is_closed)
            // A handshake may still be on its way.
            && (!self.servers.is_empty() || self.net.is_cut || self.net.queue.is_empty())
    }

    /// What must be true once the network has been calm for long enough.
    fn check_calm(&self, is_done: bool) {
        let game = &self.game;
        assert!(
            is_done,
            "stuck: said {:?}, heard {:?}, upgraded {:?}, ended {:?}",
            game.said, game.heard, game.is_upgraded, game.ended
        );
        if self.net.is_disturbed || game.has_anyone_left() {
            return;
        }
        assert_eq!(game.ended, [None, None], "ended without a reason");
        assert!(game.is_opened);
        if game.hopes_for_upgrade() && !self.net.is_upgrade_spoiled {
            assert!(game.is_upgraded(), "the upgrade failed without a reason");
        }
    }

    fn count_outcomes(&mut self) {
        let game = &self.game;
        let has_expired = |side| game.reason(side) == Some(CloseReason::PingTimeout);
        let outcomes = [
            (game.is_upgraded(), Seen::Upgraded),
            (game.has_upgrade_failed, Seen::UpgradeFailed),
            (game.heartbeats > 0, Seen::Heartbeat),
            (has_expired(Side::Client), Seen::ClientExpired),
            (has_expired(Side::Server), Seen::ServerExpired),
        ];
        for (has_come, seen) in outcomes {
            if has_come {
                self.net.saw(seen);
            }
        }
    }

    /// What must be true once both sides have ended.
    fn check_end(&self) {
        let game = &self.game;
        assert_eq!(self.client.next_timeout(), None);
        assert_eq!(self.client.queued_bytes(), 0);
        for server in &self.servers {
            assert_eq!(server.next_timeout(), None);
            assert_eq!(server.queued_bytes(), 0);
        }
        self.net.check_nothing_open();
        if self.net.is_disturbed {
            return;
        }
        // Whoever leaves politely, and alone, is heard to the end.
        for side in [Side::Client, Side::Server] {
            let left = game.has_left[side as usize];
            let other = side.other() as usize;
            if matches!(left, Some(Act::Close(_)))
                && game.has_left[other].is_none()
                && game.is_opened
            {
                assert_eq!(
                    game.said[side as usize], game.heard[other],
                    "lost at the close"
                );
                assert!(
                    matches!(
                        game.ended[other],
                        Some(CloseReason::TransportClose | CloseReason::TransportError)
                    ),
                    "{:?}",
                    game.ended
                );
            }
        }
    }
}

/// Plays a seed. Panics where a law is broken.
pub(crate) fn play(seed: u64, net: Network<Act>) -> Network<Act> {
    let (scenario, rng) = Scenario::of(seed);
    scenario.play(net, rng)
}

/// What happened under a seed, up to the moment at which a law was broken. `None`: none was.
pub(crate) fn transcript_of(seed: u64) -> Option<String> {
    let trace = Trace::written();
    let (scenario, rng) = Scenario::of(seed);
    let title = format!("seed {seed}\n{scenario:?}\n");
    let run = std::panic::AssertUnwindSafe(|| {
        let mut net = Network::default();
        net.trace = trace.clone();
        scenario.play(net, rng);
    });
    let failure = std::panic::catch_unwind(run).err()?;
    let words = failure
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| failure.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Some(format!("{title}{}{words}\n", trace.take()))
}

fn configs(rng: &mut Rng) -> (client::Config, Config, u64) {
    use TransportKind::{Polling, WebSocket};
    let mut client = client::Config::default();
    client.transports = rng.weighted(&[
        (14, vec![Polling, WebSocket]),
        (3, vec![WebSocket]),
        (2, vec![Polling]),
        (1, vec![WebSocket, Polling]),
    ]);
    client.upgrade = !rng.one_in(20);
    let mut server = Config::default();
    server.allow_upgrades = !rng.one_in(20);
    if rng.one_in(20) && client.transports[0] == Polling {
        server.transports = Transports::POLLING;
    }
    server.max_payload = rng.weighted(&[(3, 1_000_000), (1, 40)]);
    if rng.one_in(8) {
        client.buffer_limit = 20;
        server.buffer_limit = 20;
    }
    if !rng.one_in(3) {
        return (client, server, 400);
    }
    server.ping_interval = Duration::from_millis(500);
    server.ping_timeout = Duration::from_millis(4_000);
    server.close_timeout = Duration::from_millis(5_000);
    client.close_timeout = Duration::from_millis(5_000);
    client.opening_timeout = Duration::from_millis(5_000);
    (client, server, 60)
}

/// One side hardly ever stops talking. An upgrade must find its moment.
fn chatter(rng: &mut Rng, max_way: u64, acts: &mut Vec<(u64, Act)>) {
    let side = rng.weighted(&[(1, Side::Client), (1, Side::Server)]);
    let pause = 1 + max_way / 3;
    acts.extend((0..10_000 / pause).map(|number| (number * pause, Act::Say(side, 1, 0))));
}

/// Most of what is interesting happens soon.
fn moment(rng: &mut Rng, active: u64) -> u64 {
    let end = if rng.one_in(2) {
        active
    } else {
        active.min(1_500)
    };
    1 + rng.below(end)
}

fn leaving(rng: &mut Rng) -> Act {
    rng.weighted(&[
        (3, Act::Close(Side::Client)),
        (3, Act::Close(Side::Server)),
        (1, Act::Abort(Side::Client)),
        (1, Act::Abort(Side::Server)),
    ])
}

/// Notes how a side wants to go, unless it has gone already. It may lose its patience.
fn leave(left: &mut Option<Act>, act: Act, is_closed: bool) {
    if !is_closed && !matches!(left, Some(Act::Abort(_))) {
        *left = Some(act);
    }
}

/// Every fifth number travels as bytes.
fn frame(revision: Revision, number: u32, size: usize) -> Frame {
    let digits = number.to_string();
    let more = if says_more(revision, number) {
        MORE
    } else {
        ""
    };
    match number % 5 {
        0 if size == 0 => Frame::Binary(digits.into()),
        _ if size == 0 => Frame::Text(format!("4{digits}{more}").into()),
        _ => Frame::Text(format!("4{digits} {}{more}", "x".repeat(size)).into()),
    }
}

/// Whether a number is followed by text on which old revisions do not agree.
const fn says_more(revision: Revision, number: u32) -> bool {
    !matches!(revision, Revision::V4) && number % 3 == 1
}

const MORE: &str = " é€😀";

fn number(text: &[u8]) -> u32 {
    text.iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("spans are short here")
}

/// Bytes of the largest message, and of packets that no limit holds back.
const LARGEST: usize = 50_000;

/// Keeps the chance of the speech apart from that of everything else. The seeds of `seeds.txt`
/// speak revision 4 with it, without base64, as they did when they were found.
const SPEECH: u64 = 0xEBE;
