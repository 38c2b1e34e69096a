//! What a client loses, what comes back, and what becomes of what was emitted meanwhile.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use socketio_tokio::client::{
    Builder, Client, DisconnectReason, Item, Notice, Offline, Reconnection, Socket,
};
use socketio_tokio::{
    CallError, ConnectionStateRecovery, Data, EmitError, Namespace, Server, Socket as Peer,
};
use support::line::Line;
use support::{Log, online, within};

/// Logs what it is told, puts out who asks for it, and never answers `silent`.
fn namespace(log: &Log) -> Namespace {
    let log = log.clone();
    Namespace::new("/")
        .on("say", move |Data(text): Data<String>| {
            let log = log.clone();
            async move { log.add(text) }
        })
        .on("put me out", async |socket: Peer| socket.disconnect())
        .on("silent", async |_ack: socketio_tokio::Ack<()>| {})
        .on("echo", async |Data(value): Data<Value>| value)
}

async fn line(log: &Log) -> Line {
    let io = Server::builder().namespace(namespace(log)).build();
    Line::to(&online(&io).await).await
}

/// A client that does not wait long.
fn quick(line: &Line) -> Builder {
    Client::builder(&line.url)
        .reconnection_delay(Duration::from_millis(1))
        .reconnection_delay_max(Duration::from_millis(5))
}

/// The next item that is not another attempt that failed.
async fn next(socket: &mut Socket) -> Option<Item> {
    within(async {
        loop {
            match socket.next().await {
                Some(Item::ConnectFailed(_)) => {}
                item => return item,
            }
        }
    })
    .await
}

async fn lost(socket: &mut Socket) {
    let item = next(socket).await;
    let Some(Item::Disconnected {
        reason,
        retry_after,
    }) = item
    else {
        panic!("{item:?}")
    };
    assert!(
        reason.is_retried() && retry_after.is_some(),
        "{reason:?} {retry_after:?}"
    );
}

async fn back(socket: &mut Socket) {
    let item = next(socket).await;
    assert!(matches!(item, Some(Item::Connected { .. })), "{item:?}");
}

/// CO01, CS05, CS12, CS14: the namespace comes back, and what was emitted meanwhile arrives in order.
#[tokio::test]
async fn what_is_emitted_during_an_outage_arrives_behind_it_in_order() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).connect("/")).await.unwrap();
    socket.emit("say", "before").unwrap();
    log.wait_for(1).await;
    line.down();
    lost(&mut socket).await;
    assert!(!socket.is_connected() && socket.id().is_none() && socket.is_active());
    for text in ["one", "two"] {
        socket.emit("say", text).unwrap();
        // CS07: what is volatile is not kept.
        socket.volatile().emit("say", "volatile").unwrap();
    }
    line.up();
    back(&mut socket).await;
    socket.emit("say", "three").unwrap();
    assert_eq!(log.wait_for(4).await, ["before", "one", "two", "three"]);
}

#[tokio::test]
async fn emits_may_be_refused_while_offline() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).while_offline(Offline::Reject).connect("/"))
        .await
        .unwrap();
    line.down();
    lost(&mut socket).await;
    assert!(matches!(
        socket.emit("say", "lost"),
        Err(EmitError::NotConnected)
    ));
    let call = async { socket.call::<Value>("echo", 1).await };
    assert!(matches!(
        within(call).await,
        Err(CallError::Emit(EmitError::NotConnected))
    ));
    line.up();
    back(&mut socket).await;
    socket.emit("say", "here").unwrap();
    assert_eq!(log.wait_for(1).await, ["here"]);
}

#[tokio::test]
async fn only_the_latest_may_be_kept_while_offline() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).while_offline(Offline::Latest).connect("/"))
        .await
        .unwrap();
    line.down();
    lost(&mut socket).await;
    for text in ["one", "two", "three"] {
        socket.emit("say", text).unwrap();
    }
    for text in ["one", "two"] {
        let item = next(&mut socket).await;
        let Some(Item::Undelivered(emit)) = item else {
            panic!("{item:?}")
        };
        assert_eq!(emit.args().event_data::<String>().unwrap(), text);
        assert!(matches!(emit.error(), CallError::Superseded));
    }
    line.up();
    back(&mut socket).await;
    assert_eq!(log.wait_for(1).await, ["three"]);
}

