//! What is lost, and how it comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interop::javascript_server::Release;
use serde_json::{Value, json};
use socketio::client::{ConnectError, Item, Notice, Offline};
use socketio::{CallError, EmitError, TransportKind};

use crate::support::{
    Mode, SOON, Trial, alone, builder, connected, data, disconnected, next, noticed, settled,
    start, tell, until, within,
};

const BUFFERED: u32 = 200;

/// The numbers that have been delivered to a server, in the order of their arrival.
async fn delivered(trial: Trial<'_>) -> Vec<u32> {
    let delivered = tell(trial.server, json!(["seen", "delivered"])).await;
    serde_json::from_value(delivered).expect("numbers")
}

#[tokio::test]
async fn a_client_returns_after_a_restart_with_what_it_had_to_say() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let attempts = Arc::new(AtomicU32::new(0));
        let auth = {
            let attempts = Arc::clone(&attempts);
            move || {
                let attempt = attempts.fetch_add(1, Ordering::Relaxed).to_string();
                async move { json!({ "attempt": attempt }) }
            }
        };
        let mut socket = trial
            .builder()
            .auth(auth)
            .connect("/")
            .await
            .expect("connected");
        settled(&socket, trial.mode).await;
        let first = socket.id().expect("an id").to_string();

        tell(trial.server, json!(["stop"])).await;
        let (reason, back) = disconnected(&mut socket).await;
        assert!(
            ["transport close", "transport error"].contains(&reason.as_str()),
            "{reason}"
        );
        assert!(back && socket.is_active() && !socket.is_connected());
        assert!(socket.id().is_none());
        for n in 0..BUFFERED {
            socket.emit("deliver", n).expect("buffered");
            socket
                .volatile()
                .emit("deliver", 1000 + n)
                .expect("dropped");
        }
        let sum = socket.call::<u32>("add", (40, 2)).into_future();
        let failed = async {
            while !matches!(next(&mut socket).await, Item::ConnectFailed(_)) {}
            tell(trial.server, json!(["start"])).await;
            connected(&mut socket).await
        };
        let (sum, (second, recovered)) = tokio::join!(sum, failed);
        assert_eq!(sum.expect("the buffered question"), 42);
        assert!(!recovered && first != second);
        assert_eq!(delivered(trial).await, (0..BUFFERED).collect::<Vec<_>>());
        settled(&socket, trial.mode).await;
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        if !trial.is_old() {
            // Asked for anew each time that a server could be asked.
            let arrivals = tell(trial.server, json!(["seen", "arrivals"])).await;
            let auths = arrivals
                .as_array()
                .expect("arrivals")
                .iter()
                .map(|arrival| &arrival["auth"]);
            let expected = [json!({ "attempt": "0" }), json!({ "attempt": "1" })];
            assert_eq!(
                auths.collect::<Vec<_>>(),
                expected.iter().collect::<Vec<_>>()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn all_namespaces_return() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut root = trial.connect().await;
        let mut other = root.client().connect("/other").await.expect("connected");
        assert_eq!(data::<String>(&mut other, "welcome").await, "/other");
        tell(trial.server, json!(["cut"])).await;
        for socket in [&mut root, &mut other] {
            let (_, back) = disconnected(socket).await;
            assert!(back);
            connected(socket).await;
        }
        // Events of a server come behind its answer.
        assert_eq!(data::<String>(&mut other, "welcome").await, "/other");
        // A session that was cut between two polls is missed by the heartbeat alone.
        until("one connection is left", async || {
            tell(trial.server, json!(["clients"])).await == 1
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_refused_on_return_stays_outside() {
    alone(
        &[Release::Three, Release::Four],
        json!({}),
        async |trial: Trial<'_>| {
            let mut socket = trial.connect().await;
            tell(trial.server, json!(["plan", { "closed": true }])).await;
            tell(trial.server, json!(["cut"])).await;
            let refused = loop {
                if let Item::Refused(refused) = next(&mut socket).await {
                    break refused;
                }
            };
            assert_eq!(refused.message(), "closed for today");
            assert_eq!(
                refused.data::<Value>().expect("data"),
                json!({ "until": "tomorrow" })
            );
            assert!(!socket.is_active());
            assert!(matches!(
                socket.emit("echo", 1),
                Err(EmitError::NotConnected)
            ));
            tell(trial.server, json!(["plan", { "closed": false }])).await;
            socket.connect();
            connected(&mut socket).await;
            assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        },
    )
    .await;
}

#[tokio::test]
async fn a_question_that_was_lost_is_an_error() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        let sender = socket.sender();
        let asked = tokio::spawn(async move { sender.call::<()>("silence", ()).await });
        let (): () = socket
            .call("nothing", ())
            .await
            .expect("the question before has left");
        tell(trial.server, json!(["cut"])).await;
        let error = within("the outcome", asked)
            .await
            .expect("no panic")
            .expect_err("no answer");
        assert!(matches!(error, CallError::Disconnected), "{error:?}");
        connected(&mut socket).await;
    })
    .await;
}

