//! The connections of a server, so that its end can reach all of them.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::server::Server;
use crate::server::command::{Command, Outbox};

/// The connections of a server: each from its first packet until its last handler is done.
#[derive(Default)]
pub(crate) struct Connections {
    state: Mutex<State>,
    next: AtomicU64,
    /// Told when the last one has ended.
    ended: Notify,
}

#[derive(Default)]
struct State {
    outboxes: HashMap<u64, Arc<Outbox>>,
    closing: bool,
}

impl Connections {
    /// Adds a connection, and returns the key under which to remove it.
    pub(crate) fn add(&self, outbox: &Arc<Outbox>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.lock();
        state.outboxes.insert(key, Arc::clone(outbox));
        let closing = state.closing;
        drop(state);
        if closing {
            shut_down(outbox);
        }
        key
    }

    /// The task of a connection has ended.
    pub(crate) fn remove(&self, key: u64) {
        let mut state = self.lock();
        state.outboxes.remove(&key);
        if state.outboxes.is_empty() {
            drop(state);
            self.ended.notify_waiters();
        }
    }

    /// Ends all connections, and every one that comes later.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        let outboxes: Vec<_> = state.outboxes.values().cloned().collect();
        drop(state);
        outboxes.iter().for_each(|outbox| shut_down(outbox));
    }

    /// How many there are, and how many bytes wait for their clients.
    pub(crate) fn measure(&self) -> (usize, usize) {
        let outboxes: Vec<_> = self.lock().outboxes.values().cloned().collect();
        let queued = outboxes.iter().map(|outbox| outbox.queued_bytes());
        (outboxes.len(), queued.sum())
    }

    fn abandon(&self) {
        let outboxes: Vec<_> = self.lock().outboxes.values().cloned().collect();
        outboxes.iter().for_each(|outbox| outbox.abandon());
    }

    async fn ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            // Registered before the look, so that nothing is missed in between.
            ended.as_mut().enable();
            if self.lock().outboxes.is_empty() {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shut_down(outbox: &Outbox) {
    // A connection that has ended already needs no telling.
    let _ended = outbox.push(Command::ShutDown);
}

/// A server that is closing. Await it to wait for the end.
///
/// Waits until every client has been sent what was emitted to it before, and every handler that
/// had started is done, for at most [`timeout`](Self::timeout). Then it drops what is left.
pub struct Closing {
    connections: Arc<Connections>,
    server: Server,
    within: Duration,
}

impl Closing {
    pub(crate) fn new(connections: Arc<Connections>, server: Server) -> Self {
        Self {
            connections,
            server,
            within: PATIENCE,
        }
    }

    /// How long to wait: 10 s. Handlers that still run then are dropped, and connections cut.
    pub fn timeout(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl IntoFuture for Closing {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let ended = async {
                self.connections.ended().await;
                // The last frames may still be on their way out.
                self.server.sessions_ended().await;
            };
            if tokio::time::timeout(self.within, ended).await.is_err() {
                self.connections.abandon();
                self.connections.ended().await;
            }
        })
    }
}

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Closing")
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// How long the end of a server may take.
const PATIENCE: Duration = Duration::from_secs(10);
