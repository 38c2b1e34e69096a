//! Which session an id belongs to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use engineio_proto::Sid;
use tokio::sync::mpsc;

use super::wire::{Letter, Wire};

/// Which session an id belongs to. The lock is held for one look-up.
#[derive(Default)]
pub(crate) struct Sessions {
    mailboxes: Mutex<HashMap<Sid, mpsc::Sender<Letter>>>,
}

impl Sessions {
    /// Enters a session, and makes what connects it.
    pub(crate) fn register(self: &Arc<Self>, sid: Sid) -> Wire {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        self.lock().insert(sid.clone(), sender);
        Wire::new(
            receiver,
            Registration {
                sessions: Arc::clone(self),
                sid,
            },
        )
    }

    /// The mailbox of a session.
    pub(crate) fn find(&self, sid: &str) -> Option<mpsc::Sender<Letter>> {
        self.lock().get(sid).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, mpsc::Sender<Letter>>> {
        // The map is whole between any two calls, also when a thread died elsewhere.
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to be found by an id. Dropping it, by whatever way, ends that.
pub(crate) struct Registration {
    sessions: Arc<Sessions>,
    sid: Sid,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.sessions.lock().remove(&self.sid);
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
