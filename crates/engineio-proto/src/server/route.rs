//! The head of an HTTP request: what it asks for, or why it cannot have it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::cause::Cause;
use super::response::Reject;
use crate::config::{Config, TransportKind};
use crate::id::Sid;

/// What a request asks for.
///
/// The map from [`Sid`] to session is the driver's: it answers [`Reject::UnknownSession`] for an
/// id that it does not know, and asks the application before it opens a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A session over polling.
    Handshake,
    /// The packets waiting for a session.
    Poll(Sid),
    /// Packets of a session, in the body.
    Post(Sid),
    /// Anything else about a session: a method without a meaning.
    Other(Sid),
    /// A WebSocket: for a session that exists, or for a new one.
    WebSocket(Option<Sid>),
}

impl Route {
    /// Reads the head of a request that has come to the path of the server.
    ///
    /// `query` is what follows the question mark. `upgrade`: the request asks for a WebSocket.
    /// `origin_is_clean`: there is no `Origin` header, or it is free of control characters.
    ///
    /// `EIO` and `transport` are mandatory, and so is `sid` for anything but a handshake.
    /// [eio4 § Query parameters; eio4 § WebSocket]
    ///
    /// # Errors
    ///
    /// The reference checks in this order, and so does this: the transport, the origin, then the
    /// rest. A query that contradicts itself (a WebSocket without an upgrade, another revision
    /// than the one spoken here) is a [`BadRequest`](Reject::BadRequest) even if its session is
    /// unknown too, because sessions are not known here.
    pub fn parse(
        config: &Config,
        method: &str,
        query: &str,
        upgrade: bool,
        origin_is_clean: bool,
    ) -> Result<Self, Reject> {
        Self::examine(config, method, query, upgrade, origin_is_clean).map_err(Cause::reject)
    }

    /// As [`parse`](Self::parse), and says what exactly is wrong.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn examine(
        config: &Config,
        method: &str,
        query: &str,
        upgrade: bool,
        origin_is_clean: bool,
    ) -> Result<Self, Cause> {
        let query = Query::parse(query);
        let transport = query.transport().ok_or(Cause::UnknownTransport)?;
        if !config.transports.contains(transport) {
            return Err(Cause::UnknownTransport);
        }
        if !origin_is_clean {
            return Err(Cause::InvalidOrigin);
        }
        let is_coherent = upgrade == (transport == TransportKind::WebSocket);
        match query.sid() {
            Some(_) if !is_coherent => Err(Cause::TransportMismatch { previous: None }),
            Some(_) if !query.speaks_revision_4() => Err(Cause::ProtocolMismatch),
            Some(sid) => Ok(match (transport, method) {
                (TransportKind::WebSocket, _) => Self::WebSocket(Some(sid)),
                (TransportKind::Polling, "GET") => Self::Poll(sid),
                (TransportKind::Polling, "POST") => Self::Post(sid),
                (TransportKind::Polling, _) => Self::Other(sid),
            }),
            None if method != "GET" => Err(Cause::BadMethod),
            None if !is_coherent => Err(Cause::TransportHandshake),
            None if !query.speaks_revision_4() => Err(Cause::UnsupportedVersion),
            None => Ok(match transport {
                TransportKind::Polling => Self::Handshake,
                TransportKind::WebSocket => Self::WebSocket(None),
            }),
        }
    }
}

/// What the content type of a post says about its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Packets as text.
    Text,
    /// Bytes, which revision 4 does not have.
    Binary,
}

impl BodyKind {
    /// Reads the value of a `Content-Type` header.
    ///
    /// Without one, the body is text. [eio4 § Headers] says besides that bytes are announced; since
    /// they became base64, nobody sends any. Only the bare type means bytes: with a parameter
    /// behind it, it is text like everything else. [js engine.io 6.6.12]
    #[must_use]
    pub fn from_content_type(value: Option<&[u8]>) -> Self {
        match value {
            Some(b"application/octet-stream") => Self::Binary,
            Some(_) | None => Self::Text,
        }
    }
}

/// The parameters that mean something here; the others belong to the application.
#[derive(Default)]
struct Query<'a> {
    revision: Cow<'a, str>,
    transport: Cow<'a, str>,
    sid: Cow<'a, str>,
}

impl<'a> Query<'a> {
    /// Of a repeated parameter, the last value counts. [js engine.io 6.6.12]
    fn parse(text: &'a str) -> Self {
        let mut query = Self::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match decode(name).as_ref() {
                "EIO" => query.revision = decode(value),
                "sid" => query.sid = decode(value),
                "transport" => query.transport = decode(value),
                _ => {}
            }
        }
        query
    }

    fn speaks_revision_4(&self) -> bool {
        self.revision == "4"
    }

    fn transport(&self) -> Option<TransportKind> {
        [TransportKind::Polling, TransportKind::WebSocket]
            .into_iter()
            .find(|transport| self.transport == transport.as_str())
    }

    /// An empty id is no id: such a request is a handshake.
    fn sid(&self) -> Option<Sid> {
        (!self.sid.is_empty()).then(|| Sid::new(self.sid.as_ref()))
    }
}

