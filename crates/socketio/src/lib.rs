//! Socket.IO for Rust.
//!
//! One dependency for a complete server, which speaks to the JavaScript clients over polling and
//! WebSocket, and with the feature `client` for clients, which speak to any server.
//!
//! ```no_run
//! use socketio::{Data, Namespace, Server, Socket};
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let chat = Namespace::new("/")
//!         .on_connect(async |socket: Socket| socket.join("lobby"))
//!         .on("message", async |socket: Socket, Data((name, text)): Data<(String, String)>| {
//!             socket.to("lobby").emit("message", (name, text))
//!         })
//!         .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b); // the return value is the ack
//!     let io = Server::builder().namespace(chat).build();
//!     let app = axum::Router::new().merge(socketio::axum::router(&io));
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await
//! }
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `server` | yes | the server, and `Server::listen` to serve it alone |
//! | `client` | no | `client`, to connect to a server |
//! | `tls` | no | clients of servers behind TLS |
//! | `axum` | yes | [`axum::router`], to mount the server into an axum application |
//! | `compression` | yes | compressed messages and answers to polls, and compressed variants of the files that `serve_client` serves |
//! | `macros` | yes | `#[derive(Event)]`, for events that are types |
//! | `msgpack` | no | packets in MessagePack: `Parser::MessagePack` |
#![forbid(unsafe_code)]

#[cfg(any(feature = "client", feature = "server"))]
pub use bytes::Bytes;
#[cfg(feature = "axum")]
pub use socketio_axum as axum;
#[cfg(feature = "macros")]
pub use socketio_macros::Event;
#[cfg(any(feature = "client", feature = "server"))]
pub use socketio_tokio::*;
