//! Slow readers, dropped handles, graceful ends, and a client at rest.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use socketio_tokio::client::{Client, DisconnectReason, Item, Overflow};
use socketio_tokio::{Data, Namespace, Server, Socket, TransportKind};
use support::{Log, online, until, within};

/// A server that floods who asks for it, logs what it hears, and who leaves.
fn namespace(path: &str, log: &Log) -> Namespace {
    let (heard, left) = (log.clone(), log.clone());
    Namespace::new(path)
        .on(
            "flood me",
            async |socket: Socket, Data(count): Data<u32>| {
                for n in 0..count {
                    socket.emit("drop", (n, "x".repeat(100)))?;
                }
                socket.emit("done", count)
            },
        )
        .on("say", move |Data(text): Data<String>| {
            heard.add(text);
            async {}
        })
        .on("echo", async |Data(text): Data<String>| text)
        .on_disconnect(move |socket: Socket| {
            left.add(format!("left {}", socket.namespace()));
            async {}
        })
}

async fn server(log: &Log) -> (Server, String) {
    let io = Server::builder()
        .namespace(namespace("/", log))
        .namespace(namespace("/fast", log))
        .build();
    let url = online(&io).await;
    (io, url)
}

#[tokio::test]
async fn a_slow_reader_misses_events_and_is_told_while_a_fast_one_misses_none() {
    let log = Log::default();
    let (_io, url) = server(&log).await;
    let client = Client::builder(&url).queue_limit(20_000).build().unwrap();
    let mut slow = within(client.connect("/")).await.unwrap();
    let mut fast = within(client.connect("/fast")).await.unwrap();
    slow.emit("flood me", 1000).unwrap();
    fast.emit("flood me", 50).unwrap();
    for n in 0..50 {
        let event = within(fast.next_event()).await.unwrap();
        assert_eq!(event.data::<(u32, String)>().unwrap().0, n);
    }
    // The call is answered behind the flood.
    let said: String = within(async { slow.call("echo", "hi").await })
        .await
        .unwrap();
    assert_eq!(said, "hi");
    let mut read = 0;
    let missed = loop {
        match within(slow.next()).await {
            Some(Item::Event(event)) => {
                assert_eq!(event.data::<(u32, String)>().unwrap().0, read);
                read += 1;
            }
            Some(Item::Lagged { missed }) => break missed,
            other => panic!("{other:?}"),
        }
    };
    assert!((50..200).contains(&read), "{read}");
    // `done` is missing, too.
    assert_eq!(missed, u64::from(1001 - read));
    slow.emit("flood me", 1).unwrap();
    let event = within(slow.next_event()).await.unwrap();
    assert_eq!(event.name(), "drop");
}

#[tokio::test]
async fn a_connection_may_wait_for_its_slowest_reader_instead() {
    let log = Log::default();
    let (_io, url) = server(&log).await;
    let builder = Client::builder(&url)
        .queue_limit(2000)
        .overflow(Overflow::Wait);
    let mut socket = within(builder.connect("/")).await.unwrap();
    socket.emit("flood me", 3000).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for n in 0..3000 {
        let event = within(socket.next_event()).await.unwrap();
        assert_eq!(event.data::<(u32, String)>().unwrap().0, n);
    }
    assert_eq!(within(socket.next_event()).await.unwrap().name(), "done");
}

/// A reader that is gone holds nobody up.
#[tokio::test]
async fn a_dropped_reader_does_not_hold_up_the_others() {
    let log = Log::default();
    let (_io, url) = server(&log).await;
    let builder = Client::builder(&url)
        .queue_limit(2000)
        .overflow(Overflow::Wait);
    let client = builder.build().unwrap();
    let slow = within(client.connect("/")).await.unwrap();
    let mut fast = within(client.connect("/fast")).await.unwrap();
    slow.emit("flood me", 3000).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(slow);
    fast.emit("flood me", 1).unwrap();
    assert_eq!(within(fast.next_event()).await.unwrap().name(), "drop");
}

