//! Clients that come back and are told what they have missed.

use axum::Router;
use serde_json::Value;
use socketio::{Auth, ConnectError, ConnectionStateRecovery, Data, Namespace, Server, Socket};

/// A server at `/socket.io/` that keeps what clients miss; one at `/strict/` that asks its
/// middleware again when they return; one at `/brief/` that keeps nothing for long.
pub fn router() -> Router {
    let kept = ConnectionStateRecovery::default();
    let brief = kept.max_disconnection_duration(std::time::Duration::from_millis(50));
    [
        server("/socket.io", kept),
        server("/strict", kept.skip_middlewares(false)),
        server("/brief", brief),
    ]
    .iter()
    .map(socketio::axum::router)
    .fold(Router::new(), Router::merge)
}

fn server(path: &str, recovery: ConnectionStateRecovery) -> Server {
    Server::builder()
        .path(path)
        .ping_interval(super::PING_INTERVAL)
        .ping_timeout(super::PING_TIMEOUT)
        .connection_state_recovery(recovery)
        .namespace(namespace("/"))
        .namespace(namespace("/other"))
        .build()
}

fn namespace(path: &str) -> Namespace {
    Namespace::new(path)
        .middleware(async |socket: Socket, Auth(auth): Auth<Value>| {
            if auth["refused"] == true {
                return Err(ConnectError::new("refused"));
            }
            let asked = |Asked(times): &mut Asked| *times += 1;
            socket.extensions().update(asked);
            Ok(())
        })
        .on("came", async |socket: Socket| {
            let Asked(times) = socket.extensions().get().unwrap_or_default();
            (socket.is_recovered(), times)
        })
        .on("present", async |socket: Socket, Data(id): Data<String>| {
            !socket.to(id).sockets().is_empty()
        })
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("rooms", async |socket: Socket| {
            let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
            rooms.sort();
            (rooms,)
        })
        .on(
            "set-data",
            async |socket: Socket, Data(data): Data<Value>| {
                socket.set_data(&data).map_err(|error| error.to_string())
            },
        )
        .on("data", async |socket: Socket| {
            socket.data::<Value>().map_err(|error| error.to_string())
        })
        .on(
            "tell",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room).emit("told", (1, text))
            },
        )
        .on(
            "tell-volatile",
            async |socket: Socket, Data(text): Data<String>| {
                socket.broadcast().volatile().emit("told", (1, text))
            },
        )
        .on(
            "tell-all",
            async |socket: Socket, Data(text): Data<String>| match socket.server() {
                Some(io) => io.of(socket.namespace().as_str()).emit("told", (1, text)),
                None => Ok(()),
            },
        )
        .on("kick", async |socket: Socket| socket.disconnect())
}

/// How often a socket was asked who it is.
#[derive(Clone, Default)]
struct Asked(u32);
