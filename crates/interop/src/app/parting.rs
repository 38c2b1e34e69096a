//! Ends of connections, with what the server learns of each written down where a case can read it
//! when the connection is gone.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use socketio::{Data, DisconnectReason, Namespace, Server, Socket, State};

use super::log::Log;

/// A patient server at `/socket.io/`, an impatient one at `/brief/`, and what both wrote down at
/// `/log`.
pub fn router() -> Router {
    let log = Log::default();
    let patient = Server::builder()
        .ping_interval(super::PING_INTERVAL)
        .ping_timeout(super::PING_TIMEOUT)
        .namespace(namespace("/", &log))
        .namespace(namespace("/other", &log))
        .build();
    let brief = Server::builder()
        .path("/brief")
        .ping_interval(Duration::from_millis(100))
        .ping_timeout(Duration::from_millis(200))
        .namespace(namespace("/", &log))
        .build();
    socketio::axum::router(&patient)
        .merge(socketio::axum::router(&brief))
        .route("/log", get(async move || log.to_json()))
}

fn namespace(path: &str, log: &Log) -> Namespace {
    Namespace::new(path)
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("leave-me", async |socket: Socket| socket.disconnect())
        .on("close-me", async |socket: Socket| socket.close())
        .on("drop-me", async |socket: Socket| {
            socket.connection().close()
        })
        .on(
            "last-words",
            async |socket: Socket, Data(count): Data<u32>| {
                (0..count).try_for_each(|number| socket.emit("number", number))?;
                socket.emit("bytes", socketio::Bytes::from_static(b"the end"))?;
                socket.close();
                socket.emit("number", "too late")
            },
        )
        .on(
            "shut-down",
            async |socket: Socket, Data(count): Data<u32>| {
                let Some(io) = socket.server() else {
                    return Ok(());
                };
                (0..count).try_for_each(|number| io.emit("number", number))?;
                drop(io.close());
                io.emit("number", "too late")
            },
        )
        .on_disconnecting(
            async |socket: Socket, reason: DisconnectReason, State(log): State<Log>| {
                log.add(line(&socket, "disconnecting", &reason));
            },
        )
        .on_disconnect(
            async |socket: Socket, reason: DisconnectReason, State(log): State<Log>| {
                log.add(line(&socket, "disconnect", &reason));
            },
        )
        .with_state(log.clone())
}

/// One end as its handlers see it. The room of the socket's own id is called `own`.
fn line(socket: &Socket, event: &str, reason: &DisconnectReason) -> serde_json::Value {
    let name = |room: &socketio::Room| match room.as_str() {
        own if own == socket.id().as_str() => "own".to_owned(),
        other => other.to_owned(),
    };
    let mut rooms: Vec<_> = socket.rooms().iter().map(name).collect();
    rooms.sort();
    json!({
        "id": socket.id().as_str(),
        "event": event,
        "reason": reason.as_str(),
        "rooms": rooms,
        "connected": socket.is_connected(),
    })
}
