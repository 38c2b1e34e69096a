//! Engine.IO sessions without I/O, as server and client see them, in revisions 2 to 4.
//!
//! A [`server::Session`] or [`client::Session`] is a [`Machine`]: it takes what the network did and
//! says what to do next. It owns no socket and reads no clock, so it runs in a test as it runs in
//! production.
//!
//! # Example
//!
//! A handshake over polling, a message each way, then an upgrade. A driver does the same with real
//! requests, a real clock and a real WebSocket.
//!
//! ```
//! use engineio_proto::server::{BodyKind, Event, Input, Io, Opening, Response, Route, Session};
//! use engineio_proto::{Config, Frame, Ids, Machine, Output, Sid, Timestamp};
//!
//! let (config, mut ids) = (Config::default(), Ids::new());
//! let now = Timestamp::from_millis(0);
//!
//! // GET /engine.io/?EIO=4&transport=polling
//! let route = Route::parse(&config, "GET", "EIO=4&transport=polling", false, true);
//! let Ok(Route::Handshake(peer)) = route else { panic!() };
//! let opening = Opening::Poll(ids.request());
//! let mut session = Session::open_for(&config, Sid::new("s1"), peer, opening, now);
//! let Some(Output::Io(Io::Respond { response, .. })) = session.poll_output() else { panic!() };
//! assert!(response.into_body().starts_with(br#"0{"sid":"s1","upgrades":["websocket"],"#));
//!
//! // A poll waits until there is something to say.
//! let poll = ids.request();
//! session.handle(now, Input::Poll { request: poll });
//! assert_eq!(session.poll_output(), None);
//! session.send("hello".into())?;
//! let response = Response::Payload("4hello".into());
//! assert_eq!(session.poll_output(), Some(Output::Io(Io::Respond { request: poll, response })));
//!
//! // A post carries what the client says.
//! let post = ids.request();
//! session.handle(now, Input::Post { request: post, kind: BodyKind::Text });
//! session.handle(now, Input::Body { request: post, body: "4hi".into() });
//! assert_eq!(session.poll_output(), Some(Output::Event(Event::Message("hi".into()))));
//! let response = Response::Accepted;
//! assert_eq!(session.poll_output(), Some(Output::Io(Io::Respond { request: post, response })));
//!
//! // A WebSocket proves itself, then takes over.
//! let transport = ids.transport();
//! session.handle(now, Input::Opened { transport });
//! session.handle(now, Input::Frame { transport, frame: Frame::Text("2probe".into()) });
//! let frame = Frame::Text("3probe".into());
//! assert_eq!(session.poll_output(), Some(Output::Io(Io::Frame { transport, frame })));
//! session.handle(now, Input::Frame { transport, frame: Frame::Text("5".into()) });
//! assert_eq!(session.poll_output(), Some(Output::Event(Event::Upgraded)));
//!
//! // Without news, the next thing to happen is a ping.
//! assert_eq!(session.poll_output(), None);
//! assert_eq!(session.next_timeout(), Some(now + config.ping_interval));
//! # Ok::<(), engineio_proto::SendError>(())
//! ```
//!
//! The client is driven by the same loop. Here both meet, with nothing between them but a loop that
//! carries frames from one to the other:
//!
//! ```
//! use engineio_proto::server::{Event, Opening};
//! use engineio_proto::{Config, Ids, Machine, Output, Sid, Timestamp, TransportKind, client, server};
//!
//! let now = Timestamp::from_millis(0);
//! let mut config = client::Config::default();
//! config.transports = vec![TransportKind::WebSocket];
//! let mut client = client::Session::connect(&config, Ids::new(), now);
//! let Some(Output::Io(client::Io::Connect { transport, .. })) = client.poll_output() else { panic!() };
//! client.handle(now, client::Input::Opened { transport });
//! client.send("hello".into())?;
//!
//! let opening = Opening::WebSocket(transport);
//! let mut server = server::Session::open(&Config::default(), Sid::new("s1"), opening, now);
//! let mut heard = Vec::new();
//! loop {
//!     match (client.poll_output(), server.poll_output()) {
//!         (None, None) => break,
//!         (said, answered) => {
//!             if let Some(Output::Io(client::Io::Frame { transport, frame })) = said {
//!                 server.handle(now, server::Input::Frame { transport, frame });
//!             }
//!             match answered {
//!                 Some(Output::Io(server::Io::Frame { transport, frame })) => {
//!                     client.handle(now, client::Input::Frame { transport, frame });
//!                 }
//!                 Some(Output::Event(Event::Message(message))) => heard.push(message),
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//! assert_eq!(heard, ["hello".into()]);
//! # Ok::<(), engineio_proto::SendError>(())
//! ```
//!
//! # Reading order
//!
//! 1. `machine.rs` – the contract, one page.
//! 2. `server/mod.rs` – [`server::Session`]; start at `handle`.
//! 3. `server/polling.rs` and `server/web_socket.rs` – what the two transports do to it.
//! 4. `server/probe.rs` – the upgrade, the only subtle part.
//! 5. `codec.rs` – where revisions differ, and `heartbeat.rs` – who pings.
//! 6. `client/` – the same files, seen from the other side.
//! 7. `tests/walks_pair.rs`, `tests/legacy.rs` – whole sessions as transcripts.
//! 8. `tests/world/` – the network in which `tests/laws_world.rs` lets both live through accidents.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod client;
pub mod server;

mod body;
mod close;
mod codec;
mod config;
mod heartbeat;
mod id;
mod machine;
mod outbox;
mod time;
mod traffic;
mod window;

pub use close::{CloseReason, SendError, Violation};
pub use config::{Config, TransportKind, Transports};
pub use id::{Ids, RequestId, Sid, TransportId};
pub use machine::{Machine, Output};
pub use time::Timestamp;
pub use traffic::Traffic;

pub use engineio_parser as parser;
pub use engineio_parser::{Frame, Message, Utf8Bytes};

/// The examples of the readme, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
