//! The heads of requests.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use engineio_proto::{TransportKind, client::Query};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri,
    header::{ACCEPT, COOKIE, HOST, USER_AGENT},
    uri::PathAndQuery,
};

use super::{DialerError, Options, Shared, Timestamps, target::Target};
use crate::{body::Body, clock};

/// What all requests of a dialer have in common.
pub(super) struct Requests {
    polling: Common,
    web_socket: Common,
    /// How many have been made different from all others.
    stamped: AtomicU64,
}

/// What all requests of a transport have in common.
struct Common {
    /// The path and the parameters of the application, ready to append to.
    begin: String,
    headers: HeaderMap,
}

impl Requests {
    pub(super) fn new(target: &Target, options: &Options) -> Result<Self, DialerError> {
        if let Some(name) = options.protocols.iter().find(|name| !is_token(name)) {
            return Err(DialerError::InvalidProtocol(name.clone()));
        }
        Ok(Self {
            polling: Common::new(target, options, TransportKind::Polling)?,
            web_socket: Common::new(target, options, TransportKind::WebSocket)?,
            stamped: AtomicU64::new(0),
        })
    }

    const fn of(&self, transport: TransportKind) -> &Common {
        match transport {
            TransportKind::Polling => &self.polling,
            TransportKind::WebSocket => &self.web_socket,
        }
    }
}

impl Common {
    fn new(
        target: &Target,
        options: &Options,
        transport: TransportKind,
    ) -> Result<Self, DialerError> {
        let own = match transport {
            TransportKind::Polling => &options.polling,
            TransportKind::WebSocket => &options.web_socket,
        };
        let mut parameters: Vec<String> = target
            .query
            .split('&')
            .filter(|parameter| !parameter.is_empty() && !is_reserved(name(parameter)))
            .map(str::to_owned)
            .collect();
        for list in [&own.query, &options.query] {
            let taken: Vec<String> = parameters.iter().map(|one| name(one).to_owned()).collect();
            for (key, value) in list {
                let key = encode(key);
                if !is_reserved(&key) && !taken.contains(&key) {
                    parameters.push(format!("{key}={}", encode(value)));
                }
            }
        }
        let mut begin = options.normalised_path();
        begin.push('?');
        for parameter in parameters {
            begin.push_str(&parameter);
            begin.push('&');
        }
        let _whole: PathAndQuery = begin.parse().map_err(DialerError::InvalidPath)?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, target.authority.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        #[cfg(feature = "compression")]
        if transport == TransportKind::Polling {
            headers.insert(http::header::ACCEPT_ENCODING, super::encoding::ACCEPTED);
        }
        replace(&mut headers, &options.headers);
        replace(&mut headers, &own.headers);
        Ok(Self { begin, headers })
    }
}

impl Shared {
    /// A request with everything that does not depend on what it is for.
    pub(super) fn request(&self, method: Method, query: &Query, body: Bytes) -> Request<Body> {
        let transport = query.transport();
        let common = self.requests.of(transport);
        let is_stamped = match self.options.timestamps {
            Timestamps::Always => true,
            Timestamps::Never => false,
            Timestamps::Polling => transport == TransportKind::Polling,
        };
        let mut target = format!("{}{query}", common.begin);
        if is_stamped {
            let count = self.requests.stamped.fetch_add(1, Ordering::Relaxed);
            target.push('&');
            target.push_str(&encode(&self.options.timestamp_param));
            target.push('=');
            target.push_str(&base_36(clock::unix_millis()));
            target.push('.');
            target.push_str(&base_36(count));
        }
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        // What is appended is encoded, so that a beginning that can be read stays readable.
        *request.uri_mut() = Uri::try_from(target).unwrap_or_default();
        request.headers_mut().clone_from(&common.headers);
        if self.options.cookies {
            self.add_cookies(request.headers_mut());
        }
        request
    }

    fn add_cookies(&self, headers: &mut HeaderMap) {
        let kept = self
            .lock_cookies()
            .header(self.target.is_secure, clock::system_time());
        let Some(kept) = kept else { return };
        let own = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        let all: Vec<&[u8]> = own.chain([kept.as_bytes()]).collect();
        if let Ok(mut whole) = HeaderValue::try_from(all.join(&b"; "[..])) {
            whole.set_sensitive(true);
            headers.insert(COOKIE, whole);
        }
    }

