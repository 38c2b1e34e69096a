//! What holds for the client whatever a server does: random inputs, commands and jumps of time, in
//! any order. `laws_world.rs` plays servers that keep to the protocol; these do not.
//!
//! Incoming and outgoing messages are numbered. A failing case prints its operations.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::client::{Config, Event, Input, Io, Session};
use engineio_proto::parser::{Packet, Revision, Wire, payload::Form};
use engineio_proto::{
    Frame, Ids, Machine, Message, Output, RequestId, SendError, Timestamp, TransportId,
    TransportKind,
};
use proptest::prelude::*;

/// One thing that happens. A number picks one of the requests or WebSockets so far, dead or alive.
#[derive(Clone, Debug)]
enum Op {
    Answer(usize, u16, Vec<Part>),
    Failed(usize),
    Opened(usize),
    Frame(usize, Part),
    Flushed(usize),
    Closed(usize),
    Broken(usize),
    Send(usize),
    SendBytes(usize),
    Close,
    Abort,
    Wait(u64),
    WaitUntilDue,
    Rewind(u64),
    Drain,
    PollOutput,
}

/// One packet of the server.
#[derive(Clone, Debug)]
enum Part {
    Message,
    Raw(&'static str),
}

const HANDSHAKE: &str = r#"0{"sid":"s","upgrades":["websocket"],"pingInterval":500,"pingTimeout":400,"maxPayload":100}"#;

const BUFFER_LIMIT: usize = 150_000;

/// Bytes of the largest message.
const LARGEST: usize = 70_000;

/// The longest of the spans of configuration and handshake: from one ping to the end of patience.
const LONGEST_WAIT: Duration = Duration::from_millis(900);

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let index = 0..3_usize;
    let part = prop_oneof![
        6 => Just(Part::Message),
        5 => prop::sample::select(vec!["2", "6", "3", "5", "3probe", HANDSHAKE]).prop_map(Part::Raw),
        1 => prop::sample::select(vec!["1", "x", "", "0{}", "2probe"]).prop_map(Part::Raw),
    ];
    let status = prop_oneof![30 => Just(200_u16), 1 => Just(400_u16)];
    let op = prop_oneof![
        20 => (index.clone(), status, prop::collection::vec(part.clone(), 1..4))
            .prop_map(|(index, status, parts)| Op::Answer(index, status, parts)),
        1 => index.clone().prop_map(Op::Failed),
        6 => index.clone().prop_map(Op::Opened),
        12 => (index.clone(), part).prop_map(|(index, part)| Op::Frame(index, part)),
        4 => index.clone().prop_map(Op::Flushed),
        1 => index.clone().prop_map(Op::Closed),
        1 => index.prop_map(Op::Broken),
        9 => sizes().prop_map(Op::Send),
        3 => sizes().prop_map(Op::SendBytes),
        1 => Just(Op::Close),
        1 => Just(Op::Abort),
        3 => (0..400_u64).prop_map(Op::Wait),
        2 => Just(Op::WaitUntilDue),
        1 => (0..400_u64).prop_map(Op::Rewind),
        20 => Just(Op::Drain),
        4 => Just(Op::PollOutput),
    ];
    prop::collection::vec(op, 0..60)
}

fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0..20_usize, 1 => 20_000..LARGEST]
}

/// What is spoken: revision 4 most often.
fn speeches() -> impl Strategy<Value = (Revision, bool)> {
    let revision =
        prop_oneof![3 => Just(Revision::V4), 2 => Just(Revision::V3), 1 => Just(Revision::V2)];
    (revision, prop::bool::weighted(0.2))
}

/// A session, and what the laws need to know about it.
struct World {
    session: Session,
    revision: Revision,
    now: Timestamp,
    requests: Vec<RequestId>,
    transports: Vec<TransportId>,
    get: Option<RequestId>,
    post: Option<RequestId>,
    /// WebSockets that the session has not closed and that are not gone.
    alive: BTreeSet<TransportId>,
    unflushed: (usize, usize),
    accepted: u64,
    delivered: u64,
    said: u64,
    heard: u64,
    is_opened: bool,
    is_closed: bool,
}

