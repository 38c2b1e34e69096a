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
    #[error("socket has been disconnected")]
    Disconnected,
    /// The time given to the emit has passed.
    #[error("operation has timed out")]
    TimedOut,
}

/// The acknowledgements of one connection.
///
/// The own counter serves all namespaces, and passes over the ids that are given: none of its ids
/// is used again, so a late answer to a socket that is gone cannot be taken for an answer to its
/// successor. [sio5 § Acknowledgement]
#[derive(Debug, Default)]
pub(crate) struct Acks {
    next: u64,
    waiting: BTreeMap<Key, Option<Timestamp>>,
    due: BTreeSet<(Timestamp, Key)>,
}

/// Two namespaces may wait for answers under one id: the reference counts in each for itself.
type Key = (AckId, Namespace);

impl Acks {
    /// The id of the own counter: above all that were used or passed over.
    pub(crate) fn next_id(&self) -> AckId {
        AckId::new(self.next)
    }

    /// The own counter will not use this id, nor one below it.
    pub(crate) fn pass_over(&mut self, id: AckId) {
        self.next = self.next.max(id.get().saturating_add(1));
    }

    /// Whether an answer under this id would be that to a new question: none is expected under it,
    /// and the peer can say it.
    pub(crate) fn is_usable(&self, namespace: &Namespace, id: AckId) -> bool {
        id <= AckId::MAX && !self.waiting.contains_key(&(id, namespace.clone()))
    }

    /// Starts waiting for an answer from a namespace, until `answer_by` if there is a limit.
    /// Nobody waits under this id: see [`is_usable`](Self::is_usable).
    pub(crate) fn expect(&mut self, namespace: Namespace, id: AckId, answer_by: Option<Timestamp>) {
        self.pass_over(id);
        let key = (id, namespace);
        self.due.extend(answer_by.map(|at| (at, key.clone())));
        self.waiting.insert(key, answer_by);
    }

    /// Whether this answer is expected; it is not from then on.
    ///
    /// Unknown and repeated ids are ignored as the reference does [js socket.io 4.8.4], and so are
    /// answers that come from another namespace than the one asked.
    pub(crate) fn settle(&mut self, namespace: &Namespace, id: AckId) -> bool {
        let key = (id, namespace.clone());
        self.remove(&key)
    }

    /// Stops waiting for an answer without a word.
    pub(crate) fn forget(&mut self, namespace: &Namespace, id: AckId) {
        self.remove(&(id, namespace.clone()));
    }