#[tokio::test]
async fn the_last_handle_to_be_dropped_ends_the_connection_and_loses_nothing() {
    for transports in [
        vec![TransportKind::Polling],
        vec![TransportKind::WebSocket],
        vec![TransportKind::Polling, TransportKind::WebSocket],
    ] {
        let log = Log::default();
        let (io, url) = server(&log).await;
        let client = Client::builder(&url)
            .transports(transports)
            .build()
            .unwrap();
        let one = within(client.connect("/")).await.unwrap();
        let two = within(client.connect("/fast")).await.unwrap();
        drop(client);
        one.emit("say", "bye").unwrap();
        drop(one);
        assert_eq!(log.wait_for(2).await, ["bye", "left /"]);
        assert!(two.is_connected() && two.client().is_connected());
        for n in 0..500 {
            two.emit("say", n.to_string()).unwrap();
        }
        drop(two);
        let lines = log.wait_for(503).await;
        let said: Vec<_> = (0..500).map(|n| n.to_string()).collect();
        assert_eq!(lines[2..502], said);
        assert_eq!(lines[502], "left /fast");
        until(|| io.metrics().connections == 0).await;
    }
}

/// CS04, CM08: everything is delivered before it ends.
#[tokio::test]
async fn close_waits_until_everything_is_delivered() {
    let log = Log::default();
    let (_io, url) = server(&log).await;
    let mut socket = within(Client::builder(&url).connect("/")).await.unwrap();
    let client = socket.client().clone();
    let text = "x".repeat(10_000);
    for _ in 0..200 {
        socket.emit("say", &text).unwrap();
    }
    within(client.close()).await;
    assert_eq!(log.wait_for(201).await[200], "left /");
    let item = within(socket.next()).await;
    let Some(Item::Disconnected { reason, .. }) = item else {
        panic!("{item:?}")
    };
    assert_eq!(reason, DisconnectReason::ClientDisconnect);
    assert!(within(socket.next()).await.is_none());
    assert!(within(socket.next()).await.is_none());
    within(client.close()).await;
    assert!(socket.emit("say", 1).is_err());
}

#[tokio::test]
async fn halves_streams_and_namespaces_without_a_reader() {
    let log = Log::default();
    let (io, url) = server(&log).await;
    let client = Client::builder(&url).build().unwrap();
    let (sender, mut items) = within(client.connect("/")).await.unwrap().split();
    sender.emit("flood me", 2).unwrap();
    let names: Vec<_> = within(items.by_ref().take(3).collect::<Vec<_>>()).await;
    assert_eq!(names.len(), 3);
    drop(items);
    assert_eq!(log.wait_for(1).await, ["left /"]);
    until(|| sender.emit("say", 1).is_err()).await;

    let detached = within(client.connect("/")).await.unwrap().detach();
    drop(client);
    detached.emit("say", "still here").unwrap();
    assert_eq!(log.wait_for(2).await[1], "still here");

    let socket = within(Client::builder(&url).connect("/fast"))
        .await
        .unwrap();
    let running = tokio::spawn(socket.run());
    until(|| io.of("/fast").emit("x", ()).is_ok()).await;
    until(|| io.metrics().connections == 2).await;
    io.of("/fast").disconnect_sockets();
    let end = within(running).await.unwrap();
    let Some(Item::Disconnected { reason, .. }) = end else {
        panic!("{end:?}")
    };
    assert_eq!(reason, DisconnectReason::ServerDisconnect);
}

