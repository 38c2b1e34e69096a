//! Limits and intervals of a session, each with its unit and default.

use core::time::Duration;

use engineio_parser::{Message, legacy::Dialect, payload::Framing};

use crate::heartbeat::Rhythm;

/// What a server allows and how long it waits. The defaults are those of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// From the handshake, or the last pong, to the next ping: 25 s. [eio4 § Heartbeat]
    pub ping_interval: Duration,
    /// From a ping to the end of the session if no pong comes: 20 s. [eio4 § Heartbeat]
    pub ping_timeout: Duration,
    /// How long a WebSocket may take to complete an upgrade: 10 s. [eio4 § Upgrade]
    pub upgrade_timeout: Duration,
    /// How long a graceful close waits for the client to fetch what is queued: 30 s.
    pub close_timeout: Duration,
    /// The largest body or WebSocket message a client may send, in bytes: 1 000 000.
    ///
    /// The driver enforces it while reading; the session only announces it.
    pub max_payload: u64,
    /// How many bytes may wait for a slow client: 16 MiB.
    ///
    /// At the bound a message is refused, so at most one message more than this is held.
    pub buffer_limit: usize,
    /// The transports that are offered: both.
    pub transports: Transports,
    /// Whether a session may move from polling to WebSocket: yes.
    pub allow_upgrades: bool,
    /// What every client is told behind the handshake, over polling in the same answer: nothing.
    /// [js engine.io 6.6.12]
    pub initial_packet: Option<Message>,
    /// Whether clients of revisions 2 and 3 are served, those of Socket.IO 1 and 2: no.
    /// [js engine.io 6.6.12: `allowEIO3`]
    pub legacy_clients: bool,
    /// How clients of revision 3 write text that is not ASCII: as it is, as Socket.IO 2 does.
    ///
    /// Browsers with Socket.IO 1.1 – 1.7 want [`Dialect::ByteStringPayloads`]. In a dialect of byte
    /// strings, what a client sends is understood if it is one, and taken as it is if not.
    pub legacy_dialect: Dialect,
    /// When clients of revision 3 are answered in bytes: when there are some.
    ///
    /// Browsers with Socket.IO 1.1 – 1.3 want [`Framing::Always`].
    pub legacy_framing: Framing,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(30),
            max_payload: 1_000_000,
            buffer_limit: 16 * 1024 * 1024,
            transports: Transports::ALL,
            allow_upgrades: true,
            initial_packet: None,
            legacy_clients: false,
            legacy_dialect: Dialect::Plain,
            legacy_framing: Framing::OnDemand,
        }
    }
}

impl Config {
    pub(crate) const fn rhythm(&self) -> Rhythm {
        Rhythm {
            interval: self.ping_interval,
            timeout: self.ping_timeout,
        }
    }

    /// Whether a polling session may become a WebSocket session.
    pub(crate) const fn offers_upgrade(&self) -> bool {
        self.allow_upgrades && self.transports.websocket
    }
}

/// A set of transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transports {
    /// HTTP long-polling.
    pub polling: bool,
    /// WebSocket.
    pub websocket: bool,
}

impl Transports {
    /// Polling and WebSocket.
    pub const ALL: Self = Self {
        polling: true,
        websocket: true,
    };
    /// Polling alone: nobody upgrades.
    pub const POLLING: Self = Self {
        polling: true,
        websocket: false,
    };
    /// WebSocket alone: a session opens there or not at all.
    pub const WEBSOCKET: Self = Self {
        polling: false,
        websocket: true,
    };

    /// Whether a transport is in the set.
    #[must_use]
    pub const fn contains(self, transport: TransportKind) -> bool {
        match transport {
            TransportKind::Polling => self.polling,
            TransportKind::WebSocket => self.websocket,
        }
    }
}

impl Default for Transports {
    fn default() -> Self {
        Self::ALL
    }
}

/// A way for packets to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportKind {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}
