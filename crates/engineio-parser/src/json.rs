//! String literals: the little of JSON, and of the scripts of JSONP, that is written by hand.

use alloc::string::String;
use core::fmt::Write;

use memchr::memchr2;

use crate::{DecodeErrorKind, steps};

/// Which characters cannot stand in a literal as they are.
#[derive(Clone, Copy)]
pub(crate) enum Literal {
    /// What `JSON.stringify` escapes.
    Json,
    /// What older JavaScript takes as the end of a line, too: U+2028 and U+2029.
    Script,
}

impl Literal {
    /// Appends a text as a literal, quotes included.
    pub(crate) fn push(self, out: &mut String, text: &str) {
        out.push('"');
        for char in text.chars() {
            match self.escape(char) {
                Escape::None => out.push(char),
                Escape::Short(letter) => {
                    out.push('\\');
                    out.push(letter);
                }
                Escape::Long => {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{:04x}", u32::from(char));
                }
            }
        }
        out.push('"');
    }

    /// Exactly the number of bytes that [`push`](Self::push) appends.
    pub(crate) fn len(self, text: &str) -> usize {
        let len = |char: char| match self.escape(char) {
            Escape::None => char.len_utf8(),
            Escape::Short(_) => 2,
            Escape::Long => 6,
        };
        2 + text.chars().map(len).sum::<usize>()
    }

    fn escape(self, char: char) -> Escape {
        match (char, self) {
            ('"' | '\\', _) => Escape::Short(char),
            ('\u{8}', _) => Escape::Short('b'),
            ('\t', _) => Escape::Short('t'),
            ('\n', _) => Escape::Short('n'),
            ('\u{c}', _) => Escape::Short('f'),
            ('\r', _) => Escape::Short('r'),
            ('\0'..='\u{1f}', _) | ('\u{2028}' | '\u{2029}', Self::Script) => Escape::Long,
            _ => Escape::None,
        }
    }
}

enum Escape {
    /// As it is.
    None,
    /// A backslash and a letter.
    Short(char),
    /// A backslash, `u` and four digits.
    Long,
}

/// Reads a literal from the start of `input`, and what follows it.
///
/// Surrogates without their other half become U+FFFD.
///
/// # Errors
///
/// [`Script`](DecodeErrorKind::Script) if it does not begin or end with a quote, or if there is an
/// escape that JSON does not have. Other characters that JSON forbids are taken.
pub(crate) fn read(input: &str) -> Result<(String, &str), DecodeErrorKind> {
    let mut rest = input.strip_prefix('"').ok_or(DecodeErrorKind::Script)?;
    let mut text = String::new();
    loop {
        let end = memchr2(b'"', b'\\', rest.as_bytes()).ok_or(DecodeErrorKind::Script)?;
        steps::visit(end + 1);
        let (plain, special) = rest.split_at_checked(end).unwrap_or_default();
        text.push_str(plain);
        if let Some(behind) = special.strip_prefix('"') {
            return Ok((text, behind));
        }
        let escaped = special.strip_prefix('\\').and_then(unescape);
        let (char, behind) = escaped.ok_or(DecodeErrorKind::Script)?;
        text.push(char);
        rest = behind;
    }
}

/// Reads what stands behind a backslash, and what follows.
fn unescape(escaped: &str) -> Option<(char, &str)> {
    let mut chars = escaped.chars();
    let char = match chars.next()? {
        char @ ('"' | '\\' | '/') => char,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unescape_units(chars.as_str()),
        _ => return None,
    };
    Some((char, chars.as_str()))
}

/// Reads four digits, and a second escape if only both make one character.
fn unescape_units(digits: &str) -> Option<(char, &str)> {
    let (high, rest) = unit(digits)?;
    let low = rest.strip_prefix("\\u").and_then(unit);
    if let (0xd800..=0xdbff, Some((low, behind))) = (high, low)
        && let Some(Ok(char)) = char::decode_utf16([high, low]).next()
    {
        return Some((char, behind));
    }
    let char = char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((char, rest))
}

fn unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let unit = u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        ('\0'..=' ')
            .chain(['"', '\\', '\u{7f}', '\u{2028}', '\u{2029}', '€', '😀'])
            .collect()
    }

    #[test]
    fn strings_are_escaped_as_json() {
        let mut json = String::new();
        Literal::Json.push(&mut json, &text());
        assert_eq!(json, serde_json::to_string(&text()).unwrap());
    }

    #[test]
    fn the_length_is_exact() {
        for literal in [Literal::Json, Literal::Script] {
            let mut out = String::new();
            literal.push(&mut out, &text());
            assert_eq!(literal.len(&text()), out.len());
        }
    }

    #[test]
    fn reading_undoes_writing() {
        for literal in [Literal::Json, Literal::Script] {
            let mut out = String::new();
            literal.push(&mut out, &text());
            out.push_str("rest");
            assert_eq!(read(&out), Ok((text(), "rest")));
        }
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (literal, text) in [
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00""#, "\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83da""#, "\u{fffd}a"),
            (r#""\ud83d\u0061""#, "\u{fffd}a"),
        ] {
            assert_eq!(read(literal), Ok((text.into(), "")));
        }
    }

    #[test]
    fn a_literal_has_two_quotes_and_known_escapes() {
        for literal in [
            "",
            "a",
            "\"",
            "\"a",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\"#,
        ] {
            assert_eq!(read(literal), Err(DecodeErrorKind::Script), "{literal}");
        }
    }
}
