//! Whole sessions of the reference client: what it said is said again, and our answers must be the
//! same.
//!
//! Over polling the client here has a mind of its own: as our answers may travel together where the
//! reference's did not, it polls again whenever a poll has come back, not when the recorded one
//! did. What is compared is therefore the sequence of packets, not their distribution over
//! responses.

mod world;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_proto::engine::server::{BodyKind, Input, Io, Opening, Session};
use socketio_proto::engine::{self, Frame, Ids, RequestId, Sid, TransportId};
use socketio_proto::server::{Config, ConnectRequest, Connection, Emit, Event, ReplyTo};
use socketio_proto::{
    Args, ConnectError, Encoded, Machine, Namespace, Output, SocketId, Timestamp,
};
use world::recorded::{ends, packets, split};
use world::value::{Any, Several, hex, unhex};

#[test]
fn the_reference_client_is_served_as_by_the_reference_server() {
    let text = include_str!("vectors/transcripts-server-4.8.4-client-4.8.4.json");
    let file: Value = serde_json::from_str(text).unwrap();
    for transcript in file["transcripts"].as_array().unwrap() {
        let name = transcript["name"].as_str().unwrap();
        let entries = transcript["entries"].as_array().unwrap();
        let mut replay = Replay::new(transcript["transport"] == "websocket");
        entries.iter().for_each(|entry| replay.play(entry));
        assert_eq!(replay.got, packets(entries), "{name}");
        assert_eq!(replay.app.left, ends(entries), "{name}");
        assert!(replay.connection.is_closed(), "{name}");
    }
}

/// The recorded client against our connection.
struct Replay {
    connection: Connection,
    ids: Ids,
    now: Timestamp,
    /// The request that our client waits for; `None` once it has moved to a WebSocket.
    poll: Option<RequestId>,
    keeps_polling: bool,
    transport: Option<TransportId>,
    got: Vec<String>,
    app: App,
}

impl Replay {
    fn new(websocket: bool) -> Self {
        let (mut ids, now) = (Ids::new(), Timestamp::from_millis(0));
        let transport = websocket.then(|| ids.transport());
        let poll = (!websocket).then(|| ids.request());
        let opening = match transport {
            Some(transport) => Opening::WebSocket(transport),
            None => Opening::Poll(poll.unwrap()),
        };
        let session = Session::open(&engine::Config::default(), Sid::new("secret"), opening, now);
        let connection = Connection::new(session, &Config::default(), now);
        let (got, app) = (Vec::new(), App::default());
        let keeps_polling = !websocket;
        let mut replay = Self {
            connection,
            ids,
            now,
            poll,
            keeps_polling,
            transport,
            got,
            app,
        };
        replay.settle();
        replay
    }

    fn play(&mut self, entry: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
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
            ("ws_request", _) if text(&entry["path"]).contains("sid=") => {
                let transport = self.ids.transport();
                self.transport = Some(transport);
                self.handle(Input::Opened { transport });
            }
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
        self.connection.handle(self.now, input);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            while let Some(output) = self.connection.poll_output() {
                match output {
                    Output::Io(io) => self.perform(io),
                    Output::Event(event) => self.app.handle(&mut self.connection, self.now, event),
                }
            }
            if self.poll.is_some() || !self.keeps_polling || self.connection.is_closed() {
                return;
            }
            let request = self.ids.request();
            self.poll = Some(request);
            self.connection.handle(self.now, Input::Poll { request });
        }
    }

    fn perform(&mut self, io: Io) {
        match io {
            Io::Respond { request, response } => {
                self.poll.take_if(|poll| *poll == request);
                let body = String::from_utf8(response.into_body().to_vec()).unwrap();
                self.got.extend(split(&body));
            }
            Io::Frame { transport, frame } => {
                match frame {
                    Frame::Text(text) => self.got.extend(split(&text)),
                    Frame::Binary(bytes) => self.got.push(hex(&bytes)),
                }
                self.connection
                    .handle(self.now, Input::Flushed { transport });
            }
            Io::Close { .. } => {}
        }
    }
}

/// The application that served the recorded sessions.
#[derive(Default)]
struct App {
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
                        emit(connection, &namespace, "got-answer", &Several::of(&answer))
                    }
                    Some("bin-question") => {
                        let bytes: Bytes = answer.to().unwrap();
                        emit(connection, &namespace, "got-answer", &(bytes[..] == [7]));
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
            "hello" => emit(
                connection,
                at,
                "hello-back",
                &Several::behind_the_name(args),
            ),
            "binary" => {
                let back = vec![("data".into(), first()), ("n".into(), Any::Json(1.into()))];
                emit(connection, at, "binary-back", &Any::Map(back));
            }
            "ask-me" => self.ask(connection, now, at, "question", &"q?"),
            "server-binary-ask" => {
                let bytes = Bytes::from_static(&[9, 8]);
                self.ask(connection, now, at, "bin-question", &bytes);
            }
            "kick" => connection.disconnect(at),
            other => panic!("unexpected: {other}"),
        }
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

fn emit<T: serde::Serialize>(connection: &mut Connection, to: &Namespace, name: &str, value: &T) {
    let packet = Encoded::event(to, name, value).unwrap();
    connection.emit(&packet, Emit::default()).unwrap();
}
