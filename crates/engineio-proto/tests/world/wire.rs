//! Both drivers: what happens on the way between an output of one side and an input of the other.

use bytes::Bytes;
use engineio_proto::client::{self, Query};
use engineio_proto::parser::{Channel, Revision, payload::Form};
use engineio_proto::server::{self, BodyKind, Opening, Peer, Purpose, Reject, Route, Visit};
use engineio_proto::{Config, Frame, Machine, RequestId, Sid, TransportId};

use super::cut::{ANSWER_HEAD, REQUEST_HEAD, Stream, answer_len, close_len, message_len};
use super::fault::Notice;
use super::network::{Asks, End, Entry, Exchange, Manner, Network, Socket, What, World};
use super::{Game, Seen, Side};

impl<G: Game> World<G> {
    /// Lets one thing happen, unless something stands in its way.
    pub(super) fn happen(&mut self, entry: Entry<G::Act>) {
        let (side, travels) = match &entry.what {
            What::Act(act) => (Some(G::actor(act)), false),
            What::Fault(_) => (None, false),
            What::Head(_) | What::Body(_) | What::Aborted(_) | What::Dial(_) => {
                (Some(Side::Server), true)
            }
            What::Answer(..) | What::Broken(_) | What::Dialed(_) => (Some(Side::Client), true),
            What::Message(side, ..) | What::Gone(side, ..) => (Some(*side), true),
            What::Flushed(side, ..) | What::StaleFlushed(side) => (Some(*side), false),
        };
        if travels && self.net.is_cut {
            return;
        }
        let wakes = side.map_or(0, |side| self.net.asleep_until[side as usize]);
        let passes = if travels { self.net.stalled_until } else { 0 };
        let at = wakes.max(passes);
        if at > self.net.now {
            // Its place in the order is kept.
            self.net.queue.push(Entry { at, ..entry });
            return;
        }
        match entry.what {
            What::Act(act) => self.act(&act),
            What::Fault(fault) => self.net.fail(fault),
            What::Head(number) => self.on_head(number),
            What::Body(number) => self.on_body(number),
            What::Answer(number, status, body) => self.on_answer(number, status, body),
            What::Broken(number) => self.on_broken(number),
            What::Aborted(number) => self.on_aborted(number),
            What::Dial(number) => self.on_dial(number),
            What::Dialed(number) => self.on_dialed(number),
            What::Message(side, number, frame) => self.on_message(side, number, frame),
            What::Flushed(side, number, written) => self.on_flushed(side, number, written),
            What::Gone(side, number, manner) => self.on_gone(side, number, manner),
            What::StaleFlushed(side) => self.on_stale_flushed(side),
        }
    }

    fn tell_client(&mut self, input: client::Input) {
        self.client.handle(self.net.time_of(Side::Client), input);
        self.drain_client();
    }

    fn tell_server(&mut self, session: usize, input: server::Input) {
        let now = self.net.time_of(Side::Server);
        self.servers[session].handle(now, input);
        self.drain_server(session);
    }

    fn on_head(&mut self, number: usize) {
        let carries = |net: &mut Network<_>| {
            net.exchange_carries(Side::Server, number, REQUEST_HEAD, Seen::CutInHead)
        };
        if self.net.exchanges[number].is_dead || !carries(&mut self.net) {
            return;
        }
        let exchange = &mut self.net.exchanges[number];
        let request = exchange.request;
        let kind = exchange.body.as_ref().map(|(kind, _)| *kind);
        let Some(session) = exchange.session else {
            return self.on_handshake(number);
        };
        if self.servers[session].is_closed() && !self.net.weather.keeps_the_dead {
            return self.net.answer(number, 400, Bytes::new());
        }
        exchange.owes[0] = true;
        if let Some(kind) = kind {
            let gap = self.net.rng.within(&self.net.weather.body);
            self.net.push(self.net.now + gap, What::Body(number));
            return self.tell_server(session, server::Input::Post { request, kind });
        }
        self.tell_server(session, server::Input::Poll { request });
        // A copy of a poll that waits is an overlap.
        if self.net.repeats_next_poll && self.net.exchanges[number].owes[0] {
            self.net.repeats_next_poll = false;
            self.net.saw(Seen::RepeatedPoll);
            let request = self.net.ghosts.request();
            let exchange = &mut self.net.exchanges[number];
            exchange.ghost = Some(request);
            exchange.owes[1] = true;
            self.tell_server(session, server::Input::Poll { request });
            // If the first one was just sent back, the copy would take packets away that nobody
            // hears; its end is noticed instead.
            if std::mem::take(&mut self.net.exchanges[number].owes[1]) {
                self.tell_server(session, server::Input::Aborted { request });
            }
        }
    }

