//! The reference client comes back to our server as it did to the reference's: what it said is said
//! again, and our packets must be the same.
//!
//! As in `transcripts.rs` the sequence of packets is compared. Offsets are opaque: each of ours
//! stands for the one of the reference that appeared in its turn.

mod world;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_proto::engine::server::{BodyKind, Input, Io, Opening, Session};
use socketio_proto::engine::{self, Frame, Ids, RequestId, Sid, TransportId};
use socketio_proto::server::{Accept, Config, ConnectRequest, Connection, Emit, Event};
use socketio_proto::{
    Args, Encoded, Machine, Namespace, Output, Persisted, PrivateId, RecoveryLimits, RecoveryLog,
    Room, Selector, SocketId, Timestamp,
};
use world::recorded::{ends, packets, sessions, split};
use world::value::{hex, unhex};

#[test]
fn the_reference_client_comes_back() {
    let sessions = sessions().into_iter();
    let mut count = 0;
    for session in sessions.filter(|session| session.scenario == "recovery") {
        let (name, entries) = (&session.name, &session.entries);
        let mut replay = Replay::new();
        entries.iter().for_each(|entry| replay.play(entry));
        assert_eq!(replay.got, packets(entries), "{name}");
        assert_eq!(replay.left, ends(entries), "{name}");
        count += 1;
    }
    assert_eq!(count, 3);
}

/// The recorded client against our server.
struct Replay {
    connection: Option<Connection>,
    ids: Ids,
    now: Timestamp,
    /// The request that our client waits for; `None` once it has moved to a WebSocket.
    poll: Option<RequestId>,
    keeps_polling: bool,
    transport: Option<TransportId>,
    got: Vec<String>,
    left: Vec<String>,
    /// Ours, in the order of their appearance.
    offsets: Vec<String>,
    log: RecoveryLog,
    socket: Option<Persisted>,
}

impl Replay {
    fn new() -> Self {
        Self {
            connection: None,
            ids: Ids::new(),
            now: Timestamp::from_millis(0),
            poll: None,
            keeps_polling: false,
            transport: None,
            got: Vec::new(),
            left: Vec::new(),
            offsets: Vec::new(),
            log: RecoveryLog::new(RecoveryLimits::default(), "epoch"),
            socket: None,
        }
    }

