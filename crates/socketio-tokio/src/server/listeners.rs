//! What a single socket has registered for itself, beside the handlers of its namespace.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::server::routes::{DisconnectFn, EventFn, EventMiddlewareFn, OutgoingFn};

/// A handler that a socket has registered for itself; with it,
/// [`Socket::off`](crate::Socket::off) takes the handler away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listener(u64);

/// The handlers of one socket. Most sockets have none, which costs one atomic read to find out.
#[derive(Default)]
pub(crate) struct Listeners {
    in_use: AtomicBool,
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    next: u64,
    events: Vec<Named>,
    any: Vec<Entry<EventFn>>,
    any_outgoing: Vec<Entry<OutgoingFn>>,
    middleware: Vec<Entry<EventMiddlewareFn>>,
    disconnecting: Vec<Entry<DisconnectFn>>,
    disconnect: Vec<Entry<DisconnectFn>>,
}

struct Named {
    event: Box<str>,
    uses: Uses,
    entry: Entry<EventFn>,
}

struct Entry<F> {
    listener: Listener,
    handler: F,
}

/// How often a handler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uses {
    Always,
    Once,
}

/// In front of the others, or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Back,
    Front,
}

impl Listeners {
    pub(crate) fn on(&self, event: &str, uses: Uses, handler: EventFn) -> Listener {
        self.add(|lists, listener| {
            lists.events.push(Named {
                event: event.into(),
                uses,
                entry: Entry { listener, handler },
            });
        })
    }

    pub(crate) fn on_any(&self, end: End, handler: EventFn) -> Listener {
        self.add(|lists, listener| put(&mut lists.any, end, Entry { listener, handler }))
    }

    pub(crate) fn on_any_outgoing(&self, end: End, handler: OutgoingFn) -> Listener {
        self.add(|lists, listener| put(&mut lists.any_outgoing, end, Entry { listener, handler }))
    }

    pub(crate) fn add_middleware(&self, handler: EventMiddlewareFn) -> Listener {
        self.add(|lists, listener| lists.middleware.push(Entry { listener, handler }))
    }

    pub(crate) fn on_disconnecting(&self, handler: DisconnectFn) -> Listener {
        self.add(|lists, listener| lists.disconnecting.push(Entry { listener, handler }))
    }

    pub(crate) fn on_disconnect(&self, handler: DisconnectFn) -> Listener {
        self.add(|lists, listener| lists.disconnect.push(Entry { listener, handler }))
    }

    /// Forgets one handler. False if it was gone already.
    pub(crate) fn off(&self, listener: Listener) -> bool {
        // Dropped behind the lock: what a handler owns may use the socket then.
        let removed = self.lock().remove(listener);
        removed.len() > 0
    }

    /// Forgets all handlers of an event.
    pub(crate) fn off_event(&self, event: &str) {
        let mut lists = self.lock();
        let removed: Vec<_> = lists
            .events
            .extract_if(.., |named| *named.event == *event)
            .collect();
        drop(lists);
        drop(removed);
    }

    /// Forgets all handlers, whatever they are for.
    pub(crate) fn off_all(&self) {
        let mut lists = self.lock();
        let next = lists.next;
        let fresh = Lists {
            next,
            ..Lists::default()
        };
        let removed = std::mem::replace(&mut *lists, fresh);
        drop(lists);
        drop(removed);
    }

    /// How many handlers of an event there are.
    pub(crate) fn count(&self, event: &str) -> usize {
        let lists = self.lock();
        let named = lists.events.iter().filter(|named| *named.event == *event);
        named.count()
    }

    /// The handlers of an event that has come. Those for one use are forgotten.
    pub(crate) fn take_event(&self, event: &str) -> Vec<EventFn> {
        self.read(|lists| {
            let mut handlers = Vec::new();
            lists.events.retain(|named| {
                let is_called = *named.event == *event;
                if is_called {
                    handlers.push(EventFn::clone(&named.entry.handler));
                }
                !is_called || named.uses == Uses::Always
            });
            handlers
        })
    }

    pub(crate) fn any(&self) -> Vec<EventFn> {
        self.read(|lists| handlers(&lists.any))
    }

    pub(crate) fn any_outgoing(&self) -> Vec<OutgoingFn> {
        self.read(|lists| handlers(&lists.any_outgoing))
    }

    pub(crate) fn middleware(&self) -> Vec<EventMiddlewareFn> {
        self.read(|lists| handlers(&lists.middleware))
    }

    pub(crate) fn disconnecting(&self) -> Vec<DisconnectFn> {
        self.read(|lists| handlers(&lists.disconnecting))
    }

    pub(crate) fn disconnect(&self) -> Vec<DisconnectFn> {
        self.read(|lists| handlers(&lists.disconnect))
    }

    fn add(&self, add: impl FnOnce(&mut Lists, Listener)) -> Listener {
        let mut lists = self.lock();
        let listener = Listener(lists.next);
        lists.next += 1;
        add(&mut lists, listener);
        self.in_use.store(true, Ordering::Release);
        listener
    }

    fn read<T: Default>(&self, read: impl FnOnce(&mut Lists) -> T) -> T {
        if self.in_use.load(Ordering::Acquire) {
            read(&mut self.lock())
        } else {
            T::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    fn remove(&mut self, listener: Listener) -> Self {
        fn of<F>(list: &mut Vec<Entry<F>>, listener: Listener) -> Vec<Entry<F>> {
            list.extract_if(.., |entry| entry.listener == listener)
                .collect()
        }
        Self {
            next: 0,
            events: self
                .events
                .extract_if(.., |named| named.entry.listener == listener)
                .collect(),
            any: of(&mut self.any, listener),
            any_outgoing: of(&mut self.any_outgoing, listener),
            middleware: of(&mut self.middleware, listener),
            disconnecting: of(&mut self.disconnecting, listener),
            disconnect: of(&mut self.disconnect, listener),
        }
    }

    fn len(&self) -> usize {
        self.events.len()
            + self.any.len()
            + self.any_outgoing.len()
            + self.middleware.len()
            + self.disconnecting.len()
            + self.disconnect.len()
    }
}

fn put<F>(list: &mut Vec<Entry<F>>, end: End, entry: Entry<F>) {
    let index = match end {
        End::Back => list.len(),
        End::Front => 0,
    };
    list.insert(index, entry);
}

fn handlers<F: Clone>(list: &[Entry<F>]) -> Vec<F> {
    list.iter().map(|entry| entry.handler.clone()).collect()
}
