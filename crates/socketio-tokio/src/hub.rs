//! One namespace at run time: who is connected, and who is in which room.
//!
//! The lock guards plain data and is held for a look-up, never while a packet is written.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use socketio_proto::{Encoded, Namespace, Room, Rooms, Selector, SocketId};

use crate::outbox::Volatile;
use crate::socket::Socket;

/// The sockets and rooms of a namespace, shared by all its connections.
#[derive(Debug)]
pub(crate) struct Hub {
    name: Namespace,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    sockets: HashMap<SocketId, Socket>,
    rooms: Rooms,
}

impl Hub {
    pub(crate) fn new(name: Namespace) -> Self {
        Self {
            name,
            members: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &Namespace {
        &self.name
    }

    /// Makes a socket reachable, in the room named by its id too. [sio5 § Connection to a
    /// namespace; js socket.io 4.8.4]
    pub(crate) fn insert(&self, socket: &Socket) {
        let mut members = self.lock();
        members.rooms.join(socket.id(), Room::from(socket.id()));
        members.sockets.insert(socket.id().clone(), socket.clone());
    }

    /// Forgets a socket and its rooms.
    pub(crate) fn remove(&self, id: &SocketId) {
        let mut members = self.lock();
        members.rooms.leave_all(id);
        members.sockets.remove(id);
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

    /// Hands one packet to every socket that `selector` reaches.
    pub(crate) fn broadcast(&self, selector: &Selector, packet: &Encoded, volatile: Volatile) {
        for socket in self.select(selector) {
            socket.deliver(packet.clone(), volatile);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