/// A handler may end the client that it serves, and goes on behind the end.
#[tokio::test]
async fn a_handler_may_close_its_client() {
    let (log, seen) = (Log::default(), Log::default());
    let (io, url) = server(&log).await;
    let own = Arc::new(std::sync::OnceLock::<Client>::new());
    let (its, told) = (Arc::clone(&own), seen.clone());
    let builder = Client::builder(&url).on("stop", move || {
        let (client, told) = (its.get().cloned(), told.clone());
        async move {
            client.unwrap().close().await;
            told.add("closed");
        }
    });
    let mut socket = within(builder.connect("/")).await.unwrap();
    assert!(own.set(socket.client().clone()).is_ok());
    io.of("/").emit("stop", ()).unwrap();
    while within(socket.next()).await.is_some() {}
    assert_eq!(seen.wait_for(1).await, ["closed"]);
    within(socket.client().closed()).await;
}

/// What waits when its socket is dropped is nothing that the next one has said.
#[tokio::test]
async fn a_dropped_socket_leaves_nothing_for_the_next_one() {
    let log = Log::default();
    let (_io, url) = server(&log).await;
    let line = support::line::Line::to(&url).await;
    line.down();
    let builder = Client::builder(&line.url).reconnection_delay(Duration::from_millis(1));
    let client = builder.build().unwrap();
    let first = client.open("/").unwrap();
    first.emit("say", "first").unwrap();
    drop(first);
    let second = client.open("/").unwrap();
    second.emit("say", "second").unwrap();
    line.up();
    assert_eq!(log.wait_for(1).await, ["second"]);
    within(client.close()).await;
    assert_eq!(log.wait_for(2).await, ["second", "left /"]);
}

/// The hooks of a namespace hear of its end, and whoever comes next does not.
#[tokio::test]
async fn a_namespace_that_is_taken_over_at_once_tells_each_owner_its_own_story() {
    let (log, hooks) = (Log::default(), Log::default());
    let (_io, url) = server(&log).await;
    let client = Client::builder(&url).build().unwrap();
    let its = hooks.clone();
    let first = client
        .namespace("/")
        .on_disconnect(move |reason: DisconnectReason| {
            its.add(reason.to_string());
            async {}
        });
    let first = within(first.connect()).await.unwrap();
    let id = first.id().unwrap();
    first.emit("say", "one").unwrap();
    drop(first);
    let mut second = client.open("/").unwrap();
    second.emit("say", "two").unwrap();
    match within(second.next()).await {
        Some(Item::Connected { id: its, .. }) => assert_ne!(its, id),
        other => panic!("{other:?}"),
    }
    assert_eq!(log.wait_for(3).await, ["one", "left /", "two"]);
    assert_eq!(hooks.wait_for(1).await, ["io client disconnect"]);
}

/// A client that has nothing to do is not woken, whatever its transport.
#[test]
fn a_client_at_rest_rests() {
    let served = Arc::new(std::sync::Mutex::new(None));
    let its = Arc::clone(&served);
    // The server has a thread of its own, so that what is counted is the client alone.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (_io, url) = server(&Log::default()).await;
            *its.lock().unwrap() = Some(url);
            std::future::pending::<()>().await;
        });
    });
    let url = loop {
        if let Some(url) = served.lock().unwrap().clone() {
            break url;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let parks = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&parks);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    for transport in [TransportKind::Polling, TransportKind::WebSocket] {
        runtime.block_on(async {
            let builder = Client::builder(&url).transports([transport]);
            let socket = within(builder.connect("/")).await.unwrap();
            let said: String = within(async { socket.call("echo", "hi").await })
                .await
                .unwrap();
            assert_eq!(said, "hi");
            tokio::time::sleep(Duration::from_millis(100)).await;
            let metrics = tokio::runtime::Handle::current().metrics();
            let (parked, busy) = (
                parks.load(Ordering::SeqCst),
                metrics.worker_total_busy_duration(0),
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
            let woken = parks.load(Ordering::SeqCst) - parked;
            let worked = metrics.worker_total_busy_duration(0) - busy;
            // The sleep itself is one; a loop that spins has thousands, or never parks.
            assert!(
                (1..20).contains(&woken),
                "{transport:?}: woken {woken} times"
            );
            assert!(
                worked < Duration::from_millis(500),
                "{transport:?}: worked {worked:?}"
            );
        });
    }
}
