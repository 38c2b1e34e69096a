//! Socket.IO without I/O: namespaces, acknowledgements, rooms, reconnection.
//!
//! A [`server::Connection`] is one client as a server sees it; a [`client::Client`] goes from one
//! session with its server to the next. Both are a [`Machine`], like the Engine.IO session that
//! they own: they take the same inputs, pass the session's I/O through unchanged, and replace its
//! messages by what an application wants to know. They own no socket, read no clock and draw no
//! random number.
//!
//! # Example
//!
//! A client and a server say hello over a WebSocket that exists only in this loop:
//!
//! ```
//! use socketio_proto::client::{Client, Config, Credentials, Emit};
//! use socketio_proto::engine::{self, Sid, TransportKind, client as near, server as far};
//! use socketio_proto::server::{self, Connection, Event};
//! use socketio_proto::{Encoded, Machine, Namespace, Output, SocketId, Timestamp};
//!
//! let (now, root) = (Timestamp::from_millis(0), Namespace::root());
//! let mut config = Config::default();
//! config.engine.transports = vec![TransportKind::WebSocket];
//! let mut client = Client::connect(config, 1, now);
//! client.open(now, root.clone(), Credentials::None);
//! client.emit(now, &Encoded::event(&root, "hello", &("world", 1))?, Emit::default())?;
//!
//! let Some(Output::Io(near::Io::Connect { transport, .. })) = client.poll_output() else { panic!() };
//! let opening = far::Opening::WebSocket(transport);
//! let session = far::Session::open(&engine::Config::default(), Sid::new("secret"), opening, now);
//! let mut connection = Connection::new(session, &server::Config::default(), now);
//! let heard = loop {
//!     match connection.poll_output() {
//!         Some(Output::Io(far::Io::Frame { transport, frame })) => {
//!             client.handle(now, near::Input::Frame { transport, frame });
//!         }
//!         Some(Output::Event(Event::ConnectRequest(request))) => {
//!             connection.accept(request, SocketId::new("public"));
//!         }
//!         Some(Output::Event(Event::Event { args, .. })) => break args,
//!         other => assert!(other.is_none()),
//!     }
//!     while let Some(output) = client.poll_output() {
//!         if let Output::Io(near::Io::Frame { transport, frame }) = output {
//!             connection.handle(now, far::Input::Frame { transport, frame });
//!         }
//!     }
//! };
//! assert_eq!(heard.json(), r#"["hello","world",1]"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading order
//!
//! 1. [`server::Connection`] – the commands, and how the end of a connection goes.
//! 2. `server/incoming.rs` – what each packet of the client does.
//! 3. `server/namespace.rs` – asked for, joined, left.
//! 4. [`Rooms`] – who a broadcast reaches; plain data beside the machine.
//! 5. [`RecoveryLog`] – what a client that comes back has missed; plain data, too.
//! 6. [`cluster::Requests`] – what other servers have been asked; plain data, too.
//! 7. [`client::Client`] – the commands, and what is kept when a session is lost.
//! 8. `client/session.rs` – sessions as they come and go; `client/incoming.rs` – what each packet of
//!    the server does.
//! 9. `client/outgoing.rs` – an emit sent, kept or refused; `client/delivery.rs` – tried until it is
//!    answered.
//! 10. `client/recovery.rs` – picking up where an earlier session left off.
//! 11. `server/legacy.rs`, `client/legacy.rs` – peers of Socket.IO 1 and 2.
//! 12. [`Parser`] and [`Encoded`] – packets on their way out; `received.rs` – on their way in.
//! 13. `tests/walks*.rs` – whole connections and clients as transcripts.
//!
//! # Features
//!
//! * `msgpack` (off): `Parser::MessagePack`, packets as `socket.io-msgpack-parser` writes them.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod client;
pub mod cluster;
pub mod server;

mod ack;
mod backoff;
mod connect;
mod disconnect;
mod emit;
mod encoded;
mod encoding;
mod json;
mod received;
mod recovery;
mod reply;
mod rooms;

pub use engineio_proto as engine;
pub use engineio_proto::{Machine, Output, Timestamp};
pub use socketio_parser as parser;
pub use socketio_parser::{
    AckId, Args, ArgsError, DecodeError, EncodeError, Limits, Namespace, NamespaceError, Utf8Bytes,
};

pub use connect::{ConnectError, SocketId};
pub use disconnect::DisconnectReason;
pub use encoded::Encoded;
pub use encoding::Parser;
pub use recovery::{Offset, Persisted, PrivateId, RecoveryLimits, RecoveryLog, Restored, Resume};
pub use rooms::{Room, Rooms, Selector};

/// The examples of the readme, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
