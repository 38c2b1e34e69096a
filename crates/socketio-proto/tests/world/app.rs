//! The applications of the recorded behaviours, as far as they concern this layer.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_proto::parser::RESERVED_EVENTS;
use socketio_proto::server::{AckError, ConnectRequest, Emit, Event, ReplyTo};
use socketio_proto::{
    Args, ConnectError, DisconnectReason, Encoded, Namespace, Room, Rooms, Selector, SocketId,
    Timestamp,
};

use super::World;
use super::value::Several;

/// One of the applications by its name in the vectors, and what it has seen.
pub(crate) struct App {
    name: String,
    pub(crate) log: Vec<Value>,
    joined: Vec<Namespace>,
    slow: Vec<(Timestamp, ConnectRequest)>,
    asked: BTreeMap<u64, &'static str>,
    rooms: Rooms,
    sockets: u32,
}

impl App {
    pub(crate) fn new(name: &str) -> Self {
        let (log, joined, slow, asked) = (vec![], vec![], vec![], BTreeMap::new());
        Self {
            name: name.to_owned(),
            log,
            joined,
            slow,
            asked,
            rooms: Rooms::new(),
            sockets: 0,
        }
    }

    pub(crate) fn handle_timeout(&mut self, world: &mut World) {
        while let Some(place) = self.slow.iter().position(|(at, _)| *at <= world.now) {
            let (_, request) = self.slow.remove(place);
            self.accept(world, request);
        }
    }

    pub(crate) fn handle(&mut self, world: &mut World, event: Event) {
        match event {
            Event::ConnectRequest(request) => self.on_request(world, request),
            Event::Event {
                namespace,
                args,
                reply,
            } => {
                self.log_event(&namespace, &args, reply.is_some());
                self.on_event(world, &namespace, &args, reply);
            }
            Event::Acked { id, outcome, .. } => self.on_acked(id.get(), outcome),
            Event::Disconnected { namespace, reason } => self.on_left(&namespace, reason),
            Event::Malformed(error) => {
                for namespace in &self.joined {
                    self.log
                        .push(json!(["error", namespace.as_str(), error.to_string()]));
                }
            }
            Event::Upgraded | Event::Closed(_) => {}
        }
    }

    fn on_request(&mut self, world: &mut World, request: ConnectRequest) {
        let auth = request
            .auth
            .as_deref()
            .map_or(Value::Null, |auth| serde_json::from_str(auth).unwrap());
        let nope = || ConnectError::new("nope");
        let refusal = match (request.namespace.as_str(), self.name.as_str()) {
            ("/", "mw-message") => Some(nope()),
            ("/", "mw-data") => nope().with_data(&json!({"code": "E1", "n": [1]})).ok(),
            ("/", "mw-data-null") => nope().with_data(&()).ok(),
            ("/", "mw-empty-message") => Some(ConnectError::new("")),
            ("/", "mw-not-an-error") => Some(ConnectError::new("str")),
            ("/admin", "mw-admin-token") if auth["token"] != "t" => {
                Some(ConnectError::new("denied"))
            }
            ("/" | "/admin", _) => None,
            ("/dyn-1", "dynamic-regex") => {
                self.log.push(json!(["new_namespace", "/dyn-1"]));
                None
            }
            ("/fn", "dynamic-function") if auth["k"] == 1 => None,
            _ => Some(ConnectError::new("Invalid namespace")),
        };
        match (refusal, self.name.as_str()) {
            (Some(refusal), _) => world.connection.reject(request, &refusal),
            (None, "mw-slow") => {
                self.slow
                    .push((world.now + Duration::from_millis(60), request));
            }
            (None, _) => {
                match self.name.as_str() {
                    "mw-emit" => self.emit(world, &request.namespace, "early", &1),
                    "mw-disconnect" => world.connection.disconnect(&request.namespace),
                    _ => {}
                }
                self.accept(world, request);
            }
        }
    }

    fn accept(&mut self, world: &mut World, request: ConnectRequest) {
        let namespace = request.namespace.clone();
        self.sockets += 1;
        let sid = SocketId::new(format!("socket-{}", self.sockets));
        world.connection.accept(request, sid.clone());
        if !world.connection.is_connected(&namespace) {
            return;
        }
        self.rooms.join(&sid, Room::from(&sid));
        self.joined.push(namespace.clone());
        // The recorder did not listen on the namespace of the function.
        if namespace.as_str() != "/fn" {
            self.log.push(json!(["connection", namespace.as_str()]));
        }
        self.on_connection(world, &namespace);
    }

