//! What can be counted about sessions, for metrics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use engineio_proto::{
    CloseReason, Traffic, TransportKind,
    server::{Cause, Session, UpgradeFailure},
};

use crate::drive::Onlooker;

/// Told what happens to sessions, from their own tasks. Nothing has to be implemented; without an
/// observer nothing is looked at.
///
/// What blocks here holds up a session, what panics ends it.
#[expect(unused_variables, reason = "the names are for who implements them")]
pub trait Observer: Send + Sync + 'static {
    /// A session has opened over `transport`.
    fn session_opened(&self, transport: TransportKind) {}

    /// A session has ended, last over `transport`. Called once for each that has opened.
    fn session_closed(&self, reason: CloseReason, transport: TransportKind) {}

    /// A session has moved from polling to WebSocket.
    fn upgraded(&self) {}

    /// A WebSocket did not take over a session.
    fn upgrade_failed(&self, failure: UpgradeFailure) {}

    /// Packets of a client have come in: one by a WebSocket, `packets` by a post. Heartbeats count,
    /// handshakes and probes do not. `bytes`: as they travelled, without headers.
    fn packets_received(&self, packets: u64, bytes: u64) {}

    /// Packets have been handed to a transport, counted in the same way.
    fn packets_sent(&self, packets: u64, bytes: u64) {}

    /// A request was refused.
    fn refused(&self, cause: Cause) {}
}

/// Looks at a session after every step, and tells an observer what has changed.
pub(crate) struct Witness<M> {
    observer: Arc<dyn Observer>,
    session: fn(&M) -> Option<&Session>,
    seen: Seen,
}

/// What the observer has been told.
struct Seen {
    transport: TransportKind,
    received: Traffic,
    sent: Traffic,
    failed_upgrades: u64,
    is_over: bool,
}

impl<M> Witness<M> {
    /// `session` finds the session inside a machine.
    pub(crate) fn new(
        observer: Arc<dyn Observer>,
        opened: &Session,
        session: fn(&M) -> Option<&Session>,
    ) -> Self {
        observer.session_opened(opened.transport());
        Self {
            observer,
            session,
            seen: Seen {
                transport: opened.transport(),
                received: opened.received(),
                sent: opened.sent(),
                failed_upgrades: opened.failed_upgrades(),
                is_over: false,
            },
        }
    }
}

impl<M> Onlooker<M> for Option<Witness<M>> {
    fn look(&mut self, machine: &M) {
        if let Some(witness) = self {
            witness.look(machine);
        }
    }
}

impl<M> Witness<M> {
    fn look(&mut self, machine: &M) {
        let Some(session) = (self.session)(machine) else {
            return;
        };
        let (observer, seen) = (&self.observer, &mut self.seen);
        if let Some(new) = grown(&mut seen.received, session.received()) {
            observer.packets_received(new.packets, new.bytes);
        }
        if let Some(new) = grown(&mut seen.sent, session.sent()) {
            observer.packets_sent(new.packets, new.bytes);
        }
        while seen.failed_upgrades < session.failed_upgrades() {
            seen.failed_upgrades += 1;
            if let Some(failure) = session.last_upgrade_failure() {
                observer.upgrade_failed(failure);
            }
        }
        if seen.transport != session.transport() {
            seen.transport = session.transport();
            observer.upgraded();
        }
        if let Some(reason) = session.close_reason()
            && !seen.is_over
        {
            seen.is_over = true;
            observer.session_closed(reason, seen.transport);
        }
    }
}

impl<M> Drop for Witness<M> {
    /// A session whose task was cut off has ended too, by this side.
    fn drop(&mut self) {
        if !self.seen.is_over {
            let (observer, transport) = (&self.observer, self.seen.transport);
            let tell = || observer.session_closed(CloseReason::Forced, transport);
            // Perhaps here because the observer has panicked: once more would end the process.
            let _panicked = catch_unwind(AssertUnwindSafe(tell));
        }
    }
}

fn grown(seen: &mut Traffic, now: Traffic) -> Option<Traffic> {
    if *seen == now {
        return None;
    }
    let new = Traffic {
        packets: now.packets - seen.packets,
        bytes: now.bytes - seen.bytes,
    };
    *seen = now;
    Some(new)
}
