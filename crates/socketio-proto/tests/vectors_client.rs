//! The recorded behaviours of the reference client, played against ours.
//!
//! The timelines of `socketio-client-behaviour.json` run with a fake clock and the server's side of
//! a WebSocket. What goes over the wire and what the application sees must be the same, except for
//! the vectors of the table below.

mod peer;
#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "world/value.rs"]
mod value;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use peer::Peer;
use serde_json::{Value, json};
use socketio_proto::client::{
    AckError, Auth, Config, Credentials, Delivery, DisconnectReason, Emit, Event,
};
use socketio_proto::engine::client::Io;
use socketio_proto::engine::{Frame, TransportKind};
use socketio_proto::{Args, Encoded, Namespace, Output};
use value::{Any, Several, hex, unhex};

/// Where we differ on purpose, or where another layer is in charge.
const DIFFERENT: [(&str, &str); 9] = [
    (
        "client.connect-without-sid",
        "a namespace that can never be connected is given up, with a reason of our own",
    ),
    (
        "client.emit-before-open",
        "an emit needs a namespace that was opened",
    ),
    (
        "client.emit-with-ack-disconnect",
        "outcomes come before the end of the namespace, as on the server",
    ),
    (
        "client.engine-close-packet",
        "the words of the protocol for an end are believed also over WebSocket",
    ),
    (
        "client.parse-error-before-connect",
        "a namespace that was never connected is not disconnected",
    ),
    (
        "client.recovery-client-disconnect",
        "a connection that was left on purpose is not saved by the server",
    ),
    (
        "client.recovery-failed",
        "an offset is not said with the id of another connection",
    ),
    (
        "client.retries-without-ack-timeout",
        "retries cannot be asked for without a limit for the answers",
    ),
    (
        "client.volatile-after-open-before-connect",
        "what is volatile is never buffered",
    ),
];

