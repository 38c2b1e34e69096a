//! Ten thousand sockets join and leave a hundred rooms while broadcasts run, and a model of who was where says what each
//! of them must, may or must not have heard.
//!
//! One clock counts what happens. A socket is asked to move at one time and has moved by another; a broadcast chooses its
//! recipients somewhere between its begin and its end. Where these do not overlap, it is certain who is meant.
//!
//! `SOAK_SOCKETS`, `SOAK_BROADCASTS` and `SOAK_SEED` make it larger, or another one.
#![cfg(feature = "test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socketio_tokio::test::Client;
use socketio_tokio::{Data, Namespace, Server, Socket};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

const ROOMS: u64 = 100;
const MOVES: u64 = 6;
/// Broadcasts with an order of their own: one author emits one after the other.
const AUTHORS: u64 = 4;
/// How many sockets are asked for something at the same time. More would only wait for each other.
const AT_ONCE: usize = 64;

/// Nobody waits longer for the next thing to be heard.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the whole test agrees on.
struct Stage {
    io: Server,
    clock: AtomicU64,
    moved: AtomicU64,
    turns: Semaphore,
    /// Everybody is connected, and then: everybody has moved and all is said.
    begun: Barrier,
    over: Barrier,
    seed: u64,
    sockets: u64,
    broadcasts: u64,
}

/// A socket joins a room, or leaves it.
struct Move {
    room: u64,
    joins: bool,
    asked: u64,
    done: u64,
}

/// What was said, to whom, and when.
struct Said {
    rooms: Vec<u64>,
    except: Option<u64>,
    begin: u64,
    end: u64,
}

/// The author and the number of a broadcast.
type Name = (u64, u64);

/// Whether somebody was in a room, or is meant by a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    No,
    Perhaps,
    Yes,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_misses_or_overhears_or_hears_twice() {
    let stage = Arc::new(Stage::new());
    let mut sockets = JoinSet::new();
    for number in 0..stage.sockets {
        sockets.spawn(live(Arc::clone(&stage), number));
    }
    let mut authors = JoinSet::new();
    for author in 0..AUTHORS {
        authors.spawn(speak(Arc::clone(&stage), author));
    }
    let said: BTreeMap<Name, Said> = authors.join_all().await.into_iter().flatten().collect();
    let index = by_room(&said);
    let mut sure = [0_usize; 3];
    let mut heard_in_all = 0;
    for (moves, heard) in sockets.join_all().await {
        heard_in_all += heard.len();
        judge(&said, &index, &moves, &heard, &mut sure);
    }
    let [no, perhaps, yes] = sure;
    println!("{heard_in_all} heard; meant: {yes} surely, {perhaps} perhaps, {no} surely not");
    assert!(
        yes > perhaps && no > 0 && heard_in_all > 0,
        "nothing was certain"
    );
    assert_eq!(said.len() as u64, stage.broadcasts / AUTHORS * AUTHORS);
}

