//! Whole sessions of old clients with the current reference server, replayed against ours.
//!
//! What is recorded is Socket.IO; here it is cargo. Everything the recorded server said is sent by
//! the application, and has to leave as the same bytes; everything the client said has to arrive.

mod replay;

use std::collections::BTreeMap;

use engineio_proto::parser::{Packet, Revision, Wire, payload::Form};
use engineio_proto::server::Event;
use engineio_proto::{Frame, RequestId};
use serde_json::{Value, json};

use replay::{World, hex, same, shown};

#[test]
fn clients_of_socket_io_1_0() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-1.0.6.json");
    assert_eq!(play(file, "basic", &Value::Null), 3);
}

#[test]
fn clients_of_socket_io_1_7() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-1.7.4.json");
    assert_eq!(play(file, "basic", &Value::Null), 3);
}

#[test]
fn clients_of_socket_io_2() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-2.5.0.json");
    assert_eq!(play(file, "basic", &Value::Null), 3);
}

#[test]
fn heartbeats_of_socket_io_2() {
    let file = include_str!("vectors/transcripts-server-4.8.4-client-2.5.0-extra.json");
    let options = json!({ "pingInterval": 150, "pingTimeout": 100 });
    assert_eq!(play(file, "heartbeat", &options), 2);
}

/// Plays the transcripts of a scenario; how many there are.
fn play(file: &str, scenario: &str, options: &Value) -> usize {
    let file: Value = serde_json::from_str(file).unwrap();
    let transcripts = file["transcripts"].as_array().unwrap().iter();
    let transcripts = transcripts.filter(|transcript| transcript["scenario"] == scenario);
    let mut count = 0;
    for transcript in transcripts {
        let name = &transcript["name"];
        let mut player = Player {
            world: World::new(3, options),
            requests: BTreeMap::new(),
            told: Vec::new(),
        };
        let entries = transcript["entries"].as_array().unwrap();
        for (number, entry) in entries.iter().enumerate() {
            if let Err(error) = player.step(entry) {
                panic!("{name}, entry {number}, {entry}: {error}");
            }
        }
        player.check_events(name, transcript["transport"] == "upgrade");
        count += 1;
    }
    count
}

struct Player {
    world: World,
    requests: BTreeMap<u64, RequestId>,
    /// What the client has said, as events.
    told: Vec<Value>,
}

impl Player {
    /// Everything has arrived, and the only end is a client that left.
    fn check_events(self, name: &Value, upgrades: bool) {
        let is_end = |event: &Value| event["close"].is_string();
        let (ends, heard): (Vec<_>, Vec<_>) = self.world.events.into_iter().partition(is_end);
        let left = json!({ "close": "transport close" });
        assert!(ends.iter().all(|end| *end == left), "{name}: {ends:?}");
        let moved = json!({ "upgrade": "websocket" });
        assert_eq!(heard.contains(&moved), upgrades, "{name}");
        let heard: Vec<_> = heard.into_iter().filter(|event| *event != moved).collect();
        assert_eq!(heard, self.told, "{name}");
        assert!(!heard.is_empty(), "{name}");
    }

    fn step(&mut self, entry: &Value) -> Result<(), String> {
        let conn = entry["conn"].as_u64().unwrap_or_default();
        let query = || {
            let path = entry["path"].as_str().unwrap();
            path.split_once('?').unwrap().1
        };
        match entry["kind"].as_str().unwrap() {
            "http_request" => {
                let body = self.posted(entry);
                let method = entry["method"].as_str().unwrap();
                let content_type = entry["content_type"].as_str();
                self.name_session();
                let request = self.world.request(method, query(), content_type, &body);
                self.requests.insert(conn, request);
                Ok(())
            }
            "http_response" => self.check_response(self.requests[&conn], entry),
            "ws_request" => {
                self.name_session();
                self.world.connect(conn.to_string(), query())
            }
            "ws_frame" => {
                let frame = match entry["text"].as_str() {
                    Some(text) => Frame::Text(text.into()),
                    None => Frame::Binary(hex(&entry["hex"]).into()),
                };
                if entry["from"] == "server" {
                    return self.check_frame(conn, frame);
                }
                let packet = wire().decode(&frame).map_err(|error| error.to_string())?;
                self.tell(packet);
                self.world.hears(&conn.to_string(), frame);
                Ok(())
            }
            "ws_close" if entry["from"] == "client" => {
                self.world.loses(&conn.to_string());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The ids of a recording.
    fn name_session(&mut self) {
        self.world.next_sid = Some("EIOSID00000000000001".to_owned());
    }

    fn posted(&mut self, entry: &Value) -> Vec<u8> {
        let body = body_of(entry);
        let form = Form::of_request(wire(), entry["content_type"].as_str()).unwrap();
        if entry["method"] == "POST" {
            let packets = form.decode(&body.clone().into());
            packets.for_each(|packet| self.tell(packet.unwrap()));
        }
        body
    }

    fn tell(&mut self, packet: Packet) {
        if let Packet::Message(message) = packet {
            self.told.extend(shown(Event::Message(message)));
        }
    }

    fn check_response(&mut self, request: RequestId, entry: &Value) -> Result<(), String> {
        let body = body_of(entry);
        let form = match entry["content_type"].as_str() {
            Some("application/octet-stream") => Some(Form::Binary),
            Some("text/plain; charset=UTF-8") => Form::of_request(wire(), None),
            _ => None,
        };
        if let Some(form) = form {
            for packet in form.decode(&body.clone().into()) {
                if let Packet::Message(message) = packet.unwrap() {
                    self.world.say(message);
                }
            }
        }
        let response = self.world.answer(request)?;
        same(response.content_type(), entry["content_type"].as_str())?;
        same(response.into_body().to_vec(), body)
    }

    fn check_frame(&mut self, conn: u64, frame: Frame) -> Result<(), String> {
        if let Ok(Packet::Message(message)) = wire().decode(&frame) {
            self.world.say(message);
        }
        let expected = match &frame {
            Frame::Text(text) => json!({ "text": &**text }),
            Frame::Binary(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "binary": { "hex": digits } })
            }
        };
        same(self.world.frames(&conn.to_string()), vec![expected])
    }
}

fn wire() -> Wire {
    Wire::from(Revision::V3)
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
