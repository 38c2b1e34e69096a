//! What a client can be told about the way to its server.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use interop::javascript_server::{JavaScriptServer, Release};
use interop::tunnel::Tunnel;
use serde_json::{Value, json};
use socketio::TransportKind;
use socketio::client::{
    ConnectError, Item, PerMessageDeflate, Proxy, Socket, Timestamps, TransportOptions,
};

use crate::support::{Mode, Trial, alone, data, everywhere, next, settled, start, tell, until};

/// The requests that a server has seen.
async fn requests(server: &JavaScriptServer) -> Vec<Value> {
    let requests = tell(server, json!(["seen", "requests"])).await;
    requests.as_array().expect("requests").clone()
}

fn url(request: &Value) -> &str {
    request["url"].as_str().expect("a URL")
}

fn is_upgrade(request: &Value) -> bool {
    request["headers"]["upgrade"] == "websocket"
}

/// Talks a little over the last transport, so that all kinds of requests have been made.
async fn talk(socket: &Socket, mode: Mode) {
    settled(socket, mode).await;
    assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
}

#[tokio::test]
async fn queries_and_headers_are_part_of_every_request() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut polling = TransportOptions::default();
        polling
            .headers
            .insert("x-only", "polling".parse().expect("a header"));
        let mut web_socket = TransportOptions::default();
        web_socket
            .query
            .push(("only".to_owned(), "websocket".to_owned()));
        let builder = trial
            .builder()
            .query("a b", "ä&=c")
            .header("x-token", "secret")
            .header("user-agent", "a test")
            .polling(polling)
            .web_socket(web_socket);
        let socket = builder.connect("/").await.expect("connected");
        talk(&socket, trial.mode).await;
        let requests = requests(trial.server).await;
        assert!(!requests.is_empty());
        for request in &requests {
            let upgrade = is_upgrade(request);
            let found = url(request);
            assert!(
                found.contains("a%20b=%C3%A4%26%3Dc") || found.contains("a+b=%C3%A4%26%3Dc"),
                "{found}"
            );
            assert_eq!(found.contains("only=websocket"), upgrade, "{found}");
            let headers = &request["headers"];
            assert_eq!(headers["x-token"], "secret");
            assert_eq!(headers["user-agent"], "a test");
            assert_eq!(headers["x-only"] == "polling", !upgrade);
        }
        assert_eq!(requests.iter().any(is_upgrade), trial.mode != Mode::Polling);
        assert_eq!(
            requests.iter().all(is_upgrade),
            trial.mode == Mode::WebSocket
        );
    })
    .await;
}

#[tokio::test]
async fn polls_are_made_different_from_all_others() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::Upgrade,
    };
    for (timestamps, polls, upgrades) in [
        (Timestamps::Polling, true, false),
        (Timestamps::Always, true, true),
        (Timestamps::Never, false, false),
    ] {
        let mark = format!("{timestamps:?}");
        let builder = trial
            .builder()
            .timestamps(timestamps)
            .timestamp_param("time")
            .query("mark", &mark);
        let socket = builder.connect("/").await.expect("connected");
        talk(&socket, trial.mode).await;
        let requests = requests(server).await;
        let mine: Vec<_> = requests
            .iter()
            .filter(|request| url(request).contains(&mark))
            .collect();
        let mut times = BTreeSet::new();
        for request in &mine {
            let time = url(request)
                .split(['?', '&'])
                .find(|part| part.starts_with("time="));
            assert_eq!(
                time.is_some(),
                if is_upgrade(request) { upgrades } else { polls },
                "{request}"
            );
            times.extend(time.map(|time| (time.to_owned(), request["method"].to_string())));
        }
        if polls {
            assert!(times.len() >= 2, "{times:?}");
        }
    }
}

