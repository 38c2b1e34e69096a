//! What is decoded and encoded: the same for everyone, the script in `benches/js` included.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub(crate) const HEARTBEAT: &[u8] = include_bytes!("../../workloads/heartbeat.txt");
pub(crate) const EVENT: &[u8] = include_bytes!("../../workloads/event.txt");
pub(crate) const OBJECT: &[u8] = include_bytes!("../../workloads/object.txt");
pub(crate) const BINARY: &[u8] = include_bytes!("../../workloads/binary.txt");
pub(crate) const LONG: &[u8] = include_bytes!("../../workloads/long.txt");

/// What a WebSocket has received for one event: its text, and its attachments.
pub(crate) type Received = (Bytes, Option<[Bytes; 2]>);

/// The two attachments of the binary event.
pub(crate) fn attachments() -> [Bytes; 2] {
    [7, 8].map(|seed| {
        (0..1024)
            .map(|index: usize| (index * 31 + seed) as u8)
            .collect()
    })
}

/// The texts of a payload of 16 messages.
pub(crate) fn messages() -> Vec<&'static str> {
    let text = |bytes| &std::str::from_utf8(bytes).unwrap()[1..];
    [text(EVENT), text(OBJECT)]
        .into_iter()
        .cycle()
        .take(16)
        .collect()
}

/// The argument of the event in `object.txt`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Object {
    id: u32,
    name: String,
    email: String,
    active: bool,
    score: f64,
    tags: Vec<String>,
    address: Address,
    manager: Option<u32>,
    rank: u32,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Address {
    street: String,
    city: String,
}
