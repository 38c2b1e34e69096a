//! What a client knows of itself, to look at.

use crate::engine::client::Session;
use crate::{Namespace, SocketId};

use super::{Client, Config};

impl Client {
    /// Returns the session beneath, if there is one.
    pub fn engine(&self) -> Option<&Session> {
        self.link.live().map(|live| &live.engine)
    }

    /// Whether the server has let the client into this namespace, and nobody has ended that.
    pub fn is_connected(&self, namespace: &Namespace) -> bool {
        let membership = self.memberships.get(namespace);
        membership.is_some_and(|membership| membership.visit().is_some())
    }

    /// Returns the client's public id in a namespace that is connected.
    pub fn sid(&self, namespace: &Namespace) -> Option<&SocketId> {
        let membership = self.memberships.get(namespace)?;
        membership.visit().and(membership.sid.as_ref())
    }

    /// Whether a namespace is connected, and was recovered when it was last connected: see
    /// [`Event::Connected`](super::Event::Connected).
    pub fn is_recovered(&self, namespace: &Namespace) -> bool {
        let membership = self.memberships.get(namespace);
        membership.is_some_and(|membership| membership.visit().is_some() && membership.recovered)
    }

    /// Returns the configuration, with what was changed since.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether this namespace is connected, or will be by itself as soon as that is possible.
    pub fn is_active(&self, namespace: &Namespace) -> bool {
        let membership = self.memberships.get(namespace);
        membership.is_some_and(|membership| membership.is_wanted())
    }

    /// How many bytes wait in a namespace: for it to be connected, or for their turn. What the
    /// session has taken is [its own](Session::queued_bytes).
    pub fn queued_bytes(&self, namespace: &Namespace) -> usize {
        let membership = self.memberships.get(namespace);
        membership.map_or(0, |membership| membership.buffer.bytes())
    }
}
