//! What holds whatever happens: random inputs, commands and jumps of time, in any order.
//!
//! Incoming and outgoing messages are numbered, so loss, doubling and reordering are visible. A
//! failing case prints its operations.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engineio_proto::parser::{Packet, Revision, Wire, payload::Form};
use engineio_proto::server::{BodyKind, Event, Input, Io, Opening, Reject, Response, Session};
use engineio_proto::{
    Config, Frame, Ids, Machine, Message, Output, RequestId, SendError, Sid, Timestamp,
    TransportId, TransportKind,
};
use proptest::prelude::*;

/// One thing that happens. A number picks one of the requests or WebSockets so far, dead or alive.
#[derive(Clone, Debug)]
enum Op {
    Poll,
    Post(BodyKind),
    Body(usize, Vec<Part>),
    BodyTooLarge(usize),
    Aborted(usize),
    Other,
    Opened,
    Frame(usize, Part),
    Flushed(usize),
    Closed(usize),
    Failed(usize),
    Send(usize),
    Close,
    Abort,
    Wait(u64),
    WaitUntilDue,
    Rewind(u64),
    Drain,
    PollOutput,
}

/// One packet of the client.
#[derive(Clone, Debug)]
enum Part {
    Message,
    Bytes,
    Raw(&'static str),
}

const BUFFER_LIMIT: usize = 150_000;

/// Bytes of the largest message.
const LARGEST: usize = 70_000;

/// The longest of the spans in the configuration: the one for closing.
const LONGEST_WAIT: Duration = Duration::from_millis(600);

/// What a client before revision 4 has for each of its pings.
const LEGACY_WAIT: Duration = Duration::from_millis(500 + 400);

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let index = 0..4_usize;
    let part = prop_oneof![
        6 => Just(Part::Message),
        2 => Just(Part::Bytes),
        4 => prop::sample::select(vec!["3", "5", "2probe", "6", "0{}"]).prop_map(Part::Raw),
        1 => prop::sample::select(vec!["1", "2", "x", "", "3probe"]).prop_map(Part::Raw),
    ];
    let kind = prop_oneof![20 => Just(BodyKind::Text), 1 => Just(BodyKind::Binary)];
    let op = prop_oneof![
        12 => Just(Op::Poll),
        6 => kind.prop_map(Op::Post),
        8 => (index.clone(), prop::collection::vec(part.clone(), 1..4))
            .prop_map(|(index, parts)| Op::Body(index, parts)),
        1 => index.clone().prop_map(Op::BodyTooLarge),
        1 => index.clone().prop_map(Op::Aborted),
        1 => Just(Op::Other),
        4 => Just(Op::Opened),
        16 => (index.clone(), part).prop_map(|(index, part)| Op::Frame(index, part)),
        4 => index.clone().prop_map(Op::Flushed),
        1 => index.clone().prop_map(Op::Closed),
        1 => index.prop_map(Op::Failed),
        12 => prop_oneof![9 => 0..20_usize, 1 => 20_000..LARGEST].prop_map(Op::Send),
        1 => Just(Op::Close),
        1 => Just(Op::Abort),
        4 => (0..400_u64).prop_map(Op::Wait),
        3 => Just(Op::WaitUntilDue),
        1 => (0..400_u64).prop_map(Op::Rewind),
        20 => Just(Op::Drain),
        6 => Just(Op::PollOutput),
    ];
    prop::collection::vec(op, 0..80)
}

fn revisions() -> impl Strategy<Value = Revision> {
    prop_oneof![
        2 => Just(Revision::V4),
        1 => Just(Revision::V3),
        1 => Just(Revision::V2),
    ]
}

/// A session, and what the laws need to know about it.
struct World {
    session: Session,
    revision: Revision,
    ids: Ids,
    now: Timestamp,
    requests: Vec<RequestId>,
    transports: Vec<TransportId>,
    /// Handed in and not yet answered.
    unanswered: BTreeSet<RequestId>,
    /// Polls that may be answered with packets.
    parked: BTreeSet<RequestId>,
    post: Option<(RequestId, BodyKind)>,
    /// WebSockets that the driver has not been told to close and that are not gone.
    alive: BTreeSet<TransportId>,
    link: Option<TransportId>,
    unflushed: BTreeMap<TransportId, (usize, usize)>,
    accepted: u64,
    delivered: u64,
    said: u64,
    expected: Vec<u64>,
    heard: Vec<u64>,
    closed: bool,
}