/// Decodes `application/x-www-form-urlencoded` text. What is not an escape stays as it is, and
/// bytes that are not UTF-8 are replaced, as in every URL parser of the web.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'+', tail @ ..] => {
                bytes.push(b' ');
                tail
            }
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
    Cow::Owned(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The value of an ASCII hexadecimal digit.
const fn hex(digit: u8) -> u8 {
    // `a` and `A` end in the same five bits; `0` in 10000.
    if digit.is_ascii_digit() {
        digit & 0x0f
    } else {
        (digit & 0x07) + 9
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Transports;

    fn parse(method: &str, query: &str, upgrade: bool) -> Result<Route, Reject> {
        Route::parse(&Config::default(), method, query, upgrade, true)
    }

    #[test]
    fn every_kind_of_request_is_recognised() {
        let sid = || Sid::new("x");
        for (method, query, upgrade, route) in [
            ("GET", "EIO=4&transport=polling", false, Route::Handshake),
            (
                "GET",
                "EIO=4&transport=polling&sid=",
                false,
                Route::Handshake,
            ),
            (
                "GET",
                "EIO=4&transport=polling&sid=x&t=1",
                false,
                Route::Poll(sid()),
            ),
            (
                "POST",
                "sid=x&EIO=4&transport=polling",
                false,
                Route::Post(sid()),
            ),
            (
                "PUT",
                "EIO=4&transport=polling&sid=x",
                false,
                Route::Other(sid()),
            ),
            (
                "GET",
                "EIO=4&transport=websocket",
                true,
                Route::WebSocket(None),
            ),
            (
                "GET",
                "EIO=4&transport=websocket&sid=x",
                true,
                Route::WebSocket(Some(sid())),
            ),
        ] {
            assert_eq!(parse(method, query, upgrade), Ok(route), "{method} {query}");
        }
    }

    #[test]
    fn every_refusal_has_its_code() {
        for (method, query, upgrade, reject) in [
            ("GET", "", false, Reject::UnknownTransport),
            (
                "GET",
                "EIO=4&transport=webtransport",
                false,
                Reject::UnknownTransport,
            ),
            ("POST", "EIO=4&transport=polling", false, Reject::BadMethod),
            (
                "GET",
                "EIO=4&transport=websocket",
                false,
                Reject::BadRequest,
            ),
            ("GET", "EIO=4&transport=polling", true, Reject::BadRequest),
            (
                "GET",
                "EIO=3&transport=polling&sid=x",
                false,
                Reject::BadRequest,
            ),
            (
                "GET",
                "EIO=4&transport=websocket&sid=x",
                false,
                Reject::BadRequest,
            ),
            (
                "GET",
                "EIO=3&transport=websocket",
                true,
                Reject::UnsupportedVersion,
            ),
            (
                "GET",
                "transport=polling",
                false,
                Reject::UnsupportedVersion,
            ),
        ] {
            assert_eq!(
                parse(method, query, upgrade),
                Err(reject),
                "{method} {query}"
            );
        }
    }

    #[test]
    fn the_transport_is_checked_before_the_origin_and_the_origin_before_the_method() {
        let config = Config {
            transports: Transports::WEBSOCKET,
            ..Config::default()
        };
        let query = "EIO=4&transport=polling";
        let parse = |config| Route::parse(config, "PUT", query, false, false);
        assert_eq!(parse(&config), Err(Reject::UnknownTransport));
        assert_eq!(parse(&Config::default()), Err(Reject::BadRequest));
    }

    #[test]
    fn the_last_of_two_values_counts() {
        let query = "EIO=3&transport=polling&EIO=4";
        assert_eq!(parse("GET", query, false), Ok(Route::Handshake));
    }

    #[test]
    fn names_and_values_are_decoded() {
        let query = "EIO=4&transport=p%6Flling&s%69d=a%2Bb+c%zz%ff";
        let route = Route::Poll(Sid::new("a+b c%zz\u{fffd}"));
        assert_eq!(parse("GET", query, false), Ok(route));
    }

    #[test]
    fn every_hexadecimal_digit_has_its_value() {
        for (value, digit) in (0..).zip(*b"0123456789abcdef") {
            assert_eq!(
                (hex(digit), hex(digit.to_ascii_uppercase())),
                (value, value)
            );
        }
    }

    #[test]
    fn only_the_bare_type_means_bytes() {
        let kind = |value: &'static str| BodyKind::from_content_type(Some(value.as_bytes()));
        assert_eq!(kind("application/octet-stream"), BodyKind::Binary);
        assert_eq!(
            kind("application/octet-stream; charset=UTF-8"),
            BodyKind::Text
        );
        assert_eq!(kind("text/plain"), BodyKind::Text);
        assert_eq!(BodyKind::from_content_type(None), BodyKind::Text);
    }
}
