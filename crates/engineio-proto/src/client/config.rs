//! What a client prefers, allows and waits for, each with its unit and default.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use engineio_parser::Revision;

use crate::config::TransportKind;

/// How a client connects and how long it waits. The intervals of the heartbeat are the server's:
/// they come with the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The revision of the protocol that the server speaks: 4.
    ///
    /// A server of Socket.IO 2 speaks 3. One of Socket.IO 1.0 speaks 2, as to a browser of its time.
    /// Those between speak 3; text that is not ASCII reaches them unharmed over WebSocket alone.
    pub revision: Revision,
    /// Whether bytes travel as base64, both ways and over every transport: no.
    /// [js engine.io-client 6.6.8: `forceBase64`]
    ///
    /// Revision 4 does so over polling anyway.
    pub force_base64: bool,
    /// The transports that may be used, in order of preference: polling, then WebSocket.
    ///
    /// The first one opens the session. An empty list means polling.
    pub transports: Vec<TransportKind>,
    /// Whether a failed opening is repeated over the next transport of the list: no.
    pub try_all_transports: bool,
    /// Whether a session over polling moves to WebSocket, if both sides have it: yes.
    pub upgrade: bool,
    /// How long one attempt to open a session may take: 20 s.
    pub opening_timeout: Duration,
    /// How long an upgrade may take, from the dial on: 8 s. [eio4 § Upgrade]
    ///
    /// Shorter than the 10 s of servers, so that this side is the one that gives up: a packet
    /// that completes the upgrade then never meets a server that has just abandoned it.
    pub upgrade_timeout: Duration,
    /// How long a graceful close waits for what is queued to leave: 30 s.
    pub close_timeout: Duration,
    /// How many bytes may wait for a slow server: 16 MiB.
    ///
    /// At the bound a message is refused, so at most one message more than this is held.
    pub buffer_limit: usize,
}

impl Default for Config {
    /// Polling first, then an upgrade. [eio4 § Upgrade]
    fn default() -> Self {
        Self {
            revision: Revision::V4,
            force_base64: false,
            transports: vec![TransportKind::Polling, TransportKind::WebSocket],
            try_all_transports: false,
            upgrade: true,
            opening_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(8),
            close_timeout: Duration::from_secs(30),
            buffer_limit: 16 * 1024 * 1024,
        }
    }
}

impl Config {
    /// The transport that is dialed first.
    pub(crate) fn opens_with(&self) -> TransportKind {
        self.transports
            .first()
            .copied()
            .unwrap_or(TransportKind::Polling)
    }

    /// What to dial after so many transports have failed.
    pub(crate) fn falls_back_to(&self, dialed: usize) -> Option<TransportKind> {
        self.transports
            .get(dialed)
            .copied()
            .filter(|_| self.try_all_transports)
    }

    /// Whether a polling session should become a WebSocket session if the server offers it.
    pub(crate) fn wants_upgrade(&self) -> bool {
        self.upgrade && self.transports.contains(&TransportKind::WebSocket)
    }
}
