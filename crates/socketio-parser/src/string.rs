//! JSON strings: how they are written, skipped and read.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::plain::{content_len, is_plain, plain_len, valid_len};
use crate::steps;
use crate::text::Text;

/// Writes a string with its quotes, escaped as `JSON.stringify` does.
///
/// [sio5 § Packet encoding] leaves the format to JSON; the reference escapes the quote, the
/// backslash and what is below a space, and nothing else.
pub(crate) fn write(out: &mut Text, text: &str) {
    write_between(out, "\"", text, "\"");
}

/// The same with something before the opening quote and behind the closing one, which are given
/// together with the quotes.
#[inline(always)]
pub(crate) fn write_between(out: &mut Text, open: &str, text: &str, close: &str) {
    if is_plain(text) {
        out.push_all([open, text, close]);
    } else {
        out.push_str(open);
        write_escaped(out, text);
        out.push_str(close);
    }
}

/// The same without the quotes, for text that comes in pieces.
pub(crate) fn write_escaped(out: &mut Text, mut text: &str) {
    loop {
        let (plain, rest) = split_plain(text);
        out.push_str(plain);
        let mut chars = rest.chars();
        match chars.next() {
            None => return,
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control) => {
                let digit = |value| char::from_digit(value, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.push(digit(u32::from(control) >> 4));
                out.push(digit(u32::from(control) & 0xf));
            }
        }
        text = chars.as_str();
    }
}

/// What lies between two quotes.
pub(crate) struct Skipped {
    /// Just behind the closing quote.
    pub(crate) end: usize,
    /// Whether an escape is half of a surrogate pair, which JavaScript allows and UTF-8 does not.
    pub(crate) lone_surrogates: bool,
}

/// Finds the end of a string whose opening quote is just before `at`. The error is the offset of
/// what no string may hold.
pub(crate) fn skip(bytes: &[u8], mut at: usize) -> Result<Skipped, usize> {
    let mut lone_surrogates = false;
    loop {
        at += content_len(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => {
                return Ok(Skipped {
                    end: at + 1,
                    lone_surrogates,
                });
            }
            Some(b'\\') => {
                let escape = Escape::read(bytes.get(at..).unwrap_or_default()).ok_or(at)?;
                lone_surrogates |= escape.character.is_none();
                at += escape.len;
            }
            _ => return Err(at),
        }
    }
}

/// The same for a string that is known to be valid, hence faster: just behind the closing quote.
pub(crate) fn skip_valid(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += valid_len(bytes.get(at..)?);
        if *bytes.get(at)? == b'"' {
            return Some(at + 1);
        }
        // What else belongs to the escape is neither quote nor backslash.
        at += 2;
    }
}

/// The text that a valid string means, without its quotes. A lone surrogate becomes U+FFFD.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    steps::visit(raw.len());
    if valid_len(raw.as_bytes()) == raw.len() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        let (plain, special) = split_plain(rest);
        text.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            None => return Cow::Owned(text),
            Some('\\') => {
                let escape = Escape::read(special.as_bytes()).unwrap_or(Escape::NONE);
                text.push(escape.character.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = special.get(escape.len..).unwrap_or_default();
            }
            Some(other) => {
                text.push(other);
                rest = chars.as_str();
            }
        }
    }
}

/// Whether a valid string, without its quotes, means `text`.
#[inline]
pub(crate) fn equals(raw: &str, text: &str) -> bool {
    // An escape is longer than what it means.
    if raw.len() <= text.len() {
        raw == text
    } else {
        equals_escaped(raw, text)
    }
}

