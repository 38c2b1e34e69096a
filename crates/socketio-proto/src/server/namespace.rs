//! The namespaces of one connection: asked for, joined, left.
//!
//! Three short lists instead of a map: a connection has one or two namespaces, and the order in
//! which they were joined is the order in which they end.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::reply::Visit;
use crate::{Encoded, Namespace, PrivateId, Resume, SocketId, Utf8Bytes};

/// A client at the door. Not `Clone`: it is let in or kept out, once.
///
/// Dropped without an answer it leaves the client waiting; a driver wraps it in a guard that
/// refuses.
#[derive(Debug)]
#[must_use = "the client waits until it is accepted or rejected"]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The namespace asked for, literally: a query string is a part of its name.
    pub namespace: Namespace,
    /// What the client said about itself: a JSON object, or nothing.
    pub auth: Option<Utf8Bytes>,
    /// Where an earlier connection left off, if the client says so. It is a claim:
    /// [`RecoveryLog::restore`](crate::RecoveryLog::restore) decides.
    pub resume: Option<Resume>,
    /// The id that the client takes for its own without being told, if it is one of Socket.IO 1 or
    /// 2: then [`Accept::sid`] has to be this one. It contains the id of the session, so such
    /// clients must not be shown each other's.
    pub sid: Option<SocketId>,
}

impl ConnectRequest {
    pub(super) fn new(namespace: Namespace, auth: Option<Utf8Bytes>) -> Self {
        let resume = auth.as_deref().and_then(Resume::of);
        Self {
            namespace,
            auth,
            resume,
            sid: None,
        }
    }

    /// A request of a client that derives its id.
    pub(super) fn derived(namespace: Namespace, auth: Option<Utf8Bytes>, sid: SocketId) -> Self {
        Self {
            namespace,
            auth,
            resume: None,
            sid: Some(sid),
        }
    }
}

/// The terms on which a client is let in. Ids come from the driver, which owns randomness.
#[derive(Debug)]
pub struct Accept {
    /// The public id: a new one, the old one of a session that was restored, or
    /// [the one](ConnectRequest::sid) that the client has derived.
    pub sid: SocketId,
    /// The private id: a new one, or the old one of a session that was restored. `None` if there
    /// is no recovery.
    pub pid: Option<PrivateId>,
    /// What the client has missed in this namespace, oldest first. Empty unless restored.
    pub missed: Vec<Encoded>,
}

/// Why a namespace cannot be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// It is joined, or asked for already.
    Repeated,
    /// The connection has as many namespaces as it may have.
    TooMany,
}

/// Where the client stands in each namespace. It may be in several.
/// [sio5 § Connection to a namespace]
#[derive(Debug)]
pub(crate) struct Namespaces {
    limit: usize,
    visits: u64,
    pending: Vec<Namespace>,
    joined: Vec<(Namespace, Visit)>,
    left: VecDeque<Namespace>,
}

impl Namespaces {
    /// Starts with none. `limit` bounds the namespaces asked for and joined, and those remembered.
    pub(crate) fn new(limit: usize) -> Self {
        let (pending, joined, left) = (Vec::new(), Vec::new(), VecDeque::new());
        Self {
            limit,
            visits: 0,
            pending,
            joined,
            left,
        }
    }

    /// The client asks for a namespace. One that it left earlier is as good as a new one.
    pub(crate) fn ask(&mut self, namespace: &Namespace) -> Result<(), Refusal> {
        if self.is_reachable(namespace) {
            return Err(Refusal::Repeated);
        }
        if self.pending.len() + self.joined.len() >= self.limit {
            return Err(Refusal::TooMany);
        }
        self.left.retain(|left| left != namespace);
        self.pending.push(namespace.clone());
        Ok(())
    }

    /// Lets the client in. `false` if it did not ask.
    pub(crate) fn accept(&mut self, namespace: &Namespace) -> bool {
        let asked = self.reject(namespace);
        if asked {
            self.joined
                .push((namespace.clone(), Visit::new(self.visits)));
            self.visits += 1;
        }
        asked
    }

