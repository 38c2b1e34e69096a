//! The options of a client.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tls")]
use engineio_tokio::client::Tls;
use engineio_tokio::client::{Dialer, Options, Proxy, Timestamps, TransportOptions};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use socketio_proto::client::{Config, Delivery, Offline, Reconnection};
use socketio_proto::engine::TransportKind;
use socketio_proto::engine::parser::Revision;
use socketio_proto::{Limits, Parser};

use crate::client::auth::IntoAuth;
use crate::client::context::{
    ConnectContext, ConnectErrorContext, DisconnectContext, EventContext,
};
use crate::client::error::{BuildError, ConnectError};
use crate::client::manager::{Client, Plan};
use crate::client::queue::Overflow;
use crate::client::sender::Sender;
use crate::client::setup::{Setup, setup};
use crate::client::socket::Socket;
use crate::error::HandlerError;
use crate::handler::{Handler, erase, erase_typed};
use crate::outgoing::Outgoing;
use crate::typed::{Acknowledges, Event, EventOf, OutputOf, TypedArguments};

/// The options of a client, with the defaults of the JavaScript one.
///
/// Their JavaScript names stand in brackets. What can be wrong with them is told by
/// [`build`](Self::build), [`open`](Self::open) and [`connect`](Self::connect).
#[must_use = "nothing is dialed until `connect` or `open`"]
pub struct Builder {
    url: String,
    options: Options,
    config: Config,
    reconnection: Reconnection,
    reconnects: bool,
    retries: Option<u32>,
    ack_timeout: Option<Duration>,
    max_in_flight: usize,
    pub(crate) setup: Setup,
}

/// The connection.
impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        let mut options = Options::default();
        "/socket.io".clone_into(&mut options.path);
        Self {
            url: url.to_owned(),
            options,
            config: Config::default(),
            reconnection: Reconnection::default(),
            reconnects: true,
            retries: None,
            ack_timeout: None,
            max_in_flight: MAX_IN_FLIGHT,
            setup: Setup::default(),
        }
    }

    /// The path of all requests: `/socket.io`. \[`path`\]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.options.path = path.into();
        self
    }

    /// Whether the path ends with a slash: yes. \[`addTrailingSlash`\]
    pub fn add_trailing_slash(mut self, add: bool) -> Self {
        self.options.add_trailing_slash = add;
        self
    }

    /// Adds a parameter to every request. One of the same name in the URL wins. \[`query`\]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header to every request. \[`extraHeaders`\]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let parsed = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = parsed {
            self.options.headers.append(name, value);
        } else {
            self.setup.error = Some(BuildError::InvalidHeader(name.to_owned()));
        }
        self
    }

    /// The headers of every request, instead of those given before. \[`extraHeaders`\]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.options.headers = headers;
        self
    }

    /// What requests of polling have in addition. \[`transportOptions.polling`\]
    pub fn polling(mut self, options: TransportOptions) -> Self {
        self.options.polling = options;
        self
    }

    /// What WebSockets have in addition. \[`transportOptions.websocket`\]
    pub fn web_socket(mut self, options: TransportOptions) -> Self {
        self.options.web_socket = options;
        self
    }

    /// Whether cookies of the server come back to it: yes, so that a balancer with sticky sessions
    /// finds its way. \[`withCredentials`\]
    pub fn cookies(mut self, cookies: bool) -> Self {
        self.options.cookies = cookies;
        self
    }

    /// The transports that may be used, the first one to begin with: polling, then WebSocket.
    /// \[`transports`\]
    pub fn transports(mut self, transports: impl IntoIterator<Item = TransportKind>) -> Self {
        self.config.engine.transports = transports.into_iter().collect();
        self
    }

    /// Whether a session over polling moves to WebSocket: yes. \[`upgrade`\]
    pub fn upgrade(mut self, upgrade: bool) -> Self {
        self.config.engine.upgrade = upgrade;
        self
    }

    /// Whether the next transport is tried if the first one cannot connect: no.
    /// \[`tryAllTransports`\]
    pub fn try_all_transports(mut self, try_all: bool) -> Self {
        self.config.engine.try_all_transports = try_all;
        self
    }

    /// Whether a session begins with WebSocket if the one before ended on it: no.
    /// \[`rememberUpgrade`\]
    pub fn remember_upgrade(mut self, remember: bool) -> Self {
        self.config.remember_upgrade = remember;
        self
    }

    /// Whether bytes travel as base64 over every transport: no. \[`forceBase64`\]
    pub fn force_base64(mut self, force: bool) -> Self {
        self.config.engine.force_base64 = force;
        self
    }

    /// The revision of Engine.IO that the server speaks: 4. A server of Socket.IO 2 speaks
    /// [`Revision::V3`].
    pub fn revision(mut self, revision: Revision) -> Self {
        self.config.engine.revision = revision;
        self
    }

    /// How long a request may go without a sign of its answer: as long as the session lives.
    /// \[`requestTimeout`\]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = Some(timeout);
        self
    }

    /// Which requests are made different from all others, because of caches: those of polling.
    /// \[`timestampRequests`\]
    pub fn timestamps(mut self, timestamps: Timestamps) -> Self {
        self.options.timestamps = timestamps;
        self
    }

    /// The name of the parameter that makes requests different: `t`. \[`timestampParam`\]
    pub fn timestamp_param(mut self, name: impl Into<String>) -> Self {
        self.options.timestamp_param = name.into();
        self
    }

    /// The subprotocols that WebSockets offer: none. \[`protocols`\]
    pub fn protocols(mut self, protocols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// The HTTP proxy through which the server is reached: none. \[`agent`\]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.options.proxy = Some(proxy);
        self
    }

    /// Whom to trust, and as whom to appear: the roots of the system, and as nobody.
    /// \[`ca`, `cert`, `key`, `rejectUnauthorized`\]
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.options.tls = tls;
        self
    }

    /// The address to call from: the system chooses. \[`localAddress`\]
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.options.local_address = Some(address);
        self
    }

    /// How large an answer or a message may be, in bytes: 100 MiB. What is larger ends the session.
    pub fn max_payload(mut self, bytes: u64) -> Self {
        self.options.max_payload = bytes;
        self
    }

    /// How messages are compressed on WebSockets whose server agrees: from 1024 bytes on. `None`:
    /// not at all. \[`perMessageDeflate`\]
    #[cfg(feature = "compression")]
    pub fn per_message_deflate(
        mut self,
        deflate: Option<engineio_tokio::PerMessageDeflate>,
    ) -> Self {
        self.options.per_message_deflate = deflate;
        self
    }

    /// How packets are written, and have to be: JSON. That of the server. \[`parser`\]
    pub fn parser(mut self, parser: Parser) -> Self {
        self.config.parser = parser;
        self
    }

    /// What the decoder accepts: attachments, and how deep values may be nested.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }
}

