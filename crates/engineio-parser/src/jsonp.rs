//! Polling through script elements, for browsers that cannot ask another origin otherwise.
//!
//! The answer to a poll is a script that hands the payload to a callback of the page. A posted body is
//! an HTML form with the payload in one field. Both carry text, so bytes are base64. Clients did so up
//! to revision 3; servers still know it in revision 4.
//!
//! ```
//! use engineio_parser::jsonp::{self, Index};
//!
//! // Whatever a client asks for, only digits get into the script.
//! let index = Index::from_query("0](alert(1))//");
//! assert_eq!(jsonp::encode(&index, "6:4\"€\"\n"), r#"___eio[01]("6:4\"€\"\n");"#);
//!
//! let payload = jsonp::decode_request(b"d=4%3A4a%5Cnb");
//! assert_eq!(payload.as_deref(), Some("4:4a\nb"));
//! ```
//!
//! Specification: [js engine.io 6.6.12].

mod request;

use alloc::string::String;

use bytes::Bytes;
use nom::{
    IResult, Parser, bytes::complete::tag, character::complete::digit0, sequence::delimited,
};

use crate::{DecodeError, DecodeErrorKind, Utf8Bytes, json, json::Literal, steps};

pub use request::{decode_request, encode_request};

/// Which callback of the page takes the answers: digits, or nothing.
///
/// There is no way to put anything else into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Index(String);

impl Index {
    /// Reads the query parameter `j` of the handshake: the ASCII digits of it, in order.
    ///
    /// A session keeps its index; the `j` of later requests is ignored. The parameter must occur
    /// once, but may be empty.
    pub fn from_query(j: &str) -> Self {
        Self(j.chars().filter(char::is_ascii_digit).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The body of an answer: the script that hands over a payload.
///
/// The payload is text: [separated](crate::payload::Form::Separated) or a
/// [string](crate::payload::Form::String). In the script it is ASCII where JavaScript asks for it,
/// U+2028 and U+2029 included; `</script>` stays as it is, so do not paste the script into a page.
pub fn encode(index: &Index, payload: &str) -> Bytes {
    let fixed = HEAD.len() + MIDDLE.len() + TAIL.len();
    let len = fixed + index.0.len() + Literal::Script.len(payload);
    let mut script = String::with_capacity(len);
    for part in [HEAD, &index.0, MIDDLE] {
        script.push_str(part);
    }
    Literal::Script.push(&mut script, payload);
    script.push_str(TAIL);
    script.into()
}

/// Reads the body of an answer without running it: the callback, and the payload.
///
/// Takes what [`encode`] writes: one literal in double quotes, escaped as JSON is. Surrogates without
/// their other half become U+FFFD.
///
/// # Errors
///
/// [`Script`](DecodeErrorKind::Script) for any other script, with the place of the literal if that is
/// what is wrong.
///
/// ```
/// use engineio_parser::jsonp;
///
/// let (index, payload) = jsonp::decode(r#"___eio[7]("4say \"hi\"");"#)?;
/// assert_eq!((index.as_str(), &*payload), ("7", "4say \"hi\""));
/// # Ok::<(), engineio_parser::DecodeError>(())
/// ```
pub fn decode(script: &str) -> Result<(Index, Utf8Bytes), DecodeError> {
    let (literal, digits) = head(script).map_err(|_| DecodeErrorKind::Script.at(0))?;
    let start = script.len() - literal.len();
    steps::visit(start);
    let (payload, rest) = json::read(literal).map_err(|kind| kind.at(start))?;
    if rest != TAIL {
        return Err(DecodeErrorKind::Script.at(script.len() - rest.len()));
    }
    Ok((Index(digits.into()), payload.into()))
}

fn head(script: &str) -> IResult<&str, &str> {
    delimited(tag(HEAD), digit0, tag(MIDDLE)).parse(script)
}

/// The value of the header `Content-Type` of an answer, as the reference has it since 1.6.
///
/// With the header `X-Content-Type-Options: nosniff`, browsers refuse to run it: then
/// `text/javascript; charset=UTF-8` is due.
pub const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

const HEAD: &str = "___eio[";
const MIDDLE: &str = "](";
const TAIL: &str = ");";

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing that a client can send as `j` changes the shape of the script.
    #[test]
    fn an_index_injects_nothing() {
        for j in [
            "0](alert(1))//",
            "0];alert(1);___eio[0",
            "\");alert(1)//",
            "</script><script>alert(1)//",
            "0\n\u{2028}\u{2029}\0",
            "\u{663}\u{ff11}\u{1d7ce}\u{b2}",
            "constructor",
            "-1.5e3",
        ] {
            let index = Index::from_query(j);
            assert!(index.as_str().bytes().all(|byte| byte.is_ascii_digit()));
            let script = encode(&index, "6");
            let expected = alloc::format!("___eio[{}](\"6\");", index.as_str());
            assert_eq!(script, expected);
        }
        let every: String = ('\0'..=char::MAX).collect();
        assert_eq!(Index::from_query(&every).as_str(), "0123456789");
    }

    /// Nothing that an application says ends the literal or the line.
    #[test]
    fn a_payload_injects_nothing() {
        let every: String = ('\0'..=char::MAX).collect();
        let index = Index::from_query("7");
        for text in [
            "\");alert(1)//",
            "\\\");alert(1)//",
            "\u{2028}alert(1)",
            &every,
        ] {
            let script = Utf8Bytes::try_from(encode(&index, text)).unwrap();
            assert!(!script.contains(['\n', '\r', '\u{2028}', '\u{2029}', '\0']));
            assert_eq!(decode(&script), Ok((index.clone(), text.into())));
        }
    }

    #[test]
    fn the_buffer_is_exact() {
        let script = encode(&Index::from_query("12"), "\u{2028}\"a€");
        assert_eq!(script.len(), r#"___eio[12]("\u2028\"a€");"#.len());
    }

    #[test]
    fn other_scripts_are_refused() {
        for (script, offset) in [
            ("", 0),
            ("alert(1)", 0),
            ("___eio[x](\"6\");", 0),
            ("___eio[1](6);", 10),
            ("___eio[1](\"6\"", 13),
            ("___eio[1](\"6\");alert(1)", 13),
            ("___eio[1](\"6", 10),
            ("___eio[1](\"\\x41\");", 10),
        ] {
            assert_eq!(
                decode(script),
                Err(DecodeErrorKind::Script.at(offset)),
                "{script}"
            );
        }
    }
}
