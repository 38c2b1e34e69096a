//! What a client decides about its sessions.

use crate::backoff::Reconnection;
use crate::{Limits, Parser, engine};

/// The limits and waits of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How each Engine.IO session is opened and kept, the time that one attempt may take among it.
    pub engine: engine::client::Config,
    /// How the client gets back what it has lost. `None`: it gives up at the first failure.
    pub reconnection: Option<Reconnection>,
    /// How many bytes may wait in one namespace for it to be connected: 16 MiB.
    ///
    /// At the bound an event is refused, so at most one event more than this is held. The same
    /// bound counts for the events of a server that has not let the client in yet.
    pub buffer_limit: usize,
    /// How packets are written, and have to be: JSON by default. That of the server.
    pub parser: Parser,
    /// What the decoder accepts.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: engine::client::Config::default(),
            reconnection: Some(Reconnection::default()),
            buffer_limit: 16 * 1024 * 1024,
            parser: Parser::default(),
            limits: Limits::default(),
        }
    }
}
