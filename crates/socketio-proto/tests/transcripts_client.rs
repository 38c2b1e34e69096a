//! Whole sessions of the reference server: what it said is said again, and our client must say what
//! the reference's did.
//!
//! Over polling our client posts and polls at its own pace. What is compared is therefore the
//! sequence of packets, not their distribution over requests. Ids of acknowledgements are counted
//! differently, so each stands for the one of the reference that it was compared with.

mod peer;
#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "world/recorded.rs"]
mod recorded;
#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "world/value.rs"]
mod value;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use peer::{Peer, config, namespace};
use recorded::{Session, changed, in_text, legacy_sessions, sessions};
use serde::Serialize;
use serde_json::{Value, json};
use socketio_proto::client::{Auth, Credentials, DisconnectReason, Event};
use socketio_proto::engine::client::{BodyKind, Input, Io};
use socketio_proto::engine::parser::payload::{Form, PayloadBuf};
use socketio_proto::engine::parser::{Packet as EnginePacket, Revision, Wire};
use socketio_proto::engine::{self, Frame, Message, TransportKind};
use socketio_proto::parser::Packet;
use socketio_proto::{AckId, Args, Machine, Output, Parser};
use value::{hex, unhex};

#[test]
fn the_reference_server_is_spoken_to_as_by_the_reference_client() {
    let sessions = sessions();
    assert_eq!(sessions.len(), 17);
    for session in sessions {
        play(&session, &session.entries, Parser::Json);
    }
}

/// In the encoding in which they were recorded. What we write is compared packet by packet: the order
/// of the members of a map is free.
#[cfg(feature = "msgpack")]
#[test]
fn a_reference_server_that_speaks_messagepack_is_spoken_to_in_it() {
    let sessions = sessions().into_iter();
    let mut count = 0;
    for session in sessions.filter(|session| session.scenario == "msgpack") {
        play(&session, &session.originals, Parser::MessagePack);
        count += 1;
    }
    assert_eq!(count, 2);
}

/// Servers of Socket.IO 1 and 2, and one of 4 that speaks as they do.
#[test]
fn an_old_server_is_spoken_to_as_by_an_old_client() {
    let sessions = legacy_sessions();
    assert_eq!(sessions.len(), 13);
    for session in sessions {
        play(&session, &session.entries, Parser::Json);
    }
}

fn play(session: &Session, entries: &[Value], parser: Parser) {
    let name = session.name.as_str();
    let mut replay = Replay::new(session, parser);
    // Here the recorder has not said that its application does so.
    replay.opens_another = session.scenario == "kick-all";
    entries.iter().for_each(|entry| replay.play(name, entry));
    replay.compare(name);
    assert_eq!(replay.said, VecDeque::new(), "{name}");
    assert_eq!(replay.expected, VecDeque::new(), "{name}");
    let mut ends = ends(entries);
    ends.sort();
    replay.ends.sort();
    assert_eq!(replay.ends, ends, "{name}");
    let texts = entries.iter().filter_map(|entry| entry["text"].as_str());
    let recovered = texts.filter(|text| text.ends_with("recovered=true"));
    assert_eq!(replay.recovered, recovered.count(), "{name}");
}

/// What the recorded application saw of the end of each namespace, its own doing left out.
fn ends(entries: &[Value]) -> Vec<String> {
    let texts = entries.iter().filter_map(|entry| entry["text"].as_str());
    let ends = texts.filter_map(|text| {
        let (namespace, reason) = text.strip_prefix("client: ")?.split_once("disconnect ")?;
        let is_end = !reason.starts_with("from") && reason != "io client disconnect";
        let namespace = if namespace.is_empty() {
            "/ "
        } else {
            namespace
        };
        is_end.then(|| format!("{namespace}{reason}"))
    });
    ends.collect()
}

/// The recorded server against our client.
struct Replay {
    peer: Peer,
    parser: Parser,
    revision: Revision,
    /// Recorded answers to polls that our client has not made yet.
    answers: VecDeque<String>,
    said: VecDeque<String>,
    expected: VecDeque<String>,
    /// Our ids of acknowledgements by those of the reference.
    ids: BTreeMap<(String, String), String>,
    ends: Vec<String>,
    recovered: usize,
    opens_another: bool,
}

impl Replay {
    fn new(session: &Session, parser: Parser) -> Self {
        let transport = session.transport.as_str();
        let mut config = config();
        config.parser = parser;
        config.engine.revision = session.revision;
        if transport != "websocket" {
            config.engine.transports = vec![TransportKind::Polling, TransportKind::WebSocket];
            config.engine.upgrade = transport == "upgrade";
        }
        Self {
            peer: Peer::with(config, 0),
            parser,
            revision: session.revision,
            answers: VecDeque::new(),
            said: VecDeque::new(),
            expected: VecDeque::new(),
            ids: BTreeMap::new(),
            ends: Vec::new(),
            recovered: 0,
            opens_another: false,
        }
    }

