//! Many sockets at once: choosing them, and emitting to all of them.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use socketio_proto::engine::server::Compress;
use socketio_proto::server::Emit;
use socketio_proto::{Args, Encoded, Room, Selector, SocketId};

use crate::error::EmitError;
use crate::server::broadcast_call::BroadcastCall;
use crate::server::cluster::{
    self, Action, Ask, Emitted, Flags, Inquiry, Message, Node, ServerSideCall,
};
use crate::server::hub::Hub;
use crate::server::remote::FetchSockets;
use crate::server::socket::Socket;
use crate::typed::{AsArguments, Event};

/// A choice of sockets in one namespace.
///
/// Each modifier returns a new choice, so one can be kept and used again. What it reaches is
/// decided at each [`emit`](Self::emit): whoever is then in one of the rooms, or everybody if no
/// room was named, and in none of the excluded rooms; each socket once. In a
/// [cluster](crate::Builder::cluster) that goes for the clients of all its servers, unless the
/// choice is [`local`](Self::local).
#[derive(Clone, Debug)]
#[must_use = "a choice of sockets does nothing until it emits"]
pub struct Broadcast {
    hub: Result<Arc<Hub>, String>,
    selector: Selector,
    emit: Emit,
    reach: Reach,
}

/// Which servers a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Cluster,
    Local,
}

