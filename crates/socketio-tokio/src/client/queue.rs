//! What one namespace has to say and the application has not read yet.
//!
//! Invariants: `bytes` is the sum of the weights of `entries`; the last `changes` entries are
//! neither events nor undelivered emits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use socketio_proto::Args;
use socketio_proto::client::ReplyTo;

use crate::client::item::Item;
use crate::outbox::{OVERHEAD, args_len};

/// What happens at the bound of unread items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The newest events are dropped; [`Item::Lagged`] stands in their place and counts them.
    #[default]
    Lag,
    /// The client stops reading from the server until the application has read: nothing is lost,
    /// but its other namespaces wait, too. A server that is not read for longer than its heartbeat
    /// allows ends the connection.
    Wait,
}

/// Something unread.
#[derive(Debug)]
pub(crate) enum Entry {
    Event(Args, Option<ReplyTo>),
    Lagged(u64),
    /// Anything else.
    Item(Item),
}

impl Entry {
    fn weight(&self) -> usize {
        match self {
            Self::Event(args, _) => OVERHEAD + args_len(args),
            Self::Item(Item::Undelivered(emit)) => OVERHEAD + args_len(emit.args()),
            Self::Item(_) | Self::Lagged(_) => OVERHEAD,
        }
    }

    /// Whether it may be dropped for being too much.
    fn is_bulk(&self) -> bool {
        matches!(self, Self::Event(..) | Self::Item(Item::Undelivered(_)))
    }
}

/// The unread items of one namespace.
#[derive(Debug)]
pub(crate) struct Queue {
    unread: Mutex<Unread>,
    reader: AtomicWaker,
    /// That of the task, which waits for the reader under [`Overflow::Wait`].
    task: Arc<AtomicWaker>,
    limit: usize,
    overflow: Overflow,
}

#[derive(Debug, Default)]
struct Unread {
    entries: VecDeque<Entry>,
    bytes: usize,
    changes: usize,
    /// Nobody reads.
    unwanted: bool,
    /// Nothing more comes.
    over: bool,
}

impl Queue {
    pub(crate) fn new(limit: usize, overflow: Overflow, task: Arc<AtomicWaker>) -> Self {
        Self {
            unread: Mutex::default(),
            reader: AtomicWaker::new(),
            task,
            limit,
            overflow,
        }
    }

    /// Adds an item, or counts it as missed.
    pub(crate) fn push(&self, entry: Entry) {
        let mut unread = self.lock();
        if unread.unwanted || unread.over {
            return;
        }
        if !entry.is_bulk() {
            unread.push_change(entry);
        } else if self.overflow == Overflow::Lag && unread.is_beyond(self.limit, entry.weight()) {
            unread.miss();
        } else {
            unread.push(entry);
            unread.changes = 0;
        }
        drop(unread);
        self.reader.wake();
    }

    /// The oldest item. `None`: there will be no other.
    pub(crate) fn poll_pop(&self, cx: &Context<'_>) -> Poll<Option<Entry>> {
        // Before the look, so that nothing is missed in between.
        self.reader.register(cx.waker());
        let mut unread = self.lock();
        let was_full = unread.bytes >= self.limit;
        let popped = unread.pop();
        let is_over = unread.over;
        let has_room = was_full && unread.bytes < self.limit;
        drop(unread);
        if has_room && self.overflow == Overflow::Wait {
            self.task.wake();
        }
        match popped {
            None if !is_over => Poll::Pending,
            popped => Poll::Ready(popped),
        }
    }

    /// Whether the connection has to wait for the reader.
    pub(crate) fn holds_up(&self) -> bool {
        self.overflow == Overflow::Wait && self.lock().bytes >= self.limit
    }

