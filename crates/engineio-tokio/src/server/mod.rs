//! A server: finds the session of each request, or opens one.

mod answer;
mod post;
mod sessions;
mod upgrade;
mod wire;

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use engineio_proto::{
    Config, Machine, Timestamp,
    server::{BodyKind, Input, Io, Reject, Response, Route, Session},
};
use http::{HeaderMap, Method, header, request::Parts};
use tokio::sync::{mpsc, oneshot};
use tower_service::Service;

use crate::{
    body::Body,
    clock::Clock,
    cors::Cors,
    drive::{Application, drive},
};
use sessions::Sessions;
use wire::Letter;

/// Makes the machine and the application of each new session.
pub trait Acceptor: Send + Sync + 'static {
    /// The session itself, or a machine that owns it.
    type Machine: Machine<Input = Input, Io = Io> + Send + 'static;
    /// What runs on top.
    type Application: Application<Self::Machine>;

    /// Takes a session that has just opened.
    ///
    /// `request` is the head of its first HTTP request.
    fn accept(
        &self,
        session: Session,
        request: Arc<Parts>,
        now: Timestamp,
    ) -> (Self::Machine, Self::Application);
}

/// What a server can be told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The limits and intervals of sessions.
    pub engine: Config,
    /// The path that requests begin with: `/engine.io`. A trailing slash makes no difference.
    pub path: String,
    /// What pages of other origins may do. `None`: answers carry no such headers.
    pub cors: Option<Cors>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Config::default(),
            path: "/engine.io".to_owned(),
            cors: None,
        }
    }
}

/// An Engine.IO server: a tower service over HTTP/1 requests.
///
/// Each session runs in a task of its own, so a server has to be called inside a tokio runtime.
/// Clones share their sessions.
///
/// Sixteen requests of one session may wait for its task; more wait in their own connections. A
/// session holds at most one body of a post that its application does not read yet.
pub struct Server<A: Acceptor> {
    shared: Arc<Shared<A>>,
}

struct Shared<A> {
    acceptor: A,
    options: Options,
    clock: Clock,
    sessions: Arc<Sessions>,
}

