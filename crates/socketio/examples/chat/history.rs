//! The last things said in a room, within bounds.

use std::collections::VecDeque;

use crate::entry::Entry;

/// What a visitor is shown on entering, oldest first.
#[derive(Default)]
pub(crate) struct History(VecDeque<Entry>);

impl History {
    /// Adds an entry and forgets what no longer fits: of pictures the oldest, else the oldest.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.0.push_back(entry);
        while self.0.iter().filter(|entry| entry.is_picture()).count() > MAX_PICTURES {
            let oldest = self.0.iter().position(Entry::is_picture);
            oldest.and_then(|oldest| self.0.remove(oldest));
        }
        while self.0.len() > MAX_ENTRIES || self.bytes() > MAX_BYTES {
            self.0.pop_front();
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Entry> {
        self.0.iter().cloned().collect()
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(Entry::len).sum()
    }
}

const MAX_ENTRIES: usize = 100;

/// The history travels as one packet, and the JavaScript client takes ten attachments of one.
const MAX_PICTURES: usize = 8;

const MAX_BYTES: usize = 4_000_000;
