//! What an application may add and learn: headers, refusals, counts, addresses, layers.
#![cfg(feature = "server")]

mod support;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use engineio_tokio::{
    Hooks, Observer, Options, RemoteAddr, Server,
    proto::{
        CloseReason, TransportKind,
        server::{Cause, Event, UpgradeFailure},
    },
    serve,
};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use support::{Answer, Host, TestAcceptor, within};
use tokio::net::TcpListener;
use tower_service::Service;

const POLLING: &str = "EIO=4&transport=polling";
const WEB_SOCKET: &str = "EIO=4&transport=websocket";

#[tokio::test]
async fn headers_are_added_to_every_answer_of_a_session() {
    let mut options = Options::default();
    options.hooks = Hooks::new()
        .initial_headers(|headers, request| {
            headers.insert("x-first", request.headers["host"].clone());
        })
        .headers(|headers, _| {
            headers.insert("x-every", HeaderValue::from_static("yes"));
            headers.remove("cache-control");
        });
    let host = Host::silent(options).await;
    let added =
        |answer: &Answer| ["x-first", "x-every"].map(|name| answer.header(name).map(str::to_owned));
    let (first, every) = (Some("localhost".to_owned()), Some("yes".to_owned()));

    let answer = host.get(POLLING).await;
    assert_eq!(added(&answer), [first.clone(), every.clone()]);
    assert_eq!(answer.header("cache-control"), None);
    let sid = support::sid_of(&answer.text());
    host.peer().send("hi".into());
    assert_eq!(added(&host.poll(&sid).await), [None, every.clone()]);
    assert_eq!(added(&host.post(&sid, "4x").await), [None, every.clone()]);

    for (query, initial) in [
        (WEB_SOCKET.to_owned(), first),
        (format!("{WEB_SOCKET}&sid={sid}"), None),
    ] {
        let mut stream = host.upgrade_request(&query, &[]).await;
        let answer = Answer::read(&mut stream).await;
        assert_eq!(answer.status, 101);
        assert_eq!(added(&answer), [initial, every.clone()]);
    }
    assert_eq!(added(&host.get("EIO=4").await), [None, None]);
}

#[tokio::test]
async fn every_refusal_is_reported_once() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut options = Options::default();
    options.observer = Some(Arc::new(Refusals(Arc::clone(&told))));
    let host = Host::silent(options).await;
    let refused = |upgrade: bool, query: String| {
        let (host, told) = (&host, Arc::clone(&told));
        async move {
            if upgrade {
                let mut stream = host.upgrade_request(&query, &[]).await;
                Answer::read(&mut stream).await;
            } else {
                host.get(&query).await;
            }
            std::mem::take(&mut *told.lock().unwrap())
        }
    };
    let known = {
        let (sid, mut peer) = host.open().await;
        let mut socket = host.web_socket(Some(&sid)).await;
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        socket.send("5").await;
        assert_eq!(peer.event().await, Event::Upgraded);
        (sid, socket)
    };
    let previous = Some(TransportKind::WebSocket);
    for (upgrade, query, cause) in [
        (true, format!("{WEB_SOCKET}&sid=x"), Cause::UnknownSession),
        (
            true,
            "EIO=3&transport=websocket".into(),
            Cause::UnsupportedVersion,
        ),
        (true, "EIO=4&transport=x".into(), Cause::UnknownTransport),
        (false, format!("{POLLING}&sid=x"), Cause::UnknownSession),
        (false, WEB_SOCKET.into(), Cause::TransportHandshake),
        (
            false,
            format!("{POLLING}&sid={}", known.0),
            Cause::TransportMismatch { previous },
        ),
    ] {
        assert_eq!(refused(upgrade, query.clone()).await, [cause], "{query}");
    }
    let version = [("Sec-WebSocket-Version", "8")];
    let mut stream = host.upgrade_request(WEB_SOCKET, &version).await;
    Answer::read(&mut stream).await;
    assert_eq!(*told.lock().unwrap(), [Cause::TransportHandshake]);
}

struct Refusals(Arc<Mutex<Vec<Cause>>>);

impl Observer for Refusals {
    fn refused(&self, cause: Cause) {
        self.0.lock().unwrap().push(cause);
    }
}