/// What is lost, and how it comes back.
impl Builder {
    /// Whether the client comes back by itself: yes. \[`reconnection`\]
    pub fn reconnection(mut self, reconnection: bool) -> Self {
        self.reconnects = reconnection;
        self
    }

    /// How many attempts may fail in a row before the client ends: `None`, any number.
    /// \[`reconnectionAttempts`\]
    pub fn reconnection_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.reconnection.attempts = attempts.into();
        self
    }

    /// The first wait before the client comes back: 1 s, then twice as long each time.
    /// \[`reconnectionDelay`\]
    pub fn reconnection_delay(mut self, delay: Duration) -> Self {
        self.reconnection.delay = delay;
        self
    }

    /// The longest wait: 5 s. \[`reconnectionDelayMax`\]
    pub fn reconnection_delay_max(mut self, delay: Duration) -> Self {
        self.reconnection.delay_max = delay;
        self
    }

    /// By which part of itself a wait may be shorter or longer: 0.5. \[`randomizationFactor`\]
    pub fn randomization_factor(mut self, factor: f64) -> Self {
        self.reconnection.jitter = factor;
        self
    }

    /// How long one attempt to open a session may take: 20 s. \[`timeout`\]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.engine.opening_timeout = timeout;
        self
    }

    /// What becomes of an emit while its namespace is not connected: it waits.
    pub fn while_offline(mut self, offline: Offline) -> Self {
        self.config.while_offline = offline;
        self
    }

    /// How many bytes may wait in one namespace for the server: 16 MiB. At the bound an emit fails
    /// with [`EmitError::Full`](crate::EmitError::Full).
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.config.buffer_limit = bytes;
        self
    }

    /// Sends every event until the server has answered it, at most so many more times, one after
    /// the other: at least once instead of at most once. \[`retries`, `ackTimeout`\]
    ///
    /// The server has to acknowledge every event, and may see one more than once. What was not
    /// answered in the end is [`Item::Undelivered`](crate::client::Item::Undelivered).
    pub fn retries(mut self, retries: u32, ack_timeout: Duration) -> Self {
        self.retries = Some(retries);
        self.ack_timeout = Some(ack_timeout);
        self
    }

    /// How long a call without a timeout of its own waits: as long as there is a session.
    /// \[`ackTimeout`\]
    pub fn ack_timeout(mut self, ack_timeout: Duration) -> Self {
        self.ack_timeout = Some(ack_timeout);
        self
    }

    /// How many handlers may be at work at the same time: 32. Then the client stops reading from
    /// the server until one has finished.
    pub fn max_in_flight(mut self, handlers: usize) -> Self {
        self.max_in_flight = handlers.max(1);
        self
    }
}

