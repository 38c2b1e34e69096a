//! One client in one namespace, as handlers and other tasks hold it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::request::Parts;
use serde::Serialize;
use socketio_proto::{Args, Encoded, Namespace, Room, SocketId};

use crate::broadcast::Broadcast;
use crate::call::Call;
use crate::error::EmitError;
use crate::hub::Hub;
use crate::outbox::{Command, Outbox, Volatile};

/// One client in one namespace.
///
/// A cheap handle: clones are the same socket, and keeping one does not keep the client
/// connected. Emits return at once; the connection's own task writes.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

struct Inner {
    id: SocketId,
    auth: Option<String>,
    hub: Arc<Hub>,
    outbox: Arc<Outbox>,
    request: Arc<Parts>,
    status: AtomicU8,
}

/// Where a socket is in its life. It only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Joining = 0,
    Connected = 1,
    Gone = 2,
}

impl Socket {
    pub(crate) fn new(
        id: SocketId,
        auth: Option<String>,
        hub: Arc<Hub>,
        outbox: Arc<Outbox>,
        request: Arc<Parts>,
    ) -> Self {
        let status = AtomicU8::new(Status::Joining as u8);
        Self(Arc::new(Inner {
            id,
            auth,
            hub,
            outbox,
            request,
            status,
        }))
    }

    /// The public id: unique per connection and namespace, also the name of a room in which only
    /// this socket is.
    pub fn id(&self) -> &SocketId {
        &self.0.id
    }

    /// The namespace in which the client is.
    pub fn namespace(&self) -> &Namespace {
        self.0.hub.name()
    }

    /// Whether the client is in the namespace: false while middleware decides, and after it left.
    pub fn is_connected(&self) -> bool {
        self.0.status.load(Ordering::Acquire) == Status::Connected as u8
    }

    /// The head of the first HTTP request of this client: URI, headers, extensions.
    pub fn request(&self) -> &Parts {
        &self.0.request
    }

    /// The JSON object that the client sent to be let in, if it sent one.
    pub fn auth(&self) -> Option<&str> {
        self.0.auth.as_deref()
    }

    /// Emits an event to this client.
    ///
    /// A tuple is several arguments, `()` none, anything else one. `Bytes` anywhere inside
    /// becomes a binary attachment. Packets of one connection arrive in the order in which they
    /// were emitted.
    ///
    /// # Errors
    ///
    /// [`EmitError::Full`] when `max_buffer_size` bytes are waiting for the client,
    /// [`EmitError::NotConnected`] after it left, [`EmitError::Encode`] if the value or the name
    /// cannot be sent.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        self.push(Encoded::event(self.namespace(), event, &data)?)
    }

    /// Emits an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        self.push(Encoded::forward(self.namespace(), event, args)?)
    }

    /// Emits an event and waits for the client's answer.
    ///
    /// ```no_run
    /// # async fn example(socket: socketio_tokio::Socket) -> Result<(), socketio_tokio::CallError> {
    /// use std::time::Duration;
    ///
    /// let sum: i64 = socket.call("add", (1, 2)).timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<R>(&self, event: &str, data: impl Serialize) -> Call<R> {
        Call::new(self, Args::event(event, &data))
    }

    /// Joins a room. Allowed before the client is connected; without effect after it left.
    pub fn join(&self, room: impl Into<Room>) {
        self.0.hub.join(self, room.into());
    }

    /// Leaves a room. An unknown room is ignored.
    pub fn leave(&self, room: impl Into<Room>) {
        self.0.hub.leave(&self.0.id, &room.into());
    }

    /// The rooms in which this socket is, that of its own id included.
    pub fn rooms(&self) -> Vec<Room> {
        self.0.hub.rooms_of(&self.0.id)
    }

    /// Everybody else in `room`.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everybody else in the namespace who is not in `room`.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everybody else in the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(Arc::clone(&self.0.hub)).except_socket(self.id().clone())
    }

    /// Puts the client out of this namespace. Its connection and other namespaces stay.
    pub fn disconnect(&self) {
        self.command(Command::Disconnect(self.namespace().clone()));
    }

    /// Puts the client out of all its namespaces, then closes its connection.
    pub fn close(&self) {
        self.command(Command::Close);
    }

    /// The bytes that wait for this client to read them, over all its namespaces.
    pub fn queued_bytes(&self) -> usize {
        self.0.outbox.queued_bytes()
    }

    /// Hands over a packet of a broadcast.
    ///
    /// Nobody could be told that it was refused, and a gap in a client's events is worse than a
    /// reconnect: a client that lets its buffer fill up loses its connection instead.
    pub(crate) fn deliver(&self, packet: Encoded, volatile: Volatile) {
        match self.0.outbox.push(Command::Emit(packet, volatile)) {
            Err(EmitError::Full) if volatile == Volatile::No => self.command(Command::CloseSlow),
            _ => {}
        }
    }

    /// Hands over a command for which a connection that has ended needs no answer.
    pub(crate) fn command(&self, command: Command) {
        let _ended = self.push_command(command);
    }

    pub(crate) fn push_command(&self, command: Command) -> Result<(), EmitError> {
        if self.is_gone() {
            Err(EmitError::NotConnected)
        } else {
            self.0.outbox.push(command)
        }
    }

    pub(crate) fn set_connected(&self) {
        self.0
            .status
            .store(Status::Connected as u8, Ordering::Release);
        self.0.hub.insert(self);
    }

    pub(crate) fn set_gone(&self) {
        self.0.status.store(Status::Gone as u8, Ordering::Release);
        self.0.hub.remove(&self.0.id);
    }

    fn push(&self, packet: Encoded) -> Result<(), EmitError> {
        self.push_command(Command::Emit(packet, Volatile::No))
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.status.load(Ordering::Acquire) == Status::Gone as u8
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", self.id())
            .field("namespace", self.namespace())
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