/// What an observer is told, line by line.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// Waits until as much has been written, and takes it.
    async fn lines(&self, count: usize) -> Vec<String> {
        let enough = async {
            while self.0.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(enough).await;
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn session_opened(&self, transport: TransportKind) {
        self.write(format!("opened over {}", transport.as_str()));
    }

    fn session_closed(&self, reason: CloseReason, transport: TransportKind) {
        self.write(format!("{reason} over {}", transport.as_str()));
    }

    fn upgraded(&self) {
        self.write("upgraded".to_owned());
    }

    fn upgrade_failed(&self, failure: UpgradeFailure) {
        self.write(failure.as_str().to_owned());
    }

    fn packets_received(&self, packets: u64, bytes: u64) {
        self.write(format!("in {packets} {bytes}"));
    }

    fn packets_sent(&self, packets: u64, bytes: u64) {
        self.write(format!("out {packets} {bytes}"));
    }
}

async fn observed() -> (Host, Diary) {
    let diary = Diary::default();
    let mut options = Options::default();
    options.engine.upgrade_timeout = Duration::from_millis(50);
    options.observer = Some(Arc::new(diary.clone()));
    (Host::echo(options).await, diary)
}

#[tokio::test]
async fn an_observer_sees_a_session_from_its_beginning_to_its_end() {
    let (host, diary) = observed().await;
    let (sid, mut peer) = host.open().await;
    host.post(&sid, "4hello\u{1e}bAQID").await;
    assert_eq!(host.poll(&sid).await.text(), "4hello\u{1e}bAQID");
    let lines = diary.lines(3).await;
    assert_eq!(lines, ["opened over polling", "in 2 12", "out 2 12"]);

    let mut socket = host.web_socket(Some(&sid)).await;
    socket.send("2probe").await;
    socket.text().await;
    socket.send("5").await;
    socket.send("4over").await;
    assert_eq!(socket.text().await, "4over");
    assert_eq!(diary.lines(3).await, ["upgraded", "in 1 5", "out 1 5"]);
    drop(socket);
    peer.closed().await;
    assert_eq!(diary.lines(1).await, ["transport close over websocket"]);
}

#[tokio::test]
async fn an_observer_learns_why_an_upgrade_failed() {
    let (host, diary) = observed().await;
    let (sid, _peer) = host.open().await;
    assert_eq!(diary.lines(1).await, ["opened over polling"]);

    let slow = host.web_socket(Some(&sid)).await;
    assert_eq!(diary.lines(1).await, ["upgrade timeout"]);
    drop(slow);
    let mut wrong = host.web_socket(Some(&sid)).await;
    wrong.send("4too early").await;
    assert_eq!(diary.lines(1).await, ["unexpected packet"]);
    drop(host.web_socket(Some(&sid)).await);
    assert_eq!(diary.lines(1).await, ["transport close"]);
    assert_eq!(host.post(&sid, "4still here").await.status, 200);
}

#[tokio::test]
async fn a_session_that_is_cut_off_is_counted_out() {
    let (host, diary) = observed().await;
    let (_sid, peer) = host.open().await;
    diary.lines(1).await;
    peer.command(|_, _| panic!("as wanted"));
    assert_eq!(diary.lines(1).await, ["forced close over polling"]);
    host.until_empty().await;
    within(host.server.sessions_ended()).await;
}

#[tokio::test]
async fn the_first_request_says_who_sent_it() {
    let host = Host::silent(Options::default()).await;
    let stream = tokio::net::TcpStream::connect(host.address).await.unwrap();
    let address = stream.local_addr().unwrap();
    let _socket = host.web_socket_on(stream, None).await;
    let extensions = &host.peer_soon().await.request.extensions;
    assert_eq!(extensions.get(), Some(&RemoteAddr(address)));
}

/// What stands for a middleware: turns some away, marks the answers of the others.
#[derive(Clone)]
struct Doorman<S>(S);

impl<S> Service<Request<Incoming>> for Doorman<S>
where
    S: Service<
            Request<Incoming>,
            Response = Response<engineio_tokio::Body>,
            Error = Infallible,
            Future: Send + 'static,
        >,
{
    type Response = S::Response;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        if !request.headers().contains_key("x-ticket") {
            let mut response = Response::new("no ticket".into());
            *response.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Box::pin(std::future::ready(Ok(response)));
        }
        let answer = self.0.call(request);
        Box::pin(async {
            let mut response = answer.await?;
            let headers = response.headers_mut();
            headers.insert("x-doorman", HeaderValue::from_static("seen"));
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_server_works_behind_a_middleware() {
    let (acceptor, _peers) = TestAcceptor::new();
    let server = Server::new(Options::default(), acceptor);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = Host::at(listener.local_addr().unwrap(), server.clone());
    tokio::spawn(serve(listener, Doorman(server), std::future::pending()));

    let answer = host.get(POLLING).await;
    assert_eq!((answer.status, answer.text().as_str()), (401, "no ticket"));
    let ticket = [("X-Ticket", "1")];
    let answer = host.request("GET", POLLING, &ticket, b"").await;
    assert_eq!(
        (answer.status, answer.header("x-doorman")),
        (200, Some("seen"))
    );
    for (headers, status) in [(&[][..], 401), (&ticket[..], 101)] {
        let mut stream = host.upgrade_request(WEB_SOCKET, headers).await;
        assert_eq!(Answer::read(&mut stream).await.status, status);
    }
}

/// What several have to say about caches is added up.
#[tokio::test]
async fn cors_leaves_standing_what_a_hook_has_said() {
    let mut options = Options::default();
    let origins = engineio_tokio::AllowOrigin::Mirror;
    options.cors = Some(engineio_tokio::Cors::new(origins));
    options.hooks = Hooks::new().headers(|headers, _| {
        headers.insert("vary", HeaderValue::from_static("Accept-Encoding"));
    });
    let host = Host::echo(options).await;
    let origin = [("Origin", "https://example.org")];
    let answer = host.request("GET", POLLING, &origin, b"").await;
    let vary = answer.headers.iter().filter(|(name, _)| name == "vary");
    let vary: Vec<_> = vary.map(|(_, value)| value.as_str()).collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
}

/// An observer whose own lock is poisoned by its first panic, as usual.
#[derive(Default)]
struct Fragile(Mutex<u64>);

impl Observer for Fragile {
    fn packets_received(&self, packets: u64, bytes: u64) {
        let mut seen = self.0.lock().unwrap();
        *seen += packets;
        assert!(bytes < 1000, "too much for this observer");
    }

    fn session_closed(&self, _: CloseReason, _: TransportKind) {
        *self.0.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn an_observer_that_panics_ends_no_more_than_its_session() {
    let mut options = Options::default();
    options.observer = Some(Arc::new(Fragile::default()));
    let host = Host::echo(options).await;
    let (mut web_socket, _peer) = host.open_web_socket().await;
    web_socket.send(format!("4{}", "x".repeat(2000))).await;
    host.until_empty().await;
    assert_eq!(host.get(POLLING).await.status, 200);
}
