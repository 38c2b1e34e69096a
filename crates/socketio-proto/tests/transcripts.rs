//! Whole sessions of the reference client: what it said is said again, and our answers must be the
//! same.
//!
//! Over polling the client here has a mind of its own: as our answers may travel together where the
//! reference's did not, it polls again whenever a poll has come back, not when the recorded one
//! did. What is compared is therefore the sequence of packets, not their distribution over
//! responses. Sessions that are recovered have an application of their own, in
//! `transcripts_recovery.rs`.

mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_proto::engine::server::{BodyKind, Input, Io, Opening, Session};
use socketio_proto::engine::{self, Frame, Ids, RequestId, Sid, TransportId};
use socketio_proto::server::{Config, ConnectRequest, Connection, Emit, Event, ReplyTo};
use socketio_proto::{Args, ConnectError, Machine, Namespace, Output, Parser, SocketId, Timestamp};
use world::recorded::{ends, has_end, packets, sessions};
use world::value::{Any, Several, hex, unhex};

#[test]
fn the_reference_client_is_served_as_by_the_reference_server() {
    let mut count = 0;
    for session in sessions() {
        let (name, entries) = (&session.name, &session.entries);
        match session.scenario.as_str() {
            "basic" | "heartbeat" | "kick-all" | "msgpack" | "reconnect" => count += 1,
            "recovery" => continue,
            other => panic!("nobody replays {other}"),
        }
        let mut replay = Replay::new(entries);
        entries.iter().for_each(|entry| replay.play(entry));
        assert_eq!(packets(&replay.written), packets(entries), "{name}");
        assert_eq!(replay.app.left, ends(entries), "{name}");
        assert_eq!(replay.connection().is_closed(), has_end(entries), "{name}");
    }
    assert_eq!(
        count, 14,
        "with the three of the other file, all that there are"
    );
}

/// In the encoding in which they were recorded. What we write is compared packet by packet: the order
/// of the members of a map is free.
#[cfg(feature = "msgpack")]
#[test]
fn a_reference_client_that_speaks_messagepack_is_served_in_it() {
    let sessions = sessions().into_iter();
    let mut count = 0;
    for session in sessions.filter(|session| session.scenario == "msgpack") {
        let name = &session.name;
        let mut replay = Replay::new(&session.originals);
        replay.config.parser = Parser::MessagePack;
        replay.app.parser = Parser::MessagePack;
        session
            .originals
            .iter()
            .for_each(|entry| replay.play(entry));
        let mut sids = Vec::new();
        let ours = std::mem::take(&mut replay.written).into_iter();
        let ours: Vec<_> = ours
            .flat_map(|entry| world::recorded::in_text(entry, &mut sids))
            .collect();
        assert_eq!(packets(&ours), packets(&session.entries), "{name}");
        assert_eq!(replay.app.left, ends(&session.entries), "{name}");
        count += 1;
    }
    assert_eq!(count, 2);
}

/// The recorded client against our connections, one after the other.
struct Replay {
    engine: engine::Config,
    config: Config,
    connection: Option<Connection>,
    ids: Ids,
    now: Timestamp,
    /// The request that our client waits for; `None` once it has moved to a WebSocket.
    poll: Option<RequestId>,
    keeps_polling: bool,
    transport: Option<TransportId>,
    /// What we said, as the recorder would have noted it.
    written: Vec<Value>,
    app: App,
}

impl Replay {
    fn new(entries: &[Value]) -> Self {
        Self {
            engine: engine(entries),
            config: Config::default(),
            connection: None,
            ids: Ids::new(),
            now: Timestamp::from_millis(0),
            poll: None,
            keeps_polling: false,
            transport: None,
            written: Vec::new(),
            app: App::default(),
        }
    }

    fn open(&mut self, opening: Opening) {
        self.keeps_polling = matches!(opening, Opening::Poll(_));
        let session = Session::open(&self.engine, Sid::new("secret"), opening, self.now);
        self.connection = Some(Connection::new(session, &self.config, self.now));
        self.settle();
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("the client has dialed")
    }