    /// A session is opened; two, if a proxy has dialed twice. The client hears of the first.
    fn on_handshake(&mut self, number: usize) {
        // Or it is the candidate, later, that is dialed twice.
        let is_repeated = self.net.repeats_next_dial && self.net.rng.one_in(2);
        self.net.repeats_next_dial &= !is_repeated;
        let copy = is_repeated.then(|| self.net.ghosts.request());
        let exchange = &mut self.net.exchanges[number];
        exchange.ghost = copy;
        exchange.owes = [true, is_repeated];
        let request = exchange.request;
        let peer = exchange.peer.clone().expect("it is a handshake");
        let session = self.accept(peer.clone(), Opening::Poll(request));
        self.net.exchanges[number].session = Some(session);
        self.drain_server(session);
        if let Some(copy) = copy {
            self.net.saw(Seen::RepeatedHandshake);
            let session = self.accept(peer, Opening::Poll(copy));
            self.drain_server(session);
        }
    }

    fn on_body(&mut self, number: usize) {
        let exchange = &self.net.exchanges[number];
        let (Some(session), Some((kind, body))) = (exchange.session, exchange.body.clone()) else {
            return;
        };
        let is_ignored = !exchange.owes[0] && !self.net.weather.keeps_the_dead;
        let (request, len) = (exchange.request, body.len() as u64);
        let carries =
            |net: &mut Network<_>| net.exchange_carries(Side::Server, number, len, Seen::CutInBody);
        if exchange.is_dead || is_ignored || !carries(&mut self.net) {
            return;
        }
        let is_spoiled = self.net.spoil(Side::Server);
        let body = if is_spoiled { GARBAGE.into() } else { body };
        if body.len() as u64 > self.game.max_payload() {
            // One message that is too large cannot be divided. Several could have been, by whoever
            // has been told.
            assert!(
                self.net.revision == Revision::V2 || is_one(self.net.revision, kind, &body),
                "{request} carries more than the server allows"
            );
            self.net.is_disturbed = true;
            self.net.saw(Seen::BodyTooLarge);
            return self.tell_server(session, server::Input::BodyTooLarge { request });
        }
        self.tell_server(session, server::Input::Body { request, body });
    }

    fn on_answer(&mut self, number: usize, status: u16, body: Bytes) {
        let exchange = &self.net.exchanges[number];
        let is_again = exchange.is_done;
        if exchange.is_dead || self.net.has_hung_up {
            return;
        }
        let carries = |net: &mut Network<_>| {
            let len = answer_len(&body);
            net.exchange_carries(Side::Client, number, len, Seen::CutInAnswer)
        };
        if !is_again && !carries(&mut self.net) {
            return;
        }
        let exchange = &mut self.net.exchanges[number];
        exchange.is_done = true;
        let request = exchange.request;
        let body = if !is_again && self.net.spoil(Side::Client) {
            GARBAGE.into()
        } else {
            body
        };
        if !is_again && self.net.repeats() {
            self.net.saw(Seen::RepeatedAnswer);
            let later = self.net.now + self.net.rng.below(3_000);
            let again = What::Answer(number, status, body.clone());
            self.net.push(later, again);
            if self.net.rng.one_in(4) {
                self.net.push(later, What::Broken(number));
                self.net.push(later, What::Aborted(number));
            }
        }
        self.tell_client(client::Input::Response {
            request,
            status,
            body,
        });
    }

    fn on_broken(&mut self, number: usize) {
        let exchange = &mut self.net.exchanges[number];
        exchange.is_done = true;
        let request = exchange.request;
        if !self.net.has_hung_up {
            self.tell_client(client::Input::Failed { request });
        }
    }