    fn play(&mut self, name: &str, entry: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_dial = !text(&entry["path"]).contains("sid=");
        match (text(&entry["kind"]).as_str(), text(&entry["from"]).as_str()) {
            ("app", _) => self.act(&text(&entry["text"])),
            ("http_request", _) if entry["method"] == "POST" => {
                let packets = self.packets(entry);
                self.expected.extend(packets);
            }
            ("http_request", _) if is_dial => self.await_dial(),
            ("http_response", _) if entry["content_type"] != "text/html" => {
                self.compare(name);
                self.answers.push_back(text(&entry["body"]["text"]));
            }
            ("ws_request", _) if is_dial => self.await_dial(),
            ("ws_response", _) => {
                let transport = self.peer.transport.unwrap();
                self.peer.handle(Input::Opened { transport });
            }
            ("ws_frame", "client") => {
                let packets = self.packets(entry);
                self.expected.extend(packets);
            }
            ("ws_frame", _) => {
                self.compare(name);
                self.peer.hear(match entry["hex"].as_str() {
                    Some(bytes) if self.parser == Parser::Json => Frame::Binary(unhex(bytes)),
                    Some(map) => Frame::Binary(self.translate_map(unhex(map))),
                    None => Frame::Text(self.translate(&text(&entry["text"])).into()),
                });
            }
            ("ws_close", "server") => self.peer.is_hung_up(),
            _ => {}
        }
        self.settle();
    }

    /// Time passes until the client dials again, if it is not doing so already.
    fn await_dial(&mut self) {
        self.settle();
        if self.peer.client.engine().is_none()
            && let Some(at) = self.peer.client.next_timeout()
        {
            self.peer.now = at;
            self.peer.client.handle_timeout(at);
        }
    }

