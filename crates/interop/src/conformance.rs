//! The servers that the public protocol suites ask for.

use std::time::Duration;

use axum::Router;
use serde_json::{Map, Value};
use socketio::{Ack, Args, Auth, Builder, Namespace, Server, Socket};

use crate::echo;

/// The heartbeat that the suites expect.
pub const PING_INTERVAL: Duration = Duration::from_millis(300);
/// How long a client may take to answer.
pub const PING_TIMEOUT: Duration = Duration::from_millis(200);
/// How long a client may take to join a namespace.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Between the answer to a CONNECT and the first event. The suite listens for one message after the other and
/// misses a second one that comes with the same read, as one written in the same turn of our loop would.
const PAUSE: Duration = Duration::from_millis(20);

/// The server of the Engine.IO suite, at `/engine.io/`: every message comes back as it was.
pub fn engineio() -> Router {
    echo::router(PING_INTERVAL, PING_TIMEOUT)
}

/// The same with clients of revisions 2 and 3, for the suite of revision 3.
pub fn engineio_legacy() -> Router {
    echo::legacy_router(PING_INTERVAL, PING_TIMEOUT)
}

/// The server of the Socket.IO suite, at `/socket.io/`, with the namespaces `/` and `/custom`.
pub fn socketio() -> Router {
    socketio::axum::router(&builder().build())
}

/// The same with clients of Socket.IO 1 and 2.
pub fn socketio_legacy() -> Router {
    socketio::axum::router(&builder().legacy_clients(true).build())
}

fn builder() -> Builder {
    Server::builder()
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .max_http_buffer_size(echo::MAX_PAYLOAD)
        .namespace(namespace("/"))
        .namespace(namespace("/custom"))
}

fn namespace(path: &str) -> Namespace {
    Namespace::new(path)
        .on_connect(
            async |socket: Socket, Auth(auth): Auth<Map<String, Value>>| {
                tokio::time::sleep(PAUSE).await;
                socket.emit("auth", auth)
            },
        )
        .on("message", async |socket: Socket, args: Args| {
            socket.emit_args("message-back", &args)
        })
        .on("message-with-ack", async |args: Args, ack: Ack<()>| {
            ack.send_args(args)
        })
}
