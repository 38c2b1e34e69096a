//! Bad input gets its documented answer, ends at most its own connection, and never another's.
#![cfg(feature = "server")]

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketio_tokio::{Data, DisconnectReason, HandlerError, Namespace, Server, Socket, State};
use support::{Client, Received, http, serve};

type Log = Arc<Mutex<Vec<String>>>;

/// A server that writes down why clients left, and a client that must not notice anything.
struct Scene {
    io: Server,
    address: SocketAddr,
    bystander: Client,
    log: Log,
}

impl Scene {
    async fn new() -> Self {
        let log = Log::default();
        let errors = Arc::clone(&log);
        let note = |log: &Log, what: String| log.lock().unwrap().push(what);
        let namespace = Namespace::new("/")
            .on("echo", async |Data(value): Data<serde_json::Value>| value)
            .on_disconnect(async |reason: DisconnectReason, State(log): State<Log>| {
                log.lock().unwrap().push(reason.to_string());
            })
            .on_error(move |_: &Socket, error: &HandlerError| note(&errors, error.to_string()))
            .with_state(Arc::clone(&log));
        let io = Server::builder()
            .namespace(namespace)
            .max_http_buffer_size(10_000)
            .connect_timeout(Duration::from_millis(100))
            .build();
        let address = serve(&io).await;
        let (bystander, _) = Client::join(address, "/").await;
        Self {
            io,
            address,
            bystander,
            log,
        }
    }

