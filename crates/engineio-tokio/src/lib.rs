//! Drives Engine.IO machines over tokio.
//!
//! A `Server` answers HTTP requests and WebSocket upgrades; a `client::Dialer` knows the way to
//! one. Each session is one task, which owns a machine, the [`Application`] on top of it, the
//! transports and one timer. This crate moves bytes and keeps time; what they mean, the machine
//! decides.
//!
//! # Example
//!
//! A server that says everything back (the module `client` has a client for it):
//!
#![cfg_attr(feature = "server", doc = "```")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use std::{sync::Arc, task::{Context, Poll}};
//! use engineio_tokio::proto::{Timestamp, server::{Event, Session}};
//! use engineio_tokio::{Acceptor, Application, Options, Server};
//!
//! struct Echo { closed: bool }
//!
//! impl Application<Session> for Echo {
//!     fn on_event(&mut self, session: &mut Session, _now: Timestamp, event: Event) {
//!         match event {
//!             // A full buffer: this peer does not read, and need not be told twice.
//!             Event::Message(message) => drop(session.send(message)),
//!             Event::Upgraded => {}
//!             Event::Closed(_) => self.closed = true,
//!         }
//!     }
//!     fn poll(&mut self, _: &mut Context<'_>, _: &mut Session, _: Timestamp) -> Poll<()> {
//!         Poll::Pending
//!     }
//!     fn is_finished(&self) -> bool {
//!         self.closed
//!     }
//! }
//!
//! struct EchoServer;
//!
//! impl Acceptor for EchoServer {
//!     type Machine = Session;
//!     type Application = Echo;
//!     fn accept(
//!         &self,
//!         session: Session,
//!         _request: Arc<http::request::Parts>,
//!         _now: Timestamp,
//!     ) -> (Session, Echo) {
//!         (session, Echo { closed: false })
//!     }
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let server = Server::new(Options::default(), EchoServer);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! engineio_tokio::serve(listener, server, std::future::pending()).await
//! # }
//! ```
//!
//! # Reading order
//!
//! 1. `drive.rs` – the loop, the same for every machine.
//! 2. `server/mod.rs` – how a request finds its session.
//! 3. `server/wire.rs` – what a session of a server is connected to.
//! 4. `ws/mod.rs` – one WebSocket.
//! 5. `client/mod.rs` – the way to a server.
//! 6. `client/wire.rs` – what the machine of a client is connected to.
//!
//! # Features
//!
//! * `server` (on by default): `Server`, and everything that it is told.
//! * `client`: the module `client`.
//! * `tls`: clients of servers behind TLS, by rustls. Implies `client`.
//! * `compression`: answers to polls are compressed with gzip or deflate, and messages of
//!   WebSockets can be: see `Options::http_compression` and `Options::per_message_deflate`, and the
//!   latter of `client::Options`, which is on.
//! * `test`: sessions without a network: `Server::open_in_process`. Implies `server`.
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod admission;
mod body;
#[cfg(feature = "client")]
pub mod client;
mod clock;
#[cfg(all(feature = "compression", feature = "server"))]
mod compression;
#[cfg(feature = "server")]
mod cookie;
#[cfg(feature = "server")]
mod cors;
mod drive;
#[cfg(feature = "server")]
mod hooks;
#[cfg(feature = "server")]
mod observer;
#[cfg(feature = "server")]
mod options;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod server;
mod ws;

pub use engineio_proto as proto;

pub use body::Body;
pub use drive::Application;
#[cfg(feature = "compression")]
pub use ws::PerMessageDeflate;

#[cfg(all(feature = "compression", feature = "server"))]
pub use compression::HttpCompression;
#[cfg(feature = "test")]
pub use ws::{Gone, InProcess};
#[cfg(feature = "server")]
pub use {
    admission::{AllowRequest, IdGenerator, Refusal},
    cookie::{Cookie, SameSite},
    cors::{AllowOrigin, Cors},
    hooks::{ConnectionError, Hooks},
    observer::Observer,
    options::Options,
    serve::{RemoteAddr, Secure, serve},
    server::{Acceptor, Server},
};
