//! The right to answer one event.

use crate::{AckId, Namespace};

/// A right to answer one event. Consumed by [`server::Connection::reply`] and
/// [`client::Client::reply`], whichever reported the event.
///
/// [`server::Connection::reply`]: crate::server::Connection::reply
/// [`client::Client::reply`]: crate::client::Client::reply
#[derive(Debug)]
#[must_use = "the peer waits for an answer"]
pub struct ReplyTo {
    pub(crate) namespace: Namespace,
    pub(crate) id: AckId,
    pub(crate) visit: Visit,
}

impl ReplyTo {
    /// Returns the namespace in which the event was emitted.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

/// One stay in a namespace: a right from an earlier stay is worth nothing in a later one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Visit(u64);

impl Visit {
    pub(crate) fn new(serial: u64) -> Self {
        Self(serial)
    }
}
