//! Whole sessions of old clients with old servers and with the current one, replayed against our
//! client.
//!
//! What is recorded is Socket.IO; here it is cargo. Everything the recorded client said is sent by
//! the application, and has to leave as the same bytes; everything the server said has to arrive.

mod replay;

use std::collections::{BTreeMap, VecDeque};

use engineio_proto::client::{BodyKind, Config, Event, Input, Io, Session};
use engineio_proto::parser::{Packet, Revision, Wire, payload::Form};
use engineio_proto::{
    Frame, Ids, Machine, Message, Output, RequestId, Timestamp, TransportId, TransportKind,
};
use serde_json::Value;

use replay::{hex, same};

/// Native clients of that time say 3 and mean 2; over polling they take base64.
#[test]
fn servers_of_socket_io_1_0() {
    let file = include_str!("vectors/transcripts-server-1.0.6-client-1.0.6.json");
    let mut config = Config::default();
    config.revision = Revision::V2;
    config.force_base64 = true;
    assert_eq!(play(file, "basic", &config), 3);
}

#[test]
fn servers_of_socket_io_2() {
    let file = include_str!("vectors/transcripts-server-2.5.1-client-2.5.0.json");
    assert_eq!(play(file, "basic", &revision_3()), 3);
}

#[test]
fn the_current_server_and_its_old_clients() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-2.5.0.json");
    assert_eq!(play(file, "basic", &revision_3()), 3);
}

#[test]
fn heartbeats_of_socket_io_2() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-2.5.0-extra.json");
    assert_eq!(play(file, "heartbeat", &revision_3()), 2);
}

fn revision_3() -> Config {
    let mut config = Config::default();
    config.revision = Revision::V3;
    config
}

/// Plays the transcripts of a scenario; how many there are.
fn play(file: &str, scenario: &str, config: &Config) -> usize {
    let file: Value = serde_json::from_str(file).unwrap();
    let transcripts = file["transcripts"].as_array().unwrap().iter();
    let transcripts = transcripts.filter(|transcript| transcript["scenario"] == scenario);
    let mut count = 0;
    for transcript in transcripts {
        let name = &transcript["name"];
        let mut player = Player::new(config, &transcript["transport"]);
        let entries = transcript["entries"].as_array().unwrap();
        for (number, entry) in entries.iter().enumerate() {
            if let Err(error) = player.step(entry) {
                panic!("{name}, entry {number}, {entry}: {error}");
            }
        }
        player.check_end(name, &transcript["transport"], scenario);
        count += 1;
    }
    count
}

struct Player {
    session: Session,
    now: Timestamp,
    wire: Wire,
    /// What the client asks for, until the recording comes to it.
    gets: VecDeque<(RequestId, String)>,
    posts: VecDeque<(RequestId, String, BodyKind, Vec<u8>)>,
    connects: VecDeque<(TransportId, String)>,
    frames: VecDeque<Frame>,
    requests: BTreeMap<u64, RequestId>,
    transports: BTreeMap<u64, TransportId>,
    heard: Vec<Message>,
    /// What the server has said.
    said: Vec<Message>,
    events: Vec<Event>,
}

impl Player {
    fn new(config: &Config, transport: &Value) -> Self {
        use TransportKind::{Polling, WebSocket};
        let mut config = config.clone();
        match transport.as_str().unwrap() {
            "polling" => {
                // The recorded client takes no bytes here.
                config.force_base64 = true;
                config.transports = vec![Polling];
            }
            "websocket" => config.transports = vec![WebSocket],
            _ => config.transports = vec![Polling, WebSocket],
        }
        let now = Timestamp::default();
        let mut player = Self {
            session: Session::connect(&config, Ids::new(), now),
            now,
            wire: Wire::from(config.revision),
            gets: VecDeque::new(),
            posts: VecDeque::new(),
            connects: VecDeque::new(),
            frames: VecDeque::new(),
            requests: BTreeMap::new(),
            transports: BTreeMap::new(),
            heard: Vec::new(),
            said: Vec::new(),
            events: Vec::new(),
        };
        player.drain();
        player
    }

    /// Everything has arrived, nothing else was said, and nobody has ended it but the client.
    fn check_end(self, name: &Value, transport: &Value, scenario: &str) {
        assert_eq!(self.heard, self.said, "{name}");
        assert!(!self.heard.is_empty(), "{name}");
        assert!(self.posts.is_empty() && self.connects.is_empty(), "{name}");
        assert!(self.frames.is_empty(), "{name}: {:?}", self.frames);
        let has = |wanted: &str| {
            let events = self.events.iter();
            events
                .filter(|event| format!("{event:?}").starts_with(wanted))
                .count()
        };
        assert_eq!(has("Opened"), 1, "{name}");
        assert_eq!(has("Upgraded") > 0, transport == "upgrade", "{name}");
        assert_eq!(has("Heartbeat") > 2, scenario == "heartbeat", "{name}");
        assert_eq!(has("Closed"), has("Closed(Forced)"), "{name}");
    }

