//! One namespace at run time: its handlers, who is connected, and who is in which room.
//!
//! The lock guards plain data and is held for a look-up, never while a packet is written.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use socketio_proto::{
    AckId, Args, EncodeError, Encoded, Namespace, Parser, Room, Rooms, Selector, SocketId,
};

use crate::dynamic::Pattern;
use crate::error::EmitError;
use crate::observer::NamespaceMetrics;
use crate::outbox::Volatile;
use crate::recovery::{ConnectionStateRecovery, Recovery};
use crate::routes::Routes;
use crate::server::{Server, WeakServer};
use crate::socket::Socket;

/// The handlers, sockets and rooms of a namespace, shared by all its connections.
pub(crate) struct Hub {
    name: Namespace,
    routes: Arc<Routes>,
    origin: Origin,
    parser: Parser,
    server: WeakServer,
    recovery: Option<Recovery>,
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
}

/// What the namespaces of a server have in common.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) parser: Parser,
    pub(crate) recovery: Option<ConnectionStateRecovery>,
    pub(crate) server: WeakServer,
}

impl Hub {
    pub(crate) fn new(name: Namespace, routes: Arc<Routes>, origin: Origin, terms: &Terms) -> Self {
        Self {
            name,
            routes,
            origin,
            parser: terms.parser,
            server: terms.server.clone(),
            recovery: terms.recovery.as_ref().map(Recovery::new),
            next_ack: AtomicU64::new(0),
            members: Mutex::default(),
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
    pub(crate) fn insert(&self, socket: &Socket, rooms: Vec<Room>) {
        let mut members = self.lock();
        for room in rooms {
            members.rooms.join(socket.id(), room);
        }
        members.rooms.join(socket.id(), Room::from(socket.id()));
        members.sockets.insert(socket.id().clone(), socket.clone());
    }

    /// Forgets a socket, and returns the rooms in which it was.
    pub(crate) fn remove(&self, id: &SocketId) -> Vec<Room> {
        let mut members = self.lock();
        let rooms = members.rooms.rooms_of(id).cloned().collect();
        members.rooms.leave_all(id);
        members.sockets.remove(id);
        rooms
    }

    pub(crate) fn join(&self, socket: &Socket, room: Room) {
        let mut members = self.lock();
        // Asked under the lock that `remove` takes: nobody stays in a room after leaving.
        if !socket.is_gone() {
            members.rooms.join(socket.id(), room);
        }
    }

    pub(crate) fn leave(&self, id: &SocketId, room: &Room) {
        self.lock().rooms.leave(id, room);
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

    /// Hands one event to one socket.
    pub(crate) fn emit(
        &self,
        socket: &Socket,
        packet: &Encoded,
        volatile: Volatile,
    ) -> Result<(), EmitError> {
        let sent = match self.recovery_of(volatile) {
            None => socket.push(packet.clone(), volatile),
            Some(recovery) => {
                let selector = Selector {
                    rooms: vec![Room::from(socket.id())],
                    ..Selector::default()
                };
                recovery.send(&selector, packet, |packet| {
                    socket.push(packet.clone(), volatile)
                })
            }
        };
        socket.show_outgoing(packet);
        sent
    }

    /// Hands one event to every socket that `selector` reaches.
    pub(crate) fn broadcast(&self, selector: &Selector, packet: &Encoded, volatile: Volatile) {
        let deliver = |packet: &Encoded| {
            let sockets = self.select(selector);
            for socket in &sockets {
                socket.deliver(packet.clone(), volatile);
            }
            sockets
        };
        let sockets = match self.recovery_of(volatile) {
            None => deliver(packet),
            Some(recovery) => recovery.send(selector, packet, deliver),
        };
        // Behind the lock of the recovery: whoever looks may emit, too.
        for socket in sockets {
            socket.show_outgoing(packet);
        }
    }

    /// The memory that an event has to go through. [js socket.io 4.8.4] not if it is volatile.
    fn recovery_of(&self, volatile: Volatile) -> Option<&Recovery> {
        self.recovery.as_ref().filter(|_| volatile == Volatile::No)
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