    /// Stops waiting for the oldest overdue answer, if there is one.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Option<(Namespace, AckId)> {
        let (at, _) = self.due.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.waiting.remove(&key);
        let (id, namespace) = key;
        Some((namespace, id))
    }

    /// Stops waiting for a namespace; returns the ids, which is the order in which they were asked
    /// as far as their counter tells.
    pub(crate) fn abandon(&mut self, namespace: &Namespace) -> Vec<AckId> {
        self.abandon_unless(namespace, |_| false)
    }

    /// Stops waiting for a namespace, except for the answers to what `is_kept`; returns the ids as
    /// [`abandon`](Self::abandon) does.
    pub(crate) fn abandon_unless(
        &mut self,
        namespace: &Namespace,
        is_kept: impl Fn(AckId) -> bool,
    ) -> Vec<AckId> {
        let is_void = |(id, asked): &&Key| asked == namespace && !is_kept(*id);
        let void: Vec<_> = self.waiting.keys().filter(is_void).cloned().collect();
        let drop = |key: Key| {
            self.remove(&key);
            key.0
        };
        void.into_iter().map(drop).collect()
    }

    /// When [`expire`](Self::expire) will next find something.
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Whether somebody waited.
    fn remove(&mut self, key: &Key) -> bool {
        let waited = self.waiting.remove(key);
        if let Some(Some(at)) = waited {
            self.due.remove(&(at, key.clone()));
        }
        waited.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn ask(acks: &mut Acks, namespace: &Namespace, answer_by: Option<Timestamp>) -> AckId {
        let id = acks.next_id();
        assert!(acks.is_usable(namespace, id));
        acks.expect(namespace.clone(), id, answer_by);
        id
    }

    #[test]
    fn ids_count_from_zero_over_all_namespaces() {
        let mut acks = Acks::default();
        let admin = Namespace::new("/admin").unwrap();
        assert_eq!(acks.next_id().get(), 0);
        assert_eq!(ask(&mut acks, &Namespace::root(), None).get(), 0);
        assert_eq!(ask(&mut acks, &admin, None).get(), 1);
        assert!(acks.settle(&admin, AckId::new(1)));
        assert_eq!(ask(&mut acks, &admin, None).get(), 2);
    }

    #[test]
    fn the_counter_passes_over_what_is_given() {
        let mut acks = Acks::default();
        let root = Namespace::root();
        acks.expect(root.clone(), AckId::new(7), None);
        acks.expect(root.clone(), AckId::new(3), None);
        assert!(acks.settle(&root, AckId::new(7)));
        assert_eq!(ask(&mut acks, &root, None).get(), 8);
        acks.pass_over(AckId::new(8));
        assert_eq!(acks.next_id().get(), 9);
    }

    #[test]
    fn nobody_waits_twice_under_an_id_or_under_one_that_cannot_be_said() {
        let mut acks = Acks::default();
        let (root, admin) = (Namespace::root(), Namespace::new("/admin").unwrap());
        let id = AckId::new(4);
        acks.expect(root.clone(), id, Some(at(1)));
        assert!(!acks.is_usable(&root, id));
        assert!(acks.is_usable(&admin, id));
        assert_eq!(acks.expire(at(1)), Some((root.clone(), id)));
        assert!(acks.is_usable(&root, id));
        assert!(acks.is_usable(&root, AckId::MAX));
        assert!(!acks.is_usable(&root, AckId::new(AckId::MAX.get() + 1)));
    }

    #[test]
    fn namespaces_wait_under_one_id_each_for_itself() {
        let mut acks = Acks::default();
        let (root, admin) = (Namespace::root(), Namespace::new("/admin").unwrap());
        let id = AckId::new(4);
        acks.expect(root.clone(), id, Some(at(9)));
        acks.expect(admin.clone(), id, Some(at(9)));
        acks.forget(&root, id);
        assert!(!acks.settle(&root, id));
        assert_eq!(acks.next_timeout(), Some(at(9)));
        assert_eq!(acks.abandon(&root), []);
        assert_eq!(acks.abandon(&admin), [id]);
        assert_eq!(acks.next_timeout(), None);
    }

    #[test]
    fn an_answer_counts_once_and_only_from_the_namespace_asked() {
        let mut acks = Acks::default();
        let id = ask(&mut acks, &Namespace::root(), Some(at(5)));
        assert!(!acks.settle(&Namespace::new("/admin").unwrap(), id));
        assert!(acks.settle(&Namespace::root(), id));
        assert!(!acks.settle(&Namespace::root(), id));
        assert_eq!(acks.next_timeout(), None);
    }

    #[test]
    fn the_overdue_expire_in_the_order_of_their_deadlines() {
        let mut acks = Acks::default();
        let late = ask(&mut acks, &Namespace::root(), Some(at(9)));
        let early = ask(&mut acks, &Namespace::root(), Some(at(3)));
        ask(&mut acks, &Namespace::root(), None);
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
        let first = ask(&mut acks, &Namespace::root(), Some(at(3)));
        let other = ask(&mut acks, &admin, Some(at(4)));
        let second = ask(&mut acks, &Namespace::root(), None);
        assert_eq!(acks.abandon(&Namespace::root()), [first, second]);
        assert_eq!(acks.next_timeout(), Some(at(4)));
        assert!(acks.settle(&admin, other));
    }
}
