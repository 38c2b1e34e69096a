//! Socket.IO servers and clients on tokio.
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
//! The other side is the module `client`, behind the feature of that name.
//!
//! The protocol itself lives below, in `socketio-proto`; this crate only carries what happens on
//! the network to it, and what it says to the application.
//!
//! # Reading order
//!
//! 1. [`Namespace`] and [`Handler`]: what an application writes.
//! 2. `server/connection.rs`: what runs in the task of one client.
//! 3. `outbox.rs`: how other tasks reach it, and where the bound in bytes is.
//! 4. `hub.rs`: sockets and rooms of one namespace; `namespaces.rs`: all of them.
//! 5. [`cluster`]: the seam to other servers.
//! 6. `client`: the same from the other side, with the same handlers.
#![forbid(unsafe_code)]

mod ack;
mod answer;
mod call;
#[cfg(feature = "client")]
pub mod client;
mod context;
mod error;
mod extract;
mod handler;
mod in_flight;
mod outbox;
mod outcome;
mod outgoing;
mod random;
#[cfg(feature = "server")]
mod server;
mod span;
#[cfg(feature = "test")]
pub mod test;
mod typed;

pub use ack::Ack;
pub use call::Call;
pub use context::{FromContext, HasEvent};
pub use error::{CallError, EmitError, EventError, HandlerError, Rejection};
pub use extract::{Data, EventName};
pub use handler::Handler;
pub use outgoing::Outgoing;
#[cfg(feature = "server")]
pub use served::*;
#[cfg(feature = "macros")]
pub use socketio_macros::TokioEvent as Event;
pub use socketio_proto::engine::{CloseReason, Message, TransportKind};
pub use socketio_proto::{
    Args, ArgsError, ConnectError, DecodeError, EncodeError, Namespace as NamespaceName, Parser,
    SocketId,
};
pub use typed::{Acknowledges, Asked, Event, Typed, TypedArgument, TypedArguments};

/// What only a server needs.
#[cfg(feature = "server")]
mod served {
    pub use crate::error::NamespaceTaken;
    pub use crate::server::Server;
    pub use crate::server::broadcast::Broadcast;
    pub use crate::server::broadcast_call::{Answers, BroadcastCall};
    pub use crate::server::builder::Builder;
    pub use crate::server::client_files::ClientFiles;
    pub use crate::server::cluster;
    pub use crate::server::connections::Closing;
    pub use crate::server::context::{
        ConnectContext, Context, DisconnectContext, EventContext, HasState, NamespaceContext,
    };
    pub use crate::server::dynamic::PathParams;
    pub use crate::server::emitter::Emitter;
    pub use crate::server::extensions::Extensions;
    pub use crate::server::extract::{Auth, Extension, State};
    pub use crate::server::handshake::{Connection, Handshake};
    pub use crate::server::listeners::Listener;
    pub use crate::server::namespace::Namespace;
    pub use crate::server::observer::{Metrics, NamespaceMetrics, Observer};

    pub use crate::server::recovery::ConnectionStateRecovery;
    pub use crate::server::remote::{
        FetchError, FetchSockets, RemoteCall, RemoteHandshake, RemoteSocket,
    };
    pub use crate::server::room_event::RoomEvent;
    pub use crate::server::socket::Socket;
    pub use crate::server::verdict::Verdict;
    pub use engineio_tokio::Observer as EngineObserver;
    pub use engineio_tokio::serve;
    pub use engineio_tokio::{
        AllowOrigin, AllowRequest, Body, ConnectionError, Cookie, Cors, IdGenerator, Refusal,
        RemoteAddr, SameSite, Secure,
    };
    #[cfg(feature = "compression")]
    pub use engineio_tokio::{HttpCompression, PerMessageDeflate};
    pub use socketio_proto::engine::parser::legacy::Dialect as LegacyDialect;
    pub use socketio_proto::engine::parser::payload::Framing as LegacyFraming;
    pub use socketio_proto::engine::server::{Cause, UpgradeFailure};
    pub use socketio_proto::engine::{Sid, Transports, Violation};
    pub use socketio_proto::{DisconnectReason, Room};
}
