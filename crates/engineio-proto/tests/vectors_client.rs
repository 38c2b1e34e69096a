//! What the reference client was seen to do, where it concerns this machine: how many packets go
//! into one post, and what a request asks for.

use bytes::Bytes;
use engineio_proto::client::{Config, Input, Io, Session};
use engineio_proto::parser::Revision;
use engineio_proto::{
    Frame, Ids, Machine, Output, RequestId, Timestamp, TransportId, TransportKind, parser,
};
use serde_json::Value;

/// Vectors on which we differ on purpose.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "client_batching_binary_estimate_smaller_than_real_base64",
    "the reference estimates base64 and may post a few bytes too many; our sizes are exact",
)];

#[test]
fn batching_and_queries() {
    let file: Value = serde_json::from_str(include_str!("vectors/engineio-client.json")).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let result = match vector["op"].as_str().unwrap() {
            "batching" => batching(vector),
            "url" => query(vector),
            other => panic!("{other} does not concern this machine"),
        };
        match (result, EXCEPTIONS.iter().find(|(known, _)| *known == name)) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(_)) => panic!("{name} passes: it is no exception"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
}

fn batching(vector: &Value) -> Result<(), String> {
    let limit = match &vector["max_payload"] {
        Value::Null => String::new(),
        limit => format!(r#","maxPayload":{limit}"#),
    };
    let mut client = Client::dial(&config(vector));
    // Packets wait for the handshake, so that all of them are there at once.
    for packet in vector["packets"].as_array().unwrap() {
        client.session.send_frame(frame(packet)).unwrap();
    }
    client.open(&format!(
        r#"0{{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000{limit}}}"#
    ));
    let expected: Vec<usize> = serde_json::from_value(vector["batches"].clone()).unwrap();
    let ours = client.batches();
    match ours == expected {
        true => Ok(()),
        false => Err(format!("{ours:?}, not {expected:?}")),
    }
}

fn query(vector: &Value) -> Result<(), String> {
    let url = vector["url"].as_str().unwrap();
    let (_, expected) = url.split_once('?').unwrap();
    let ours = Client::dial(&config(vector)).query;
    match ours == expected {
        true => Ok(()),
        false => Err(format!("{ours:?}, not {expected:?}")),
    }
}

/// A client that has dialed, and how.
struct Client {
    session: Session,
    dial: Result<RequestId, TransportId>,
    query: String,
}

impl Client {
    fn dial(config: &Config) -> Self {
        let mut session = Session::connect(config, Ids::new(), Timestamp::default());
        let (dial, query) = match session.poll_output() {
            Some(Output::Io(Io::Get { request, query })) => (Ok(request), query),
            Some(Output::Io(Io::Connect { transport, query })) => (Err(transport), query),
            other => panic!("{other:?} is no dial"),
        };
        Self {
            session,
            dial,
            query: query.to_string(),
        }
    }

    fn open(&mut self, packet: &str) {
        let input = match self.dial {
            Ok(request) => answer(request, packet),
            Err(transport) => Input::Frame {
                transport,
                frame: Frame::Text(packet.into()),
            },
        };
        self.session.handle(Timestamp::default(), input);
    }

    /// How many packets go into each post, or in one go to the WebSocket.
    fn batches(&mut self) -> Vec<usize> {
        let mut batches = Vec::new();
        let mut frames = 0;
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Io(Io::Post { request, body, .. }) => {
                    let body = parser::Utf8Bytes::try_from(body).unwrap();
                    batches.push(parser::payload::decode(&body).count());
                    let ok = answer(request, "ok");
                    self.session.handle(Timestamp::default(), ok);
                }
                Output::Io(Io::Frame { .. }) => frames += 1,
                Output::Io(_) | Output::Event(_) => {}
            }
        }
        batches.extend((frames > 0).then_some(frames));
        batches
    }
}

fn answer(request: RequestId, body: &str) -> Input {
    Input::Response {
        request,
        status: 200,
        body: Bytes::from(body.to_owned()),
    }
}

fn config(vector: &Value) -> Config {
    let mut config = Config::default();
    config.transports = vec![match vector["transport"].as_str().unwrap() {
        "websocket" => TransportKind::WebSocket,
        _ => TransportKind::Polling,
    }];
    if vector["protocol"] == 3 {
        config.revision = Revision::V3;
    }
    // In Node, requests of revision 3 take no bytes.
    config.force_base64 = vector["options"]["forceBase64"] == true
        || vector["name"] == "client_url_v3_node_polling_has_b64";
    config
}

fn frame(packet: &Value) -> Frame {
    if let Value::Object(bytes) = &packet["binary"] {
        let count = usize::try_from(bytes["count"].as_u64().unwrap()).unwrap();
        return Frame::Binary(vec![1; count].into());
    }
    let text = match &packet["text"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        repeated => {
            let count = usize::try_from(repeated["count"].as_u64().unwrap()).unwrap();
            repeated["repeat"].as_str().unwrap().repeat(count)
        }
    };
    let digit = match packet["type"].as_str().unwrap() {
        "pong" => '3',
        _ => '4',
    };
    Frame::Text(format!("{digit}{text}").into())
}
