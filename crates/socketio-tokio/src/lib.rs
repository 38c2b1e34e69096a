//! Socket.IO servers on tokio.
//!
//! A [`Server`] is a tower service made of [`Namespace`]s, and a namespace is a set of handlers:
//! async functions whose arguments are taken from the event and whose return value is the
//! acknowledgement.
//!
//! ```no_run
//! use socketio_tokio::{Data, Namespace, Server, Socket};
//!
//! # async fn run() -> std::io::Result<()> {
//! let chat = Namespace::new("/")
//!     .on_connect(async |socket: Socket| socket.join("lobby"))
//!     .on("message", async |socket: Socket, Data((name, text)): Data<(String, String)>| {
//!         socket.to("lobby").emit("message", (name, text))
//!     })
//!     .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b);
//! let io = Server::builder().namespace(chat).build();
//! io.listen("127.0.0.1:3000").await
//! # }
//! ```
//!
//! The protocol itself lives below, in `socketio-proto`; this crate only carries what happens on
//! the network to it, and what it says to the application.
//!
//! # Reading order
//!
//! 1. [`Namespace`] and [`Handler`]: what an application writes.
//! 2. `connection.rs`: what runs in the task of one client.
//! 3. `outbox.rs`: how other tasks reach it, and where the bound in bytes is.
//! 4. `hub.rs`: sockets and rooms of one namespace.
#![forbid(unsafe_code)]

mod ack;
mod answer;
mod broadcast;
mod builder;
mod call;
mod client_files;
#[cfg(feature = "compression")]
mod compression;
#[cfg(not(feature = "compression"))]
#[path = "compression/none.rs"]
mod compression;
mod connection;
mod context;
mod error;
mod handler;
mod hub;
mod namespace;
mod outbox;
mod server;
mod socket;

pub use ack::Ack;
pub use broadcast::Broadcast;
pub use builder::Builder;
pub use call::Call;
pub use client_files::ClientFiles;
pub use context::{
    Auth, ConnectContext, Context, Data, DisconnectContext, EventContext, FromContext, State,
};
pub use engineio_tokio::{AllowOrigin, Body, Cors};
pub use error::{CallError, EmitError, HandlerError, Rejection};
pub use handler::Handler;
pub use namespace::Namespace;
pub use server::Server;
pub use socket::Socket;
pub use socketio_proto::engine::{CloseReason, Transports, Violation};
pub use socketio_proto::{
    Args, ArgsError, ConnectError, DecodeError, DisconnectReason, EncodeError, Room, SocketId,
};