impl World {
    fn new(over_web_socket: bool, revision: Revision) -> Self {
        let mut config = Config::default();
        config.ping_interval = Duration::from_millis(500);
        config.ping_timeout = Duration::from_millis(400);
        config.upgrade_timeout = Duration::from_millis(450);
        config.close_timeout = Duration::from_millis(600);
        config.buffer_limit = BUFFER_LIMIT;
        let mut ids = Ids::new();
        let (request, transport) = (ids.request(), ids.transport());
        let now = Timestamp::from_millis(0);
        let via = match over_web_socket {
            true => Opening::WebSocket(transport),
            false => Opening::Poll(request),
        };
        let mut world = Self {
            session: Session::open_for(&config, Sid::new("s1"), revision.into(), via, now),
            revision,
            ids,
            now,
            requests: vec![request],
            transports: vec![transport],
            unanswered: BTreeSet::new(),
            parked: BTreeSet::new(),
            post: None,
            alive: BTreeSet::new(),
            link: None,
            unflushed: BTreeMap::new(),
            accepted: 0,
            delivered: 0,
            said: 0,
            expected: Vec::new(),
            heard: Vec::new(),
            closed: false,
        };
        if over_web_socket {
            world.alive.insert(transport);
            world.link = Some(transport);
        } else {
            world.unanswered.insert(request);
            world.parked.insert(request);
        }
        world
    }