    fn on_aborted(&mut self, number: usize) {
        let exchange = &mut self.net.exchanges[number];
        let Some(session) = exchange.session else {
            return;
        };
        // Nobody is there to be answered.
        exchange.owes = [false; 2];
        let (request, was_delivered) = (exchange.request, exchange.is_done && !exchange.is_dead);
        let has_come = |later: &Exchange| later.owes[0] || later.is_done;
        let is_later_poll = |later: &Exchange| {
            later.session == Some(session) && later.body.is_none() && has_come(later)
        };
        let mut later = self.net.exchanges.iter().skip(number + 1);
        // A driver only says so of an answer that went nowhere; an old one is worth a try.
        if was_delivered && !later.any(is_later_poll) {
            return;
        }
        self.tell_server(session, server::Input::Aborted { request });
    }

    fn on_dial(&mut self, number: usize) {
        let carries = |net: &mut Network<_>| {
            net.socket_carries(Side::Server, number, REQUEST_HEAD, Seen::CutInDial)
        };
        if self.net.sockets[number].is_dead || !carries(&mut self.net) {
            return;
        }
        let socket = &mut self.net.sockets[number];
        let transport = socket.transport;
        let is_dead = |session: usize| self.servers[session].is_closed();
        if socket.session.is_some_and(is_dead) && !self.net.weather.keeps_the_dead {
            socket.is_dead = true;
            let way = socket.way;
            let at = self.net.arrival(way);
            return self
                .net
                .push(at, What::Gone(Side::Client, number, Manner::Closed));
        }
        socket.ends[Side::Server as usize].is_open = true;
        if !socket.is_copy {
            socket.streams[Side::Client as usize].write(ANSWER_HEAD);
            let at = self.net.in_order(Side::Client, number);
            self.net.push(at, What::Dialed(number));
        }
        let socket = &self.net.sockets[number];
        match (socket.session, socket.asks.clone()) {
            (Some(session), Asks::Upgrade(Channel::Text)) => {
                self.tell_server(session, server::Input::OpenedForText { transport });
            }
            (Some(session), _) => self.tell_server(session, server::Input::Opened { transport }),
            (None, Asks::Session(peer)) => {
                let session = self.accept(peer, Opening::WebSocket(transport));
                self.net.sockets[number].session = Some(session);
                self.drain_server(session);
            }
            (None, Asks::Upgrade(_)) => panic!("{transport} asks for no session"),
        }
    }

    fn on_dialed(&mut self, number: usize) {
        let carries = |net: &mut Network<_>| {
            net.socket_carries(Side::Client, number, ANSWER_HEAD, Seen::CutInDial)
        };
        if self.net.sockets[number].is_dead || !carries(&mut self.net) {
            return;
        }
        let socket = &mut self.net.sockets[number];
        let end = &mut socket.ends[Side::Client as usize];
        if !end.is_closed {
            end.is_open = true;
            let transport = socket.transport;
            self.tell_client(client::Input::Opened { transport });
        }
    }

    fn on_message(&mut self, side: Side, number: usize, frame: Frame) {
        let cut = match side {
            Side::Client => Seen::CutInMessageToClient,
            Side::Server => Seen::CutInMessageToServer,
        };
        let len = message_len(side, &frame);
        if self.net.sockets[number].is_dead || !self.net.socket_carries(side, number, len, cut) {
            return;
        }
        let socket = &mut self.net.sockets[number];
        let is_closed = socket.ends[side as usize].is_closed;
        if is_closed && !self.net.weather.keeps_the_dead {
            return;
        }
        if side == Side::Client && matches!(&frame, Frame::Text(text) if text == "3probe") {
            // From here on the session may hang on it.
            socket.is_candidate = false;
        }
        let (transport, session) = (socket.transport, socket.session);
        let spoils = !socket.is_candidate && self.net.spoil(side);
        let frame = if spoils {
            Frame::Text(GARBAGE.into())
        } else {
            frame
        };
        match (side, session) {
            (Side::Client, _) => self.tell_client(client::Input::Frame { transport, frame }),
            (Side::Server, Some(session)) => {
                self.tell_server(session, server::Input::Frame { transport, frame });
            }
            (Side::Server, None) => {}
        }
    }

    fn on_flushed(&mut self, side: Side, number: usize, written: u32) {
        let slow_until = self.net.slow_until[side as usize];
        if slow_until > self.net.now {
            self.net
                .saw([Seen::SlowClient, Seen::SlowServer][side as usize]);
            return self
                .net
                .push(slow_until, What::Flushed(side, number, written));
        }
        let socket = &mut self.net.sockets[number];
        let end = &mut socket.ends[side as usize];
        // Something was written since: a later report covers it.
        if end.is_closed || end.written != written {
            return;
        }
        end.unflushed = (0, 0);
        let transport = socket.transport;
        let session = socket.session;
        self.report_flushed(side, session, transport);
    }

