//! The recorded behaviours of the reference server, played against a connection.
//!
//! The timelines of `socketio-server-behaviour.json` run with a fake clock and the small
//! applications of `world/app.rs`. What goes over the wire and what the application sees must be
//! the same, except for the vectors of the table below.

mod world;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;
use socketio_proto::engine::Frame;
use socketio_proto::engine::server::Io;
use socketio_proto::server::Config;
use socketio_proto::{Machine, Output, engine};
use world::World;
use world::app::App;
use world::value::{hex, unhex};

/// Where we differ on purpose, or where another layer is in charge.
const DIFFERENT: [(&str, &str); 11] = [
    (
        "server.ack-after-disconnect",
        "an answer after the end of the namespace is dropped",
    ),
    (
        "server.connect-white-space",
        "the quirk of the reference's decoder is not copied",
    ),
    (
        "server.connect-with-id",
        "the quirk of the reference's decoder is not copied",
    ),
    (
        "server.duplicate-connect-while-pending",
        "the second request ends the connection",
    ),
    (
        "server.echo-big-id",
        "an id that cannot come back exactly is an error",
    ),
    (
        "server.empty-message",
        "the reference's error is an accident of its JavaScript",
    ),
    (
        "server.event-no-payload",
        "an event without a name kills the reference's client",
    ),
    ("server.recovery-connect", "recovery is not offered yet"),
    (
        "server.recovery-pid-without-offset",
        "recovery is not offered yet",
    ),
    ("server.recovery-unknown-pid", "recovery is not offered yet"),
    (
        "server.refused-mw-not-an-error",
        "a refusal always has a message here",
    ),
];

#[test]
fn the_reference_server_behaves_like_this() {
    let text = include_str!("vectors/socketio-server-behaviour.json");
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
    world: World,
    app: App,
    received: VecDeque<Frame>,
    closed: bool,
    /// What the wildcards stand for.
    names: BTreeMap<String, String>,
}

impl Replay {
    fn new(vector: &Value) -> Self {
        let mut config = Config::default();
        if let Some(millis) = vector["options"]["connectTimeout"].as_u64() {
            config.connect_timeout = Duration::from_millis(millis);
        }
        Self {
            world: World::with(&engine::Config::default(), &config, true),
            app: App::new(vector["app"].as_str().unwrap()),
            received: VecDeque::new(),
            closed: false,
            names: BTreeMap::new(),
        }
    }

    fn run(mut self, vector: &Value) -> Result<(), String> {
        let timeline = vector["timeline"].as_array().unwrap();
        for item in timeline {
            if let Some(frame) = item.get("send") {
                self.world.hear(frame_of(frame));
                self.settle();
            } else if let Some(frame) = item.get("recv") {
                self.expect(frame)?;
            } else if let Some(millis) = item["wait_ms"].as_u64() {
                self.pass(millis);
            } else if item["closed_by_server"] == true {
                self.pass_until(|replay| replay.closed);
            }
        }
        self.pass_until(|replay| !replay.received.is_empty());
        let closes = timeline.iter().any(|item| item["closed_by_server"] == true);
        if self.closed != closes {
            return Err(format!("closed: {}", self.closed));
        }
        if !self.received.is_empty() {
            return Err(format!("more than expected: {:?}", self.received));
        }
        compare_logs(&self.app.log, vector["server_events"].as_array().unwrap())
    }

    fn expect(&mut self, frame: &Value) -> Result<(), String> {
        self.pass_until(|replay| !replay.received.is_empty());
        let received = self
            .received
            .pop_front()
            .ok_or_else(|| format!("nothing for {frame}"))?;
        let same = match (&received, frame_of(frame)) {
            (Frame::Text(received), Frame::Text(expected)) => self.same_text(received, &expected),
            (received, expected) => *received == expected,
        };
        if same {
            Ok(())
        } else {
            Err(format!("{received:?} instead of {frame}"))
        }
    }

    /// Compares with wildcards: `<sid-n>` stands for any id, but always for the same one.
    fn same_text(&mut self, received: &str, expected: &str) -> bool {
        let Some((before, rest)) = expected.split_once('<') else {
            return received == expected;
        };
        let (wildcard, after) = rest.split_once('>').unwrap();
        let inner = received
            .strip_prefix(before)
            .and_then(|text| text.strip_suffix(after));
        let Some(id) = inner.filter(|id| !id.contains('"')) else {
            return false;
        };
        self.names
            .entry(wildcard.to_owned())
            .or_insert_with(|| id.to_owned())
            == id
    }

    /// The application reacts until there is nothing to react to.
    fn settle(&mut self) {
        loop {
            let outputs = self.world.outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                match output {
                    Output::Io(Io::Frame { frame, .. }) => self.received.push_back(frame),
                    Output::Io(Io::Close { .. }) => self.closed = true,
                    Output::Io(Io::Respond { .. }) => panic!("there is no request"),
                    Output::Event(event) => self.app.handle(&mut self.world, event),
                }
            }
        }
    }

    fn pass(&mut self, millis: u64) {
        for _ in 0..millis {
            self.world.now = self.world.now + Duration::from_millis(1);
            self.world.connection.handle_timeout(self.world.now);
            self.app.handle_timeout(&mut self.world);
            self.settle();
        }
    }

    /// The recorder's patience: long enough for every timer of the applications.
    fn pass_until(&mut self, happened: impl Fn(&Self) -> bool) {
        for _ in 0..100 {
            if happened(self) {
                return;
            }
            self.pass(1);
        }
    }
}

fn frame_of(value: &Value) -> Frame {
    match (value["text"].as_str(), value["bin"].as_str()) {
        (Some(text), _) => Frame::Text(text.to_owned().into()),
        (None, Some(bytes)) => Frame::Binary(unhex(bytes)),
        (None, None) => panic!("a frame of an unknown kind: {value}"),
    }
}

/// Errors of the decoder begin with the reference's words and then say more; everything else is
/// equal.
fn compare_logs(seen: &[Value], expected: &[Value]) -> Result<(), String> {
    let same = |(seen, expected): (&Value, &Value)| match (seen[2].as_str(), expected[2].as_str()) {
        (Some(text), Some(reference)) if expected[0] == "error" => {
            seen[0] == expected[0] && seen[1] == expected[1] && text.starts_with(reference)
        }
        _ => seen == expected,
    };
    if seen.len() == expected.len() && seen.iter().zip(expected).all(same) {
        return Ok(());
    }
    Err(format!(
        "the application saw {}",
        Value::from(seen.to_vec())
    ))
}

#[test]
fn bytes_are_written_in_hexadecimal() {
    assert_eq!(hex(&unhex("00ff10")), "00ff10");
}