/// What all namespaces have, unless they are opened by [`Client::namespace`].
impl Builder {
    setup!();
}

/// The end.
impl Builder {
    /// Makes a client that dials when its first namespace is opened.
    ///
    /// # Errors
    ///
    /// If the URL or an option cannot be used.
    pub fn build(self) -> Result<Client, BuildError> {
        if let Some(error) = self.setup.error {
            return Err(error);
        }
        if let Some(path) = path_of(&self.url) {
            return Err(BuildError::NamespaceInUrl(path.to_owned()));
        }
        let mut config = self.config;
        config.reconnection = self.reconnects.then_some(self.reconnection);
        config.delivery = delivery(self.retries, self.ack_timeout);
        // The bound of each namespace is looked at when something is emitted there. This one is for
        // answers to a server that asks without ever reading.
        config.engine.buffer_limit = config.buffer_limit.saturating_mul(4);
        let plan = Plan {
            dialer: Dialer::new(&self.url, self.options)?,
            config,
            max_in_flight: self.max_in_flight,
        };
        Ok(Client::new(plan, self.setup))
    }

    /// Makes a client with one namespace, and waits until the server has let it in: see
    /// [`Client::connect`].
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    pub async fn connect(self, namespace: &str) -> Result<Socket, ConnectError> {
        self.build()?.connect(namespace).await
    }

    /// Makes a client with one namespace, and goes on trying to reach the server: see
    /// [`Client::open`].
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build) and [`Client::open`].
    pub fn open(self, namespace: &str) -> Result<Socket, BuildError> {
        self.build()?.open(namespace)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What is between the port and the query of a URL, if that is more than a slash.
pub(crate) fn path_of(url: &str) -> Option<&str> {
    let (start, end) = path_range(url)?;
    url.get(start..end)
        .filter(|path| !matches!(*path, "" | "/"))
}

/// Where the path of a URL begins and ends.
pub(crate) fn path_range(url: &str) -> Option<(usize, usize)> {
    let authority = url.find("://")? + 3;
    let rest = url.get(authority..)?;
    let end_of = |found: Option<usize>| found.map_or(url.len(), |at| authority + at);
    let start = end_of(rest.find(['/', '?', '#']));
    let end = end_of(rest.find(['?', '#']));
    Some((start, end))
}

fn delivery(retries: Option<u32>, ack_timeout: Option<Duration>) -> Delivery {
    match (retries, ack_timeout) {
        (Some(retries), Some(ack_timeout)) => Delivery::AtLeastOnce {
            ack_timeout,
            retries,
        },
        (_, ack_timeout) => Delivery::AtMostOnce { ack_timeout },
    }
}

/// As on the server.
const MAX_IN_FLIGHT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_url_is_between_port_and_query() {
        for (url, path) in [
            ("http://a:1", None),
            ("http://a:1/", None),
            ("http://a:1?b=/c", None),
            ("http://a:1/?b", None),
            ("http://a:1/chat", Some("/chat")),
            ("http://[::1]:1/chat?b=1#c", Some("/chat")),
            ("nonsense", None),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_when_it_is_built() {
        let build = |url| Builder::new(url).build();
        assert!(build("http://localhost:3000").is_ok());
        let error = build("http://localhost:3000/chat").unwrap_err();
        assert!(
            error.to_string().contains("/chat is a namespace"),
            "{error}"
        );
        assert!(matches!(build("ftp://a"), Err(BuildError::Dialer(_))));
        let headed = Builder::new("http://a").header("a b", "c").build();
        assert!(matches!(headed, Err(BuildError::InvalidHeader(_))));
        let authed = Builder::new("http://a").auth(1).build();
        assert!(matches!(authed, Err(BuildError::InvalidAuth(_))));
    }

    #[test]
    fn a_namespace_needs_a_runtime() {
        let client = Builder::new("http://localhost:3000").build().unwrap();
        assert!(matches!(client.open("/"), Err(BuildError::NoRuntime)));
    }
}