#[test]
fn the_reference_client_behaves_like_this() {
    let text = include_str!("vectors/socketio-client-behaviour.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let different: BTreeMap<_, _> = DIFFERENT.into_iter().collect();
    let mut wrong = Vec::new();
    let vectors = file["vectors"].as_array().unwrap();
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        match (Replay::new(vector).run(vector), different.get(name)) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(why)) => wrong.push(format!("{name}: passes, although {why}")),
            (Err(error), None) => wrong.push(format!("{name}: {error}")),
        }
    }
    let known = |name: &&str| vectors.iter().any(|vector| vector["name"] == **name);
    assert!(
        different.keys().all(known),
        "the table names a vector that is not there"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One vector on its way.
struct Replay {
    config: Config,
    credentials: Credentials,
    /// The namespace of the calls that do not name one.
    main: &'static str,
    /// The client is made by the first call that connects.
    peer: Option<Peer>,
    wire: VecDeque<Wire>,
    seen: VecDeque<Value>,
    /// What becomes of each answer.
    asked: BTreeMap<u64, Asked>,
    /// What the application answers.
    reply: Option<Args>,
    answers: u32,
    is_closed: bool,
}

/// What the client does to the network.
#[derive(Debug, PartialEq)]
enum Wire {
    Dial(String),
    Frame(Frame),
    Close,
}

/// How an answer is asked for.
enum Asked {
    Callback,
    CallbackWithTimeout,
    Promise,
}

impl Replay {
    fn new(vector: &Value) -> Self {
        let options = &vector["options"];
        let mut config = Config::default();
        config.engine.transports = vec![TransportKind::WebSocket];
        config.reconnection = (options["reconnection"] == true).then(|| {
            let mut terms = peer::steady();
            terms.delay = Duration::from_millis(30);
            terms
        });
        let millis = |name: &str| options[name].as_u64().map(Duration::from_millis);
        if let (Some(retries), Some(ack_timeout)) =
            (options["retries"].as_u64(), millis("ackTimeout"))
        {
            config.delivery = Delivery::AtLeastOnce {
                ack_timeout,
                retries: u32::try_from(retries).unwrap(),
            };
        }
        let credentials = match &options["auth"] {
            Value::Null => Credentials::None,
            Value::String(_) => Credentials::Ask,
            auth => Auth::new(auth).unwrap().into(),
        };
        // The one vector that connects to another namespace alone.
        let main = match vector["name"].as_str().unwrap() {
            "client.connect-admin" => "/admin",
            _ => "/",
        };
        Self {
            config,
            credentials,
            main,
            peer: None,
            wire: VecDeque::new(),
            seen: VecDeque::new(),
            asked: BTreeMap::new(),
            reply: None,
            answers: 0,
            is_closed: false,
        }
    }

    fn run(mut self, vector: &Value) -> Result<(), String> {
        for item in vector["timeline"].as_array().unwrap() {
            if let Some(call) = item["do"].as_str() {
                self.call(call);
            } else if let Some(url) = item["client_opens"].as_str() {
                self.is_closed = false;
                self.expect(&Wire::Dial(url.into()))?;
            } else if let Some(frame) = item.get("server_sends") {
                self.peer().hear(frame_of(frame));
            } else if let Some(frame) = item.get("client_sends") {
                self.expect(&Wire::Frame(frame_of(frame)))?;
            } else if item["server_closes"] == true {
                self.is_closed = true;
                self.peer().is_hung_up();
            } else if item["websocket_closed"] == true {
                if !self.is_closed {
                    self.expect(&Wire::Close)?;
                }
            } else if let Some(event) = item.get("event") {
                self.expect_event(event)?;
            } else if let Some(millis) = item["wait_ms"].as_u64() {
                self.pass(millis);
            } else {
                panic!("an item of an unknown kind: {item}");
            }
            self.settle();
        }
        if self.wire.is_empty() && self.seen.is_empty() {
            return Ok(());
        }
        Err(format!(
            "more than expected: {:?} {:?}",
            self.wire, self.seen
        ))
    }

    fn peer(&mut self) -> &mut Peer {
        self.peer.as_mut().expect("somebody connected")
    }

    #[allow(clippy::too_many_lines, reason = "one short arm per call")]
    fn call(&mut self, call: &str) {
        let (credentials, config) = (self.credentials.clone(), self.config.clone());
        let main = self.main;
        match call {
            "connect" | "connect-admin" => {
                let to = if call == "connect" { main } else { "/admin" };
                let peer = self.peer.get_or_insert_with(|| Peer::with(config, 0));
                peer.open_with(to, credentials);
            }
            "disconnect" | "disconnect-admin" => {
                let from = if call == "disconnect" { main } else { "/admin" };
                let peer = self.peer();
                peer.client.disconnect(peer.now, &peer::namespace(from));
            }
            "emit" => self.emit("x", &1, false),
            "emit-volatile" => self.emit("v", &(), true),
            "emit-binary" => {
                let x = vec![("x".into(), Any::Bytes(Bytes::from_static(&[1, 2])))];
                let arguments = (Any::Map(x), Bytes::from_static(&[3]));
                self.emit("b", &arguments, false);
            }
            "emit-ack" => self.ask(None, Asked::Callback),
            "emit-ack-timeout" => self.ask(Some(40), Asked::CallbackWithTimeout),
            "emit-with-ack" => self.ask(None, Asked::Promise),
            "emit-reserved" => {
                for name in socketio_proto::parser::RESERVED_EVENTS {
                    let error = Encoded::event(&Namespace::root(), name, &()).unwrap_err();
                    self.seen.push_back(json!(["throws", error.to_string()]));
                }
            }
            "reply" => self.reply = Args::new(&"r1").ok(),
            "reply-binary" => self.reply = Args::new(&Bytes::from_static(&[7])).ok(),
            other => panic!("an unknown call: {other}"),
        }
    }

    fn emit<T: serde::Serialize>(&mut self, name: &str, value: &T, volatile: bool) {
        let packet = Encoded::event(&peer::namespace(self.main), name, value).unwrap();
        if let Some(peer) = &mut self.peer {
            let _ = peer.client.emit(
                peer.now,
                &packet,
                Emit {
                    volatile,
                    ..Emit::default()
                },
            );
        }
    }

    fn ask(&mut self, within: Option<u64>, asked: Asked) {
        let main = self.main;
        if let Ok(id) = self.peer().ask(main, within) {
            self.asked.insert(id, asked);
        }
    }

    fn expect(&mut self, expected: &Wire) -> Result<(), String> {
        self.pass_until(|replay| !replay.wire.is_empty());
        match self.wire.pop_front() {
            Some(wire) if same(&wire, expected) => Ok(()),
            other => Err(format!("{other:?} instead of {expected:?}")),
        }
    }

    fn expect_event(&mut self, expected: &Value) -> Result<(), String> {
        self.pass_until(|replay| !replay.seen.is_empty());
        match self.seen.pop_front() {
            Some(event) if event == *expected => Ok(()),
            other => Err(format!("{other:?} instead of {expected}")),
        }
    }

    /// The application reacts until there is nothing to react to.
    fn settle(&mut self) {
        while let Some(peer) = &mut self.peer {
            let outputs = peer.outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                match output {
                    Output::Io(Io::Connect { query, .. }) => {
                        self.wire
                            .push_back(Wire::Dial(format!("/socket.io/?{query}")));
                    }
                    Output::Io(Io::Frame { frame, .. }) => {
                        self.wire.push_back(Wire::Frame(frame));
                    }
                    Output::Io(Io::Close { .. }) => self.wire.push_back(Wire::Close),
                    Output::Io(io) => panic!("there are no requests: {io:?}"),
                    Output::Event(event) => self.on_event(event),
                }
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        let seen = match event {
            Event::AuthRequest(request) => {
                let auth = Auth::new(&json!({ "n": self.answers })).unwrap();
                self.answers += 1;
                return self.peer().client.authenticate(request, Some(auth));
            }
            Event::Connected {
                namespace,
                sid,
                recovered,
            } => {
                let details = json!({ "id": sid.as_str(), "recovered": recovered });
                line("connect", &namespace, [details])
            }
            Event::Refused { namespace, error } => {
                let data = error.data.map(|data| serde_json::from_str(&data).unwrap());
                let active = json!({ "active": false });
                let message = error.message.into();
                line(
                    "connect_error",
                    &namespace,
                    [message, data.unwrap_or_default(), active],
                )
            }
            Event::Disconnected { namespace, reason } => {
                let active = json!({ "active": is_active_after(reason) });
                line("disconnect", &namespace, [reason.as_str().into(), active])
            }
            Event::Event {
                namespace,
                args,
                reply,
            } => {
                let mut list = Several::of(&args).notation();
                if let Some(reply) = reply {
                    list.push(json!({ "$function": true }));
                    if let Some(args) = self.reply.clone() {
                        self.peer().client.reply(reply, args).unwrap();
                    }
                }
                line("message", &namespace, [list.into()])
            }
            Event::Acked { id, outcome, .. } => return self.on_acked(id.get(), outcome),
            Event::Error { .. }
            | Event::Opened(_)
            | Event::Upgraded
            | Event::Heartbeat
            | Event::UpgradeFailed
            | Event::Ended(_)
            | Event::Reconnecting { .. }
            | Event::GaveUp
            | Event::Stopped
            | Event::Undelivered { .. } => return,
        };
        self.seen.push_back(seen);
    }

    fn on_acked(&mut self, id: u64, outcome: Result<Args, AckError>) {
        let outcome = outcome.map(|args| Several::of(&args).notation());
        let error = |error: AckError| error.to_string();
        self.seen
            .push_back(match (self.asked.remove(&id).unwrap(), outcome) {
                (Asked::Callback, Ok(list)) => json!(["ack", list]),
                (Asked::Callback, Err(_)) => return,
                (Asked::CallbackWithTimeout, Ok(list)) => json!(["ack", null, list]),
                (Asked::CallbackWithTimeout, Err(why)) => json!(["ack", error(why), []]),
                (Asked::Promise, Ok(list)) => json!(["resolved", list.first()]),
                (Asked::Promise, Err(why)) => json!(["rejected", error(why)]),
            });
    }

    fn pass(&mut self, millis: u64) {
        for _ in 0..millis {
            if let Some(peer) = &mut self.peer {
                peer.now = peer.now + Duration::from_millis(1);
                let now = peer.now;
                socketio_proto::Machine::handle_timeout(&mut peer.client, now);
            }
            self.settle();
        }
    }

    /// The recorder's patience: long enough for every timer of the vectors.
    fn pass_until(&mut self, happened: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if happened(self) {
                return;
            }
            self.pass(1);
        }
    }
}

fn is_active_after(reason: DisconnectReason) -> bool {
    reason.is_retried()
}

/// An event as the vectors write it: the main namespace is not named.
fn line(name: &str, namespace: &Namespace, rest: impl IntoIterator<Item = Value>) -> Value {
    let namespace = (!namespace.is_root()).then(|| Value::from(namespace.as_str()));
    let name = Value::from(name);
    [name].into_iter().chain(namespace).chain(rest).collect()
}

fn frame_of(value: &Value) -> Frame {
    match (value["text"].as_str(), value["bin"].as_str()) {
        (Some(text), _) => Frame::Text(text.to_owned().into()),
        (None, Some(bytes)) => Frame::Binary(unhex(bytes)),
        (None, None) => panic!("a frame of an unknown kind: {value}"),
    }
}

/// The members of what is said to a namespace have no order.
fn same(wire: &Wire, expected: &Wire) -> bool {
    let connect = |wire: &Wire| match wire {
        Wire::Frame(Frame::Text(text)) if text.starts_with("40") => {
            let (header, data) = text.split_at(text.find('{')?);
            Some((
                header.to_string(),
                serde_json::from_str::<Value>(&data).ok()?,
            ))
        }
        Wire::Dial(_) | Wire::Frame(_) | Wire::Close => None,
    };
    wire == expected || connect(wire).is_some_and(|wire| Some(wire) == connect(expected))
}

#[test]
fn bytes_are_written_in_hexadecimal() {
    assert_eq!(hex(&unhex("00ff10")), "00ff10");
}
