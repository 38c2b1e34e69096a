//! One namespace at run time: its handlers, who is connected, and who is in which room.
//!
//! The lock guards plain data and is held for a look-up, never while a packet is written.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use socketio_proto::server::Emit;
use socketio_proto::{
    AckId, Args, EncodeError, Encoded, Namespace, Parser, Room, Rooms, Selector, SocketId,
};

use crate::error::EmitError;
use crate::server::cluster::Node;
use crate::server::dynamic::Pattern;
use crate::server::observer::NamespaceMetrics;
use crate::server::recovery::{ConnectionStateRecovery, Recovery};
use crate::server::room_event::News;
use crate::server::routes::Routes;
use crate::server::socket::Socket;
use crate::server::{Server, WeakServer};

/// The handlers, sockets and rooms of a namespace, shared by all its connections.
pub(crate) struct Hub {
    name: Namespace,
    routes: Arc<Routes>,
    origin: Origin,
    parser: Parser,
    server: WeakServer,
    recovery: Option<Recovery>,
    node: Option<Arc<Node>>,
    /// Whether anybody wants to know what happens to rooms.
    is_watched: bool,
    /// The id of the next event that expects answers: one for all who are asked.
    next_ack: AtomicU64,
    members: Mutex<Members>,
}

/// How a namespace came into being.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// By name.
    Named,
    /// Because a client asked for it. The pattern that it matches, if it is one.
    Dynamic(Option<Pattern>),
}

#[derive(Debug, Default)]
struct Members {
    sockets: HashMap<SocketId, Socket>,
    rooms: Rooms,
    /// What is to be told of the rooms, if there is anybody to tell.
    news: Option<News>,
}

impl Members {
    fn join(&mut self, socket: &SocketId, room: Room) {
        match &mut self.news {
            None => self.rooms.join(socket, room),
            Some(news) => news.join(&mut self.rooms, socket, room),
        }
    }

    fn leave(&mut self, socket: &SocketId, room: &Room) {
        match &mut self.news {
            None => self.rooms.leave(socket, room),
            Some(news) => news.leave(&mut self.rooms, socket, room),
        }
    }
}

/// What the namespaces of a server have in common.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) parser: Parser,
    pub(crate) recovery: Option<ConnectionStateRecovery>,
    pub(crate) server: WeakServer,
    /// The other servers, if there may be any.
    pub(crate) node: Option<Arc<Node>>,
}

impl Hub {
    pub(crate) fn new(name: Namespace, routes: Arc<Routes>, origin: Origin, terms: &Terms) -> Self {
        let wants_all = terms
            .node
            .as_ref()
            .is_some_and(|node| node.wants_room_events());
        let is_watched = wants_all || !routes.room_events.is_empty();
        Self {
            name,
            routes,
            origin,
            parser: terms.parser,
            server: terms.server.clone(),
            recovery: terms.recovery.as_ref().map(Recovery::new),
            node: terms.node.clone(),
            is_watched,
            next_ack: AtomicU64::new(0),
            members: Mutex::new(Members {
                news: is_watched.then(News::default),
                ..Members::default()
            }),
        }
    }

    pub(crate) fn name(&self) -> &Namespace {
        &self.name
    }

    pub(crate) fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    pub(crate) fn server(&self) -> Option<Server> {
        self.server.upgrade()
    }

    pub(crate) fn parser(&self) -> Parser {
        self.parser
    }

