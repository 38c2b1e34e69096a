//! Values as JSON text, with their byte strings set aside as attachments.

use core::fmt::{self, Write};

use bytes::Bytes;
use serde::ser::{self, Serialize};

use crate::attachments::Attachments;
use crate::error::EncodeError;
use crate::items::Items;
use crate::text::Text;
use crate::{float, string};

/// Appends values to a text as `JSON.stringify` would write them.
///
/// Byte strings (`Bytes`, or whatever else calls `serialize_bytes`) become placeholders, numbered
/// in the order in which they are met: depth first, as the protocol wants it.
pub(crate) struct Serializer {
    pub(crate) out: Text,
    pub(crate) attachments: Attachments,
}

impl Serializer {
    pub(crate) const fn new() -> Self {
        Self {
            out: Text::new(),
            attachments: Attachments::NONE,
        }
    }

    fn items(&mut self, open: &str, close: &'static str) -> Items<'_> {
        self.out.push_str(open);
        Items::new(self, close)
    }

    /// Opens the object of one member that stands for an enum variant with content.
    fn variant(&mut self, name: &str) {
        string::write_between(&mut self.out, "{\"", name, "\":");
    }

    fn integer(&mut self, value: impl itoa::Integer) -> Result<(), EncodeError> {
        self.out.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Serializer {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        float::write_single(&mut self.out, value);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        float::write_double(&mut self.out, value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        string::write(&mut self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        let bytes = Bytes::copy_from_slice(value);
        self.attachments.push(bytes, &mut self.out);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.out.push('}');
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items<'a>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.variant(variant);
        Ok(self.items("[", "]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        Ok(self.items("{", "}"))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Items<'a>, EncodeError> {
        Ok(self.items("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.variant(variant);
        Ok(self.items("{", "}}"))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.out.push('"');
        write!(Escaping(&mut self.out), "{value}")
            .map_err(|_| ser::Error::custom("a value that cannot be displayed"))?;
        self.out.push('"');
        Ok(())
    }
}

/// Escapes what is written through it.
struct Escaping<'a>(&'a mut Text);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        string::write_escaped(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::frame::Utf8Bytes;

    fn json<T: Serialize + ?Sized>(value: &T) -> (Utf8Bytes, Attachments) {
        let mut serializer = Serializer::new();
        value.serialize(&mut serializer).unwrap();
        (serializer.out.share(), serializer.attachments)
    }

    fn text<T: Serialize + ?Sized>(value: &T) -> Utf8Bytes {
        json(value).0
    }

    #[test]
    fn enums_are_tagged_outside() {
        #[derive(serde::Serialize)]
        enum Shape {
            Unit,
            New(u8),
            Tuple(u8, u8),
            Struct { a: u8 },
        }
        let shapes = [
            Shape::Unit,
            Shape::New(1),
            Shape::Tuple(1, 2),
            Shape::Struct { a: 1 },
        ];
        assert_eq!(
            text(&shapes),
            r#"["Unit",{"New":1},{"Tuple":[1,2]},{"Struct":{"a":1}}]"#
        );
    }

    #[test]
    fn keys_are_strings() {
        assert_eq!(
            text(&BTreeMap::from([(1, 'a'), (-2, '"')])),
            r#"{"-2":"\"","1":"a"}"#
        );
        assert_eq!(text(&BTreeMap::from([(true, ())])), r#"{"true":null}"#);
        let mut serializer = Serializer::new();
        let null = BTreeMap::from([((), 1)]).serialize(&mut serializer);
        assert_eq!(null, Err(EncodeError::Key));
        let bytes = BTreeMap::from([(Bytes::new(), 1)]).serialize(&mut serializer);
        assert_eq!(bytes, Err(EncodeError::Key));
    }

    #[test]
    fn displayed_values_are_escaped() {
        struct Shown;
        impl Serialize for Shown {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&format_args!("{}\"{}", "a", '\n'))
            }
        }
        assert_eq!(text(&Shown), r#""a\"\n""#);
    }

    /// [sio5 § Packet encoding]: depth first, in the order of the members.
    #[test]
    fn bytes_are_set_aside() {
        let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
        let (out, attachments) = json(&(BTreeMap::from([("x", [&a])]), Some(&b)));
        assert_eq!(
            out,
            r#"[{"x":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]"#
        );
        assert_eq!(attachments.bytes(), [a, b]);
    }
}
