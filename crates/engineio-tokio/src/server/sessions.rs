//! Which session an id belongs to, and how many live.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use engineio_proto::{
    Sid,
    parser::Revision,
    server::{Cause, Visit},
};
use tokio::sync::{Notify, mpsc};

use super::wire::{Letter, Wire};

/// Which session an id belongs to. The lock is held for one look-up.
#[derive(Default)]
pub(crate) struct Sessions {
    table: Mutex<Table>,
    living: Arc<Living>,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<Sid, Entered>,
    closing: bool,
}

/// What is known of a session from outside.
struct Entered {
    mailbox: Mailbox,
    /// What its first request spoke.
    revision: Revision,
}

/// Where requests are put to a session.
pub(crate) type Mailbox = mpsc::Sender<Letter>;

/// Counts what has to end before everything has ended.
#[derive(Default)]
struct Living {
    count: AtomicUsize,
    none_left: Notify,
}

impl Sessions {
    /// Enters a session, and makes what connects it.
    pub(crate) fn register(self: &Arc<Self>, sid: Sid, revision: Revision) -> Result<Wire, Cause> {
        let mut table = self.lock();
        if table.closing {
            return Err(Cause::Closing);
        }
        let Entry::Vacant(entry) = table.sessions.entry(sid.clone()) else {
            return Err(Cause::IdGeneration);
        };
        let (mailbox, receiver) = mpsc::channel(MAILBOX);
        entry.insert(Entered { mailbox, revision });
        let registration = Registration {
            sessions: Arc::clone(self),
            sid,
        };
        Ok(Wire::new(receiver, registration, self.life()))
    }

    /// The mailbox of the session that a request is about. Without one, it is refused.
    /// [eio4 § Sending data; eio4 § Receiving data]
    pub(crate) fn find(&self, visit: &Visit) -> Result<Mailbox, Cause> {
        let table = self.lock();
        let session = table.sessions.get(&visit.sid);
        let session = session.ok_or(Cause::UnknownSession)?;
        visit.check(session.revision)?;
        Ok(session.mailbox.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().sessions.len()
    }

    /// From now on nobody is entered.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Something that [`ended`](Self::ended) waits for.
    pub(crate) fn life(&self) -> Life {
        self.living.count.fetch_add(1, Ordering::Relaxed);
        Life(Arc::clone(&self.living))
    }

    /// Waits until nothing lives.
    pub(crate) async fn ended(&self) {
        loop {
            // Before the look, so that no end in between is missed.
            let notified = self.living.none_left.notified();
            let mut notified = std::pin::pin!(notified);
            notified.as_mut().enable();
            if self.living.count.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The table is whole between any two calls, also when a thread died elsewhere.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to be found by an id. Dropping it, by whatever way, ends that.
pub(crate) struct Registration {
    sessions: Arc<Sessions>,
    sid: Sid,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.sessions.lock().sessions.remove(&self.sid);
    }
}

/// Held by what has to end before everything has ended: tasks of sessions, and WebSockets until
/// they have delivered what they were given.
pub(crate) struct Life(Arc<Living>);

impl Drop for Life {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::Release) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}

/// Draws the id of a session: 128 random bits. `None`: the system has no randomness to give.
///
/// [eio4 § Handshake] it authenticates every later request, so it must not be guessable.
pub(crate) fn draw() -> Option<Sid> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(Sid::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// How many requests of one session may wait for its task.
///
/// At the bound further requests wait in their own connections: a client that floods its session
/// slows down itself. A session that is alive empties its mailbox whenever it runs, also when its
/// application is busy.
const MAILBOX: usize = 16;
