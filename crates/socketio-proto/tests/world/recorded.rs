//! Recorded sessions of the reference, and what is compared of them.
//!
//! Those in MessagePack can be had in the default encoding, too: the parser reads each recorded map,
//! and its packet is written anew.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use socketio_proto::engine::parser::Revision as EngineRevision;
use socketio_proto::engine::parser::payload::{self, PayloadBuf};
use socketio_proto::engine::{self, Message};
use socketio_proto::parser::{Frame, Limits, Packet, Revision, msgpack};

use super::value::{hex, unhex};

/// Everything that was recorded with servers and clients of revision 5.
const FILES: [&str; 3] = [
    include_str!("../vectors/transcripts-server-4.8.4-client-3.1.3.json"),
    include_str!("../vectors/transcripts-server-4.8.4-client-4.8.4.json"),
    include_str!("../vectors/transcripts-server-4.8.4-client-4.8.4-extra.json"),
];

/// Some of what was recorded with servers and clients of revision 4: those whose text is not encoded
/// twice, and one that speaks revision 2 of Engine.IO.
const LEGACY_FILES: [(EngineRevision, &str); 4] = [
    (
        EngineRevision::V3,
        include_str!("../vectors/transcripts-server-2.5.1-client-2.5.0.json"),
    ),
    (
        EngineRevision::V3,
        include_str!("../vectors/transcripts-server-4.8.4-client-2.5.0.json"),
    ),
    (
        EngineRevision::V3,
        include_str!("../vectors/transcripts-server-4.8.4-client-2.5.0-extra.json"),
    ),
    (
        EngineRevision::V2,
        include_str!("../vectors/transcripts-server-1.0.6-client-1.0.6.json"),
    ),
];

/// One recorded session, or several of one client.
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) revision: EngineRevision,
    pub(crate) transport: String,
    pub(crate) scenario: String,
    /// In the default encoding.
    pub(crate) entries: Vec<Value>,
    /// As they were recorded.
    pub(crate) originals: Vec<Value>,
}

/// All of them, in the order of the files.
pub(crate) fn sessions() -> Vec<Session> {
    let files = FILES.map(|text| serde_json::from_str::<Value>(text).unwrap());
    let transcripts = files
        .iter()
        .flat_map(|file| file["transcripts"].as_array().unwrap());
    transcripts
        .map(|transcript| session(EngineRevision::V4, transcript))
        .collect()
}

/// All of those with old servers and clients, in the order of the files.
pub(crate) fn legacy_sessions() -> Vec<Session> {
    let mut sessions = Vec::new();
    for (revision, text) in LEGACY_FILES {
        let file: Value = serde_json::from_str(text).unwrap();
        let transcripts = file["transcripts"].as_array().unwrap().iter();
        sessions.extend(transcripts.map(|transcript| session(revision, transcript)));
    }
    sessions
}

fn session(revision: EngineRevision, transcript: &Value) -> Session {
    let text = |name: &str| transcript[name].as_str().unwrap().to_owned();
    let originals = transcript["entries"].as_array().unwrap().clone();
    let scenario = text("scenario");
    let mut sids = Vec::new();
    let entries = match scenario.as_str() {
        "msgpack" => originals
            .iter()
            .flat_map(|entry| in_text(entry.clone(), &mut sids))
            .collect(),
        _ => originals.clone(),
    };
    Session {
        name: text("name"),
        revision,
        transport: text("transport"),
        scenario,
        entries,
        originals,
    }
}