    fn step(&mut self, entry: &Value) -> Result<(), String> {
        let conn = entry["conn"].as_u64().unwrap_or_default();
        match entry["kind"].as_str().unwrap() {
            "http_request" if entry["method"] == "GET" => {
                let (request, query) = self.gets.pop_front().ok_or("no poll")?;
                self.requests.insert(conn, request);
                self.check_query(&query, entry)
            }
            "http_request" => self.check_post(conn, entry),
            "http_response" => {
                let body = body_of(entry);
                self.server_says(entry, &body);
                self.input(Input::Response {
                    request: self.requests[&conn],
                    status: u16::try_from(entry["status"].as_u64().unwrap()).unwrap(),
                    body: body.into(),
                });
                Ok(())
            }
            "ws_request" => {
                let (transport, query) = self.connects.pop_front().ok_or("no dial")?;
                self.transports.insert(conn, transport);
                self.check_query(&query, entry)
            }
            "ws_response" => {
                let transport = self.transports[&conn];
                self.input(Input::Opened { transport });
                Ok(())
            }
            "ws_frame" => {
                let frame = match entry["text"].as_str() {
                    Some(text) => Frame::Text(text.into()),
                    None => Frame::Binary(hex(&entry["hex"]).into()),
                };
                let packet = self.decode(&frame);
                match entry["from"] == "server" {
                    true => {
                        self.said.extend(message(packet));
                        let transport = self.transports[&conn];
                        self.input(Input::Frame { transport, frame });
                        Ok(())
                    }
                    false => {
                        self.client_says(packet);
                        let ours = self.frames.pop_front().ok_or("nothing is written")?;
                        same(ours, frame)
                    }
                }
            }
            "ws_close" if entry["from"] == "client" => {
                self.session.close(self.now);
                self.drain();
                same(self.session.is_closed(), true)
            }
            _ => Ok(()),
        }
    }

    fn check_post(&mut self, conn: u64, entry: &Value) -> Result<(), String> {
        let body = body_of(entry);
        let form = Form::of_request(self.wire, entry["content_type"].as_str()).unwrap();
        let packets: Vec<_> = form.decode(&body.clone().into()).collect();
        packets
            .into_iter()
            .for_each(|packet| self.client_says(packet.unwrap()));
        let (request, query, kind, ours) = self.posts.pop_front().ok_or("no post")?;
        self.requests.insert(conn, request);
        same(Some(kind.content_type()), entry["content_type"].as_str())?;
        same(ours, body)?;
        self.check_query(&query, entry)
    }

    /// Makes the client say what the recorded one said, unless it says so by itself.
    fn client_says(&mut self, packet: Packet) {
        match packet {
            Packet::Message(message) => self.session.send(message).expect("it is open"),
            Packet::Ping(data) if data.is_empty() => {
                self.now = self.session.next_timeout().expect("a ping is due");
                self.session.handle_timeout(self.now);
            }
            Packet::Close => self.session.close(self.now),
            _ => {}
        }
        self.drain();
    }

    /// What a recorded answer brings, if it is one to a poll.
    fn server_says(&mut self, entry: &Value, body: &[u8]) {
        if entry["content_type"] != "text/plain; charset=UTF-8" {
            return;
        }
        let form = Form::of_request(self.wire, None).unwrap();
        for packet in form.decode(&body.to_owned().into()) {
            self.said.extend(message(packet.expect("a packet")));
        }
    }

    /// What a frame of the recorded sides says, in the dialect of both.
    fn decode(&self, frame: &Frame) -> Packet {
        self.wire.decode(frame).expect("a packet")
    }

    /// The same revision, transport and session.
    fn check_query(&self, ours: &str, entry: &Value) -> Result<(), String> {
        let (_, recorded) = entry["path"].as_str().unwrap().split_once('?').unwrap();
        let recorded = match self.session.revision() {
            Revision::V2 => recorded.replace("EIO=3", "EIO=2"),
            Revision::V3 | Revision::V4 => recorded.to_owned(),
        };
        let about = |query: &str| -> Vec<String> {
            let parameters = query.split('&').map(str::to_owned);
            let is_about = |name: &String| !name.starts_with("t=") && name != "b64=1";
            parameters.filter(is_about).collect()
        };
        same(about(ours), about(&recorded))
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Io(Io::Get { request, query }) => {
                    self.gets.push_back((request, query.to_string()));
                }
                Output::Io(Io::Post {
                    request,
                    query,
                    kind,
                    body,
                }) => {
                    let post = (request, query.to_string(), kind, body.to_vec());
                    self.posts.push_back(post);
                }
                Output::Io(Io::Connect { transport, query }) => {
                    self.connects.push_back((transport, query.to_string()));
                }
                Output::Io(Io::Frame { transport, frame }) => {
                    self.frames.push_back(frame);
                    self.session.handle(self.now, Input::Flushed { transport });
                }
                Output::Io(Io::Close { .. }) => {}
                Output::Event(Event::Message(message)) => self.heard.push(message),
                Output::Event(event) => self.events.push(event),
            }
        }
    }
}

fn message(packet: Packet) -> Option<Message> {
    match packet {
        Packet::Message(message) => Some(message),
        _ => None,
    }
}

fn body_of(entry: &Value) -> Vec<u8> {
    match &entry["body"]["text"] {
        Value::String(text) => text.as_bytes().to_vec(),
        _ => match &entry["body"]["hex"] {
            Value::Null => Vec::new(),
            digits => hex(digits),
        },
    }
}
