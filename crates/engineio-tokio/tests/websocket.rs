//! Sessions over WebSocket, and the way there from polling, on real sockets.
#![cfg(feature = "server")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use engineio_tokio::{
    Options,
    proto::{CloseReason, Message, server::Event},
};
use support::{Answer, Host, within};
use tokio::io::AsyncReadExt;
use tokio_websockets::Message as Sent;

#[tokio::test]
async fn messages_are_echoed_in_both_kinds() {
    let host = Host::echo(Options::default()).await;
    let (mut socket, peer) = host.open_web_socket().await;
    assert_eq!(peer.request.uri.query(), Some("EIO=4&transport=websocket"));
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    socket.send_bytes(Bytes::from_static(&[1, 2, 3])).await;
    assert_eq!(&socket.next().await.into_payload()[..], [1, 2, 3]);
}

#[tokio::test]
async fn a_large_message_is_one_message() {
    let mut options = Options::default();
    options.engine.max_payload = 6_000_000;
    options.engine.buffer_limit = 20_000_000;
    let host = Host::echo(options).await;
    let (mut socket, _peer) = host.open_web_socket().await;
    let large = format!("4{}", "x".repeat(5_000_000));
    socket.send(large.clone()).await;
    assert!(socket.text().await == large);
}

/// [eio4 § Upgrade]
#[tokio::test]
async fn a_session_upgrades_and_its_parked_poll_is_released() {
    let host = Host::silent(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let poll = tokio::spawn({
        let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
        let mut stream = host.write_request("GET", &target, &[], b"").await;
        async move { Answer::read(&mut stream).await }
    });

    let mut socket = host.web_socket(Some(&sid)).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(within(poll).await.unwrap().text(), "6");
    socket.send("5").await;
    assert!(matches!(peer.event().await, Event::Upgraded));

    peer.send(Message::Text("up".into()));
    assert_eq!(socket.text().await, "4up");
    let answer = host.poll(&sid).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (400, r#"{"code":3,"message":"Bad request"}"#)
    );
    assert_eq!(host.server.session_count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_each_way_cross_an_upgrade_in_order() {
    let host = Host::silent(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let commands = peer.commands.clone();
    let server_sends = tokio::spawn(async move {
        for n in 0..1_000 {
            let command: support::Command = Box::new(move |session, _| {
                session.send(Message::Text(format!("s{n}").into())).unwrap();
            });
            commands.send(command).map_err(drop).unwrap();
            if n % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });

    let mut received = Vec::new();
    let mut sent = 0..1_000;
    // Over polling first: two hundred each way at least.
    for _ in 0..20 {
        let body: Vec<String> = sent.by_ref().take(10).map(|n| format!("4c{n}")).collect();
        assert_eq!(host.post(&sid, body.join("\x1e")).await.text(), "ok");
        received.extend(messages(&host.poll(&sid).await.text()));
    }
    let mut socket = host.web_socket(Some(&sid)).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    received.extend(messages(&host.poll(&sid).await.text()));
    socket.send("5").await;
    for n in sent {
        socket.send(format!("4c{n}")).await;
    }
    while received.len() < 1_000 {
        received.extend(messages(&socket.text().await));
    }
    within(server_sends).await.unwrap();

    assert!(
        received
            .iter()
            .eq(&(0..1_000).map(|n| format!("s{n}")).collect::<Vec<_>>())
    );
    let mut expected = 0;
    while expected < 1_000 {
        match peer.event().await {
            Event::Message(Message::Text(text)) => {
                assert_eq!(text, format!("c{expected}"));
                expected += 1;
            }
            Event::Upgraded => {}
            other => panic!("{other:?}"),
        }
    }
}

fn messages(payload: &str) -> Vec<String> {
    payload
        .split('\x1e')
        .filter_map(|packet| packet.strip_prefix('4'))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn an_oversized_message_ends_its_session_alone() {
    let mut options = Options::default();
    options.engine.max_payload = 1_000;
    let host = Host::echo(options).await;
    let (mut other, _) = host.open_web_socket().await;
    let (mut socket, mut peer) = host.open_web_socket().await;
    socket.send(format!("4{}", "x".repeat(999))).await;
    assert_eq!(socket.text().await.len(), 1_000);
    socket.send(format!("4{}", "x".repeat(1_000))).await;
    assert_eq!(socket.close_code().await, 1009);
    assert_eq!(peer.closed().await, CloseReason::TransportError);
    host.until_count(1).await;
    other.send("4still").await;
    assert_eq!(other.text().await, "4still");
}

#[tokio::test]
async fn a_close_of_either_side_is_seen_by_the_other() {
    let host = Host::echo(Options::default()).await;
    let (mut socket, mut peer) = host.open_web_socket().await;
    futures_util::SinkExt::close(&mut socket.0).await.unwrap();
    assert_eq!(peer.closed().await, CloseReason::TransportClose);

    let (mut socket, mut peer) = host.open_web_socket().await;
    peer.send(Message::Text("last".into()));
    peer.command(|session, now| session.close(now));
    assert_eq!(socket.text().await, "4last");
    assert_eq!(
        socket.close_code().await,
        1005,
        "a close frame without a code"
    );
    assert_eq!(peer.closed().await, CloseReason::Forced);

    let (socket, mut peer) = host.open_web_socket().await;
    drop(socket);
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
    host.until_empty().await;
}

#[tokio::test]
async fn a_third_web_socket_is_closed_and_the_session_lives() {
    let host = Host::echo(Options::default()).await;
    let (sid, _peer) = host.open().await;
    let mut candidate = host.web_socket(Some(&sid)).await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    let mut second = host.web_socket(Some(&sid)).await;
    assert_eq!(second.close_code().await, 1005);
    candidate.send("5").await;
    candidate.send("4x").await;
    assert_eq!(candidate.text().await, "4x");
    let mut third = host.web_socket(Some(&sid)).await;
    assert_eq!(third.close_code().await, 1005);
    candidate.send("4y").await;
    assert_eq!(candidate.text().await, "4y");
}

#[tokio::test]
async fn control_frames_are_the_business_of_the_library() {
    let host = Host::echo(Options::default()).await;
    let (mut socket, _peer) = host.open_web_socket().await;
    futures_util::SinkExt::send(&mut socket.0, Sent::ping(&b"abc"[..]))
        .await
        .unwrap();
    let message = socket.next().await;
    assert!(message.is_pong());
    socket.send("4x").await;
    assert_eq!(socket.text().await, "4x");
}

/// [js engine.io 6.6.12] the plain message on a connection that ends.
#[tokio::test]
async fn a_refused_upgrade_is_answered_in_plain_text() {
    let host = Host::echo(Options::default()).await;
    let cases = [
        (
            "EIO=4&transport=websocket&sid=unknown",
            "Session ID unknown",
        ),
        ("EIO=3&transport=websocket", "Unsupported protocol version"),
        ("EIO=4&transport=tube", "Transport unknown"),
        ("EIO=4&transport=polling", "Bad request"),
    ];
    for (query, message) in cases {
        let mut stream = host.upgrade_request(query, &[]).await;
        assert_refused(&mut stream, message).await;
    }
    assert_eq!(host.server.session_count(), 0);
}

#[tokio::test]
async fn a_bad_handshake_is_refused() {
    let host = Host::echo(Options::default()).await;
    let cases = [
        [("Sec-WebSocket-Key", ""), ("Origin", "http://example.com")],
        [
            ("Sec-WebSocket-Key", "c2hvcnQ="),
            ("Origin", "http://example.com"),
        ],
        [
            ("Sec-WebSocket-Version", "8"),
            ("Origin", "http://example.com"),
        ],
        [
            ("Sec-WebSocket-Version", ""),
            ("Origin", "http://example.com"),
        ],
    ];
    for headers in cases {
        let mut stream = host
            .upgrade_request("EIO=4&transport=websocket", &headers)
            .await;
        assert_refused(&mut stream, "Bad request").await;
    }
}

async fn assert_refused(stream: &mut tokio::net::TcpStream, message: &str) {
    let answer = Answer::read(stream).await;
    assert_eq!((answer.status, answer.text().as_str()), (400, message));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(
        within(stream.read(&mut [0])).await.unwrap(),
        0,
        "the connection ends"
    );
}

#[tokio::test]
async fn a_good_handshake_is_accepted_with_the_first_sub_protocol() {
    let host = Host::echo(Options::default()).await;
    let headers = [("Sec-WebSocket-Protocol", "one, two")];
    let mut stream = host
        .upgrade_request("EIO=4&transport=websocket", &headers)
        .await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!(answer.status, 101);
    assert_eq!(
        answer.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(answer.header("sec-websocket-protocol"), Some("one"));
    let mut frame = [0; 3];
    within(stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!((frame[0], frame[2] as char), (0x81, '0'), "{frame:?}");
}

/// Without WebSocket nobody listens to upgrades, so the request is a plain one.
#[tokio::test]
async fn a_server_without_web_socket_answers_an_upgrade_like_any_request() {
    let mut options = Options::default();
    options.engine.transports.websocket = false;
    let host = Host::echo(options).await;
    let mut stream = host.upgrade_request("EIO=4&transport=websocket", &[]).await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!(answer.text(), r#"{"code":0,"message":"Transport unknown"}"#);
}
