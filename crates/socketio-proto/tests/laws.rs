//! What holds for every connection, whatever the client, the application and the clock do.

mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use socketio_proto::engine::parser::legacy::Dialect;
use socketio_proto::engine::parser::payload::Form;
use socketio_proto::engine::parser::{Revision, Wire};
use socketio_proto::engine::server::{Input, Io, Response};
use socketio_proto::engine::{self, Frame, Message, RequestId};
use socketio_proto::parser::{Decoder, Frame as SioFrame, Packet, Progress};
use socketio_proto::server::{Accept, Config, Emit, Event};
use socketio_proto::{
    AckId, Args, ConnectError, Encoded, Limits, Machine, Namespace, Output, PrivateId, Room, Rooms,
    Selector, SocketId,
};
use world::{Link, World, namespace};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Says(&'static str),
    SaysBytes,
    Polls,
    Aborts,
    HangsUp,
    Waits(u64),
    Flushes,
    Accept,
    /// The client comes back: so many events are sent before its answer.
    AcceptAgain(u32),
    Reject,
    Forget,
    Emit {
        to: usize,
        binary: bool,
        volatile: bool,
    },
    Ask {
        to: usize,
        within: Option<u64>,
    },
    /// As `Ask`, under an id of the driver's choice.
    Call {
        to: usize,
        id: u64,
        within: Option<u64>,
    },
    Reply,
    Disconnect(usize),
    Close,
    CloseSession,
    ShutDown,
    /// The driver looks after its outputs, which it may also leave for later.
    Drain,
}

const NAMESPACES: [&str; 3] = ["/", "/a", "/b?q=1"];

/// The name of events that somebody has missed.
const MISSED: &str = "m";

/// The longest of the spans: for a first namespace, or for a ping and its pong.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// Bytes of the largest packet, and of what the connection says by itself.
const LARGEST: usize = 300;

/// Mostly what a correct client says; then what it should not.
const GOOD: [&str; 16] = [
    "40",
    "40/a,",
    "40/b?q=1,{\"t\":1}",
    "42[\"e\"]",
    "42/a,[\"e\",1]",
    "42/b?q=1,7[\"e\"]",
    "421[\"e\"]",
    "430[]",
    "431[1]",
    "43/a,0[]",
    "43/a,2[]",
    "43/b?q=1,1[]",
    "432[]",
    "41",
    "41/a,",
    "3",
];
const BAD: [&str; 12] = [
    "44{}",
    "4abc",
    "42{}",
    "40[]",
    "42/never,[\"e\"]",
    "43[]",
    "451-[\"b\",{\"_placeholder\":true,\"num\":0}]",
    "4",
    "1",
    "2",
    "x",
    "42[\"disconnect\"]",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::sample::select(&GOOD[..]).prop_map(Step::Says),
        8 => prop::sample::select(&GOOD[..3]).prop_map(Step::Says),
        1 => prop::sample::select(&BAD[..]).prop_map(Step::Says),
        1 => Just(Step::SaysBytes),
        4 => Just(Step::Polls),
        1 => prop_oneof![1 => Just(Step::Aborts), 1 => Just(Step::HangsUp)],
        3 => prop_oneof![0_u64..50, 0_u64..30_000].prop_map(Step::Waits),
        3 => Just(Step::Flushes),
        5 => Just(Step::Accept),
        5 => (0..4_u32).prop_map(Step::AcceptAgain),
        2 => Just(Step::Reject),
        1 => Just(Step::Forget),
        6 => (0..3_usize, any::<bool>(), any::<bool>())
            .prop_map(|(to, binary, volatile)| Step::Emit { to, binary, volatile }),
        6 => (0..3_usize, prop::option::of(0_u64..100))
            .prop_map(|(to, within)| Step::Ask { to, within }),
        6 => (0..3_usize, 0_u64..12, prop::option::of(0_u64..100))
            .prop_map(|(to, id, within)| Step::Call { to, id, within }),
        3 => Just(Step::Reply),
        2 => (0..3_usize).prop_map(Step::Disconnect),
        1 => prop_oneof![Just(Step::Close), Just(Step::CloseSession), Just(Step::ShutDown)],
        12 => Just(Step::Drain),
    ]
}

/// A namespace among the packets: in those of old clients its name has no query.
fn name(is_old: bool, index: usize) -> Namespace {
    let name = namespace(NAMESPACES[index]);
    if is_old { name.path() } else { name }
}

/// What a client that is let in hears of it.
#[derive(Debug, PartialEq)]
enum Promise {
    Missed(u32),
    Answer,
}