    /// Nobody will read any more.
    pub(crate) fn ignore(&self) {
        let mut unread = self.lock();
        unread.unwanted = true;
        unread.bytes = 0;
        unread.changes = 0;
        let entries = std::mem::take(&mut unread.entries);
        drop(unread);
        drop(entries);
        self.task.wake();
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.lock().over = true;
        self.reader.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unread {
    /// What is larger than the limit may still come alone.
    fn is_beyond(&self, limit: usize, weight: usize) -> bool {
        self.bytes > 0 && self.bytes.saturating_add(weight) > limit
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += entry.weight();
        self.entries.push_back(entry);
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.weight();
        self.changes = self.changes.min(self.entries.len());
        Some(entry)
    }

    /// Adds what is never refused. Of many such in a row the oldest make room: what they said is not
    /// true any more.
    fn push_change(&mut self, entry: Entry) {
        self.push(entry);
        self.changes += 1;
        if self.changes > MAX_CHANGES {
            let first = self.entries.len() - self.changes;
            let is_count = |entry: &Entry| matches!(entry, Entry::Lagged(_));
            let is_kept = self.entries.get(first).is_some_and(is_count);
            let oldest = if is_kept { first + 1 } else { first };
            if let Some(entry) = self.entries.remove(oldest) {
                self.bytes -= entry.weight();
                self.changes -= 1;
            }
        }
    }

    /// Counts an event that is dropped here.
    fn miss(&mut self) {
        let since = self.entries.len() - self.changes;
        let counted = self
            .entries
            .range_mut(since..)
            .find_map(|entry| match entry {
                Entry::Lagged(missed) => Some(missed),
                Entry::Event(..) | Entry::Item(_) => None,
            });
        match counted {
            Some(missed) => *missed += 1,
            None => self.push_change(Entry::Lagged(1)),
        }
    }
}

/// Items in a row that are neither events nor undelivered emits.
const MAX_CHANGES: usize = 16;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;

    use super::*;

    fn queue(limit: usize, overflow: Overflow) -> Queue {
        Queue::new(limit, overflow, Arc::default())
    }

    fn event(text: &str) -> Entry {
        Entry::Event(Args::event("e", &text).unwrap(), None)
    }

    fn change() -> Entry {
        Entry::Item(Item::Refused(crate::client::Refused::new("no", None)))
    }

    /// `None`: nothing is there yet.
    fn pop(queue: &Queue) -> Option<Option<Entry>> {
        poll_fn(|cx| queue.poll_pop(cx)).now_or_never()
    }

    /// What is unread: the argument of an event, a number for what was missed, `-` for the rest.
    fn read(queue: &Queue) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(Some(entry)) = pop(queue) {
            seen.push(match entry {
                Entry::Event(args, _) => args.event_data::<String>().unwrap(),
                Entry::Lagged(missed) => missed.to_string(),
                Entry::Item(_) => "-".to_owned(),
            });
        }
        assert_eq!(queue.lock().bytes, 0);
        seen
    }

    fn two(overflow: Overflow) -> Queue {
        queue(2 * event("a").weight(), overflow)
    }

    #[test]
    fn the_newest_are_dropped_and_counted_in_their_place() {
        let queue = two(Overflow::Lag);
        for text in ["a", "b", "c", "d"] {
            queue.push(event(text));
        }
        assert_eq!(read(&queue), ["a", "b", "2"]);
        queue.push(event("e"));
        assert_eq!(read(&queue), ["e"]);
    }

    #[test]
    fn nothing_is_dropped_if_the_connection_waits() {
        let queue = two(Overflow::Wait);
        queue.push(event("a"));
        assert!(!queue.holds_up());
        for text in ["b", "c", "d"] {
            queue.push(event(text));
        }
        assert!(queue.holds_up());
        assert_eq!(read(&queue), ["a", "b", "c", "d"]);
        assert!(!queue.holds_up());
    }

    #[test]
    fn a_large_event_comes_alone() {
        let queue = queue(1, Overflow::Lag);
        queue.push(event("much longer than that"));
        queue.push(event("b"));
        assert_eq!(read(&queue), ["much longer than that", "1"]);
    }

    #[test]
    fn changes_do_not_pile_up_and_misses_are_not_forgotten() {
        let queue = two(Overflow::Lag);
        queue.push(event("a"));
        queue.push(event("b"));
        for _ in 0..1000 {
            queue.push(event("c"));
            queue.push(change());
        }
        let seen = read(&queue);
        assert_eq!(seen.len(), 2 + MAX_CHANGES);
        assert_eq!(seen[..3], ["a", "b", "1000"]);
    }

    #[test]
    fn a_queue_that_nobody_reads_stays_empty() {
        let queue = two(Overflow::Wait);
        for _ in 0..3 {
            queue.push(event("a"));
        }
        assert!(queue.holds_up());
        queue.ignore();
        queue.push(event("a"));
        assert!(!queue.holds_up());
        assert!(read(&queue).is_empty());
    }

    #[test]
    fn what_came_before_the_end_is_still_read() {
        let queue = two(Overflow::Lag);
        queue.push(event("a"));
        queue.end();
        queue.push(event("b"));
        assert_eq!(read(&queue), ["a"]);
        assert!(matches!(pop(&queue), Some(None)));
    }
}
