//! What happens to rooms, told in the order in which it happens.
//!
//! Changes are queued under the lock of the namespace, and told outside of it by whoever finds that
//! nobody does so at the moment. Hence all listeners hear one order, whatever the tasks, and may use
//! the namespace meanwhile. Without listeners there is no queue.

use std::collections::VecDeque;

use socketio_proto::{Room, Rooms, Selector, SocketId};

/// Something that has happened to a room of this server, as
/// [`Namespace::on_room_event`](crate::Namespace::on_room_event) hears it. The rooms that are named
/// after a socket's id are rooms, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// The room has come into being: somebody [joins](Self::Joined) next.
    Created {
        /// The room.
        room: Room,
    },
    /// The last socket [has left](Self::Left), and the room is gone.
    Deleted {
        /// The room.
        room: Room,
    },
    /// A socket has joined.
    Joined {
        /// The room.
        room: Room,
        /// The socket.
        socket: SocketId,
    },
    /// A socket has left.
    Left {
        /// The room.
        room: Room,
        /// The socket.
        socket: SocketId,
    },
}

/// Changes that are still to be told.
#[derive(Debug, Default)]
pub(crate) struct News {
    events: VecDeque<RoomEvent>,
    /// Whether somebody is telling them now.
    is_told: bool,
}

impl News {
    /// Joins a room, and notes what that changes. [js socket.io 4.8.4] created, then joined.
    pub(crate) fn join(&mut self, rooms: &mut Rooms, socket: &SocketId, room: Room) {
        if rooms.contains(socket, &room) {
            return;
        }
        if !exists(rooms, &room) {
            let room = room.clone();
            self.events.push_back(RoomEvent::Created { room });
        }
        rooms.join(socket, room.clone());
        let socket = socket.clone();
        self.events.push_back(RoomEvent::Joined { room, socket });
    }

    /// Leaves a room, and notes what that changes. [js socket.io 4.8.4] left, then deleted.
    pub(crate) fn leave(&mut self, rooms: &mut Rooms, socket: &SocketId, room: &Room) {
        if !rooms.contains(socket, room) {
            return;
        }
        rooms.leave(socket, room);
        self.events.push_back(RoomEvent::Left {
            room: room.clone(),
            socket: socket.clone(),
        });
        if !exists(rooms, room) {
            let room = room.clone();
            self.events.push_back(RoomEvent::Deleted { room });
        }
    }

    /// The right to tell what is new, unless somebody has it already.
    pub(crate) fn begin(&mut self) -> bool {
        let may = !self.is_told && !self.events.is_empty();
        self.is_told |= may;
        may
    }

    /// What is to be told next. Nothing: the right is given back.
    pub(crate) fn take(&mut self) -> Option<VecDeque<RoomEvent>> {
        if self.events.is_empty() {
            self.is_told = false;
            return None;
        }
        Some(std::mem::take(&mut self.events))
    }
}

fn exists(rooms: &Rooms, room: &Room) -> bool {
    let selector = Selector {
        rooms: vec![room.clone()],
        ..Selector::default()
    };
    rooms.select(&selector).next().is_some()
}