    pub(crate) fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        matches!(self.origin, Origin::Dynamic(_))
    }

    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        match &self.origin {
            Origin::Dynamic(pattern) => pattern.as_ref(),
            Origin::Named => None,
        }
    }

    pub(crate) fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// Makes a socket reachable, in these rooms and in the one named by its id.
    /// [sio5 § Connection to a namespace; js socket.io 4.8.4]
    ///
    /// Room events wait for [`tell_news`](Self::tell_news), as those of [`remove`](Self::remove)
    /// do: this may be called under the lock of the recovery.
    pub(crate) fn insert(&self, socket: &Socket, rooms: Vec<Room>) {
        let mut members = self.lock();
        for room in rooms {
            members.join(socket.id(), room);
        }
        members.join(socket.id(), Room::from(socket.id()));
        members.sockets.insert(socket.id().clone(), socket.clone());
    }

    /// Forgets a socket, and returns the rooms in which it was.
    pub(crate) fn remove_if(
        &self,
        id: &SocketId,
        is_first: impl FnOnce() -> bool,
        keep: impl FnOnce(Vec<Room>),
    ) {
        let mut members = self.lock();
        if !is_first() {
            return;
        }
        let rooms: Vec<_> = members.rooms.rooms_of(id).cloned().collect();
        if members.news.is_some() {
            rooms.iter().for_each(|room| members.leave(id, room));
        }
        members.rooms.leave_all(id);
        members.sockets.remove(id);
        keep(rooms);
    }

    pub(crate) fn join(&self, socket: &Socket, room: Room) {
        let mut members = self.lock();
        // Asked under the lock that `remove` takes: nobody stays in a room after leaving.
        if !socket.is_gone() {
            members.join(socket.id(), room);
        }
        self.tell(members);
    }

    pub(crate) fn leave(&self, socket: &Socket, room: &Room) {
        let mut members = self.lock();
        // The id may be that of another socket by now.
        if !socket.is_gone() {
            members.leave(socket.id(), room);
        }
        self.tell(members);
    }

    /// Makes sockets join rooms, all at once.
    pub(crate) fn join_all(&self, sockets: &[Socket], rooms: &[Room]) {
        let mut members = self.lock();
        for socket in sockets.iter().filter(|socket| !socket.is_gone()) {
            for room in rooms {
                members.join(socket.id(), room.clone());
            }
        }
        self.tell(members);
    }

    /// Makes sockets leave rooms, all at once.
    pub(crate) fn leave_all(&self, sockets: &[Socket], rooms: &[Room]) {
        let mut members = self.lock();
        for socket in sockets.iter().filter(|socket| !socket.is_gone()) {
            rooms
                .iter()
                .for_each(|room| members.leave(socket.id(), room));
        }
        self.tell(members);
    }

    /// Tells what has happened to rooms. Not to be called under a lock: those who are told may do
    /// as they like.
    pub(crate) fn tell_news(&self) {
        if self.is_watched {
            self.tell(self.lock());
        }
    }

    fn tell<'a>(&'a self, mut members: MutexGuard<'a, Members>) {
        if !members.news.as_mut().is_some_and(News::begin) {
            return;
        }
        while let Some(events) = members.news.as_mut().and_then(News::take) {
            drop(members);
            for event in &events {
                self.routes.tell(&self.name, event);
                if let Some(node) = self.node.as_ref().filter(|node| node.wants_room_events()) {
                    node.room_event(&self.name, event);
                }
            }
            members = self.lock();
        }
    }

    pub(crate) fn rooms_of(&self, id: &SocketId) -> Vec<Room> {
        self.lock().rooms.rooms_of(id).cloned().collect()
    }

    /// Who is here.
    pub(crate) fn measure(&self) -> NamespaceMetrics {
        let members = self.lock();
        let is_own = |room: &&Room| members.sockets.contains_key(room.as_str());
        NamespaceMetrics {
            name: self.name.as_str().to_owned(),
            sockets: members.sockets.len(),
            rooms: members.rooms.rooms().filter(|room| !is_own(room)).count(),
        }
    }

    /// The sockets that `selector` reaches, each once.
    pub(crate) fn select(&self, selector: &Selector) -> Vec<Socket> {
        let members = self.lock();
        // Somebody who joined a room while its admission is pending is not connected yet, and
        // a broadcast does not reach it.
        if selector.rooms.is_empty() && selector.except.is_empty() {
            let chosen = |socket: &&Socket| selector.except_socket.as_ref() != Some(socket.id());
            return members.sockets.values().filter(chosen).cloned().collect();
        }
        members
            .rooms
            .select(selector)
            .filter_map(|id| members.sockets.get(id))
            .cloned()
            .collect()
    }

    /// Encodes an event of this namespace, once for all who will receive it.
    pub(crate) fn encode<T: Serialize + ?Sized>(
        &self,
        event: &str,
        data: &T,
    ) -> Result<Encoded, EncodeError> {
        self.parser.event(&self.name, event, data)
    }

    /// Encodes an event whose arguments are passed on as they were received.
    pub(crate) fn forward(&self, event: &str, args: &Args) -> Result<Encoded, EncodeError> {
        self.parser.forward(&self.name, event, args)
    }

    /// Encodes an event that expects an answer of each socket that receives it.
    ///
    /// [js socket.io 4.8.4] one counter for all sockets of a namespace.
    pub(crate) fn encode_call<T: Serialize + ?Sized>(
        &self,
        event: &str,
        data: &T,
    ) -> Result<Encoded, EncodeError> {
        let id = AckId::new(self.next_ack.fetch_add(1, Ordering::Relaxed));
        self.parser.call(&self.name, id, event, data)
    }

    /// The same, with arguments that are passed on as they were received.
    pub(crate) fn forward_call(&self, event: &str, args: &Args) -> Result<Encoded, EncodeError> {
        let id = AckId::new(self.next_ack.fetch_add(1, Ordering::Relaxed));
        self.parser.forward_call(&self.name, id, event, args)
    }

    /// Hands one event to one socket.
    pub(crate) fn emit(
        &self,
        socket: &Socket,
        packet: &Encoded,
        emit: Emit,
    ) -> Result<(), EmitError> {
        let sent = match self.recovery_of(emit) {
            None => socket.push(packet.clone(), emit),
            Some(recovery) => {
                let own = vec![Room::from(socket.id())];
                // Who is at the door gets it in any case, and not once more from the log.
                let except = match socket.is_connected() {
                    true => Vec::new(),
                    false => own.clone(),
                };
                let selector = Selector {
                    rooms: own,
                    except,
                    ..Selector::default()
                };
                recovery.send(&selector, packet, |packet| {
                    socket.push(packet.clone(), emit)
                })
            }
        };
        socket.show_outgoing(packet);
        sent
    }

    /// Hands one event to every socket that `selector` reaches.
    pub(crate) fn broadcast(&self, selector: &Selector, packet: &Encoded, emit: Emit) {
        let deliver = |packet: &Encoded| {
            let sockets = self.select(selector);
            for socket in &sockets {
                socket.deliver(packet.clone(), emit);
            }
            sockets
        };
        let sockets = match self.recovery_of(emit) {
            None => deliver(packet),
            Some(recovery) => recovery.send(selector, packet, deliver),
        };
        // Behind the lock of the recovery: whoever looks may emit, too.
        for socket in sockets {
            socket.show_outgoing(packet);
        }
    }

    /// The memory that an event has to go through. [js socket.io 4.8.4] not if it is volatile.
    fn recovery_of(&self, emit: Emit) -> Option<&Recovery> {
        self.recovery.as_ref().filter(|_| !emit.volatile)
    }

    #[cfg(all(test, feature = "test"))]
    pub(crate) fn block(&self) -> impl Drop + '_ {
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("name", &self.name)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
