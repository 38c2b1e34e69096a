//! Arguments of any shape, for applications that pass on what they get.

use bytes::Bytes;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_json::{Map, Value, json};
use socketio_proto::Args;

/// A JSON value with bytes in it.
pub(crate) enum Any {
    Bytes(Bytes),
    Json(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// Several arguments, as a tuple of a length that is known at run time only.
pub(crate) struct Several(pub(crate) Vec<Any>);

impl Several {
    /// The items of an array and its attachments: the event name, if there is one, is the first.
    pub(crate) fn of(args: &Args) -> Self {
        let list: Vec<Value> = serde_json::from_str(args.json()).unwrap();
        Self(
            list.iter()
                .map(|value| Any::new(value, args.attachments()))
                .collect(),
        )
    }

    /// The arguments behind the event name.
    pub(crate) fn behind_the_name(args: &Args) -> Self {
        let Self(mut list) = Self::of(args);
        list.remove(0);
        Self(list)
    }

    /// As the vectors write it: bytes in hexadecimal.
    pub(crate) fn notation(&self) -> Vec<Value> {
        self.0.iter().map(Any::notation).collect()
    }
}

impl Any {
    fn new(value: &Value, attachments: &[Bytes]) -> Self {
        match value {
            Value::Array(list) => Self::List(
                list.iter()
                    .map(|item| Self::new(item, attachments))
                    .collect(),
            ),
            Value::Object(map) => Self::object(map, attachments),
            other => Self::Json(other.clone()),
        }
    }

    fn object(map: &Map<String, Value>, attachments: &[Bytes]) -> Self {
        let number = map.get("num").and_then(Value::as_u64);
        match (map.get("_placeholder"), number) {
            (Some(Value::Bool(true)), Some(number)) if !attachments.is_empty() => {
                Self::Bytes(attachments[usize::try_from(number).unwrap()].clone())
            }
            _ => Self::Map(
                map.iter()
                    .map(|(key, item)| (key.clone(), Self::new(item, attachments)))
                    .collect(),
            ),
        }
    }

    fn notation(&self) -> Value {
        match self {
            Self::Bytes(bytes) => json!({ "$bin": hex(bytes) }),
            Self::Json(value) => value.clone(),
            Self::List(list) => list.iter().map(Self::notation).collect(),
            Self::Map(map) => map.iter().map(|(k, v)| (k.clone(), v.notation())).collect(),
        }
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Json(value) => value.serialize(serializer),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => serializer.collect_map(map.iter().map(|(k, v)| (k, v))),
        }
    }
}

impl Serialize for Several {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0
            .iter()
            .try_for_each(|item| tuple.serialize_element(item))?;
        tuple.end()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Bytes {
    let pairs = text
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}
