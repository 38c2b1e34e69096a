//! Values of the vectors: JSON, byte strings, and what JSON cannot say.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_json::Value as Json;
use socketio_parser::{Args, Many};

/// A JavaScript value that can be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Bytes(Bytes),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// Several arguments, whose number is known only when running.
pub(crate) struct Several<'a>(pub(crate) &'a [Value]);

/// All arguments.
pub(crate) struct Everything;

impl Everything {
    /// Reads all arguments, the event name among them.
    pub(crate) fn of(args: &Args) -> Result<Value, String> {
        let Many(items) = args.to().map_err(|error| error.to_string())?;
        Ok(Value::List(items))
    }
}

/// Reads the notation of the vectors. The error: Rust has no such value.
impl TryFrom<&Json> for Value {
    type Error = String;

    fn try_from(json: &Json) -> Result<Self, String> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            // Not all parsers round as JavaScript does; the standard library does.
            Json::Number(number) => Self::Number(number.to_string().parse().unwrap()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => {
                Self::List(items.iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Json::Object(members) => match members.iter().find(|(key, _)| key.starts_with('$')) {
                Some((form, inner)) => Self::special(form, inner, json)?,
                None if members.contains_key("toJSON") => return Err("toJSON".into()),
                None => Self::Map(
                    members
                        .iter()
                        .filter(|(_, value)| {
                            value.get("$undefined").or(value.get("$function")).is_none()
                        })
                        .map(|(key, value)| Ok((key.clone(), Self::try_from(value)?)))
                        .collect::<Result<_, String>>()?,
                ),
            },
        })
    }
}

impl Value {
    fn special(form: &str, inner: &Json, whole: &Json) -> Result<Self, String> {
        Ok(match form {
            "$bin" | "$type" => Self::Bytes(bytes(&whole["$bin"]).into()),
            "$concat" => Self::Text(text(whole)),
            "$date" => Self::Text(text(inner)),
            "$undefined" | "$function" => Self::Null,
            "$number" => Self::Number(inner.as_str().unwrap().parse().unwrap()),
            "$nest" => {
                let mut value = Self::try_from(&inner["inner"])?;
                for _ in 0..inner["depth"].as_u64().unwrap() {
                    value = match inner["key"].as_str() {
                        None => Self::List(vec![value]),
                        Some(key) => Self::Map([(key.to_owned(), value)].into()),
                    };
                }
                value
            }
            // Only decode vectors get here with a match: there, what is no UTF-8 is replaced.
            "$utf16" => {
                let units = inner.as_str().unwrap().split(' ');
                let units: Vec<_> = units
                    .map(|unit| u16::from_str_radix(unit, 16).unwrap())
                    .collect();
                Self::Text(String::from_utf16_lossy(&units))
            }
            other => return Err(format!("{other} does not exist")),
        })
    }
}

/// Reads a text: a string, a list of parts, or `$concat`.
pub(crate) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(parts) => parts.iter().map(text).collect(),
        Json::Object(part) => match (part.get("$concat"), part.get("repeat"), part.get("count")) {
            (Some(parts), _, _) => text(parts),
            (None, Some(what), Some(count)) => {
                text(what).repeat(count.as_u64().unwrap().try_into().unwrap())
            }
            _ => panic!("{json}"),
        },
        _ => panic!("{json}"),
    }
}

/// Reads bytes in hexadecimal.
pub(crate) fn bytes(json: &Json) -> Vec<u8> {
    let text = text(json);
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(members) => serializer.collect_map(members),
        }
    }
}

impl Serialize for Several<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0
            .iter()
            .try_for_each(|item| tuple.serialize_element(item))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(Bytes::copy_from_slice(bytes)))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            members.insert(key, value);
        }
        Ok(Value::Map(members))
    }
}
