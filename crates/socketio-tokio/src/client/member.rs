//! One namespace of a client, as its handles and its task share it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::task::AtomicWaker;
use socketio_proto::client::Offline;
use socketio_proto::engine::parser::Revision;
use socketio_proto::{Namespace as Name, Parser, SocketId};

use crate::client::command::Command;
use crate::client::queue::{Overflow, Queue};
use crate::client::routes::Routes;
use crate::error::EmitError;
use crate::outbox::Outbox;

/// One namespace of a client.
#[derive(Debug)]
pub(crate) struct Member {
    /// As the server is asked for it.
    pub(crate) asked: Name,
    /// As it is known from then on.
    pub(crate) name: Name,
    pub(crate) parser: Parser,
    while_offline: Offline,
    pub(crate) outbox: Outbox<Command>,
    pub(crate) queue: Queue,
    pub(crate) routes: Arc<Routes>,
    presence: Mutex<Presence>,
    active: AtomicBool,
}

/// Where the client is now.
#[derive(Debug, Default)]
struct Presence {
    id: Option<SocketId>,
    recovered: bool,
}

/// What all namespaces of a client have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) parser: Parser,
    pub(crate) while_offline: Offline,
    pub(crate) revision: Revision,
}

impl Terms {
    /// An old server knows a namespace by its path alone, whatever query it is asked with.
    fn key_of(self, asked: &Name) -> Name {
        if self.revision < Revision::V4 {
            asked.path()
        } else {
            asked.clone()
        }
    }
}

/// The bounds of a namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) buffer: usize,
    pub(crate) queue: usize,
    pub(crate) overflow: Overflow,
}

impl Member {
    pub(crate) fn new(
        asked: Name,
        terms: Terms,
        bounds: Bounds,
        routes: Arc<Routes>,
        task: &Arc<AtomicWaker>,
    ) -> Self {
        Self {
            name: terms.key_of(&asked),
            asked,
            parser: terms.parser,
            while_offline: terms.while_offline,
            outbox: Outbox::new(bounds.buffer, Arc::clone(task)),
            queue: Queue::new(bounds.queue, bounds.overflow, Arc::clone(task)),
            routes,
            presence: Mutex::default(),
            active: AtomicBool::new(true),
        }
    }

    pub(crate) fn id(&self) -> Option<SocketId> {
        self.presence().id.clone()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.presence().id.is_some()
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.presence().recovered
    }

    /// Whether it is connected, or will be by itself.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(crate) fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Release);
    }

    pub(crate) fn set_connected(&self, id: SocketId, recovered: bool) {
        let id = Some(id);
        *self.presence() = Presence { id, recovered };
    }

    pub(crate) fn set_disconnected(&self) {
        *self.presence() = Presence::default();
    }

    /// Whether an event may wait or leave.
    pub(crate) fn check(&self) -> Result<(), EmitError> {
        let may_wait = self.while_offline != Offline::Reject || self.is_connected();
        if self.is_active() && may_wait {
            Ok(())
        } else {
            Err(EmitError::NotConnected)
        }
    }

    /// The client is not in this namespace any more, and will not be.
    pub(crate) fn end(&self) {
        self.set_active(false);
        self.set_disconnected();
        self.outbox.close();
        self.queue.end();
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
