//! How values and texts of a peer look in a terminal.
//!
//! Invariant: nothing that a peer sent controls the terminal. Each control character is escaped.

use std::fmt::Write;
use std::io::IsTerminal;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::ZonedDateTime;
use socketio_parser::{Value, to_json};

use crate::args::BYTES;

/// What something is, which decides on its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Bad,
    Bytes,
    Faint,
    Good,
    Key,
    Literal,
    Name,
    Number,
    String,
}

impl Ink {
    /// The parameter of the escape sequence "select graphic rendition".
    fn code(self) -> &'static str {
        match self {
            Self::Bad => "31",
            Self::Bytes => "36",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Key => "34",
            Self::Literal => "35",
            Self::Name => "1",
            Self::Number => "33",
            Self::String => "32",
        }
    }
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Coloured,
    Plain,
}

impl Style {
    /// Colours for people who have not said that they want none: <https://no-color.org>.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        match stream.is_terminal() && !unwanted {
            true => Self::Coloured,
            false => Self::Plain,
        }
    }

    /// The text in its colour. It has to be harmless already.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        match self {
            Self::Coloured => format!("\x1b[{}m{text}\x1b[0m", ink.code()),
            Self::Plain => text.into(),
        }
    }

    /// A value: on one line if it fits into `width` characters, else indented by two spaces for
    /// each level below `indent`.
    pub(crate) fn value(self, value: &Value, width: usize, indent: usize) -> String {
        let mut out = String::new();
        self.write(&mut out, value, width, indent);
        out
    }

    fn write(self, out: &mut String, value: &Value, width: usize, indent: usize) {
        let room = width.saturating_sub(indent);
        match value {
            Value::Array(items) if !fits(value, room) => {
                let lines = items.iter().map(|item| (String::new(), item));
                self.block(out, ['[', ']'], lines, width, indent);
            }
            Value::Object(members) if !fits(value, room) => {
                let lines = members
                    .iter()
                    .map(|(key, value)| (self.key(key) + " ", value));
                self.block(out, ['{', '}'], lines, width, indent);
            }
            _ => self.line(out, value),
        }
    }

    fn block<'v>(
        self,
        out: &mut String,
        [open, close]: [char; 2],
        lines: impl Iterator<Item = (String, &'v Value)>,
        width: usize,
        indent: usize,
    ) {
        out.push(open);
        let inner = indent + 2;
        for (index, (key, value)) in lines.enumerate() {
            out.push_str(if index == 0 { "\n" } else { ",\n" });
            out.extend(std::iter::repeat_n(' ', inner));
            out.push_str(&key);
            self.write(out, value, width, inner);
        }
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
        out.push(close);
    }

    fn line(self, out: &mut String, value: &Value) {
        match value {
            Value::Null => out.push_str(&self.paint(Ink::Literal, "null")),
            Value::Bool(truth) => out.push_str(&self.paint(Ink::Literal, &truth.to_string())),
            Value::Number(_) => out.push_str(&self.paint(Ink::Number, &json(value))),
            Value::String(text) => out.push_str(&self.paint(Ink::String, &quoted(text))),
            Value::Binary(bytes) => out.push_str(&self.paint(Ink::Bytes, &bytes_label(bytes))),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    self.line(out, item);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    out.push_str(&self.key(key));
                    self.line(out, value);
                }
                out.push('}');
            }
        }
    }

    fn key(self, key: &str) -> String {
        self.paint(Ink::Key, &quoted(key)) + ":"
    }
}

/// Whether a value is at most that wide on one line.
fn fits(value: &Value, room: usize) -> bool {
    let mut line = String::new();
    Style::Plain.line(&mut line, value);
    line.chars().count() <= room
}

/// The beginning of some bytes, and how many there are.
fn bytes_label(bytes: &[u8]) -> String {
    let mut label = format!("<bytes {}", bytes.len());
    for (index, byte) in bytes.iter().take(SHOWN_BYTES).enumerate() {
        let before = if index == 0 { ": " } else { " " };
        let _ = write!(label, "{before}{byte:02x}"); // writing into a String does not fail
    }
    label.push_str(if bytes.len() > SHOWN_BYTES {
        " …>"
    } else {
        ">"
    });
    label
}

/// A string as JSON, without anything that a terminal obeys.
pub(crate) fn quoted(text: &str) -> String {
    escaped(&json(&text.into()))
}

/// A name as it is if it is a plain word, else as JSON.
pub(crate) fn word(text: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_-.:/".contains(character);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into(),
        false => quoted(text),
    }
}

