//! Why a server cannot be reached, in words that help.

use std::{error::Error, fmt, io, sync::Arc};

use http::StatusCode;

/// Why a server cannot even be tried.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialerError {
    /// The URL cannot be read.
    InvalidUrl(http::uri::InvalidUri),
    /// The scheme is none of `http`, `https`, `ws` and `wss`.
    UnknownScheme(String),
    /// The URL names no host.
    NoHost,
    /// A URL with a name and a password. What a server should know belongs into a header.
    Credentials,
    /// What stands behind the colon is not a port.
    InvalidPort(String),
    /// The path or a parameter cannot be written into a request.
    InvalidPath(http::uri::InvalidUri),
    /// Not the name of a subprotocol.
    InvalidProtocol(String),
    /// `https` and `wss` need the feature `tls`.
    NoTls,
    /// The certificates or the key are of no use.
    #[cfg(feature = "tls")]
    Tls(super::tls::TlsError),
}

impl fmt::Display for DialerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl(_) => f.write_str("invalid URL"),
            Self::UnknownScheme(scheme) => write!(f, "unknown scheme {scheme:?}"),
            Self::NoHost => f.write_str("the URL names no host"),
            Self::Credentials => f.write_str("a URL must not carry credentials"),
            Self::InvalidPort(port) => write!(f, "{port:?} is not a port: 1 to 65535 are"),
            Self::InvalidPath(_) => f.write_str("invalid path or query"),
            Self::InvalidProtocol(name) => write!(f, "invalid subprotocol {name:?}"),
            Self::NoTls => f.write_str("built without the feature `tls`"),
            #[cfg(feature = "tls")]
            Self::Tls(_) => f.write_str("invalid configuration of TLS"),
        }
    }
}

impl Error for DialerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidUrl(error) | Self::InvalidPath(error) => Some(error),
            #[cfg(feature = "tls")]
            Self::Tls(error) => Some(error),
            Self::UnknownScheme(_)
            | Self::NoHost
            | Self::Credentials
            | Self::InvalidPort(_)
            | Self::InvalidProtocol(_)
            | Self::NoTls => None,
        }
    }
}

/// Why a request or the dial of a WebSocket failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The name of a host cannot be resolved.
    Resolve {
        /// The name.
        host: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// Nobody answers there: the error of the last address that was tried.
    Connect {
        /// The host and the port.
        address: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// The proxy does not let the connection through.
    Proxy {
        /// What it answers.
        status: StatusCode,
    },
    /// No encrypted connection came about: an unknown issuer, a wrong name, no common version.
    #[cfg(feature = "tls")]
    Tls(Arc<io::Error>),
    /// The certificates of the system cannot be read.
    #[cfg(feature = "tls")]
    Roots(super::tls::TlsError),
    /// The connection broke, or what came over it is not HTTP.
    Http(Arc<hyper::Error>),
    /// The server refused. A redirection counts as one: it is not followed.
    Status {
        /// The HTTP status.
        status: StatusCode,
        /// The code of an Engine.IO server, such as 5 for a revision that it does not speak.
        code: Option<u64>,
        /// What it says about it: the message of an Engine.IO server, else the beginning of the
        /// body. May be empty.
        message: String,
    },
    /// There was no sign of an answer in time: see [`Options::request_timeout`].
    ///
    /// [`Options::request_timeout`]: super::Options::request_timeout
    Timeout,
    /// An answer is larger than allowed: see [`Options::max_payload`].
    ///
    /// [`Options::max_payload`]: super::Options::max_payload
    TooLarge,
    /// An answer cannot be decompressed.
    Encoding,
    /// The server agreed to a WebSocket in a way that it must not.
    Handshake(&'static str),
    /// A WebSocket that was open broke the rules, or a message was larger than allowed.
    WebSocket,
    /// The system has no random bytes to give.
    Randomness,
}

impl Failure {
    /// The HTTP status, if the server or the proxy answered with one.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } | Self::Proxy { status } => Some(*status),
            _ => None,
        }
    }

    /// A refusal of the server, with what its body says. [js engine.io 6.6.12]
    pub(super) fn refusal(status: StatusCode, body: &[u8]) -> Self {
        let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let field = |name| json.as_ref().and_then(|json| json.get(name));
        let message = match field("message") {
            Some(serde_json::Value::String(message)) => message.clone(),
            Some(other) => other.to_string(),
            None => String::from_utf8_lossy(body).trim().to_owned(),
        };
        Self::Status {
            status,
            code: field("code").and_then(serde_json::Value::as_u64),
            message: message.chars().take(MAX_MESSAGE).collect(),
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        Self::Http(Arc::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve { host, .. } => write!(f, "cannot resolve {host}"),
            Self::Connect { address, source } => {
                write!(f, "cannot connect to {address}: {source}")
            }
            Self::Proxy { status } => write!(f, "the proxy answered with status {status}"),
            #[cfg(feature = "tls")]
            Self::Tls(error) => write!(f, "no TLS connection: {error}"),
            #[cfg(feature = "tls")]
            Self::Roots(error) => error.fmt(f),
            Self::Http(error) => write!(f, "HTTP failed: {error}"),
            Self::Status {
                status, message, ..
            } if message.is_empty() => write!(f, "the server answered with status {status}"),
            Self::Status {
                status, message, ..
            } => write!(f, "the server answered with status {status}: {message}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::TooLarge => f.write_str("the answer is larger than allowed"),
            Self::Encoding => f.write_str("the answer cannot be decompressed"),
            Self::Handshake(what) => write!(f, "WebSocket handshake failed: {what}"),
            Self::WebSocket => f.write_str("the WebSocket broke its rules"),
            Self::Randomness => f.write_str("the system has no random bytes"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Resolve { source, .. } | Self::Connect { source, .. } => Some(&**source),
            #[cfg(feature = "tls")]
            Self::Tls(source) => Some(&**source),
            #[cfg(feature = "tls")]
            Self::Roots(error) => Some(error),
            Self::Http(error) => Some(&**error),
            Self::Proxy { .. }
            | Self::Status { .. }
            | Self::Timeout
            | Self::TooLarge
            | Self::Encoding
            | Self::Handshake(_)
            | Self::WebSocket
            | Self::Randomness => None,
        }
    }
}

/// Characters of a refusal that are kept.
const MAX_MESSAGE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> (Option<u64>, String) {
        match Failure::refusal(StatusCode::BAD_REQUEST, body.as_bytes()) {
            Failure::Status { code, message, .. } => (code, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_says_what_the_body_says() {
        for (body, code, message) in [
            (
                r#"{"code":5,"message":"Unsupported protocol version"}"#,
                Some(5),
                "Unsupported protocol version",
            ),
            (r#"{"code":4,"message":{"a":1}}"#, Some(4), r#"{"a":1}"#),
            (" Bad request\n", None, "Bad request"),
            ("", None, ""),
        ] {
            assert_eq!(refused(body), (code, message.to_owned()));
        }
        assert_eq!(refused(&"é".repeat(5000)).1.chars().count(), MAX_MESSAGE);
    }
}
