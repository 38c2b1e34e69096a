//! Arguments whose number is known only at run time.

use alloc::vec::{self, Vec};
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::arguments::ALL;

/// Several arguments, as many as the list has; when reading, all that came.
///
/// A `Vec` is one argument, an array. `Many` is what a JavaScript client writes as
/// `emit("name", ...list)`. Inside another value it is an array as well.
///
/// ```
/// use socketio_parser::{Args, Many, Value};
///
/// let list = vec!["a", "b"];
/// assert_eq!(Args::event("one", &list).unwrap().json(), r#"["one",["a","b"]]"#);
/// let args = Args::event("two", &Many(list)).unwrap();
/// assert_eq!(args.json(), r#"["two","a","b"]"#);
///
/// let Many(all) = args.event_data::<Many<Value>>().unwrap();
/// assert_eq!(all, ["a".into(), "b".into()]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<T> From<Vec<T>> for Many<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for Many<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T> IntoIterator for Many<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.0.into_iter()
    }
}

impl<T: Serialize> Serialize for Many<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0
            .iter()
            .try_for_each(|item| tuple.serialize_element(item))?;
        tuple.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(ALL, ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Many(items))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::args::Args;

    #[test]
    fn as_many_come_as_went() {
        for count in 0..4_u8 {
            let many: Many<u8> = (0..count).collect();
            assert_eq!(Args::new(&many).unwrap().to(), Ok(many.clone()));
            let event = Args::event("a", &many).unwrap();
            assert_eq!(event.event_data(), Ok(many.clone()));
            assert_eq!(event.event_data(), Ok(Some(many).filter(|_| count > 0)));
        }
    }

    #[test]
    fn an_error_names_the_argument() {
        let args = Args::new(&(1, "b")).unwrap();
        let error = args.to::<Many<u8>>().unwrap_err();
        assert_eq!(error.argument(), Some(1));
    }

    #[test]
    fn inside_a_value_it_is_an_array() {
        let args = Args::new(&(Many(vec![1, 2]), 3)).unwrap();
        assert_eq!(args.json(), "[[1,2],3]");
        assert_eq!(args.to(), Ok((Many(vec![1, 2]), 3)));
        let json = serde_json::to_string(&Many(vec![1, 2])).unwrap();
        assert_eq!(
            serde_json::from_str::<Many<u8>>(&json).unwrap(),
            Many(vec![1, 2])
        );
    }
}
