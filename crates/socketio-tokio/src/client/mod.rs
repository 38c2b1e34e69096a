//! Clients: connections to a server, with one or more namespaces.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use socketio_tokio::client::{self, Item};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut chat = client::connect("http://127.0.0.1:3000/chat").await?;
//! chat.emit("message", ("ada", "hello"))?;
//! let sum: i64 = chat.call("add", (2, 3)).timeout(Duration::from_secs(1)).await?;
//!
//! while let Some(item) = chat.next().await {
//!     match item {
//!         Item::Event(event) if event.name() == "message" => {
//!             let (name, text): (String, String) = event.data()?;
//!             println!("{name}: {text}");
//!         }
//!         Item::Disconnected { reason, .. } => println!("offline: {reason}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] is one connection. A [`Socket`] is one namespace of it: a stream of [`Item`]s, and
//! the way to the server, which a [`Sender`] shares with other tasks. What is lost comes back by
//! itself, with the waits of the JavaScript client, and what was emitted meanwhile is sent then.
//!
//! # Reading order
//!
//! 1. [`Builder`]: what can be set; [`Client`], [`Socket`], [`Sender`]: what an application holds.
//! 2. `task.rs`: what runs in the task of a client; `task/connecting.rs`, `task/serving.rs`.
//! 3. `queue.rs`: what waits for the application, and where the bound is.

mod auth;
mod builder;
mod command;
mod context;
mod error;
mod item;
mod manager;
mod member;
mod notice;
mod queue;
mod routes;
mod sender;
mod setup;
mod socket;
mod task;

pub use auth::{AuthContext, IntoAuth};
pub use builder::Builder;
pub use context::{ConnectContext, ConnectErrorContext, Context, DisconnectContext, EventContext};
#[cfg(feature = "compression")]
pub use engineio_tokio::PerMessageDeflate;
pub use engineio_tokio::client::{
    DialerError, Failure as Cause, Proxy, ProxyError, Timestamps, TransportOptions,
};
#[cfg(feature = "tls")]
pub use engineio_tokio::client::{Tls, TlsError};
pub use error::{BuildError, ConnectError, Failure, Refused};
pub use item::{Event, Item, Undelivered};
pub use manager::Client;
pub use notice::{Notice, Notices};
pub use queue::Overflow;
pub use sender::{Sender, Volatile};
pub use setup::SocketBuilder;
pub use socket::{Items, Socket};
pub use socketio_proto::Limits;
pub use socketio_proto::client::{DisconnectReason, Offline, Reconnection, SessionEnd};
pub use socketio_proto::engine::parser::Revision;

/// Connects to a server, and waits until it has let the client in: the short form of
/// [`Client::builder`] and [`Builder::connect`].
///
/// The path of the URL is the namespace, as in JavaScript, and its query is part of every request.
///
/// # Errors
///
/// As [`Client::connect`].
pub async fn connect(url: &str) -> Result<Socket, ConnectError> {
    let (start, end) = builder::path_range(url).unwrap_or((url.len(), url.len()));
    let (server, namespace) = url.split_at(start);
    let (namespace, query) = namespace.split_at(end - start);
    Builder::new(&format!("{server}{query}"))
        .connect(namespace)
        .await
}
