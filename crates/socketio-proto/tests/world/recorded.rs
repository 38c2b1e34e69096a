//! What is compared of a recorded session.

use serde_json::Value;

/// The Socket.IO packets that the recorded server sent, in order.
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

/// The messages of a payload; what else is in it belongs to Engine.IO.
pub(crate) fn split(payload: &str) -> impl Iterator<Item = String> {
    let is_message = |packet: &&str| packet.starts_with(['4', 'b']);
    payload
        .split('\u{1e}')
        .filter(is_message)
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