impl Stage {
    fn new() -> Self {
        let number = |name: &str, default: u64| {
            std::env::var(name).map_or(default, |text| text.parse().expect(name))
        };
        let sockets = number("SOAK_SOCKETS", 10_000);
        let namespace = Namespace::new("/")
            .on("join", async |socket: Socket, Data(room): Data<String>| {
                socket.join(room)
            })
            .on("leave", async |socket: Socket, Data(room): Data<String>| {
                socket.leave(room)
            });
        Self {
            io: Server::builder()
                // Nobody is idle here, so a heartbeat would only cost time.
                .ping_interval(Duration::from_secs(3600))
                .namespace(namespace)
                .build(),
            clock: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            turns: Semaphore::new(AT_ONCE),
            begun: Barrier::new(usize::try_from(sockets + AUTHORS).unwrap()),
            over: Barrier::new(usize::try_from(sockets + AUTHORS).unwrap()),
            seed: number("SOAK_SEED", 1),
            sockets,
            broadcasts: number("SOAK_BROADCASTS", 400),
        }
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

fn room(number: u64) -> String {
    format!("room {number}")
}

/// One socket: it moves, listens, and tells what it has heard.
async fn live(stage: Arc<Stage>, number: u64) -> (Vec<Move>, Vec<Name>) {
    let mut random = Random(stage.seed << 32 | number);
    let connecting = stage.turns.acquire().await.unwrap();
    let mut client = Client::connect(&stage.io, "/").await.unwrap();
    drop(connecting);
    stage.begun.wait().await;

    let mut moves: Vec<Move> = Vec::new();
    for _ in 0..MOVES {
        let _turn = stage.turns.acquire().await.unwrap();
        let joins = moves.is_empty() || random.below(3) > 0;
        // Who leaves leaves a room in which it may be.
        let room_number = match moves.get(random.below(moves.len().max(1) as u64) as usize) {
            Some(earlier) if !joins => earlier.room,
            _ => random.below(ROOMS),
        };
        let event = if joins { "join" } else { "leave" };
        let asked = stage.now();
        client.call::<()>(event, room(room_number)).await.unwrap();
        let done = stage.now();
        moves.push(Move {
            room: room_number,
            joins,
            asked,
            done,
        });
        stage.moved.fetch_add(1, Ordering::SeqCst);
    }

    if stage.over.wait().await.is_leader() {
        stage.io.emit("over", ()).unwrap();
    }
    let mut heard = Vec::new();
    loop {
        let event = tokio::time::timeout(PATIENCE, client.next_event()).await;
        let event = event.ok().flatten().expect("everybody hears the end");
        match event.name().as_ref() {
            "said" => heard.push(event.data().unwrap()),
            "over" => return (moves, heard),
            other => panic!("nobody says {other:?}"),
        }
    }
}

/// One author: it says one thing after the other, evenly spread over the time in which the sockets move.
async fn speak(stage: Arc<Stage>, author: u64) -> Vec<(Name, Said)> {
    let mut random = Random(!stage.seed ^ author);
    let mut all = Vec::new();
    let share = stage.broadcasts / AUTHORS;
    stage.begun.wait().await;
    for number in 0..share {
        let due = stage.sockets * MOVES * number / share;
        while stage.moved.load(Ordering::SeqCst) < due {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let rooms: Vec<_> = (0..=random.below(2)).map(|_| random.below(ROOMS)).collect();
        let except = (random.below(2) == 0).then(|| random.below(ROOMS));
        let choice = stage.io.of("/").to_rooms(rooms.iter().copied().map(room));
        let choice = choice.except_rooms(except.map(room));
        let begin = stage.now();
        choice.emit("said", (author, number)).unwrap();
        let end = stage.now();
        let said = Said {
            rooms,
            except,
            begin,
            end,
        };
        all.push(((author, number), said));
    }
    if stage.over.wait().await.is_leader() {
        stage.io.emit("over", ()).unwrap();
    }
    all
}

/// Which broadcasts a room is a target of.
fn by_room(said: &BTreeMap<Name, Said>) -> BTreeMap<u64, Vec<Name>> {
    let mut index: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, said) in said {
        for room in &said.rooms {
            index.entry(*room).or_default().push(*name);
        }
    }
    index
}

/// Compares what one socket has heard with what the model says, and counts how certain the model was.
fn judge(
    said: &BTreeMap<Name, Said>,
    index: &BTreeMap<u64, Vec<Name>>,
    moves: &[Move],
    heard: &[Name],
    sure: &mut [usize; 3],
) {
    for author in 0..AUTHORS {
        let numbers: Vec<_> = heard.iter().filter(|name| name.0 == author).collect();
        assert!(
            numbers.is_sorted_by(|one, next| one < next),
            "doubled or out of order: {numbers:?}"
        );
    }
    let touched: BTreeSet<_> = moves.iter().map(|one| one.room).collect();
    let relevant: BTreeSet<Name> = touched
        .iter()
        .filter_map(|room| index.get(room))
        .flatten()
        .copied()
        .collect();
    let heard: BTreeSet<_> = heard.iter().copied().collect();
    assert!(
        heard.is_subset(&relevant),
        "heard what was said in rooms it never was in"
    );
    for name in relevant {
        let verdict = is_meant(moves, &said[&name]);
        sure[verdict as usize] += 1;
        let agrees = match verdict {
            Verdict::No => !heard.contains(&name),
            Verdict::Perhaps => true,
            Verdict::Yes => heard.contains(&name),
        };
        assert!(
            agrees,
            "{name:?}, meant: {verdict:?}, heard: {}",
            heard.contains(&name)
        );
    }
}

fn is_meant(moves: &[Move], said: &Said) -> Verdict {
    let inside = said.rooms.iter().map(|room| is_inside(moves, *room, said));
    let chosen = inside
        .max_by_key(|verdict| *verdict as u8)
        .unwrap_or(Verdict::No);
    let excluded = said
        .except
        .map_or(Verdict::No, |room| is_inside(moves, room, said));
    match (chosen, excluded) {
        (Verdict::No, _) | (_, Verdict::Yes) => Verdict::No,
        (Verdict::Yes, Verdict::No) => Verdict::Yes,
        _ => Verdict::Perhaps,
    }
}

/// Whether a socket with these moves was in a room while something was said.
fn is_inside(moves: &[Move], room: u64, said: &Said) -> Verdict {
    let mut inside = false;
    for one in moves.iter().filter(|one| one.room == room) {
        if one.done < said.begin {
            inside = one.joins;
        } else if one.asked < said.end && one.joins != inside {
            return Verdict::Perhaps;
        }
    }
    if inside { Verdict::Yes } else { Verdict::No }
}

/// Numbers that look random and are the same for the same seed. [SplitMix64]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}