#[tokio::test]
async fn what_waits_has_a_bound() {
    let log = Log::default();
    let line = line(&log).await;
    line.down();
    let mut socket = quick(&line).buffer_limit(10_000).open("/").unwrap();
    let text = "x".repeat(1000);
    let mut taken = 0;
    while socket.emit("say", &text).is_ok() {
        taken += 1;
        assert!(taken < 20);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(taken >= 8, "{taken}");
    assert!(matches!(socket.emit("say", &text), Err(EmitError::Full)));
    assert!(socket.volatile().emit("say", &text).is_ok());
    assert!(socket.queued_bytes() > 8000 && socket.queued_bytes() <= 10_000);
    line.up();
    back(&mut socket).await;
    within(socket.drained()).await;
    assert_eq!(log.wait_for(taken).await.len(), taken);
    socket.emit("say", "room again").unwrap();
    assert_eq!(log.wait_for(taken + 1).await[taken], "room again");
}

/// CO02, CM06: after so many attempts the client ends, and everybody is told.
#[tokio::test]
async fn a_client_may_give_up() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).reconnection_attempts(2).connect("/"))
        .await
        .unwrap();
    let client = socket.client().clone();
    let mut notices = client.notices();
    let call = socket.call::<Value>("silent", ());
    let call = tokio::spawn(async move { call.await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    line.down();
    lost(&mut socket).await;
    let waiting = socket.call::<Value>("echo", 1);
    let waiting = tokio::spawn(async move { waiting.await });
    assert!(matches!(
        within(call).await.unwrap(),
        Err(CallError::Disconnected)
    ));
    while let Some(item) = within(socket.next()).await {
        assert!(matches!(item, Item::ConnectFailed(_)), "{item:?}");
    }
    assert!(matches!(
        within(waiting).await.unwrap(),
        Err(CallError::Disconnected)
    ));
    within(client.closed()).await;
    assert!(matches!(
        socket.emit("say", 1),
        Err(EmitError::NotConnected)
    ));
    let mut seen = Vec::new();
    while let Some(notice) = within(notices.next()).await {
        seen.push(match notice {
            Notice::Closed(_) => "closed".to_owned(),
            Notice::Reconnecting { attempt, .. } => format!("attempt {attempt}"),
            Notice::ConnectFailed(_) => "failed".to_owned(),
            Notice::GaveUp => "gave up".to_owned(),
            Notice::Upgraded => continue,
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(
        seen,
        [
            "closed",
            "attempt 1",
            "failed",
            "attempt 2",
            "failed",
            "gave up"
        ]
    );
}

/// CO01: a client that is not to come back ends with its connection.
#[tokio::test]
async fn a_client_may_not_come_back_at_all() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).reconnection(false).connect("/"))
        .await
        .unwrap();
    line.cut();
    let item = next(&mut socket).await;
    let is_the_end = matches!(
        item,
        Some(Item::Disconnected {
            retry_after: None,
            ..
        })
    );
    assert!(is_the_end, "{item:?}");
    assert!(next(&mut socket).await.is_none());
}

/// CM01: changed while it waits.
#[tokio::test]
async fn reconnection_can_be_changed_at_run_time() {
    let log = Log::default();
    let line = line(&log).await;
    let socket = Client::builder(&line.url).reconnection_delay(Duration::from_secs(3600));
    let mut socket = within(socket.connect("/")).await.unwrap();
    let client = socket.client().clone();
    assert_eq!(
        client.reconnection().unwrap().delay,
        Duration::from_secs(3600)
    );
    let mut short = Reconnection::default();
    short.delay = Duration::from_millis(1);
    client.set_reconnection(Some(short));
    line.cut();
    lost(&mut socket).await;
    back(&mut socket).await;

    let mut long = Reconnection::default();
    long.delay = Duration::from_secs(3600);
    long.delay_max = long.delay;
    client.set_reconnection(Some(long));
    // Nothing else says when that has reached the client's task.
    let _: Value = within(async { socket.call("echo", 1).await })
        .await
        .unwrap();
    line.cut();
    lost(&mut socket).await;
    client.set_reconnection(None);
    assert!(next(&mut socket).await.is_none());
    assert!(client.reconnection().is_none());
}

/// CS04, CS14: who was put out comes back only when told to.
#[tokio::test]
async fn who_was_put_out_stays_out_until_told_otherwise() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).connect("/")).await.unwrap();
    socket.emit("put me out", ()).unwrap();
    let item = next(&mut socket).await;
    let Some(Item::Disconnected {
        reason,
        retry_after: None,
    }) = item
    else {
        panic!("{item:?}")
    };
    assert_eq!(reason, DisconnectReason::ServerDisconnect);
    assert_eq!(reason.to_string(), "io server disconnect");
    assert!(!socket.is_active());
    assert!(matches!(
        socket.emit("say", 1),
        Err(EmitError::NotConnected)
    ));
    socket.connect();
    back(&mut socket).await;
    socket.emit("say", "back").unwrap();
    assert_eq!(log.wait_for(1).await, ["back"]);
}

/// CS03, CS04, CM08: leaving and coming back by hand.
#[tokio::test]
async fn a_namespace_can_be_left_and_joined_by_hand() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).connect("/")).await.unwrap();
    let client = socket.client().clone();
    socket.emit("say", "bye").unwrap();
    socket.disconnect();
    assert!(!socket.is_active());
    let item = next(&mut socket).await;
    let Some(Item::Disconnected {
        reason,
        retry_after: None,
    }) = item
    else {
        panic!("{item:?}")
    };
    assert_eq!(reason.as_str(), "io client disconnect");
    // What was emitted before was delivered; nobody needs the connection any more.
    assert_eq!(log.wait_for(1).await, ["bye"]);
    support::until(|| !client.is_connected()).await;
    socket.connect();
    back(&mut socket).await;
    assert!(client.is_connected());
}