    fn on_stale_flushed(&mut self, side: Side) {
        self.net.saw(Seen::StaleReport);
        let transport = self.net.ghosts.transport();
        let session = (!self.servers.is_empty()).then_some(0);
        self.report_flushed(side, session, transport);
    }

    fn report_flushed(&mut self, side: Side, session: Option<usize>, transport: TransportId) {
        match (side, session) {
            (Side::Client, _) => self.tell_client(client::Input::Flushed { transport }),
            (Side::Server, Some(session)) => {
                self.tell_server(session, server::Input::Flushed { transport });
            }
            (Side::Server, None) => {}
        }
    }

    fn on_gone(&mut self, side: Side, number: usize, manner: Manner) {
        // The last frame of a WebSocket is bytes, too. That it broke is known without any.
        let has_frame = manner == Manner::Closed && !self.net.sockets[number].is_dead;
        let len = close_len(side);
        if has_frame && !self.net.socket_carries(side, number, len, Seen::CutInClose) {
            return;
        }
        let socket = &mut self.net.sockets[number];
        let end = &mut socket.ends[side as usize];
        if end.is_closed && !self.net.weather.keeps_the_dead {
            return;
        }
        let (transport, session) = (socket.transport, socket.session);
        match (side, session, manner) {
            (Side::Client, _, Manner::Closed) => {
                self.tell_client(client::Input::Closed { transport });
            }
            (Side::Client, _, Manner::Broken) => {
                self.tell_client(client::Input::Broken { transport });
            }
            (Side::Server, Some(session), Manner::Closed) => {
                self.tell_server(session, server::Input::Closed { transport });
            }
            (Side::Server, Some(session), Manner::Broken) => {
                self.tell_server(session, server::Input::Failed { transport });
            }
            (Side::Server, None, _) => {}
        }
        // Only now the machine knows: a deadline may have made it close this one just before.
        self.net.sockets[number].ends[side as usize].is_closed = true;
    }
}

impl<A> Network<A> {
    pub(super) fn perform_for_client(&mut self, io: client::Io) {
        assert!(!self.has_hung_up, "{io:?} after the end");
        match io {
            client::Io::Get { request, query } => {
                self.check_alone(request, None);
                self.request(request, &query, None);
            }
            client::Io::Post {
                request,
                query,
                kind,
                body,
            } => {
                self.check_alone(request, Some(()));
                self.request(request, &query, Some((kind, body)));
            }
            client::Io::Connect { transport, query } => self.dial(transport, &query),
            client::Io::Frame { transport, frame } => {
                self.write(Side::Client, transport, frame);
            }
            client::Io::Close { transport } => self.close(Side::Client, transport),
        }
    }

    pub(super) fn perform_for_server(&mut self, io: server::Io) {
        match io {
            server::Io::Respond { request, response } => {
                let number = self.settle(request);
                let status = response.status();
                self.answer(number, status, response.into_body());
            }
            server::Io::Frame { transport, frame } => self.write(Side::Server, transport, frame),
            server::Io::Close { transport } => self.close(Side::Server, transport),
        }
    }

    /// One poll and one post at a time.
    fn check_alone(&self, request: RequestId, post: Option<()>) {
        let has_other = self
            .exchanges
            .iter()
            .any(|other| !other.is_done && other.body.is_some() == post.is_some());
        assert!(!has_other, "{request} overlaps another request");
    }

    fn request(&mut self, request: RequestId, query: &Query, body: Option<(BodyKind, Bytes)>) {
        let number = self.exchanges.len();
        self.exchanges.push(Exchange {
            request,
            ghost: None,
            session: query.sid().map(session),
            peer: match query.sid() {
                Some(_) => None,
                None => Some(peer(query, false)),
            },
            body,
            owes: [false; 2],
            is_done: false,
            is_dead: false,
            streams: [Stream::default(); 2],
            notice: Notice::Both,
        });
        let exchange = &mut self.exchanges[number];
        let body = exchange.body.as_ref().map_or(0, |(_, body)| body.len()) as u64;
        exchange.streams[Side::Server as usize].write(REQUEST_HEAD + body);
        let way = self.rng.within(&self.weather.http);
        let at = self.arrival(way);
        self.push(at, What::Head(number));
    }

