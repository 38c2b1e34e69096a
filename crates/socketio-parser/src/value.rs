//! Any value that an event can carry.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::number::Number;

/// A JSON value in which byte strings may stand: what a peer can send, whatever its type.
///
/// It serialises and deserialises in any format; bytes become attachments where this crate writes
/// it, and attachments become bytes where this crate reads it.
///
/// ```
/// use bytes::Bytes;
/// use socketio_parser::{Args, Value};
///
/// let file = Value::from_iter([
///     ("name", Value::from("a.png")),
///     ("content", Bytes::from_static(b"\x89PNG").into()),
/// ]);
/// let args = Args::event("file", &file).unwrap();
/// assert_eq!(args.attachments().len(), 1);
///
/// let received: Value = args.event_data().unwrap();
/// assert_eq!(received.get("name").and_then(Value::as_str), Some("a.png"));
/// assert_eq!(received, file);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`, and JavaScript's `undefined` in an array.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A byte string: an attachment, or bytes in MessagePack.
    Binary(Bytes),
    /// Values in order.
    Array(Vec<Self>),
    /// Named values, in the order in which they are written. A name may come twice: the last one
    /// counts.
    Object(Vec<(String, Self)>),
}

impl Value {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        let Self::Bool(value) = self else {
            return None;
        };
        Some(*value)
    }

    /// The number, if it is an integer in range.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let Self::Number(number) = self else {
            return None;
        };
        number.as_i64()
    }

    /// The number, if it is an integer in range.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        let Self::Number(number) = self else {
            return None;
        };
        number.as_u64()
    }

    /// The number, if it is one; rounded if it is an integer above 2^53.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        let Self::Number(number) = self else {
            return None;
        };
        Some(number.as_f64())
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        let Self::String(text) = self else {
            return None;
        };
        Some(text)
    }

    /// The byte string, if it is one.
    #[must_use]
    pub fn as_binary(&self) -> Option<&Bytes> {
        let Self::Binary(bytes) = self else {
            return None;
        };
        Some(bytes)
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        let Self::Array(items) = self else {
            return None;
        };
        Some(items)
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        let Self::Object(members) = self else {
            return None;
        };
        Some(members)
    }

    /// The member of this name, if it is an object that has one. Looks at one member after the
    /// other.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let mut members = self.as_object()?.iter().rev();
        members.find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

macro_rules! from_integers {
    ($wide:ty: $($type:ty)*) => {$(
        impl From<$type> for Value {
            fn from(number: $type) -> Self {
                Self::Number(<$wide>::from(number).into())
            }
        }
    )*};
}

from_integers!(u64: u8 u16 u32 u64);
from_integers!(i64: i8 i16 i32 i64);

/// NaN becomes `null`, as in JSON.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Number::from_f64(number).map_or(Self::Null, Self::Number)
    }
}

/// NaN becomes `null`, as in JSON.
impl From<f32> for Value {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(text: Cow<'_, str>) -> Self {
        Self::String(text.into_owned())
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

/// `None` becomes `null`.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An array. Bytes are sent as bytes only if they are `Bytes`: a `Vec<u8>` is a list of numbers.
impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<Self>> From<BTreeMap<K, V>> for Value {
    fn from(members: BTreeMap<K, V>) -> Self {
        members.into_iter().collect()
    }
}

/// An array.
impl<T: Into<Self>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// An object, its members in this order.
impl<K: Into<String>, V: Into<Self>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let members = members.into_iter();
        Self::Object(
            members
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn each_kind_is_asked_for_by_name() {
        let value = Value::from_iter([
            ("null", Value::Null),
            ("bool", true.into()),
            ("int", (-7).into()),
            ("float", 0.5.into()),
            ("text", "é".into()),
            ("bytes", Bytes::from_static(b"b").into()),
            ("list", vec![1_u8, 2].into()),
            ("none", None::<u8>.into()),
        ]);
        let get = |name| value.get(name).unwrap();
        assert!(get("null").is_null() && get("none").is_null());
        assert_eq!(get("bool").as_bool(), Some(true));
        assert_eq!((get("int").as_i64(), get("int").as_u64()), (Some(-7), None));
        assert_eq!(get("float").as_f64(), Some(0.5));
        assert_eq!(get("text").as_str(), Some("é"));
        assert_eq!(get("bytes").as_binary().unwrap(), "b");
        assert_eq!(get("list").as_array().map(<[_]>::len), Some(2));
        assert_eq!(value.as_object().unwrap().len(), 8);
        assert_eq!(value.get("missing"), None);
        assert_eq!(get("list").get("0"), None);
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        let value = Value::from_iter([("a", 1), ("a", 2)]);
        assert_eq!(value.get("a"), Some(&2.into()));
    }

    #[test]
    fn what_json_lacks_becomes_null() {
        assert!(Value::from(f64::NAN).is_null());
        assert_eq!(Value::from(1.0), Value::from(1));
    }
}
