//! What the public Engine.IO protocol suite of revision 3 asks of a server, and what revision 2
//! wants in addition, by our own means.

use std::io;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use interop::app;
use interop::conformance::{self, PING_INTERVAL, PING_TIMEOUT};
use interop::http::{self, Response};
use interop::server::Running;
use interop::ws::{Message, Opening, WebSocket};
use serde_json::Value;

const POLLING: &str = "/engine.io/?EIO=3&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=3&transport=websocket";

fn server() -> Running {
    Running::start(conformance::engineio_legacy).expect("a server")
}

fn request(to: SocketAddr, method: &str, target: &str, body: &str) -> Response {
    http::send(to, method, target, body)
        .and_then(http::Pending::response)
        .expect("an answer")
}

/// The handshake within a payload of strings.
fn handshake(body: &str) -> Value {
    let (length, packet) = body.split_once(':').expect("a length");
    assert_eq!(length.parse(), Ok(packet.chars().count()));
    serde_json::from_str(packet.strip_prefix('0').expect("an open packet")).expect("JSON")
}

/// The target of a session over polling.
fn open(server: &Running, query: &str) -> String {
    let target = format!("{POLLING}{query}");
    let handshake = handshake(&request(server.address(), "GET", &target, "").body);
    format!("{target}&sid={}", handshake["sid"].as_str().expect("an id"))
}

fn web_socket(server: &Running, target: &str) -> WebSocket {
    match WebSocket::open(server.address(), target).expect("an answer") {
        Opening::Open(socket) => socket,
        Opening::Refused(response) => panic!("{response:?}"),
    }
}