#[tokio::test]
async fn paths_are_as_they_are_told() {
    for (options, path, slash) in [
        (json!({ "path": "/chat" }), "/chat", true),
        (
            json!({ "path": "/chat", "addTrailingSlash": false }),
            "/chat",
            false,
        ),
        (json!({ "path": "/a/b/" }), "a/b/", true),
    ] {
        alone(&[Release::Four], options, async |trial: Trial<'_>| {
            let builder = trial.builder().path(path).add_trailing_slash(slash);
            let socket = builder.connect("/").await.expect("connected");
            talk(&socket, trial.mode).await;
            let error = trial
                .builder()
                .connect("/")
                .await
                .expect_err("another path");
            let ConnectError::Unreachable(failure) = &error else {
                panic!("{error:?}");
            };
            // Nobody is there who would answer with anything but an error, or at all.
            if let Some(status) = failure.status() {
                assert!(status.is_client_error(), "{status}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn cookies_come_back() {
    alone(
        &Release::ALL,
        json!({ "cookie": cookie() }),
        async |trial: Trial<'_>| {
            if trial.mode == Mode::WebSocket {
                // The server gives cookies to those who poll.
                return;
            }
            for wanted in [true, false] {
                let mark = format!("wanted={wanted}");
                let builder = trial
                    .builder()
                    .cookies(wanted)
                    .query("wanted", wanted.to_string());
                let socket = builder.connect("/").await.expect("connected");
                talk(&socket, trial.mode).await;
                let requests = requests(trial.server).await;
                let mut later = requests
                    .iter()
                    .filter(|request| url(request).contains(&mark))
                    .skip(1)
                    .peekable();
                assert!(later.peek().is_some());
                for request in later {
                    let cookie = request["headers"]["cookie"].as_str().unwrap_or_default();
                    assert_eq!(cookie.contains("sticky="), wanted, "{request}");
                }
            }
        },
    )
    .await;
}

/// The option that makes each release set a cookie.
fn cookie() -> Value {
    json!({ "name": "sticky", "path": "/" })
}

#[tokio::test]
async fn a_client_may_stay_with_polling() {
    everywhere(async |trial: Trial<'_>| {
        if trial.mode != Mode::Upgrade {
            return;
        }
        let socket = trial
            .builder()
            .upgrade(false)
            .connect("/")
            .await
            .expect("connected");
        for _ in 0..20 {
            assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        }
        assert_eq!(
            socket
                .call::<String>("transport", ())
                .await
                .expect("a name"),
            "polling"
        );
        assert_eq!(socket.client().transport(), Some(TransportKind::Polling));
    })
    .await;
}

#[tokio::test]
async fn both_sides_agree_on_the_transport() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        settled(&socket, trial.mode).await;
        until("the server's view", async || {
            let name = socket
                .call::<String>("transport", ())
                .await
                .expect("a name");
            name == trial.mode.settled().as_str()
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_next_transport_is_tried_if_that_is_wanted() {
    let server = &start(Release::Four, json!({ "transports": ["polling"] }));
    let trial = Trial {
        server,
        mode: Mode::WebSocket,
    };
    let both = [TransportKind::WebSocket, TransportKind::Polling];
    let builder = || trial.builder().transports(both);
    let error = builder().connect("/").await.expect_err("no WebSocket");
    assert!(
        matches!(&error, ConnectError::Unreachable(failure) if failure.status().is_some()),
        "{error:?}"
    );
    let socket = builder()
        .try_all_transports(true)
        .connect("/")
        .await
        .expect("connected");
    assert_eq!(socket.client().transport(), Some(TransportKind::Polling));
}

#[tokio::test]
async fn a_server_without_upgrades_is_not_asked_for_one() {
    let server = &start(Release::Four, json!({ "allowUpgrades": false }));
    let trial = Trial {
        server,
        mode: Mode::Upgrade,
    };
    let socket = trial.connect().await;
    for _ in 0..20 {
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    }
    assert!(!requests(server).await.iter().any(is_upgrade));
}

#[tokio::test]
async fn posts_keep_below_what_the_server_takes() {
    // The servers before release 4 do not say what they take.
    let options = json!({ "maxHttpBufferSize": 20_000 });
    alone(&[Release::Four], options, async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        let bytes = Bytes::from(vec![7; 9_000]);
        for _ in 0..20 {
            socket.emit("echo", &bytes).expect("emitted");
            socket.emit("echo", "x".repeat(9_000)).expect("emitted");
        }
        for _ in 0..20 {
            assert!(data::<Bytes>(&mut socket, "echo").await == bytes);
            assert_eq!(data::<String>(&mut socket, "echo").await.len(), 9_000);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_for_the_server_ends_the_connection() {
    let options = json!({ "maxHttpBufferSize": 20_000 });
    alone(&Release::ALL, options, async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        settled(&socket, trial.mode).await;
        socket.emit("echo", "x".repeat(50_000)).expect("emitted");
        let (reason, back) = crate::support::disconnected(&mut socket).await;
        assert!(
            back && ["transport error", "transport close"].contains(&reason.as_str()),
            "{reason}"
        );
        crate::support::connected(&mut socket).await;
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_for_the_client_ends_the_connection() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial
            .builder()
            .max_payload(20_000)
            .connect("/")
            .await
            .expect("connected");
        settled(&socket, trial.mode).await;
        socket.emit("picture", 50_000).expect("emitted");
        let (_, back) = crate::support::disconnected(&mut socket).await;
        assert!(back);
        crate::support::connected(&mut socket).await;
    })
    .await;
}

#[tokio::test]
async fn web_sockets_are_compressed_if_both_agree() {
    let options =
        json!({ "perMessageDeflate": { "threshold": 0 }, "maxHttpBufferSize": 1_000_000 });
    alone(&Release::ALL, options, async |trial: Trial<'_>| {
        if trial.mode == Mode::Polling {
            return;
        }
        for wanted in [true, false] {
            let deflate = wanted.then(PerMessageDeflate::default);
            let mut socket = trial
                .builder()
                .per_message_deflate(deflate)
                .connect("/")
                .await
                .expect("connected");
            settled(&socket, trial.mode).await;
            until("the server's view", async || {
                socket
                    .call::<String>("transport", ())
                    .await
                    .expect("a name")
                    == "websocket"
            })
            .await;
            let extensions: String = socket.call("extensions", ()).await.expect("a list");
            assert_eq!(
                extensions.contains("permessage-deflate"),
                wanted,
                "{extensions}"
            );
            let text = "all the same ".repeat(10_000);
            let bytes = Bytes::from(vec![3; 100_000]);
            for _ in 0..3 {
                socket.emit("echo", (&text, &bytes)).expect("emitted");
                let back: (String, Bytes) = data(&mut socket, "echo").await;
                assert!(back == (text.clone(), bytes.clone()));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_proxy_carries_everything() {
    let server = &start(Release::Four, json!({}));
    let target = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let tunnel = Tunnel::start("me:hush").await.expect("a proxy");
    for mode in Mode::ALL {
        let trial = Trial { server, mode };
        let proxy: Proxy = format!("http://me:hush@{}", tunnel.address())
            .parse()
            .expect("a proxy");
        let mut socket = trial
            .builder()
            .proxy(proxy)
            .connect("/")
            .await
            .expect("connected");
        talk(&socket, mode).await;
        socket.emit("echo", "through").expect("emitted");
        assert_eq!(data::<String>(&mut socket, "echo").await, "through");
        assert!(
            tunnel
                .targets()
                .iter()
                .all(|asked| *asked == target.to_string())
        );

        let stranger: Proxy = format!("http://{}", tunnel.address())
            .parse()
            .expect("a proxy");
        let error = trial
            .builder()
            .proxy(stranger)
            .connect("/")
            .await
            .expect_err("refused");
        assert!(error.to_string().contains("407"), "{error}");
    }
    assert!(!tunnel.targets().is_empty());
}

#[tokio::test]
async fn a_request_is_given_up_in_time() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::Polling,
    };
    let proxy = interop::proxy::Proxy::start(([127, 0, 0, 1], server.port()).into())
        .await
        .expect("a proxy");
    let builder = || {
        crate::support::builder(&proxy.url(), Release::Four, trial.mode)
            .request_timeout(Duration::from_millis(1500))
    };
    let mut socket = builder().connect("/").await.expect("connected");
    proxy.set(interop::proxy::Weather {
        swallow_up: true,
        ..Default::default()
    });
    let (reason, back) = crate::support::disconnected(&mut socket).await;
    assert_eq!((reason.as_str(), back), ("transport error", true));
    assert!(matches!(next(&mut socket).await, Item::ConnectFailed(_)));
    proxy.set(interop::proxy::Weather::default());
    crate::support::connected(&mut socket).await;
}