    /// The one client that misbehaves is gone for `reason`, and nobody else is.
    async fn ends_alone(mut self, reason: &str) {
        for _ in 0..1_000 {
            if self.io.connection_count() == 1
                && self.log.lock().unwrap().iter().any(|r| r == reason)
            {
                return self.bystander.assert_alive().await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{} connections, log {:?}",
            self.io.connection_count(),
            self.log.lock().unwrap()
        );
    }
}

/// A joined client sends `frames`; its connection is closed as one with an undecodable packet.
async fn malformed(frames: &[&str], complaint: &str) {
    let scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    for frame in frames {
        match frame.strip_prefix("binary:") {
            Some(_) => client.send_binary(b"12").await,
            None => client.send(frame).await,
        }
    }
    assert_eq!(client.receive().await, Received::Closed);
    let reported = scene
        .log
        .lock()
        .unwrap()
        .iter()
        .any(|line| line.contains(complaint));
    assert!(reported, "{:?}", scene.log.lock().unwrap());
    scene.ends_alone("forced close").await;
}

#[tokio::test]
async fn an_unknown_packet_type() {
    malformed(&["49abc"], "unknown packet type").await;
}

#[tokio::test]
async fn letters_instead_of_a_packet() {
    malformed(&["4abc"], "unknown packet type").await;
}

#[tokio::test]
async fn an_event_without_an_array() {
    malformed(&["42{}"], "invalid payload").await;
}

#[tokio::test]
async fn invalid_json() {
    malformed(&[r#"42["echo",}]"#], "invalid payload").await;
}

#[tokio::test]
async fn a_reserved_event_name() {
    malformed(&[r#"42["connect"]"#], "invalid payload").await;
}

#[tokio::test]
async fn an_attachment_count_of_zero() {
    malformed(&[r#"450-["echo"]"#], "Illegal attachments").await;
}

#[tokio::test]
async fn too_many_attachments() {
    malformed(&[r#"4511-["echo"]"#], "too many attachments").await;
}

#[tokio::test]
async fn a_placeholder_without_its_attachment() {
    let packet = r#"451-["echo",{"_placeholder":true,"num":1}]"#;
    malformed(&[packet, "binary:"], "illegal attachments").await;
}

#[tokio::test]
async fn text_where_an_attachment_is_due() {
    let packet = r#"451-["echo",{"_placeholder":true,"num":0}]"#;
    malformed(&[packet, r#"42["echo"]"#], "got plaintext data").await;
}

#[tokio::test]
async fn an_attachment_that_nobody_announced() {
    malformed(&["binary:"], "got binary data").await;
}

#[tokio::test]
async fn an_event_for_a_namespace_never_joined() {
    let scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    client.send(r#"42/other,["echo"]"#).await;
    assert_eq!(client.receive().await, Received::Closed);
    scene.ends_alone("forced close").await;
}

#[tokio::test]
async fn joining_twice() {
    let scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    client.send("40").await;
    assert_eq!(client.receive().await, Received::Closed);
    scene.ends_alone("forced close").await;
}

#[tokio::test]
async fn an_engine_packet_of_no_type() {
    let scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    client.send("x").await;
    assert_eq!(client.receive().await, Received::Closed);
    scene.ends_alone("parse error").await;
}

#[tokio::test]
async fn a_websocket_message_over_the_limit() {
    let scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    client
        .send(&format!(r#"42["echo","{}"]"#, "x".repeat(10_000)))
        .await;
    assert_eq!(client.receive().await, Received::Closed);
    scene.ends_alone("transport error").await;
}

#[tokio::test]
async fn joining_nothing_in_time() {
    let mut scene = Scene::new().await;
    let mut client = Client::open(scene.address).await;
    assert_eq!(client.receive().await, Received::Closed);
    scene.bystander.assert_alive().await;
}

#[tokio::test]
async fn an_unknown_namespace_is_refused_and_the_connection_stays() {
    let mut scene = Scene::new().await;
    let (mut client, _) = Client::join(scene.address, "/").await;
    client.send("40/nope,").await;
    assert_eq!(
        client.text().await,
        r#"44/nope,{"message":"Invalid namespace"}"#
    );
    client.assert_alive().await;
    scene.bystander.assert_alive().await;
}

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

async fn handshake(address: SocketAddr) -> String {
    let (status, _, body) = http(address, "GET", POLLING, "", "").await;
    assert_eq!(status, 200);
    let json: serde_json::Value = serde_json::from_slice(&body[1..]).unwrap();
    format!("{POLLING}&sid={}", json["sid"].as_str().unwrap())
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_the_session_lives() {
    let mut scene = Scene::new().await;
    let session = handshake(scene.address).await;
    let (status, ..) = http(scene.address, "POST", &session, "", &"4".repeat(10_001)).await;
    assert_eq!(status, 413);
    let (status, _, body) = http(scene.address, "POST", &session, "", "40").await;
    assert_eq!((status, &body[..]), (200, &b"ok"[..]));
    let (status, _, body) = http(scene.address, "GET", &session, "", "").await;
    assert!(status == 200 && body.starts_with(b"40{"));
    scene.bystander.assert_alive().await;
}

#[tokio::test]
async fn a_body_that_is_no_payload_ends_its_session() {
    let mut scene = Scene::new().await;
    let session = handshake(scene.address).await;
    let (status, ..) = http(scene.address, "POST", &session, "", "xyz").await;
    assert_eq!(status, 400);
    let (status, _, body) = http(scene.address, "GET", &session, "", "").await;
    assert_eq!(
        (status, &body[..]),
        (400, &br#"{"code":1,"message":"Session ID unknown"}"#[..])
    );
    scene.bystander.assert_alive().await;
}

#[tokio::test]
async fn requests_that_open_nothing_get_the_codes_of_the_reference() {
    let mut scene = Scene::new().await;
    for (method, query, body) in [
        (
            "GET",
            "?EIO=4",
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=carrier-pigeon",
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=polling&sid=none",
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            "POST",
            "?EIO=4&transport=polling",
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "OPTIONS",
            "?EIO=4&transport=polling",
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=websocket",
            r#"{"code":3,"message":"Bad request"}"#,
        ),
        (
            "GET",
            "?EIO=3&transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (
            "GET",
            "?transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
    ] {
        let target = format!("/socket.io/{query}");
        let (status, _, answer) = http(scene.address, method, &target, "", "").await;
        assert_eq!(status, 400, "{method} {query}");
        assert_eq!(String::from_utf8_lossy(&answer), body, "{method} {query}");
    }
    scene.bystander.assert_alive().await;
}