    fn play(&mut self, entry: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_dial = !text(&entry["path"]).contains("sid=");
        match (text(&entry["kind"]).as_str(), text(&entry["from"]).as_str()) {
            ("app", _) => self.act(&text(&entry["text"])),
            ("http_request", _) if entry["method"] == "POST" => {
                let request = self.ids.request();
                let kind = BodyKind::Text;
                self.handle(Input::Post { request, kind });
                let body = Bytes::from(self.ours(text(&entry["body"]["text"])));
                self.handle(Input::Body { request, body });
            }
            ("http_request", _) if is_dial => {
                let request = self.ids.request();
                self.poll = Some(request);
                self.open(Opening::Poll(request));
            }
            ("ws_request", _) => {
                let transport = self.ids.transport();
                self.transport = Some(transport);
                if is_dial {
                    self.open(Opening::WebSocket(transport));
                } else {
                    self.handle(Input::Opened { transport });
                }
            }
            ("ws_frame", "client") => {
                self.keeps_polling &= entry["text"] != "2probe";
                let frame = match entry["hex"].as_str() {
                    Some(bytes) => Frame::Binary(unhex(bytes)),
                    None => Frame::Text(self.ours(text(&entry["text"])).into()),
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

    /// What the recorded application did.
    fn act(&mut self, text: &str) {
        let bytes = Bytes::from_static(&[1]);
        let volatile = Emit {
            volatile: true,
            ..Emit::default()
        };
        match text.strip_prefix("server: ").unwrap_or_default() {
            "io.emit news 1" => self.broadcast(&[], &1),
            "binary broadcast" => self.broadcast(&[], &bytes),
            "volatile emit (no offset)" => {
                let packet = event("volatile-news", &json!({ "x": 1 }));
                let emitted = self.connection().emit(&packet, volatile);
                emitted.unwrap();
            }
            "socket.emit with acknowledgement (no offset)" => {
                let (now, args) = (self.now, Args::event("q", &1).unwrap());
                let asked = self
                    .connection()
                    .emit_with_ack(now, &Namespace::root(), args, None);
                asked.unwrap();
            }
            other if other.starts_with("closes the low-level connection") => {
                let now = self.now;
                self.connection().close_session(now);
                self.settle();
                self.broadcast(&[], &2);
                self.broadcast(&["room1"], &3);
                self.broadcast(&["room2"], &4);
                self.broadcast(&[], &5);
            }
            _ => {}
        }
        self.settle();
    }

    fn broadcast<T: serde::Serialize>(&mut self, rooms: &[&str], value: &T) {
        let selector = Selector {
            rooms: rooms.iter().map(|room| Room::from(*room)).collect(),
            ..Selector::default()
        };
        let packet = event("news", value);
        let offset = self.log.record(self.now, &selector, &packet);
        // Nobody is in while the recorded client is away.
        let _ = self
            .connection()
            .emit(&packet.with_offset(&offset), Emit::default());
    }

    fn open(&mut self, opening: Opening) {
        self.keeps_polling = matches!(opening, Opening::Poll(_));
        let session = Session::open(
            &engine::Config::default(),
            Sid::new("secret"),
            opening,
            self.now,
        );
        self.connection = Some(Connection::new(session, &Config::default(), self.now));
        self.settle();
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("the client has dialed")
    }

    fn handle(&mut self, input: Input) {
        let now = self.now;
        self.connection().handle(now, input);
        self.settle();
    }

    fn settle(&mut self) {
        while self.connection.is_some() {
            while let Some(output) = self.connection().poll_output() {
                match output {
                    Output::Io(io) => self.perform(io),
                    Output::Event(event) => self.on_event(event),
                }
            }
            if self.poll.is_some() || !self.keeps_polling || self.connection().is_closed() {
                return;
            }
            let request = self.ids.request();
            self.poll = Some(request);
            self.handle(Input::Poll { request });
        }
    }

    fn perform(&mut self, io: Io) {
        match io {
            Io::Respond { request, response } => {
                self.poll.take_if(|poll| *poll == request);
                let body = String::from_utf8(response.into_body().to_vec()).unwrap();
                let packets: Vec<_> = split(&body).map(|packet| self.theirs(packet)).collect();
                self.got.extend(packets);
            }
            Io::Frame { transport, frame } => {
                match frame {
                    Frame::Text(text) => {
                        let text = self.theirs(text.to_string());
                        self.got.extend(split(&text));
                    }
                    Frame::Binary(bytes) => self.got.push(hex(&bytes)),
                }
                let now = self.now;
                self.connection().handle(now, Input::Flushed { transport });
            }
            Io::Close { .. } => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::ConnectRequest(request) => self.admit(request),
            Event::Disconnected { namespace, reason } => {
                self.left
                    .push(format!("{namespace} disconnected: {reason}"));
                let pid = self.connection().resumable(&namespace).cloned();
                if let (Some(pid), Some(socket)) = (pid, self.socket.take()) {
                    self.log.persist(self.now, pid, socket);
                }
            }
            Event::Acked { .. } | Event::Upgraded | Event::Closed(_) => {}
            other @ (Event::Malformed(_) | Event::Event { .. }) => panic!("unexpected: {other:?}"),
        }
    }

    fn admit(&mut self, request: ConnectRequest) {
        let resume = request.resume.as_ref();
        let restored = resume.and_then(|resume| self.log.restore(self.now, resume));
        let (session, missed) = match restored {
            Some(restored) => (restored.session, restored.missed),
            None => {
                let session = Persisted {
                    sid: SocketId::new("SIOSID00000000000001"),
                    rooms: vec!["room1".into()],
                    since: self.log.latest(),
                    data: (),
                };
                (session, Vec::new())
            }
        };
        let accept = Accept {
            sid: session.sid.clone(),
            pid: Some(PrivateId::new("PRIVID00000000000001")),
            missed,
        };
        self.socket = Some(session);
        self.connection().accept_with(request, accept);
    }

    /// Our offset, named as the recording names the one in its turn.
    fn theirs(&mut self, packet: String) -> String {
        let Some((before, offset)) = packet.rsplit_once("\"epoch.") else {
            return packet;
        };
        let (number, after) = offset.split_once('"').unwrap();
        let own = format!("epoch.{number}");
        let place = self.offsets.iter().position(|seen| *seen == own);
        let place = place.unwrap_or_else(|| {
            self.offsets.push(own);
            self.offsets.len() - 1
        });
        format!("{before}\"OFFSET{}\"{after}", place + 1)
    }

    /// The other way round.
    fn ours(&self, text: String) -> String {
        let names = self.offsets.iter().enumerate().rev();
        names.fold(text, |text, (place, own)| {
            text.replace(&format!("OFFSET{}", place + 1), own)
        })
    }
}

fn event<T: serde::Serialize>(name: &str, value: &T) -> Encoded {
    Encoded::event(&Namespace::root(), name, value).unwrap()
}
