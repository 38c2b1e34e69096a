//! From MessagePack to JSON with attachments.
//!
//! Does not recurse. What is written is in proportion to what was read.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;

use super::date;
use super::reader::{Item, Reader};
use crate::attachments::Attachments;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::frame::Utf8Bytes;
use crate::scan::Container;
use crate::text::Text;
use crate::{float, string};

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    /// They are set aside, as in events and acknowledgements.
    Attach,
    /// They are described, as `JSON.stringify` describes a Node.js buffer.
    Describe,
}

impl Binary {
    /// How deep the JSON is that stands for bytes.
    const fn levels(self) -> usize {
        match self {
            Self::Attach => 1,
            Self::Describe => 2,
        }
    }
}

/// Writes the value that begins at `at`. Bytes share the memory of the frame.
pub(super) fn json(
    frame: &Bytes,
    at: usize,
    max_depth: usize,
    binary: Binary,
) -> Result<(Utf8Bytes, Attachments), DecodeError> {
    let mut writer = Writer {
        reader: Reader::new(frame, at),
        frame,
        binary,
        out: Text::new(),
        attachments: Attachments::NONE,
        open: Vec::new(),
        max_depth,
    };
    writer.value()?;
    while writer.advance()? {
        writer.value()?;
    }
    Ok((writer.out.share(), writer.attachments))
}

struct Writer<'a> {
    reader: Reader<'a>,
    frame: &'a Bytes,
    binary: Binary,
    out: Text,
    attachments: Attachments,
    /// The containers around the next value.
    open: Vec<Open>,
    max_depth: usize,
}

struct Open {
    container: Container,
    /// How many elements or members have not been read.
    left: u32,
    /// Whether none has been written.
    first: bool,
}

impl<'a> Writer<'a> {
    /// Writes a scalar, or enters a container.
    fn value(&mut self) -> Result<(), DecodeError> {
        let at = self.reader.at;
        match self.reader.next()? {
            Item::Array(len) => self.enter(Container::Array, len, at)?,
            Item::Map(len) => self.enter(Container::Object, len, at)?,
            Item::Nil | Item::Undefined => self.out.push_str("null"),
            Item::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            Item::Unsigned(number) => self.out.push_str(itoa::Buffer::new().format(number)),
            Item::Signed(number) => self.out.push_str(itoa::Buffer::new().format(number)),
            Item::Float(number) => self.float(number),
            Item::String(text) => string::write(&mut self.out, &String::from_utf8_lossy(text)),
            Item::Date(milliseconds) => match date::iso(milliseconds) {
                Some(text) => string::write(&mut self.out, &text),
                None => self.out.push_str("null"),
            },
            Item::Binary(bytes) => {
                self.leave_room(self.binary.levels(), at)?;
                self.bytes(bytes);
            }
            Item::Extension(kind, bytes) => {
                self.leave_room(1 + self.binary.levels(), at)?;
                self.out.push_str("[");
                self.out.push_str(itoa::Buffer::new().format(kind));
                self.out.push_str(",");
                self.bytes(bytes);
                self.out.push_str("]");
            }
        }
        Ok(())
    }