    #[allow(
        clippy::too_many_lines,
        reason = "one line per operation reads best in one place"
    )]
    fn apply(&mut self, op: Op) {
        match op {
            Op::Poll => {
                let request = self.new_request();
                self.parked.insert(request);
                self.input(Input::Poll { request });
            }
            Op::Post(kind) => {
                let request = self.new_request();
                let takes_body = self.session.transport() == TransportKind::Polling
                    && self.post.is_none()
                    && (kind == BodyKind::Text || self.is_legacy());
                self.input(Input::Post { request, kind });
                if takes_body && !self.session.is_closed() {
                    self.post = Some((request, kind));
                }
            }
            Op::Body(index, parts) => self.body(index, parts),
            Op::BodyTooLarge(index) => {
                let request = self.request(index);
                self.input(Input::BodyTooLarge { request });
                self.post.take_if(|(post, _)| *post == request);
            }
            Op::Aborted(index) => {
                let request = self.request(index);
                self.drain();
                self.input(Input::Aborted { request });
                self.unanswered.remove(&request);
                self.parked.remove(&request);
                self.post.take_if(|(post, _)| *post == request);
            }
            Op::Other => {
                let request = self.new_request();
                self.input(Input::Other { request });
            }
            Op::Opened => {
                let transport = self.ids.transport();
                self.transports.push(transport);
                self.alive.insert(transport);
                self.input(Input::Opened { transport });
            }
            Op::Frame(index, part) => self.frame(index, part),
            Op::Flushed(index) => {
                let transport = self.transport(index);
                self.drain();
                self.unflushed.remove(&transport);
                self.input(Input::Flushed { transport });
            }
            Op::Closed(index) => {
                let transport = self.transport(index);
                self.drain();
                self.alive.remove(&transport);
                self.input(Input::Closed { transport });
            }
            Op::Failed(index) => {
                let transport = self.transport(index);
                self.drain();
                self.alive.remove(&transport);
                self.input(Input::Failed { transport });
            }
            Op::Send(size) => self.send(size),
            Op::Close => self.session.close(self.now),
            Op::Abort => self.session.abort(),
            Op::Wait(millis) => self.wait(self.now + Duration::from_millis(millis)),
            Op::WaitUntilDue => {
                if let Some(due) = self.session.next_timeout() {
                    self.wait(due);
                }
            }
            Op::Rewind(millis) => {
                let past = Timestamp::from_millis(self.now.as_millis().saturating_sub(millis));
                self.session.handle_timeout(past);
            }
            Op::Drain => self.drain(),
            Op::PollOutput => drop(self.session.poll_output().map(|output| self.check(output))),
        }
    }

    /// Packets before one that ends the session are delivered; the others are not.
    fn body(&mut self, index: usize, parts: Vec<Part>) {
        let request = self.request(index);
        let (post, kind) = self.post.unzip();
        let is_heard = post == Some(request);
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        let mut goes_on = true;
        for part in parts {
            let (text, number) = self.encode(&part, true);
            numbers.extend(number.filter(|_| goes_on));
            goes_on &= !self.ends(&part);
            texts.push(text);
        }
        self.tick();
        if is_heard && self.session.is_open() {
            self.expected.append(&mut numbers);
        }
        let body = match (self.is_legacy(), kind) {
            (false, _) => texts.join("\u{1e}").into(),
            (true, Some(BodyKind::Binary)) => texts.iter().flat_map(|text| entry(text)).collect(),
            (true, _) => {
                let part = |text: &String| format!("{}:{text}", text.len());
                texts.iter().map(part).collect::<String>().into()
            }
        };
        self.input(Input::Body { request, body });
        self.post.take_if(|(post, _)| *post == request);
    }

    fn is_legacy(&self) -> bool {
        self.revision < Revision::V4
    }

    /// Whether a session ends by this part of a body.
    fn ends(&self, part: &Part) -> bool {
        let Part::Raw(text) = *part else {
            return false;
        };
        match (text, self.is_legacy()) {
            ("1" | "x", _) => true,
            ("2" | "2probe", is_legacy) => !is_legacy,
            ("3" | "3probe", is_legacy) => is_legacy,
            // A part without a length ends a body of text; one with the length 0 may be left out.
            ("", is_legacy) => !is_legacy || matches!(self.post, Some((_, BodyKind::Binary))),
            _ => false,
        }
    }

    fn frame(&mut self, index: usize, part: Part) {
        let transport = self.transport(index);
        self.drain();
        let (text, number) = self.encode(&part, false);
        self.tick();
        if self.link == Some(transport) && self.session.is_open() {
            self.expected.extend(number);
        }
        let frame = match part {
            Part::Bytes if self.is_legacy() => Frame::Binary(format!("\u{4}{text}").into()),
            Part::Bytes => Frame::Binary(text.into()),
            Part::Message | Part::Raw(_) => Frame::Text(text.into()),
        };
        self.input(Input::Frame { transport, frame });
    }

    /// A message carries the next number; as bytes in a payload it is base64 of three digits.
    fn encode(&mut self, part: &Part, in_payload: bool) -> (String, Option<u64>) {
        match part {
            Part::Raw(text) => ((*text).to_owned(), None),
            Part::Bytes if !in_payload => {
                self.said += 1;
                (self.said.to_string(), Some(self.said))
            }
            // Base64 is the parser's business: bytes in a payload are sent as text here.
            Part::Message | Part::Bytes => {
                self.said += 1;
                (format!("4{}", self.said), Some(self.said))
            }
        }
    }

    fn send(&mut self, size: usize) {
        let (was_open, was_full) = (self.session.is_open(), self.session.is_full());
        let text = format!("{} {}", self.accepted + 1, "x".repeat(size));
        match self.session.send(Message::from(text)) {
            Ok(()) => {
                assert!(was_open && !was_full);
                self.accepted += 1;
                // The limit, one message, and what the session says by itself.
                let bound = BUFFER_LIMIT + LARGEST + 100;
                assert!(self.session.queued_bytes() <= bound, "more than the limit");
            }
            Err(SendError::Closed(_)) => assert!(!was_open),
            Err(SendError::Full(_)) => assert!(was_full && self.session.queued_bytes() > 0),
        }
    }

    fn wait(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
        self.tick();
    }

    /// Time always makes progress: what was due has happened.
    fn tick(&mut self) {
        self.session.handle_timeout(self.now);
        let next = self.session.next_timeout();
        assert!(next.is_none_or(|next| next > self.now));
        let longest = match self.is_legacy() {
            true => LEGACY_WAIT,
            false => LONGEST_WAIT,
        };
        let latest = self.now + longest;
        assert!(next.is_none_or(|next| next <= latest), "waits too long");
        self.drain();
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.check(output);
        }
        assert!(
            !self.session.is_closed() || self.closed,
            "the end was not told"
        );
    }

    fn check(&mut self, output: Output<Io, Event>) {
        match output {
            Output::Io(Io::Respond { request, response }) => self.check_answer(request, response),
            Output::Io(Io::Frame { transport, frame }) => {
                assert!(!self.closed, "a frame after the end");
                assert!(self.alive.contains(&transport), "a frame for the dead");
                if self.link == Some(transport) {
                    let (frames, bytes) = self.unflushed.entry(transport).or_default();
                    (*frames, *bytes) = (*frames + 1, *bytes + frame.len());
                    assert!(*frames == 1 || *bytes <= 64 * 1024, "more than the window");
                    let Frame::Text(text) = frame else {
                        panic!("only text was sent")
                    };
                    self.deliver(&text);
                } else {
                    assert_eq!(frame, Frame::Text("3probe".into()));
                }
            }
            Output::Io(Io::Close { transport }) => {
                assert!(self.alive.remove(&transport), "closed twice, or gone");
            }
            Output::Event(event) => {
                assert!(!self.closed, "an event after the end");
                match event {
                    Event::Message(Message::Text(text)) => self.heard.push(number(&text)),
                    Event::Message(Message::Binary(bytes)) => {
                        self.heard
                            .push(number(std::str::from_utf8(&bytes).unwrap()));
                    }
                    Event::Upgraded => self.link = self.upgraded(),
                    Event::Closed(_) => self.closed = true,
                }
            }
        }
    }

    fn check_answer(&mut self, request: RequestId, response: Response) {
        assert!(self.unanswered.remove(&request), "answered twice, or gone");
        let was_parked = self.parked.remove(&request);
        if self.closed {
            assert_eq!(response, Response::Reject(Reject::UnknownSession));
        } else if let Response::Payload(_) | Response::Wrapped { .. } = response {
            assert!(was_parked, "packets for a request that is no poll");
            let wire = Wire::from(self.revision);
            let form = Form::of_request(wire, response.content_type()).unwrap();
            let body = response.into_body();
            assert!(!body.is_empty());
            for packet in form.decode(&body) {
                if let Packet::Message(Message::Text(text)) = packet.unwrap() {
                    self.deliver(&format!("4{text}"));
                }
            }
        }
    }

    /// In order, each once, none left out.
    fn deliver(&mut self, packet: &str) {
        if let Some(text) = packet.strip_prefix('4') {
            self.delivered += 1;
            assert_eq!(number(text), self.delivered);
        }
    }

    /// The candidate that became the link: the oldest, because all later ones were turned away.
    fn upgraded(&self) -> Option<TransportId> {
        assert!(!self.alive.is_empty());
        self.alive.first().copied()
    }

    fn new_request(&mut self) -> RequestId {
        let request = self.ids.request();
        self.requests.push(request);
        self.unanswered.insert(request);
        request
    }

    /// Counted from the latest, so that most picks are alive.
    fn request(&self, index: usize) -> RequestId {
        self.requests[self.requests.len().saturating_sub(index + 1)]
    }

    fn transport(&self, index: usize) -> TransportId {
        self.transports[self.transports.len().saturating_sub(index + 1)]
    }

    fn finish(mut self) {
        self.drain();
        self.session.abort();
        self.drain();
        assert!(self.closed);
        assert_eq!(self.unanswered, BTreeSet::new(), "never answered");
        assert_eq!(self.session.next_timeout(), None);
        assert_eq!(self.heard, self.expected);
        assert!(self.delivered <= self.accepted);
    }
}

