//! Rooms: who has joined one hears what is said in it, and learns who leaves.
//!
//! `cargo run -p socketio --example rooms`, and twice in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.onAny((event, ...args) => console.log(event, ...args));
//! socket.emit("join", "news", (members) => socket.emit("say", "news", `we are ${members}`));
//! ```

use socketio::{Data, EmitError, Namespace, Server, Socket};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::new("/")
        .on("join", join)
        .on("leave", async |socket: Socket, Data(room): Data<String>| {
            socket.leave(channel(&room))
        })
        .on("say", say)
        .on_disconnecting(part);
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(listener, std::future::pending()).await
}

/// Answers with the number of members, the new one included.
async fn join(socket: Socket, Data(room): Data<String>) -> Result<usize, EmitError> {
    let channel = channel(&room);
    socket.join(channel.as_str());
    let others = socket.to(channel);
    others.emit("joined", (room, socket.id()))?;
    Ok(others.sockets().len() + 1)
}

/// Reaches the others in the room, if the sender is in it as well.
async fn say(
    socket: Socket,
    Data((room, text)): Data<(String, String)>,
) -> Result<(), &'static str> {
    let channel = channel(&room);
    if !socket.rooms().iter().any(|own| own.as_str() == channel) {
        return Err("join the room first");
    }
    let said = socket.to(channel).emit("said", (room, text));
    said.map_err(|_| "that cannot be sent")
}

/// Tells every room that its member goes; here the rooms are still known.
async fn part(socket: Socket) -> Result<(), EmitError> {
    for own in socket.rooms() {
        if let Some(room) = own.as_str().strip_prefix(PREFIX) {
            socket
                .to(own.as_str())
                .emit("parted", (room, socket.id()))?;
        }
    }
    Ok(())
}

/// The room behind a name that a client has chosen. Every socket id names a room as well, so that
/// without a prefix a client could listen in on another.
fn channel(name: &str) -> String {
    format!("{PREFIX}{name}")
}

const PREFIX: &str = "room ";