fn equals_escaped(raw: &str, text: &str) -> bool {
    let mut rest = raw;
    for expected in text.chars() {
        let (character, len) = match rest.chars().next() {
            None => return false,
            Some('\\') => match Escape::read(rest.as_bytes()) {
                Some(Escape {
                    character: Some(character),
                    len,
                }) => (character, len),
                _ => return false,
            },
            Some(plain) => (plain, plain.len_utf8()),
        };
        if character != expected {
            return false;
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    rest.is_empty()
}

/// Valid JSON in which each escaped lone surrogate is replaced by an escaped U+FFFD.
pub(crate) fn replace_lone_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    // In valid JSON a backslash stands in a string only, so the strings need not be found first.
    while let Some((plain, escaped)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(plain);
        let escape = Escape::read(escaped.as_bytes()).unwrap_or(Escape::NONE);
        let (escape_text, behind) = escaped
            .split_at_checked(escape.len)
            .unwrap_or((escaped, ""));
        out.push_str(if escape.character.is_some() {
            escape_text
        } else {
            "\\ufffd"
        });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// One escape sequence, or two that are a surrogate pair.
struct Escape {
    /// `None`: half of a surrogate pair.
    character: Option<char>,
    /// In bytes, the backslash included.
    len: usize,
}

impl Escape {
    /// Stands in for an escape that is none. Unreachable behind a check; it only has to move on.
    const NONE: Self = Self {
        character: None,
        len: 1,
    };

    /// Reads the escape at the start of `bytes`, which is a backslash.
    fn read(bytes: &[u8]) -> Option<Self> {
        steps::visit(1);
        let short = |character| {
            Some(Self {
                character: Some(character),
                len: 2,
            })
        };
        match bytes.get(1)? {
            b'"' => short('"'),
            b'\\' => short('\\'),
            b'/' => short('/'),
            b'b' => short('\u{8}'),
            b'f' => short('\u{c}'),
            b'n' => short('\n'),
            b'r' => short('\r'),
            b't' => short('\t'),
            b'u' => Some(Self::read_unicode(bytes, code_unit(bytes)?)),
            _ => None,
        }
    }

    fn read_unicode(bytes: &[u8], unit: u16) -> Self {
        let low = match unit {
            0xd800..=0xdbff => bytes.get(6..).and_then(code_unit),
            _ => None,
        };
        let units = [unit, low.unwrap_or_default()];
        let character = char::decode_utf16(units).next().and_then(Result::ok);
        let len = if character.is_some_and(|character| character.len_utf16() == 2) {
            12
        } else {
            6
        };
        Self { character, len }
    }
}

/// The code unit of `\uXXXX`.
fn code_unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}

/// Splits before the first character that a JSON string has to escape.
fn split_plain(text: &str) -> (&str, &str) {
    // That character is ASCII, hence on a boundary.
    text.split_at_checked(plain_len(text.as_bytes()))
        .unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Text::new();
        write(&mut out, text);
        String::from(&*out.share())
    }

    #[test]
    fn only_quotes_backslashes_and_controls_are_escaped() {
        assert_eq!(
            written("a\"\\/\u{1}\u{1e}\u{1f}\u{7f}\u{2028}é"),
            "\"a\\\"\\\\/\\u0001\\u001e\\u001f\u{7f}\u{2028}é\""
        );
        assert_eq!(written("\u{8}\u{c}\n\r\t"), r#""\b\f\n\r\t""#);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(
            unescape(r#"\u0041\n\t\"\\\/\b\f\r é"#),
            "A\n\t\"\\/\u{8}\u{c}\r é"
        );
        assert_eq!(unescape(r"\ud83d\ude00"), "😀");
        assert!(matches!(unescape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn comparing_looks_through_escapes() {
        assert!(equals(r"conn\u0065ct", "connect"));
        assert!(equals("connect", "connect"));
        assert!(!equals("connect", "connec") && !equals("connec", "connect"));
        assert!(!equals(r"\ud83d", "\u{fffd}"));
    }

    #[test]
    fn a_valid_string_ends_at_the_first_quote_that_is_not_escaped() {
        for text in [r#""""#, r#""a\\"b"#, r#""\"\\\"\u0022""#, r#""é\n"""#] {
            let end = skip(text.as_bytes(), 1).unwrap().end;
            assert_eq!(skip_valid(text.as_bytes(), 1), Some(end), "{text}");
        }
        assert_eq!(skip_valid(br#""a\""#, 1), None);
    }

    #[test]
    fn lone_surrogates_are_noticed_and_replaced() {
        let skipped = |text: &str| skip(text.as_bytes(), 1).map(|s| (s.end, s.lone_surrogates));
        assert_eq!(skipped(r#""\ud83d\ude00""#), Ok((14, false)));
        assert_eq!(skipped(r#""\ude00\ud83d""#), Ok((14, true)));
        assert_eq!(skipped(r#""\ud83d\n""#), Ok((10, true)));
        assert_eq!(skipped(r#""\ud83""#), Err(1));
        let replaced = replace_lone_surrogates(r#"["a\\ud83d\ud83d\ud83d\ude00","\ude00"]"#);
        assert_eq!(replaced, r#"["a\\ud83d\ufffd\ud83d\ude00","\ufffd"]"#);
    }
}
