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
//! 4. `hub.rs`: sockets and rooms of one namespace; `namespaces.rs`: all of them.
//! 5. [`cluster`]: the seam to other servers.
#![forbid(unsafe_code)]

mod ack;
mod answer;
mod broadcast;
mod broadcast_call;
mod builder;
mod call;
mod client_files;
pub mod cluster;
#[cfg(feature = "compression")]
mod compression;
#[cfg(not(feature = "compression"))]
#[path = "compression/none.rs"]
mod compression;
mod connection;
mod connections;
mod context;
mod dynamic;
mod emitter;
mod error;
mod extensions;
mod extract;
mod handler;
mod handshake;
mod hub;
mod listeners;
mod namespace;
mod namespaces;
mod observer;
mod outbox;
mod outgoing;
mod random;
mod recovery;
mod remote;
mod room_event;
mod routes;
mod server;
mod socket;
mod span;
#[cfg(feature = "test")]
pub mod test;
mod typed;

pub use ack::Ack;
pub use broadcast::Broadcast;
pub use broadcast_call::{Answers, BroadcastCall};
pub use builder::Builder;
pub use call::Call;
pub use client_files::ClientFiles;
pub use connections::Closing;
pub use context::{
    ConnectContext, Context, DisconnectContext, EventContext, FromContext, HasState,
    NamespaceContext,
};
pub use dynamic::PathParams;
pub use emitter::Emitter;
pub use engineio_tokio::Observer as EngineObserver;
pub use engineio_tokio::serve;
pub use engineio_tokio::{
    AllowOrigin, AllowRequest, Body, ConnectionError, Cookie, Cors, IdGenerator, Refusal,
    RemoteAddr, SameSite, Secure,
};
#[cfg(feature = "compression")]
pub use engineio_tokio::{HttpCompression, PerMessageDeflate};
pub use error::{CallError, EmitError, EventError, HandlerError, NamespaceTaken, Rejection};
pub use extensions::Extensions;
pub use extract::{Auth, Data, EventName, Extension, State};
pub use handler::{Handler, Verdict};
pub use handshake::{Connection, Handshake};
pub use listeners::Listener;
pub use namespace::Namespace;
pub use observer::{Metrics, NamespaceMetrics, Observer};
pub use outgoing::Outgoing;
pub use recovery::ConnectionStateRecovery;
pub use remote::{FetchError, FetchSockets, RemoteCall, RemoteHandshake, RemoteSocket};
pub use room_event::RoomEvent;
pub use server::Server;
pub use socket::Socket;
#[cfg(feature = "macros")]
pub use socketio_macros::TokioEvent as Event;
pub use socketio_proto::engine::parser::legacy::Dialect as LegacyDialect;
pub use socketio_proto::engine::parser::payload::Framing as LegacyFraming;
pub use socketio_proto::engine::server::{Cause, UpgradeFailure};
pub use socketio_proto::engine::{CloseReason, Message, Sid, TransportKind, Transports, Violation};
pub use socketio_proto::{
    Args, ArgsError, ConnectError, DecodeError, DisconnectReason, EncodeError,
    Namespace as NamespaceName, Parser, Room, SocketId,
};
pub use typed::{Acknowledges, Asked, Event, Typed, TypedArgument, TypedArguments};
