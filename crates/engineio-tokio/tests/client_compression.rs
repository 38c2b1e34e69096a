//! Compression, agreed and not agreed.
#![cfg(all(feature = "client", feature = "compression", feature = "server"))]

mod support;

use std::sync::{Arc, Mutex};

use engineio_tokio::{
    Hooks, HttpCompression, Options as ServerOptions, PerMessageDeflate,
    client::{Failure, Options},
    proto::TransportKind::{Polling, WebSocket},
};
use support::{
    Host,
    client::Client,
    network::{Relay, Reply, Script, answer},
};

/// Each is a hundred times the one before, give or take.
fn texts() -> [String; 3] {
    [10, 1000, 100_000].map(|count| "hello, hello! ".repeat(count))
}

async fn echo_all(client: &mut Client) {
    for text in texts() {
        for _ in 0..3 {
            client.send(text.as_str());
            assert!(client.text().await == text);
        }
    }
}

#[tokio::test]
async fn messages_are_compressed_if_both_sides_agree() {
    let all = |server, client| {
        let mut deflate = PerMessageDeflate::default();
        deflate.server_no_context_takeover = server;
        deflate.client_no_context_takeover = client;
        Some(deflate)
    };
    for (ours, theirs, is_agreed) in [
        (all(false, false), all(false, false), true),
        (all(true, false), all(false, false), true),
        (all(false, true), all(false, false), true),
        (all(false, false), all(true, true), true),
        (all(false, false), None, false),
        (None, all(false, false), false),
    ] {
        let mut server = ServerOptions::default();
        server.per_message_deflate = theirs;
        server.engine.max_payload = 10_000_000;
        let host = Host::echo(server).await;
        let relay = Relay::to(host.address).await;
        let mut options = Options::default();
        options.per_message_deflate = ours;
        let mut client = Client::connect(&relay.url(), options, &[WebSocket]);
        client.opened().await;
        echo_all(&mut client).await;
        client.leave().await;
        let plain: usize = texts().iter().map(|text| 6 * text.len()).sum();
        assert_eq!(
            relay.carried() < plain / 10,
            is_agreed,
            "{ours:?} {theirs:?}"
        );
        assert!(is_agreed || relay.carried() > plain);
    }
}

#[tokio::test]
async fn answers_are_decompressed() {
    let mut server = ServerOptions::default();
    server.http_compression = Some(HttpCompression::new(0));
    server.engine.max_payload = 10_000_000;
    let encodings = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&encodings);
    server.hooks = Hooks::new().headers(move |headers, _| {
        let coding = headers.get("content-encoding").cloned();
        seen.lock().unwrap().push(coding);
    });
    let host = Host::echo(server).await;
    for coding in ["gzip, deflate", "deflate"] {
        let mut options = Options::default();
        options
            .headers
            .insert("accept-encoding", coding.parse().unwrap());
        let mut client = Client::connect(&host.url(), options, &[Polling]);
        client.opened().await;
        echo_all(&mut client).await;
        client.leave().await;
    }
    let encodings = encodings.lock().unwrap();
    for coding in ["gzip", "deflate"] {
        assert!(
            encodings.iter().flatten().any(|seen| seen == coding),
            "{encodings:?}"
        );
    }
}

#[tokio::test]
async fn a_bomb_is_stopped_at_the_bound() {
    let mut server = ServerOptions::default();
    server.per_message_deflate = Some(PerMessageDeflate::default());
    server.http_compression = Some(HttpCompression::new(0));
    for transport in [Polling, WebSocket] {
        let host = Host::silent(server.clone()).await;
        let mut options = Options::default();
        options.max_payload = 100_000;
        let mut client = Client::connect(&host.url(), options, &[transport]);
        client.opened().await;
        host.peer_soon()
            .await
            .send("0".repeat(1_000_000).as_str().into());
        let failure = client.failure().await;
        assert!(
            matches!(failure, Failure::TooLarge | Failure::WebSocket),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_decompressed_is_a_failure() {
    for coding in ["gzip", "deflate", "br"] {
        let headers = format!("content-encoding: {coding}\r\n");
        let script =
            Script::run(move |_| Reply::Keep(answer("200 OK", &headers, "not compressed"))).await;
        let mut client = Client::connect(&script.url(), Options::default(), &[Polling]);
        assert!(
            matches!(client.failure().await, Failure::Encoding),
            "{coding}"
        );
    }
}
