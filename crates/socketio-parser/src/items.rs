//! Arrays and objects on their way into JSON, element by element.

use serde::ser::{self, Serialize};

use crate::error::EncodeError;
use crate::ser::Serializer;
use crate::string;
use crate::text::Text;

/// An array or an object that is being written.
pub(crate) struct Items<'a> {
    serializer: &'a mut Serializer,
    first: bool,
    close: &'static str,
}

impl<'a> Items<'a> {
    /// What is written up to now opens it; `close` ends it.
    pub(crate) const fn new(serializer: &'a mut Serializer, close: &'static str) -> Self {
        Self {
            serializer,
            first: true,
            close,
        }
    }

    fn separate(&mut self) {
        if !self.first {
            self.serializer.out.push_str(",");
        }
        self.first = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.separate();
        value.serialize(&mut *self.serializer)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.separate();
        string::write_between(&mut self.serializer.out, "\"", name, "\":");
        value.serialize(&mut *self.serializer)
    }

    fn close(self) {
        self.serializer.out.push_str(self.close);
    }
}

impl ser::SerializeSeq for Items<'_> {
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

impl ser::SerializeTuple for Items<'_> {
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

impl ser::SerializeTupleStruct for Items<'_> {
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

impl ser::SerializeTupleVariant for Items<'_> {
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

impl ser::SerializeMap for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.separate();
        let start = self.serializer.out.len();
        let attachments = self.serializer.attachments.bytes().len();
        key.serialize(&mut *self.serializer)?;
        if self.serializer.attachments.bytes().len() > attachments {
            return Err(EncodeError::Key);
        }
        quote_key(&mut self.serializer.out, start)
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

impl ser::SerializeStruct for Items<'_> {
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

impl ser::SerializeStructVariant for Items<'_> {
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
fn quote_key(out: &mut Text, start: usize) -> Result<(), EncodeError> {
    match out.as_bytes().get(start) {
        Some(b'"') => Ok(()),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
            out.replace(start, 0, "\"");
            out.push_str("\"");
            Ok(())
        }
        _ => Err(EncodeError::Key),
    }
}
