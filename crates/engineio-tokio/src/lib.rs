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
//! 4. `ws.rs` – one WebSocket.
#![forbid(unsafe_code)]

mod body;
mod clock;
mod cors;
mod drive;
mod serve;
mod server;
mod ws;

pub use engineio_proto as proto;

pub use body::Body;
pub use cors::{AllowOrigin, Cors};
pub use drive::Application;
pub use serve::serve;
pub use server::{Acceptor, Options, Server};
