//! Reads over JSON text without building anything.
//!
//! Invariant: no recursion and no allocation, whatever the input.

use crate::error::{DecodeError, DecodeErrorKind};
use crate::{steps, string};

/// What opens and closes in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Array,
    Object,
}

/// Is told about each part of a JSON text that lives for `'t`, in order.
pub(crate) trait Visit<'t> {
    /// An array or an object begins at `_at`.
    fn open(&mut self, _container: Container, _at: usize) {}
    /// The innermost array or object ends before `_end`.
    fn close(&mut self, _container: Container, _end: usize) {}
    /// The name of a member, without its quotes and with its escapes.
    fn key(&mut self, _raw: &'t str) {}
    /// A string with its quotes, a number, `true`, `false` or `null`: it ends before `_end`.
    fn scalar(&mut self, _text: &'t str, _end: usize) {}
}

/// Nobody who needs to be told.
impl Visit<'_> for () {}

/// Two who are told.
impl<'t, A: Visit<'t>, B: Visit<'t>> Visit<'t> for (&mut A, &mut B) {
    fn open(&mut self, container: Container, at: usize) {
        self.0.open(container, at);
        self.1.open(container, at);
    }

    fn close(&mut self, container: Container, end: usize) {
        self.0.close(container, end);
        self.1.close(container, end);
    }

    fn key(&mut self, raw: &'t str) {
        self.0.key(raw);
        self.1.key(raw);
    }

    fn scalar(&mut self, text: &'t str, end: usize) {
        self.0.scalar(text, end);
        self.1.scalar(text, end);
    }
}

/// A JSON value that has been read over.
#[derive(Debug)]
pub(crate) struct Walk {
    /// Just behind the value.
    pub(crate) end: usize,
    /// Whether a string has an escape that is half of a surrogate pair.
    pub(crate) lone_surrogates: bool,
}

/// Reads over the value that begins at `start`. White space before it is skipped.
///
/// # Errors
///
/// [`InvalidPayload`](DecodeErrorKind::InvalidPayload) where the text stops being JSON,
/// [`DeepPayload`](DecodeErrorKind::DeepPayload) where it is nested deeper than `max_depth`.
pub(crate) fn walk<'t>(
    text: &'t str,
    start: usize,
    max_depth: usize,
    visit: &mut impl Visit<'t>,
) -> Result<Walk, DecodeError> {
    let mut walker = Walker {
        text,
        at: start,
        nesting: Nesting {
            bits: [0; MAX_DEPTH / 64],
            depth: 0,
            limit: max_depth.min(MAX_DEPTH),
        },
        lone_surrogates: false,
    };
    loop {
        let opened = walker.value(visit)?;
        if !opened && walker.behind_value(visit)? == Next::End {
            return Ok(Walk {
                end: walker.at,
                lone_surrogates: walker.lone_surrogates,
            });
        }
    }
}

/// Reads over a text that is one value, with nothing around it but white space.
///
/// # Errors
///
/// As [`walk`], and [`InvalidPayload`](DecodeErrorKind::InvalidPayload) where something follows.
pub(crate) fn whole<'t>(text: &'t str, visit: &mut impl Visit<'t>) -> Result<(), DecodeError> {
    let walk = walk(text, 0, MAX_DEPTH, visit)?;
    match skip_space(text.as_bytes(), walk.end) {
        end if end == text.len() => Ok(()),
        end => Err(DecodeErrorKind::InvalidPayload.at(end)),
    }
}

/// Skips what JSON counts as white space.
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
        steps::visit(1);
    }
    at
}

struct Walker<'t> {
    text: &'t str,
    at: usize,
    nesting: Nesting,
    lone_surrogates: bool,
}

impl<'t> Walker<'t> {
    /// Reads a scalar or an empty container, or enters a container: then it stands before its first
    /// value.
    fn value(&mut self, visit: &mut impl Visit<'t>) -> Result<bool, DecodeError> {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'[') => return self.enter(Container::Array, b']', visit),
            Some(b'{') => return self.enter(Container::Object, b'}', visit),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return Err(self.invalid()),
        }
        visit.scalar(self.text.get(start..self.at).unwrap_or_default(), self.at);
        Ok(false)
    }

    fn enter(
        &mut self,
        container: Container,
        end: u8,
        visit: &mut impl Visit<'t>,
    ) -> Result<bool, DecodeError> {
        if !self.nesting.push(container) {
            return Err(DecodeErrorKind::DeepPayload.at(self.at));
        }
        visit.open(container, self.at);
        self.at += 1;
        self.space();
        if self.peek() == Some(end) {
            self.leave(container, visit);
            return Ok(false);
        }
        if container == Container::Object {
            self.key(visit)?;
        }
        Ok(true)
    }

    fn leave(&mut self, container: Container, visit: &mut impl Visit<'t>) {
        self.at += 1;
        self.nesting.pop();
        visit.close(container, self.at);
    }

    /// Closes what ends behind a value, up to a comma or the end of everything.
    fn behind_value(&mut self, visit: &mut impl Visit<'t>) -> Result<Next, DecodeError> {
        while let Some(container) = self.nesting.innermost() {
            self.space();
            match (self.peek(), container) {
                (Some(b']'), Container::Array) | (Some(b'}'), Container::Object) => {
                    self.leave(container, visit);
                }
                (Some(b','), _) => {
                    self.at += 1;
                    if container == Container::Object {
                        self.space();
                        self.key(visit)?;
                    }
                    return Ok(Next::Value);
                }
                _ => return Err(self.invalid()),
            }
        }
        Ok(Next::End)
    }

    fn key(&mut self, visit: &mut impl Visit<'t>) -> Result<(), DecodeError> {
        let start = self.at + 1;
        if self.peek() != Some(b'"') {
            return Err(self.invalid());
        }
        self.string()?;
        visit.key(
            self.text
                .get(start..self.at.saturating_sub(1))
                .unwrap_or_default(),
        );
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.invalid());
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), DecodeError> {
        let skipped = string::skip(self.text.as_bytes(), self.at + 1)
            .map_err(|at| DecodeErrorKind::InvalidPayload.at(at))?;
        self.at = skipped.end;
        self.lone_surrogates |= skipped.lone_surrogates;
        Ok(())
    }

    fn number(&mut self) -> Result<(), DecodeError> {
        self.skip_if(|byte| byte == b'-');
        if !self.skip_if(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), DecodeError> {
        let start = self.at;
        while self.skip_if(|byte| byte.is_ascii_digit()) {}
        if self.at == start {
            Err(self.invalid())
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), DecodeError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.invalid());
        }
        self.at += word.len();
        Ok(())
    }

    fn skip_if(&mut self, fits: impl Fn(u8) -> bool) -> bool {
        let found = self.peek().is_some_and(fits);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        self.at = skip_space(self.text.as_bytes(), self.at);
    }

    fn peek(&self) -> Option<u8> {
        steps::visit(1);
        self.text.as_bytes().get(self.at).copied()
    }

    fn invalid(&self) -> DecodeError {
        DecodeErrorKind::InvalidPayload.at(self.at)
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    End,
    Value,
}