    /// What both clients have said so far must be the same.
    fn compare(&mut self, name: &str) {
        while !self.said.is_empty() && !self.expected.is_empty() {
            let said = self.said.pop_front().unwrap_or_default();
            let expected = self.expected.pop_front().unwrap_or_default();
            let (ours, theirs) = (Header::of(&said), Header::of(&expected));
            assert_eq!(
                ours.is_some(),
                theirs.is_some(),
                "{name}: {said} {expected}"
            );
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                // Socket.IO 1 leaves out the comma behind the name if nothing follows.
                let bare = |packet: &str| packet.trim_end_matches(',').to_owned();
                assert_eq!(bare(&said), bare(&expected), "{name}");
                continue;
            };
            assert_eq!((ours.before, ours.after), (theirs.before, theirs.after));
            assert_eq!(ours.id.is_empty(), theirs.id.is_empty(), "{name}");
            if theirs.is_question() {
                let place = (theirs.namespace.to_owned(), theirs.id.to_owned());
                self.ids.insert(place, ours.id.to_owned());
            }
        }
    }

    /// Puts our id in the place of the recorded one into an answer.
    fn translate(&self, packet: &str) -> String {
        match Header::of(packet).filter(Header::is_answer) {
            Some(header) => {
                let place = (header.namespace.to_owned(), header.id.to_owned());
                format!("{}{}{}", header.before, self.ids[&place], header.after)
            }
            None => packet.to_owned(),
        }
    }

    /// The same in MessagePack.
    fn translate_map(&self, map: Bytes) -> Bytes {
        changed(map, |packet| {
            let Packet::Ack { namespace, id, .. } = packet else {
                return;
            };
            let recorded = id.map_or(0, AckId::get).to_string();
            let place = (namespace.as_str().to_owned(), recorded);
            *id = Some(AckId::new(self.ids[&place].parse().unwrap()));
        })
    }

    /// An answer to a poll, with our ids.
    fn translate_answer(&self, body: &str) -> Bytes {
        if self.revision < Revision::V4 {
            return self.translate_old_answer(body);
        }
        let mut translated = PayloadBuf::new();
        for packet in body.split('\u{1e}') {
            let frame = match decoded(packet) {
                Some(map) if self.parser != Parser::Json => Frame::Binary(self.translate_map(map)),
                _ => Frame::Text(self.translate(packet).into()),
            };
            translated.push(&frame);
        }
        translated.into_bytes()
    }

    /// The same in an old payload.
    fn translate_old_answer(&self, body: &str) -> Bytes {
        let form = self.old_form(BodyKind::Text);
        let packets = form.decode(&body.to_owned().into()).map(Result::unwrap);
        let packets = packets.map(|packet| match packet {
            EnginePacket::Message(Message::Text(text)) => {
                let text = self.translate(&format!("4{text}"));
                EnginePacket::Message(Message::Text(text[1..].to_owned().into()))
            }
            other => other,
        });
        form.encode(&packets.collect::<Vec<_>>())
    }

    fn old_form(&self, kind: BodyKind) -> Form {
        Form::of_request(self.revision.into(), Some(kind.content_type())).unwrap()
    }

    /// The messages of an entry of an old session. Bytes in hexadecimal.
    fn old_packets(&self, entry: &Value) -> Vec<String> {
        let wire = Wire::from(self.revision);
        let decoded = match (entry["hex"].as_str(), entry["text"].as_str()) {
            (Some(bytes), _) => vec![wire.decode(&Frame::Binary(unhex(bytes))).unwrap()],
            (_, Some(text)) => vec![wire.decode(&Frame::Text(text.to_owned().into())).unwrap()],
            (None, None) => {
                let body = entry["body"]["text"].as_str().unwrap_or_default();
                let packets = self
                    .old_form(BodyKind::Text)
                    .decode(&body.to_owned().into());
                packets.map(Result::unwrap).collect()
            }
        };
        old_messages(decoded)
    }

    /// The messages of an entry, in the default encoding.
    fn packets(&self, entry: &Value) -> Vec<String> {
        if self.revision < Revision::V4 {
            return self.old_packets(entry);
        }
        let entries = match self.parser {
            Parser::Json => vec![entry.clone()],
            _ => in_text(entry.clone(), &mut Vec::new()),
        };
        let packets = entries.iter().flat_map(|entry| {
            let text = entry["text"].as_str().or(entry["body"]["text"].as_str());
            match entry["hex"].as_str() {
                Some(bytes) => vec![bytes.to_owned()],
                None => messages(text.unwrap_or_default()),
            }
        });
        packets.collect()
    }

    fn settle(&mut self) {
        loop {
            let outputs = self.peer.outputs();
            let is_idle = outputs.is_empty();
            for output in outputs {
                match output {
                    Output::Io(Io::Post { body, kind, .. }) if self.revision < Revision::V4 => {
                        let packets = self.old_form(kind).decode(&body).map(Result::unwrap);
                        self.said.extend(old_messages(packets.collect()));
                    }
                    Output::Io(Io::Post { body, .. }) => {
                        let text = std::str::from_utf8(&body).unwrap();
                        let packets = self.packets(&json!({ "body": { "text": text } }));
                        self.said.extend(packets);
                    }
                    Output::Io(Io::Frame { frame, .. }) => {
                        let packets = self.packets(&match frame {
                            Frame::Text(text) => json!({ "text": text.to_string() }),
                            Frame::Binary(bytes) => json!({ "hex": hex(&bytes) }),
                        });
                        self.said.extend(packets);
                    }
                    Output::Io(_) => {}
                    Output::Event(event) => self.on_event(event),
                }
            }
            if let Some(request) = self.peer.post.take() {
                self.respond(request, Bytes::from_static(b"ok"));
            } else if let (Some(request), false) = (self.peer.get, self.answers.is_empty()) {
                self.peer.get = None;
                let body = self.answers.pop_front().unwrap_or_default();
                self.respond(request, self.translate_answer(&body));
            } else if is_idle {
                return;
            }
        }
    }

    fn respond(&mut self, request: engine::RequestId, body: Bytes) {
        let status = 200;
        self.peer.handle(Input::Response {
            request,
            status,
            body,
        });
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected { recovered, .. } => self.recovered += usize::from(recovered),
            Event::Event {
                args,
                reply: Some(reply),
                ..
            } => {
                let answer = match args.event_name().unwrap_or_default().as_ref() {
                    "question" => Args::new(&"a!"),
                    "bin-question" => Args::new(&Bytes::from_static(&[7])),
                    "q" => Args::new(&()),
                    other => panic!("unexpected: {other}"),
                };
                self.peer.client.reply(reply, answer.unwrap()).unwrap();
            }
            Event::Acked { outcome, .. } => drop(outcome.unwrap()),
            Event::Disconnected { namespace, reason } => {
                if reason != DisconnectReason::ClientDisconnect {
                    self.ends.push(format!("{namespace} {reason}"));
                }
            }
            Event::Error { .. } | Event::GaveUp | Event::Stopped | Event::Undelivered { .. } => {
                panic!("{event:?}")
            }
            Event::AuthRequest(_)
            | Event::Ended(_)
            | Event::Event { reply: None, .. }
            | Event::Opened(_)
            | Event::Reconnecting { .. }
            | Event::Refused { .. }
            | Event::Upgraded
            | Event::Heartbeat
            | Event::UpgradeFailed => {}
        }
    }

    /// Does what the recorded application did.
    fn act(&mut self, text: &str) {
        let Some(text) = text.strip_prefix("client: ") else {
            return;
        };
        if let Some(to) = text.strip_prefix("connect to ") {
            let (name, with) = to.split_once(' ').unwrap_or((to, ""));
            let credentials: Credentials = match with {
                "with auth token=secret" | "with namespace query token=secret" => {
                    Auth::new(&json!({ "token": "secret" })).ok().into()
                }
                _ => Credentials::None,
            };
            self.peer.open_with(name, credentials);
        } else if let Some(from) = text.strip_prefix("disconnect from ") {
            self.peer.client.disconnect(self.peer.now, &namespace(from));
        } else if text == "disconnect" {
            self.peer.client.disconnect(self.peer.now, &namespace("/"));
        } else if let Some(what) = text.strip_prefix("emit ") {
            self.emit(what);
        } else if text == "connected" && self.opens_another {
            self.peer.open("/open");
        }
    }

    fn emit(&mut self, what: &str) {
        let binary = |bytes: &'static [u8]| Bytes::from_static(bytes);
        match what.split(',').next().unwrap_or_default() {
            "hello with text arguments" => {
                self.say("/", "hello", &("é€😀", json!({ "a": [1, null, true] })));
            }
            "with-ack" => self.ask("/", "with-ack", &1),
            "ask-me" => self.say("/", "ask-me", &()),
            "binary" => self.say("/", "binary", &binary(&[1, 2, 3, 255])),
            "binary-ack" => self.ask("/", "binary-ack", &binary(&[0, 128])),
            "server-binary-ask" => self.say("/", "server-binary-ask", &()),
            "on /open with ack" => self.ask("/open", "with-ack", &2),
            "binary on /open" => self.say("/open", "binary", &binary(&[5])),
            "kick on /open" => self.say("/open", "kick", &()),
            "drop" => self.say("/", "drop", &()),
            "kick-all on /" => self.say("/", "kick-all", &()),
            other => panic!("an unknown emit: {other}"),
        }
    }

    fn say<T: Serialize>(&mut self, to: &str, name: &str, value: &T) {
        let packet = self.parser.event(&namespace(to), name, value).unwrap();
        let emit = socketio_proto::client::Emit::default();
        self.peer.client.emit(self.peer.now, &packet, emit).unwrap();
    }

    fn ask<T: Serialize>(&mut self, to: &str, name: &str, value: &T) {
        let args = Args::event(name, value).unwrap();
        let (client, now) = (&mut self.peer.client, self.peer.now);
        client
            .emit_with_ack(now, &namespace(to), args, None)
            .unwrap();
    }
}

