//! What a server decides about its connections.

use core::time::Duration;

use crate::{Limits, Parser};

/// The encoding and the limits of one connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long a client may take to join its first namespace; 45 s by default.
    ///
    /// Refused requests, and requests that nobody has answered yet, do not count as joined.
    pub connect_timeout: Duration,
    /// How many namespaces a client may be in, or wait for, at once; 1024 by default.
    ///
    /// Further requests are refused. The same number of namespaces that the client has left is
    /// remembered.
    pub max_namespaces: usize,
    /// How packets are written, and have to be: JSON by default.
    pub parser: Parser,
    /// What the decoder accepts.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // [js socket.io 4.8.4] `connectTimeout`
            connect_timeout: Duration::from_secs(45),
            max_namespaces: 1024,
            parser: Parser::default(),
            limits: Limits::default(),
        }
    }
}
