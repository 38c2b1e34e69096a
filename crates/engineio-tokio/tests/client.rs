//! A client and a server of this crate, over sockets.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio_tokio::{
    Hooks, Options as ServerOptions, RemoteAddr,
    client::{Dialer, Options, Timestamps},
    proto::{
        CloseReason, Message,
        TransportKind::{self, Polling, WebSocket},
        client::{Config, Event},
        parser::Revision,
    },
};
use support::{Host, client::Client, network::Relay, within};

const BOTH: [TransportKind; 2] = [Polling, WebSocket];

async fn host() -> Host {
    Host::echo(ServerOptions::default()).await
}

/// The heads of all requests that were served.
type Heads = Arc<Mutex<Vec<http::request::Parts>>>;

async fn recording_host(
    headers: impl Fn(&mut http::HeaderMap, &http::request::Parts) + Send + Sync + 'static,
) -> (Host, Heads) {
    let heads = Heads::default();
    let recorded = Arc::clone(&heads);
    let mut options = ServerOptions::default();
    options.hooks = Hooks::new().headers(move |answer, request| {
        recorded.lock().unwrap().push(request.clone());
        headers(answer, request);
    });
    (Host::echo(options).await, heads)
}

#[tokio::test]
async fn messages_travel_both_ways_over_polling() {
    let host = host().await;
    let mut client = Client::connect(&host.url(), Options::default(), &[Polling]);
    client.opened().await;
    client.echo("hello").await;
    let bytes = Message::Binary(Bytes::from_static(&[0, 1, 255]));
    client.send(bytes.clone());
    assert_eq!(client.message().await, bytes);
    for n in 0..100 {
        client.send(n.to_string().as_str());
    }
    for n in 0..100 {
        assert_eq!(client.text().await, n.to_string());
    }
    let mut peer = host.peer();
    client.leave().await;
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
    host.until_empty().await;
}

#[tokio::test]
async fn messages_travel_both_ways_over_a_web_socket() {
    let host = host().await;
    let mut client = Client::connect(&host.url(), Options::default(), &[WebSocket]);
    client.opened().await;
    client.echo("hello").await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 900_000] {
        let bytes: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
        let message = Message::Binary(bytes.into());
        client.send(message.clone());
        assert!(client.message().await == message, "{size}");
    }
    let mut peer = host.peer();
    client.leave().await;
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
    host.until_empty().await;
}

#[tokio::test]
async fn a_session_moves_to_a_web_socket_and_loses_nothing() {
    let host = host().await;
    let mut client = Client::connect(&host.url(), Options::default(), &BOTH);
    for n in 0..200 {
        client.send(n.to_string().as_str());
        tokio::task::yield_now().await;
    }
    let (mut heard, mut upgrades) = (0, 0);
    while heard < 200 {
        match client.next().await {
            Event::Message(Message::Text(text)) => {
                assert_eq!(*text, *heard.to_string());
                heard += 1;
            }
            Event::Upgraded => upgrades += 1,
            Event::Opened(_) => {}
            other => panic!("{other:?}"),
        }
    }
    if upgrades == 0 {
        client.upgraded().await;
    }
    client.echo("upgraded").await;
    client.leave().await;
    host.until_empty().await;
}

#[tokio::test]
async fn what_a_client_said_before_it_left_arrives() {
    for transport in BOTH {
        let host = Host::silent(ServerOptions::default()).await;
        let mut client = Client::connect(&host.url(), Options::default(), &[transport]);
        client.opened().await;
        client.send("last words");
        client.leave().await;
        assert_eq!(host.peer_soon().await.text().await, "last words");
    }
}

#[tokio::test]
async fn a_server_that_closes_is_heard() {
    for transport in BOTH {
        let host = host().await;
        let mut client = Client::connect(&host.url(), Options::default(), &[transport]);
        client.opened().await;
        host.peer_soon()
            .await
            .command(|session, now| session.close(now));
        assert_eq!(client.closed().await, CloseReason::TransportClose);
        within(client.task).await.unwrap();
    }
}