impl<A: Acceptor> Server<A> {
    /// Creates a server without sessions.
    pub fn new(mut options: Options, acceptor: A) -> Self {
        let bare = options.path.strip_suffix('/').unwrap_or(&options.path);
        options.path = format!("{bare}/");
        let sessions = Arc::default();
        let shared = Shared {
            acceptor,
            options,
            clock: Clock::start(),
            sessions,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What makes the machines of this server.
    #[must_use]
    pub fn acceptor(&self) -> &A {
        &self.shared.acceptor
    }

    /// The path that requests begin with, a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.shared.options.path
    }

    /// Whether a request with this path is for this server.
    ///
    /// By prefix, as the reference does: `/engine.io/1/` belongs to it, `/engine.io` and
    /// `/engine.iox/` do not. [js engine.io 6.6.12]
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.shared.options.path)
    }

    /// How many sessions live.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Answers one request, whatever its path: a framework may have routed it here by other rules.
    ///
    /// A poll is answered when there is something to say. When the future is dropped before, its
    /// client is taken to be gone.
    ///
    /// An upgrade needs [`hyper::upgrade::OnUpgrade`] among the extensions of the request, where
    /// hyper puts it.
    pub async fn respond<B>(&self, request: http::Request<B>) -> http::Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
    {
        let (parts, body) = request.into_parts();
        let cors = match &self.shared.options.cors {
            Some(cors) if parts.method == Method::OPTIONS => {
                return answer::preflight(cors.preflight_headers(&parts.headers));
            }
            Some(cors) => cors.headers(&parts.headers),
            None => HeaderMap::new(),
        };
        let mut response = self.route(parts, body).await;
        response.headers_mut().extend(cors);
        response
    }

    async fn route<B>(&self, parts: Parts, body: B) -> http::Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
    {
        let engine = &self.shared.options.engine;
        // [js engine.io 6.6.12] without WebSocket, nobody listens to upgrades: such a request is
        // a plain one.
        let upgrade = engine.transports.websocket && upgrade::is_asked_for(&parts.headers);
        let query = parts.uri.query().unwrap_or_default();
        let origin_is_clean = is_clean(parts.headers.get(header::ORIGIN));
        match Route::parse(
            engine,
            parts.method.as_str(),
            query,
            upgrade,
            origin_is_clean,
        ) {
            Ok(Route::WebSocket(sid)) => match sid {
                Some(sid) => self.upgrade(sid.as_str(), parts),
                None => self.open_websocket(parts),
            },
            Err(reject) if upgrade => upgrade::refuse(reject),
            Ok(Route::Handshake) => answer::from(self.open(parts).await),
            Ok(Route::Poll(sid)) => answer::from(self.ask(sid.as_str(), Letter::Poll).await),
            Ok(Route::Post(sid)) => answer::from(self.post(sid.as_str(), &parts, body).await),
            Ok(Route::Other(sid)) => answer::from(self.ask(sid.as_str(), Letter::Other).await),
            Err(reject) => answer::from(Response::Reject(reject)),
        }
    }

    /// Opens a session over polling.
    async fn open(&self, parts: Parts) -> Response {
        let Some(sid) = sessions::draw() else {
            return Response::Reject(Reject::BadRequest);
        };
        let (mut wire, answer) = (
            self.shared.sessions.register(sid.clone()),
            oneshot::channel(),
        );
        let opening = wire.opening_request(answer.0);
        let now = self.shared.clock.now();
        let session = Session::open(&self.shared.options.engine, sid, opening, now);
        let (machine, application) = self.shared.acceptor.accept(session, Arc::new(parts), now);
        tokio::spawn(drive(machine, application, wire, self.shared.clock));
        answer.1.await.unwrap_or(UNKNOWN)
    }

    /// Puts a request to a session. One that is not known, or not any more, answers with status
    /// 400. [eio4 § Sending data; eio4 § Receiving data]
    async fn ask(&self, sid: &str, letter: impl FnOnce(wire::Responder) -> Letter) -> Response {
        let Some(mailbox) = self.shared.sessions.find(sid) else {
            return UNKNOWN;
        };
        let (responder, answer) = oneshot::channel();
        if mailbox.send(letter(responder)).await.is_err() {
            return UNKNOWN;
        }
        // A letter that came too late is dropped with the mailbox, which lives as long as this.
        drop(mailbox);
        answer.await.unwrap_or(UNKNOWN)
    }

    /// Puts a post to a session, and then its body.
    async fn post<B>(&self, sid: &str, parts: &Parts, body: B) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let kind = BodyKind::from_content_type(content_type.map(|value| value.as_bytes()));
        let (arrived, arrival) = oneshot::channel();
        let limit = self.shared.options.engine.max_payload;
        let mut answer =
            std::pin::pin!(self.ask(sid, |responder| Letter::Post(kind, responder, arrival)));
        tokio::select! {
            // The post comes first, so that two at once are noticed. An answer that does not wait
            // for the body is a refusal: nothing more needs to be read.
            biased;
            response = &mut answer => return response,
            body = post::collect(body, limit) => match body {
                Some(body) => {
                    // Fails if the session is over: then the answer says so.
                    let _ = arrived.send(body);
                }
                // The connection is lost, and nobody will see the answer. Dropping `arrived` tells.
                None => return Response::Empty(400),
            },
        }
        answer.await
    }

    /// Opens a session over WebSocket.
    fn open_websocket(&self, mut parts: Parts) -> http::Response<Body> {
        let handshake = match upgrade::Handshake::take(&mut parts) {
            Ok(handshake) => handshake,
            Err(refusal) => return refusal.response(),
        };
        let response = handshake.response();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let engine = &shared.options.engine;
            let Some(socket) = handshake.complete(engine.max_payload).await else {
                return;
            };
            let Some(sid) = sessions::draw() else {
                return socket.close();
            };
            let mut wire = shared.sessions.register(sid.clone());
            let opening = wire.opening_socket(socket);
            let now = shared.clock.now();
            let session = Session::open(engine, sid, opening, now);
            let (machine, application) = shared.acceptor.accept(session, Arc::new(parts), now);
            let clock = shared.clock;
            // A session that lives on does not keep the server.
            drop(shared);
            drive(machine, application, wire, clock).await;
        });
        response
    }

    /// Brings a WebSocket to a session.
    fn upgrade(&self, sid: &str, mut parts: Parts) -> http::Response<Body> {
        let Some(mailbox) = self.shared.sessions.find(sid) else {
            return upgrade::refuse(Reject::UnknownSession);
        };
        let handshake = match upgrade::Handshake::take(&mut parts) {
            Ok(handshake) => handshake,
            Err(refusal) => return refusal.response(),
        };
        let response = handshake.response();
        let max_payload = self.shared.options.engine.max_payload;
        tokio::spawn(async move {
            let Some(socket) = handshake.complete(max_payload).await else {
                return;
            };
            if let Err(mpsc::error::SendError(letter)) = mailbox.send(Letter::Opened(socket)).await
            {
                letter.return_to_sender();
            }
        });
        response
    }
}

impl<A: Acceptor, B> Service<http::Request<B>> for Server<A>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Answers as [`respond`](Server::respond) does, and 404 to paths that do not match.
    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if !self.matches(request.uri().path()) {
            return Box::pin(std::future::ready(Ok(answer::not_found())));
        }
        let server = self.clone();
        Box::pin(async move { Ok(server.respond(request).await) })
    }
}

impl<A: Acceptor> Clone for Server<A> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<A: Acceptor> fmt::Debug for Server<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("options", &self.shared.options)
            .field("sessions", &self.session_count())
            .finish_non_exhaustive()
    }
}

/// [js engine.io 6.6.12] refuses an origin that could not be written back.
fn is_clean(origin: Option<&http::HeaderValue>) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    origin.is_none_or(|origin| !origin.as_bytes().iter().any(is_control))
}

/// The answer to a request whose session ended meanwhile.
const UNKNOWN: Response = Response::Reject(Reject::UnknownSession);
