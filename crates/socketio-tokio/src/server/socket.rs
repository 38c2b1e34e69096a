//! One client in one namespace, as handlers and other tasks hold it.

mod listen;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use socketio_proto::server::Emit;
use socketio_proto::{Args, ArgsError, Encoded, Namespace, Room, SocketId};

use crate::call::Call;
use crate::error::EmitError;
use crate::outgoing::Outgoing;
use crate::server::Server;
use crate::server::broadcast::Broadcast;
use crate::server::call::Asker;
use crate::server::command::Command;
use crate::server::emitter::Emitter;
use crate::server::extensions::Extensions;
use crate::server::handshake::{Connection, Handshake};
use crate::server::hub::Hub;
use crate::server::listeners::Listeners;
use crate::server::recovery::{Belongings, SessionKey};
use crate::typed::{AsArguments, Event};

/// One client in one namespace.
///
/// A cheap handle: clones are the same socket, and keeping one does not keep the client
/// connected. Emits return at once; the connection's own task writes.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

struct Inner {
    id: SocketId,
    hub: Arc<Hub>,
    handshake: Handshake,
    status: AtomicU8,
    extensions: Extensions,
    data: Mutex<Option<Args>>,
    listeners: Listeners,
    /// Under which name it can be recovered: fixed when it is let in.
    session: OnceLock<SessionKey>,
    recovered: AtomicBool,
    /// The rooms that it was in, from its end until its last handlers have started.
    last_rooms: Mutex<Vec<Room>>,
}

/// Where a socket is in its life. It only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Joining = 0,
    Connected = 1,
    Gone = 2,
}

impl Socket {
    /// A socket at the door; with the belongings of an earlier one if it is back.
    pub(crate) fn new(
        id: SocketId,
        hub: Arc<Hub>,
        handshake: Handshake,
        belongings: Option<Belongings>,
    ) -> Self {
        let is_back = belongings.is_some();
        let (extensions, data) = match belongings {
            Some(Belongings { extensions, data }) => (extensions, data),
            None => Default::default(),
        };
        Self(Arc::new(Inner {
            id,
            hub,
            handshake,
            status: AtomicU8::new(Status::Joining as u8),
            extensions,
            data: Mutex::new(data),
            listeners: Listeners::default(),
            session: OnceLock::new(),
            recovered: AtomicBool::new(is_back),
            last_rooms: Mutex::default(),
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

    /// The server that the client is connected to. `None` once nobody holds it any more.
    pub fn server(&self) -> Option<Server> {
        self.0.hub.server()
    }

    /// Whether the client is in the namespace: false while middleware decides, and after it left.
    pub fn is_connected(&self) -> bool {
        self.0.status.load(Ordering::Acquire) == Status::Connected as u8
    }

    /// Whether the client picked up where an earlier connection left off: the id, the rooms and
    /// the data are those of then, and what the client missed has been sent.
    pub fn is_recovered(&self) -> bool {
        self.0.recovered.load(Ordering::Acquire)
    }

    /// How the client came in: headers, query, address, `auth` payload.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// The connection beneath, which the client's other namespaces use too.
    pub fn connection(&self) -> &Connection {
        &self.0.handshake.connection
    }

    /// The values that handlers keep with this socket, by their types.
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// Keeps a value that describes the socket to others: to other servers and to tools, which
    /// see it in [`Broadcast::fetch_sockets`]. It replaces the earlier one.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`] if the value cannot be a Socket.IO argument.
    pub fn set_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), EmitError> {
        // A sequence of one, so that a tuple stays a tuple.
        let data = Args::new(&(data,))?;
        *self.0.data.lock().unwrap_or_else(PoisonError::into_inner) = Some(data);
        Ok(())
    }

    /// The value that [`set_data`](Self::set_data) has kept, `{}` if there is none.
    ///
    /// # Errors
    ///
    /// If it is of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ArgsError> {
        read_data(self.raw_data().as_ref())
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
        self.emitter().emit(event, data)
    }

    /// Emits a typed event; see [`Event`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_event<E: Event + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.emitter().emit_event(event)
    }

    /// Emits an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        self.emitter().emit_args(event, args)
    }