    fn on_connection(&mut self, world: &mut World, namespace: &Namespace) {
        match self.name.as_str() {
            "hello" => self.emit(world, namespace, "hello", &1),
            "asker" => {
                self.ask(world, namespace, "ask-1", None);
                self.ask(world, namespace, "ask-2", None);
                self.ask(world, namespace, "ask-all", Some(1000));
            }
            "asker-timeout" => {
                self.ask(world, namespace, "ask", Some(40));
                self.ask(world, namespace, "ask-all", Some(40));
            }
            "reserved-emit" => {
                for name in RESERVED_EVENTS {
                    let error = Encoded::event(namespace, name, &()).unwrap_err();
                    self.log.push(json!(["throws", error.to_string()]));
                }
            }
            _ => {}
        }
    }

    fn on_event(&mut self, world: &mut World, at: &Namespace, args: &Args, reply: Option<ReplyTo>) {
        let name = args.event_name().unwrap_or_default().into_owned();
        match (self.name.as_str(), name.as_str()) {
            ("echo", "echo") => {
                let arguments = Several::behind_the_name(args);
                self.emit(world, at, "echo-back", &arguments);
                self.reply(world, reply, &arguments);
            }
            ("ack-twice", "q") => self.reply(world, reply, &"a"),
            ("ack-after-disconnect", "q") => {
                world.connection.disconnect(at);
                self.reply(world, reply, &"late");
            }
            ("kick", "kick") => world.connection.disconnect(at),
            ("kick-all", "kick") => world.connection.close(world.now),
            ("conn-close", "kick") => world.connection.close_session(world.now),
            ("io-close", "kick") => world.connection.shut_down(world.now),
            ("socket-use-error", _) => self.log.push(json!(["error", at.as_str(), "blocked"])),
            ("broadcast", "all") => self.broadcast(world, at, &Selector::default(), &"all"),
            ("broadcast", "others") => {
                let except_socket = Some(SocketId::new(format!("socket-{}", self.sockets)));
                let others = Selector {
                    except_socket,
                    ..Selector::default()
                };
                self.broadcast(world, at, &others, &"others");
            }
            ("broadcast", "bin") => {
                self.broadcast(
                    world,
                    at,
                    &Selector::default(),
                    &Bytes::from_static(&[1, 2]),
                );
            }
            (_, "error") => {
                let text: String = args.event_data().unwrap();
                self.log.push(json!(["error", at.as_str(), text]));
            }
            _ => {}
        }
    }

    fn on_acked(&mut self, id: u64, outcome: Result<Args, AckError>) {
        let asked = self.asked.remove(&id).expect("an id that was handed out");
        let to_all = asked == "ask-all";
        self.log.push(match outcome {
            // A broadcast keeps the first argument of each answer; here there is one recipient.
            Ok(args) if to_all => json!(["ack", asked, null, Several::of(&args).notation()]),
            Ok(args) => json!(["ack", asked, Several::of(&args).notation()]),
            Err(error) if to_all => json!(["ack-all", error.to_string(), []]),
            Err(AckError::TimedOut) => json!(["ack", AckError::TimedOut.to_string(), []]),
            // The reference forgets what was asked of a socket that is gone.
            Err(AckError::Disconnected) => return,
        });
    }

    fn on_left(&mut self, namespace: &Namespace, reason: DisconnectReason) {
        self.joined.retain(|joined| joined != namespace);
        for event in ["disconnecting", "disconnect"] {
            self.log
                .push(json!([event, namespace.as_str(), reason.as_str()]));
        }
    }

    fn log_event(&mut self, namespace: &Namespace, args: &Args, asks: bool) {
        let mut list = Several::of(args).notation();
        list.extend(asks.then(|| json!({"$function": true})));
        self.log.push(json!(["event", namespace.as_str(), list]));
    }

    fn emit<T: serde::Serialize>(&self, world: &mut World, to: &Namespace, name: &str, value: &T) {
        let packet = Encoded::event(to, name, value).unwrap();
        world.connection.emit(&packet, Emit::default()).unwrap();
    }

    fn broadcast<T: serde::Serialize>(
        &self,
        world: &mut World,
        at: &Namespace,
        selector: &Selector,
        value: &T,
    ) {
        for _ in self.rooms.select(selector) {
            self.emit(world, at, "news", value);
        }
    }

    fn reply<T: serde::Serialize>(&self, world: &mut World, to: Option<ReplyTo>, value: &T) {
        if let Some(to) = to {
            // A client that has left meanwhile gets no answer.
            let _ = world.connection.reply(to, Args::new(value).unwrap());
        }
    }

    fn ask(&mut self, world: &mut World, to: &Namespace, name: &'static str, millis: Option<u64>) {
        let args = Args::event(name, &()).unwrap();
        let within = millis.map(Duration::from_millis);
        let id = world
            .connection
            .emit_with_ack(world.now, to, args, within)
            .unwrap();
        self.asked.insert(id.get(), name);
    }
}