    /// Keeps the cookies of an answer.
    pub(super) fn keep_cookies(&self, headers: &HeaderMap) {
        if self.options.cookies {
            self.lock_cookies().keep(headers, clock::system_time());
        }
    }
}

/// Replaces headers, all values of a name together.
fn replace(headers: &mut HeaderMap, with: &HeaderMap) {
    for name in with.keys() {
        headers.remove(name);
    }
    for (name, value) in with {
        headers.append(HeaderName::clone(name), value.clone());
    }
}

/// The name of an encoded parameter.
fn name(parameter: &str) -> &str {
    parameter
        .split_once('=')
        .map_or(parameter, |(name, _)| name)
}

/// [eio4 § Query parameters] Names that belong to the machine. Some servers take two of a name for
/// a list.
fn is_reserved(name: &str) -> bool {
    matches!(name, "EIO" | "b64" | "j" | "sid" | "transport")
}

/// As `encodeURIComponent` does, so a blank is `%20`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// [RFC 9110 § 5.6.2]
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = char::from_digit((number % 36) as u32, 36);
        digits.extend(digit);
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// Who asks.
pub(super) const AGENT: &str = concat!("engineio-tokio/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(url: &str, options: &Options) -> String {
        let target = Target::parse(url).unwrap();
        let common = Common::new(&target, options, TransportKind::Polling);
        common.unwrap().begin
    }

    fn list(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn the_parameters_of_the_url_win_over_those_of_the_options() {
        let mut options = Options {
            query: list(&[("a", "option"), ("b", "all"), ("ü &", "=?")]),
            ..Options::default()
        };
        options.polling.query = list(&[("b", "polling"), ("c", "1")]);
        assert_eq!(
            begin("http://x/chat?a=url&d", &options),
            "/engine.io/?a=url&d&b=polling&c=1&%C3%BC%20%26=%3D%3F&"
        );
        assert_eq!(begin("http://x", &Options::default()), "/engine.io/?");
    }

    #[test]
    fn parameters_of_the_machine_cannot_be_set() {
        let options = Options {
            query: list(&[("transport", "x"), ("eio", "kept")]),
            ..Options::default()
        };
        assert_eq!(
            begin("http://x?EIO=3&sid=1&a=1", &options),
            "/engine.io/?a=1&eio=kept&"
        );
    }

    #[test]
    fn the_headers_of_a_transport_win() {
        let target = Target::parse("http://x:81").unwrap();
        let mut options = Options::default();
        options.headers.insert(USER_AGENT, "mine".parse().unwrap());
        options.headers.insert("x-a", "1".parse().unwrap());
        options.headers.append("x-a", "2".parse().unwrap());
        options.polling.headers.insert("x-a", "3".parse().unwrap());
        let requests = Requests::new(&target, &options).unwrap();
        let polling = &requests.polling.headers;
        assert_eq!(polling[HOST], "x:81");
        assert_eq!(polling[USER_AGENT], "mine");
        assert_eq!(polling.get_all("x-a").iter().count(), 1);
        let web_socket = &requests.web_socket.headers;
        assert_eq!(web_socket.get_all("x-a").iter().count(), 2);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_an_error() {
        let target = Target::parse("http://x").unwrap();
        let options = Options {
            path: "/a b".to_owned(),
            ..Options::default()
        };
        let outcome = Requests::new(&target, &options);
        assert!(matches!(outcome, Err(DialerError::InvalidPath(_))));
    }

    #[test]
    fn a_subprotocol_is_one_word() {
        let target = Target::parse("http://x").unwrap();
        for (name, is_valid) in [
            ("chat.v1", true),
            ("a b", false),
            ("a,b", false),
            ("", false),
        ] {
            let options = Options {
                protocols: vec![name.to_owned()],
                ..Options::default()
            };
            assert_eq!(Requests::new(&target, &options).is_ok(), is_valid, "{name}");
        }
    }

    #[test]
    fn numbers_are_written_in_base_36() {
        assert_eq!([0, 35, 36, 1295].map(base_36), ["0", "z", "10", "zz"]);
    }
}
