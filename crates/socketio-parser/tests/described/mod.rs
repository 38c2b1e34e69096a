//! Packets as the vectors describe them, and a run through a file of vectors.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value as Json;
use socketio_parser::{AckId, Args, Frame, Namespace, Packet, from_json, to_json};

use crate::deviations::deviations;
use crate::value::{self, Everything, Several, Value, text};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    /// Of MessagePack: `encode`, `encode_error`, `decode` or `decode_error`.
    pub(crate) kind: Option<String>,
    pub(crate) packet: Option<Json>,
    #[serde(default)]
    pub(crate) frames: Vec<Json>,
    #[serde(default)]
    pub(crate) packets: Vec<Emitted>,
    pub(crate) error: Option<Failure>,
    /// Old decoders report an error as a packet that no peer sends.
    #[serde(default)]
    synthetic_error: bool,
}

#[derive(Deserialize)]
pub(crate) struct Emitted {
    pub(crate) after_frame: usize,
    pub(crate) packet: Json,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Failure {
    #[serde(default)]
    pub(crate) at_frame: usize,
    pub(crate) message: String,
}

impl Vector {
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.frames.iter().map(frame).collect()
    }

    /// The error that is expected, also if it is reported as a packet.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let synthetic = self
            .packets
            .iter()
            .find(|emitted| self.is_synthetic(emitted));
        let failure = synthetic.map(|emitted| Failure {
            at_frame: emitted.after_frame,
            message: text(&emitted.packet["data"])
                .trim_start_matches("parser error")
                .trim_start_matches(": ")
                .to_owned(),
        });
        failure.or_else(|| self.error.clone())
    }

    /// The packets that are expected, before any error.
    pub(crate) fn packets(&self) -> Result<Vec<Described>, String> {
        let packets = self.packets.iter();
        let packets = packets.take_while(|emitted| !self.is_synthetic(emitted));
        packets.map(Described::expected).collect()
    }

    fn is_synthetic(&self, emitted: &Emitted) -> bool {
        self.synthetic_error && emitted.packet.get("nsp").is_none()
    }
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Described {
    pub(crate) after_frame: usize,
    kind: u64,
    namespace: String,
    id: Option<u64>,
    data: Option<Value>,
}

impl Described {
    pub(crate) fn of(after_frame: usize, packet: &Packet) -> Result<Self, String> {
        let value = |json: &str| from_json(json).map_err(|error| error.to_string());
        let (kind, id, data) = match packet {
            Packet::Connect { data, .. } => (0, None, data.as_deref().map(value).transpose()?),
            Packet::Disconnect { .. } => (1, None, None),
            Packet::Event { id, args, .. } => (2, *id, Some(Everything::of(args)?)),
            Packet::Ack { id, args, .. } => (3, *id, Some(Everything::of(args)?)),
            Packet::ConnectError { data, .. } => (4, None, Some(value(data)?)),
        };
        Ok(Self {
            after_frame,
            kind,
            namespace: packet.namespace().to_string(),
            id: id.map(AckId::get),
            data,
        })
    }

    fn expected(emitted: &Emitted) -> Result<Self, String> {
        let packet = &emitted.packet;
        Ok(Self {
            after_frame: emitted.after_frame,
            kind: match packet["type"].as_u64().unwrap() {
                5 => 2,
                6 => 3,
                other => other,
            },
            namespace: text(&packet["nsp"]),
            id: member(packet, "id")
                .map(|id| id.as_u64().ok_or("no integer"))
                .transpose()?,
            data: member(packet, "data").map(Value::try_from).transpose()?,
        })
    }
}

/// Runs the vectors of some files: those in the table have to fail, all others to pass.
///
/// `prefix` begins their names, in the table also.
pub(crate) fn check(prefix: &str, files: &[&str], run: impl Fn(&Vector) -> Result<(), String>) {
    let is_of_files = |name: &String| name.starts_with(prefix);
    let mut table: BTreeMap<_, _> = deviations().filter(|(name, _)| is_of_files(name)).collect();
    let mut wrong = Vec::new();
    for file in files {
        let File { vectors } = serde_json::from_str(file).unwrap();
        for vector in &vectors {
            assert!(is_of_files(&vector.name), "{}", vector.name);
            match (run(vector), table.remove(&vector.name)) {
                (Ok(()), None) | (Err(_), Some(_)) => {}
                (Err(error), None) => wrong.push(format!("{}: {error}", vector.name)),
                (Ok(()), Some(reason)) => wrong.push(format!("{} passes: {reason}", vector.name)),
            }
        }
    }
    wrong.extend(table.keys().map(|name| format!("{name}: no such vector")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn member<'a>(packet: &'a Json, name: &str) -> Option<&'a Json> {
    let is_defined = |value: &&Json| value.get("$undefined").is_none();
    packet.get(name).filter(is_defined)
}

/// Makes the packet that a vector says.
pub(crate) fn packet(packet: &Json) -> Result<Packet, String> {
    let namespace = packet.get("nsp").map(text).unwrap_or_default();
    if !namespace.is_empty() && !namespace.starts_with('/') {
        return Err("no namespace".into());
    }
    let namespace = Namespace::new(namespace).map_err(|error| error.to_string())?;
    let data = member(packet, "data").map(Value::try_from).transpose()?;
    let id = match packet.get("id") {
        None | Some(Json::Null) => None,
        Some(id) => Some(AckId::new(id.as_u64().ok_or("no integer")?)),
    };
    let json = |data: &Value| to_json(data).map_err(|error| error.to_string());
    let several = |data: Option<&Value>| match data {
        Some(Value::List(items)) => Ok(items.clone()),
        other => Err(format!("no arguments: {other:?}")),
    };
    Ok(match packet["type"].as_u64().unwrap() {
        0 => Packet::Connect {
            namespace,
            data: data.as_ref().map(json).transpose()?,
        },
        1 => Packet::Disconnect { namespace },
        2 | 5 => Packet::Event {
            namespace,
            id,
            args: event_args(&several(data.as_ref())?)?,
        },
        3 | 6 => Packet::Ack {
            namespace,
            id,
            args: Args::new(&Several(&several(data.as_ref())?)).unwrap(),
        },
        4 => Packet::ConnectError {
            namespace,
            data: json(&data.ok_or("no data")?)?,
        },
        other => panic!("{other}"),
    })
}

fn event_args(items: &[Value]) -> Result<Args, String> {
    match items.split_first() {
        Some((Value::Text(name), rest)) => {
            Args::event(name, &Several(rest)).map_err(|error| error.to_string())
        }
        _ => Ok(Args::new(&Several(items)).unwrap()),
    }
}

fn frame(frame: &Json) -> Frame {
    match (frame.get("text"), frame.get("bin")) {
        (Some(text), _) => Frame::Text(value::text(text).into()),
        (None, Some(hex)) => Frame::Binary(Bytes::from(value::bytes(hex))),
        (None, None) => panic!("{frame}"),
    }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?} instead of {expected:?}")
        .chars()
        .take(400)
        .collect())
}