    /// Finds the exchange that an answer belongs to. It was not answered before.
    fn settle(&mut self, request: RequestId) -> usize {
        for (number, exchange) in self.exchanges.iter_mut().enumerate().rev() {
            let copy = match (exchange.request == request, exchange.ghost == Some(request)) {
                (true, _) => 0,
                (_, true) => 1,
                (false, false) => continue,
            };
            assert!(
                exchange.owes[copy] || exchange.is_dead,
                "{request} is answered twice, or gone"
            );
            exchange.owes[copy] = false;
            return number;
        }
        panic!("nobody asked {request}")
    }

    pub(super) fn answer(&mut self, number: usize, status: u16, body: Bytes) {
        let exchange = &mut self.exchanges[number];
        // Of two answers to a repeated request, the client sees the first.
        if exchange.ghost.is_some() && exchange.owes == [false; 2] {
            return;
        }
        exchange.streams[Side::Client as usize].write(answer_len(&body));
        let way = self.rng.within(&self.weather.http);
        let at = self.arrival(way);
        self.push(at, What::Answer(number, status, body));
    }

    fn dial(&mut self, transport: TransportId, query: &Query) {
        let session = query.sid().map(session);
        let way = self.rng.within(&self.weather.web_socket);
        let is_candidate = session.is_some();
        let late = std::mem::take(&mut self.delays_next);
        let is_refused = std::mem::take(&mut self.refuses_next);
        let asks = match is_candidate {
            true => Asks::Upgrade(channel(query)),
            false => Asks::Session(peer(query, true)),
        };
        let number = self.add_socket(transport, session, asks, way);
        if late > 0 {
            self.saw(Seen::LateDial);
        }
        if is_refused || late > 1_000 {
            match is_candidate {
                true => self.is_upgrade_spoiled = true,
                false => self.is_disturbed = true,
            }
        }
        let dial = late + self.rng.within(&self.weather.dial);
        let at = self.arrival(way + dial);
        if is_refused {
            self.saw(Seen::Refusal);
            self.sockets[number].is_dead = true;
            return self.push(at, What::Gone(Side::Client, number, Manner::Broken));
        }
        self.sockets[number].ends[Side::Server as usize].last = at;
        self.push(at, What::Dial(number));
        if std::mem::take(&mut self.repeats_next_dial) {
            self.dial_again(number, at);
        }
    }

    /// A proxy dials a second time. Nobody speaks over the copy, and at some time it is gone.
    fn dial_again(&mut self, original: usize, at: u64) {
        let Socket { session, way, .. } = self.sockets[original];
        let asks = self.sockets[original].asks.clone();
        let transport = self.ghosts.transport();
        let number = self.add_socket(transport, session, asks, way);
        let copy = &mut self.sockets[number];
        copy.is_copy = true;
        copy.ends[Side::Client as usize].is_closed = true;
        // A copy that comes first is taken for the candidate. There is no first session but the
        // one that the client knows.
        let is_first = session.is_some() && self.rng.one_in(3);
        let at = match is_first {
            true => self.now.max(at - 1),
            false => at + self.rng.below(500),
        };
        self.is_upgrade_spoiled |= is_first;
        self.saw(match (session, is_first) {
            (None, _) => Seen::RepeatedHandshake,
            (Some(_), false) => Seen::RepeatedCandidate,
            (Some(_), true) => Seen::OvertakenCandidate,
        });
        self.push(at, What::Dial(number));
        if self.rng.one_in(2) {
            let manner = self
                .rng
                .weighted(&[(1, Manner::Closed), (1, Manner::Broken)]);
            let at = at + 1 + self.rng.below(5_000);
            self.push(at, What::Gone(Side::Server, number, manner));
        }
    }

    fn add_socket(
        &mut self,
        transport: TransportId,
        session: Option<usize>,
        asks: Asks,
        way: u64,
    ) -> usize {
        let mut streams = [Stream::default(); 2];
        streams[Side::Server as usize].write(REQUEST_HEAD);
        self.sockets.push(Socket {
            transport,
            session,
            asks,
            way,
            ends: [End::default(), End::default()],
            is_dead: false,
            is_candidate: session.is_some(),
            is_copy: false,
            streams,
            notice: Notice::Both,
        });
        self.sockets.len() - 1
    }