/// CS06, CS07: calls end.
#[tokio::test]
async fn a_call_ends_by_its_time_by_the_end_of_the_connection_or_by_its_answer() {
    let log = Log::default();
    let line = line(&log).await;
    let mut socket = within(quick(&line).connect("/")).await.unwrap();
    let short = Duration::from_millis(20);
    let call = async { socket.call::<Value>("silent", ()).timeout(short).await };
    let error = within(call).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut));
    assert_eq!(error.to_string(), "operation has timed out");

    let call = async { socket.call::<String>("echo", 1).await };
    assert!(matches!(within(call).await, Err(CallError::Answer(_))));

    let call = socket.call::<Value>("silent", ());
    let call = tokio::spawn(async move { call.await });
    let _: Value = within(async { socket.call("echo", 1).await })
        .await
        .unwrap();
    line.cut();
    assert!(matches!(
        within(call).await.unwrap(),
        Err(CallError::Disconnected)
    ));

    // Who waits while offline is answered behind the outage.
    lost(&mut socket).await;
    let echoed: Value = within(async { socket.call("echo", json!({"a": 1})).await })
        .await
        .unwrap();
    assert_eq!(echoed, json!({"a": 1}));
}

/// CO11
#[tokio::test]
async fn calls_have_the_timeout_of_the_client_unless_they_say_otherwise() {
    let log = Log::default();
    let line = line(&log).await;
    let builder = quick(&line).ack_timeout(Duration::from_millis(20));
    let socket = within(builder.connect("/")).await.unwrap();
    let call = async { socket.call::<Value>("silent", ()).await };
    assert!(matches!(within(call).await, Err(CallError::TimedOut)));
}

/// More than enough that those nobody waits for are looked for.
#[tokio::test]
async fn calls_that_were_dropped_do_no_harm() {
    let log = Log::default();
    let line = line(&log).await;
    let socket = within(quick(&line).connect("/")).await.unwrap();
    for n in 0..300 {
        let call = socket.call::<Value>(if n % 2 == 0 { "silent" } else { "echo" }, n);
        let polled = tokio::time::timeout(Duration::ZERO, call.into_future()).await;
        drop(polled);
    }
    let echoed: u32 = within(async { socket.call("echo", 7).await })
        .await
        .unwrap();
    assert_eq!(echoed, 7);
}

/// CO10: at least once, in order; what nobody answers is told in the end.
#[tokio::test]
async fn with_retries_an_event_is_sent_until_it_is_answered() {
    let (log, tries) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let its = log.clone();
    let io = Server::builder()
        .namespace(namespace(&log).on(
            "hard of hearing",
            move |Data(text): Data<String>, ack: socketio_tokio::Ack<()>| {
                let n = tries.fetch_add(1, Ordering::SeqCst);
                its.add(format!("{text} {n}"));
                async move {
                    if n >= 2 {
                        ack.send(())?;
                    }
                    Ok::<_, EmitError>(())
                }
            },
        ))
        .build();
    let builder = Client::builder(&online(&io).await).retries(3, Duration::from_millis(50));
    let mut socket = within(builder.connect("/")).await.unwrap();
    socket.emit("hard of hearing", "a").unwrap();
    socket.emit("say", "b").unwrap();
    assert_eq!(log.wait_for(4).await, ["a 0", "a 1", "a 2", "b"]);
    socket.emit("silent", 1).unwrap();
    socket.emit("say", "c").unwrap();
    let item = next(&mut socket).await;
    let Some(Item::Undelivered(emit)) = item else {
        panic!("{item:?}")
    };
    assert_eq!(emit.name(), "silent");
    assert!(matches!(emit.error(), CallError::TimedOut));
    assert_eq!(log.wait_for(5).await[4], "c");
    // A call is answered as ever.
    let echoed: u32 = within(async { socket.call("echo", 7).await })
        .await
        .unwrap();
    assert_eq!(echoed, 7);
}

/// CS01, CS02: a server that recovers connections is told where this one left off.
#[tokio::test]
async fn a_recovered_connection_keeps_its_id_and_misses_nothing() {
    let log = Log::default();
    let io = Server::builder()
        .namespace(namespace(&log))
        .connection_state_recovery(ConnectionStateRecovery::default())
        .build();
    let line = Line::to(&online(&io).await).await;
    let mut socket = within(quick(&line).connect("/")).await.unwrap();
    assert!(!socket.is_recovered());
    let id = socket.id().unwrap();
    io.of("/").emit("news", 1).unwrap();
    let event = within(socket.next_event()).await.unwrap();
    assert_eq!(event.data::<(u32, String)>().unwrap().0, 1);
    line.down();
    lost(&mut socket).await;
    support::until(|| io.of("/").to(id.as_str()).emit("news", 2).is_ok()).await;
    line.up();
    let mut missed = Vec::new();
    loop {
        match next(&mut socket).await {
            Some(Item::Connected {
                id: again,
                recovered,
            }) => {
                assert!(recovered && again == id);
                break;
            }
            Some(Item::Event(event)) => missed.push(event.data::<(u32, String)>().unwrap().0),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(missed, [2]);
    assert!(socket.is_recovered() && socket.id() == Some(id));
}
