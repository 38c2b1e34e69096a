//! What can be counted about a server, for metrics.

use socketio_proto::{ConnectError, DisconnectReason, Namespace as Name};

use crate::error::HandlerError;
use crate::server::socket::Socket;

/// Told what happens to sockets, from the tasks of their connections. What happens to the
/// connections beneath, and to their packets and bytes, the [`EngineObserver`] is told.
///
/// Nothing has to be implemented, and without an observer nothing is looked at. What blocks here
/// holds up a connection. What can be asked for at any time, such as the number of sockets and
/// rooms and the bytes that wait, is in [`Server::metrics`](crate::Server::metrics).
///
/// [`EngineObserver`]: crate::EngineObserver
#[expect(unused_variables, reason = "the names are for who implements them")]
pub trait Observer: engineio_tokio::Observer {
    /// A client was let into a namespace.
    fn socket_connected(&self, socket: &Socket) {}

    /// A client was kept out of a namespace.
    fn socket_refused(&self, namespace: &Name, error: &ConnectError) {}

    /// A client has left a namespace, for one of the reasons that
    /// [`DisconnectReason::as_str`] spells.
    fn socket_disconnected(&self, socket: &Socket, reason: &DisconnectReason) {}

    /// A client has sent an event.
    fn event_received(&self, socket: &Socket, event: &str) {}

    /// An event did not reach its handler, or the handler failed: what `on_error` is told.
    fn handler_failed(&self, socket: &Socket, error: &HandlerError) {}
}

/// The state of a server at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Connections, those that end included until their last handler is done.
    pub connections: usize,
    /// Bytes that wait for clients to read them.
    pub queued_bytes: usize,
    /// One entry for each namespace that exists, in no particular order.
    pub namespaces: Vec<NamespaceMetrics>,
}

/// The state of a namespace at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceMetrics {
    /// Its path.
    pub name: String,
    /// The clients in it.
    pub sockets: usize,
    /// Its rooms, those with the name of a socket not counted.
    pub rooms: usize,
}
