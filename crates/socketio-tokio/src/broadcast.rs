//! Many sockets at once: choosing them, and emitting to all of them.

use std::sync::Arc;

use serde::Serialize;
use socketio_proto::{Args, Room, Selector, SocketId};

use crate::broadcast_call::BroadcastCall;
use crate::error::EmitError;
use crate::hub::Hub;
use crate::outbox::Volatile;
use crate::socket::Socket;
use crate::typed::{AsArguments, Event};

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

    /// The path of the namespace.
    pub fn name(&self) -> &str {
        match &self.hub {
            Ok(hub) => hub.name().as_str(),
            Err(name) => name,
        }
    }

    /// Adds the sockets in `room`.
    pub fn to(mut self, room: impl Into<Room>) -> Self {
        self.selector.rooms.push(room.into());
        self
    }

    /// The same as [`to`](Self::to), where it reads better: `io.of("/").in_room("a").sockets()`.
    pub fn in_room(self, room: impl Into<Room>) -> Self {
        self.to(room)
    }

    /// Adds the sockets in any of `rooms`. None at all add nothing, so that everybody is chosen
    /// if no other room is named.
    pub fn to_rooms<R: Into<Room>>(mut self, rooms: impl IntoIterator<Item = R>) -> Self {
        self.selector
            .rooms
            .extend(rooms.into_iter().map(Into::into));
        self
    }

    /// Leaves out the sockets in `room`.
    pub fn except(mut self, room: impl Into<Room>) -> Self {
        self.selector.except.push(room.into());
        self
    }

    /// Leaves out the sockets in any of `rooms`.
    pub fn except_rooms<R: Into<Room>>(mut self, rooms: impl IntoIterator<Item = R>) -> Self {
        self.selector
            .except
            .extend(rooms.into_iter().map(Into::into));
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
        let packet = hub.encode(event, &data)?;
        hub.broadcast(&self.selector, &packet, self.volatile);
        Ok(())
    }

    /// Emits a typed event to the chosen sockets; see [`Event`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_event<E: Event + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.emit(E::NAME, AsArguments(event))
    }

    /// Emits an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        let hub = self.hub()?;
        let packet = hub.forward(event, args)?;
        hub.broadcast(&self.selector, &packet, self.volatile);
        Ok(())
    }

    /// Emits an event to the chosen sockets and waits for the answer of each.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_tokio::Server) -> Result<(), socketio_tokio::EmitError> {
    /// use std::time::Duration;
    ///
    /// let votes = io.to("council").call::<bool>("vote", "more tea?");
    /// let votes = votes.timeout(Duration::from_secs(10)).await?;
    /// let yes = votes.answers.iter().filter(|yes| **yes).count();
    /// println!("{yes} for it, {} did not vote", votes.missing);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<R>(&self, event: &str, data: impl Serialize) -> BroadcastCall<R> {
        BroadcastCall::new(self, |hub| hub.encode_call(event, &data))
    }

    /// Emits a typed event to the chosen sockets and waits for the answer of each, which is an
    /// `E::Ack`; see [`Event`].
    pub fn call_event<E: Event + Serialize>(&self, event: &E) -> BroadcastCall<E::Ack> {
        self.call(E::NAME, AsArguments(event))
    }

    /// Makes the chosen sockets join a room.
    pub fn sockets_join(&self, room: impl Into<Room>) {
        let room = room.into();
        for socket in self.sockets() {
            socket.join(room.clone());
        }
    }

    /// Makes the chosen sockets leave a room.
    pub fn sockets_leave(&self, room: impl Into<Room>) {
        let room = room.into();
        for socket in self.sockets() {
            socket.leave(room.clone());
        }
    }

    /// Puts the chosen sockets out of the namespace. Their connections stay.
    pub fn disconnect_sockets(&self) {
        self.sockets().iter().for_each(Socket::disconnect);
    }

    /// Puts the chosen clients out of all their namespaces, then closes their connections.
    pub fn close_sockets(&self) {
        self.sockets().iter().for_each(Socket::close);
    }

    /// The chosen sockets that are connected to this server now, in no particular order.
    pub fn sockets(&self) -> Vec<Socket> {
        let hub = self.hub.as_ref().ok();
        hub.map_or_else(Vec::new, |hub| hub.select(&self.selector))
    }

    pub(crate) fn except_socket(mut self, socket: SocketId) -> Self {
        self.selector.except_socket = Some(socket);
        self
    }

    pub(crate) fn hub(&self) -> Result<&Arc<Hub>, EmitError> {
        self.hub
            .as_ref()
            .map_err(|name| EmitError::UnknownNamespace(name.clone()))
    }
}