    /// The recorded server pings: ours must have something to do then, and it may be nothing else.
    fn await_ping(&mut self) {
        let due = self.connection().next_timeout().expect("a heartbeat");
        self.now = self.now.max(due);
        self.connection().handle_timeout(due);
        self.settle();
    }

    fn play(&mut self, entry: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_dial = !text(&entry["path"]).contains("sid=");
        match (text(&entry["kind"]).as_str(), text(&entry["from"]).as_str()) {
            ("http_request", _) if entry["method"] == "POST" => {
                let request = self.ids.request();
                self.handle(Input::Post {
                    request,
                    kind: BodyKind::Text,
                });
                let body = Bytes::from(text(&entry["body"]["text"]));
                self.handle(Input::Body { request, body });
            }
            ("http_request", _) if is_dial => {
                let request = self.ids.request();
                self.poll = Some(request);
                self.open(Opening::Poll(request));
            }
            ("http_response", _) if entry["body"]["text"] == "2" => self.await_ping(),
            ("ws_request", _) => {
                let transport = self.ids.transport();
                self.transport = Some(transport);
                match is_dial {
                    true => self.open(Opening::WebSocket(transport)),
                    false => self.handle(Input::Opened { transport }),
                }
            }
            ("ws_frame", "server") if entry["text"] == "2" => self.await_ping(),
            ("ws_frame", "client") => {
                self.keeps_polling &= entry["text"] != "2probe";
                let frame = match entry["hex"].as_str() {
                    Some(bytes) => Frame::Binary(unhex(bytes)),
                    None => Frame::Text(text(&entry["text"]).into()),
                };
                let transport = self.transport.unwrap();
                self.handle(Input::Frame { transport, frame });
            }
            ("ws_close", "client") => {
                let transport = self.transport.unwrap();
                self.handle(Input::Closed { transport });
            }
            _ => {}
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now;
        self.connection().handle(now, input);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(connection) = &mut self.connection {
            let output = connection.poll_output();
            match output {
                Some(Output::Io(io)) => self.perform(io),
                Some(Output::Event(event)) => self.app.handle(connection, self.now, event),
                None if self.poll.is_some() || !self.keeps_polling || connection.is_closed() => {
                    return;
                }
                None => {
                    let request = self.ids.request();
                    self.poll = Some(request);
                    connection.handle(self.now, Input::Poll { request });
                }
            }
        }
    }

    fn perform(&mut self, io: Io) {
        match io {
            Io::Respond { request, response } => {
                self.poll.take_if(|poll| *poll == request);
                let body = String::from_utf8(response.into_body().to_vec()).unwrap();
                let entry = json!({ "kind": "http_response", "body": { "text": body } });
                self.written.push(entry);
            }
            Io::Frame { transport, frame } => {
                let (name, text) = match frame {
                    Frame::Text(text) => ("text", text.to_string()),
                    Frame::Binary(bytes) => ("hex", hex(&bytes)),
                };
                self.written
                    .push(json!({ "kind": "ws_frame", "from": "server", name: text }));
                let now = self.now;
                self.connection().handle(now, Input::Flushed { transport });
            }
            Io::Close { .. } => {}
        }
    }
}

/// The configuration of the recorded server, as its handshake tells.
fn engine(entries: &[Value]) -> engine::Config {
    let texts = entries
        .iter()
        .flat_map(|entry| [entry["text"].as_str(), entry["body"]["text"].as_str()]);
    let handshake = texts.flatten().find_map(|text| text.strip_prefix('0'));
    let handshake: Value = serde_json::from_str(handshake.unwrap()).unwrap();
    let millis = |name: &str| Duration::from_millis(handshake[name].as_u64().unwrap());
    let mut config = engine::Config::default();
    config.ping_interval = millis("pingInterval");
    config.ping_timeout = millis("pingTimeout");
    config
}

/// The application that served the recorded sessions.
#[derive(Default)]
struct App {
    parser: Parser,
    sockets: u32,
    asked: BTreeMap<u64, &'static str>,
    left: Vec<String>,
}

impl App {
    fn handle(&mut self, connection: &mut Connection, now: Timestamp, event: Event) {
        match event {
            Event::ConnectRequest(request) => self.on_request(connection, request),
            Event::Event {
                namespace,
                args,
                reply,
            } => {
                self.on_event(connection, now, &namespace, &args, reply);
            }
            Event::Acked {
                namespace,
                id,
                outcome,
            } => {
                let answer = outcome.unwrap();
                match self.asked.remove(&id.get()) {
                    Some("question") => {
                        self.emit(connection, &namespace, "got-answer", &Several::of(&answer))
                    }
                    Some("bin-question") => {
                        let bytes: Bytes = answer.to().unwrap();
                        self.emit(connection, &namespace, "got-answer", &(bytes[..] == [7]));
                    }
                    other => panic!("nobody asked {other:?}"),
                }
            }
            Event::Disconnected { namespace, reason } => {
                self.left
                    .push(format!("{namespace} disconnected: {reason}"));
            }
            Event::Upgraded | Event::Closed(_) => {}
            other @ Event::Malformed(_) => panic!("unexpected: {other:?}"),
        }
    }

