//! Many sockets at once: choosing them, and emitting to all of them.

use std::sync::Arc;

use serde::Serialize;
use socketio_proto::{Args, Encoded, Room, Selector, SocketId};

use crate::error::EmitError;
use crate::hub::Hub;
use crate::outbox::Volatile;

/// A choice of sockets in one namespace.
///
/// Each modifier returns a new choice, so one can be kept and used again. What it reaches is
/// decided at each [`emit`](Self::emit): whoever is then in one of the rooms, or everybody if no
/// room was named, and in none of the excluded rooms; each socket once.
#[derive(Clone, Debug)]
#[must_use = "a choice of sockets does nothing until it emits"]
pub struct Broadcast {
    hub: Result<Arc<Hub>, String>,
    selector: Selector,
    volatile: Volatile,
}

impl Broadcast {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub: Ok(hub),
            selector: Selector::default(),
            volatile: Volatile::No,
        }
    }

    /// A choice in a namespace that the server does not have: its emits fail and say so.
    pub(crate) fn nowhere(namespace: &str) -> Self {
        let hub = Err(namespace.to_owned());
        Self {
            hub,
            selector: Selector::default(),
            volatile: Volatile::No,
        }
    }

    /// Adds the sockets in `room`.
    pub fn to(mut self, room: impl Into<Room>) -> Self {
        self.selector.rooms.push(room.into());
        self
    }

    /// Leaves out the sockets in `room`.
    pub fn except(mut self, room: impl Into<Room>) -> Self {
        self.selector.except.push(room.into());
        self
    }

    /// Drops the event for each socket to which it cannot leave at once.
    pub fn volatile(mut self) -> Self {
        self.volatile = Volatile::Yes;
        self
    }

    /// Emits an event to the chosen sockets; it is encoded once for all of them.
    ///
    /// A socket whose client reads so slowly that `max_buffer_size` bytes are waiting is
    /// disconnected, unless the emit is [`volatile`](Self::volatile): then it misses the event.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`] if the value or the name cannot be sent,
    /// [`EmitError::UnknownNamespace`] if the server has no such namespace.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        let hub = self.hub()?;
        let packet = Encoded::event(hub.name(), event, &data)?;
        hub.broadcast(&self.selector, &packet, self.volatile);
        Ok(())
    }

    /// Emits an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        let hub = self.hub()?;
        let packet = Encoded::forward(hub.name(), event, args)?;
        hub.broadcast(&self.selector, &packet, self.volatile);
        Ok(())
    }

    pub(crate) fn except_socket(mut self, socket: SocketId) -> Self {
        self.selector.except_socket = Some(socket);
        self
    }

    fn hub(&self) -> Result<&Arc<Hub>, EmitError> {
        self.hub
            .as_ref()
            .map_err(|name| EmitError::UnknownNamespace(name.clone()))
    }
}
