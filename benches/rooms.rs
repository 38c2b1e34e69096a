//! Rooms: choosing the sockets that a broadcast reaches.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use socketio_proto::{Room, Rooms, Selector, SocketId};

fn sockets(count: usize) -> Vec<SocketId> {
    (0..count)
        .map(|n| SocketId::new(format!("socket-{n:06}")))
        .collect()
}

fn select(c: &mut Criterion) {
    let ids = sockets(10_000);
    let mut rooms = Rooms::default();
    for (n, id) in ids.iter().enumerate() {
        rooms.join(id, Room::from(id));
        rooms.join(id, Room::from(format!("room-{}", n % 10)));
        rooms.join(id, Room::from(format!("half-{}", n % 2)));
    }
    let chosen = |rooms: &[&str]| Selector {
        rooms: rooms.iter().map(|room| Room::from(*room)).collect(),
        ..Selector::default()
    };
    let mut group = c.benchmark_group("select_from_10000");
    for (name, selector) in [
        ("one_room_of_1000", chosen(&["room-1"])),
        ("two_rooms_of_1000", chosen(&["room-1", "room-2"])),
        ("room_of_5000_except_1000", {
            let mut selector = chosen(&["half-0"]);
            selector.except.push(Room::from("room-2"));
            selector
        }),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| rooms.select(&selector).map(black_box).count())
        });
    }
    group.finish();
}

fn join_and_leave(c: &mut Criterion) {
    let ids = sockets(10_000);
    let mut rooms = Rooms::default();
    ids.iter().for_each(|id| rooms.join(id, Room::from("all")));
    let (id, room) = (SocketId::new("newcomer"), Room::from("all"));
    c.bench_function("join_and_leave_a_room_of_10000", |b| {
        b.iter(|| {
            rooms.join(&id, room.clone());
            rooms.leave(&id, &room);
        });
    });
}

criterion_group!(benches, select, join_and_leave);
criterion_main!(benches);