/// The messages among old packets. Bytes in hexadecimal.
fn old_messages(packets: Vec<EnginePacket>) -> Vec<String> {
    let messages = packets.into_iter().filter_map(|packet| match packet {
        EnginePacket::Message(Message::Text(text)) => Some(format!("4{text}")),
        EnginePacket::Message(Message::Binary(bytes)) => Some(hex(&bytes)),
        _ => None,
    });
    messages.collect()
}

/// The messages of a payload, and its pongs; what else is in it belongs to Engine.IO. Bytes in
/// hexadecimal.
fn messages(payload: &str) -> Vec<String> {
    let message = |packet: &str| match packet.split_at_checked(1)? {
        ("4", _) | ("3", "") => Some(packet.to_owned()),
        ("b", _) => decoded(packet).map(|bytes| hex(&bytes)),
        _ => None,
    };
    payload.split('\u{1e}').filter_map(message).collect()
}

/// The bytes of a packet of a payload, if that is what it carries.
fn decoded(packet: &str) -> Option<Bytes> {
    match engine::parser::Packet::decode(&Frame::Text(packet.to_owned().into())) {
        Ok(engine::parser::Packet::Message(Message::Binary(bytes))) => Some(bytes),
        _ => None,
    }
}

/// An event or an acknowledgement, taken apart at its id.
struct Header<'a> {
    namespace: &'a str,
    before: &'a str,
    id: &'a str,
    after: &'a str,
}

impl<'a> Header<'a> {
    fn of(packet: &'a str) -> Option<Self> {
        let rest = packet
            .strip_prefix('4')?
            .strip_prefix(['2', '3', '5', '6'])?;
        let digits = |text: &str| {
            text.find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len())
        };
        let rest = match rest[digits(rest)..].strip_prefix('-') {
            Some(behind) => behind,
            None => rest,
        };
        let (namespace, rest) = match rest.starts_with('/') {
            true => rest.split_once(',')?,
            false => ("/", rest),
        };
        let (id, after) = rest.split_at(digits(rest));
        let before = &packet[..packet.len() - rest.len()];
        Some(Self {
            namespace,
            before,
            id,
            after,
        })
    }

    fn is_question(&self) -> bool {
        self.before.starts_with(['4'])
            && self.before[1..].starts_with(['2', '5'])
            && !self.id.is_empty()
    }

    fn is_answer(&self) -> bool {
        self.before[1..].starts_with(['3', '6']) && !self.id.is_empty()
    }
}
