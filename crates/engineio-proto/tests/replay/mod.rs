//! A driver with everything but a network, in which recordings of the reference are replayed.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::collections::BTreeMap;
use std::time::Duration;

use engineio_proto::parser::{Channel, Revision};
use engineio_proto::server::{
    BodyKind, Cause, Event, Input, Io, Opening, Peer, Purpose, Reject, Response, Route, Session,
    Visit,
};
use engineio_proto::{
    Config, Frame, Ids, Machine, Message, Output, RequestId, Sid, Timestamp, TransportId,
    TransportKind, Transports,
};
use serde_json::Value;

/// Headers that a layer above the session adds.
const HEADERS_OF_OTHER_LAYERS: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-origin",
    "content-encoding",
    "set-cookie",
    "vary",
];

/// Everything that is not in the table passes; everything that is, does not.
pub(crate) fn replay(
    file: &str,
    exceptions: &[(&str, &str)],
    run: impl Fn(&Value) -> Result<(), String>,
) {
    let file: Value = serde_json::from_str(file).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(Some(vectors.len() as u64), file["count"].as_u64());
    let mut problems = Vec::new();
    let mut excused = 0;
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let excuse = exceptions.iter().find(|(listed, _)| *listed == name);
        excused += usize::from(excuse.is_some());
        match (run(vector), excuse) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(_)) => problems.push(format!("{name}: passes, but is listed")),
            (Err(error), None) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert_eq!(excused, exceptions.len(), "a listed name does not exist");
}

/// Replays a recording of one request and its answer.
pub(crate) fn exchange(mut world: World, vector: &Value) -> Result<(), String> {
    let (request, expected) = (&vector["request"], &vector["response"]);
    if let Some(query) = vector["session_handshake_query"].as_str() {
        let opening = world.request("GET", query, None, &[]);
        world.answer(opening)?;
    }
    for message in vector["server_sends"].as_array().into_iter().flatten() {
        world.session().send(message_of(message)).unwrap();
    }
    let body = match &request["body"]["binary"] {
        Value::Null => text(&request["body"]["text"]).into_bytes(),
        binary => hex(&binary["hex"]),
    };
    let headers = &request["headers"];
    let id = world.request(
        request["method"].as_str().unwrap(),
        request["query"].as_str().unwrap(),
        headers["content-type"].as_str(),
        &body,
    );
    let response = world.answer(id)?;
    let user_agent = headers["user-agent"].as_str().map(str::as_bytes);
    let protection = response.x_xss_protection(user_agent);
    same(protection, expected["headers"]["x-xss-protection"].as_str())?;
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let ours = match name.as_str() {
            "cache-control" => response.cache_control().map(String::from),
            "content-length" => Some(response.clone().into_body().len().to_string()),
            "content-type" => response.content_type().map(String::from),
            "x-xss-protection" => continue,
            other if HEADERS_OF_OTHER_LAYERS.contains(&other) => continue,
            other => return Err(format!("unknown header {other}")),
        };
        same(ours.as_deref(), value.as_str())?;
    }
    world.check_response(response, expected)?;
    world.check_events(&vector["server_events"])
}

/// Replays the steps of a recorded session.
pub(crate) fn scenario(mut world: World, vector: &Value) -> Result<(), String> {
    let steps = vector["steps"].as_array().unwrap();
    steps.iter().enumerate().try_for_each(|(number, step)| {
        world
            .step(step)
            .map_err(|error| format!("step {number}: {error}"))
    })
}

/// Sessions by id, and what happened to requests, WebSockets and the application.
pub(crate) struct World {
    pub(crate) config: Config,
    /// The revision that recordings without a query speak.
    eio: u8,
    /// The id of the next session, if it matters.
    pub(crate) next_sid: Option<String>,
    denies: bool,
    ids: Ids,
    now: Timestamp,
    sids: Vec<String>,
    sessions: BTreeMap<Sid, Session>,
    revisions: BTreeMap<Sid, Revision>,
    responses: BTreeMap<RequestId, Response>,
    pending: BTreeMap<String, RequestId>,
    sockets: BTreeMap<String, Socket>,
    pub(crate) events: Vec<Value>,
}

