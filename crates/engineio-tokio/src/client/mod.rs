//! The client: the way to a server, and what drives a machine over it.
//!
//! A [`Dialer`] knows where the server is and how to get there. [`drive`] connects a machine and
//! the [`Application`] on top of it to that server until the application has finished, in the task
//! that calls it. Sessions may follow each other in one machine: whether and when it opens the next
//! is up to it.
//!
//! # Example
//!
//! A client that says one word to a server that says everything back:
//!
//! ```
//! # #[cfg(feature = "server")]
//! # mod server {
//! #     use std::{sync::Arc, task::{Context, Poll}};
//! #     use engineio_tokio::{Acceptor, Application, proto::{Timestamp, server::{Event, Session}}};
//! #     pub struct EchoServer;
//! #     pub struct Echo { closed: bool }
//! #     impl Acceptor for EchoServer {
//! #         type Machine = Session;
//! #         type Application = Echo;
//! #         fn accept(
//! #             &self, session: Session, _: Arc<http::request::Parts>, _: Timestamp,
//! #         ) -> (Session, Echo) {
//! #             (session, Echo { closed: false })
//! #         }
//! #     }
//! #     impl Application<Session> for Echo {
//! #         fn on_event(&mut self, session: &mut Session, _: Timestamp, event: Event) {
//! #             match event {
//! #                 Event::Message(message) => drop(session.send(message)),
//! #                 Event::Closed(_) => self.closed = true,
//! #                 _ => {}
//! #             }
//! #         }
//! #         fn poll(&mut self, _: &mut Context<'_>, _: &mut Session, _: Timestamp) -> Poll<()> {
//! #             Poll::Pending
//! #         }
//! #         fn is_finished(&self) -> bool { self.closed }
//! #     }
//! # }
//! use std::{sync::{Arc, Mutex}, task::{Context, Poll}};
//! use engineio_tokio::Application;
//! use engineio_tokio::client::{Dialer, Options, drive};
//! use engineio_tokio::proto::client::{Config, Event, Session};
//! use engineio_tokio::proto::{Ids, Message, Timestamp};
//!
//! /// Keeps what it hears, and leaves.
//! struct Ear { heard: Arc<Mutex<Vec<Message>>>, closed: bool }
//!
//! impl Application<Session> for Ear {
//!     fn on_event(&mut self, session: &mut Session, now: Timestamp, event: Event) {
//!         match event {
//!             Event::Message(message) => {
//!                 self.heard.lock().unwrap().push(message);
//!                 session.close(now);
//!             }
//!             Event::Closed(_) => self.closed = true,
//!             _ => {}
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
//! # #[cfg(feature = "server")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     use engineio_tokio::{Options as ServerOptions, Server, serve};
//! #     let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! #     runtime.block_on(async {
//! #         let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! #         let url = format!("http://{}", listener.local_addr()?);
//! #         let server = Server::new(ServerOptions::default(), server::EchoServer);
//! #         tokio::spawn(serve(listener, server, std::future::pending()));
//! #         let heard = echo(&url).await?;
//! #         assert_eq!(heard, ["hello".into()]);
//! #         Ok(())
//! #     })
//! # }
//! # #[cfg(not(feature = "server"))]
//! # fn main() {}
//! async fn echo(url: &str) -> Result<Vec<Message>, Box<dyn std::error::Error>> {
//!     let dialer = Dialer::new(url, Options::default())?;
//!     let heard = Arc::new(Mutex::new(Vec::new()));
//!     let ear = Ear { heard: Arc::clone(&heard), closed: false };
//!     drive(dialer.clone(), |now| {
//!         let mut session = Session::connect(&Config::default(), Ids::new(), now);
//!         let _ = session.send("hello".into());
//!         (session, ear)
//!     })
//!     .await;
//!     match dialer.last_failure() {
//!         Some(failure) => Err(failure.into()),
//!         None => Ok(heard.lock().unwrap().clone()),
//!     }
//! }
//! ```
//!
//! # Reading order
//!
//! 1. `wire.rs` – what a machine is connected to.
//! 2. `exchange.rs` and `http_connection.rs` – one request, and what carries it.
//! 3. `web_socket.rs` – the dial of a WebSocket.
//! 4. `connect.rs`, `proxy.rs`, `tls.rs` – the way to the server.
//! 5. `request.rs`, `cookies.rs` – what requests say.