impl World {
    fn new(
        first: TransportKind,
        try_all_transports: bool,
        (revision, force_base64): (Revision, bool),
    ) -> Self {
        let mut config = Config::default();
        config.revision = revision;
        config.force_base64 = force_base64;
        if first == TransportKind::WebSocket {
            config.transports.reverse();
        }
        config.try_all_transports = try_all_transports;
        config.opening_timeout = Duration::from_millis(700);
        config.upgrade_timeout = Duration::from_millis(450);
        config.close_timeout = Duration::from_millis(600);
        config.buffer_limit = BUFFER_LIMIT;
        let now = Timestamp::from_millis(0);
        let mut world = Self {
            session: Session::connect(&config, Ids::new(), now),
            revision,
            now,
            requests: Vec::new(),
            transports: Vec::new(),
            get: None,
            post: None,
            alive: BTreeSet::new(),
            unflushed: (0, 0),
            accepted: 0,
            delivered: 0,
            said: 0,
            heard: 0,
            is_opened: false,
            is_closed: false,
        };
        world.drain();
        world
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Answer(index, status, parts) => {
                let Some(request) = nth_last(&self.requests, index) else {
                    return;
                };
                let parts: Vec<_> = parts.iter().map(|part| self.encode(part)).collect();
                let body = self.body(&parts, index);
                self.about_request(
                    request,
                    Input::Response {
                        request,
                        status,
                        body,
                    },
                );
            }
            Op::Failed(index) => {
                let Some(request) = nth_last(&self.requests, index) else {
                    return;
                };
                self.about_request(request, Input::Failed { request });
            }
            Op::Opened(index) => {
                self.about_transport(index, |transport| Input::Opened { transport })
            }
            Op::Frame(index, part) => {
                let frame = Frame::Text(self.encode(&part).into());
                self.about_transport(index, |transport| Input::Frame { transport, frame });
            }
            Op::Flushed(index) => {
                self.drain();
                if index == 0 {
                    self.unflushed = (0, 0);
                }
                self.about_transport(index, |transport| Input::Flushed { transport });
            }
            Op::Closed(index) => self.gone(index, |transport| Input::Closed { transport }),
            Op::Broken(index) => self.gone(index, |transport| Input::Broken { transport }),
            Op::Send(size) => {
                let text = format!("{} {}", self.accepted + 1, "x".repeat(size));
                self.send(text.into());
            }
            Op::SendBytes(size) => {
                let text = format!("{} {}", self.accepted + 1, "x".repeat(size));
                self.send(text.into_bytes().into());
            }
            Op::Close => self.session.close(self.now),
            Op::Abort => self.session.abort(),
            Op::Wait(millis) => self.wait(self.now + Duration::from_millis(millis)),
            Op::WaitUntilDue => {
                let due = self.session.next_timeout();
                self.wait(due.unwrap_or_default());
            }
            Op::Rewind(millis) => {
                let past = Timestamp::from_millis(self.now.as_millis().saturating_sub(millis));
                self.session.handle_timeout(past);
            }
            Op::Drain => self.drain(),
            Op::PollOutput => drop(self.session.poll_output().map(|output| self.check(output))),
        }
    }

    fn about_request(&mut self, request: RequestId, input: Input) {
        self.drain();
        let is_awaited = self.get == Some(request) || self.post == Some(request);
        self.get.take_if(|get| *get == request);
        self.post.take_if(|post| *post == request);
        self.input(input, is_awaited);
    }

    fn about_transport(&mut self, index: usize, input: impl FnOnce(TransportId) -> Input) {
        self.drain();
        if let Some(transport) = nth_last(&self.transports, index) {
            self.input(input(transport), self.alive.contains(&transport));
        }
    }

    fn gone(&mut self, index: usize, input: impl FnOnce(TransportId) -> Input) {
        self.drain();
        if let Some(transport) = nth_last(&self.transports, index) {
            let was_alive = self.alive.remove(&transport);
            self.input(input(transport), was_alive);
        }
    }

    /// What is about the dead changes nothing.
    fn input(&mut self, input: Input, is_alive: bool) {
        self.wait(self.now);
        self.session.handle(self.now, input);
        if !is_alive {
            assert_eq!(self.session.poll_output(), None);
        }
    }

    fn encode(&mut self, part: &Part) -> String {
        match part {
            Part::Raw(text) => (*text).to_owned(),
            Part::Message => {
                self.said += 1;
                format!("4{}", self.said)
            }
        }
    }

    /// The body of an answer. Before revision 4, a server writes text or bytes as it likes.
    fn body(&self, parts: &[String], index: usize) -> Bytes {
        let is_bytes = self.revision == Revision::V2 || index == 1;
        let part = |part: &String| match is_bytes {
            true => {
                let digits = part.len().to_string();
                let digits = digits.bytes().map(|digit| digit - b'0');
                let head = [0].into_iter().chain(digits).chain([0xFF]);
                head.chain(part.bytes()).collect::<Vec<_>>()
            }
            false => format!("{}:{part}", part.len()).into_bytes(),
        };
        match self.revision {
            Revision::V2 | Revision::V3 => parts.iter().flat_map(part).collect(),
            Revision::V4 => parts.join("\u{1e}").into(),
        }
    }

    fn send(&mut self, message: Message) {
        let was_full = self.session.is_full();
        match self.session.send(message) {
            Ok(()) => {
                assert!(!was_full && !self.is_closed);
                self.accepted += 1;
                // The limit, one message, and what the session says by itself.
                let bound = BUFFER_LIMIT + LARGEST + 100;
                assert!(self.session.queued_bytes() <= bound, "more than the limit");
            }
            Err(SendError::Closed(_)) => assert!(!self.session.is_open()),
            Err(SendError::Full(_)) => assert!(was_full && self.session.queued_bytes() > 0),
        }
    }

    fn wait(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
        self.session.handle_timeout(self.now);
        let next = self.session.next_timeout();
        assert!(next.is_none_or(|next| next > self.now), "time stands still");
        let latest = self.now + LONGEST_WAIT;
        assert!(next.is_none_or(|next| next <= latest), "waits too long");
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.check(output);
        }
        assert_eq!(self.session.is_closed(), self.is_closed);
    }

    fn check(&mut self, output: Output<Io, Event>) {
        assert!(!self.is_closed, "{output:?} after the end");
        match output {
            Output::Io(Io::Get { request, .. }) => {
                assert_eq!(self.get.replace(request), None, "two polls");
                self.requests.push(request);
            }
            Output::Io(Io::Post {
                request,
                kind,
                body,
                ..
            }) => {
                assert_eq!(self.post.replace(request), None, "two posts");
                self.requests.push(request);
                let form = Form::of_request(self.revision.into(), Some(kind.content_type()));
                let packets = form.expect("the revision has this form").decode(&body);
                let packets = packets
                    .map(|packet| self.deliver(packet.expect("a packet")))
                    .count();
                assert!(
                    packets == 1 || body.len() <= 100,
                    "larger than the server allows"
                );
            }
            Output::Io(Io::Connect { transport, .. }) => {
                self.transports.push(transport);
                self.alive.insert(transport);
            }
            Output::Io(Io::Frame { transport, frame }) => {
                assert!(self.alive.contains(&transport), "a frame for the dead");
                let (frames, bytes) = self.unflushed;
                self.unflushed = (frames + 1, bytes + frame.len());
                assert!(
                    frames == 0 || self.unflushed.1 <= 64 * 1024,
                    "more than the window"
                );
                let packet = Wire::from(self.revision).decode(&frame);
                self.deliver(packet.expect("a packet"));
            }
            Output::Io(Io::Close { transport }) => {
                assert!(self.alive.remove(&transport), "closed twice, or gone");
            }
            Output::Event(event) => self.check_event(event),
        }
    }

    fn check_event(&mut self, event: Event) {
        match event {
            Event::Opened(_) => assert!(!std::mem::replace(&mut self.is_opened, true)),
            Event::Message(Message::Text(text)) => {
                let number = number(&text);
                assert!(number > self.heard, "doubled or out of order");
                self.heard = number;
            }
            Event::Message(Message::Binary(_)) => panic!("only text was said"),
            Event::Upgraded => assert!(self.get.is_none() && self.post.is_none()),
            Event::Heartbeat => assert!(self.is_opened),
            Event::UpgradeFailed => assert!(self.is_opened),
            Event::Closed(_) => self.is_closed = true,
        }
    }

    /// In order, each once, none left out.
    fn deliver(&mut self, packet: Packet) {
        let text = match packet {
            Packet::Message(Message::Text(text)) => text,
            Packet::Message(Message::Binary(bytes)) => bytes.try_into().expect("it was text"),
            _ => return,
        };
        self.delivered += 1;
        assert_eq!(number(&text), self.delivered);
    }

    fn finish(mut self) {
        self.drain();
        self.session.abort();
        self.drain();
        assert!(self.is_closed);
        assert!(self.alive.is_empty(), "left open");
        assert_eq!(self.session.next_timeout(), None);
        assert_eq!(self.session.queued_bytes(), 0);
        assert!(self.delivered <= self.accepted);
    }
}

/// Counted from the latest, so that most picks are alive.
fn nth_last<T: Copy>(all: &[T], index: usize) -> Option<T> {
    all.iter().rev().nth(index).copied()
}

fn number(text: &str) -> u64 {
    text.split(' ').next().unwrap().parse().unwrap()
}

/// `PROPTEST_CASES` in the environment asks for more.
fn proptest_config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(proptest_config())]

    #[test]
    fn the_laws_hold_whatever_happens(
        first in prop::sample::select(vec![TransportKind::Polling, TransportKind::WebSocket]),
        try_all: bool,
        speech in speeches(),
        opens in prop::bool::weighted(0.8),
        ops in ops(),
    ) {
        let mut world = World::new(first, try_all, speech);
        if opens && first == TransportKind::Polling {
            world.apply(Op::Answer(0, 200, vec![Part::Raw(HANDSHAKE)]));
        } else if opens {
            world.apply(Op::Frame(0, Part::Raw(HANDSHAKE)));
        }
        for op in ops {
            world.apply(op);
        }
        world.finish();
    }
}
