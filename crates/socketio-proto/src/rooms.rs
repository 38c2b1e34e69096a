//! Who is in which room of one namespace.
//!
//! Names of sockets and rooms are looked up once per call; the links between them are pairs of
//! small numbers. Invariant: socket `s` lists room `r` exactly if room `r` lists socket `s`, and no
//! room is without members.

use alloc::collections::{BTreeMap, BTreeSet, btree_set};
use alloc::string::String;
use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::{fmt, slice};

use serde::{Serialize, Serializer};

use crate::{SocketId, Utf8Bytes};

/// The name of a room. Every socket has one of its own, named after its id.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Room(Utf8Bytes);

impl Room {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sockets of one namespace and their rooms.
///
/// Plain data that many connections share: a lock around it is the driver's business. A socket is
/// known from its first [`join`](Self::join) until [`leave_all`](Self::leave_all), also while it is
/// in no room; that it joins the room of its own id when it connects is up to the driver.
#[derive(Debug, Default)]
pub struct Rooms {
    sockets: Table<SocketId>,
    rooms: Table<Room>,
}

impl Rooms {
    /// Makes an empty namespace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a socket to a room; both are made known if they are not. Takes O(log n).
    pub fn join(&mut self, socket: &SocketId, room: Room) {
        let socket = self.sockets.intern(socket);
        let room = self.rooms.intern(&room);
        self.sockets.link(socket, room);
        self.rooms.link(room, socket);
    }

    /// Removes a socket from a room, and the room if it was the last one there. Takes O(log n).
    pub fn leave(&mut self, socket: &SocketId, room: &Room) {
        if let (Some(socket), Some(room)) = (self.sockets.slot(socket), self.rooms.slot(room)) {
            self.sockets.unlink(socket, room);
            self.rooms.unlink(room, socket);
            self.rooms.remove_if_unlinked(room);
        }
    }

    /// Forgets a socket: removes it from every room.
    pub fn leave_all(&mut self, socket: &SocketId) {
        let Some(slot) = self.sockets.slot(socket) else {
            return;
        };
        for room in self.sockets.remove(slot) {
            self.rooms.unlink(room, slot);
            self.rooms.remove_if_unlinked(room);
        }
    }

    /// Returns the rooms of a socket, in no particular order.
    pub fn rooms_of(&self, socket: &SocketId) -> impl Iterator<Item = &Room> {
        let links = self
            .sockets
            .slot(socket)
            .and_then(|slot| self.sockets.links(slot));
        links
            .into_iter()
            .flatten()
            .filter_map(|&room| self.rooms.name(room))
    }

    /// Returns the sockets that a broadcast reaches, each once, in no particular order.
    ///
    /// One room without exceptions is walked as it is; several rooms are merged by their numbers.
    pub fn select<'a>(
        &'a self,
        selector: &Selector,
    ) -> impl Iterator<Item = &'a SocketId> + use<'a> {
        let except_rooms: Vec<_> = selector
            .except
            .iter()
            .filter_map(|room| self.rooms.links(self.rooms.slot(room)?))
            .collect();
        let except_socket = selector
            .except_socket
            .as_ref()
            .and_then(|id| self.sockets.slot(id));
        self.candidates(&selector.rooms)
            .filter(move |slot| Some(*slot) != except_socket)
            .filter(move |slot| !except_rooms.iter().any(|members| members.contains(slot)))
            .filter_map(|slot| self.sockets.name(slot))
    }

    /// Whether a socket is in a room.
    pub fn contains(&self, socket: &SocketId, room: &Room) -> bool {
        let members = self
            .rooms
            .slot(room)
            .and_then(|slot| self.rooms.links(slot));
        let socket = self.sockets.slot(socket);
        members
            .zip(socket)
            .is_some_and(|(members, socket)| members.contains(&socket))
    }

    /// Returns every socket of the namespace, in no particular order.
    pub fn sockets(&self) -> impl Iterator<Item = &SocketId> {
        self.sockets.names()
    }