fn text(socket: &mut WebSocket) -> String {
    match socket.receive().expect("a message") {
        Some(Message::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_handshake_is_text_without_b64_too() {
    let server = server();
    for query in ["", "&b64=1"] {
        let answer = request(server.address(), "GET", &format!("{POLLING}{query}"), "");
        assert_eq!(answer.status, 200);
        let handshake = handshake(&answer.body);
        assert_eq!(handshake["upgrades"], serde_json::json!(["websocket"]));
        assert_eq!(handshake["pingInterval"], 300);
        assert_eq!(handshake["pingTimeout"], 200);
        assert!(handshake["sid"].is_string());
    }
    let mut socket = web_socket(&server, WEBSOCKET);
    let packet = text(&mut socket);
    assert!(packet.contains(r#""upgrades":[]"#), "{packet}");
}

#[test]
fn a_payload_comes_back_as_one_payload() {
    let server = server();
    let target = open(&server, "");
    let payload = "6:4hello2:4€3:4😀";
    let answer = request(server.address(), "POST", &target, payload);
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(request(server.address(), "GET", &target, "").body, payload);
}

#[test]
fn bytes_come_back_framed_or_in_base64() {
    let server = server();
    let target = open(&server, "&b64=1");
    let payload = "6:4hello10:b4AQIDBA==";
    assert_eq!(
        request(server.address(), "POST", &target, payload).body,
        "ok"
    );
    assert_eq!(request(server.address(), "GET", &target, "").body, payload);

    let target = open(&server, "");
    assert_eq!(
        request(server.address(), "POST", &target, payload).body,
        "ok"
    );
    let answer = request(server.address(), "GET", &target, "");
    assert!(answer.head.contains("application/octet-stream"));
    // Between the digits and the packet is the byte 255, which is no UTF-8.
    assert_eq!(
        answer.body,
        "\0\u{6}\u{fffd}4hello\u{1}\u{5}\u{fffd}\u{4}\u{1}\u{2}\u{3}\u{4}"
    );
}

#[test]
fn it_is_the_client_that_pings() {
    let server = server();
    let target = open(&server, "");
    for _ in 0..3 {
        sleep(PING_INTERVAL);
        assert_eq!(request(server.address(), "POST", &target, "1:2").body, "ok");
        assert_eq!(request(server.address(), "GET", &target, "").body, "1:3");
    }
    sleep(PING_INTERVAL + PING_TIMEOUT + Duration::from_millis(100));
    assert_eq!(
        request(server.address(), "POST", &target, "1:2").status,
        400
    );
}

#[test]
fn a_web_socket_lives_as_long_as_its_client_pings() -> io::Result<()> {
    let server = server();
    let mut socket = web_socket(&server, WEBSOCKET);
    text(&mut socket);
    for _ in 0..3 {
        sleep(PING_INTERVAL);
        socket.send("2probe")?;
        // The data is not returned. [js engine.io 6.6.12]
        assert!(text(&mut socket).starts_with('3'));
    }
    let start = Instant::now();
    assert_eq!(socket.receive()?, None);
    assert!(start.elapsed() < PING_INTERVAL + PING_TIMEOUT + Duration::from_secs(1));
    Ok(())
}

#[test]
fn a_close_packet_sends_the_waiting_poll_back() -> io::Result<()> {
    let server = server();
    let target = open(&server, "");
    let waiting = http::send(server.address(), "GET", &target, "")?;
    sleep(Duration::from_millis(50));
    assert_eq!(request(server.address(), "POST", &target, "1:1").body, "ok");
    assert_eq!(waiting.response()?.body, "1:6");
    assert_eq!(request(server.address(), "GET", &target, "").status, 400);
    Ok(())
}

#[test]
fn an_invalid_packet_ends_the_session() {
    let server = server();
    for wrong in ["abc", "0:", "4:4abc99:4"] {
        let target = open(&server, "");
        request(server.address(), "POST", &target, wrong);
        let after = request(server.address(), "GET", &target, "");
        assert!(
            after.status == 400 || request(server.address(), "GET", &target, "").status == 400,
            "{wrong}"
        );
    }
}

#[test]
fn a_session_moves_to_a_web_socket() -> io::Result<()> {
    let server = server();
    let target = open(&server, "");
    let mut socket = web_socket(&server, &target.replace("polling", "websocket"));
    socket.send("2probe")?;
    assert_eq!(text(&mut socket), "3probe");
    assert_eq!(request(server.address(), "GET", &target, "").body, "1:6");
    socket.send("5")?;
    socket.send("4hello")?;
    assert_eq!(text(&mut socket), "4hello");
    socket.send(&[4, 1, 2, 255][..])?;
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![4, 1, 2, 255])));
    assert_eq!(request(server.address(), "GET", &target, "").status, 400);
    Ok(())
}

#[test]
fn a_native_client_of_revision_2_upgrades_without_a_probe() -> io::Result<()> {
    let server = server();
    let target = "/engine.io/?EIO=2&transport=polling";
    let answer = request(server.address(), "GET", target, "");
    let start = answer.body.find('{').expect("JSON");
    let handshake: Value = serde_json::from_str(&answer.body[start..]).expect("nothing behind it");
    let keys: Vec<_> = handshake.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["pingInterval", "pingTimeout", "sid", "upgrades"]);
    let sid = handshake["sid"].as_str().expect("an id");
    let target = format!("{}&sid={sid}", target.replace("polling", "websocket"));
    let mut socket = web_socket(&server, &target);
    socket.send("5")?;
    socket.send("4hello")?;
    assert_eq!(text(&mut socket), "4hello");
    socket.send("2probe")?;
    assert_eq!(text(&mut socket), "3");
    Ok(())
}

#[test]
fn a_native_client_talks_socket_io_at_the_path_of_its_time() -> io::Result<()> {
    let server = Running::start(app::legacy::router).expect("a server");
    let polling = "/socket.io/1/?EIO=2&transport=polling";
    let answer = request(server.address(), "GET", polling, "");
    let start = answer.body.find('{').expect("JSON");
    let handshake: Value = serde_json::from_str(&answer.body[start..]).expect("nothing behind it");
    let sid = handshake["sid"].as_str().expect("an id");
    let target = format!("/socket.io/1/websocket/?EIO=2&transport=websocket&sid={sid}");
    let mut socket = web_socket(&server, &target);
    socket.send("5")?;
    assert_eq!(text(&mut socket), "40");
    socket.send(r#"42["echo","é € 😀"]"#)?;
    // It reads plain UTF-8, unlike the browsers that say the same revision.
    assert_eq!(text(&mut socket), r#"42["echo","é € 😀"]"#);
    socket.send("41")?;
    Ok(())
}
