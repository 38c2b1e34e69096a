//! Clients of Socket.IO 1 and 2, on real sockets.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio_tokio::{
    Hooks, Options,
    proto::{
        CloseReason, Message,
        parser::Revision,
        server::{Cause, Event},
    },
};
use support::{Answer, Host, sid_within};

fn options() -> Options {
    let mut options = Options::default();
    options.engine.legacy_clients = true;
    options
}

/// A session over polling: its query, its peer.
async fn open(host: &Host, query: &str) -> (String, support::Peer) {
    let query = format!("transport=polling&{query}");
    let answer = host.get(&query).await;
    assert_eq!(answer.status, 200);
    let sid = sid_within(&String::from_utf8_lossy(&answer.body));
    (format!("{query}&sid={sid}"), host.peer())
}

#[tokio::test]
async fn old_clients_are_refused_before_they_have_a_web_socket() {
    let host = Host::silent(Options::default()).await;
    let answer = host.get("EIO=3&transport=polling").await;
    let refused = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    assert_eq!((answer.status, answer.text().as_str()), (400, refused));
    let mut stream = host.upgrade_request("EIO=3&transport=websocket", &[]).await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.text(), "Unsupported protocol version");
}

#[tokio::test]
async fn a_session_of_revision_3_from_its_handshake_to_its_end() {
    let host = Host::echo(options()).await;
    let (query, mut peer) = open(&host, "EIO=3").await;
    peer.command(|session, _| assert_eq!(session.revision(), Revision::V3));

    let octets = [("Content-Type", "application/octet-stream")];
    let body = b"\x00\x03\xff4\xc3\xa9\x01\x03\xff\x04\x01\x02";
    let answer = host.request("POST", &query, &octets, body).await;
    assert_eq!(answer.text(), "ok");
    let answer = host.get(&query).await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.body, body);

    assert_eq!(
        host.request("POST", &query, &[], "3:4hi1:2".as_bytes())
            .await
            .text(),
        "ok"
    );
    let answer = host.get(&query).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    // A pong is the session's own answer: it does not wait for the application.
    assert_eq!(answer.text(), "1:33:4hi");

    let socket = query.replace("polling", "websocket");
    let mut socket = host.web_socket_by(&socket).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3");
    socket.send_bytes(Bytes::from_static(&[4, 1, 2, 3])).await;
    assert_eq!(&socket.next().await.into_payload()[..], [4, 1, 2, 3]);
    socket.send("b4AQI=").await;
    assert_eq!(&socket.next().await.into_payload()[..], [4, 1, 2]);
    socket.send("1").await;
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn a_web_socket_with_b64_carries_text_alone() {
    let host = Host::echo(options()).await;
    for (eio, sent) in [("3", "b4AQI="), ("4", "bAQI=")] {
        let query = format!("EIO={eio}&transport=websocket&b64=1");
        let mut socket = host.web_socket_by(&query).await;
        assert!(socket.text().await.starts_with("0{"));
        socket.send(sent).await;
        assert_eq!(socket.text().await, sent);

        let (query, _peer) = open(&host, &format!("EIO={eio}")).await;
        let query = format!("{}&b64=1", query.replace("polling", "websocket"));
        let mut socket = host.web_socket_by(&query).await;
        socket.send("5").await;
        socket.send(sent).await;
        assert_eq!(socket.text().await, sent);
    }
}

/// What a browser with Socket.IO 1.0 sends, which looks at the content type to the byte.
#[tokio::test]
async fn a_session_of_revision_2() {
    let host = Host::echo(options()).await;
    let answer = host.get("EIO=2&transport=polling").await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.body[..5], *b"\x00\x09\x09\xff0");
    let sid = sid_within(&String::from_utf8_lossy(&answer.body));
    let query = format!("EIO=2&transport=polling&sid={sid}");
    host.request("POST", &query, &[], "3:4Ã©".as_bytes()).await;
    assert_eq!(host.peer().text().await, "é");
    assert_eq!(host.get(&query).await.body, b"\x00\x03\xff4\xc3\xa9");

    let target = format!("/engine.io/1/websocket/?EIO=2&transport=websocket&sid={sid}");
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut stream = host.write_request("GET", &target, &headers, b"").await;
    assert_eq!(Answer::read(&mut stream).await.status, 101);
}

