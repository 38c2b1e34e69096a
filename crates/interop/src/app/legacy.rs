//! One server for clients of every age: those of Socket.IO 1 and 2 beside those of 3 and 4.

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use bytes::Bytes;
use serde_json::{Map, Value};
use socketio::{
    Auth, Builder, CallError, ConnectError, Data, EmitError, Handshake, LegacyDialect,
    LegacyFraming, Namespace, Server, Socket,
};

use super::{Home, Thing, delay_upgrades, denied, other, root};
use crate::echo;

/// Shorter than anybody waits, for the case about a heartbeat that stops.
const BRIEF_INTERVAL: Duration = Duration::from_millis(300);
const BRIEF_TIMEOUT: Duration = Duration::from_millis(700);

/// How long an old client may think about a question.
const PATIENCE: Duration = Duration::from_secs(5);

/// A patient server at `/socket.io/`, an impatient one at `/brief/`, one for the first releases at
/// `/first/`, and an Engine.IO echo at `/engine.io/`.
pub fn router() -> Router {
    let patient = Server::builder()
        .ping_interval(super::PING_INTERVAL)
        .ping_timeout(super::PING_TIMEOUT);
    let brief = Server::builder()
        .path("/brief")
        .ping_interval(BRIEF_INTERVAL)
        .ping_timeout(BRIEF_TIMEOUT);
    let first = Server::builder()
        .path("/first")
        .legacy_dialect(LegacyDialect::ByteStringPayloads)
        .legacy_framing(LegacyFraming::Always);
    socketio::axum::router(&build(patient))
        .merge(socketio::axum::router(&build(first)))
        .merge(socketio::axum::router(&build(brief)))
        .merge(echo::legacy_router(
            super::PING_INTERVAL,
            super::PING_TIMEOUT,
        ))
        .layer(from_fn(delay_upgrades))
}

fn build(builder: Builder) -> Server {
    let home = Home::default();
    let io = builder
        .legacy_clients(true)
        .namespace(front(home.clone()))
        .namespace(other())
        .namespace(gate())
        .build();
    // The only call: each server has a home of its own.
    let _ = home.set(io.clone());
    io
}

/// The namespace `/` of the other cases, with a door. What bytes are is also said in numbers, for a
/// client that is right about only one direction.
fn front(home: Home) -> Namespace {
    root(home)
        .middleware(door)
        // In a tuple, because a list is the list of arguments.
        .on("spell", async |Data(bytes): Data<Bytes>| (bytes.to_vec(),))
        .on("question", question)
        .on("show", show)
        .on("channel", channel)
        .on("unspell", async |Data(numbers): Data<Vec<u8>>| {
            Bytes::from(numbers)
        })
}

/// Asks as `ask` does, more patiently.
async fn question(
    socket: Socket,
    Data((event, value)): Data<(String, Thing)>,
) -> Result<Thing, CallError> {
    socket.call(&event, value).timeout(PATIENCE).await
}

/// Two attachments for a whole room.
async fn show(socket: Socket, Data(room): Data<String>) -> Result<(), EmitError> {
    let (first, second) = (Bytes::from_static(&[1, 2, 3]), Bytes::from_static(&[4, 5]));
    match socket.server() {
        Some(io) => io.to(room).emit("picture", (first, "and", second)),
        None => Ok(()),
    }
}

/// What a page says to all pages.
async fn channel(socket: Socket, Data(text): Data<String>) -> Result<(), EmitError> {
    match socket.server() {
        Some(io) => io.to("hall").emit("broadcast", text),
        None => Ok(()),
    }
}

/// An old client brings nothing to `/` but the query of its connection.
async fn door(handshake: Handshake) -> Result<(), ConnectError> {
    match handshake.query_value("refuse").as_deref() {
        Some("data") => Err(denied()),
        Some(_) => Err(ConnectError::new("not today")),
        None => Ok(()),
    }
}

/// Lets in who has the token, and shows what it brought.
fn gate() -> Namespace {
    Namespace::new("/gate")
        .middleware(
            async |Auth(auth): Auth<Map<String, Value>>| match auth.get("token") {
                Some(token) if token == "secret" => Ok(()),
                Some(_) => Err(denied()),
                None => Err(ConnectError::new("no token")),
            },
        )
        .on_connect(
            async |socket: Socket, Auth(auth): Auth<Map<String, Value>>| socket.emit("you", auth),
        )
        .on("who", async |socket: Socket| socket.id().to_string())
        .on("protocol", async |socket: Socket| {
            socket.connection().protocol()
        })
}
