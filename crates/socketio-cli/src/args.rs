//! What people type for an argument of an event, read as a value.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use socketio_parser::{Value, from_json};

use crate::failure::Failure;

/// The only member of an object that stands for bytes, in what is typed and in what is printed.
pub(crate) const BYTES: &str = "$base64";

/// Reads JSON, or takes a bare word as a string.
///
/// What begins like an object, an array or a string has to be one: a forgotten bracket must not
/// silently become a text.
pub(crate) fn value(text: &str) -> Result<Value, NotJson> {
    match (from_json::<Value>(text), text.starts_with(['{', '[', '"'])) {
        (Ok(value), _) => with_bytes(value, text),
        (Err(error), true) => Err(NotJson {
            text: text.into(),
            message: message_of(&error),
            offset: error.offset(),
        }),
        (Err(_), false) => Ok(text.into()),
    }
}

/// The message alone: the place is shown, not told.
fn message_of(error: &socketio_parser::ArgsError) -> String {
    let text = error.to_string();
    let place = error.offset().map(|offset| format!(" at byte {offset}"));
    match place.and_then(|place| text.strip_suffix(&place).map(String::from)) {
        Some(message) if message == "invalid payload" => "not JSON".into(),
        Some(message) => message,
        None => text,
    }
}

/// Puts bytes in the place of each object that stands for them.
fn with_bytes(value: Value, text: &str) -> Result<Value, NotJson> {
    Ok(match value {
        Value::Object(members) => match members.as_slice() {
            [(name, Value::String(base64))] if name == BYTES => {
                bytes_of(base64).map_err(|message| NotJson {
                    text: text.into(),
                    message,
                    offset: None,
                })?
            }
            _ => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| Ok((name, with_bytes(value, text)?)))
                    .collect::<Result<_, _>>()?,
            ),
        },
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| with_bytes(item, text))
                .collect::<Result<_, _>>()?,
        ),
        scalar => scalar,
    })
}

fn bytes_of(base64: &str) -> Result<Value, String> {
    match STANDARD.decode(base64) {
        Ok(bytes) => Ok(Bytes::from(bytes).into()),
        Err(error) => Err(format!("{BYTES}: {error}")),
    }
}

/// Something that begins like JSON and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    text: String,
    /// What is wrong.
    pub(crate) message: String,
    /// At which byte, if that is known.
    pub(crate) offset: Option<usize>,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let Some(offset) = self.offset else {
            return Ok(());
        };
        match self.text.get(offset..).map(|rest| rest.chars().next()) {
            Some(Some(found)) => write!(f, " at byte {offset}, {found:?}"),
            Some(None) | None => write!(f, " at byte {offset}, where it ends"),
        }
    }
}

impl std::error::Error for NotJson {}

/// One argument of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// The bytes of a file, `@file`.
    File(PathBuf),
    /// The bytes of standard input, `-`.
    Stdin,
    /// What stands there.
    Value(Value),
}

impl FromStr for Argument {
    type Err = NotJson;

    fn from_str(text: &str) -> Result<Self, NotJson> {
        match (text, text.strip_prefix('@')) {
            ("-", _) => Ok(Self::Stdin),
            (_, Some(path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => value(text).map(Self::Value),
        }
    }
}

impl Argument {
    /// Reads what has to be read.
    pub(crate) fn read(self) -> Result<Value, Failure> {
        match self {
            Self::File(path) => match std::fs::read(&path) {
                Ok(bytes) => Ok(Bytes::from(bytes).into()),
                Err(error) => Err(Failure::usage(format_args!(
                    "cannot read {}: {error} (a text that begins with @ is written as JSON, '\"@…\"')",
                    path.display()
                ))),
            },
            Self::Stdin => {
                let mut bytes = Vec::new();
                match io::stdin().lock().read_to_end(&mut bytes) {
                    Ok(_) => Ok(Bytes::from(bytes).into()),
                    Err(error) => Err(Failure::usage(format_args!(
                        "cannot read standard input: {error}"
                    ))),
                }
            }
            Self::Value(value) => Ok(value),
        }
    }
}

/// Reads all of them, in order.
pub(crate) fn read_all(arguments: Vec<Argument>) -> Result<Vec<Value>, Failure> {
    arguments.into_iter().map(Argument::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_json_and_a_word_is_a_string() {
        for (text, expected) in [
            ("3", Value::from(3)),
            ("-2.5", Value::from(-2.5)),
            ("true", true.into()),
            ("null", Value::Null),
            (r#""true""#, "true".into()),
            ("ada", "ada".into()),
            ("two words", "two words".into()),
            ("12abc", "12abc".into()),
            ("", "".into()),
            (r#"{"x":[1]}"#, Value::from_iter([("x", vec![1])])),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_begins_like_json_has_to_be_json() {
        for (text, expected) in [
            (r#"{"x":1"#, "not JSON at byte 6, where it ends"),
            (r#"[1,]"#, "not JSON at byte 3, ']'"),
            (r#""open"#, "not JSON at byte 5, where it ends"),
            (r#"{"x":1} y"#, "not JSON at byte 8, 'y'"),
        ] {
            assert_eq!(value(text).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn bytes_stand_anywhere() {
        let sent = value(r#"{"a":[{"$base64":"AQID"}]}"#).unwrap();
        let bytes = Value::from(Bytes::from_static(&[1, 2, 3]));
        assert_eq!(sent, Value::from_iter([("a", Value::from_iter([bytes]))]));
        let error = value(r#"{"$base64":"A"}"#).unwrap_err();
        assert!(error.to_string().starts_with("$base64: "), "{error}");
        let other = r#"{"$base64":"AQID","x":1}"#;
        assert_eq!(value(other).unwrap().as_object().unwrap().len(), 2);
    }

    #[test]
    fn files_are_named_by_a_sign() {
        assert_eq!("-".parse(), Ok(Argument::Stdin));
        assert_eq!("@a.png".parse(), Ok(Argument::File("a.png".into())));
        assert_eq!("@".parse(), Ok(Argument::Value("@".into())));
        let quoted = r#""@a.png""#.parse();
        assert_eq!(quoted, Ok(Argument::Value("@a.png".into())));
        assert_eq!("-2".parse(), Ok(Argument::Value((-2).into())));
    }

    #[test]
    fn a_file_that_is_not_there_is_bad_usage() {
        let missing = Argument::File("/nonexistent/file".into());
        let Err(Failure::Usage(message)) = missing.read() else {
            panic!("it was read")
        };
        assert!(message.starts_with("cannot read /nonexistent/file: "));
    }
}