    fn write(&mut self, side: Side, transport: TransportId, frame: Frame) {
        let number = self.socket(transport);
        let end = &mut self.sockets[number].ends[side as usize];
        assert!(end.is_open && !end.is_closed, "a frame for the dead");
        end.written += 1;
        let (frames, bytes) = end.unflushed;
        end.unflushed = (frames + 1, bytes + frame.len());
        assert!(
            frames == 0 || end.unflushed.1 <= WINDOW,
            "written without credit"
        );
        let flushed = What::Flushed(side, number, end.written);
        let at = self.now + self.rng.within(&self.weather.flush);
        self.push(at, flushed);
        if self.repeats() {
            self.push(self.now, What::StaleFlushed(side));
        }
        let to = side.other();
        self.sockets[number].streams[to as usize].write(message_len(to, &frame));
        let at = self.in_order(to, number);
        self.push(at, What::Message(to, number, frame));
    }

    fn close(&mut self, side: Side, transport: TransportId) {
        let number = self.socket(transport);
        let end = &mut self.sockets[number].ends[side as usize];
        let is_first = !std::mem::replace(&mut end.is_closed, true);
        assert!(is_first, "{transport} is closed twice, or gone");
        if !self.sockets[number].is_dead {
            let to = side.other();
            self.sockets[number].streams[to as usize].write(close_len(to));
            let at = self.in_order(to, number);
            self.push(at, What::Gone(to, number, Manner::Closed));
        }
    }

    /// When what is written now to a WebSocket arrives: behind everything written before.
    fn in_order(&mut self, to: Side, number: usize) -> u64 {
        let jitter = self.rng.within(&self.weather.jitter);
        let way = self.sockets[number].way;
        let at = self.arrival(way + jitter);
        let last = &mut self.sockets[number].ends[to as usize].last;
        *last = at.max(*last);
        *last
    }

    fn socket(&self, transport: TransportId) -> usize {
        self.sockets
            .iter()
            .rposition(|socket| socket.transport == transport)
            .unwrap_or_else(|| panic!("nobody knows {transport}"))
    }

    /// The client has ended: its driver drops what is in flight.
    pub(super) fn hang_up(&mut self) {
        if std::mem::replace(&mut self.has_hung_up, true) {
            return;
        }
        for number in 0..self.exchanges.len() {
            let exchange = &mut self.exchanges[number];
            if exchange.is_done || std::mem::replace(&mut exchange.is_dead, true) {
                continue;
            }
            let way = self.rng.within(&self.weather.http);
            let at = self.arrival(way);
            self.push(at, What::Aborted(number));
        }
    }

    /// Whether something is to happen a second time.
    fn repeats(&mut self) -> bool {
        self.weather.repeats > 0 && self.rng.one_in(self.weather.repeats)
    }

    fn spoil(&mut self, side: Side) -> bool {
        let is_spoiled = std::mem::take(&mut self.spoils_next[side as usize]);
        if is_spoiled {
            self.saw([Seen::GarbageForClient, Seen::GarbageForServer][side as usize]);
        }
        is_spoiled
    }
}

/// The number in the id of a session.
fn session(sid: &Sid) -> usize {
    sid.as_str()[1..].parse().expect("the world has named it")
}

/// What the first request of a session says about its client.
fn peer(query: &Query, upgrade: bool) -> Peer {
    match route(query, upgrade) {
        Ok(Route::Handshake(peer) | Route::WebSocket(peer)) => peer,
        other => panic!("{query} asks for {other:?}"),
    }
}

/// What the candidate of a session carries.
fn channel(query: &Query) -> Channel {
    match route(query, true) {
        Ok(Route::Session(Visit {
            purpose: Purpose::Upgrade(channel),
            ..
        })) => channel,
        other => panic!("{query} asks for {other:?}"),
    }
}

/// As a server reads it that serves everybody.
fn route(query: &Query, upgrade: bool) -> Result<Route, Reject> {
    let mut config = Config::default();
    config.legacy_clients = true;
    Route::parse(&config, "GET", &query.to_string(), upgrade, true)
}

/// Whether a post is a single packet.
fn is_one(revision: Revision, kind: BodyKind, body: &Bytes) -> bool {
    let form = Form::of_request(revision.into(), Some(kind.content_type()));
    let form = form.expect("the revision has this form");
    form.decode(body).count() == 1
}

const GARBAGE: &str = "x";

/// What a WebSocket may hold. See `window.rs`.
const WINDOW: usize = 64 * 1024;
