//! Which value is how many arguments: a tuple is several, nothing is none, anything else is one.

use core::num::NonZeroUsize;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::{self, Serialize};

use crate::de::Reader;
use crate::error::{ArgsError, EncodeError};
use crate::items::Items;
use crate::ser::Serializer;

/// Appends a value as arguments: without brackets, each behind a comma unless it is the first.
///
/// A tuple in a newtype, or in `Some`, is several arguments as well.
pub(crate) struct Arguments<'a> {
    pub(crate) serializer: &'a mut Serializer,
    /// Whether something stands before the first argument.
    pub(crate) first: bool,
}

impl<'a> Arguments<'a> {
    /// The serialiser of the next argument.
    fn next(&mut self) -> &mut Serializer {
        if !self.first {
            self.serializer.out.push_str(",");
        }
        self.first = false;
        self.serializer
    }

    /// The serialiser of the only argument.
    fn one(mut self) -> &'a mut Serializer {
        self.next();
        self.serializer
    }
}

macro_rules! scalars_are_one {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            self.one().$method(value)
        }
    )*};
}

impl<'a> ser::Serializer for Arguments<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    fn serialize_unit(self) -> Result<(), EncodeError> {
        Ok(())
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self, EncodeError> {
        Ok(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    scalars_are_one! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char) serialize_str(&str)
        serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.one().serialize_none()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.one().serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.one()
            .serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.one().serialize_seq(len)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.one().serialize_tuple_struct(name, len)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.one()
            .serialize_tuple_variant(name, index, variant, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.one().serialize_map(len)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Items<'a>, EncodeError> {
        self.one().serialize_struct(name, len)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.one()
            .serialize_struct_variant(name, index, variant, len)
    }

    fn collect_str<T: core::fmt::Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.one().collect_str(value)
    }
}

impl ser::SerializeTuple for Arguments<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self.next())
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Reads arguments in the shape that is asked for. More arguments than that are ignored.
#[derive(Clone)]
pub(crate) struct ArgumentReader<'de> {
    reader: Reader<'de>,
    /// The number of the next argument.
    index: usize,
    /// Whether something stands before the next argument.
    first: bool,
}

impl<'de> ArgumentReader<'de> {
    /// Stands before the first element of the array.
    pub(crate) fn new(mut reader: Reader<'de>) -> Result<Self, ArgsError> {
        reader.expect(b'[')?;
        Ok(Self {
            reader,
            index: 0,
            first: true,
        })
    }

    /// Stands behind the first element, the event name, which ends there if that is known.
    pub(crate) fn behind_name(
        mut reader: Reader<'de>,
        name_end: Option<NonZeroUsize>,
    ) -> Result<Self, ArgsError> {
        if let Some(end) = name_end {
            reader.at = end.get();
            return Ok(Self {
                reader,
                index: 0,
                first: false,
            });
        }
        let mut arguments = Self::new(reader)?;
        if arguments.advance()? {
            arguments.reader.skip_value()?;
        }
        Ok(arguments)
    }

    fn is_at_end(&mut self) -> bool {
        self.reader.peek() == Some(b']')
    }

    /// Whether there is another argument, which comes next.
    fn advance(&mut self) -> Result<bool, ArgsError> {
        if self.is_at_end() {
            return Ok(false);
        }
        if !self.first {
            self.reader.expect(b',')?;
        }
        self.first = false;
        Ok(true)
    }

    /// Reads the next argument, or says what a missing one is.
    fn read<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ArgsError> {
        let value = if self.advance()? {
            seed.deserialize(&mut self.reader)
        } else {
            seed.deserialize(Missing)
        };
        let (index, at) = (self.index, self.reader.at);
        self.index += 1;
        value.map_err(|error| error.or_at(at).in_argument(index))
    }
}

macro_rules! one_is_first {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(
            mut self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, ArgsError> {
            let value = if self.advance()? {
                (&mut self.reader).$method($($argument,)* visitor)
            } else {
                Missing.$method($($argument,)* visitor)
            };
            value.map_err(|error| error.or_at(self.reader.at).in_argument(0))
        }
    )*};
}

impl<'de> Deserializer<'de> for ArgumentReader<'de> {
    type Error = ArgsError;

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        visitor.visit_unit()
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        visitor.visit_seq(Several {
            arguments: self,
            len,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        let mut ahead = self.clone();
        if !ahead.advance()? || ahead.reader.peek() == Some(b'n') {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        visitor.visit_newtype_struct(self)
    }

    one_is_first! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_seq() deserialize_map()
        deserialize_identifier()
        deserialize_unit_struct(name: &'static str)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

/// The elements of a tuple, which are arguments.
struct Several<'de> {
    arguments: ArgumentReader<'de>,
    len: usize,
}

impl<'de> de::SeqAccess<'de> for Several<'de> {
    type Error = ArgsError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ArgsError> {
        let is_behind = match self.len {
            ALL => self.arguments.is_at_end(),
            len => self.arguments.index == len,
        };
        if is_behind {
            return Ok(None);
        }
        self.arguments.read(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        match self.len {
            ALL => None,
            len => len.checked_sub(self.arguments.index),
        }
    }
}

/// The length of a tuple that takes whatever there is. No tuple is as long as that.
pub(crate) const ALL: usize = usize::MAX;

/// An argument that did not come: nothing, if nothing will do.
struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = ArgsError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        struct Expected<V>(V);
        impl<'de, V: Visitor<'de>> core::fmt::Display for Expected<V> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("missing, expected ")?;
                self.0.expecting(f)
            }
        }
        Err(de::Error::custom(Expected(visitor)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}