/// A packet in a body of bytes.
fn entry(text: &str) -> Vec<u8> {
    let digits = text.len().to_string().into_bytes();
    let digits = digits.into_iter().map(|digit| digit - b'0');
    let head = [0].into_iter().chain(digits).chain([0xff]);
    head.chain(text.bytes()).collect()
}

fn number(text: &str) -> u64 {
    text.split(' ').next().unwrap().parse().unwrap()
}

/// `PROPTEST_CASES` in the environment asks for more.
fn proptest_config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: 4 * default.cases,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(proptest_config())]

    #[test]
    fn the_laws_hold_whatever_happens(
        over_web_socket: bool,
        revision in revisions(),
        ops in ops(),
    ) {
        let mut world = World::new(over_web_socket, revision);
        for op in ops {
            world.apply(op);
        }
        world.finish();
    }

    /// A driver that drains, a client that plays by the rules, then a graceful close: everything
    /// that was accepted arrives.
    #[test]
    fn a_graceful_close_loses_nothing(
        upgrade_at in 0..20_usize,
        revision in revisions(),
        sizes in prop::collection::vec(0..40_000_usize, 0..20),
    ) {
        let mut world = World::new(false, revision);
        for (number, size) in sizes.into_iter().enumerate() {
            if number == upgrade_at {
                world.apply(Op::Opened);
                world.apply(Op::Frame(0, Part::Raw("2probe")));
                world.apply(Op::Frame(0, Part::Raw("5")));
            }
            world.apply(Op::Send(size));
            if number % 3 == 0 && world.link.is_none() {
                world.apply(Op::Poll);
                world.apply(Op::Drain);
            }
            if number % 5 == 0 {
                world.apply(Op::Flushed(0));
            }
        }
        world.drain();
        world.apply(Op::Close);
        while !world.session.is_closed() {
            world.apply(if world.link.is_some() { Op::Flushed(0) } else { Op::Poll });
            world.drain();
        }
        prop_assert_eq!(world.delivered, world.accepted);
        world.finish();
    }
}