    /// Returns every room that has members, in no particular order.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.names()
    }

    /// Returns the number of sockets.
    pub fn len(&self) -> usize {
        self.sockets.slots.len()
    }

    /// Whether there is no socket.
    pub fn is_empty(&self) -> bool {
        self.sockets.slots.is_empty()
    }

    fn candidates(&self, rooms: &[Room]) -> Candidates<'_> {
        let members = |room| {
            self.rooms
                .slot(room)
                .and_then(|slot| self.rooms.links(slot))
        };
        match rooms {
            [] => Candidates::All {
                entries: self.sockets.entries.iter(),
                next: 0,
            },
            [room] => members(room).map_or(Candidates::None, |one| Candidates::Room(one.iter())),
            several => {
                let mut slots: Vec<Slot> = several
                    .iter()
                    .filter_map(members)
                    .flatten()
                    .copied()
                    .collect();
                slots.sort_unstable();
                slots.dedup();
                Candidates::Merged(slots.into_iter())
            }
        }
    }
}

/// Which sockets of a namespace a broadcast reaches.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selector {
    /// The rooms to reach; empty: every socket.
    pub rooms: Vec<Room>,
    /// The rooms whose members are left out, also if they are in one of `rooms`.
    pub except: Vec<Room>,
    /// A socket that is left out, usually the one that broadcasts.
    pub except_socket: Option<SocketId>,
}

impl Borrow<str> for Room {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for Room {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Room {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for Room {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<Utf8Bytes> for Room {
    fn from(name: Utf8Bytes) -> Self {
        Self(name)
    }
}

/// The room of its own that every socket has.
impl From<&SocketId> for Room {
    fn from(socket: &SocketId) -> Self {
        Self(socket.to_text())
    }
}

/// The place of a name in its table. Used again once the name is removed.
type Slot = usize;

/// Names with a number each, and the numbers of the other table that each is linked with.
#[derive(Debug)]
struct Table<K> {
    slots: BTreeMap<K, Slot>,
    entries: Vec<Option<Entry<K>>>,
    free: Vec<Slot>,
}

#[derive(Debug)]
struct Entry<K> {
    name: K,
    links: BTreeSet<Slot>,
}

impl<K: Clone + Ord> Table<K> {
    fn slot(&self, name: &K) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    fn intern(&mut self, name: &K) -> Slot {
        if let Some(slot) = self.slot(name) {
            return slot;
        }
        let entry = Some(Entry {
            name: name.clone(),
            links: BTreeSet::new(),
        });
        let reused = self.free.pop();
        let slot = reused.unwrap_or(self.entries.len());
        match reused.and_then(|slot| self.entries.get_mut(slot)) {
            Some(vacant) => *vacant = entry,
            None => self.entries.push(entry),
        }
        self.slots.insert(name.clone(), slot);
        slot
    }

    fn remove(&mut self, slot: Slot) -> BTreeSet<Slot> {
        let Some(entry) = self.entries.get_mut(slot).and_then(Option::take) else {
            return BTreeSet::new();
        };
        self.slots.remove(&entry.name);
        self.free.push(slot);
        entry.links
    }

    fn remove_if_unlinked(&mut self, slot: Slot) {
        if self.links(slot).is_some_and(BTreeSet::is_empty) {
            self.remove(slot);
        }
    }

    fn link(&mut self, slot: Slot, other: Slot) {
        if let Some(Some(entry)) = self.entries.get_mut(slot) {
            entry.links.insert(other);
        }
    }

    fn unlink(&mut self, slot: Slot, other: Slot) {
        if let Some(Some(entry)) = self.entries.get_mut(slot) {
            entry.links.remove(&other);
        }
    }

    fn entry(&self, slot: Slot) -> Option<&Entry<K>> {
        self.entries.get(slot)?.as_ref()
    }

    fn links(&self, slot: Slot) -> Option<&BTreeSet<Slot>> {
        self.entry(slot).map(|entry| &entry.links)
    }

    fn name(&self, slot: Slot) -> Option<&K> {
        self.entry(slot).map(|entry| &entry.name)
    }

