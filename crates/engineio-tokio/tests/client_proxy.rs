//! A proxy between client and server.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use engineio_tokio::{
    Options as ServerOptions,
    client::{Failure, Options},
    proto::TransportKind::{self, Polling, WebSocket},
};
use support::{Host, client::Client, network::ProxyServer};

const BOTH: [TransportKind; 2] = [Polling, WebSocket];

fn through(proxy: &ProxyServer, credentials: &str) -> Options {
    let mut options = Options::default();
    options.proxy = Some(
        format!("http://{credentials}{}", proxy.address)
            .parse()
            .unwrap(),
    );
    options
}

#[tokio::test]
async fn everything_goes_through_tunnels() {
    let host = Host::echo(ServerOptions::default()).await;
    let proxy = ProxyServer::run(None).await;
    let mut client = Client::connect(&host.url(), through(&proxy, ""), &BOTH);
    client.opened().await;
    client.upgraded().await;
    client.echo("hello").await;
    client.leave().await;
    let tunnels = proxy.requests();
    // Two for polling, one for the WebSocket, and none per message.
    assert!((2..=3).contains(&tunnels.len()), "{tunnels:?}");
    let expected = format!("CONNECT {} HTTP/1.1\r\n", host.address);
    assert!(
        tunnels.iter().all(|head| head.starts_with(&expected)),
        "{tunnels:?}"
    );
}

#[tokio::test]
async fn a_proxy_is_told_who_asks() {
    let host = Host::echo(ServerOptions::default()).await;
    let word: &'static str = format!("Basic {}", BASE64_STANDARD.encode("me:s:cret")).leak();
    let proxy = ProxyServer::run(Some(word)).await;
    for transport in BOTH {
        let options = through(&proxy, "me:s%3Acret@");
        let mut client = Client::connect(&host.url(), options, &[transport]);
        client.opened().await;
        client.echo("hello").await;
        client.leave().await;

        let mut client = Client::connect(&host.url(), through(&proxy, ""), &[transport]);
        let failure = client.failure().await;
        assert!(matches!(failure, Failure::Proxy { .. }), "{failure:?}");
        assert_eq!(failure.status().unwrap(), 407);
    }
    let seen = host.get("EIO=4&transport=polling").await;
    assert_eq!(seen.status, 200);
    // What is for the proxy does not reach the server.
    let request = host.peer().request;
    assert!(!request.headers.contains_key("proxy-authorization"));
}
