//! An Engine.IO server that says everything back.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use engineio_tokio::proto::Timestamp;
use engineio_tokio::proto::server::{Event, Session};
use engineio_tokio::{Acceptor, Application, Options, PerMessageDeflate, Server};

/// The largest message that a client may send, in bytes.
pub const MAX_PAYLOAD: u64 = 1_000_000;

/// The server, at `/engine.io/`.
pub fn router(ping_interval: Duration, ping_timeout: Duration) -> Router {
    serve(options(ping_interval, ping_timeout))
}

/// The same for clients of revisions 2 and 3, too.
pub fn legacy_router(ping_interval: Duration, ping_timeout: Duration) -> Router {
    let mut options = options(ping_interval, ping_timeout);
    options.engine.legacy_clients = true;
    serve(options)
}

/// The server as it is by default, but for its WebSockets, which are compressed too.
pub fn compressing_router() -> Router {
    let mut options = Options::default();
    options.engine.max_payload = MAX_PAYLOAD;
    options.per_message_deflate = Some(PerMessageDeflate::default());
    serve(options)
}

fn options(ping_interval: Duration, ping_timeout: Duration) -> Options {
    let mut options = Options::default();
    options.engine.ping_interval = ping_interval;
    options.engine.ping_timeout = ping_timeout;
    options.engine.max_payload = MAX_PAYLOAD;
    options
}

fn serve(options: Options) -> Router {
    Router::new().route_service("/engine.io/", Server::new(options, EchoServer))
}

struct EchoServer;

impl Acceptor for EchoServer {
    type Machine = Session;
    type Application = Echo;

    fn accept(&self, session: Session, _: Arc<Parts>, _: Timestamp) -> (Session, Echo) {
        (session, Echo::default())
    }
}

#[derive(Default)]
struct Echo {
    closed: bool,
}

impl Application<Session> for Echo {
    fn on_event(&mut self, session: &mut Session, now: Timestamp, event: Event) {
        match event {
            Event::Message(message) => {
                // A client that sends without reading has only itself to talk to.
                if session.send(message).is_err() {
                    session.close(now);
                }
            }
            Event::Upgraded => {}
            Event::Closed(_) => self.closed = true,
        }
    }

    fn poll(&mut self, _: &mut Context<'_>, _: &mut Session, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn is_finished(&self) -> bool {
        self.closed
    }
}
