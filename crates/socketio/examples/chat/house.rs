//! Who is where, and what was said there.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use socketio::SocketId;

use crate::entry::{Body, Entry, Stamp};
use crate::history::History;
use crate::name::{Nickname, RoomName};
use crate::refusal::Refusal;

/// The house, shared by all handlers.
#[derive(Clone, Default)]
pub(crate) struct Chat(Arc<Mutex<House>>);

impl Chat {
    pub(crate) fn lock(&self) -> MutexGuard<'_, House> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every visitor with a seat, and every room with what was said in it.
pub(crate) struct House {
    seats: HashMap<SocketId, Seat>,
    rooms: BTreeMap<RoomName, History>,
    last_id: u64,
}

/// Where a visitor is, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) nickname: Nickname,
    pub(crate) room: RoomName,
}

#[derive(Serialize)]
pub(crate) struct Person {
    id: SocketId,
    nickname: Nickname,
}

#[derive(Serialize)]
pub(crate) struct RoomInfo {
    name: RoomName,
    people: usize,
}

impl House {
    /// Seats a visitor and returns the seat it had before.
    pub(crate) fn enter(&mut self, id: &SocketId, seat: Seat) -> Result<Option<Seat>, Refusal> {
        if !self.rooms.contains_key(&seat.room) {
            if self.rooms.len() >= MAX_ROOMS {
                self.forget_empty_rooms();
            }
            if self.rooms.len() >= MAX_ROOMS {
                return Err("There are too many rooms already.".into());
            }
            self.rooms.insert(seat.room.clone(), History::default());
        }
        Ok(self.seats.insert(id.clone(), seat))
    }

    pub(crate) fn leave(&mut self, id: &SocketId) -> Option<Seat> {
        self.seats.remove(id)
    }

    pub(crate) fn seat(&self, id: &SocketId) -> Result<&Seat, Refusal> {
        self.seats
            .get(id)
            .ok_or_else(|| "Join a room first.".into())
    }

    /// Writes down what was said, with the time and an id that only ever grows.
    pub(crate) fn say(&mut self, seat: &Seat, body: Body) -> Entry {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64;
        // Built on the time, so that ids go on growing when the server starts again.
        self.last_id = (at * 1000).max(self.last_id + 1);
        let stamp = Stamp {
            id: self.last_id,
            at,
        };
        let entry = Entry {
            stamp,
            author: seat.nickname.clone(),
            body,
        };
        self.rooms
            .entry(seat.room.clone())
            .or_default()
            .push(entry.clone());
        entry
    }

    pub(crate) fn history(&self, room: &RoomName) -> Vec<Entry> {
        self.rooms
            .get(room)
            .map(History::to_vec)
            .unwrap_or_default()
    }

    /// The visitors in a room, by nickname.
    pub(crate) fn people(&self, room: &RoomName) -> Vec<Person> {
        let here = self.seats.iter().filter(|(_, seat)| seat.room == *room);
        let mut people: Vec<_> = here
            .map(|(id, seat)| Person {
                id: id.clone(),
                nickname: seat.nickname.clone(),
            })
            .collect();
        people.sort_by(|a, b| (&a.nickname, &a.id).cmp(&(&b.nickname, &b.id)));
        people
    }

    pub(crate) fn rooms(&self) -> Vec<RoomInfo> {
        let count = |room: &RoomName| {
            self.seats
                .values()
                .filter(|seat| seat.room == *room)
                .count()
        };
        self.rooms
            .keys()
            .map(|room| RoomInfo {
                name: room.clone(),
                people: count(room),
            })
            .collect()
    }

    fn forget_empty_rooms(&mut self) {
        let seats = &self.seats;
        self.rooms.retain(|room, _| {
            *room == RoomName::lobby() || seats.values().any(|seat| seat.room == *room)
        });
    }
}

impl Default for House {
    fn default() -> Self {
        let rooms = BTreeMap::from([(RoomName::lobby(), History::default())]);
        Self {
            seats: HashMap::new(),
            rooms,
            last_id: 0,
        }
    }
}

/// With the bound of a history, the bound of the chat's memory.
const MAX_ROOMS: usize = 24;
