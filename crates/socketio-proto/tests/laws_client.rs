//! What holds for every client, whatever the server, the application and the clock do.

mod peer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use peer::{HANDSHAKE, Peer, config, header, namespace, steady};
use proptest::collection::vec;
use proptest::prelude::*;
use socketio_proto::client::{AckError, Auth, Credentials, Delivery, Emit, Event, Offline};
use socketio_proto::engine::client::{Input, Io};
use socketio_proto::engine::parser::payload::Form;
use socketio_proto::engine::parser::{Revision, Wire};
use socketio_proto::engine::{Frame, Message, TransportKind};
use socketio_proto::parser::{Decoder, Frame as SioFrame, Packet, Progress};
use socketio_proto::{AckId, Args, Encoded, Limits, Machine, Namespace, Output};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Open(usize, bool),
    Authenticate,
    Emit {
        to: usize,
        binary: bool,
        volatile: bool,
    },
    Ask {
        to: usize,
        within: Option<u64>,
    },
    /// Nobody waits any more for what was asked last.
    Forget,
    Reply,
    Disconnect(usize),
    Close,
    Abort,
    NoReconnection,
    /// The server accepts what was dialed.
    Handshake,
    /// The server answers a request for a namespace.
    Answer(usize, Answer),
    Kick(usize),
    Says(&'static str),
    SaysBytes,
    /// The server answers the oldest question of the client.
    Ack,
    HangsUp,
    Fails,
    Waits(u64),
    Flushes,
    /// The server takes the post.
    Takes,
    /// The driver looks after its outputs, which it may also leave for later.
    Drain,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    LetsIn,
    LetsInWithPid,
    Refuses,
}

const NAMESPACES: [&str; 3] = ["/", "/a", "/b?q=1"];

/// What any server may say at any time.
const GOOD: [&str; 9] = [
    "42[\"e\",\"o\"]",
    "42/a,[\"e\",1]",
    "427[\"ask\"]",
    "42/b?q=1,7[\"ask\"]",
    "42/a,9[\"ask\"]",
    "430[]",
    "43/a,1[]",
    "42/never,[\"e\"]",
    "2",
];
const BAD: [&str; 9] = [
    "4abc",
    "42{}",
    "40[]",
    "43[]",
    "451-[\"b\",{\"_placeholder\":true,\"num\":0}]",
    "4",
    "1",
    "x",
    "42[\"disconnect\"]",
];

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        6 => Just(Answer::LetsIn),
        2 => Just(Answer::LetsInWithPid),
        1 => Just(Answer::Refuses),
    ];
    prop_oneof![
        8 => (0..3_usize, prop::bool::weighted(0.2)).prop_map(|(to, asks)| Step::Open(to, asks)),
        3 => Just(Step::Authenticate),
        10 => (0..3_usize, prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(to, binary, volatile)| Step::Emit { to, binary, volatile }),
        6 => (0..3_usize, prop::option::of(0_u64..100))
            .prop_map(|(to, within)| Step::Ask { to, within }),
        1 => Just(Step::Forget),
        2 => Just(Step::Reply),
        3 => (0..3_usize).prop_map(Step::Disconnect),
        1 => prop_oneof![
            2 => Just(Step::Close),
            1 => Just(Step::Abort),
            1 => Just(Step::NoReconnection)
        ],
        12 => Just(Step::Handshake),
        16 => (0..3_usize, answer).prop_map(|(to, answer)| Step::Answer(to, answer)),
        2 => (0..3_usize).prop_map(Step::Kick),
        4 => prop::sample::select(&GOOD[..]).prop_map(Step::Says),
        1 => prop::sample::select(&BAD[..]).prop_map(Step::Says),
        1 => Just(Step::SaysBytes),
        4 => Just(Step::Ack),
        2 => Just(Step::HangsUp),
        1 => Just(Step::Fails),
        4 => prop_oneof![4 => 0_u64..50, 2 => 0_u64..6_000, 1 => 0_u64..60_000]
            .prop_map(Step::Waits),
        4 => Just(Step::Flushes),
        4 => Just(Step::Takes),
        16 => Just(Step::Drain),
    ]
}

