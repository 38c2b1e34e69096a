//! An HTTP proxy between client and server.

use std::{env, error::Error, fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};

use super::target::{Target, host_and_port};

/// An HTTP proxy: `http://host:port`, or `http://user:password@host:port`.
///
/// Every connection goes through a tunnel (`CONNECT`), whatever the scheme of the server: so
/// polling and WebSockets take the same way. `Debug` hides the password.
///
/// ```
/// use engineio_tokio::client::{Options, Proxy};
///
/// let mut options = Options::default();
/// options.proxy = Some("http://me:secret@proxy.example:3128".parse()?);
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), engineio_tokio::client::ProxyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// What the proxy wants to know.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy that the environment names for `url`, as most command line tools see it:
    /// `HTTPS_PROXY` or `HTTP_PROXY` by the scheme, else `ALL_PROXY`, each in lower case too, and
    /// none for the hosts in `NO_PROXY`. `HTTP_PROXY` counts in lower case only when a CGI server
    /// has started this process, because there anybody can set it.
    ///
    /// Nothing reads the environment unless this is called.
    ///
    /// # Errors
    ///
    /// If the URL names no server, or the variable no proxy.
    pub fn from_env(url: &str) -> Result<Option<Self>, ProxyError> {
        Self::from_variables(url, |name| env::var(name).ok())
    }

    fn from_variables(
        url: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ProxyError> {
        let find = |name: &str| {
            let lower = read(&name.to_ascii_lowercase());
            let is_safe = name != "HTTP_PROXY" || read("REQUEST_METHOD").is_none();
            lower
                .or_else(|| read(name).filter(|_| is_safe))
                .filter(|value| !value.is_empty())
        };
        let target = Target::parse(url).map_err(|_| ProxyError)?;
        if find("NO_PROXY").is_some_and(|list| is_excepted(&target.host, &list)) {
            return Ok(None);
        }
        let by_scheme = if target.is_secure {
            "HTTPS_PROXY"
        } else {
            "HTTP_PROXY"
        };
        let named = find(by_scheme).or_else(|| find("ALL_PROXY"));
        named.map(|text| text.parse()).transpose()
    }
}

/// Whether a host or a domain above it is in the list.
fn is_excepted(host: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let entry = entry.trim_start_matches("*.").trim_start_matches('.');
        let Some(rest) = host.len().checked_sub(entry.len()) else {
            return false;
        };
        match host.split_at_checked(rest) {
            _ if entry.is_empty() => false,
            _ if entry == "*" => true,
            Some((above, end)) => {
                end.eq_ignore_ascii_case(entry) && (above.is_empty() || above.ends_with('.'))
            }
            None => false,
        }
    })
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let url = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url: Uri = url.parse().map_err(|_| ProxyError)?;
        let authority = url.authority().ok_or(ProxyError)?;
        let is_http = url.scheme_str() == Some("http");
        let host = authority.host().trim_matches(['[', ']']);
        if !is_http || host.is_empty() || !matches!(url.path(), "" | "/") {
            return Err(ProxyError);
        }
        let credentials = authority
            .as_str()
            .rsplit_once('@')
            .map(|(before, _)| before);
        Ok(Self {
            host: host.to_owned(),
            port: url.port_u16().unwrap_or(80),
            authorization: credentials.map(authorization).transpose()?,
        })
    }
}

/// [RFC 7617 § 2]
fn authorization(credentials: &str) -> Result<HeaderValue, ProxyError> {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain = decode(user).ok_or(ProxyError)?;
    plain.push(b':');
    plain.extend(decode(password).ok_or(ProxyError)?);
    let text = format!("Basic {}", BASE64_STANDARD.encode(plain));
    let mut value = HeaderValue::try_from(text).map_err(|_| ProxyError)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Takes percent signs off. `None`: what follows one is no byte.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = self.authorization.as_ref().map_or("", |_| "***@");
        write!(
            f,
            "http://{credentials}{}",
            host_and_port(&self.host, self.port)
        )
    }
}

/// Not the URL of an HTTP proxy. A proxy that is spoken to over TLS or SOCKS is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyError;

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the URL of an HTTP proxy")
    }
}

impl Error for ProxyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_from_its_url() {
        let proxy: Proxy = "http://me%40x:p%3Aw@proxy:3128/".parse().unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy", 3128));
        let expected = format!("Basic {}", BASE64_STANDARD.encode("me@x:p:w"));
        assert_eq!(proxy.authorization.as_ref().unwrap(), expected.as_str());
        assert_eq!(format!("{proxy:?}"), "http://***@proxy:3128");
        let proxy: Proxy = "[::1]:8080".parse().unwrap();
        assert_eq!(format!("{proxy:?}"), "http://[::1]:8080");
        for text in [
            "",
            "https://proxy",
            "socks5://proxy",
            "http://proxy/path",
            "http://a%:b@c",
        ] {
            assert_eq!(text.parse::<Proxy>(), Err(ProxyError), "{text}");
        }
    }

    fn found(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let read = |name: &str| {
            let (_, value) = variables.iter().find(|(other, _)| *other == name)?;
            Some((*value).to_owned())
        };
        let proxy = Proxy::from_variables(url, read).unwrap();
        proxy.map(|proxy| proxy.host)
    }

    #[test]
    fn the_environment_names_a_proxy_by_the_scheme_unless_the_host_is_excepted() {
        let both = [
            ("http_proxy", "a:1"),
            ("HTTP_PROXY", "b:1"),
            ("ALL_PROXY", "c:1"),
        ];
        assert_eq!(found("ws://x", &both).as_deref(), Some("a"));
        assert_eq!(found("ws://x", &both[1..]).as_deref(), Some("b"));
        assert_eq!(found("ws://x", &both[2..]).as_deref(), Some("c"));
        assert_eq!(found("ws://x", &[]), None);
        let cgi = [("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(found("ws://x", &cgi), None);
        for (list, is_excepted) in [
            ("x.example", true),
            (".example", true),
            ("other, *.EXAMPLE", true),
            ("*", true),
            ("ample", false),
            ("y.x.example", false),
            ("", false),
        ] {
            let variables = [("ALL_PROXY", "c:1"), ("NO_PROXY", list)];
            assert_eq!(
                found("ws://x.example", &variables).is_none(),
                is_excepted,
                "{list}"
            );
        }
    }
}
