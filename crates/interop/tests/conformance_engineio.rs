//! What the public Engine.IO protocol suite asks of a server, point by point, by our own means.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use interop::conformance::{self, PING_INTERVAL, PING_TIMEOUT};
use interop::http::{self, Response};
use interop::server::Running;
use interop::ws::{Message, Opening, WebSocket};
use serde_json::Value;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

fn server() -> Running {
    Running::start(conformance::engineio).expect("a server")
}

fn request(to: SocketAddr, method: &str, target: &str, body: &str) -> Response {
    http::send(to, method, target, body)
        .and_then(http::Pending::response)
        .expect("an answer")
}

/// A session over polling.
struct Polling<'a> {
    server: &'a Running,
    target: String,
    sid: String,
}

impl<'a> Polling<'a> {
    fn open(server: &'a Running) -> Self {
        let response = request(server.address(), "GET", POLLING, "");
        assert_eq!(response.status, 200);
        let handshake: Value = serde_json::from_str(&response.body[1..]).expect("a handshake");
        let sid = handshake["sid"].as_str().expect("a session id").to_owned();
        Self {
            server,
            target: format!("{POLLING}&sid={sid}"),
            sid,
        }
    }

    fn poll(&self) -> Response {
        request(self.server.address(), "GET", &self.target, "")
    }

    fn start_poll(&self) -> http::Pending {
        let pending =
            http::send(self.server.address(), "GET", &self.target, "").expect("a connection");
        // Until the server has seen it.
        sleep(Duration::from_millis(30));
        pending
    }

    fn post(&self, body: &str) -> Response {
        request(self.server.address(), "POST", &self.target, body)
    }
}

fn open(to: SocketAddr, target: &str) -> WebSocket {
    match WebSocket::open(to, target).expect("a connection") {
        Opening::Open(socket) => socket,
        Opening::Refused(response) => panic!("refused: {response:?}"),
    }
}

/// An open WebSocket session, its open packet read.
fn websocket(server: &Running) -> WebSocket {
    let mut socket = open(server.address(), WEBSOCKET);
    assert!(text(&mut socket).starts_with('0'));
    socket
}

fn text(socket: &mut WebSocket) -> String {
    match socket.receive().expect("a message") {
        Some(Message::Text(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

/// The connection ends, now or after the pings that are under way.
fn assert_closes(socket: &mut WebSocket, within: Duration) {
    let start = Instant::now();
    while let Some(message) = socket.receive().expect("a message or the end") {
        assert_eq!(message, Message::from("2"));
    }
    assert!(
        start.elapsed() < within,
        "closed after {:?}",
        start.elapsed()
    );
}

fn assert_handshake(packet: &str, upgrades: &[&str]) {
    let json = packet.strip_prefix('0').expect("an open packet");
    let handshake: Value = serde_json::from_str(json).expect("a JSON object");
    let keys: BTreeSet<&str> = handshake
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        BTreeSet::from([
            "sid",
            "upgrades",
            "pingInterval",
            "pingTimeout",
            "maxPayload"
        ])
    );
    assert!(handshake["sid"].is_string());
    assert_eq!(handshake["upgrades"], Value::from(upgrades.to_vec()));
    assert_eq!(handshake["pingInterval"], 300);
    assert_eq!(handshake["pingTimeout"], 200);
    assert_eq!(handshake["maxPayload"], 1_000_000);
}

#[test]
fn a_handshake_over_polling_has_exactly_the_five_keys() {
    let server = server();
    let response = request(server.address(), "GET", POLLING, "");
    assert_eq!(response.status, 200);
    assert_handshake(&response.body, &["websocket"]);
}

#[test]
fn a_handshake_over_websocket_offers_no_upgrade() {
    let server = server();
    let mut socket = open(server.address(), WEBSOCKET);
    assert_handshake(&text(&mut socket), &[]);
}

#[test]
fn a_handshake_by_post_or_put_is_refused() {
    let server = server();
    for method in ["POST", "PUT"] {
        assert_eq!(
            request(server.address(), method, POLLING, "").status,
            400,
            "{method}"
        );
    }
}

#[test]
fn a_handshake_without_a_known_revision_or_transport_is_refused() {
    let server = server();
    for query in [
        "transport=polling",
        "EIO=abc&transport=polling",
        "EIO=3&transport=polling",
        "EIO=4",
        "EIO=4&transport=abc",
    ] {
        assert_eq!(
            request(server.address(), "GET", &format!("/engine.io/?{query}"), "").status,
            400,
            "{query}"
        );
    }
}

#[test]
fn a_websocket_without_a_known_revision_or_transport_does_not_open() {
    let server = server();
    for query in [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
    ] {
        match WebSocket::open(server.address(), &format!("/engine.io/?{query}")).expect("an answer")
        {
            Opening::Refused(response) => assert_eq!(response.status, 400, "{query}"),
            Opening::Open(mut socket) => {
                assert_eq!(socket.receive().expect("an end"), None, "{query}")
            }
        }
    }
}

#[test]
fn a_payload_is_accepted_and_comes_back_as_one_payload() {
    let server = server();
    for payload in [
        "4hello",
        "4test1\x1e4test2\x1e4test3",
        "bAQIDBA==",
        "4a\x1ebAQIDBA==\x1e4\u{20ac}",
    ] {
        let session = Polling::open(&server);
        let accepted = session.post(payload);
        assert_eq!((accepted.status, accepted.body.as_str()), (200, "ok"));
        let echo = session.poll();
        assert_eq!((echo.status, echo.body.as_str()), (200, payload));
    }
}

#[test]
fn an_invalid_packet_over_polling_ends_the_session() {
    let server = server();
    for payload in ["abc", "", "4a\x1e", "9"] {
        let session = Polling::open(&server);
        session.post(payload);
        assert_eq!(session.poll().status, 400, "{payload:?}");
    }
}

#[test]
fn a_request_of_an_unknown_session_is_refused() {
    let server = server();
    assert_eq!(
        request(server.address(), "GET", &format!("{POLLING}&sid=abc"), "").status,
        400
    );
    assert_eq!(
        request(
            server.address(),
            "POST",
            &format!("{POLLING}&sid=abc"),
            "4a"
        )
        .status,
        400
    );
}

#[test]
fn two_polls_at_once_end_the_session() {
    let server = server();
    let session = Polling::open(&server);
    let first = session.start_poll();
    let second = session.poll();
    assert!([400, 500].contains(&second.status), "{second:?}");
    let first = first.response().expect("an answer");
    assert_eq!((first.status, first.body.as_str()), (200, "1"));
    assert_eq!(session.poll().status, 400);
}

#[test]
fn an_aborted_poll_ends_the_session() {
    let server = server();
    let session = Polling::open(&server);
    drop(session.start_poll());
    assert_eq!(session.poll().status, 400);
}

#[test]
fn a_heartbeat_over_polling_is_a_ping_per_interval() {
    let server = server();
    let session = Polling::open(&server);
    for _ in 0..3 {
        let start = Instant::now();
        let ping = session.poll();
        assert_eq!((ping.status, ping.body.as_str()), (200, "2"));
        let waited = start.elapsed();
        assert!(
            waited > PING_INTERVAL / 2 && waited < PING_INTERVAL + PING_TIMEOUT,
            "{waited:?}"
        );
        assert_eq!(session.post("3").status, 200);
    }
}

#[test]
fn a_polling_session_that_says_nothing_is_gone_after_interval_and_timeout() {
    let server = server();
    let session = Polling::open(&server);
    sleep(PING_INTERVAL + PING_TIMEOUT);
    assert_eq!(session.poll().status, 400);
}

#[test]
fn a_close_packet_over_polling_answers_the_pending_poll() {
    let server = server();
    let session = Polling::open(&server);
    let pending = session.start_poll();
    assert_eq!(session.post("1").status, 200);
    let answer = pending.response().expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "6"));
    assert_eq!(session.poll().status, 400);
}

#[test]
fn a_websocket_echoes_text_and_bytes() -> io::Result<()> {
    let server = server();
    let mut socket = websocket(&server);
    socket.send("4hello")?;
    assert_eq!(socket.receive()?, Some(Message::from("4hello")));
    socket.send([1, 2, 3, 4].as_slice())?;
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![1, 2, 3, 4])));
    for number in 0..100 {
        socket.send(format!("4{number}").as_str())?;
    }
    for number in 0..100 {
        assert_eq!(text(&mut socket), format!("4{number}"));
    }
    Ok(())
}