/// What a client is set up for.
#[derive(Clone, Copy, Debug)]
struct Terms {
    websocket: bool,
    buffer_limit: usize,
    /// The server is one of Socket.IO 1 or 2.
    is_old: bool,
    delivery: Delivery,
    while_offline: Offline,
}

fn terms() -> impl Strategy<Value = Terms> {
    let millis = Duration::from_millis;
    let delivery = prop_oneof![
        2 => Just(Delivery::default()),
        1 => Just(Delivery::AtMostOnce { ack_timeout: Some(millis(40)) }),
        2 => (0_u32..3).prop_map(move |retries| Delivery::AtLeastOnce {
            ack_timeout: millis(60),
            retries,
        }),
    ];
    let while_offline = prop_oneof![
        3 => Just(Offline::Buffer),
        1 => Just(Offline::Latest),
        1 => Just(Offline::Reject),
    ];
    let limit = prop_oneof![Just(60), Just(1 << 20)];
    let kind = (any::<bool>(), limit, prop::bool::weighted(0.4));
    (kind, delivery, while_offline).prop_map(|(kind, delivery, while_offline)| {
        let (websocket, buffer_limit, is_old) = kind;
        Terms {
            websocket,
            buffer_limit,
            is_old,
            delivery,
            while_offline,
        }
    })
}

impl Terms {
    /// A namespace among the packets.
    fn name(&self, index: usize) -> Namespace {
        let name = namespace(NAMESPACES[index]);
        if self.is_old { name.path() } else { name }
    }

    fn is_sure(&self) -> bool {
        matches!(self.delivery, Delivery::AtLeastOnce { .. })
    }

    fn wire(&self) -> Wire {
        Wire::from(if self.is_old {
            Revision::V3
        } else {
            Revision::V4
        })
    }
}

/// What a correct server knows of a namespace in this session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Asked,
    Joined,
    /// Put out: what the client says may have crossed that.
    Kicked,
}

/// An event that the client has taken.
#[allow(
    clippy::struct_excessive_bools,
    reason = "notes on things that happened, each for itself"
)]
#[derive(Debug)]
struct Taken {
    serial: u64,
    volatile: bool,
    ack: Option<u64>,
    /// It was handed to a session that has ended: its fate is unknown.
    is_excused: bool,
    /// It was handed to a session.
    is_out: bool,
    /// Its time has passed before, or another has taken its place.
    is_void: bool,
    /// It was called off: nobody is told what becomes of it.
    is_forgotten: bool,
    /// The server has answered it.
    is_answered: bool,
    /// How often it was reported as given up.
    losses: usize,
    /// How often it was said.
    tries: u32,
}

/// Everything that must add up in the end.
struct Ledger {
    peer: Peer,
    terms: Terms,
    serial: u64,
    /// The wire of the present session.
    wire: Decoder,
    known: BTreeMap<Namespace, Known>,
    /// With the serial of the event.
    questions: VecDeque<(Namespace, AckId, u64)>,
    taken: BTreeMap<Namespace, VecDeque<Taken>>,
    /// What has left the books above for good.
    past: Vec<Taken>,
    asked: BTreeMap<u64, usize>,
    last_asked: Option<(Namespace, u64)>,
    forgotten: BTreeSet<u64>,
    connected: BTreeMap<Namespace, bool>,
    /// Events that have to be followed by `Connected`.
    early: Option<Namespace>,
    is_opened: bool,
    over: usize,
    /// Ids of requests and WebSockets.
    names: BTreeSet<String>,
}

