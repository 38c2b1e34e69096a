//! A typed line, cut into words and values.

use std::path::PathBuf;

use socketio_parser::Value;

use crate::args::{self, Argument, NotJson};

/// What is wrong with a typed line, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) message: String,
    pub(super) offset: usize,
}

impl BadLine {
    pub(super) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            offset,
        }
    }
}

/// The rest of a line.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    /// Where the next word begins, or the line ends.
    pub(super) fn offset(&self) -> usize {
        let rest = self.rest();
        self.at + (rest.len() - rest.trim_start().len())
    }

    /// The next word with its place. A value in brackets or quotes is one word, blanks and all.
    pub(super) fn next(&mut self) -> Option<(usize, &'a str)> {
        let start = self.offset();
        self.at = start;
        let rest = self.rest();
        let len = match rest.chars().next()? {
            '{' | '[' | '"' => end_of_value(rest),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        self.at += len;
        Some((start, rest.get(..len).unwrap_or(rest)))
    }

    /// The next word, which is a name: quoted only if it is a string of JSON.
    pub(super) fn name(&mut self, what: &str) -> Result<String, BadLine> {
        let missing = BadLine::at(self.offset(), format!("{what} is missing"));
        let (offset, word) = self.next().ok_or(missing)?;
        match args::value(word) {
            Ok(Value::String(name)) => Ok(name),
            Ok(_) if !word.starts_with(['{', '[']) => Ok(word.into()),
            Ok(_) => Err(BadLine::at(offset, format!("{what} is a word"))),
            Err(error) => Err(place(&error, offset)),
        }
    }

    /// All words that are left, as values.
    pub(super) fn values(&mut self) -> Result<Vec<Value>, BadLine> {
        let mut values = Vec::new();
        while let Some((offset, word)) = self.next() {
            let argument = word.parse::<Argument>();
            values.push(match argument.map_err(|error| place(&error, offset))? {
                Argument::File(path) => file(path, offset)?,
                Argument::Stdin => "-".into(), // lines come from there
                Argument::Value(value) => value,
            });
        }
        Ok(values)
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), BadLine> {
        match self.next() {
            Some((offset, _)) => Err(BadLine::at(offset, "nothing more is expected here")),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }
}

fn file(path: PathBuf, offset: usize) -> Result<Value, BadLine> {
    let bytes = std::fs::read(&path);
    bytes
        .map(|bytes| bytes::Bytes::from(bytes).into())
        .map_err(|error| BadLine::at(offset, format!("cannot read {}: {error}", path.display())))
}

fn place(error: &NotJson, offset: usize) -> BadLine {
    BadLine::at(offset + error.offset.unwrap_or(0), error.message.clone())
}

/// Where brackets and quotes are closed, or all of it: the reader of JSON says what is wrong.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, character) in text.char_indices() {
        match (quoted, character) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (_, '"') => quoted = !quoted,
            (false, '{' | '[') => depth += 1,
            (false, '}' | ']') => depth = depth.saturating_sub(1),
            (true | false, _) => {}
        }
        if depth == 0 && !quoted {
            // What follows without a blank belongs to the word, and makes it wrong.
            let rest = text.get(at..).unwrap_or_default();
            return at + rest.find(char::is_whitespace).unwrap_or(rest.len());
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<&str> {
        let mut words = Words::new(line);
        std::iter::from_fn(|| words.next().map(|(_, word)| word)).collect()
    }

    #[test]
    fn blanks_part_words_but_not_values() {
        assert_eq!(
            words(r#"  emit chat "a b" {"x": [1, 2]}  z "#),
            ["emit", "chat", "\"a b\"", "{\"x\": [1, 2]}", "z"]
        );
        assert_eq!(words(r#""a \" b" c"#), [r#""a \" b""#, "c"]);
        assert_eq!(words(r#"["}" ] x"#), [r#"["}" ]"#, "x"]);
        assert_eq!(words("it's a"), ["it's", "a"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn an_error_names_the_byte() {
        let mut line = Words::new(r#"x {"a":1"#);
        line.next();
        assert_eq!(line.values(), Err(BadLine::at(8, "not JSON")));
        let mut line = Words::new(r#"x {"a":1}y"#);
        line.next();
        assert_eq!(line.values(), Err(BadLine::at(9, "not JSON")));
    }

    #[test]
    fn a_name_is_a_word_or_a_string() {
        assert_eq!(Words::new("chat").name("x"), Ok("chat".into()));
        assert_eq!(Words::new("\"a b\"").name("x"), Ok("a b".into()));
        assert_eq!(Words::new("7").name("x"), Ok("7".into()));
        assert_eq!(
            Words::new("  ").name("the event"),
            Err(BadLine::at(2, "the event is missing"))
        );
        assert_eq!(
            Words::new(" [1]").name("the event"),
            Err(BadLine::at(1, "the event is a word"))
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_said() {
        let error = Words::new(" @/nonexistent/x").values().unwrap_err();
        assert_eq!(error.offset, 1);
        assert!(error.message.starts_with("cannot read /nonexistent/x: "));
    }
}