#[tokio::test]
async fn who_cannot_wait_is_told_at_once() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::WebSocket,
    };
    tell(server, json!(["stop"])).await;
    let error = within("an error", trial.builder().connect("/"))
        .await
        .expect_err("nobody there");
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("the server was not reached: "),
        "{error}"
    );

    // Who can, is not.
    let mut socket = trial.builder().open("/").expect("opened");
    socket.emit("echo", "early").expect("buffered");
    assert!(matches!(next(&mut socket).await, Item::ConnectFailed(_)));
    tell(server, json!(["start"])).await;
    connected(&mut socket).await;
    assert_eq!(data::<String>(&mut socket, "echo").await, "early");
}

#[tokio::test]
async fn a_client_gives_up_when_it_was_told_to() {
    let server = &start(Release::Four, json!({}));
    for mode in Mode::ALL {
        let builder = builder(&server.url(), Release::Four, mode).reconnection_attempts(3);
        let client = builder.build().expect("a client");
        let mut notices = client.notices();
        let mut socket = client.connect("/").await.expect("connected");
        tell(server, json!(["stop"])).await;
        let mut attempts = Vec::new();
        loop {
            match within("a notice", notices.next()).await.expect("a notice") {
                Notice::Reconnecting { attempt, after } => {
                    // Half as long or half as long again, up to the longest.
                    assert!(after >= SOON / 2 && after <= 4 * SOON, "{after:?}");
                    attempts.push(attempt);
                }
                Notice::GaveUp => break,
                _ => {}
            }
        }
        assert_eq!(attempts, [1, 2, 3]);
        within("the end of the client", client.closed()).await;
        within("the end of the stream", async {
            while socket.next().await.is_some() {}
        })
        .await;
        assert!(matches!(
            socket.emit("echo", 1),
            Err(EmitError::NotConnected)
        ));
        tell(server, json!(["start"])).await;
    }
}

#[tokio::test]
async fn a_client_without_reconnection_ends() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let builder = trial.builder().reconnection(false);
        let mut socket = builder.connect("/").await.expect("connected");
        tell(trial.server, json!(["cut"])).await;
        let (_, back) = disconnected(&mut socket).await;
        assert!(!back);
        assert!(within("the end", socket.next()).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn reconnection_is_changed_while_it_goes_on() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::Polling,
    };
    let mut socket = trial
        .builder()
        .reconnection_delay(Duration::from_secs(3600))
        .reconnection_delay_max(Duration::from_secs(3600))
        .connect("/")
        .await
        .expect("connected");
    tell(server, json!(["cut"])).await;
    assert!(disconnected(&mut socket).await.1);
    socket.client().set_reconnection(None);
    within("the end", socket.client().closed()).await;
}

