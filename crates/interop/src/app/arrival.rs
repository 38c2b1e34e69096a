//! What the server knows about a client: its handshake, its connection, the data kept with it.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use serde_json::{Map, Value, json};
use socketio::{Data, Extension, Handshake, Namespace, Secure, Server, Socket};

/// Every event answers with something that the server knows. A request that says so came over TLS.
pub fn router() -> Router {
    let io = Server::builder()
        .namespace(namespace("/"))
        .namespace(namespace("/other"))
        .build();
    socketio::axum::router(&io).layer(from_fn(mark_secure))
}

async fn mark_secure(mut request: Request, next: Next) -> Response {
    let is_secure = request
        .headers()
        .get("x-forwarded-proto")
        .is_some_and(|protocol| protocol == "https");
    if is_secure {
        request.extensions_mut().insert(Secure);
    }
    next.run(request).await
}

fn namespace(path: &str) -> Namespace {
    Namespace::new(path)
        .on("handshake", async |handshake: Handshake| {
            describe(&handshake)
        })
        .on("connection", async |socket: Socket| {
            let connection = socket.connection();
            json!({
                "session": connection.session_id(),
                "protocol": connection.protocol(),
                "transport": connection.transport(),
                "open": connection.is_open(),
                "path": connection.request().uri.path(),
            })
        })
        .on("socket", async |socket: Socket| {
            json!({
                "id": socket.id().as_str(),
                "namespace": socket.namespace().as_str(),
                "connected": socket.is_connected(),
                "rooms": socket.rooms().iter().map(|room| room.as_str()).collect::<Vec<_>>(),
            })
        })
        .on("clients", async |socket: Socket| {
            socket.server().map(|io| io.connection_count())
        })
        .on(
            "set-data",
            async |socket: Socket, Data(data): Data<Value>| {
                socket.set_data(&data).map_err(|error| error.to_string())
            },
        )
        .on("data", async |socket: Socket| {
            // In a tuple, because `null` alone is no argument.
            let data = socket.data::<Value>();
            data.map(|data| (data,)).map_err(|error| error.to_string())
        })
        .on(
            "set-user",
            async |socket: Socket, Data(name): Data<String>| {
                socket.extensions().insert(User(name));
            },
        )
        .on("user", async |Extension(User(name)): Extension<User>| name)
}

#[derive(Clone)]
struct User(String);

fn describe(handshake: &Handshake) -> Value {
    let query: Map<String, Value> = handshake
        .query()
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect();
    let header = |name: &str| {
        let value = handshake.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let milliseconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
    };
    json!({
        "headers": { "x-custom": header("x-custom"), "user-agent": header("user-agent") },
        "query": query,
        "last": handshake.query_value("twice"),
        "url": handshake.url().to_string(),
        "address": handshake.address().map(|address| address.ip().to_string()),
        "secure": handshake.is_secure(),
        "xdomain": handshake.is_cross_domain(),
        "issued": milliseconds(handshake.issued()),
        "auth": serde_json::from_str::<Value>(handshake.auth()).ok(),
    })
}