struct Socket {
    transport: TransportId,
    sid: Sid,
    frames: Vec<Value>,
}

impl World {
    /// A server with these options, whose recordings speak the revision `eio`.
    pub(crate) fn new(eio: u8, options: &Value) -> Self {
        let mut config = Config::default();
        config.legacy_clients = eio < 4;
        let span = |name: &str, default| {
            options[name]
                .as_u64()
                .map_or(default, Duration::from_millis)
        };
        config.ping_interval = span("pingInterval", config.ping_interval);
        config.ping_timeout = span("pingTimeout", config.ping_timeout);
        config.upgrade_timeout = span("upgradeTimeout", config.upgrade_timeout);
        config.max_payload = options["maxHttpBufferSize"]
            .as_u64()
            .unwrap_or(config.max_payload);
        config.initial_packet = match (&options["initialPacket"], &options["initialPacketHex"]) {
            (Value::String(text), _) => Some(Message::from(text.as_str())),
            (_, bytes @ Value::String(_)) => Some(Message::from(hex(bytes))),
            _ => None,
        };
        config.allow_upgrades = options["allowUpgrades"].as_bool().unwrap_or(true);
        if let Some(names) = options["transports"].as_array() {
            let offers = |kind: TransportKind| names.iter().any(|name| name == kind.as_str());
            config.transports = Transports {
                polling: offers(TransportKind::Polling),
                websocket: offers(TransportKind::WebSocket),
            };
        }
        Self {
            config,
            eio,
            next_sid: None,
            denies: !options["allowRequest"].is_null(),
            ids: Ids::new(),
            now: Timestamp::from_millis(0),
            sids: Vec::new(),
            sessions: BTreeMap::new(),
            revisions: BTreeMap::new(),
            responses: BTreeMap::new(),
            pending: BTreeMap::new(),
            sockets: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// The server of Socket.IO 1.0: it waits longer, and sets no `Cache-Control`.
    pub(crate) fn of_its_time(options: &Value) -> Self {
        let mut world = Self::new(2, options);
        world.config.ping_timeout = Duration::from_secs(60);
        world
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        let id = || step["id"].as_str().unwrap().to_owned();
        match step["do"].as_str().unwrap() {
            "get" => {
                let request = self.request("GET", query(step), None, &[]);
                if step["id"].is_string() {
                    self.pending.insert(id(), request);
                    return Ok(());
                }
                self.check_answer(request, &step["expect"])
            }
            "get_then_abort" => {
                let request = self.request("GET", query(step), None, &[]);
                self.wait(step["after_ms"].as_u64().unwrap());
                self.input(&self.sid(0), Input::Aborted { request });
                Ok(())
            }
            "post" => {
                let body = step["body"].as_str().unwrap().as_bytes();
                let request = self.request("POST", query(step), None, body);
                self.check_answer(request, &step["expect"])
            }
            "post_incomplete" => {
                let request = self.ids.request();
                self.input(
                    &self.sid(0),
                    Input::Post {
                        request,
                        kind: BodyKind::Text,
                    },
                );
                self.pending.insert(id(), request);
                Ok(())
            }
            "await" => self.check_answer(self.pending[&id()], &step["expect"]),
            // The reference cuts the connection.
            "await_raw" => match self.responses.get(&self.pending[&id()]) {
                Some(response) => Err(format!("answered {}", response.status())),
                None => Ok(()),
            },
            "sleep" => {
                self.wait(step["ms"].as_u64().unwrap());
                Ok(())
            }
            "server_events" => self.check_events(&step["events"]),
            "server_send" => self.server_send(step),
            "server_close" | "server_send_then_close" => self.server_close(step),
            "engine_close" => {
                self.sessions.values_mut().for_each(Session::abort);
                self.drain();
                Ok(())
            }
            _ => self.web_socket_step(step, id()),
        }
    }

    fn web_socket_step(&mut self, step: &Value, id: String) -> Result<(), String> {
        match step["do"].as_str().unwrap() {
            "ws_connect" => {
                let default = "EIO={EIO}&transport=websocket&sid={sid}";
                self.connect(id, step["query"].as_str().unwrap_or(default))?;
            }
            "expect_ws" => {
                let frames = self.frames(&id);
                let expected = self.fill(&step["frames"].to_string());
                return same(Value::Array(frames).to_string(), expected);
            }
            action => {
                let Socket {
                    transport, ref sid, ..
                } = self.sockets[&id];
                let sid = sid.clone();
                let input = match (action, step["text"].as_str()) {
                    ("ws_send", Some(text)) => Input::Frame {
                        transport,
                        frame: Frame::Text(text.into()),
                    },
                    ("ws_send", None) => {
                        let frame = Frame::Binary(hex(&step["binary_hex"]).into());
                        Input::Frame { transport, frame }
                    }
                    ("ws_close" | "ws_terminate", _) => Input::Closed { transport },
                    other => return Err(format!("unknown step {other:?}")),
                };
                self.input(&sid, input);
            }
        }
        Ok(())
    }

    /// Opens a WebSocket.
    pub(crate) fn connect(&mut self, id: String, query: &str) -> Result<(), String> {
        let query = self.fill(query);
        let route = Route::parse(&self.config, "GET", &query, true, true);
        let transport = self.ids.transport();
        let (sid, opened) = match route.map_err(|reject| reject.to_string())? {
            Route::WebSocket(peer) => (self.open(peer, Opening::WebSocket(transport)), None),
            Route::Session(visit) => {
                self.check(&visit).map_err(|reject| reject.to_string())?;
                let opened = match visit.purpose {
                    Purpose::Upgrade(Channel::Text) => Input::OpenedForText { transport },
                    _ => Input::Opened { transport },
                };
                (visit.sid, Some(opened))
            }
            other @ Route::Handshake(_) => return Err(format!("{other:?}")),
        };
        let socket = Socket {
            transport,
            sid: sid.clone(),
            frames: Vec::new(),
        };
        self.sockets.insert(id, socket);
        if let Some(opened) = opened {
            self.input(&sid, opened);
        }
        self.drain();
        Ok(())
    }

    fn check(&self, visit: &Visit) -> Result<(), Reject> {
        if !self.sessions.contains_key(&visit.sid) {
            return Err(Reject::UnknownSession);
        }
        visit
            .check(self.revisions[&visit.sid])
            .map_err(Cause::reject)
    }

    /// A message of a client by its WebSocket.
    pub(crate) fn hears(&mut self, id: &str, frame: Frame) {
        let Socket {
            transport, ref sid, ..
        } = self.sockets[id];
        let sid = sid.clone();
        self.input(&sid, Input::Frame { transport, frame });
    }

    /// A client closes its WebSocket.
    pub(crate) fn loses(&mut self, id: &str) {
        let Socket {
            transport, ref sid, ..
        } = self.sockets[id];
        let sid = sid.clone();
        self.input(&sid, Input::Closed { transport });
    }

    /// The application says something.
    pub(crate) fn say(&mut self, message: Message) {
        self.session().send(message).unwrap();
        self.drain();
    }

    /// What a WebSocket was told since this was asked last.
    pub(crate) fn frames(&mut self, id: &str) -> Vec<Value> {
        std::mem::take(&mut self.sockets.get_mut(id).unwrap().frames)
    }

    fn server_send(&mut self, step: &Value) -> Result<(), String> {
        let message = match step["text"].as_str() {
            Some(text) => Message::from(text),
            None => Message::from(hex(&step["hex"])),
        };
        self.session()
            .send(message)
            .map_err(|error| error.to_string())?;
        self.drain();
        Ok(())
    }

    fn server_close(&mut self, step: &Value) -> Result<(), String> {
        let now = self.now;
        for text in step["texts"].as_array().into_iter().flatten() {
            self.session().send(text.as_str().unwrap().into()).unwrap();
        }
        self.session().close(now);
        self.drain();
        let state = match self.sessions.get(&self.sid(0)) {
            None => "closed",
            Some(session) if session.is_open() => "open",
            Some(_) => "closing",
        };
        same(Some(state), step["state_after"].as_str())
    }

    /// One request from its head to its body.
    pub(crate) fn request(
        &mut self,
        method: &str,
        query: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> RequestId {
        let request = self.ids.request();
        let route = Route::parse(&self.config, method, &self.fill(query), false, true);
        let kind = BodyKind::from_content_type(content_type.map(str::as_bytes));
        match route {
            Err(reject) => self.reject(request, reject),
            Ok(Route::Handshake(_)) if self.denies => self.reject(request, Reject::Forbidden),
            Ok(Route::Handshake(peer)) => drop(self.open(peer, Opening::Poll(request))),
            Ok(Route::WebSocket(_)) => unreachable!("not an upgrade"),
            Ok(Route::Session(visit)) => {
                if let Err(reject) = self.check(&visit) {
                    self.reject(request, reject);
                    return request;
                }
                let sid = visit.sid;
                match visit.purpose {
                    Purpose::Poll => self.input(&sid, Input::Poll { request }),
                    Purpose::Other => self.input(&sid, Input::Other { request }),
                    Purpose::Post => self.post(&sid, request, kind, body),
                    Purpose::Farewell | Purpose::Upgrade(_) => unreachable!("not asked for"),
                }
            }
        }
        self.drain();
        request
    }

    fn post(&mut self, sid: &Sid, request: RequestId, kind: BodyKind, body: &[u8]) {
        self.input(sid, Input::Post { request, kind });
        let fits = body.len() as u64 <= self.config.max_payload;
        let body = bytes::Bytes::copy_from_slice(body);
        let body = if fits {
            Input::Body { request, body }
        } else {
            Input::BodyTooLarge { request }
        };
        self.input(sid, body);
    }

    fn open(&mut self, peer: Peer, via: Opening) -> Sid {
        let usual = || format!("abcdefghijklmnop-A{:02}", self.sids.len());
        let text = self.next_sid.take().unwrap_or_else(usual);
        self.revisions
            .insert(Sid::new(text.clone()), peer.revision());
        let sid = Sid::new(text.clone());
        self.sids.push(text);
        self.sessions.insert(
            sid.clone(),
            Session::open_for(&self.config, sid.clone(), peer, via, self.now),
        );
        sid
    }

    fn reject(&mut self, request: RequestId, reject: Reject) {
        self.responses.insert(request, Response::Reject(reject));
    }

    pub(crate) fn input(&mut self, sid: &Sid, input: Input) {
        if let Some(session) = self.sessions.get_mut(sid) {
            session.handle(self.now, input);
        }
        self.drain();
    }

    /// Performs all outputs, and forgets the sessions that have ended.
    pub(crate) fn drain(&mut self) {
        for session in self.sessions.values_mut() {
            while let Some(output) = session.poll_output() {
                match output {
                    Output::Event(event) => self.events.extend(shown(event)),
                    Output::Io(Io::Respond { request, response }) => {
                        let earlier = self.responses.insert(request, response);
                        assert_eq!(earlier, None, "answered twice");
                    }
                    Output::Io(Io::Frame { transport, frame }) => {
                        let Some(socket) = socket(&mut self.sockets, transport) else {
                            continue;
                        };
                        socket.frames.push(match frame {
                            Frame::Text(text) => serde_json::json!({ "text": &*text }),
                            Frame::Binary(bytes) => {
                                let hex: String =
                                    bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                                serde_json::json!({ "binary": { "hex": hex } })
                            }
                        });
                        session.handle(self.now, Input::Flushed { transport });
                    }
                    Output::Io(Io::Close { transport }) => {
                        if let Some(socket) = socket(&mut self.sockets, transport) {
                            socket.frames.push(serde_json::json!({ "closed": 1005 }));
                        }
                    }
                }
            }
        }
        self.sessions.retain(|_, session| !session.is_closed());
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while self.tick(end) {}
        self.now = end;
    }

    /// Jumps to the next thing that happens by itself, if that is not later than `end`.
    fn tick(&mut self, end: Timestamp) -> bool {
        let next = self
            .sessions
            .values()
            .filter_map(Session::next_timeout)
            .min();
        let Some(next) = next.filter(|next| *next <= end) else {
            return false;
        };
        self.now = self.now.max(next);
        for session in self.sessions.values_mut() {
            session.handle_timeout(self.now);
        }
        self.drain();
        true
    }

    /// The answer to a request, however long it takes.
    pub(crate) fn answer(&mut self, request: RequestId) -> Result<Response, String> {
        while !self.responses.contains_key(&request) {
            if !self.tick(Timestamp::from_millis(u64::MAX)) {
                break;
            }
        }
        self.responses
            .get(&request)
            .cloned()
            .ok_or_else(|| "never answered".to_owned())
    }

    fn check_answer(&mut self, request: RequestId, expected: &Value) -> Result<(), String> {
        let response = self.answer(request)?;
        if let Some(content_type) = expected["content_type"].as_str() {
            same(response.content_type(), Some(content_type))?;
        }
        self.check_response(response, expected)
    }

    pub(crate) fn check_response(
        &self,
        response: Response,
        expected: &Value,
    ) -> Result<(), String> {
        same(
            Some(u64::from(response.status())),
            expected["status"].as_u64(),
        )?;
        let (body, expected) = (response.into_body(), &expected["body"]);
        match expected["bytes_as_latin1"].as_str() {
            Some(bytes) => same(latin1(&body), self.fill(bytes)),
            None => same(
                String::from_utf8(body.to_vec()).map_err(|error| error.to_string())?,
                self.fill(&text(&expected["text"])),
            ),
        }
    }

    /// Compares what the application saw. Packets other than messages are none of its business.
    pub(crate) fn check_events(&mut self, expected: &Value) -> Result<(), String> {
        let expected = expected
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| match event["packet"]["type"].as_str() {
                None if event["close"].is_string() => {
                    Some(serde_json::json!({ "close": event["close"] }))
                }
                None | Some("message") => Some(event.clone()),
                Some(_) => None,
            });
        let expected: Vec<_> = expected.collect();
        same(std::mem::take(&mut self.events), expected)
    }

    /// The session that the application of a recording speaks to: there is only one.
    pub(crate) fn session(&mut self) -> &mut Session {
        self.sessions.values_mut().next().expect("a session")
    }

    pub(crate) fn sid(&self, number: usize) -> Sid {
        Sid::new(self.sids[number].clone())
    }

    fn fill(&self, template: &str) -> String {
        let id = |number: usize| self.sids.get(number).map_or("", String::as_str);
        template
            .replace("{EIO}", &self.eio.to_string())
            .replace("{sid}", id(0))
            .replace("{sid2}", id(1))
    }
}

fn socket(sockets: &mut BTreeMap<String, Socket>, transport: TransportId) -> Option<&mut Socket> {
    sockets
        .values_mut()
        .find(|socket| socket.transport == transport)
}

fn query(step: &Value) -> &str {
    step["query"]
        .as_str()
        .unwrap_or("EIO={EIO}&transport=polling&sid={sid}")
}

pub(crate) fn shown(event: Event) -> Option<Value> {
    Some(match event {
        Event::Message(Message::Text(text)) if text.is_empty() => {
            serde_json::json!({ "packet": { "type": "message" } })
        }
        Event::Message(Message::Text(text)) => {
            serde_json::json!({ "packet": { "type": "message", "text": &*text } })
        }
        Event::Message(Message::Binary(bytes)) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            serde_json::json!({ "packet": { "type": "message", "binary": { "hex": hex } } })
        }
        Event::Upgraded => serde_json::json!({ "upgrade": "websocket" }),
        Event::Closed(reason) => serde_json::json!({ "close": reason.as_str() }),
    })
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(ours: T, recorded: T) -> Result<(), String> {
    if ours == recorded {
        return Ok(());
    }
    Err(format!("ours {ours:?}, recorded {recorded:?}"))
}

/// A message in the notation of the vector files.
pub(crate) fn message_of(packet: &Value) -> Message {
    match &packet["binary"] {
        Value::Null => Message::from(text(&packet["text"])),
        binary => Message::from(hex(&binary["hex"])),
    }
}

/// Bytes as the characters of the same numbers.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The notations of the vector files for text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) if object.contains_key("repeat") => {
            let count = usize::try_from(value["count"].as_u64().unwrap()).unwrap();
            text(&value["repeat"]).repeat(count)
        }
        Value::Object(_) => value["concat"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect(),
        _ => String::new(),
    }
}

pub(crate) fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