    /// Keeps the client out. `false` if it did not ask.
    pub(crate) fn reject(&mut self, namespace: &Namespace) -> bool {
        let place = self.pending.iter().position(|pending| pending == namespace);
        place.map(|place| self.pending.remove(place)).is_some()
    }

    /// The client leaves, or has to. `false` if it was not in.
    pub(crate) fn leave(&mut self, namespace: &Namespace) -> bool {
        let Some(place) = self
            .joined
            .iter()
            .position(|(joined, _)| joined == namespace)
        else {
            return false;
        };
        let (namespace, _) = self.joined.remove(place);
        if self.left.len() >= self.limit {
            self.left.pop_front();
        }
        self.left.push_back(namespace);
        true
    }

    /// The client leaves everything, in the order in which it joined.
    pub(crate) fn leave_all(&mut self) -> impl Iterator<Item = Namespace> + use<> {
        core::mem::take(&mut self.joined)
            .into_iter()
            .map(|(namespace, _)| namespace)
    }

    /// Whatever was asked for will not be answered any more.
    pub(crate) fn drop_pending(&mut self) -> Vec<Namespace> {
        core::mem::take(&mut self.pending)
    }

    /// The client's present stay in a namespace.
    pub(crate) fn visit(&self, namespace: &Namespace) -> Option<Visit> {
        self.joined
            .iter()
            .find(|(joined, _)| joined == namespace)
            .map(|(_, visit)| *visit)
    }

    /// The namespaces in which the client is, in the order in which it joined.
    pub(crate) fn joined(&self) -> impl Iterator<Item = &Namespace> {
        self.joined.iter().map(|(namespace, _)| namespace)
    }

    /// Whether a packet for this namespace may be sent: it is joined or asked for.
    pub(crate) fn is_reachable(&self, namespace: &Namespace) -> bool {
        self.visit(namespace).is_some() || self.pending.contains(namespace)
    }

    /// Whether the client was in this namespace and is not any more.
    pub(crate) fn has_left(&self, namespace: &Namespace) -> bool {
        self.left.contains(namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn name(index: usize) -> Namespace {
        Namespace::new(format!("/{index}")).unwrap()
    }

    #[test]
    fn a_namespace_is_asked_for_once_at_a_time() {
        let mut namespaces = Namespaces::new(8);
        assert_eq!(namespaces.ask(&name(0)), Ok(()));
        assert_eq!(namespaces.ask(&name(0)), Err(Refusal::Repeated));
        assert!(namespaces.reject(&name(0)));
        assert_eq!(namespaces.ask(&name(0)), Ok(()));
        assert!(namespaces.accept(&name(0)));
        assert_eq!(namespaces.ask(&name(0)), Err(Refusal::Repeated));
        assert!(!namespaces.accept(&name(0)));
    }

    #[test]
    fn each_stay_is_another_visit() {
        let mut namespaces = Namespaces::new(8);
        let mut visits = Vec::new();
        for _ in 0..2 {
            namespaces.ask(&name(0)).unwrap();
            assert!(namespaces.accept(&name(0)));
            visits.push(namespaces.visit(&name(0)));
            assert!(namespaces.leave(&name(0)) && namespaces.has_left(&name(0)));
        }
        assert_ne!(visits[0], visits[1]);
    }

    #[test]
    fn everything_ends_in_the_order_of_joining() {
        let mut namespaces = Namespaces::new(8);
        for index in 0..3 {
            namespaces.ask(&name(index)).unwrap();
        }
        for index in [2, 0, 1] {
            assert!(namespaces.accept(&name(index)));
        }
        let order: Vec<_> = namespaces.leave_all().collect();
        assert_eq!(order, [name(2), name(0), name(1)]);
    }

    #[test]
    fn the_lists_do_not_grow_without_bound() {
        let mut namespaces = Namespaces::new(2);
        for index in 0..5 {
            namespaces.ask(&name(index)).unwrap();
            assert!(namespaces.accept(&name(index)) && namespaces.leave(&name(index)));
        }
        assert!(!namespaces.has_left(&name(2)) && namespaces.has_left(&name(3)));
        namespaces.ask(&name(5)).unwrap();
        namespaces.ask(&name(6)).unwrap();
        assert_eq!(namespaces.ask(&name(7)), Err(Refusal::TooMany));
    }
}