impl Ledger {
    fn new(setup: Terms) -> Self {
        let mut config = config();
        let buffer_limit = setup.buffer_limit;
        config.delivery = setup.delivery;
        config.while_offline = setup.while_offline;
        if setup.is_old {
            config.engine.revision = Revision::V3;
        }
        if !setup.websocket {
            config.engine.transports = vec![TransportKind::Polling];
        }
        config.buffer_limit = buffer_limit;
        config.engine.buffer_limit = buffer_limit;
        let mut terms = steady();
        terms.attempts = Some(4);
        config.reconnection = Some(terms);
        Self {
            peer: Peer::with(config, 0),
            terms: setup,
            serial: 0,
            wire: Decoder::new(Limits::default()),
            known: BTreeMap::new(),
            questions: VecDeque::new(),
            taken: BTreeMap::new(),
            past: Vec::new(),
            asked: BTreeMap::new(),
            last_asked: None,
            forgotten: BTreeSet::new(),
            connected: BTreeMap::new(),
            early: None,
            is_opened: false,
            over: 0,
            names: BTreeSet::new(),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one short arm per step")]
    fn take(&mut self, step: Step) {
        let now = self.peer.now;
        let client = &mut self.peer.client;
        match step {
            Step::Open(to, asks) => {
                let credentials = if asks {
                    Credentials::Ask
                } else {
                    Credentials::None
                };
                self.peer.open_with(NAMESPACES[to], credentials);
            }
            Step::Authenticate => {
                if let Some(request) = self.peer.questions.pop_front() {
                    client.authenticate(request, Auth::from_json("{\"n\":1}").ok());
                }
            }
            Step::Emit {
                to,
                binary,
                volatile,
            } => {
                let value = (self.serial, binary.then(|| Bytes::from_static(&[1; 50])));
                let to = self.terms.name(to);
                let packet = Encoded::event(&to, "e", &value).unwrap();
                if client
                    .emit(
                        now,
                        &packet,
                        Emit {
                            volatile,
                            ..Emit::default()
                        },
                    )
                    .is_ok()
                {
                    self.note_taken(to, volatile, None);
                }
            }
            Step::Ask { to, within } => {
                let args = Args::event("q", &(self.serial, Bytes::from_static(&[2; 20]))).unwrap();
                let within = within.map(Duration::from_millis);
                let to = self.terms.name(to);
                if let Ok(id) = client.emit_with_ack(now, &to, args, within) {
                    let previous = self.asked.insert(id.get(), 0);
                    assert!(previous.is_none(), "an id was used again");
                    self.last_asked = Some((to.clone(), id.get()));
                    self.note_taken(to, false, Some(id.get()));
                }
            }
            Step::Forget => {
                if let Some((to, id)) = self.last_asked.take() {
                    // What has come already is still reported.
                    self.drain();
                    self.peer.client.forget(&to, AckId::new(id));
                    self.forgotten.insert(id);
                    for taken in self.taken.values_mut().flatten() {
                        taken.is_forgotten |= taken.ack == Some(id);
                    }
                }
            }
            Step::Reply => {
                if let Some(reply) = self.peer.replies.pop_front() {
                    let _ = client.reply(reply, Args::new(&1).unwrap());
                }
            }
            Step::Disconnect(from) => client.disconnect(now, &self.terms.name(from)),
            Step::Close => client.close(now),
            Step::Abort => client.abort(),
            Step::NoReconnection => client.set_reconnection(None),
            Step::Handshake => self.handshake(),
            Step::Answer(to, answer) => self.answer(&self.terms.name(to), answer),
            Step::Kick(from) => {
                let name = self.terms.name(from);
                if self.known.get(&name) == Some(&Known::Joined) {
                    self.say(&format!("41{}", header(name.as_str())));
                    self.known.insert(name, Known::Kicked);
                }
            }
            // A good answer to a try: what is written down of those comes from `Step::Ack`.
            Step::Says("430[]" | "43/a,1[]") if self.terms.is_sure() => {}
            Step::Says(text) => self.say(text),
            Step::SaysBytes if self.terms.websocket && self.peer.transport.is_some() => {
                let bytes: &[u8] = if self.terms.is_old { &[4, 1] } else { &[1] };
                self.peer.hear(Frame::Binary(Bytes::from_static(bytes)));
            }
            Step::SaysBytes => self.say("bAQ=="),
            Step::Ack => {
                if let Some((name, id, serial)) = self.questions.pop_front() {
                    let taken = self.taken.values_mut().flatten();
                    for taken in taken.filter(|taken| taken.serial == serial) {
                        taken.is_answered = true;
                    }
                    self.say(&format!("43{}{}[]", header(name.as_str()), id.get()));
                }
            }
            Step::HangsUp => {
                if self.peer.transport.is_some() {
                    self.peer.is_hung_up();
                }
            }
            Step::Fails => {
                if let Some(request) = self.peer.get.take().or(self.peer.post.take()) {
                    self.peer.handle(Input::Failed { request });
                }
            }
            Step::Waits(millis) => {
                self.peer.now = now + Duration::from_millis(millis);
                client.handle_timeout(self.peer.now);
            }
            Step::Flushes => self.peer.flushed(),
            Step::Takes => {
                if let Some(request) = self.peer.post.take() {
                    let (status, body) = (200, Bytes::from_static(b"ok"));
                    self.peer.handle(Input::Response {
                        request,
                        status,
                        body,
                    });
                }
            }
            Step::Drain => self.drain(),
        }
    }

    fn note_taken(&mut self, to: Namespace, volatile: bool, ack: Option<u64>) {
        let is_out = self.peer.client.is_connected(&to);
        self.taken.entry(to).or_default().push_back(Taken {
            serial: self.serial,
            volatile,
            ack,
            is_excused: false,
            is_out,
            is_void: false,
            is_forgotten: false,
            is_answered: false,
            losses: 0,
            tries: 0,
        });
        self.serial += 1;
    }

    fn handshake(&mut self) {
        self.drain();
        if self.is_opened {
            return;
        }
        if let (true, Some(transport)) = (self.terms.websocket, self.peer.transport) {
            self.peer.handle(Input::Opened { transport });
        }
        self.say(HANDSHAKE);
        if self.terms.is_old {
            // Everybody is asked in.
            self.known.insert(Namespace::root(), Known::Asked);
        }
        self.drain();
    }

    fn answer(&mut self, namespace: &Namespace, answer: Answer) {
        let (name, namespace) = (namespace.as_str(), namespace.clone());
        if self.known.get(&namespace) != Some(&Known::Asked) {
            return;
        }
        let (packet, data, known) = match answer {
            Answer::LetsIn => ("40", "{\"sid\":\"s\"}", Some(Known::Joined)),
            Answer::LetsInWithPid => ("40", "{\"sid\":\"s\",\"pid\":\"p\"}", Some(Known::Joined)),
            Answer::Refuses => ("44", "{\"message\":\"no\"}", None),
        };
        match known {
            Some(known) => self.known.insert(namespace, known),
            None => self.known.remove(&namespace),
        };
        self.say(&format!("{packet}{}{data}", header(name)));
    }

    fn say(&mut self, text: &str) {
        if self.terms.websocket {
            if self.peer.transport.is_some() {
                self.peer.hear(Frame::Text(text.into()));
            }
        } else if let Some(request) = self.peer.get.take() {
            self.respond(request, text);
        } else {
            // Nobody listens. The session fails, which keeps the server's picture right.
            if let Some(request) = self.peer.post.take() {
                self.peer.handle(Input::Failed { request });
            }
        }
    }

    fn respond(&mut self, request: socketio_proto::engine::RequestId, packet: &str) {
        let body = match self.terms.is_old {
            true => format!("{}:{packet}", packet.encode_utf16().count()),
            false => packet.to_owned(),
        };
        let (status, body) = (200, Bytes::from(body));
        self.peer.handle(Input::Response {
            request,
            status,
            body,
        });
    }

    fn drain(&mut self) {
        // Not through the peer, which would flush.
        while let Some(output) = self.peer.client.poll_output() {
            assert_eq!(self.over, 0, "{output:?} after the end");
            match output {
                Output::Io(io) => self.on_io(io),
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_io(&mut self, io: Io) {
        let name = match &io {
            Io::Connect { transport, .. } => Some(format!("{transport:?}")),
            Io::Get { request, .. } | Io::Post { request, .. } => Some(format!("{request:?}")),
            Io::Frame { .. } | Io::Close { .. } => None,
        };
        if let Some(name) = name {
            assert!(self.names.insert(name), "an id was used again");
        }
        match io {
            Io::Connect { transport, .. } => self.peer.transport = Some(transport),
            Io::Get { request, .. } => self.peer.get = Some(request),
            Io::Post {
                request,
                kind,
                body,
                ..
            } => {
                self.peer.post = Some(request);
                let form = Form::of_request(self.terms.wire(), Some(kind.content_type()));
                for packet in form.unwrap().decode(&body) {
                    self.on_wire(packet.unwrap());
                }
            }
            Io::Frame { frame, .. } => self.on_wire(self.terms.wire().decode(&frame).unwrap()),
            Io::Close { .. } => self.peer.transport = None,
        }
    }

    /// What the server hears is always a packet, and always allowed.
    fn on_wire(&mut self, packet: socketio_proto::engine::parser::Packet) {
        let socketio_proto::engine::parser::Packet::Message(message) = packet else {
            return;
        };
        let frame = match message {
            Message::Text(text) => SioFrame::Text(text),
            Message::Binary(bytes) => SioFrame::Binary(bytes),
        };
        if let Progress::Complete(packet) = self.wire.feed(frame).unwrap() {
            self.on_packet(packet);
        }
    }

    fn on_packet(&mut self, packet: Packet) {
        let known = self.known.get(packet.namespace()).copied();
        let may_speak = matches!(known, Some(Known::Joined | Known::Kicked));
        match packet {
            Packet::Connect { namespace, .. } => {
                let namespace = match self.terms.is_old {
                    true => namespace.path(),
                    false => namespace,
                };
                let known = self.known.get(&namespace).copied();
                let root = self.known.get(&Namespace::root()).copied();
                let is_in = matches!(root, Some(Known::Joined | Known::Kicked));
                let may_ask = !self.terms.is_old || namespace.is_root() || is_in;
                assert!(may_ask, "asked for {namespace} before the root");
                assert!(
                    matches!(known, None | Some(Known::Kicked)),
                    "asked for twice"
                );
                self.known.insert(namespace, Known::Asked);
            }
            Packet::Disconnect { namespace } => {
                assert!(may_speak, "left {namespace}, which is {known:?}");
                self.known.remove(&namespace);
            }
            Packet::Event {
                namespace,
                id,
                args,
            } => {
                assert!(may_speak, "spoke to {namespace}, which is {known:?}");
                let (serial, _): (u64, Option<serde::de::IgnoredAny>) = args.event_data().unwrap();
                if let Delivery::AtLeastOnce { retries, .. } = self.terms.delivery {
                    self.on_try(&namespace, serial, 1 + retries);
                } else {
                    self.on_serial(&namespace, serial);
                }
                self.questions.extend(id.map(|id| (namespace, id, serial)));
            }
            Packet::Ack { namespace, .. } => assert!(may_speak, "answered {namespace}"),
            Packet::ConnectError { .. } => panic!("a client does not refuse"),
        }
    }

    /// Everything taken before has been sent, or has a reason.
    fn on_serial(&mut self, namespace: &Namespace, serial: u64) {
        let taken = self.taken.get_mut(namespace).unwrap();
        while let Some(first) = taken.pop_front() {
            if first.serial == serial {
                assert!(!first.is_void, "{serial} was sent too late");
                return;
            }
            let has_expired = first.ack.is_some_and(|ack| self.asked[&ack] > 0);
            // Of what nobody waits for, nobody hears that it was replaced.
            let is_replaced = first.is_forgotten && self.terms.while_offline == Offline::Latest;
            assert!(
                first.volatile || first.is_excused || has_expired || first.is_void || is_replaced,
                "{first:?} was overtaken by {serial}"
            );
        }
        panic!("{serial} was sent twice, or never taken");
    }

    /// One event after the other, each as often as it takes; what is volatile goes in between.
    fn on_try(&mut self, namespace: &Namespace, serial: u64, tries: u32) {
        let taken = self.taken.get_mut(namespace).unwrap();
        let place = taken.iter().position(|taken| taken.serial == serial);
        let place = place.expect("sent too late, or never taken");
        if taken[place].volatile {
            taken.remove(place);
            return;
        }
        for passed in taken.drain(..place) {
            let is_settled = passed.ack.is_some_and(|ack| self.asked[&ack] > 0);
            let is_done = is_settled || passed.is_answered || passed.losses > 0;
            assert!(
                passed.volatile || passed.is_forgotten || is_done,
                "{passed:?} was overtaken by {serial}"
            );
            self.past.push(passed);
        }
        // Given up, it may still have been on its way.
        taken[0].tries += 1;
        assert!(
            taken[0].tries <= tries,
            "{:?} was tried too often",
            taken[0]
        );
    }

    /// An event has been given up.
    fn on_loss(&mut self, packet: &Encoded, error: AckError) {
        let is_sure = self.terms.is_sure();
        let args = packet.args().expect("an event");
        let (serial, _): (u64, Option<serde::de::IgnoredAny>) = args.event_data().unwrap();
        let taken = self.taken.get_mut(packet.namespace()).unwrap();
        let taken = taken.iter_mut().find(|taken| taken.serial == serial);
        let taken = taken.expect("it has not left for good");
        assert!(!taken.volatile && taken.ack.is_none());
        assert!(is_sure || error != AckError::TimedOut);
        taken.is_void = true;
        taken.losses += 1;
        assert_eq!(taken.losses, 1, "given up twice");
    }

    #[allow(clippy::too_many_lines, reason = "one short arm per event")]
    fn on_event(&mut self, event: Event) {
        if let Some(early) = &self.early {
            let is_next = match &event {
                Event::Connected { namespace, .. } | Event::Event { namespace, .. } => {
                    namespace == early
                }
                _ => false,
            };
            assert!(is_next, "{event:?} after an early event");
        }
        match event {
            Event::Opened(_) => {
                assert!(!self.is_opened, "two sessions at once");
                self.is_opened = true;
            }
            Event::AuthRequest(request) => self.peer.questions.push_back(request),
            Event::Connected { namespace, .. } => {
                assert!(self.is_opened);
                self.early = None;
                for taken in self.taken.entry(namespace.clone()).or_default() {
                    taken.is_out = true;
                }
                let was = self.connected.insert(namespace, true);
                assert_ne!(was, Some(true), "connected twice");
            }
            Event::Refused { namespace, .. } => {
                assert_ne!(self.connected.get(&namespace), Some(&true));
            }
            Event::Event {
                namespace, reply, ..
            } => {
                assert!(self.is_opened);
                if self.connected.get(&namespace) != Some(&true) {
                    self.early = Some(namespace);
                }
                self.peer.replies.extend(reply);
            }
            Event::Acked { id, .. } => {
                let taken = self.taken.values_mut().flatten();
                for taken in taken.filter(|taken| taken.ack == Some(id.get())) {
                    taken.is_void = !taken.is_out;
                }
                assert!(!self.forgotten.contains(&id.get()), "nobody waits");
                let count = self.asked.get_mut(&id.get()).expect("somebody asked");
                *count += 1;
                assert_eq!(*count, 1, "an outcome came twice");
            }
            Event::Undelivered { packet, error, .. } => self.on_loss(&packet, error),
            Event::Error { .. } => assert!(self.terms.is_old),
            Event::Disconnected { namespace, .. } => {
                let was = self.connected.insert(namespace, false);
                assert_eq!(was, Some(true), "disconnected without being connected");
            }
            Event::Ended(_) => self.on_ended(),
            Event::GaveUp | Event::Stopped => {
                assert!(!self.is_opened && self.connected.values().all(|is| !is));
                self.over += 1;
            }
            Event::Heartbeat
            | Event::Upgraded
            | Event::UpgradeFailed
            | Event::Reconnecting { .. } => {}
        }
    }

    fn on_ended(&mut self) {
        assert!(self.connected.values().all(|connected| !connected));
        self.is_opened = false;
        self.wire = Decoder::new(Limits::default());
        self.known.clear();
        self.questions.clear();
        // The driver drops what is still in flight.
        (self.peer.transport, self.peer.get, self.peer.post) = (None, None, None);
        for taken in self.taken.values_mut().flatten() {
            taken.is_excused |= taken.is_out;
        }
    }

    /// Nothing waits longer than the longest wait: from one ping to the end of patience, for a dial,
    /// for an answer, for a reconnection.
    fn check_bounds(&self) {
        let latest = self.peer.now + Duration::from_secs(45);
        let next = self.peer.client.next_timeout();
        assert!(next.is_none_or(|next| next <= latest), "waits too long");
    }

    /// Whether each call has had its outcome, and, where that is promised, each event an answer or
    /// an end.
    fn is_all_settled(&self) -> bool {
        let mut all = self.taken.values().flatten().chain(&self.past);
        let is_settled = |taken: &Taken| match (taken.ack, self.terms.delivery) {
            _ if taken.is_forgotten || taken.volatile => true,
            (Some(ack), _) => self.asked[&ack] == 1,
            (None, Delivery::AtLeastOnce { .. }) => taken.is_answered || taken.losses == 1,
            (None, Delivery::AtMostOnce { .. }) => true,
        };
        let mut calls = self.asked.iter();
        let are_calls_settled = calls.all(|(id, count)| *count == 1 || self.forgotten.contains(id));
        are_calls_settled && all.all(is_settled)
    }

    fn check_end(&mut self) {
        self.peer.client.abort();
        self.drain();
        assert_eq!(self.over, 1, "one last event");
        assert!(self.peer.client.is_closed());
        assert_eq!(self.peer.client.next_timeout(), None);
        assert!(self.is_all_settled(), "an outcome is missing");
        self.peer.client.abort();
        self.peer.client.close(self.peer.now);
        self.peer.open("/");
        assert!(self.peer.client.poll_output().is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance(
        terms in terms(),
        steps in vec(step(), 0..120),
    ) {
        let mut ledger = Ledger::new(terms);
        for step in steps {
            ledger.take(step);
            ledger.check_bounds();
        }
        ledger.check_end();
    }

    #[test]
    fn the_buffer_keeps_its_bound(emits in vec((any::<bool>(), 0..60_usize), 0..60)) {
        let mut config = config();
        config.buffer_limit = 300;
        let mut peer = Peer::with(config, 0);
        peer.open("/");
        let (mut bytes, mut asked) = (0, 0_u32);
        for (asks, size) in emits {
            let name = "x".repeat(size);
            let args = Args::event(&name, &()).unwrap();
            let packet = Encoded::event(&namespace("/"), &name, &()).unwrap();
            let result = if asks {
                peer.client.emit_with_ack(peer.now, &namespace("/"), args, None).map(drop)
            } else {
                peer.client.emit(peer.now, &packet, Emit::default())
            };
            prop_assert_eq!(result.is_ok(), bytes < 300);
            if result.is_ok() {
                bytes += packet.len();
                if asks {
                    bytes += asked.to_string().len();
                    asked += 1;
                }
            }
        }
    }
}
