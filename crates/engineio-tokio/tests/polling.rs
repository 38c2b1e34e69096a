//! Sessions over HTTP long-polling, on real sockets.
#![cfg(feature = "server")]

mod support;

use std::time::Duration;

use engineio_tokio::{
    Options,
    proto::{CloseReason, Message, server::Event},
};
use support::{Answer, Host, within};
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn a_handshake_opens_a_session_with_a_secret_of_its_own() {
    let host = Host::echo(Options::default()).await;
    let (one, peer) = host.open().await;
    let (other, _) = host.open().await;
    assert_eq!(peer.request.uri.query(), Some("EIO=4&transport=polling"));
    assert_eq!(one.len(), 22, "16 bytes in base64url");
    assert_ne!(one, other);
    assert_eq!(host.server.session_count(), 2);
}

#[tokio::test]
async fn messages_are_echoed_in_order() {
    let host = Host::echo(Options::default()).await;
    let (sid, _peer) = host.open().await;
    assert_eq!(host.post(&sid, "4one\x1e4two\x1ebAQID").await.text(), "ok");
    assert_eq!(host.poll(&sid).await.text(), "4one\x1e4two\x1ebAQID");
}

#[tokio::test]
async fn a_parked_poll_is_answered_by_what_is_sent_later() {
    let host = Host::silent(Options::default()).await;
    let (sid, peer) = host.open().await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        peer.send(Message::Text("hello".into()));
    };
    let (answer, ()) = tokio::join!(host.poll(&sid), later);
    assert_eq!(answer.text(), "4hello");
}

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let host = Host::echo(Options::default()).await;
    let (sid, _peer) = host.open().await;
    let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let mut stream = host.write_request("POST", &target, &[], b"4x").await;
    assert_eq!(Answer::read(&mut stream).await.text(), "ok");
    let again = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(again.as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.text(), "4x");
}

/// [js engine.io 6.6.12] the limit is refused while the session lives.
#[tokio::test]
async fn an_oversized_body_is_refused_and_the_session_lives() {
    let mut options = Options::default();
    options.engine.max_payload = 1_000;
    let host = Host::echo(options).await;
    let (sid, _peer) = host.open().await;

    let exactly = format!("4{}", "x".repeat(999));
    assert_eq!(host.post(&sid, &exactly).await.status, 200);
    let answer = host.post(&sid, format!("{exactly}x")).await;
    assert_eq!((answer.status, answer.body.len()), (413, 0));
    assert_eq!(host.poll(&sid).await.text(), exactly);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_no_further_than_the_limit() {
    let mut options = Options::default();
    options.engine.max_payload = 1_000;
    let host = Host::echo(options).await;
    let (sid, _peer) = host.open().await;

    let mut stream = chunked_post(&host, &sid, &["4".to_owned(), "x".repeat(1_000)]).await;
    assert_eq!(Answer::read(&mut stream).await.status, 413);
    let mut stream = chunked_post(&host, &sid, &["4he".to_owned(), "llo".to_owned()]).await;
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.text(), "ok");
    assert_eq!(host.poll(&sid).await.text(), "4hello");
}

async fn chunked_post(host: &Host, sid: &str, chunks: &[String]) -> TcpStream {
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    let head = format!(
        "POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for chunk in chunks {
        stream
            .write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes())
            .await
            .unwrap();
    }
    stream
}

#[tokio::test]
async fn a_poll_whose_client_leaves_ends_the_session() {
    let host = Host::echo(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let parked = host.write_request("GET", &target, &[], b"").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    drop(parked);
    assert_eq!(peer.closed().await, CloseReason::TransportError);
    host.until_empty().await;
    assert_eq!(
        host.poll(&sid).await.text(),
        r#"{"code":1,"message":"Session ID unknown"}"#
    );
}

#[tokio::test]
async fn a_post_that_breaks_off_ends_the_session() {
    let host = Host::echo(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let stream = chunked_post(&host, &sid, &["4half".to_owned()]).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    drop(stream);
    assert_eq!(peer.closed().await, CloseReason::TransportError);
}

/// [eio4 § Receiving data] one poll at a time.
#[tokio::test]
async fn a_second_poll_ends_the_session_and_both_are_answered() {
    let host = Host::echo(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let mut first = host.write_request("GET", &target, &[], b"").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(host.poll(&sid).await.status, 400);
    assert_eq!(Answer::read(&mut first).await.text(), "1");
    assert_eq!(peer.closed().await.as_str(), "transport error");
    host.until_empty().await;
}

/// [eio4 § Sending data] one post at a time, noticed before the bodies are there.
#[tokio::test]
async fn a_second_post_ends_the_session_and_both_are_answered() {
    let host = Host::echo(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let mut first = chunked_post(&host, &sid, &["4half".to_owned()]).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(host.post(&sid, "4x").await.status, 400);
    assert_eq!(peer.closed().await.as_str(), "transport error");
    let _ = Answer::read(&mut first).await;
}

#[tokio::test]
async fn a_silent_client_times_out() {
    let mut options = Options::default();
    options.engine.ping_interval = Duration::from_millis(50);
    options.engine.ping_timeout = Duration::from_millis(50);
    let host = Host::echo(options).await;
    let (sid, mut peer) = host.open().await;
    assert_eq!(host.poll(&sid).await.text(), "2");
    assert_eq!(peer.closed().await, CloseReason::PingTimeout);
    host.until_empty().await;
}

#[tokio::test]
async fn a_client_that_answers_stays() {
    let mut options = Options::default();
    options.engine.ping_interval = Duration::from_millis(20);
    options.engine.ping_timeout = Duration::from_secs(20);
    let host = Host::echo(options).await;
    let (sid, _peer) = host.open().await;
    for _ in 0..5 {
        assert_eq!(host.poll(&sid).await.text(), "2");
        assert_eq!(host.post(&sid, "3").await.text(), "ok");
    }
}

#[tokio::test]
async fn a_session_that_is_closed_says_so_to_its_poll() {
    let host = Host::echo(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    let close = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        peer.command(|session, now| session.close(now));
    };
    let (answer, ()) = tokio::join!(host.poll(&sid), close);
    assert_eq!(answer.text(), "1");
    assert_eq!(peer.closed().await, CloseReason::Forced);
    host.until_empty().await;
}

#[tokio::test]
async fn an_application_that_does_not_read_gets_no_posts_but_answers_polls() {
    let host = Host::silent(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    host.gate.shut();
    let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let mut post = host.write_request("POST", &target, &[], b"4later").await;

    peer.send(Message::Text("now".into()));
    assert_eq!(host.poll(&sid).await.text(), "4now");
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(peer.events.is_empty(), "the post waits");

    host.gate.open();
    assert!(matches!(peer.event().await, Event::Message(Message::Text(text)) if text == "later"));
    assert_eq!(Answer::read(&mut post).await.text(), "ok");
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_while_the_application_does_not_read() {
    let host = Host::silent(Options::default()).await;
    let (sid, mut peer) = host.open().await;
    host.gate.shut();
    let target = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let post = host.write_request("POST", &target, &[], b"4later").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    drop(post);
    assert_eq!(peer.closed().await, CloseReason::TransportError);
}

#[tokio::test]
async fn serving_ends_with_the_shutdown() {
    let host = Host::echo(Options::default()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(engineio_tokio::serve(
        listener,
        host.server.clone(),
        async {
            let _ = stopped.await;
        },
    ));
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(Answer::read(&mut idle).await.status, 404);
    drop(stop);
    within(serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