    /// An emit that is dropped if it cannot leave at once.
    ///
    /// ```no_run
    /// # fn example(socket: socketio_tokio::Socket) -> Result<(), socketio_tokio::EmitError> {
    /// socket.volatile().emit("position", (1, 2))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn volatile(&self) -> Emitter<'_> {
        self.emitter().volatile()
    }

    /// An emit that says whether it is worth compressing.
    pub fn compress(&self, compress: bool) -> Emitter<'_> {
        self.emitter().compress(compress)
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
        let (socket, packet) = (self.clone(), self.0.hub.encode_call(event, &data));
        Call::new(move |within, asker| socket.ask(packet?, within, Asker::One(asker)))
    }

    /// Emits a typed event and waits for the client's answer, which is an `E::Ack`; see [`Event`].
    pub fn call_event<E: Event + Serialize>(&self, event: &E) -> Call<E::Ack> {
        self.call(E::NAME, AsArguments(event))
    }

    /// Joins a room. Allowed before the client is connected; without effect after it left.
    pub fn join(&self, room: impl Into<Room>) {
        self.0.hub.join(self, room.into());
    }

    /// Joins rooms, all at once.
    pub fn join_rooms<R: Into<Room>>(&self, rooms: impl IntoIterator<Item = R>) {
        let rooms: Vec<_> = rooms.into_iter().map(Into::into).collect();
        self.0.hub.join_all(std::slice::from_ref(self), &rooms);
    }

    /// Leaves a room. An unknown room is ignored.
    pub fn leave(&self, room: impl Into<Room>) {
        self.0.hub.leave(self, &room.into());
    }

    /// The rooms in which this socket is, that of its own id included.
    pub fn rooms(&self) -> Vec<Room> {
        // The id may be that of another socket after the end.
        if self.is_gone() {
            self.last_rooms()
        } else {
            self.0.hub.rooms_of(&self.0.id)
        }
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
        self.connection().outbox().queued_bytes()
    }

    /// Waits until nothing waits for this client any more, or it has left.
    ///
    /// The way to send much without ever meeting [`EmitError::Full`]: emit, await, and so on.
    pub async fn drained(&self) {
        self.connection().outbox().drained().await;
    }

    fn emitter(&self) -> Emitter<'_> {
        Emitter::new(self)
    }

    /// Hands over a packet for this client alone.
    pub(crate) fn push(&self, packet: Encoded, emit: Emit) -> Result<(), EmitError> {
        match self.push_command(Command::Emit(packet, emit)) {
            Err(EmitError::Full) if emit.volatile => Ok(()),
            outcome => outcome,
        }
    }

    /// Hands over a packet that expects an answer.
    pub(crate) fn ask(
        &self,
        packet: Encoded,
        within: Option<Duration>,
        asker: Asker,
    ) -> Result<(), EmitError> {
        self.show_outgoing(&packet);
        self.push_command(Command::Call {
            packet,
            within,
            asker,
        })
    }

    /// Hands over a packet of a broadcast.
    ///
    /// Nobody could be told that it was refused, and a gap in a client's events is worse than a
    /// reconnect: a client that lets its buffer fill up loses its connection instead.
    pub(crate) fn deliver(&self, packet: Encoded, emit: Emit) {
        let outbox = self.connection().outbox();
        match outbox.push(Command::Emit(packet, emit)) {
            Err(EmitError::Full) if !emit.volatile => self.command(Command::CloseSlow),
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
            self.connection().outbox().push(command)
        }
    }

    /// Shows a packet to the catch-alls for outgoing events.
    pub(crate) fn show_outgoing(&self, packet: &Encoded) {
        let of_namespace = &self.0.hub.routes().any_outgoing;
        let own = self.0.listeners.any_outgoing();
        if of_namespace.is_empty() && own.is_empty() {
            return;
        }
        if let Some(event) = Outgoing::read(packet) {
            of_namespace
                .iter()
                .chain(&own)
                .for_each(|see| see(self, &event));
        }
    }

    /// The client is in, and reachable in these rooms. Room events are still to be
    /// [told](Hub::tell_news).
    pub(crate) fn set_connected(&self, rooms: Vec<Room>) {
        self.0
            .status
            .store(Status::Connected as u8, Ordering::Release);
        self.0.hub.insert(self, rooms);
    }

    /// The client has left: nobody reaches it through the hub any more.
    pub(crate) fn set_gone(&self) {
        self.set_gone_untold();
        self.0.hub.tell_news();
    }

    /// The same, with room events that are still to be [told](Hub::tell_news).
    fn set_gone_untold(&self) {
        let is_first =
            || self.0.status.swap(Status::Gone as u8, Ordering::AcqRel) != Status::Gone as u8;
        self.0.hub.remove_if(&self.0.id, is_first, |rooms| {
            *self.lock_last_rooms() = rooms
        });
    }

    /// The client has left. If its end was nobody's wish, it may come back.
    pub(crate) fn end(&self, may_return: bool) {
        self.set_gone();
        if let Some(recovery) = self.0.hub.recovery() {
            recovery.end(&self.0.hub, self, self.last_rooms(), may_return);
        }
    }

    /// The client has come back over another connection: this one is over. Returns its rooms; room
    /// events are still to be [told](Hub::tell_news).
    pub(crate) fn replace(&self) -> Vec<Room> {
        self.command(Command::Replaced(self.namespace().clone()));
        self.set_gone_untold();
        self.last_rooms()
    }

    /// Nothing of an earlier socket could be recovered after all, except its id.
    pub(crate) fn set_anew(&self) {
        self.0.recovered.store(false, Ordering::Release);
    }

    pub(crate) fn set_session(&self, key: SessionKey) {
        // Let in once: there is none yet.
        let _there_already = self.0.session.set(key);
    }

    pub(crate) fn session(&self) -> Option<&SessionKey> {
        self.0.session.get()
    }

    /// Whether both are the same socket, and not only of the same id.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// From now on it was never in a room.
    pub(crate) fn forget_rooms(&self) {
        self.lock_last_rooms().clear();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.status.load(Ordering::Acquire) == Status::Gone as u8
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.0.listeners
    }

    pub(crate) fn raw_data(&self) -> Option<Args> {
        let data = self.0.data.lock().unwrap_or_else(PoisonError::into_inner);
        data.clone()
    }

    pub(crate) fn path_params(&self) -> Vec<String> {
        let params = self.0.hub.pattern().and_then(|pattern| {
            let params = pattern.params(self.namespace().as_str())?;
            Some(params.into_iter().map(str::to_owned).collect())
        });
        params.unwrap_or_default()
    }

    fn last_rooms(&self) -> Vec<Room> {
        self.lock_last_rooms().clone()
    }

    fn lock_last_rooms(&self) -> MutexGuard<'_, Vec<Room>> {
        self.0
            .last_rooms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what [`Socket::set_data`] has kept.
pub(crate) fn read_data<T: DeserializeOwned>(data: Option<&Args>) -> Result<T, ArgsError> {
    match data {
        Some(data) => data.to::<(T,)>().map(|(value,)| value),
        None => T::deserialize(MapDeserializer::new(std::iter::empty::<((), ())>())),
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
