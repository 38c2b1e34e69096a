//! What a client decides about its sessions.

use super::Delivery;
use crate::backoff::Reconnection;
use crate::{Limits, Parser, engine};

/// The limits and waits of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How each Engine.IO session is opened and kept, the time that one attempt may take among it.
    ///
    /// Its [`revision`](engine::client::Config::revision) says which servers these are: those of
    /// Socket.IO 3 and 4, or, before revision 4, those of [Socket.IO 1 and
    /// 2](super::Client#old-servers).
    pub engine: engine::client::Config,
    /// How the client gets back what it has lost. `None`: it gives up at the first failure.
    pub reconnection: Option<Reconnection>,
    /// Whether a session begins with WebSocket, whatever the order of the transports, if the one
    /// before was over one when it ended: no. If that dial fails, the next one is in order again.
    pub remember_upgrade: bool,
    /// How sure an emit is, and how long answers are waited for: sent once, and without a limit.
    pub delivery: Delivery,
    /// What becomes of an emit while its namespace is not connected: it waits.
    pub while_offline: Offline,
    /// How many bytes may wait in one namespace, for it to be connected or for their turn
    /// ([`Delivery::AtLeastOnce`]): 16 MiB.
    ///
    /// At the bound an event is refused, so at most one event more than this is held. The same
    /// bound counts for the events of a server that has not let the client in yet.
    pub buffer_limit: usize,
    /// How packets are written, and have to be: JSON by default. That of the server. In MessagePack
    /// no server of Socket.IO 1 or 2 is understood.
    pub parser: Parser,
    /// What the decoder accepts.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: engine::client::Config::default(),
            reconnection: Some(Reconnection::default()),
            remember_upgrade: false,
            delivery: Delivery::default(),
            while_offline: Offline::default(),
            buffer_limit: 16 * 1024 * 1024,
            parser: Parser::default(),
            limits: Limits::default(),
        }
    }
}

/// What becomes of an emit in an open namespace that is not connected at the moment: not yet, or
/// not any more until the client is back. Volatile ones are dropped in any case.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Offline {
    /// It waits with the others and leaves in its order, up to
    /// [`Config::buffer_limit`].
    #[default]
    Buffer,
    /// It waits, in the place of the one that was emitted before it in the same namespace and
    /// outage: for states of which only the newest counts. The one before is reported, as
    /// [`Event::Acked`](super::Event::Acked) or [`Event::Undelivered`](super::Event::Undelivered)
    /// with [`AckError::Superseded`](super::AckError::Superseded).
    Latest,
    /// It is refused with [`EmitError::NotConnected`](super::EmitError::NotConnected).
    Reject,
}