#[tokio::test]
async fn the_next_transport_is_tried_when_the_first_is_refused() {
    let mut options = ServerOptions::default();
    options.engine.transports.websocket = false;
    let host = Host::echo(options).await;
    let mut config = Config::default();
    config.transports = vec![WebSocket, Polling];
    let mut client = Client::with(&host.url(), Options::default(), &config);
    let failure = client.failure().await;
    assert_eq!(failure.status().unwrap(), 400);
    assert!(
        failure.to_string().contains("Transport unknown"),
        "{failure}"
    );

    config.try_all_transports = true;
    let mut client = Client::with(&host.url(), Options::default(), &config);
    client.opened().await;
    client.echo("hello").await;
    client.leave().await;
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let host = host().await;
    let relay = Relay::to(host.address).await;
    let mut client = Client::connect(&relay.url(), Options::default(), &[Polling]);
    client.opened().await;
    for _ in 0..50 {
        client.echo("again").await;
    }
    // One for the polls, one for the posts beside them.
    assert_eq!(relay.accepted(), 2);
    client.leave().await;
}

#[tokio::test]
async fn cookies_of_every_answer_come_back_with_every_request() {
    let (host, heads) = recording_host(|answer, request| {
        let has_sid = request.uri.query().unwrap().contains("sid=");
        let cookie = if has_sid {
            "late=2"
        } else {
            "sticky=\"node1\"; Path=/; HttpOnly"
        };
        answer.append("set-cookie", cookie.parse().unwrap());
    })
    .await;
    let mut options = Options::default();
    options.headers.insert("cookie", "own=0".parse().unwrap());
    let mut client = Client::connect(&host.url(), options, &BOTH);
    client.opened().await;
    client.upgraded().await;
    client.echo("hello").await;
    let cookies = |request: &http::request::Parts| {
        request
            .headers
            .get("cookie")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let all: Vec<_> = heads.lock().unwrap().iter().map(cookies).collect();
    assert_eq!(all[0].as_deref(), Some("own=0"));
    assert!(all.len() >= 3);
    for cookie in &all[1..] {
        let cookie = cookie.as_deref().unwrap();
        assert!(cookie.starts_with("own=0; sticky=node1"), "{cookie}");
    }
    client.leave().await;
}

#[tokio::test]
async fn without_a_jar_no_cookie_comes_back() {
    let (host, heads) = recording_host(|answer, _| {
        answer.append("set-cookie", "a=1".parse().unwrap());
    })
    .await;
    let mut options = Options::default();
    options.cookies = false;
    let mut client = Client::connect(&host.url(), options, &[Polling]);
    client.opened().await;
    client.echo("hello").await;
    let heads = heads.lock().unwrap();
    assert!(
        heads.len() > 1
            && heads
                .iter()
                .all(|head| !head.headers.contains_key("cookie"))
    );
}

#[tokio::test]
async fn path_query_and_headers_are_those_of_the_options() {
    let heads = Heads::default();
    let recorded = Arc::clone(&heads);
    let mut server = ServerOptions::default();
    server.path = "/chat".to_owned();
    server.hooks =
        Hooks::new().headers(move |_, request| recorded.lock().unwrap().push(request.clone()));
    let host = Host::echo(server).await;
    let mut options = Options::default();
    options.path = "/chat".to_owned();
    options.query = vec![("token".to_owned(), "a b".to_owned())];
    options.headers.insert("x-all", "1".parse().unwrap());
    options
        .web_socket
        .headers
        .insert("x-all", "2".parse().unwrap());
    options.polling.query = vec![("only".to_owned(), "polling".to_owned())];
    options.protocols = vec!["v1".to_owned(), "v2".to_owned()];
    options.timestamps = Timestamps::Polling;
    options.timestamp_param = "ts".to_owned();
    let url = format!("{}/namespace?room=7", host.url());
    let mut client = Client::connect(&url, options, &BOTH);
    client.opened().await;
    client.upgraded().await;
    client.echo("hello").await;
    client.leave().await;
    let heads = heads.lock().unwrap();
    let mut stamps = Vec::new();
    for head in heads.iter() {
        let query = head.uri.query().unwrap();
        assert_eq!(head.uri.path(), "/chat/");
        assert_eq!(head.headers["host"], host.address.to_string());
        if query.contains("transport=websocket") {
            assert!(
                query.starts_with("room=7&token=a%20b&EIO=4&transport=websocket&sid="),
                "{query}"
            );
            assert_eq!(head.headers["x-all"], "2");
            assert_eq!(head.headers["sec-websocket-protocol"], "v1, v2");
            assert!(!query.contains("ts="));
        } else {
            assert!(
                query.starts_with("room=7&only=polling&token=a%20b&EIO=4&transport=polling"),
                "{query}"
            );
            assert_eq!(head.headers["x-all"], "1");
            stamps.push(query.split("&ts=").nth(1).unwrap().to_owned());
        }
    }
    let count = stamps.len();
    stamps.sort();
    stamps.dedup();
    assert!(count >= 2 && stamps.len() == count, "{stamps:?}");
}

#[tokio::test]
async fn an_ipv6_server_is_reached() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        // A machine without IPv6.
        return;
    };
    let address = listener.local_addr().unwrap();
    let host = host().await;
    tokio::spawn(engineio_tokio::serve(
        listener,
        host.server.clone(),
        std::future::pending(),
    ));
    let mut client = Client::connect(&format!("ws://{address}"), Options::default(), &BOTH);
    client.opened().await;
    client.upgraded().await;
    client.echo("hello").await;
    client.leave().await;
}

