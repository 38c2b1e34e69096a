//! Events that wait for their namespace to be connected.
//!
//! Invariant: `bytes` counts the bytes of `waiting`, and `asked` names exactly those of its entries
//! that expect an answer.

use alloc::collections::BTreeMap;

use crate::{AckId, Encoded};

/// A queue of packets, in the order in which they were emitted.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    next: u64,
    waiting: BTreeMap<u64, (Option<AckId>, Encoded)>,
    asked: BTreeMap<AckId, u64>,
    bytes: usize,
}

impl Buffer {
    /// Adds a packet, with the id of the answer that it expects.
    pub(super) fn push(&mut self, id: Option<AckId>, packet: Encoded) {
        let place = self.next;
        self.next += 1;
        self.bytes += packet.len();
        self.asked.extend(id.map(|id| (id, place)));
        self.waiting.insert(place, (id, packet));
    }

    /// The oldest packet.
    pub(super) fn first(&self) -> Option<&Encoded> {
        self.waiting.values().next().map(|(_, packet)| packet)
    }

    /// Takes the oldest packet.
    pub(super) fn pop(&mut self) {
        if let Some((&place, _)) = self.waiting.first_key_value() {
            self.take(place);
        }
    }

    /// Takes the packet that expects this answer, if it is here.
    pub(super) fn remove(&mut self, id: AckId) {
        if let Some(&place) = self.asked.get(&id) {
            self.take(place);
        }
    }

    /// Whether the packet that expects this answer is here.
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

    fn take(&mut self, place: u64) {
        if let Some((id, packet)) = self.waiting.remove(&place) {
            self.bytes -= packet.len();
            if let Some(id) = id {
                self.asked.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Namespace;

    fn packet(name: &str) -> Encoded {
        Encoded::event(&Namespace::root(), name, &()).unwrap()
    }

    #[test]
    fn packets_leave_in_their_order_and_bytes_are_counted() {
        let mut buffer = Buffer::default();
        buffer.push(None, packet("a"));
        buffer.push(Some(AckId::new(3)), packet("bb"));
        buffer.push(None, packet("c"));
        assert_eq!(buffer.bytes(), 7 + 8 + 7);
        buffer.remove(AckId::new(3));
        buffer.remove(AckId::new(3));
        assert!(!buffer.holds(AckId::new(3)));
        assert_eq!(buffer.bytes(), 14);
        assert_eq!(buffer.first().map(Encoded::len), Some(7));
        buffer.pop();
        buffer.pop();
        buffer.pop();
        assert!(buffer.is_empty() && buffer.first().is_none());
        assert_eq!(buffer.bytes(), 0);
    }
}