/// Which containers are open: a stack of one bit each, so that it needs no heap.
struct Nesting {
    bits: [u64; MAX_DEPTH / 64],
    depth: usize,
    limit: usize,
}

impl Nesting {
    /// Whether there was room.
    fn push(&mut self, container: Container) -> bool {
        let bit = 1 << (self.depth % 64);
        match self.bits.get_mut(self.depth / 64) {
            Some(word) if self.depth < self.limit => {
                *word = match container {
                    Container::Array => *word & !bit,
                    Container::Object => *word | bit,
                };
                self.depth += 1;
                true
            }
            _ => false,
        }
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn innermost(&self) -> Option<Container> {
        let index = self.depth.checked_sub(1)?;
        let word = self.bits.get(index / 64)?;
        Some(if word >> (index % 64) & 1 == 1 {
            Container::Object
        } else {
            Container::Array
        })
    }
}

/// Deeper nesting is refused whatever the limit. The reference takes a thousand levels and more
/// [js socket.io-parser 4.2.7].
pub(crate) const MAX_DEPTH: usize = 1024;

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    fn end(text: &str) -> Result<usize, DecodeError> {
        walk(text, 0, MAX_DEPTH, &mut ()).map(|walk| walk.end)
    }

    #[test]
    fn a_value_ends_where_json_says() {
        for text in [
            "[]",
            "{}",
            "0",
            "-0.5e+10",
            r#""a\"b""#,
            "true",
            r#"{"a":[1,{"b":null}],"c":{}}"#,
        ] {
            assert_eq!(end(text), Ok(text.len()), "{text}");
        }
        assert_eq!(end(" [ 1 , 2 ] x"), Ok(10));
    }

    #[test]
    fn an_error_is_where_json_ends() {
        let cases = [
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\" 1}", 5),
            ("{1:2}", 1),
            ("[01]", 2),
            ("[-]", 2),
            ("[1.]", 3),
            ("nul", 0),
            ("", 0),
            ("[\"a", 3),
            ("[}", 1),
            ("{]", 1),
            ("[1}", 2),
        ];
        for (text, offset) in cases {
            assert_eq!(
                end(text),
                Err(DecodeErrorKind::InvalidPayload.at(offset)),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_is_counted_not_recursed() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(end(&nested(MAX_DEPTH)), Ok(2 * MAX_DEPTH));
        assert_eq!(
            end(&nested(MAX_DEPTH + 1)),
            Err(DecodeErrorKind::DeepPayload.at(MAX_DEPTH))
        );
        let shallow = walk("[[[]]]", 0, 2, &mut ()).map(|walk| walk.end);
        assert_eq!(shallow, Err(DecodeErrorKind::DeepPayload.at(2)));
    }

    #[test]
    fn parts_are_told_in_order() {
        #[derive(Default)]
        struct Log(Vec<String>);
        impl Visit<'_> for Log {
            fn open(&mut self, container: Container, at: usize) {
                self.0.push(alloc::format!("{container:?} {at}"));
            }
            fn close(&mut self, container: Container, end: usize) {
                self.0.push(alloc::format!("/{container:?} {end}"));
            }
            fn key(&mut self, raw: &str) {
                self.0.push(alloc::format!("{raw}:"));
            }
            fn scalar(&mut self, text: &str, _end: usize) {
                self.0.push(text.into());
            }
        }
        let mut log = Log::default();
        walk(r#"[{"a":"b"}, 1]"#, 0, 9, &mut log).unwrap();
        assert_eq!(
            log.0,
            [
                "Array 0",
                "Object 1",
                "a:",
                "\"b\"",
                "/Object 10",
                "1",
                "/Array 14"
            ]
        );
    }
}
