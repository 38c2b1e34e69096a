//! What a client can be told about the way to its server.

use std::{fmt, net::IpAddr, time::Duration};

use http::HeaderMap;

use super::proxy::Proxy;
#[cfg(feature = "tls")]
use super::tls::Tls;
#[cfg(feature = "compression")]
use crate::ws::PerMessageDeflate;

/// What a client can be told about the way to its server. The defaults are those of the reference,
/// whose name of an option stands in brackets. [js engine.io-client 6.6.8]
///
/// What sessions are to do on that way is the business of their machine: which transports, in which
/// order, how long to wait for each. `Debug` shows no header, parameter or key: they may be secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The path of all requests: `/engine.io`. \[`path`\]
    pub path: String,
    /// Whether the path ends with a slash: yes. \[`addTrailingSlash`\]
    pub add_trailing_slash: bool,
    /// Parameters of every request, not encoded: none. A parameter of the URL with the same name
    /// wins. `EIO`, `transport`, `sid`, `b64` and `j` are not for applications: such a parameter is
    /// left out. \[`query`\]
    pub query: Vec<(String, String)>,
    /// Headers of every request: none. They win over those that are sent anyway. \[`extraHeaders`\]
    pub headers: HeaderMap,
    /// What polling has in addition, and what it has otherwise. \[`transportOptions.polling`\]
    pub polling: TransportOptions,
    /// What WebSockets have in addition, and what they have otherwise.
    /// \[`transportOptions.websocket`\]
    pub web_socket: TransportOptions,
    /// Whether cookies of the server come back to it: yes. \[`withCredentials`\]
    ///
    /// The reference keeps none by default. But a client of several servers behind a balancer finds
    /// its session again by such a cookie, and it has no cookies of anybody else to give away.
    pub cookies: bool,
    /// Which requests are made different from all others, because of caches: those of polling.
    /// \[`timestampRequests`\]
    pub timestamps: Timestamps,
    /// The parameter that makes requests different: `t`. \[`timestampParam`\]
    pub timestamp_param: String,
    /// How long a request may go without a sign of its answer, and an answer without its next part.
    /// `None`: as long as the session lives. \[`requestTimeout`, there in ms and 0\]
    ///
    /// A server holds a poll until it has something to say, if only its heartbeat after 25 s: less
    /// than that ends sessions that are quiet.
    pub request_timeout: Option<Duration>,
    /// Subprotocols that WebSockets offer: none. \[`protocols`\]
    pub protocols: Vec<String>,
    /// What stands between this client and the server. `None`: nothing. \[`agent`\]
    pub proxy: Option<Proxy>,
    /// Whom to trust, and as whom to appear. \[`ca`, `cert`, `key`, `rejectUnauthorized`\]
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// The address to call from. `None`: the system chooses. \[`localAddress`\]
    pub local_address: Option<IpAddr>,
    /// Bytes of an answer or of a message, decompressed, at most: 100 MiB, as the WebSockets of the
    /// reference have it. [js ws 8.18: `maxPayload`]
    ///
    /// Nothing larger is held in memory. An answer beyond it is a failed request, a message beyond
    /// it closes its WebSocket with status 1009: either ends the session.
    pub max_payload: u64,
    /// How messages are compressed on WebSockets whose server agrees: from 1024 bytes on. `None`:
    /// not at all. \[`perMessageDeflate`\]
    #[cfg(feature = "compression")]
    pub per_message_deflate: Option<PerMessageDeflate>,
    /// Whether packets are sent at once instead of waiting for more: yes. [Node: `noDelay`]
    pub nodelay: bool,
}

/// What one transport has of its own: it wins over what all have.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct TransportOptions {
    /// Parameters of its requests, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers of its requests.
    pub headers: HeaderMap,
}

/// Which requests carry something that has not been used before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// All of them, those that open WebSockets included.
    Always,
    /// None.
    Never,
    /// Those of polling.
    #[default]
    Polling,
}

impl Options {
    /// The path as requests have it.
    pub(super) fn normalised_path(&self) -> String {
        // A path goes up to the query, so it has no such characters.
        let path = self.path.replace('?', "%3F").replace('#', "%23");
        let bare = path.strip_suffix('/').unwrap_or(&path);
        let begin = if bare.starts_with('/') { "" } else { "/" };
        let end = if self.add_trailing_slash { "/" } else { "" };
        match format!("{begin}{bare}{end}") {
            path if path.is_empty() => "/".to_owned(),
            path if path == "//" => "/".to_owned(),
            path => path,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: "/engine.io".to_owned(),
            add_trailing_slash: true,
            query: Vec::new(),
            headers: HeaderMap::new(),
            polling: TransportOptions::default(),
            web_socket: TransportOptions::default(),
            cookies: true,
            timestamps: Timestamps::default(),
            timestamp_param: "t".to_owned(),
            request_timeout: None,
            protocols: Vec::new(),
            proxy: None,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
            local_address: None,
            max_payload: 100 * 1024 * 1024,
            #[cfg(feature = "compression")]
            per_message_deflate: Some(PerMessageDeflate::default()),
            nodelay: true,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("path", &self.path)
            .field("add_trailing_slash", &self.add_trailing_slash)
            .field("cookies", &self.cookies)
            .field("timestamps", &self.timestamps)
            .field("request_timeout", &self.request_timeout)
            .field("protocols", &self.protocols)
            .field("proxy", &self.proxy)
            .field("local_address", &self.local_address)
            .field("max_payload", &self.max_payload)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TransportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportOptions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_a_slash_and_ends_as_it_is_told() {
        for (path, slash, normalised) in [
            ("/engine.io", true, "/engine.io/"),
            ("/engine.io/", true, "/engine.io/"),
            ("/engine.io/", false, "/engine.io"),
            ("chat", true, "/chat/"),
            ("/", true, "/"),
            ("", true, "/"),
            ("", false, "/"),
            ("/a?b#c", true, "/a%3Fb%23c/"),
        ] {
            let options = Options {
                path: path.to_owned(),
                add_trailing_slash: slash,
                ..Options::default()
            };
            assert_eq!(options.normalised_path(), normalised, "{path} {slash}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut options = Options {
            proxy: Some("http://me:hush@proxy:3128".parse().unwrap()),
            query: vec![("token".into(), "hush".into())],
            ..Options::default()
        };
        options
            .headers
            .insert("authorization", "hush".parse().unwrap());
        options.polling.query = options.query.clone();
        let text = format!("{options:?} {:?}", options.polling);
        assert!(
            !text.contains("hush") && text.contains("proxy:3128"),
            "{text}"
        );
    }
}
