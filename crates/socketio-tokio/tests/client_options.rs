//! What a client can be told about its connection arrives there.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::time::Duration;

use bytes::Bytes;
use socketio_tokio::client::{Client, Notice, Revision};
use socketio_tokio::{Data, Handshake, Namespace, Server, TransportKind};
use support::{Log, online, within};

/// Logs how clients come in, and says everything back.
fn echo(log: &Log) -> Namespace {
    let log = log.clone();
    Namespace::new("/")
        .on_connect(move |handshake: Handshake| {
            let header = |name: &str| {
                let value = handshake.headers().get(name);
                value
                    .map_or("-", |value| value.to_str().unwrap())
                    .to_owned()
            };
            let query = handshake.query_value("q").unwrap_or_default().into_owned();
            let path = handshake.url().path().to_owned();
            log.add(format!("{path} {query} {}", header("x-who")));
            async {}
        })
        .on("echo", async |Data(data): Data<(String, Bytes)>| data)
}

/// The text and the bytes come back as they went.
async fn says_everything_back(client: Client) {
    let socket = within(client.connect("/")).await.unwrap();
    let said = ("täxt ✓", Bytes::from_static(b"\x00\xff"));
    let call = async { socket.call::<(String, Bytes)>("echo", &said).await };
    let (text, bytes) = within(call).await.unwrap();
    assert_eq!((text.as_str(), bytes), said);
    within(client.close()).await;
}

/// CE01, CE02, CE03, CE08
#[tokio::test]
async fn path_query_and_headers_reach_the_server() {
    let log = Log::default();
    let io = Server::builder()
        .path("/live")
        .namespace(echo(&log))
        .build();
    let url = online(&io).await;
    for transport in [TransportKind::Polling, TransportKind::WebSocket] {
        let client = Client::builder(&url)
            .path("/live")
            .query("q", "a b&c")
            .header("x-who", "me")
            .transports([transport])
            .build();
        says_everything_back(client.unwrap()).await;
    }
    assert_eq!(log.lines(), ["/live/ a b&c me", "/live/ a b&c me"]);
}

/// CE10
#[tokio::test]
async fn bytes_may_travel_as_text() {
    let log = Log::default();
    let url = online(&Server::builder().namespace(echo(&log)).build()).await;
    for force in [false, true] {
        let client = Client::builder(&url).force_base64(force).build();
        says_everything_back(client.unwrap()).await;
    }
}

/// A server that serves old clients is a server for this one in their language, too.
#[tokio::test]
async fn a_client_speaks_the_revision_of_its_server() {
    let log = Log::default();
    let io = Server::builder().legacy_clients(true).namespace(echo(&log));
    let url = online(&io.build()).await;
    for revision in [Revision::V3, Revision::V4] {
        for transports in [
            vec![TransportKind::Polling],
            vec![TransportKind::WebSocket],
            vec![TransportKind::Polling, TransportKind::WebSocket],
        ] {
            let client = Client::builder(&url)
                .revision(revision)
                .transports(transports);
            says_everything_back(client.build().unwrap()).await;
        }
    }
}

/// CO08
#[cfg(feature = "msgpack")]
#[tokio::test]
async fn a_client_speaks_the_encoding_of_its_server() {
    let log = Log::default();
    let parser = socketio_tokio::Parser::MessagePack;
    let io = Server::builder().parser(parser).namespace(echo(&log));
    let client = Client::builder(&online(&io.build()).await).parser(parser);
    says_everything_back(client.build().unwrap()).await;
}

/// CM05
#[tokio::test]
async fn a_server_that_lives_says_so() {
    let log = Log::default();
    let io = Server::builder()
        .ping_interval(Duration::from_millis(20))
        .namespace(echo(&log));
    let client = Client::builder(&online(&io.build()).await).build().unwrap();
    let mut notices = client.notices();
    let _socket = within(client.connect("/")).await.unwrap();
    within(async { while !matches!(notices.next().await.unwrap(), Notice::Heartbeat) {} }).await;
}