#[test]
fn an_invalid_packet_closes_a_websocket() -> io::Result<()> {
    let server = server();
    for packet in ["abc", "", "9"] {
        let mut socket = websocket(&server);
        socket.send(packet)?;
        assert_eq!(socket.receive()?, None, "{packet:?}");
    }
    Ok(())
}

#[test]
fn a_close_packet_closes_a_websocket() -> io::Result<()> {
    let server = server();
    let mut socket = websocket(&server);
    socket.send("1")?;
    assert_closes(&mut socket, Duration::from_secs(2));
    Ok(())
}

#[test]
fn a_websocket_lives_as_long_as_it_answers_pings() -> io::Result<()> {
    let server = server();
    let mut socket = websocket(&server);
    for _ in 0..3 {
        assert_eq!(text(&mut socket), "2");
        socket.send("3")?;
    }
    assert_closes(
        &mut socket,
        PING_INTERVAL + PING_TIMEOUT + Duration::from_secs(1),
    );
    Ok(())
}

#[test]
fn a_session_moves_to_a_websocket_and_stays_there() -> io::Result<()> {
    let server = server();
    let session = Polling::open(&server);
    let target = format!("{WEBSOCKET}&sid={}", session.sid);
    let mut socket = open(server.address(), &target);
    socket.send("2probe")?;
    assert_eq!(text(&mut socket), "3probe");
    let released = session.poll();
    assert_eq!((released.status, released.body.as_str()), (200, "6"));
    socket.send("5")?;
    socket.send("4hello")?;
    assert_eq!(text(&mut socket), "4hello");

    assert_eq!(session.poll().status, 400);
    assert_eq!(session.post("4abc").status, 400);
    match WebSocket::open(server.address(), &target)? {
        Opening::Refused(_) => {}
        Opening::Open(mut second) => assert_eq!(second.receive()?, None),
    }
    socket.send("4still here")?;
    assert_eq!(text(&mut socket), "4still here");
    Ok(())
}

#[test]
fn a_pending_poll_is_released_when_the_upgrade_begins() -> io::Result<()> {
    let server = server();
    let session = Polling::open(&server);
    let pending = session.start_poll();
    let mut socket = open(
        server.address(),
        &format!("{WEBSOCKET}&sid={}", session.sid),
    );
    socket.send("2probe")?;
    assert_eq!(text(&mut socket), "3probe");
    assert_eq!(pending.response()?.body, "6");
    Ok(())
}