#[tokio::test]
async fn notices_tell_the_story_of_a_connection() {
    let server = &start(Release::Four, json!({}));
    let client = builder(&server.url(), Release::Four, Mode::Upgrade)
        .build()
        .expect("a client");
    let mut notices = client.notices();
    assert!(!client.is_connected());
    let mut socket = client.connect("/").await.expect("connected");
    let opened = noticed(&mut notices, |notice| match notice {
        Notice::Opened { transport } => Some(*transport),
        _ => None,
    });
    assert_eq!(opened.await, TransportKind::Polling);
    noticed(&mut notices, |notice| {
        matches!(notice, Notice::Upgraded).then_some(())
    })
    .await;
    tell(server, json!(["cut"])).await;
    noticed(&mut notices, |notice| {
        matches!(notice, Notice::Closed(_)).then_some(())
    })
    .await;
    let attempts = noticed(&mut notices, |notice| match notice {
        Notice::Reconnected { attempts } => Some(*attempts),
        _ => None,
    });
    assert!(attempts.await >= 1);
    connected(&mut socket).await;
    client.close().await;
    noticed(&mut notices, |notice| {
        matches!(notice, Notice::Stopped).then_some(())
    })
    .await;
    assert!(notices.next().await.is_none());
}

#[tokio::test]
async fn what_is_said_offline_waits_counts_once_or_is_refused() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::WebSocket,
    };
    let offline = async |policy: Offline| {
        let mut socket = trial
            .builder()
            .while_offline(policy)
            .connect("/")
            .await
            .expect("connected");
        tell(server, json!(["stop"])).await;
        disconnected(&mut socket).await;
        let outcomes = [1, 2, 3].map(|n| socket.emit("echo", n).is_ok());
        tell(server, json!(["start"])).await;
        connected(&mut socket).await;
        socket.emit("echo", 4).expect("emitted");
        let mut echoes = Vec::new();
        while echoes.last() != Some(&4) {
            match next(&mut socket).await {
                Item::Event(event) => echoes.push(event.data::<u8>().expect("a number")),
                Item::Undelivered(_) => {}
                other => panic!("{other:?}"),
            }
        }
        (outcomes, echoes)
    };
    assert_eq!(
        offline(Offline::Buffer).await,
        ([true; 3], vec![1, 2, 3, 4])
    );
    assert_eq!(offline(Offline::Latest).await, ([true; 3], vec![3, 4]));
    let (outcomes, echoes) = offline(Offline::Reject).await;
    assert_eq!((outcomes[2], echoes), (false, vec![4]));
}

#[tokio::test]
async fn a_full_buffer_refuses_more() {
    let server = &start(Release::Four, json!({}));
    let trial = Trial {
        server,
        mode: Mode::WebSocket,
    };
    let mut socket = trial
        .builder()
        .buffer_limit(10_000)
        .connect("/")
        .await
        .expect("connected");
    tell(server, json!(["stop"])).await;
    disconnected(&mut socket).await;
    let text = "x".repeat(1000);
    let taken = (0..100)
        .take_while(|_| socket.emit("echo", &text).is_ok())
        .count();
    assert!((5..=10).contains(&taken), "{taken}");
    assert!(matches!(socket.emit("echo", &text), Err(EmitError::Full)));
    assert!(socket.queued_bytes() > 5_000);
    tell(server, json!(["start"])).await;
    connected(&mut socket).await;
    for _ in 0..taken {
        assert_eq!(data::<String>(&mut socket, "echo").await, text);
    }
    until("room", async || socket.queued_bytes() == 0).await;
}

#[tokio::test]
async fn an_upgrade_is_remembered() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        if trial.mode != Mode::Upgrade {
            return;
        }
        for remember in [true, false] {
            let client = trial
                .builder()
                .remember_upgrade(remember)
                .build()
                .expect("a client");
            let mut notices = client.notices();
            let mut socket = client.connect("/").await.expect("connected");
            settled(&socket, trial.mode).await;
            tell(trial.server, json!(["cut"])).await;
            noticed(&mut notices, |notice| {
                matches!(notice, Notice::Closed(_)).then_some(())
            })
            .await;
            let again = noticed(&mut notices, |notice| match notice {
                Notice::Opened { transport } => Some(*transport),
                _ => None,
            });
            let expected = if remember {
                TransportKind::WebSocket
            } else {
                TransportKind::Polling
            };
            assert_eq!(again.await, expected);
            connected(&mut socket).await;
            client.close().await;
        }
    })
    .await;
}
