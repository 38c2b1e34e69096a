//! Socket.IO connections without I/O: namespaces, acknowledgements and rooms.
//!
//! A [`server::Connection`] is a [`Machine`] like the Engine.IO session that it owns: it takes the
//! same inputs, passes the session's I/O through unchanged, and replaces its messages by what an
//! application wants to know. It owns no socket, reads no clock and draws no random number.
//!
//! # Example
//!
//! A client opens a WebSocket and joins the main namespace:
//!
//! ```
//! use socketio_proto::engine::server::{Input, Io, Opening, Session};
//! use socketio_proto::engine::{self, Frame, Ids, Sid};
//! use socketio_proto::server::{Config, Connection, Event};
//! use socketio_proto::{Machine, Output, SocketId, Timestamp};
//!
//! let (now, transport) = (Timestamp::from_millis(0), Ids::new().transport());
//! let opening = Opening::WebSocket(transport);
//! let session = Session::open(&engine::Config::default(), Sid::new("secret"), opening, now);
//! let mut connection = Connection::new(session, &Config::default(), now);
//! connection.handle(now, Input::Frame { transport, frame: Frame::Text("40".into()) });
//!
//! let mut written = Vec::new();
//! while let Some(output) = connection.poll_output() {
//!     match output {
//!         Output::Io(Io::Frame { frame, .. }) => written.push(frame),
//!         Output::Io(_) => {}
//!         Output::Event(Event::ConnectRequest(request)) => {
//!             connection.accept(request, SocketId::new("public"));
//!         }
//!         Output::Event(event) => panic!("unexpected: {event:?}"),
//!     }
//! }
//! assert_eq!(written.last(), Some(&Frame::Text(r#"40{"sid":"public"}"#.into())));
//! ```
//!
//! # Reading order
//!
//! 1. [`server::Connection`] – the commands, and how the end of a connection goes.
//! 2. `server/incoming.rs` – what each packet of the client does.
//! 3. `server/namespace.rs` – asked for, joined, left.
//! 4. [`Rooms`] – who a broadcast reaches; plain data beside the machine.
//! 5. `tests/walks.rs` – whole connections as transcripts.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod server;

mod ack;
mod connect;
mod disconnect;
mod encoded;
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
pub use rooms::{Room, Rooms, Selector};
