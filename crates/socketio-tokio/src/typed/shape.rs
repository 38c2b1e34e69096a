//! The shape of a struct as arguments: its fields without the struct around them, if they have no
//! names.
//!
//! `socketio-parser` takes a tuple as several arguments, but a tuple struct as one. So here a
//! tuple struct is shown to it as a tuple, a newtype as a tuple of one, and a unit struct as
//! nothing. Everything else passes through, at no cost.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::ser::{SerializeTuple, SerializeTupleStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An event on its way out.
pub(crate) struct AsArguments<'a, E: ?Sized>(pub(crate) &'a E);

impl<E: Serialize + ?Sized> Serialize for AsArguments<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Bare(serializer))
    }
}

/// An event that came in.
pub(crate) struct FromArguments<E>(pub(crate) E);

impl<'de, E: Deserialize<'de>> Deserialize<'de> for FromArguments<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        E::deserialize(Bare(deserializer)).map(Self)
    }
}

/// A serialiser or deserialiser that meets a struct without names as its fields.
struct Bare<S>(S);

macro_rules! serialize {
    ($($method:ident($($argument:ident: $type:ty),*) -> $out:ty;)*) => {$(
        fn $method(self, $($argument: $type),*) -> Result<$out, S::Error> {
            self.0.$method($($argument),*)
        }
    )*};
}

impl<S: Serializer> Serializer for Bare<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = Bare<S::SerializeTuple>;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = S::SerializeStructVariant;

    fn serialize_unit_struct(self, _name: &'static str) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let mut only = self.0.serialize_tuple(1)?;
        only.serialize_element(value)?;
        only.end()
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<Bare<S::SerializeTuple>, S::Error> {
        self.0.serialize_tuple(len).map(Bare)
    }

    serialize! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_i128(value: i128) -> S::Ok;
        serialize_u8(value: u8) -> S::Ok;
        serialize_u16(value: u16) -> S::Ok;
        serialize_u32(value: u32) -> S::Ok;
        serialize_u64(value: u64) -> S::Ok;
        serialize_u128(value: u128) -> S::Ok;
        serialize_f32(value: f32) -> S::Ok;
        serialize_f64(value: f64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_str(value: &str) -> S::Ok;
        serialize_bytes(value: &[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
        serialize_seq(len: Option<usize>) -> S::SerializeSeq;
        serialize_tuple(len: usize) -> S::SerializeTuple;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> S::SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> S::SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> S::SerializeStruct;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> S::SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0
            .serialize_newtype_variant(name, index, variant, value)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

impl<T: SerializeTuple> SerializeTupleStruct for Bare<T> {
    type Ok = T::Ok;
    type Error = T::Error;

    fn serialize_field<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), T::Error> {
        self.0.serialize_element(value)
    }

    fn end(self) -> Result<T::Ok, T::Error> {
        self.0.end()
    }
}

macro_rules! deserialize {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bare<D> {
    type Error = D::Error;

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(1, Only(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, visitor)
    }

    deserialize! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Visits the only element of a tuple as the inside of a newtype.
struct Only<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Only<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<V::Value, A::Error> {
        let value = elements.next_element_seed(Inside(self.0))?;
        value.ok_or_else(|| A::Error::invalid_length(0, &"one argument"))
    }
}

/// The inside of a newtype, for its visitor.
struct Inside<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Inside<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use socketio_proto::Args;

    use super::*;

    /// What is sent, after it was received again.
    fn there_and_back<E: Serialize + DeserializeOwned>(event: &E) -> String {
        let sent = Args::event("it", &AsArguments(event)).unwrap();
        let FromArguments(received) = sent.event_data::<FromArguments<E>>().unwrap();
        let again = Args::event("it", &AsArguments(&received)).unwrap();
        assert_eq!(sent, again);
        sent.json().to_owned()
    }

    fn received<E: DeserializeOwned>(json: &str) -> Result<E, String> {
        let args = Args::from_json(json, Vec::new()).unwrap();
        let received = args.event_data().map(|FromArguments(event)| event);
        received.map_err(|error| error.to_string())
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Two(u8, Option<u8>);
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct One<T>(T);

    #[test]
    fn the_shape_of_a_struct_says_how_many_arguments_it_is() {
        #[derive(Deserialize, Serialize)]
        struct Named {
            a: u8,
            b: Two,
        }
        #[derive(Deserialize, Serialize)]
        struct None;
        let named = Named {
            a: 1,
            b: Two(2, Some(3)),
        };
        assert_eq!(there_and_back(&named), r#"["it",{"a":1,"b":[2,3]}]"#);
        assert_eq!(there_and_back(&Two(1, Some(2))), r#"["it",1,2]"#);
        assert_eq!(there_and_back(&One(1)), r#"["it",1]"#);
        assert_eq!(there_and_back(&None), r#"["it"]"#);
    }

    #[test]
    fn a_field_is_one_argument_whatever_it_is() {
        assert_eq!(there_and_back(&One((1, 2))), r#"["it",[1,2]]"#);
        assert_eq!(there_and_back(&One([1, 2])), r#"["it",[1,2]]"#);
        assert_eq!(there_and_back(&One(())), r#"["it",null]"#);
        assert_eq!(
            there_and_back(&One(One(Two(1, None)))),
            r#"["it",[1,null]]"#
        );
        assert_eq!(there_and_back(&One(None::<u8>)), r#"["it",null]"#);
    }

    #[test]
    fn attributes_of_serde_apply() {
        #[derive(Deserialize, Serialize)]
        struct Renamed {
            #[serde(rename = "type")]
            kind: u8,
        }
        #[derive(Deserialize, Serialize)]
        struct Skipping(u8, #[serde(skip)] (), #[serde(with = "as_text")] u8);
        #[derive(Deserialize, Serialize)]
        #[serde(transparent)]
        struct Transparent((u8, u8));
        mod as_text {
            use super::*;
            pub(super) fn serialize<S: Serializer>(n: &u8, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(n)
            }
            pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
        assert_eq!(there_and_back(&Renamed { kind: 1 }), r#"["it",{"type":1}]"#);
        assert_eq!(there_and_back(&Skipping(1, (), 3)), r#"["it",1,"3"]"#);
        assert_eq!(there_and_back(&Transparent((1, 2))), r#"["it",1,2]"#);
    }

    #[test]
    fn what_is_missing_is_none_or_an_error() {
        assert_eq!(received(r#"["it",1]"#), Ok(Two(1, None)));
        assert_eq!(received(r#"["it"]"#), Ok(One(None::<u8>)));
        assert_eq!(received(r#"["it",1,2,3]"#), Ok(Two(1, Some(2))));
        let error = "argument 0: missing, expected u8 at byte 5";
        assert_eq!(received::<One<u8>>(r#"["it"]"#), Err(error.to_owned()));
        let error = "argument 1: invalid type: string \"x\", expected u8 at byte 11";
        assert_eq!(received::<Two>(r#"["it",1,"x"]"#), Err(error.to_owned()));
    }

    #[test]
    fn a_value_that_is_no_struct_is_as_ever() {
        assert_eq!(there_and_back(&(1, 2)), r#"["it",1,2]"#);
        assert_eq!(there_and_back(&vec![1, 2]), r#"["it",[1,2]]"#);
        assert_eq!(there_and_back(&String::from("a")), r#"["it","a"]"#);
    }
}
