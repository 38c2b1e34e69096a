//! What a visitor may do, and who hears of it.
//!
//! Emits do not wait, so a handler holds the house's lock while it emits: everybody sees the
//! changes in one order.

use serde::{Deserialize, Serialize};
use socketio::{Data, EmitError, Namespace, Socket, State};

use crate::entry::{Draft, Entry, Stamp};
use crate::house::{Chat, House, Person, Seat};
use crate::name::{Name, Nickname, RoomName};
use crate::refusal::Refusal;

pub(crate) fn namespace() -> Namespace {
    Namespace::<Chat>::new("/")
        .on_connect(show_rooms)
        .on("join", join)
        .on("leave", leave)
        .on("message", message)
        .on("typing", typing)
        .on_disconnect(leave)
        .with_state(Chat::default())
}

/// A wish as the page sends it, not looked at yet.
#[derive(Deserialize)]
struct Wish {
    nickname: String,
    room: String,
}

#[derive(Serialize)]
struct Entered {
    nickname: Nickname,
    room: RoomName,
    people: Vec<Person>,
    history: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Notice {
    Entered(Nickname),
    Left(Nickname),
    Renamed(Nickname, Nickname),
}

async fn show_rooms(socket: Socket, State(chat): State<Chat>) -> Result<(), EmitError> {
    socket.emit("rooms", chat.lock().rooms())
}

/// Enters a room, or changes the nickname, or both; the visitor leaves the room it was in.
async fn join(
    socket: Socket,
    State(chat): State<Chat>,
    Data(wish): Data<Wish>,
) -> Result<Entered, Refusal> {
    let (nickname, room) = (Name::new(&wish.nickname)?, Name::new(&wish.room)?);
    let seat = Seat { nickname, room };
    let mut house = chat.lock();
    match house.enter(socket.id(), seat.clone())? {
        Some(old) if old == seat => {}
        Some(old) if old.room == seat.room => {
            let notice = Notice::Renamed(old.nickname, seat.nickname.clone());
            tell(&socket, &house, &seat.room, notice)?;
        }
        old => {
            if let Some(old) = old {
                depart(&socket, &house, old)?;
            }
            socket.join(channel(&seat.room));
            let notice = Notice::Entered(seat.nickname.clone());
            tell(&socket, &house, &seat.room, notice)?;
            tell_rooms(&socket, &house)?;
        }
    }
    Ok(Entered {
        people: house.people(&seat.room),
        history: house.history(&seat.room),
        nickname: seat.nickname,
        room: seat.room,
    })
}

/// Serves the event as well as the end of the connection.
async fn leave(socket: Socket, State(chat): State<Chat>) -> Result<(), EmitError> {
    let mut house = chat.lock();
    if let Some(seat) = house.leave(socket.id()) {
        depart(&socket, &house, seat)?;
        tell_rooms(&socket, &house)?;
    }
    Ok(())
}

async fn message(
    socket: Socket,
    State(chat): State<Chat>,
    Data(draft): Data<Draft>,
) -> Result<Stamp, Refusal> {
    let body = draft.check()?;
    let mut house = chat.lock();
    let seat = house.seat(socket.id())?.clone();
    let entry = house.say(&seat, body);
    socket.to(channel(&seat.room)).emit("message", &entry)?;
    Ok(entry.stamp)
}

async fn typing(
    socket: Socket,
    State(chat): State<Chat>,
    Data(typing): Data<bool>,
) -> Result<(), Refusal> {
    let house = chat.lock();
    let seat = house.seat(socket.id())?;
    socket
        .to(channel(&seat.room))
        .volatile()
        .emit("typing", (&seat.nickname, typing))?;
    Ok(())
}

fn depart(socket: &Socket, house: &House, seat: Seat) -> Result<(), EmitError> {
    socket.leave(channel(&seat.room));
    tell(socket, house, &seat.room, Notice::Left(seat.nickname))
}

/// Tells the others in a room what happened, and who is there now.
fn tell(socket: &Socket, house: &House, room: &RoomName, notice: Notice) -> Result<(), EmitError> {
    socket.to(channel(room)).emit("notice", &notice)?;
    socket.to(channel(room)).emit("people", house.people(room))
}

fn tell_rooms(socket: &Socket, house: &House) -> Result<(), EmitError> {
    let rooms = house.rooms();
    socket.broadcast().emit("rooms", &rooms)?;
    match socket.emit("rooms", rooms) {
        // Who just disconnected needs no list.
        Err(EmitError::NotConnected) => Ok(()),
        emitted => emitted,
    }
}

/// The Socket.IO room of a chat room. Every socket id names a room as well, so that without the
/// prefix a visitor could enter somebody else's.
fn channel(room: &RoomName) -> String {
    format!("chat {room}")
}
