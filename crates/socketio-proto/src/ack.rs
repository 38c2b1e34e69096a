//! Answers that are still expected, and until when.
//!
//! Invariant: `due` holds exactly the deadlines of the entries of `waiting` that have one.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::{AckId, Namespace, Timestamp};

/// Why an acknowledgement will not come.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AckError {
    /// The namespace was disconnected, or the client was kept out, before the answer came.
    ///
    /// A client whose event has not left yet goes on waiting: it will leave after reconnecting.
    #[error("socket has been disconnected")]
    Disconnected,
    /// The time given to the emit has passed.
    #[error("operation has timed out")]
    TimedOut,
}

/// The acknowledgements of one connection.
///
/// One counter serves all namespaces: an id is never used again, so a late answer to a socket that
/// is gone cannot be taken for an answer to its successor. [sio5 § Acknowledgement]
#[derive(Debug, Default)]
pub(crate) struct Acks {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    due: BTreeSet<(Timestamp, u64)>,
}

impl Acks {
    /// The id of the next [`expect`](Self::expect).
    pub(crate) fn next_id(&self) -> AckId {
        AckId::new(self.next)
    }

    /// Starts waiting for an answer from a namespace, until `answer_by` if there is a limit.
    pub(crate) fn expect(&mut self, namespace: Namespace, answer_by: Option<Timestamp>) -> AckId {
        let id = self.next;
        self.next += 1;
        self.waiting.insert(
            id,
            Waiting {
                namespace,
                answer_by,
            },
        );
        self.due.extend(answer_by.map(|at| (at, id)));
        AckId::new(id)
    }

    /// Whether this answer is expected; it is not from then on.
    ///
    /// Unknown and repeated ids are ignored as the reference does [js socket.io 4.8.4], and so are
    /// answers that come from another namespace than the one asked.
    pub(crate) fn settle(&mut self, namespace: &Namespace, id: AckId) -> bool {
        let id = id.get();
        if self
            .waiting
            .get(&id)
            .is_none_or(|waiting| waiting.namespace != *namespace)
        {
            return false;
        }
        self.remove(id).is_some()
    }

    /// Stops waiting for an answer without a word.
    pub(crate) fn forget(&mut self, id: AckId) {
        self.remove(id.get());
    }

    /// Stops waiting for the oldest overdue answer, if there is one.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Option<(Namespace, AckId)> {
        let &(at, id) = self.due.first()?;
        if at > now {
            return None;
        }
        self.remove(id)
            .map(|waiting| (waiting.namespace, AckId::new(id)))
    }

    /// Stops waiting for a namespace; returns the ids in the order in which they were asked.
    pub(crate) fn abandon(&mut self, namespace: &Namespace) -> Vec<AckId> {
        self.abandon_unless(namespace, |_| false)
    }

    /// Stops waiting for a namespace, except for the answers to what `is_kept`; returns the ids in
    /// the order in which they were asked.
    pub(crate) fn abandon_unless(
        &mut self,
        namespace: &Namespace,
        is_kept: impl Fn(AckId) -> bool,
    ) -> Vec<AckId> {
        let is_void = |id: &AckId| !is_kept(*id);
        let of_namespace = |(id, waiting): (&u64, &Waiting)| {
            (waiting.namespace == *namespace).then_some(AckId::new(*id))
        };
        let ids: Vec<_> = self
            .waiting
            .iter()
            .filter_map(of_namespace)
            .filter(is_void)
            .collect();
        for id in &ids {
            self.remove(id.get());
        }
        ids
    }

    /// When [`expire`](Self::expire) will next find something.
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        self.due.first().map(|&(at, _)| at)
    }

    fn remove(&mut self, id: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        if let Some(at) = waiting.answer_by {
            self.due.remove(&(at, id));
        }
        Some(waiting)
    }
}

#[derive(Debug)]
struct Waiting {
    namespace: Namespace,
    answer_by: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn ids_count_from_zero_over_all_namespaces() {
        let mut acks = Acks::default();
        let admin = Namespace::new("/admin").unwrap();
        assert_eq!(acks.next_id().get(), 0);
        assert_eq!(acks.expect(Namespace::root(), None).get(), 0);
        assert_eq!(acks.expect(admin.clone(), None).get(), 1);
        assert!(acks.settle(&admin, AckId::new(1)));
        assert_eq!(acks.expect(admin, None).get(), 2);
    }

    #[test]
    fn an_answer_counts_once_and_only_from_the_namespace_asked() {
        let mut acks = Acks::default();
        let id = acks.expect(Namespace::root(), Some(at(5)));
        assert!(!acks.settle(&Namespace::new("/admin").unwrap(), id));
        assert!(acks.settle(&Namespace::root(), id));
        assert!(!acks.settle(&Namespace::root(), id));
        assert_eq!(acks.next_timeout(), None);
    }

    #[test]
    fn the_overdue_expire_in_the_order_of_their_deadlines() {
        let mut acks = Acks::default();
        let late = acks.expect(Namespace::root(), Some(at(9)));
        let early = acks.expect(Namespace::root(), Some(at(3)));
        acks.expect(Namespace::root(), None);
        assert_eq!(acks.next_timeout(), Some(at(3)));
        assert_eq!(acks.expire(at(2)), None);
        assert_eq!(acks.expire(at(9)), Some((Namespace::root(), early)));
        assert_eq!(acks.expire(at(9)), Some((Namespace::root(), late)));
        assert_eq!(acks.expire(at(99)), None);
    }

    #[test]
    fn abandoning_a_namespace_leaves_the_others() {
        let mut acks = Acks::default();
        let admin = Namespace::new("/admin").unwrap();
        let first = acks.expect(Namespace::root(), Some(at(3)));
        let other = acks.expect(admin.clone(), Some(at(4)));
        let second = acks.expect(Namespace::root(), None);
        assert_eq!(acks.abandon(&Namespace::root()), [first, second]);
        assert_eq!(acks.next_timeout(), Some(at(4)));
        assert!(acks.settle(&admin, other));
    }
}