    /// Closes what has ended, up to the next value. `false`: nothing is open any more.
    fn advance(&mut self) -> Result<bool, DecodeError> {
        while let Some(open) = self.open.last_mut() {
            let Some(left) = open.left.checked_sub(1) else {
                self.out.push_str(match open.container {
                    Container::Array => "]",
                    Container::Object => "}",
                });
                self.open.pop();
                continue;
            };
            open.left = left;
            let key = match open.container {
                Container::Array => None,
                Container::Object => {
                    let key = key(&mut self.reader)?;
                    // `JSON.stringify` leaves out members without a value.
                    let mut ahead = self.reader.clone();
                    if ahead.next()? == Item::Undefined {
                        self.reader = ahead;
                        continue;
                    }
                    Some(key)
                }
            };
            if !open.first {
                self.out.push_str(",");
            }
            open.first = false;
            if let Some(key) = key {
                string::write(&mut self.out, &key);
                self.out.push_str(":");
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn enter(&mut self, container: Container, len: u32, at: usize) -> Result<(), DecodeError> {
        self.leave_room(1, at)?;
        self.out.push_str(match container {
            Container::Array => "[",
            Container::Object => "{",
        });
        self.open.push(Open {
            container,
            left: len,
            first: true,
        });
        Ok(())
    }

    fn bytes(&mut self, bytes: &'a [u8]) {
        match self.binary {
            Binary::Attach => {
                let bytes = self.frame.slice_ref(bytes);
                self.attachments.push(bytes, &mut self.out);
            }
            Binary::Describe => {
                self.out.push_str("{\"type\":\"Buffer\",\"data\":[");
                for (index, byte) in bytes.iter().enumerate() {
                    self.out.push_str(if index == 0 { "" } else { "," });
                    self.out.push_str(itoa::Buffer::new().format(*byte));
                }
                self.out.push_str("]}");
            }
        }
    }

    /// JSON has no infinity, but numbers that are read as infinite; it has nothing like NaN.
    fn float(&mut self, number: f64) {
        if number.is_infinite() {
            self.out
                .push_str(if number > 0.0 { "1e999" } else { "-1e999" });
        } else {
            float::write_double(&mut self.out, number);
        }
    }

    /// Whether so many levels more may be nested here.
    fn leave_room(&self, levels: usize, at: usize) -> Result<(), DecodeError> {
        if self.open.len() + levels > self.max_depth {
            return Err(DecodeErrorKind::DeepPayload.at(at));
        }
        Ok(())
    }
}

/// Reads the name of a member: what is no string becomes one, as in JavaScript.
fn key<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let at = reader.at;
    Ok(match reader.next()? {
        Item::String(bytes) | Item::Binary(bytes) => String::from_utf8_lossy(bytes),
        Item::Unsigned(number) => number.to_string().into(),
        Item::Signed(number) => number.to_string().into(),
        Item::Float(number) => {
            let mut text = Text::new();
            float::write_double(&mut text, number);
            text.share().to_string().into()
        }
        Item::Bool(true) => "true".into(),
        Item::Bool(false) => "false".into(),
        Item::Nil => "null".into(),
        Item::Undefined => "undefined".into(),
        Item::Array(_) | Item::Map(_) | Item::Date(_) | Item::Extension(..) => {
            return Err(DecodeErrorKind::InvalidPayload.at(at));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &'static [u8], binary: Binary) -> Result<Utf8Bytes, DecodeErrorKind> {
        let json = json(&Bytes::from_static(bytes), 0, 4, binary);
        json.map(|(json, _)| json).map_err(|error| error.kind)
    }

    #[test]
    fn what_json_lacks_becomes_what_it_has() {
        let cases: [(&[u8], &str); 12] = [
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", "null"),
            (b"\xcb\xff\xf0\0\0\0\0\0\0", "-1e999"),
            (b"\xca\x3f\xc0\0\0", "1.5"),
            (b"\x92\xd4\0\0\x01", "[null,1]"),
            (b"\x82\xa1a\xd4\0\0\xa1b\x01", "{\"b\":1}"),
            (b"\x81\xa1a\xd4\0\0", "{}"),
            (b"\xd7\0\0\0\0\0\0\0\0\0", "\"1970-01-01T00:00:00.000Z\""),
            (b"\xd7\0\x7f\0\0\0\0\0\0\0", "null"),
            (b"\xa2\xc3\x28", "\"\u{fffd}(\""),
            (b"\xa2\"\n", "\"\\\"\\n\""),
            (
                b"\x85\x01\xc0\xff\xc0\xc3\xc0\xc0\xc0\xc4\x01a\xc0",
                "{\"1\":null,\"-1\":null,\"true\":null,\"null\":null,\"a\":null}",
            ),
            (b"\xd5\x05\x01\x02", "[5,{\"_placeholder\":true,\"num\":0}]"),
        ];
        for (bytes, expected) in cases {
            let json = written(bytes, Binary::Attach).unwrap();
            assert_eq!(json, expected);
        }
    }

    #[test]
    fn bytes_are_attached_or_described() {
        let bytes = b"\x92\xc4\x02\x01\xff\xc4\x00";
        let attached = r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
        assert_eq!(written(bytes, Binary::Attach).unwrap(), attached);
        let described = r#"[{"type":"Buffer","data":[1,255]},{"type":"Buffer","data":[]}]"#;
        assert_eq!(written(bytes, Binary::Describe).unwrap(), described);
    }

    #[test]
    fn the_json_is_no_deeper_than_allowed() {
        let deep = Err(DecodeErrorKind::DeepPayload);
        assert!(written(b"\x91\x91\x91\x90", Binary::Attach).is_ok());
        assert_eq!(written(b"\x91\x91\x91\x91\x90", Binary::Attach), deep);
        assert!(written(b"\x91\x91\x91\xc4\x00", Binary::Attach).is_ok());
        assert_eq!(written(b"\x91\x91\x91\xc4\x00", Binary::Describe), deep);
        assert_eq!(written(b"\x91\x91\x91\xd5\x05ab", Binary::Attach), deep);
    }

    #[test]
    fn a_container_is_no_name() {
        let error = written(b"\x81\x90\x01", Binary::Attach);
        assert_eq!(error, Err(DecodeErrorKind::InvalidPayload));
    }
}