mod connect;
mod cookies;
mod encoding;
mod exchange;
mod failure;
mod http_connection;
mod options;
mod proxy;
mod request;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod web_socket;
mod wire;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engineio_proto::{
    Machine, Timestamp,
    client::{Input, Io},
};

use crate::{
    clock::Clock,
    drive::{self, Application},
};
use cookies::Jar;
use request::Requests;
use target::Target;
use wire::Wire;

pub use failure::{DialerError, Failure};
pub use options::{Options, Timestamps, TransportOptions};
pub use proxy::{Proxy, ProxyError};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};

/// Where a server is, and how to get there.
///
/// Clones share the cookies of the server, what TLS remembers of it, and the last failure: give
/// each client a dialer of its own, unless they should. TCP connections belong to the call of
/// [`drive`] that opened them, and serve one request after the other there.
#[derive(Clone)]
pub struct Dialer {
    shared: Arc<Shared>,
}

/// What the clones of a dialer share.
struct Shared {
    target: Target,
    options: Options,
    requests: Requests,
    cookies: Mutex<Jar>,
    #[cfg(feature = "tls")]
    tls: Option<tls::Connector>,
    failure: Mutex<Option<Failure>>,
}

impl Dialer {
    /// Prepares the way to the server at `url`. Nothing is dialed yet.
    ///
    /// `http` and `ws` mean the same, and so do `https` and `wss`: which transport is used is up to
    /// the machine. The query of the URL is part of every request and wins over
    /// [`Options::query`]. The path of the URL is not used: requests go to [`Options::path`].
    ///
    /// # Errors
    ///
    /// If the URL or an option cannot be used: see [`DialerError`].
    pub fn new(url: &str, options: Options) -> Result<Self, DialerError> {
        let target = Target::parse(url)?;
        let requests = Requests::new(&target, &options)?;
        let shared = Shared {
            #[cfg(feature = "tls")]
            tls: target
                .is_secure
                .then(|| tls::Connector::new(&target, &options.tls))
                .transpose()
                .map_err(DialerError::Tls)?,
            target,
            requests,
            options,
            cookies: Mutex::default(),
            failure: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Why the last request or dial failed since the last session began to open. `None`: none did,
    /// or the machine lost patience before the network did.
    ///
    /// A machine knows that a transport failed. This is for the people who want to know why.
    #[must_use]
    pub fn last_failure(&self) -> Option<Failure> {
        self.shared.lock_failure().clone()
    }

    /// Forgets the last failure.
    pub fn clear_failure(&self) {
        *self.shared.lock_failure() = None;
    }

    /// What this dialer was told.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("target", &self.shared.target)
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn note(&self, failure: Failure) {
        *self.lock_failure() = Some(failure);
    }

    fn lock_failure(&self) -> MutexGuard<'_, Option<Failure>> {
        // A value that is replaced as a whole is whole.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_cookies(&self) -> MutexGuard<'_, Jar> {
        // Whatever stopped halfway there has stored a whole cookie or none.
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects a machine to a server until its application has finished, and what was written to
/// WebSockets has left: a server that does not read is given up after 30 s.
///
/// `open` makes both, at the moment from which the clock counts. Runs in the task that polls it;
/// dropping it cuts everything off.
pub async fn drive<M, A>(dialer: Dialer, open: impl FnOnce(Timestamp) -> (M, A))
where
    M: Machine<Input = Input, Io = Io>,
    A: Application<M>,
{
    let clock = Clock::start();
    let (machine, application) = open(clock.now());
    let (wire, delivered) = Wire::new(dialer.shared);
    drive::drive(machine, application, wire, clock, ()).await;
    delivered.wait().await;
}