#[tokio::test]
async fn a_script_polls_and_a_form_posts() {
    let host = Host::silent(options()).await;
    for eio in ["3", "4"] {
        let query = format!("transport=polling&EIO={eio}&j=7%5D%28x");
        let (query, mut peer) = open(&host, &query).await;
        peer.send(Message::Text("a\u{2028}\n".into()));
        let answer = host.get(&query).await;
        let script = if eio == "3" {
            r#"___eio[7]("4:4a\u2028\n");"#
        } else {
            r#"___eio[7]("4a\u2028\n");"#
        };
        assert_eq!(answer.text(), script);
        let content_type = answer.header("content-type");
        assert_eq!(content_type, Some("text/javascript; charset=UTF-8"));
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let body: &[u8] = if eio == "3" {
            b"d=4%3A4a%5Cnb"
        } else {
            b"d=4a%5Cnb"
        };
        let answer = host.request("POST", &query, &form, body).await;
        assert_eq!(answer.text(), "ok");
        assert_eq!(peer.text().await, "a\nb");
    }
}

#[tokio::test]
async fn a_request_of_another_revision_does_not_reach_the_session() {
    let causes: Arc<Mutex<Vec<Cause>>> = Arc::default();
    let mut options = options();
    options.hooks = {
        let causes = Arc::clone(&causes);
        Hooks::new().connection_error(move |error| causes.lock().unwrap().push(error.context))
    };
    let host = Host::silent(options).await;
    let (query, mut peer) = open(&host, "EIO=3").await;
    let other = query.replace("EIO=3", "EIO=4");
    let refused = r#"{"code":3,"message":"Bad request"}"#;
    for method in ["GET", "POST"] {
        let answer = host.request(method, &other, &[], b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (400, refused));
    }
    let other = other.replace("polling", "websocket");
    let mut stream = host.upgrade_request(&other, &[]).await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (400, "Bad request")
    );
    assert_eq!(*causes.lock().unwrap(), [Cause::ProtocolMismatch; 3]);

    host.request("POST", &query, &[], b"3:4hi").await;
    assert_eq!(peer.text().await, "hi");
}

#[tokio::test]
async fn a_client_of_socket_io_0_9_says_goodbye_in_a_url() {
    let host = Host::silent(options()).await;
    let (query, mut peer) = open(&host, "EIO=2").await;
    let sid = query.rsplit('=').next().unwrap();
    let target = format!("/engine.io/1/xhr-polling/{sid}?disconnect");
    let mut stream = host.write_request("GET", &target, &[], b"").await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let Event::Closed(reason) = peer.event().await else {
        panic!("no end");
    };
    assert_eq!(reason, CloseReason::TransportClose);
    host.until_empty().await;
    let mut stream = host.write_request("GET", &target, &[], b"").await;
    let answer = Answer::read(&mut stream).await;
    let unknown = r#"{"code":1,"message":"Session ID unknown"}"#;
    assert_eq!((answer.status, answer.text().as_str()), (400, unknown));
}

/// [js engine.io 6.6.12]
#[tokio::test]
async fn an_old_browser_is_told_not_to_look_for_attacks() {
    let host = Host::silent(Options::default()).await;
    let headers = [(
        "User-Agent",
        "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0)",
    )];
    let answer = host
        .request("GET", "EIO=4&transport=polling", &headers, b"")
        .await;
    assert_eq!(answer.header("x-xss-protection"), Some("0"));
    let answer = host.request("GET", "EIO=4", &headers, b"").await;
    assert_eq!(
        (answer.status, answer.header("x-xss-protection")),
        (400, None)
    );
}