/// A text of a peer on one line.
pub(crate) fn one_line(text: &str) -> String {
    let text = text
        .trim_end()
        .replace("\r\n", " ")
        .replace(['\n', '\r', '\t'], " ");
    escaped(&text)
}

/// Escapes control characters, and those that turn the direction of the writing.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match character.is_control() || turns {
            true => {
                let _ = write!(out, "\\u{:04x}", u32::from(character)); // into a String
            }
            false => out.push(character),
        }
    }
    out
}

/// One line of JSON, bytes as `{"$base64":"…"}`.
pub(crate) fn json(value: &Value) -> String {
    // JSON refuses only bytes, and those are gone.
    to_json(&without_bytes(value)).map_or_else(|_| "null".into(), |json| json.to_string())
}

fn without_bytes(value: &Value) -> Value {
    match value {
        Value::Binary(bytes) => Value::from_iter([(BYTES, STANDARD.encode(bytes))]),
        Value::Array(items) => Value::Array(items.iter().map(without_bytes).collect()),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), without_bytes(value)))
                    .collect(),
            )
        }
        scalar => scalar.clone(),
    }
}

/// Now, as people read it.
pub(crate) fn clock() -> String {
    ZonedDateTime::now().strftime("%H:%M:%S%.3f").to_string()
}

/// Now, as programs read it: RFC 3339, UTC, milliseconds.
pub(crate) fn timestamp() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// How many bytes of an attachment are shown.
const SHOWN_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::args;

    fn plain(json: &str, width: usize) -> String {
        Style::Plain.value(&args::value(json).unwrap(), width, 0)
    }

    #[test]
    fn what_fits_stays_on_one_line() {
        let json = r#"{"x":1,"y":[true,null,"z"],"e":{},"f":[]}"#;
        assert_eq!(plain(json, 80), json);
    }

    #[test]
    fn what_does_not_fit_is_indented() {
        let json = r#"{"x":[1,2,3],"long":["aaaaaaaaaa","bbbbbbbbbb"],"e":{}}"#;
        let expected = "{\n  \"x\": [1,2,3],\n  \"long\": [\n    \"aaaaaaaaaa\",\n    \"bbbbbbbbbb\"\n  ],\n  \"e\": {}\n}";
        assert_eq!(plain(json, 24), expected);
    }

    #[test]
    fn bytes_are_counted() {
        let show = |bytes| Style::Plain.value(&Value::from(Bytes::from_static(bytes)), 80, 0);
        assert_eq!(show(&[]), "<bytes 0>");
        assert_eq!(show(&[1, 2, 0xff]), "<bytes 3: 01 02 ff>");
        assert_eq!(show(b"123456789"), "<bytes 9: 31 32 33 34 35 36 37 38 …>");
    }

    #[test]
    fn printed_bytes_can_be_sent_again() {
        let value = Value::from_iter([("file", Bytes::from_static(&[1, 2, 3]))]);
        let json = json(&value);
        assert_eq!(json, r#"{"file":{"$base64":"AQID"}}"#);
        assert_eq!(args::value(&json), Ok(value));
    }

    #[test]
    fn a_peer_does_not_control_the_terminal() {
        for hostile in ["\u{1b}]0;x\u{7}", "\u{9b}31m", "a\u{7f}", "\u{202e}a"] {
            let value = Value::from_iter([(hostile, hostile)]);
            let words = [
                Style::Plain.value(&value, 80, 0),
                Style::Plain.value(&value, 1, 0),
                word(hostile),
                one_line(hostile),
            ];
            for text in words {
                let allowed = |character: char| !character.is_control() || character == '\n';
                assert!(text.chars().all(allowed), "{text:?}");
                assert!(!text.contains('\u{202e}'), "{text:?}");
            }
        }
        assert_eq!(one_line("a\r\nb\nc\n"), "a b c");
    }

    #[test]
    fn words_are_bare_and_others_quoted() {
        assert_eq!(word("chat:message"), "chat:message");
        assert_eq!(word("two words"), "\"two words\"");
        assert_eq!(word(""), "\"\"");
    }

    #[test]
    fn colours_surround_tokens() {
        let value = args::value(r#"{"a":1}"#).unwrap();
        let text = Style::Coloured.value(&value, 80, 0);
        assert_eq!(text, "{\x1b[34m\"a\"\x1b[0m:\x1b[33m1\x1b[0m}");
    }

    #[test]
    fn a_timestamp_is_utc_in_milliseconds() {
        let text = timestamp();
        assert_eq!(text.len(), "2026-01-01T00:00:00.000Z".len(), "{text}");
        assert!(text.ends_with('Z'));
    }
}
