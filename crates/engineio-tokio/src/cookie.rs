//! The cookie that names a session, for load balancers that route by it.

use std::{fmt::Write as _, time::Duration};

use engineio_proto::Sid;
use http::HeaderValue;

/// The cookie that carries the id of a session. [js engine.io 6.6.12]
///
/// It is set by the answer to a handshake over polling, and nowhere else. This side never reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookie {
    /// Its name: `io`.
    pub name: String,
    /// How long it lasts, in whole seconds. `None`: as long as the browser runs.
    pub max_age: Option<Duration>,
    /// The domain that it is sent to. `None`: the host alone.
    pub domain: Option<String>,
    /// The path that it is sent to: `/`. `None`: that of the request.
    pub path: Option<String>,
    /// Whether it is hidden from scripts: yes.
    pub http_only: bool,
    /// Whether it is sent over TLS alone: no.
    pub secure: bool,
    /// Whether it is sent along from other sites: [`SameSite::Lax`]. `None`: as the browser likes.
    pub same_site: Option<SameSite>,
}

/// Whether a browser sends a cookie along from other sites. [RFC 6265bis § 4.1.2.7]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// When a link leads here, but not from a page elsewhere.
    Lax,
    /// Always. Browsers want [`Cookie::secure`] with it.
    None,
    /// Never.
    Strict,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            max_age: None,
            domain: None,
            path: Some("/".to_owned()),
            http_only: true,
            secure: false,
            same_site: Some(SameSite::Lax),
        }
    }
}

impl Cookie {
    /// A cookie of another name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Whether a header can carry the name and the attributes. [RFC 6265 § 4.1.1]
    pub(crate) fn is_valid(&self) -> bool {
        let is_token =
            |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        let is_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
        let attributes = [&self.domain, &self.path];
        !self.name.is_empty()
            && self.name.bytes().all(is_token)
            && attributes
                .into_iter()
                .flatten()
                .all(|value| value.bytes().all(is_value))
    }

    /// The value of `Set-Cookie`.
    pub(crate) fn header(&self, sid: &Sid) -> Option<HeaderValue> {
        let mut text = format!("{}={}", self.name, encode(sid.as_str()));
        if let Some(age) = self.max_age {
            // Writing to a string does not fail.
            let _ = write!(text, "; Max-Age={}", age.as_secs());
        }
        for (name, value) in [("Domain", &self.domain), ("Path", &self.path)] {
            if let Some(value) = value {
                let _ = write!(text, "; {name}={value}");
            }
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text.push_str(match self.same_site {
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::None) => "; SameSite=None",
            Some(SameSite::Strict) => "; SameSite=Strict",
            None => "",
        });
        HeaderValue::try_from(text).ok()
    }
}

/// Writes an id so that any id fits: the usual ones stay as they are.
fn encode(sid: &str) -> String {
    let mut text = String::with_capacity(sid.len());
    for byte in sid.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_in_the_order_of_the_reference() {
        let mut cookie = Cookie::new("all");
        cookie.max_age = Some(Duration::from_millis(60_900));
        cookie.domain = Some("example.org".to_owned());
        cookie.secure = true;
        cookie.same_site = Some(SameSite::None);
        assert_eq!(
            cookie.header(&Sid::new("a b")).unwrap(),
            "all=a%20b; Max-Age=60; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=None"
        );
    }

    #[test]
    fn what_a_header_cannot_carry_is_noticed() {
        assert!(Cookie::default().is_valid());
        for name in ["", "a b", "a=b", "é"] {
            assert!(!Cookie::new(name).is_valid(), "{name}");
        }
        let path = Some("/; Domain=elsewhere".to_owned());
        let cookie = Cookie {
            path,
            ..Cookie::default()
        };
        assert!(!cookie.is_valid());
    }
}
