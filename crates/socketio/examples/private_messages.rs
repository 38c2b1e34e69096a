//! Private messages: one room per user, however many devices it has, and nothing is missed when a
//! connection breaks for a while.
//!
//! `cargo run -p socketio --example private_messages`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000", { auth: { user: "ada" } });
//! socket.on("connect", () => console.log(socket.recovered ? "back" : "new")).on("message", (from, to, text) => console.log(from, text));
//! socket.emit("message", "grace", "hello", (reached) => console.log(`${reached} devices`)); // socket.io.engine.close() breaks it
//! ```

use serde::Deserialize;
use socketio::{
    Auth, ConnectError, ConnectionStateRecovery, Data, EmitError, Extension, Namespace, Server,
    Socket,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::new("/")
        .middleware(identify)
        .on_connect(greet)
        .on("message", message);
    let io = Server::builder()
        // For two minutes, unless told otherwise. What is emitted meanwhile is kept in memory.
        .connection_state_recovery(ConnectionStateRecovery::default())
        .namespace(namespace)
        .build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(listener, std::future::pending()).await
}

#[derive(Clone, Deserialize)]
struct User {
    #[serde(rename = "user")]
    name: String,
}

impl User {
    /// Where all sockets of a user are. With a prefix, because socket ids name rooms too.
    fn room(name: &str) -> String {
        format!("user {name}")
    }
}

/// A real application would ask for a proof, as the example `auth_middleware` does. Whoever is
/// recovered does not come through here again: its rooms and its extensions are still there.
async fn identify(socket: Socket, Auth(user): Auth<User>) -> Result<(), ConnectError> {
    if user.name.trim().is_empty() {
        return Err(ConnectError::new("who are you?"));
    }
    socket.join(User::room(&user.name));
    socket.extensions().insert(user);
    Ok(())
}

async fn greet(socket: Socket, Extension(user): Extension<User>) -> Result<(), EmitError> {
    if socket.is_recovered() {
        // What it has missed is on its way already.
        return Ok(());
    }
    socket.emit("welcome", user.name)
}

/// Reaches every device of the recipient, and the other devices of the sender. Answers how many
/// devices of the recipient are connected now; one that is away for a moment gets it later.
async fn message(
    socket: Socket,
    Extension(from): Extension<User>,
    Data((to, text)): Data<(String, String)>,
) -> Result<usize, EmitError> {
    let recipient = socket.to(User::room(&to));
    let everybody = recipient.clone().to(User::room(&from.name));
    everybody.emit("message", (from.name, to, text))?;
    Ok(recipient.sockets().len())
}