impl Broadcast {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub: Ok(hub),
            selector: Selector::default(),
            emit: Emit::default(),
            reach: Reach::Cluster,
        }
    }

    /// A choice in a namespace that the server does not have: its emits fail and say so.
    pub(crate) fn nowhere(namespace: &str) -> Self {
        let hub = Err(namespace.to_owned());
        Self {
            hub,
            selector: Selector::default(),
            emit: Emit::default(),
            reach: Reach::Cluster,
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
        self.emit.volatile = true;
        self
    }

    /// Leaves out the clients of other servers.
    pub fn local(mut self) -> Self {
        self.reach = Reach::Local;
        self
    }

    /// Whether the event is worth compressing: yes. Looked at where the server compresses answers
    /// to polls.
    pub fn compress(mut self, compress: bool) -> Self {
        self.emit.compress = if compress {
            Compress::Yes
        } else {
            Compress::No
        };
        self
    }

    /// Emits an event to the chosen sockets; it is encoded once for all of them.
    ///
    /// A socket whose client reads so slowly that `max_buffer_size` bytes are waiting is
    /// disconnected, unless the emit is [`volatile`](Self::volatile): then it misses the event.
    ///
    /// Each client of this server hears the events of one task in their order, and those of another
    /// server too; there is no order between servers.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`] if the value or the name cannot be sent,
    /// [`EmitError::UnknownNamespace`] if the server has no such namespace.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        let hub = self.hub()?;
        let packet = hub.encode(event, &data)?;
        self.send(hub, packet);
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
        self.send(hub, packet);
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
        self.sockets_join_rooms([room]);
    }

    /// Makes the chosen sockets join rooms.
    pub fn sockets_join_rooms<R: Into<Room>>(&self, rooms: impl IntoIterator<Item = R>) {
        let rooms: Arc<[Room]> = rooms.into_iter().map(Into::into).collect();
        if let Ok(hub) = &self.hub {
            hub.join_all(&self.sockets(), &rooms);
        }
        self.publish(|selector| Action::Join { selector, rooms });
    }

    /// Makes the chosen sockets leave a room.
    pub fn sockets_leave(&self, room: impl Into<Room>) {
        self.sockets_leave_rooms([room]);
    }

    /// Makes the chosen sockets leave rooms.
    pub fn sockets_leave_rooms<R: Into<Room>>(&self, rooms: impl IntoIterator<Item = R>) {
        let rooms: Arc<[Room]> = rooms.into_iter().map(Into::into).collect();
        if let Ok(hub) = &self.hub {
            hub.leave_all(&self.sockets(), &rooms);
        }
        self.publish(|selector| Action::Leave { selector, rooms });
    }

    /// Puts the chosen sockets out of the namespace. Their connections stay.
    pub fn disconnect_sockets(&self) {
        self.sockets().iter().for_each(Socket::disconnect);
        self.publish(|selector| Action::Disconnect { selector });
    }

    /// Puts the chosen clients out of all their namespaces, then closes their connections.
    pub fn close_sockets(&self) {
        self.sockets().iter().for_each(Socket::close);
        self.publish(|selector| Action::Close { selector });
    }

    /// Asks for the chosen sockets, those of other servers included.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_tokio::Server) -> Result<(), socketio_tokio::FetchError> {
    /// for socket in io.to("lobby").fetch_sockets().await? {
    ///     println!("{} {:?}", socket.id(), socket.rooms());
    ///     socket.leave("lobby");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch_sockets(&self) -> FetchSockets {
        FetchSockets::new(self)
    }

    /// Sends an event to the other servers, where the handlers given to
    /// [`Namespace::on_server_side`](crate::Namespace::on_server_side) in this namespace serve it.
    /// Rooms do not matter for it. Nothing happens if there are no other servers.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`] if the value cannot be sent, or the name is `connect`, `connection` or
    /// `new_namespace`; [`EmitError::UnknownNamespace`] if the server has no such namespace.
    pub fn server_side_emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        self.hub()?;
        let args = cluster::server_side_event(event, &data)?;
        self.publish(|_| Action::ServerSide { args });
        Ok(())
    }

    /// The same, and waits for the answer of each of the other servers.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_tokio::Server) -> Result<(), socketio_tokio::EmitError> {
    /// let loads = io.of("/").server_side_call::<f64>("load", ()).await?;
    /// println!("{:?}, {} servers are silent", loads.answers, loads.missing_servers);
    /// # Ok(())
    /// # }
    /// ```
    pub fn server_side_call<R>(&self, event: &str, data: impl Serialize) -> ServerSideCall<R> {
        let args = || Ok(cluster::server_side_event(event, &data)?);
        ServerSideCall::new(self, self.hub().and_then(|_| args()))
    }

    /// The chosen sockets that are connected to this server now, in no particular order.
    pub fn sockets(&self) -> Vec<Socket> {
        let hub = self.hub.as_ref().ok();
        hub.map_or_else(Vec::new, |hub| hub.select(&self.selector))
    }

    /// Hands an event to the chosen sockets: those of this server first.
    fn send(&self, hub: &Hub, packet: Encoded) {
        hub.broadcast(&self.selector, &packet, self.emit);
        self.publish(|selector| Action::Emit {
            selector,
            flags: self.flags(),
            event: Emitted::from_packet(packet),
        });
    }

    /// Tells the other servers, if the choice is about them.
    fn publish(&self, action: impl FnOnce(Arc<Selector>) -> Action) {
        if let Some((hub, node)) = self.others() {
            let namespace = hub.name().clone();
            let action = action(Arc::new(self.selector.clone()));
            node.publish(Message { namespace, action });
        }
    }

    /// Asks the other servers, if the choice is about them.
    pub(crate) fn inquire(
        &self,
        within: Duration,
        ask: impl FnOnce(Arc<Selector>) -> Ask,
    ) -> Inquiry {
        match self.others() {
            Some((hub, node)) => {
                let ask = ask(Arc::new(self.selector.clone()));
                node.ask(hub.name(), ask, within)
            }
            None => Inquiry::none(),
        }
    }

    fn others(&self) -> Option<(&Hub, &Arc<Node>)> {
        let hub = self.hub.as_ref().ok()?;
        match self.reach {
            Reach::Cluster => hub.node().map(|node| (&**hub, node)),
            Reach::Local => None,
        }
    }

    pub(crate) fn flags(&self) -> Flags {
        Flags {
            volatile: self.emit.volatile,
            compress: self.emit.compress == Compress::Yes,
        }
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