/// What revision 3 says, by text and by bytes.
#[tokio::test]
async fn an_old_revision_is_spoken_if_asked() {
    let mut server = ServerOptions::default();
    server.engine.legacy_clients = true;
    let host = Host::echo(server).await;
    for force_base64 in [false, true] {
        for transports in [vec![Polling], vec![WebSocket], BOTH.to_vec()] {
            let mut config = Config::default();
            config.revision = Revision::V3;
            config.force_base64 = force_base64;
            config.transports = transports.clone();
            let mut client = Client::with(&host.url(), Options::default(), &config);
            client.opened().await;
            host.peer_soon()
                .await
                .command(|session, _| assert_eq!(session.revision(), Revision::V3));
            if transports.len() == 2 {
                client.upgraded().await;
            }
            client.echo("héllo").await;
            let bytes = Message::Binary(Bytes::from_static(&[0, 200, 255]));
            client.send(bytes.clone());
            assert_eq!(client.message().await, bytes);
            client.leave().await;
        }
    }
}

/// Every address that begins with 127 is this machine, on Linux.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_calls_from_the_address_it_is_told() {
    let host = host().await;
    for transport in BOTH {
        let mut options = Options::default();
        options.local_address = Some([127, 0, 0, 2].into());
        let mut client = Client::connect(&host.url(), options, &[transport]);
        client.opened().await;
        let request = host.peer_soon().await.request;
        let RemoteAddr(address) = request.extensions.get().unwrap();
        assert_eq!(address.ip().to_string(), "127.0.0.2");
        client.leave().await;
    }
}

#[test]
fn a_dialer_shows_no_secret() {
    let url = "http://localhost:3000/?token=hush";
    let dialer = Dialer::new(url, Options::default()).unwrap();
    let text = format!("{dialer:?}");
    assert!(
        !text.contains("hush") && text.contains("localhost:3000"),
        "{text}"
    );
    assert!(Dialer::new("gopher://localhost", Options::default()).is_err());
}
