//! Values out of JSON text, with attachments in place of their placeholders.

use alloc::borrow::Cow;

use bytes::Bytes;
use serde::de::value::{CowStrDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::ArgsError;
use crate::key::Key;
use crate::number::visit_number;
use crate::placeholder::Placeholder;
use crate::{plain, scan, steps, string};

/// Reads one value after the other from text that is known to be JSON.
///
/// Strings without escapes, and attachments, are borrowed.
#[derive(Clone)]
pub(crate) struct Reader<'de> {
    pub(crate) text: &'de str,
    pub(crate) at: usize,
    pub(crate) attachments: &'de [Bytes],
    /// In the order in which they begin. Empty if there are no attachments.
    pub(crate) placeholders: &'de [Placeholder],
    /// How many more levels may be entered. Reading recurses, so this bounds the stack.
    pub(crate) levels: u8,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(
        text: &'de str,
        attachments: &'de [Bytes],
        placeholders: &'de [Placeholder],
    ) -> Self {
        Self {
            text,
            at: 0,
            attachments,
            placeholders,
            levels: MAX_LEVELS,
        }
    }

    /// The next byte that is not white space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        steps::visit(1);
        self.at = scan::skip_space(self.text.as_bytes(), self.at);
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), ArgsError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(format_args!("expected `{}`", char::from(byte))))
    }

    pub(crate) fn skip_value(&mut self) -> Result<(), ArgsError> {
        let walk = scan::walk(self.text, self.at, scan::MAX_DEPTH, &mut ())
            .map_err(|error| ArgsError::at(error.offset, error.kind))?;
        self.at = walk.end;
        Ok(())
    }

    /// The text of the next value: steps over it.
    pub(crate) fn raw_value(&mut self) -> Result<&'de str, ArgsError> {
        self.peek();
        let start = self.at;
        self.skip_value()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    #[cold]
    pub(crate) fn error(&self, message: impl core::fmt::Display) -> ArgsError {
        ArgsError::at(self.at, message)
    }

    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'de, str>, ArgsError> {
        self.expect(b'"')?;
        let start = self.at;
        let len = plain::valid_len(self.text.as_bytes().get(start..).unwrap_or_default());
        let end = start + len;
        if let (Some(b'"'), Some(plain)) =
            (self.text.as_bytes().get(end), self.text.get(start..end))
        {
            self.at = end + 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped_string(start)
    }

    fn escaped_string(&mut self, start: usize) -> Result<Cow<'de, str>, ArgsError> {
        let end = string::skip_valid(self.text.as_bytes(), start)
            .ok_or_else(|| self.error("invalid string"))?;
        self.at = end;
        let raw = self.text.get(start..end.saturating_sub(1));
        Ok(string::unescape(raw.unwrap_or_default()))
    }

    pub(crate) fn key(&mut self) -> Result<Cow<'de, str>, ArgsError> {
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    fn number(&mut self) -> &'de str {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.bytes().take_while(is_part).count();
        steps::visit(len);
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn literal(&mut self, word: &str) -> Result<(), ArgsError> {
        if !self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .starts_with(word)
        {
            return Err(self.error(format_args!("expected `{word}`")));
        }
        self.at += word.len();
        Ok(())
    }

    /// The attachment whose placeholder comes next: steps over it.
    fn attachment(&mut self) -> Option<&'de [u8]> {
        if self.placeholders.is_empty() {
            return None;
        }
        self.peek();
        let found = self
            .placeholders
            .binary_search_by_key(&self.at, |found| found.start)
            .ok()?;
        let placeholder = self.placeholders.get(found)?;
        let attachment = self.attachments.get(placeholder.index)?;
        self.at = placeholder.end;
        Some(attachment)
    }

    fn within<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ArgsError>,
    ) -> Result<T, ArgsError> {
        self.at += 1;
        self.levels = self
            .levels
            .checked_sub(1)
            .ok_or_else(|| self.error("nested too deeply"))?;
        let value = read(self)?;
        self.levels += 1;
        Ok(value)
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ArgsError> {
        self.within(|reader| {
            let value = visitor.visit_seq(Members {
                reader: &mut *reader,
                first: true,
                end: b']',
            })?;
            reader
                .expect(b']')
                .map_err(|_| reader.error("more elements than expected"))?;
            Ok(value)
        })
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ArgsError> {
        self.within(|reader| {
            let value = visitor.visit_map(Members {
                reader: &mut *reader,
                first: true,
                end: b'}',
            })?;
            reader
                .expect(b'}')
                .map_err(|_| reader.error("more members than expected"))?;
            Ok(value)
        })
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = ArgsError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        if let Some(bytes) = self.attachment() {
            return visitor.visit_borrowed_bytes(bytes);
        }
        match self.peek() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'[') => self.array(visitor),
            Some(b'{') => self.object(visitor),
            Some(b't') => {
                self.literal("true")?;
                visitor.visit_bool(true)
            }
            Some(b'f') => {
                self.literal("false")?;
                visitor.visit_bool(false)
            }
            Some(b'n') => {
                self.literal("null")?;
                visitor.visit_unit()
            }
            _ => {
                let number = self.number();
                visit_number(number, visitor)
                    .unwrap_or_else(|_| Err(self.error("expected a value")))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        // A `Vec<u8>` does not know how to ask for bytes.
        match self.attachment() {
            Some(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        match self.peek() {
            // Read at once: rounding to a double first could round twice.
            Some(b'-' | b'0'..=b'9') => match self.number().parse() {
                Ok(number) => visitor.visit_f32(number),
                Err(_) => Err(self.error("expected a number")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        match self.clone().number().parse() {
            Ok(number) => {
                self.number();
                visitor.visit_i128(number)
            }
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        match self.clone().number().parse() {
            Ok(number) => {
                self.number();
                visitor.visit_u128(number)
            }
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        if self.peek() == Some(b'n') {
            self.literal("null")?;
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

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        match self.peek() {
            Some(b'"') => visitor.visit_enum(CowStrDeserializer::new(self.string()?)),
            Some(b'{') => self.within(|reader| {
                let value = visitor.visit_enum(Variant {
                    reader: &mut *reader,
                })?;
                reader
                    .expect(b'}')
                    .map_err(|_| reader.error("more than one variant"))?;
                Ok(value)
            }),
            _ => Err(self.error("expected a variant: a string, or an object of one member")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgsError> {
        self.skip_value()?;
        visitor.visit_unit()
    }

    // The visitor knows what it expects; JSON says what there is.
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map struct identifier
    }
}

/// The elements of an array, or the members of an object.
struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
    end: u8,
}

impl Members<'_, '_> {
    /// Whether there is another one, which comes next.
    fn advance(&mut self) -> Result<bool, ArgsError> {
        match self.reader.peek() {
            Some(byte) if byte == self.end => return Ok(false),
            Some(b',') if !self.first => self.reader.at += 1,
            _ if self.first => self.first = false,
            _ => return Err(self.reader.error("expected `,`")),
        }
        Ok(true)
    }
}

impl<'de> de::SeqAccess<'de> for Members<'_, 'de> {
    type Error = ArgsError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ArgsError> {
        Ok(if self.advance()? {
            Some(seed.deserialize(&mut *self.reader)?)
        } else {
            None
        })
    }
}

impl<'de> de::MapAccess<'de> for Members<'_, 'de> {
    type Error = ArgsError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ArgsError> {
        Ok(if self.advance()? {
            Some(seed.deserialize(Key(self.reader.key()?))?)
        } else {
            None
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ArgsError> {
        seed.deserialize(&mut *self.reader)
    }
}

/// The one member of an object that stands for an enum variant with content.
struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = ArgsError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ArgsError> {
        let name = Key(self.reader.key()?);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = ArgsError;

    fn unit_variant(self) -> Result<(), ArgsError> {
        de::Deserialize::deserialize(self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ArgsError> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        self.reader.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgsError> {
        self.reader.deserialize_any(visitor)
    }
}

/// As deep as `serde_json` goes: typed reading recurses.
const MAX_LEVELS: u8 = 128;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use alloc::vec::Vec;

    use serde::Deserialize;

    use super::*;

    fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, ArgsError> {
        let mut reader = Reader::new(text, &[], &[]);
        let value = T::deserialize(&mut reader)?;
        assert_eq!(reader.at, text.len());
        Ok(value)
    }

    #[test]
    fn strings_are_borrowed_unless_escaped() {
        assert_eq!(read::<&str>(r#""plain""#), Ok("plain"));
        assert_eq!(read::<String>(r#""a\nb""#).unwrap(), "a\nb");
        assert!(read::<&str>(r#""a\nb""#).is_err());
    }

    #[test]
    fn numbers_keep_their_kind() {
        assert_eq!(read::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(
            read::<i128>("-18446744073709551616"),
            Ok(-1 - i128::from(u64::MAX))
        );
        assert_eq!(
            read::<u128>("340282366920938463463374607431768211455"),
            Ok(u128::MAX)
        );
        assert_eq!(read::<f64>("1e400"), Ok(f64::INFINITY));
        assert_eq!(
            read::<(f32, f64, i8)>("[ 0.1 , 1E3,-1 ]").unwrap(),
            (0.1, 1e3, -1)
        );
        assert!(read::<u8>("256").is_err() && read::<u8>("1.5").is_err());
        assert!(read::<f64>("-0").unwrap().is_sign_negative());
    }

    #[test]
    fn enums_are_tagged_outside() {
        #[derive(Deserialize, Debug, PartialEq)]
        enum Shape {
            Unit,
            New(u8),
            Tuple(u8, u8),
            Struct { a: u8 },
        }
        let shapes = r#"["Unit",{"New":1},{"Tuple":[1,2]},{"Struct":{"a":1}},{"Unit":null}]"#;
        let expected = [
            Shape::Unit,
            Shape::New(1),
            Shape::Tuple(1, 2),
            Shape::Struct { a: 1 },
            Shape::Unit,
        ];
        assert_eq!(read::<Vec<Shape>>(shapes).unwrap(), expected);
        assert!(read::<Shape>(r#"{"New":1,"Unit":null}"#).is_err());
        assert!(read::<Shape>("1").is_err());
    }

    #[test]
    fn keys_are_what_is_asked_for() {
        let numbers = read::<BTreeMap<i32, bool>>(r#"{"-1":true, "2" : false}"#).unwrap();
        assert_eq!(numbers, BTreeMap::from([(-1, true), (2, false)]));
        assert!(read::<BTreeMap<u8, ()>>(r#"{"+1":null}"#).is_err());
        assert!(read::<BTreeMap<bool, Option<u8>>>(r#"{"true":null}"#).is_ok());
    }

    #[test]
    fn what_is_too_much_is_an_error() {
        assert!(read::<(u8,)>("[1,2]").is_err());
        let deep = "[".repeat(200) + &"]".repeat(200);
        let error = read::<serde_json::Value>(&deep).unwrap_err();
        assert!(
            alloc::format!("{error}").starts_with("nested too deeply at byte 12"),
            "{error}"
        );
        assert!(read::<de::IgnoredAny>(&deep).is_ok());
    }
}
