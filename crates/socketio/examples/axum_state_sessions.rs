//! An axum application and its sockets share a state: who logs in over HTTP is known to the socket.
//!
//! `cargo run -p socketio --example axum_state_sessions`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const login = await fetch("http://127.0.0.1:3000/login/ada", { method: "POST" });
//! const socket = require("socket.io-client")("http://127.0.0.1:3000", { extraHeaders: { cookie: login.headers.get("set-cookie") } });
//! socket.on("news", (text) => console.log(text)); // curl -d hello http://127.0.0.1:3000/news
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use socketio::{ConnectError, Extension, Handshake, Namespace, Server, Socket, State};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let sessions = Sessions::default();
    let namespace = Namespace::<Sessions>::new("/")
        .middleware(authenticate)
        .on("whoami", async |Extension(User(name)): Extension<User>| {
            name
        })
        .with_state(sessions.clone());
    let io = Server::builder().namespace(namespace).build();
    let app = Router::new()
        .route("/login/{name}", post(login).with_state(sessions))
        .route("/news", post(news).with_state(io.clone()))
        .merge(socketio::axum::router(&io));

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}

/// Who is logged in, by the value of the cookie.
type Sessions = Arc<Mutex<HashMap<String, User>>>;

#[derive(Clone)]
struct User(String);

/// A real application would ask for a password.
async fn login(
    Shared(sessions): Shared<Sessions>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, StatusCode> {
    // Whoever guesses it is logged in, so it must come from a good source.
    let random = || getrandom::u64().map_err(|_| StatusCode::SERVICE_UNAVAILABLE);
    let id = format!("{:016x}{:016x}", random()?, random()?);
    let cookie = format!("session={id}; Path=/; HttpOnly; SameSite=Lax");
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.insert(id, User(name));
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]))
}

/// Runs before a client is in. The headers are those of the first request of its connection.
async fn authenticate(
    socket: Socket,
    State(sessions): State<Sessions>,
    handshake: Handshake,
) -> Result<(), ConnectError> {
    let sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let user = session(handshake.headers()).and_then(|id| sessions.get(id).cloned());
    let user = user.ok_or_else(|| ConnectError::new("log in first"))?;
    socket.extensions().insert(user);
    Ok(())
}

fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let mut pairs = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, id) = pairs.find(|(name, _)| *name == "session")?;
    Some(id)
}

/// Tells everybody what was posted. The server is a state of axum like any other.
async fn news(Shared(io): Shared<Server>, text: String) -> Result<StatusCode, StatusCode> {
    let told = io.emit("news", text);
    told.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::NO_CONTENT)
}
