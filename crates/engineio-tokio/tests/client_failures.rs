//! Servers that refuse, are not there, say nothing, or say what they must not.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use engineio_tokio::{
    AllowRequest, Options as ServerOptions, Refusal,
    client::{Failure, Options},
    proto::{
        CloseReason, Message,
        TransportKind::{self, Polling, WebSocket},
        client::Config,
    },
};
use support::{
    Host,
    client::Client,
    network::{Relay, Reply, Script, answer, handshake},
    within,
};
use tokio::net::TcpListener;

const BOTH: [TransportKind; 2] = [Polling, WebSocket];

fn is_handshake(head: &str) -> bool {
    !head.contains("sid=")
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_its_message() {
    let mut options = ServerOptions::default();
    options.allow_request = Some(AllowRequest::new(|_| async {
        Err(Refusal::new("not today"))
    }));
    let host = Host::echo(options).await;
    // [js engine.io 6.6.12] Upgrades are refused in words of their own.
    for (transport, status) in [(Polling, 403), (WebSocket, 400)] {
        let mut client = Client::connect(&host.url(), Options::default(), &[transport]);
        let failure = client.failure().await;
        assert_eq!(failure.status().unwrap(), status, "{failure}");
        let text = failure.to_string();
        let says_all = text.contains(&status.to_string()) && text.contains("not today");
        assert!(says_all, "{text}");
        within(client.task).await.unwrap();
    }
}

#[tokio::test]
async fn the_code_of_a_refusal_is_told() {
    let refusal = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    let script = Script::run(move |_| Reply::Keep(answer("400 Bad Request", "", refusal))).await;
    for transport in BOTH {
        let mut client = Client::connect(&script.url(), Options::default(), &[transport]);
        match client.failure().await {
            Failure::Status {
                status,
                code,
                message,
            } => {
                assert_eq!((status.as_u16(), code), (400, Some(5)));
                assert_eq!(message, "Unsupported protocol version");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for transport in BOTH {
        let url = format!("http://{address}");
        let mut client = Client::connect(&url, Options::default(), &[transport]);
        assert_eq!(client.closed().await, CloseReason::TransportError);
        let failure = client.dialer.last_failure().unwrap();
        assert!(matches!(failure, Failure::Connect { .. }), "{failure:?}");
        assert!(
            failure.to_string().contains(&address.to_string()),
            "{failure}"
        );
        client.dialer.clear_failure();
        assert!(client.dialer.last_failure().is_none());
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_is_told() {
    let url = "http://name.invalid";
    let mut client = Client::connect(url, Options::default(), &[Polling]);
    let failure = client.failure().await;
    assert!(failure.to_string().contains("name.invalid"), "{failure}");
}

#[tokio::test]
async fn a_request_without_an_answer_is_given_up_in_time() {
    let script = Script::run(|_| Reply::Silence).await;
    let mut options = Options::default();
    options.request_timeout = Some(Duration::from_millis(50));
    let mut client = Client::connect(&script.url(), options, &[Polling]);
    assert_eq!(client.closed().await, CloseReason::TransportError);
    assert!(matches!(
        client.dialer.last_failure(),
        Some(Failure::Timeout)
    ));
}

#[tokio::test]
async fn an_answer_that_stops_halfway_is_given_up_in_time() {
    let script = Script::run(|head| match is_handshake(head) {
        true => Reply::Keep(handshake(25_000)),
        false => Reply::Keep(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n4half".to_vec()),
    })
    .await;
    let mut options = Options::default();
    options.request_timeout = Some(Duration::from_millis(50));
    let mut client = Client::connect(&script.url(), options, &[Polling]);
    client.opened().await;
    assert!(matches!(client.failure().await, Failure::Timeout));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    for (index, broken) in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n4half"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200",
        b"",
        b"\x00\x01\x02 garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        for transport in BOTH {
            let script = Script::run(move |_| Reply::Close(broken.to_vec())).await;
            let mut client = Client::connect(&script.url(), Options::default(), &[transport]);
            assert_eq!(
                client.closed().await,
                CloseReason::TransportError,
                "{index}"
            );
            let failure = client.dialer.last_failure();
            // A WebSocket refused with status 200 is a refusal, whatever follows.
            let is_refusal = matches!(failure, Some(Failure::Status { .. }));
            let is_broken = matches!(failure, Some(Failure::Http(_)));
            assert!(
                is_broken || (index < 2 && is_refusal),
                "{index} {failure:?}"
            );
            within(client.task).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_agreement_to_something_else_is_a_failure() {
    const KEY: &str = "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";
    for headers in [
        format!("upgrade: websocket\r\nconnection: upgrade\r\n{KEY}"),
        format!("upgrade: h2c\r\nconnection: upgrade\r\n{KEY}"),
        "upgrade: websocket\r\nconnection: upgrade\r\n".to_owned(),
    ] {
        let switch = format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n");
        let script = Script::run(move |_| Reply::Keep(switch.clone().into())).await;
        let mut client = Client::connect(&script.url(), Options::default(), &[WebSocket]);
        let failure = client.failure().await;
        assert!(matches!(failure, Failure::Handshake(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn answers_and_messages_beyond_the_bound_end_the_session() {
    for (transport, size, fits) in [
        (Polling, 998, true),
        (Polling, 1000, false),
        (WebSocket, 999, true),
        (WebSocket, 1001, false),
    ] {
        let host = Host::silent(ServerOptions::default()).await;
        let mut options = Options::default();
        options.max_payload = 1000;
        let mut client = Client::connect(&host.url(), options, &[transport]);
        client.opened().await;
        let message = "x".repeat(size);
        host.peer_soon().await.send(message.as_str().into());
        if fits {
            assert_eq!(client.text().await.len(), size);
        } else {
            let failure = client.failure().await;
            let is_told = match transport {
                Polling => matches!(failure, Failure::TooLarge),
                WebSocket => matches!(failure, Failure::WebSocket),
            };
            assert!(is_told, "{failure:?}");
            if transport == WebSocket {
                host.until_empty().await;
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_decoded_still_has_its_status() {
    let script = Script::run(|_| {
        let head = "HTTP/1.1 403 No\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n";
        Reply::Keep((head.to_owned() + "xx").into())
    })
    .await;
    let mut client = Client::connect(&script.url(), Options::default(), &[Polling]);
    assert_eq!(client.failure().await.status().unwrap(), 403);
}

#[tokio::test]
async fn a_refusal_without_end_is_not_read_to_its_end() {
    let script = Script::run(|_| {
        let endless = "HTTP/1.1 500 Oops\r\nContent-Length: 9999999999\r\n\r\n".to_owned();
        Reply::Keep((endless + &"x".repeat(1 << 20)).into())
    })
    .await;
    for transport in BOTH {
        let mut client = Client::connect(&script.url(), Options::default(), &[transport]);
        let failure = client.failure().await;
        assert_eq!(failure.status().unwrap(), 500);
        assert!(failure.to_string().len() < 5000);
    }
}

/// Nothing of a post can have been read by a server that has hung up before.
#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_fails_no_request() {
    let script = Script::run(|head| {
        if head.starts_with("POST") {
            Reply::Close(answer("200 OK", "", "ok"))
        } else if is_handshake(head) {
            Reply::Keep(handshake(25_000))
        } else {
            Reply::Silence
        }
    })
    .await;
    let mut client = Client::connect(&script.url(), Options::default(), &[Polling]);
    client.opened().await;
    for posts in 1..5 {
        client.send("hello");
        let seen = async {
            while script
                .requests()
                .iter()
                .filter(|head| head.starts_with("POST"))
                .count()
                < posts
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        within(seen).await;
    }
    let (answer, is_open) = tokio::sync::oneshot::channel();
    client.command(move |session, _| answer.send(session.is_open()).unwrap());
    assert!(within(is_open).await.unwrap());
    assert!(client.dialer.last_failure().is_none());
}

/// Neither side hears that the other is gone: only the silence tells.
#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    for transport in BOTH {
        let mut options = ServerOptions::default();
        options.engine.ping_interval = Duration::from_millis(200);
        options.engine.ping_timeout = Duration::from_millis(300);
        let host = Host::echo(options).await;
        let relay = Relay::to(host.address).await;
        let mut client = Client::connect(&relay.url(), Options::default(), &[transport]);
        client.opened().await;
        client.echo("hello").await;
        relay.dead.store(true, Ordering::SeqCst);
        client.send("into the void");
        assert_eq!(client.closed().await, CloseReason::PingTimeout);
    }
}

/// A session whose handshake hangs ends when its machine loses patience, and what was asked for is
/// dropped with it.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_by_the_machine() {
    let script = Script::run(|_| Reply::Silence).await;
    for transport in BOTH {
        let mut config = Config::default();
        config.transports = vec![transport];
        config.opening_timeout = Duration::from_secs(5);
        let mut client = Client::with(&script.url(), Options::default(), &config);
        assert_eq!(client.closed().await, CloseReason::TransportError);
        assert!(client.dialer.last_failure().is_none());
        client.task.await.unwrap();
    }
}

#[tokio::test]
async fn packets_that_are_none_end_the_session() {
    let script = Script::run(|head| match is_handshake(head) {
        true => Reply::Keep(handshake(25_000)),
        false => Reply::Keep(answer("200 OK", "", "4first\x1enonsense")),
    })
    .await;
    let mut client = Client::connect(&script.url(), Options::default(), &[Polling]);
    client.opened().await;
    assert_eq!(client.message().await, Message::from("first"));
    assert!(matches!(client.closed().await, CloseReason::Violation(_)));
}