/// Everything that must add up in the end.
struct Ledger {
    world: World,
    websocket: bool,
    /// The client is one of Socket.IO 1 or 2.
    is_old: bool,
    polled: Vec<RequestId>,
    answered: BTreeMap<String, usize>,
    /// Stays that have begun and not been reported as ended.
    stays: BTreeMap<Namespace, usize>,
    /// Outcomes by namespace and id.
    asked: BTreeMap<(Namespace, u64), usize>,
    accepted: usize,
    welcomed: usize,
    /// What those let in are to hear, in this order: missed events, then the answer.
    promised: VecDeque<(Namespace, Promise)>,
    /// Under which private id a namespace may be picked up again.
    pids: BTreeMap<Namespace, Option<PrivateId>>,
    buffer_limit: usize,
    malformed: usize,
    closed: usize,
    wire: Decoder,
}

impl Ledger {
    fn new(websocket: bool, is_old: bool, buffer_limit: usize) -> Self {
        let revision = if is_old { Revision::V3 } else { Revision::V4 };
        let mut engine = engine::Config::default();
        engine.buffer_limit = buffer_limit;
        Self {
            world: World::speaking(revision, &engine, &Config::default(), websocket),
            websocket,
            is_old,
            polled: Vec::new(),
            answered: BTreeMap::new(),
            stays: BTreeMap::new(),
            asked: BTreeMap::new(),
            accepted: 0,
            welcomed: 0,
            promised: VecDeque::new(),
            pids: BTreeMap::new(),
            buffer_limit,
            malformed: 0,
            closed: 0,
            wire: Decoder::new(Limits::default()),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one short arm per step")]
    fn take(&mut self, step: Step) {
        let now = self.world.now;
        let connection = &mut self.world.connection;
        match step {
            Step::Says(text) if self.is_old && !self.websocket => {
                self.world.post(&format!("{}:{text}", text.len()));
            }
            Step::Says(text) => self.world.hear(Frame::Text(text.into())),
            Step::SaysBytes if self.websocket => {
                let bytes: &[u8] = if self.is_old { &[4, 1] } else { &[1] };
                self.world.hear(Frame::Binary(Bytes::from_static(bytes)));
            }
            Step::SaysBytes if self.is_old => self.world.post("6:b4AQ=="),
            Step::SaysBytes => self.world.post("bAQ=="),
            Step::Polls => {
                let request = self.world.poll();
                self.polled.push(request);
            }
            Step::Aborts => {
                if let Some(request) = self.polled.last().copied() {
                    connection.handle(now, Input::Aborted { request });
                    self.polled.pop();
                }
            }
            Step::HangsUp => {
                if let Link::WebSocket(transport) = self.world.link {
                    connection.handle(now, Input::Closed { transport });
                }
            }
            Step::Waits(millis) => {
                self.world.now = now + Duration::from_millis(millis);
                connection.handle_timeout(self.world.now);
            }
            Step::Flushes => self.world.flushed(),
            Step::Accept => self.accept(None),
            Step::AcceptAgain(missed) => self.accept(Some(missed)),
            Step::Reject => {
                if let Some(request) = self.world.requests.pop_front() {
                    connection.reject(request, &ConnectError::new("no"));
                }
            }
            Step::Forget => drop(self.world.requests.pop_front()),
            Step::Emit {
                to,
                binary,
                volatile,
            } => {
                let value = binary.then(|| Bytes::from_static(&[1; 50]));
                let packet = Encoded::event(&name(self.is_old, to), "e", &value).unwrap();
                // Several, so that a small buffer is full in the midst of one.
                for _ in 0..3 {
                    let _ = connection.emit(
                        &packet,
                        Emit {
                            volatile,
                            ..Emit::default()
                        },
                    );
                }
            }
            Step::Ask { to, within } => {
                let args = Args::event("q", &Bytes::from_static(&[2; 20])).unwrap();
                let within = within.map(Duration::from_millis);
                let to = name(self.is_old, to);
                if let Ok(id) = connection.emit_with_ack(now, &to, args, within) {
                    let is_used = |(_, used): &(_, u64)| *used == id.get();
                    assert!(!self.asked.keys().any(is_used), "an id was used again");
                    self.asked.insert((to, id.get()), 0);
                }
            }
            Step::Call { to, id, within } => self.call(&name(self.is_old, to), id, within),
            Step::Reply => {
                if let Some(reply) = self.world.replies.pop_front() {
                    let _ = connection.reply(reply, Args::new(&1).unwrap());
                }
            }
            Step::Disconnect(from) => connection.disconnect(&name(self.is_old, from)),
            Step::Close => connection.close(now),
            Step::CloseSession => connection.close_session(now),
            Step::ShutDown => connection.shut_down(now),
            Step::Drain => self.drain(),
        }
    }

    /// No driver uses an id again. While it is in use that is noticed.
    fn call(&mut self, to: &Namespace, id: u64, within: Option<u64>) {
        self.drain();
        let key = (to.clone(), id);
        let outcomes = self.asked.get(&key).copied();
        if outcomes.is_some_and(|outcomes| outcomes > 0) {
            return;
        }
        let packet = Encoded::call(to, AckId::new(id), "q", &id).unwrap();
        let within = within.map(Duration::from_millis);
        let now = self.world.now;
        if self.world.connection.call(now, &packet, within).is_ok() {
            assert_eq!(outcomes, None, "two wait under one id");
            self.asked.insert(key, 0);
        }
    }

    /// Lets the oldest request in; with a private id, if it is that of a client that comes back.
    fn accept(&mut self, missed: Option<u32>) {
        let Some(request) = self.world.requests.pop_front() else {
            return;
        };
        let namespace = request.namespace.clone();
        let connection = &mut self.world.connection;
        assert!(!connection.is_connected(&namespace));
        let sid = SocketId::new("s");
        let pid = missed.map(|_| PrivateId::new(format!("p{}", self.accepted)));
        let serials = self.accepted as u32 * 10..;
        let missed: Vec<_> = serials.take(missed.unwrap_or_default() as usize).collect();
        if let Some(pid) = pid.clone() {
            let event = |serial| Encoded::event(&namespace, MISSED, serial).unwrap();
            let accept = Accept {
                sid,
                pid: Some(pid),
                missed: missed.iter().map(event).collect(),
            };
            connection.accept_with(request, accept);
        } else {
            connection.accept(request, sid);
        }
        if connection.is_connected(&namespace) {
            *self.stays.entry(namespace.clone()).or_default() += 1;
            self.accepted += 1;
            self.pids.insert(namespace.clone(), pid);
            let missed = missed.into_iter().map(Promise::Missed);
            for promise in missed.chain([Promise::Answer]) {
                self.promised.push_back((namespace.clone(), promise));
            }
        }
    }

    /// Nothing waits longer than the longest wait, and nothing is kept beyond the limit.
    fn check_bounds(&self) {
        let connection = &self.world.connection;
        let latest = self.world.now + LONGEST_WAIT;
        assert!(
            connection.next_timeout().is_none_or(|next| next <= latest),
            "waits too long"
        );
        let bound = self.buffer_limit + LARGEST;
        let queued = connection.engine().queued_bytes();
        assert!(queued <= bound, "{queued} bytes, more than the limit");
    }

    fn drain(&mut self) {
        while let Some(output) = self.world.connection.poll_output() {
            match output {
                Output::Io(io) => self.on_io(io),
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_io(&mut self, io: Io) {
        match io {
            Io::Respond { request, response } => {
                *self.answered.entry(format!("{request:?}")).or_default() += 1;
                if let Response::Payload(body) | Response::Wrapped { body, .. } = response {
                    self.on_payload(&body);
                }
            }
            Io::Frame { frame, .. } => {
                let revision = self.world.connection.engine().revision();
                self.on_packet(Wire::from(revision).decode(&frame).unwrap());
            }
            Io::Close { .. } => {}
        }
    }

    fn on_payload(&mut self, body: &Bytes) {
        let form = match body.first() {
            Some(0 | 1) if self.is_old => Form::Binary,
            _ if self.is_old => Form::String(Dialect::Plain),
            _ => Form::Separated,
        };
        for packet in form.decode(body) {
            self.on_packet(packet.unwrap());
        }
    }

    /// What we write must be readable: no half packets, no text between a packet and its
    /// attachments.
    fn on_packet(&mut self, packet: engine::parser::Packet) {
        let frame = match packet {
            engine::parser::Packet::Message(Message::Text(text)) => SioFrame::Text(text),
            engine::parser::Packet::Message(Message::Binary(bytes)) => SioFrame::Binary(bytes),
            _ => return,
        };
        match self.wire.feed(frame).expect("we wrote what cannot be read") {
            Progress::Complete(Packet::Connect { namespace, .. }) => {
                self.welcomed += 1;
                let promised = self.promised.pop_front();
                assert_eq!(promised, Some((namespace, Promise::Answer)));
            }
            Progress::Complete(Packet::Event {
                namespace, args, ..
            }) if args.event_name().is_some_and(|name| name == MISSED) => {
                let serial = args.event_data().unwrap();
                let promised = self.promised.pop_front();
                assert_eq!(promised, Some((namespace, Promise::Missed(serial))));
            }
            Progress::Complete(_) | Progress::Needs(_) => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        assert_eq!(self.closed, 0, "{event:?} after the end");
        match event {
            Event::ConnectRequest(request) => self.world.requests.push_back(request),
            Event::Event {
                namespace, reply, ..
            } => {
                assert!(self.stays.contains_key(&namespace), "an event from outside");
                self.world.replies.extend(reply);
            }
            Event::Acked { namespace, id, .. } => {
                let outcomes = self.asked.get_mut(&(namespace, id.get()));
                *outcomes.expect("asked") += 1;
            }
            Event::Disconnected { namespace, reason } => {
                let stays = self.stays.get_mut(&namespace).expect("a stay to end");
                *stays = stays.checked_sub(1).expect("a stay to end");
                // It is the end of the latest stay, which counts.
                if *stays == 0 {
                    let connection = &self.world.connection;
                    let pid = self.pids.get(&namespace).cloned().flatten();
                    let resumable = connection.resumable(&namespace).cloned();
                    let expected = pid.filter(|_| reason.is_recoverable());
                    assert_eq!(resumable, expected, "{reason}");
                }
            }
            Event::Malformed(_) => self.malformed += 1,
            Event::Closed(_) => self.closed += 1,
            Event::Upgraded => {}
        }
    }

    fn settle(mut self) {
        self.drain();
        self.world.connection.shut_down(self.world.now);
        self.drain();
        self.world.connection.abort();
        self.drain();
        assert!(self.world.connection.is_closed());
        assert_eq!(self.world.connection.next_timeout(), None);
        assert_eq!(self.closed, 1, "one end");
        assert!(self.malformed <= 1);
        assert!(self.welcomed <= self.accepted, "an answer that nobody gave");
        assert!(
            self.stays.values().all(|stays| *stays == 0),
            "{:?}",
            self.stays
        );
        assert!(
            self.asked.values().all(|answers| *answers == 1),
            "{:?}",
            self.asked
        );
        for request in self.polled {
            assert_eq!(
                self.answered.get(&format!("{request:?}")),
                Some(&1),
                "{request:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn everything_adds_up(
        websocket: bool,
        is_old in prop::bool::weighted(0.3),
        buffer_limit in prop_oneof![Just(120_usize), Just(1 << 24)],
        steps in vec(step(), 0..60),
    ) {
        let mut ledger = Ledger::new(websocket, is_old, buffer_limit);
        for step in steps {
            ledger.take(step);
            ledger.check_bounds();
        }
        ledger.settle();
    }
}

/// One change of who is where: socket and room by number; no room means every room.
type Move = (bool, u8, Option<u8>);

fn socket(number: u8) -> SocketId {
    SocketId::new(format!("socket-{number}"))
}

fn room(number: u8) -> Room {
    Room::from(format!("room-{number}"))
}

proptest! {
    /// [`Rooms`] against the plainest description of it: a set of pairs.
    #[test]
    fn rooms_are_a_set_of_pairs(
        moves in vec((any::<bool>(), 0_u8..8, prop::option::weighted(0.9, 0_u8..6)), 0..80),
        to in vec(0_u8..7, 0..4),
        except in vec(0_u8..7, 0..2),
        except_socket in prop::option::of(0_u8..9),
    ) {
        let mut rooms = Rooms::new();
        let (mut known, mut pairs) = (BTreeSet::new(), BTreeSet::new());
        for (joins, who, place) in moves as Vec<Move> {
            match (joins, place) {
                (true, place) => {
                    let place = place.unwrap_or(0);
                    rooms.join(&socket(who), room(place));
                    known.insert(who);
                    pairs.insert((who, place));
                }
                (false, Some(place)) => {
                    rooms.leave(&socket(who), &room(place));
                    pairs.remove(&(who, place));
                }
                (false, None) => {
                    rooms.leave_all(&socket(who));
                    known.remove(&who);
                    pairs.retain(|(other, _)| *other != who);
                }
            }
        }
        let is_in = |who: u8, places: &[u8]| {
            places.iter().any(|place| pairs.contains(&(who, *place)))
        };
        let expected: BTreeSet<_> = known.iter().copied()
            .filter(|who| to.is_empty() || is_in(*who, &to))
            .filter(|who| !is_in(*who, &except) && Some(*who) != except_socket)
            .map(socket)
            .collect();
        let selector = Selector {
            rooms: to.iter().copied().map(room).collect(),
            except: except.iter().copied().map(room).collect(),
            except_socket: except_socket.map(socket),
        };
        let selected: Vec<_> = rooms.select(&selector).cloned().collect();
        prop_assert_eq!(selected.len(), expected.len(), "each once");
        prop_assert_eq!(selected.into_iter().collect::<BTreeSet<_>>(), expected);
        prop_assert_eq!(rooms.len(), known.len());
        let inhabited: BTreeSet<_> = pairs.iter().map(|(_, place)| room(*place)).collect();
        prop_assert_eq!(rooms.rooms().cloned().collect::<BTreeSet<_>>(), inhabited);
        for who in 0..8 {
            let of: BTreeSet<_> =
                pairs.iter().filter(|pair| pair.0 == who).map(|pair| room(pair.1)).collect();
            prop_assert_eq!(rooms.rooms_of(&socket(who)).cloned().collect::<BTreeSet<_>>(), of);
        }
    }
}
