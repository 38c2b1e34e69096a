//! The applications that the scripts in `js/cases` talk to: one event for each thing that a case tries.

pub mod arrival;
pub mod choices;
pub mod cluster;
pub mod doors;
pub mod dynamic;
pub mod engine;
pub mod files;
pub mod legacy;
pub mod listeners;
mod log;
pub mod pages;
pub mod parting;
pub mod recovery;
pub mod watching;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::UPGRADE;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use socketio::{
    Ack, Args, Auth, CallError, ConnectError, Data, DisconnectReason, EmitError, Namespace, Parser,
    Server, Socket, State,
};

use crate::echo;

/// A short heartbeat, so that a case sees several; patient, so that a busy machine is not mistaken for a dead client.
const PING_INTERVAL: Duration = Duration::from_millis(300);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Longer than a client needs to join a namespace, shorter than it talks.
const UPGRADE_DELAY: Duration = Duration::from_millis(200);

/// How long the server waits for a client that it asked.
const ASK_TIMEOUT: Duration = Duration::from_millis(300);

/// The room of those who want to know who left, and why.
const WATCHERS: &str = "watchers";

type Home = Arc<OnceLock<Server>>;

/// Socket.IO at `/socket.io/` and an Engine.IO echo at `/engine.io/`.
pub fn router() -> Router {
    socketio::axum::router(&server())
        .merge(echo::router(PING_INTERVAL, PING_TIMEOUT))
        .layer(from_fn(delay_upgrades))
}

/// The same Socket.IO server, its packets in MessagePack.
pub fn msgpack() -> Router {
    let io = build(Parser::MessagePack);
    socketio::axum::router(&io).layer(from_fn(delay_upgrades))
}

/// The same Socket.IO server as a tower service among others, which finds its own path.
pub fn fallback() -> Router {
    Router::new()
        .fallback_service(server())
        .layer(from_fn(delay_upgrades))
}

/// The Socket.IO server itself.
#[must_use]
pub fn server() -> Server {
    build(Parser::default())
}

fn build(parser: Parser) -> Server {
    let home = Home::default();
    let io = Server::builder()
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .parser(parser)
        .namespace(root(home.clone()))
        .namespace(other())
        .namespace(admin())
        .build();
    // The only call: each server has a home of its own.
    let _ = home.set(io.clone());
    io
}

/// Lets the second transport of a client wait, so that every client has begun to talk over polling.
async fn delay_upgrades(request: Request, next: Next) -> Response {
    let joins_a_session = request
        .uri()
        .query()
        .is_some_and(|query| query.contains("sid="));
    if joins_a_session && request.headers().contains_key(UPGRADE) {
        tokio::time::sleep(UPGRADE_DELAY).await;
    }
    next.run(request).await
}

fn root(home: Home) -> Namespace {
    let namespace = Namespace::<Home>::new("/")
        .on("echo", echo_back)
        .on("echo-ack", async |args: Args, ack: Ack<()>| {
            ack.send_args(args)
        });
    pushing(rooms(answers(namespace)))
        .on("kick", async |socket: Socket| socket.disconnect())
        .on("kick-all", async |socket: Socket| socket.close())
        .on("watch", async |socket: Socket| socket.join(WATCHERS))
        .on_disconnect(async |socket: Socket, reason: DisconnectReason| {
            socket
                .to(WATCHERS)
                .emit("left", (socket.id().as_str(), reason.as_str()))
        })
        .with_state(home)
}

fn answers(namespace: Namespace<Home>) -> Namespace<Home> {
    namespace
        .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b)
        .on("nothing", async || {})
        .on("pair", async || ("first", 2))
        .on("silence", async |_: Ack<()>| {})
        .on("late", async |Data(milliseconds): Data<u64>| {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            "late"
        })
        .on("ask", ask)
}

fn rooms(namespace: Namespace<Home>) -> Namespace<Home> {
    namespace
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("leave", async |socket: Socket, Data(room): Data<String>| {
            socket.leave(room)
        })
        .on(
            "say",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room.as_str()).emit("said", (&room, text))
            },
        )
        .on(
            "say-except",
            async |socket: Socket, Data((room, but, text)): Data<(String, String, String)>| {
                socket
                    .to(room.as_str())
                    .except(but)
                    .emit("said", (&room, text))
            },
        )
        .on("shout", async |socket: Socket, Data(text): Data<String>| {
            socket.broadcast().emit("said", (None::<&str>, text))
        })
        .on("announce", announce)
}

fn pushing(namespace: Namespace<Home>) -> Namespace<Home> {
    namespace
        .on("push", async |socket: Socket, Data(count): Data<u32>| {
            (0..count).try_for_each(|number| socket.emit("number", number))
        })
        .on(
            "drip",
            async |socket: Socket, Data(count): Data<u32>| -> Result<(), EmitError> {
                for number in 0..count {
                    socket.emit("number", number)?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(())
            },
        )
}

fn other() -> Namespace {
    Namespace::new("/other")
        .on_connect(async |socket: Socket| socket.emit("welcome", "/other"))
        .on("echo", echo_back)
        .on("echo-ack", async |args: Args, ack: Ack<()>| {
            ack.send_args(args)
        })
}

fn admin() -> Namespace {
    Namespace::new("/admin")
        .middleware(async |Auth(auth): Auth<Map<String, Value>>| {
            let known = auth.get("token").is_some_and(|token| token == "secret");
            if known { Ok(()) } else { Err(denied()) }
        })
        .on_connect(async |socket: Socket, Auth(auth): Auth<Credentials>| {
            socket.emit("you", auth.user.name)
        })
}

fn denied() -> ConnectError {
    let error = ConnectError::new("denied");
    let data = json!({ "code": 401, "hint": "ask for a token" });
    error
        .with_data(&data)
        .unwrap_or_else(|error| ConnectError::new(error.to_string()))
}

#[derive(Deserialize)]
struct Credentials {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: String,
}

async fn echo_back(socket: Socket, args: Args) -> Result<(), EmitError> {
    socket.emit_args("echo", &args)
}

async fn announce(
    State(home): State<Home>,
    Data((room, text)): Data<(Option<String>, String)>,
) -> Result<(), EmitError> {
    let Some(io) = home.get() else { return Ok(()) };
    let everybody = io.of("/");
    let chosen = match &room {
        Some(room) => everybody.to(room.as_str()),
        None => everybody,
    };
    chosen.emit("said", (room, text))
}

/// A question that the client wants to be asked, and its answer: a number or bytes.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Thing {
    Number(i64),
    Bytes(Bytes),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Answer(Thing),
    Error(&'static str),
}

async fn ask(
    socket: Socket,
    Data((event, value)): Data<(String, Thing)>,
) -> Result<Told, CallError> {
    match socket.call(&event, value).timeout(ASK_TIMEOUT).await {
        Ok(answer) => Ok(Told::Answer(answer)),
        Err(CallError::TimedOut) => Ok(Told::Error("timeout")),
        Err(other) => Err(other),
    }
}