    fn names(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().flatten().map(|entry| &entry.name)
    }
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self {
            slots: BTreeMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

/// The sockets of some rooms, each once, before exceptions.
enum Candidates<'a> {
    All {
        entries: slice::Iter<'a, Option<Entry<SocketId>>>,
        next: Slot,
    },
    Merged(vec::IntoIter<Slot>),
    None,
    Room(btree_set::Iter<'a, Slot>),
}

impl Iterator for Candidates<'_> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        match self {
            Self::All { entries, next } => loop {
                let entry = entries.next()?;
                let slot = *next;
                *next += 1;
                if entry.is_some() {
                    return Some(slot);
                }
            },
            Self::Merged(slots) => slots.next(),
            Self::None => None,
            Self::Room(members) => members.next().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn id(name: &str) -> SocketId {
        SocketId::new(String::from(name))
    }

    fn collect<'a>(sockets: impl Iterator<Item = &'a SocketId>) -> Vec<&'a str> {
        let mut names: Vec<_> = sockets.map(SocketId::as_str).collect();
        names.sort_unstable();
        names
    }

    fn to(rooms: &[&str], except: &[&str]) -> Selector {
        let rooms_of = |names: &[&str]| names.iter().copied().map(Room::from).collect();
        Selector {
            rooms: rooms_of(rooms),
            except: rooms_of(except),
            except_socket: None,
        }
    }

    fn three() -> Rooms {
        let mut rooms = Rooms::new();
        for (socket, room) in [("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("a", "a")] {
            rooms.join(&id(socket), room.into());
        }
        rooms
    }

    #[test]
    fn a_selection_names_each_socket_once() {
        let rooms = three();
        assert_eq!(collect(rooms.select(&to(&[], &[]))), ["a", "b", "c"]);
        assert_eq!(collect(rooms.select(&to(&["x"], &[]))), ["a", "b"]);
        assert_eq!(
            collect(rooms.select(&to(&["x", "y", "a", "x"], &[]))),
            ["a", "b", "c"]
        );
        assert_eq!(collect(rooms.select(&to(&["nowhere"], &[]))), [""; 0]);
    }

    #[test]
    fn an_exception_is_stronger_than_a_room() {
        let rooms = three();
        assert_eq!(collect(rooms.select(&to(&[], &["y"]))), ["a"]);
        assert_eq!(collect(rooms.select(&to(&["x"], &["y", "nowhere"]))), ["a"]);
        let others = Selector {
            except_socket: Some(id("b")),
            ..to(&["x"], &[])
        };
        assert_eq!(collect(rooms.select(&others)), ["a"]);
    }

    #[test]
    fn the_last_to_leave_takes_the_room_along() {
        let mut rooms = three();
        rooms.leave(&id("a"), &"x".into());
        assert!(rooms.rooms().any(|room| room.as_str() == "x"));
        rooms.leave_all(&id("b"));
        let left: Vec<_> = rooms.rooms().map(Room::as_str).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(!rooms.contains(&id("b"), &"y".into()));
        assert!(rooms.contains(&id("c"), &"y".into()));
        assert_eq!(collect(rooms.sockets()), ["a", "c"]);
    }

    #[test]
    fn a_socket_in_no_room_is_still_in_the_namespace() {
        let mut rooms = Rooms::new();
        rooms.join(&id("a"), "x".into());
        rooms.leave(&id("a"), &"x".into());
        assert_eq!((rooms.len(), rooms.rooms().count()), (1, 0));
        assert_eq!(collect(rooms.select(&Selector::default())), ["a"]);
        rooms.leave_all(&id("a"));
        assert!(rooms.is_empty());
    }

    #[test]
    fn joining_twice_is_joining_once() {
        let mut rooms = Rooms::new();
        rooms.join(&id("a"), "x".into());
        rooms.join(&id("a"), "x".into());
        assert_eq!(rooms.rooms_of(&id("a")).count(), 1);
        rooms.leave(&id("a"), &"x".into());
        rooms.leave(&id("a"), &"x".into());
        assert_eq!(rooms.rooms_of(&id("a")).count(), 0);
        assert_eq!(rooms.rooms_of(&id("b")).count(), 0);
    }

    #[test]
    fn places_are_used_again() {
        let mut rooms = Rooms::new();
        for round in 0..1000 {
            let socket = id(&format!("s{round}"));
            rooms.join(&socket, Room::from(&socket));
            rooms.join(&socket, "shared".into());
            assert_eq!(
                collect(rooms.select(&to(&["shared"], &[]))),
                [socket.as_str()]
            );
            rooms.leave_all(&socket);
        }
        assert_eq!(
            (rooms.sockets.entries.len(), rooms.rooms.entries.len()),
            (1, 2)
        );
    }
}
