//! Events that wait: for their namespace to be connected, or for their turn and its answer.
//!
//! Invariant: `bytes` counts the bytes of `waiting`, and `asked` names exactly those of its entries
//! that the application waits for.

use alloc::collections::BTreeMap;
use core::mem;
use core::time::Duration;

use crate::{AckId, Encoded};

/// An event that the application has emitted.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) packet: Encoded,
    pub(super) kind: Kind,
    /// How long one try waits for its answer, if not as long as the others.
    pub(super) within: Option<Duration>,
}

impl Entry {
    pub(super) fn event(packet: Encoded) -> Self {
        Self {
            packet,
            kind: Kind::Event,
            within: None,
        }
    }

    pub(super) fn call(packet: Encoded, id: AckId, within: Option<Duration>) -> Self {
        Self {
            packet,
            kind: Kind::Call(id),
            within,
        }
    }
}

/// What the application learns of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The answer, or why there is none.
    Call(AckId),
    /// That it is lost, if it is.
    Event,
    /// Nothing: it was a call whose answer nobody waits for any more.
    Forgotten,
}

/// Where an event stands in its buffer. Not used again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place(u64);

/// A queue of events, in the order in which they were emitted.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    next: u64,
    waiting: BTreeMap<Place, Entry>,
    asked: BTreeMap<AckId, Place>,
    bytes: usize,
}

impl Buffer {
    /// Adds an event.
    pub(super) fn push(&mut self, entry: Entry) -> Place {
        let place = Place(self.next);
        self.next += 1;
        self.bytes += entry.packet.len();
        if let Kind::Call(id) = entry.kind {
            self.asked.insert(id, place);
        }
        self.waiting.insert(place, entry);
        place
    }

    /// The oldest event.
    pub(super) fn first(&self) -> Option<&Entry> {
        self.waiting.values().next()
    }

    /// Takes the oldest event.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let (&place, _) = self.waiting.first_key_value()?;
        self.take(place)
    }

    /// Takes the event at a place, if it is still there.
    pub(super) fn take(&mut self, place: Place) -> Option<Entry> {
        let entry = self.waiting.remove(&place)?;
        self.bytes -= entry.packet.len();
        if let Kind::Call(id) = entry.kind {
            self.asked.remove(&id);
        }
        Some(entry)
    }

    /// Takes everything, oldest first.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Entry> + use<> {
        self.asked.clear();
        self.bytes = 0;
        mem::take(&mut self.waiting).into_values()
    }

    /// Takes the event that expects this answer, if it is here.
    pub(super) fn remove(&mut self, id: AckId) {
        if let Some(&place) = self.asked.get(&id) {
            self.take(place);
        }
    }

    /// The event that expects this answer stays, if it is here, but nobody waits for it.
    pub(super) fn forget(&mut self, id: AckId) {
        let place = self.asked.remove(&id);
        if let Some(entry) = place.and_then(|place| self.waiting.get_mut(&place)) {
            entry.kind = Kind::Forgotten;
        }
    }

    /// Whether the event that expects this answer is here.
    pub(super) fn holds(&self, id: AckId) -> bool {
        self.asked.contains_key(&id)
    }

    /// The bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Namespace;
    use alloc::vec::Vec;

    fn event(name: &str) -> Entry {
        Entry::event(Encoded::event(&Namespace::root(), name, &()).unwrap())
    }

    fn call(id: u64, name: &str) -> Entry {
        Entry::call(event(name).packet, AckId::new(id), None)
    }

    #[test]
    fn events_leave_in_their_order_and_bytes_are_counted() {
        let mut buffer = Buffer::default();
        buffer.push(event("a"));
        let place = buffer.push(call(3, "bb"));
        buffer.push(event("c"));
        assert_eq!(buffer.bytes(), 7 + 8 + 7);
        buffer.remove(AckId::new(3));
        buffer.remove(AckId::new(3));
        assert!(!buffer.holds(AckId::new(3)));
        assert!(buffer.take(place).is_none());
        assert_eq!(buffer.bytes(), 14);
        assert_eq!(buffer.first().map(|entry| entry.packet.len()), Some(7));
        assert!(buffer.pop().is_some() && buffer.pop().is_some());
        assert!(buffer.pop().is_none());
        assert!(buffer.is_empty() && buffer.first().is_none());
        assert_eq!(buffer.bytes(), 0);
    }

    #[test]
    fn what_nobody_waits_for_stays_in_its_place() {
        let mut buffer = Buffer::default();
        buffer.push(call(0, "a"));
        buffer.push(call(1, "b"));
        buffer.forget(AckId::new(0));
        buffer.forget(AckId::new(7));
        assert!(!buffer.holds(AckId::new(0)) && buffer.holds(AckId::new(1)));
        buffer.remove(AckId::new(0));
        let kinds: Vec<_> = buffer.take_all().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::Forgotten, Kind::Call(AckId::new(1))]);
        assert!(buffer.is_empty() && !buffer.holds(AckId::new(1)));
        assert_eq!(buffer.bytes(), 0);
    }
}
