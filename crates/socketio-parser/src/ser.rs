//! Values as JSON text, with their byte strings set aside as attachments.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use bytes::Bytes;
use serde::ser::{self, Serialize};

use crate::error::EncodeError;
use crate::{placeholder, string};

/// Appends values to a text as `JSON.stringify` would write them.
///
/// Byte strings (`Bytes`, or whatever else calls `serialize_bytes`) become placeholders, numbered
/// in the order in which they are met: depth first, as the protocol wants it.
pub(crate) struct Serializer<'a> {
    pub(crate) out: &'a mut String,
    pub(crate) attachments: &'a mut Vec<Bytes>,
}

impl<'a, 'b> Serializer<'b> {
    fn items(&'a mut self, open: &str, close: &'static str) -> Items<'a, 'b> {
        self.out.push_str(open);
        Items {
            serializer: self,
            first: true,
            close,
        }
    }

    /// Opens the object of one member that stands for an enum variant with content.
    fn variant(&mut self, name: &str) {
        self.out.push('{');
        string::write(self.out, name);
        self.out.push(':');
    }

    fn integer(&mut self, value: impl itoa::Integer) -> Result<(), EncodeError> {
        self.out.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }

    /// Shortest digits that read back as the same number. JavaScript turns to exponents at 1e21 and
    /// below 1e-6; what is no number is null, and minus zero loses its sign.
    fn float(
        &mut self,
        value: impl fmt::Display + fmt::LowerExp,
        magnitude: f64,
    ) -> Result<(), EncodeError> {
        if !magnitude.is_finite() {
            self.out.push_str("null");
        } else if magnitude == 0.0 {
            self.out.push('0');
        } else if (1e-6..1e21).contains(&magnitude) {
            let _ = write!(self.out, "{value}");
        } else {
            let start = self.out.len();
            let _ = write!(self.out, "{value:e}");
            if magnitude >= 1.0
                && let Some(at) = self.out.get(start..).and_then(|digits| digits.find('e'))
            {
                self.out.insert(start + at + 1, '+');
            }
        }
        Ok(())
    }
}

impl<'a, 'b> ser::Serializer for &'a mut Serializer<'b> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a, 'b>;
    type SerializeTuple = Items<'a, 'b>;
    type SerializeTupleStruct = Items<'a, 'b>;
    type SerializeTupleVariant = Items<'a, 'b>;
    type SerializeMap = Items<'a, 'b>;
    type SerializeStruct = Items<'a, 'b>;
    type SerializeStructVariant = Items<'a, 'b>;

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
        self.float(value, f64::from(value).abs())
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.float(value, value.abs())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        string::write(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        placeholder::write(self.out, self.attachments.len());
        self.attachments.push(Bytes::copy_from_slice(value));
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

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items<'a, 'b>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items<'a, 'b>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Items<'a, 'b>, EncodeError> {
        Ok(self.items("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a, 'b>, EncodeError> {
        self.variant(variant);
        Ok(self.items("[", "]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Items<'a, 'b>, EncodeError> {
        Ok(self.items("{", "}"))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Items<'a, 'b>, EncodeError> {
        Ok(self.items("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a, 'b>, EncodeError> {
        self.variant(variant);
        Ok(self.items("{", "}}"))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.out.push('"');
        write!(Escaping(self.out), "{value}")
            .map_err(|_| ser::Error::custom("a value that cannot be displayed"))?;
        self.out.push('"');
        Ok(())
    }
}

/// An array or an object that is being written.
pub(crate) struct Items<'a, 'b> {
    serializer: &'a mut Serializer<'b>,
    first: bool,
    close: &'static str,
}

impl Items<'_, '_> {
    fn separate(&mut self) {
        if !self.first {
            self.serializer.out.push(',');
        }
        self.first = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.separate();
        value.serialize(&mut *self.serializer)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.separate();
        string::write(self.serializer.out, name);
        self.serializer.out.push(':');
        value.serialize(&mut *self.serializer)
    }

    fn close(self) {
        self.serializer.out.push_str(self.close);
    }
}

impl ser::SerializeSeq for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.separate();
        let start = self.serializer.out.len();
        let attachments = self.serializer.attachments.len();
        key.serialize(&mut *self.serializer)?;
        if self.serializer.attachments.len() > attachments {
            return Err(EncodeError::Key);
        }
        quote_key(self.serializer.out, start)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.serializer.out.push(':');
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStruct for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

/// Makes a member name of the value written behind `start`: numbers and booleans get quotes.
fn quote_key(out: &mut String, start: usize) -> Result<(), EncodeError> {
    match out.as_bytes().get(start) {
        Some(b'"') => Ok(()),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
            out.insert(start, '"');
            out.push('"');
            Ok(())
        }
        _ => Err(EncodeError::Key),
    }
}

/// Escapes what is written through it.
struct Escaping<'a>(&'a mut String);

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

    fn json<T: Serialize + ?Sized>(value: &T) -> (String, Vec<Bytes>) {
        let (mut out, mut attachments) = (String::new(), Vec::new());
        let mut serializer = Serializer {
            out: &mut out,
            attachments: &mut attachments,
        };
        value.serialize(&mut serializer).unwrap();
        (out, attachments)
    }

    fn text<T: Serialize + ?Sized>(value: &T) -> String {
        json(value).0
    }

    /// [js JSON.stringify]
    #[test]
    fn floats_look_as_in_javascript() {
        let floats = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            0.1,
            1e20,
            1e21,
            -1e21,
            1e-6,
            1e-7,
            5e-324,
            f64::MAX,
        ];
        let expected = "[0,0,1,-1.5,0.1,100000000000000000000,1e+21,-1e+21,0.000001,1e-7,5e-324,1.7976931348623157e+308]";
        assert_eq!(text(&floats), expected);
        assert_eq!(
            text(&(f64::NAN, f64::INFINITY, 0.1_f32, f32::MAX)),
            "[null,null,0.1,3.4028235e+38]"
        );
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
        let (mut out, mut attachments) = (String::new(), Vec::new());
        let mut serializer = Serializer {
            out: &mut out,
            attachments: &mut attachments,
        };
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
        assert_eq!(attachments, [a, b]);
    }
}