    fn on_request(&mut self, connection: &mut Connection, request: ConnectRequest) {
        let auth = request.auth.as_deref().unwrap_or("{}");
        let auth: Value = serde_json::from_str(auth).unwrap();
        let error = match request.namespace.as_str() {
            "/" | "/open" => None,
            "/admin" if auth["token"] == "secret" => None,
            "/private" => ConnectError::new("not authorized")
                .with_data(&json!({ "code": "E401" }))
                .ok(),
            _ => Some(ConnectError::new("Invalid namespace")),
        };
        match error {
            Some(error) => connection.reject(request, &error),
            None => {
                self.sockets += 1;
                let sid = SocketId::new(format!("SIOSID{:014}", self.sockets));
                connection.accept(request, sid);
            }
        }
    }

    fn on_event(
        &mut self,
        connection: &mut Connection,
        now: Timestamp,
        at: &Namespace,
        args: &Args,
        reply: Option<ReplyTo>,
    ) {
        let answer = |value: Args| connection.reply(reply.unwrap(), value).unwrap();
        let first = || Several::behind_the_name(args).0.swap_remove(0);
        match args.event_name().unwrap_or_default().as_ref() {
            "with-ack" => answer(Args::new(&("ack-text", json!({ "n": 1 }))).unwrap()),
            "binary-ack" => answer(Args::new(&(first(), "x")).unwrap()),
            "hello" => self.emit(
                connection,
                at,
                "hello-back",
                &Several::behind_the_name(args),
            ),
            "binary" => {
                let back = vec![("data".into(), first()), ("n".into(), Any::Json(1.into()))];
                self.emit(connection, at, "binary-back", &Any::Map(back));
            }
            "ask-me" => self.ask(connection, now, at, "question", &"q?"),
            "server-binary-ask" => {
                let bytes = Bytes::from_static(&[9, 8]);
                self.ask(connection, now, at, "bin-question", &bytes);
            }
            "kick" => connection.disconnect(at),
            "kick-all" => connection.close(now),
            "drop" => connection.close_session(now),
            other => panic!("unexpected: {other}"),
        }
    }

    fn emit<T: serde::Serialize>(
        &self,
        connection: &mut Connection,
        to: &Namespace,
        name: &str,
        value: &T,
    ) {
        let packet = self.parser.event(to, name, value).unwrap();
        connection.emit(&packet, Emit::default()).unwrap();
    }

    fn ask<T: serde::Serialize>(
        &mut self,
        connection: &mut Connection,
        now: Timestamp,
        at: &Namespace,
        name: &'static str,
        value: &T,
    ) {
        let args = Args::event(name, value).unwrap();
        let id = connection.emit_with_ack(now, at, args, None).unwrap();
        self.asked.insert(id.get(), name);
    }
}
