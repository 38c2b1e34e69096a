//! Drives Engine.IO machines over tokio.
//!
//! A [`Server`] answers HTTP requests and WebSocket upgrades. Each session is one task, which owns
//! a machine (an [`Acceptor`] makes it), the [`Application`] on top of it, the transports and one
//! timer. This crate moves bytes and keeps time; what they mean, the machine decides.
//!
//! # Example
//!
//! A server that says everything back:
//!
//! ```
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
//! 3. `server/wire.rs` – what a session is connected to.
//! 4. `ws/mod.rs` – one WebSocket.
//!
//! # Features
//!
//! * `compression`: answers to polls are compressed with gzip or deflate, and messages of
//!   WebSockets can be: see `Options::http_compression` and `Options::per_message_deflate`.
#![forbid(unsafe_code)]

mod admission;
mod body;
mod clock;
#[cfg(feature = "compression")]
mod compression;
mod cookie;
mod cors;
mod drive;
mod hooks;
mod observer;
mod options;
mod serve;
mod server;
mod ws;

pub use engineio_proto as proto;

pub use admission::{AllowRequest, IdGenerator, Refusal};
pub use body::Body;
#[cfg(feature = "compression")]
pub use compression::HttpCompression;
pub use cookie::{Cookie, SameSite};
pub use cors::{AllowOrigin, Cors};
pub use drive::Application;
pub use hooks::{ConnectionError, Hooks};
pub use observer::Observer;
pub use options::Options;
pub use serve::{RemoteAddr, Secure, serve};
pub use server::{Acceptor, Server};
#[cfg(feature = "compression")]
pub use ws::PerMessageDeflate;
#[cfg(feature = "test")]
pub use ws::{Gone, InProcess};
