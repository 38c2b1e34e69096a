//! Why a namespace was refused, in the words of each revision.

use alloc::borrow::Cow;

use crate::de::Reader;
use crate::error::ArgsError;
use crate::frame::Utf8Bytes;
use crate::revision::Revision;
use crate::string;
use crate::text::Text;

/// The payload of a [`Packet::ConnectError`](crate::Packet::ConnectError).
///
/// Revision 5 sends an object, `{"message":…,"data":…}`. Before, the data itself is sent if there
/// is any worth sending, and otherwise the message as a string.
///
/// ```
/// use socketio_parser::{Refusal, Revision};
///
/// let refusal = Refusal::new("not now");
/// assert_eq!(refusal.encode(Revision::V5), r#"{"message":"not now"}"#);
/// assert_eq!(refusal.encode(Revision::V4), r#""not now""#);
/// assert_eq!(Refusal::decode(r#""not now""#)?, refusal);
/// # Ok::<(), socketio_parser::ArgsError>(())
/// ```
///
/// Specification: [sio5 § Connection to a namespace].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// What went wrong, for people.
    pub message: Cow<'a, str>,
    /// What went wrong, for programs: JSON, written as it is.
    pub data: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    /// A refusal without data.
    #[must_use]
    pub fn new(message: impl Into<Cow<'a, str>>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// The JSON that a peer of this revision expects.
    #[must_use]
    pub fn encode(&self, revision: Revision) -> Utf8Bytes {
        let mut json = Text::new();
        match (revision, self.data) {
            (Revision::V5, data) => {
                json.push_str("{\"message\":");
                string::write(&mut json, &self.message);
                if let Some(data) = data {
                    json.push_str(",\"data\":");
                    json.push_str(data);
                }
                json.push_str("}");
            }
            (Revision::V3 | Revision::V4, Some(data)) if is_truthy(data) => json.push_str(data),
            (Revision::V3 | Revision::V4, _) => string::write(&mut json, &self.message),
        }
        json.share()
    }

    /// Reads the payload of a refusal, of any revision.
    ///
    /// A string is the message. An object that has a message is taken apart; any other JSON is the
    /// data, without a message.
    ///
    /// # Errors
    ///
    /// [`ArgsError`] if the text is not JSON. That of a decoded packet is.
    pub fn decode(json: &'a str) -> Result<Self, ArgsError> {
        let mut reader = Reader::new(json, &[], &[]);
        let first = reader.peek();
        let whole = reader.raw_value()?;
        let mut reader = Reader::new(whole, &[], &[]);
        match first {
            Some(b'"') => Ok(Self::new(reader.string()?)),
            Some(b'{') => Self::members(&mut reader, whole),
            _ => Ok(Self::of_data(whole)),
        }
    }

    fn members(reader: &mut Reader<'a>, whole: &'a str) -> Result<Self, ArgsError> {
        let (mut message, mut data) = (None, None);
        reader.expect(b'{')?;
        while reader.peek() != Some(b'}') {
            let name = reader.key()?;
            match (&*name, reader.peek()) {
                ("message", Some(b'"')) => message = Some(reader.string()?),
                ("data", _) => data = Some(reader.raw_value()?),
                _ => reader.skip_value()?,
            }
            if reader.peek() == Some(b',') {
                reader.expect(b',')?;
            }
        }
        Ok(match message {
            Some(message) => Self { message, data },
            None => Self::of_data(whole),
        })
    }

    fn of_data(json: &'a str) -> Self {
        Self {
            message: Cow::Borrowed(""),
            data: Some(json),
        }
    }
}

/// Whether JavaScript takes the value for true. [js socket.io 4.8.4]: `err.data || err.message`.
fn is_truthy(json: &str) -> bool {
    let json = json.trim();
    !matches!(json, "null" | "false" | "\"\"") && json.parse() != Ok(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(data: &str) -> Refusal<'_> {
        Refusal {
            data: Some(data),
            ..Refusal::new("no\n")
        }
    }

    /// [sio5 § Connection to a namespace], and what servers before 3.0 send.
    #[test]
    fn each_revision_has_its_shape() {
        let shapes = [
            (Refusal::new(""), r#"{"message":""}"#, r#""""#),
            (
                with(r#"{"code":1}"#),
                r#"{"message":"no\n","data":{"code":1}}"#,
                r#"{"code":1}"#,
            ),
            (
                with("null"),
                r#"{"message":"no\n","data":null}"#,
                r#""no\n""#,
            ),
            (with("0"), r#"{"message":"no\n","data":0}"#, r#""no\n""#),
            (with("[]"), r#"{"message":"no\n","data":[]}"#, "[]"),
        ];
        for (refusal, v5, v4) in shapes {
            assert_eq!(refusal.encode(Revision::V5), v5);
            assert_eq!(refusal.encode(Revision::V4), v4);
            assert_eq!(refusal.encode(Revision::V3), v4);
            assert_eq!(Refusal::decode(v5), Ok(refusal));
        }
    }

    #[test]
    fn any_json_is_a_refusal() {
        let decode = |json| Refusal::decode(json).unwrap();
        assert_eq!(
            decode(r#""Not authorized""#),
            Refusal::new("Not authorized")
        );
        assert_eq!(
            decode(r#"{ "data" : [1], "x":2, "message":"m" }"#).data,
            Some("[1]")
        );
        for json in [
            r#"{"code":1}"#,
            "{}",
            "[1]",
            "true",
            "12",
            r#"{"message":1}"#,
        ] {
            let refusal = decode(json);
            assert_eq!((&*refusal.message, refusal.data), ("", Some(json)));
        }
        for json in ["", "{", "{\"a\":}", "x"] {
            assert!(Refusal::decode(json).is_err(), "{json}");
        }
    }
}