/// What an entry in MessagePack would have been in the default encoding.
pub(crate) fn in_text(mut entry: Value, sids: &mut Vec<String>) -> Vec<Value> {
    if let Some(map) = entry["hex"].as_str() {
        let frames = translate(unhex(map), sids).into_iter();
        let with = |frame| match frame {
            engine::Frame::Text(text) => json!({ "op": "text", "text": text.to_string() }),
            engine::Frame::Binary(bytes) => json!({ "op": "binary", "hex": hex(&bytes) }),
        };
        let entries = frames.map(|frame| {
            let mut translated = with(frame);
            for name in ["kind", "conn", "from"] {
                translated[name] = entry[name].clone();
            }
            translated
        });
        return entries.collect();
    }
    let body = entry["body"]["text"].as_str().unwrap_or_default();
    if body.starts_with('b') {
        let mut translated = PayloadBuf::new();
        for packet in payload::decode(&body.into()) {
            match packet.unwrap() {
                engine::parser::Packet::Message(Message::Binary(map)) => {
                    let frames = translate(map, sids);
                    frames.iter().for_each(|frame| translated.push(frame));
                }
                other => translated.push(&engine::Frame::from(other)),
            }
        }
        let body = String::from_utf8(translated.into_bytes().to_vec()).unwrap();
        entry["body"]["text"] = body.into();
    }
    vec![entry]
}

/// A map, after a change to its packet.
pub(crate) fn changed(map: Bytes, change: impl FnOnce(&mut Packet)) -> Bytes {
    let mut packet =
        msgpack::decode(Revision::V5, &Frame::Binary(map), &Limits::default()).unwrap();
    change(&mut packet);
    match msgpack::encode(Revision::V5, &packet).unwrap() {
        Frame::Binary(map) => map,
        Frame::Text(text) => panic!("no map: {text}"),
    }
}

/// A map as the frames of its packet. Ids of sockets get the names that they have elsewhere.
fn translate(map: Bytes, sids: &mut Vec<String>) -> Vec<engine::Frame> {
    let packet = msgpack::decode(Revision::V5, &Frame::Binary(map), &Limits::default()).unwrap();
    let mut text = BytesMut::from("4");
    packet.encode(&mut text);
    let mut text = String::from_utf8(text.to_vec()).unwrap();
    if let Some((before, rest)) = text.clone().split_once("{\"sid\":\"") {
        let (sid, after) = rest.split_once('"').unwrap();
        sids.push(sid.to_owned());
        let number = sids.len();
        text = format!("{before}{{\"sid\":\"SIOSID{number:014}\"{after}");
    }
    let attachments = packet.attachments().iter().cloned();
    let mut frames = vec![engine::Frame::Text(text.into())];
    frames.extend(attachments.map(engine::Frame::Binary));
    frames
}

/// The Socket.IO packets that the recorded server sent, in order, and its pings.
pub(crate) fn packets(entries: &[Value]) -> Vec<String> {
    let mut packets = Vec::new();
    for entry in entries {
        match (
            entry["kind"].as_str(),
            entry["from"].as_str(),
            entry["hex"].as_str(),
        ) {
            (Some("http_response"), ..) => {
                packets.extend(split(entry["body"]["text"].as_str().unwrap_or_default()));
            }
            (Some("ws_frame"), Some("server"), None) => {
                packets.extend(split(entry["text"].as_str().unwrap()));
            }
            (Some("ws_frame"), Some("server"), Some(bytes)) => packets.push(bytes.to_owned()),
            _ => {}
        }
    }
    packets
}

/// The messages of a payload, and its pings; what else is in it belongs to Engine.IO.
pub(crate) fn split(payload: &str) -> impl Iterator<Item = String> {
    let is_compared = |packet: &&str| packet.starts_with(['4', 'b']) || *packet == "2";
    payload
        .split('\u{1e}')
        .filter(is_compared)
        .map(str::to_owned)
}

/// What the recorded application saw of the end of each namespace.
pub(crate) fn ends(entries: &[Value]) -> Vec<String> {
    let texts = entries.iter().filter_map(|entry| entry["text"].as_str());
    texts
        .filter_map(|text| text.strip_prefix("server socket on "))
        .map(str::to_owned)
        .collect()
}

/// Whether the recording goes on until the client has said goodbye, or its WebSocket is closed.
pub(crate) fn has_end(entries: &[Value]) -> bool {
    entries
        .iter()
        .any(|entry| entry["kind"] == "ws_close" || entry["body"]["text"] == "1")
}
