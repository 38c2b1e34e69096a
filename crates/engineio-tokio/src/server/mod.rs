//! A server: finds the session of each request, or opens one.

mod answer;
mod open;
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
    Machine, Timestamp,
    parser::Channel,
    server::{BodyKind, Cause, Head, Input, Io, Purpose, Reject, Response, Route, Session},
};
use http::{HeaderMap, Method, header, request::Parts};
use tokio::sync::{mpsc, oneshot};
use tower_service::Service;

use crate::{body::Body, clock::Clock, drive::Application, options::Options};
use answer::Kind;
use sessions::{Mailbox, Sessions};
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

    /// The session inside a machine, for an [`Observer`](crate::Observer). With `None` it learns
    /// when sessions open and that they end, but nothing of what happens between.
    fn session(machine: &Self::Machine) -> Option<&Session> {
        let _ = machine;
        None
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
    /// The path that requests begin with, a slash at its end if it should have one.
    path: String,
    clock: Clock,
    sessions: Arc<Sessions>,
}

impl<A: Acceptor> Server<A> {
    /// Creates a server without sessions.
    ///
    /// # Panics
    ///
    /// If the name, the path or the domain of [`Options::cookie`] cannot be written into a header.
    pub fn new(options: Options, acceptor: A) -> Self {
        let cookie = options.cookie.as_ref();
        assert!(
            cookie.is_none_or(crate::Cookie::is_valid),
            "no header can carry this: {cookie:?}"
        );
        let path = options.normalised_path();
        let shared = Shared {
            acceptor,
            options,
            path,
            clock: Clock::start(),
            sessions: Arc::default(),
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

    /// What this server was told.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The path that requests begin with, a slash at its end unless
    /// [`Options::add_trailing_slash`] is off.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.shared.path
    }

    /// Whether a request with this path is for this server.
    ///
    /// By prefix, as the reference does: `/engine.io/1/` belongs to it, `/engine.io` and
    /// `/engine.iox/` do not. [js engine.io 6.6.12]
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.shared.path)
    }

    /// How many sessions live.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Takes no new sessions from now on: handshakes are answered with 503 and a line of text.
    ///
    /// Those that live go on. To end them is up to their applications, which know what is to be
    /// said before; [`sessions_ended`](Self::sessions_ended) waits for it.
    pub fn close(&self) {
        self.shared.sessions.close();
    }

    /// Whether [`close`](Self::close) has been called.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.shared.sessions.is_closing()
    }

    /// Waits until no session is left whose application still runs, and no WebSocket that has not
    /// delivered its last messages: those of a peer that does not read are given up after 30 s.
    pub async fn sessions_ended(&self) {
        self.shared.sessions.ended().await;
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
        answer::add_cors(response.headers_mut(), cors);
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
        let path = parts.uri.path();
        let head = Head {
            method: parts.method.as_str(),
            rest: path.strip_prefix(&self.shared.path).unwrap_or_default(),
            query,
            upgrade,
            origin_is_clean,
        };
        let refuse = |parts: &Parts, cause: Cause| {
            let kind = if upgrade { Kind::Upgrade } else { Kind::Plain };
            self.shared.refuse(parts, kind, cause.into())
        };
        let visit = match Route::examine(engine, head) {
            Err(cause) => return refuse(&parts, cause),
            Ok(Route::Handshake(peer)) => return self.open(peer, Arc::new(parts)).await,
            Ok(Route::WebSocket(peer)) => return self.open_web_socket(peer, parts).await,
            Ok(Route::Session(visit)) => visit,
        };
        let mailbox = match self.shared.sessions.find(&visit) {
            Ok(mailbox) => mailbox,
            Err(cause) => return refuse(&parts, cause),
        };
        let response = match visit.purpose {
            Purpose::Upgrade(channel) => return self.upgrade(mailbox, channel, parts),
            Purpose::Poll => ask(mailbox, Letter::Poll).await,
            Purpose::Post => self.post(mailbox, &parts, body).await,
            Purpose::Farewell => ask(mailbox, Letter::Farewell).await,
            Purpose::Other => ask(mailbox, Letter::Other).await,
        };
        self.shared.answer(&parts, response, None).await
    }

    /// Puts a post to a session, and then its body.
    async fn post<B>(&self, mailbox: Mailbox, parts: &Parts, body: B) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let kind = BodyKind::from_content_type(content_type.map(|value| value.as_bytes()));
        let (arrived, arrival) = oneshot::channel();
        let limit = self.shared.options.engine.max_payload;
        let mut answer = std::pin::pin!(ask(mailbox, |responder| Letter::Post(
            kind, responder, arrival
        )));
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

    /// Brings a WebSocket to a session.
    fn upgrade(
        &self,
        mailbox: Mailbox,
        channel: Channel,
        mut parts: Parts,
    ) -> http::Response<Body> {
        let handshake = match self.shared.handshake(&mut parts) {
            Ok(handshake) => handshake,
            Err(refusal) => return refusal.response(),
        };
        let mut response = handshake.response();
        let hooks = &self.shared.options.hooks;
        hooks.on_headers(response.headers_mut(), &parts, false);
        let life = self.shared.sessions.life();
        tokio::spawn(async move {
            let Some(socket) = handshake.complete(life).await else {
                return;
            };
            let letter = Letter::Opened(socket, channel);
            if let Err(mpsc::error::SendError(letter)) = mailbox.send(letter).await {
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

/// Puts a request to a session. One that has ended meanwhile answers with status 400.
/// [eio4 § Sending data; eio4 § Receiving data]
async fn ask(mailbox: Mailbox, letter: impl FnOnce(wire::Responder) -> Letter) -> Response {
    let (responder, answer) = oneshot::channel();
    if mailbox.send(letter(responder)).await.is_err() {
        return UNKNOWN;
    }
    // A letter that came too late is dropped with the mailbox, which lives as long as this.
    drop(mailbox);
    answer.await.unwrap_or(UNKNOWN)
}

/// [js engine.io 6.6.12] refuses an origin that could not be written back.
fn is_clean(origin: Option<&http::HeaderValue>) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    origin.is_none_or(|origin| !origin.as_bytes().iter().any(is_control))
}

/// The answer to a request whose session ended meanwhile.
const UNKNOWN: Response = Response::Reject(Reject::UnknownSession);
