//! A client with handlers: the same ones as a server's.
#![cfg(all(feature = "client", feature = "macros", feature = "server"))]

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio_tokio::client::{Builder, Client, ConnectError, DisconnectReason, Item, Sender};
use socketio_tokio::{
    Ack, Args, Asked, Data, Event, EventError, EventName, Namespace, Server, Socket, Typed,
};
use support::line::Line;
use support::{Log, online, within};
use tokio::sync::Semaphore;

/// A server that emits and asks what it is told to, and logs the answers.
async fn server(log: &Log) -> (Server, Builder) {
    let log = log.clone();
    let namespace = Namespace::new("/")
        .on(
            "emit",
            async |socket: Socket, Data((name, data)): Data<(String, Value)>| {
                socket.emit(&name, data)
            },
        )
        .on(
            "ask",
            move |socket: Socket, Data((name, data)): Data<(String, Value)>| {
                let log = log.clone();
                async move {
                    let answer = socket.call::<Value>(&name, data);
                    let answer = answer.timeout(Duration::from_secs(60)).await;
                    log.add(match answer {
                        Ok(value) => value.to_string(),
                        Err(error) => error.to_string(),
                    });
                }
            },
        )
        .on("sync", async || ());
    let io = Server::builder().namespace(namespace).build();
    let url = online(&io).await;
    (io, Client::builder(&url))
}

/// What the server is answered when it asks this.
async fn asked(builder: Builder, log: &Log, name: &str, data: Value) -> String {
    let socket = within(builder.connect("/")).await.unwrap();
    socket.emit("ask", (name, data)).unwrap();
    log.wait_for(1).await.remove(0)
}

#[derive(Deserialize, Event, Serialize)]
#[event(name = "sum", ack = i64)]
struct Sum(i64, i64);

/// CS09, CS15
#[tokio::test]
async fn what_a_handler_returns_is_the_answer() {
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let builder = builder.on("double", async |Data(n): Data<i64>| n * 2);
    assert_eq!(asked(builder, &log, "double", json!(21)).await, "42");
}

#[tokio::test]
async fn typed_events_have_typed_answers() {
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let builder = builder.on_event(async |Typed(Sum(a, b)): Typed<Sum>| a + b);
    let socket = within(builder.connect("/")).await.unwrap();
    let mut sockets = _io.of("/").fetch_sockets().await.unwrap();
    let peer = sockets.pop().unwrap();
    let answer = within(async { peer.call::<i64>("sum", (2, 3)).await }).await;
    assert_eq!(answer.unwrap(), 5);
    drop(socket);
}

#[tokio::test]
async fn an_answer_may_come_later() {
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let builder = builder.on("later", async |ack: Ack<(u8, u8)>| {
        assert!(ack.is_expected());
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            ack.send((1, 2))
        });
    });
    assert_eq!(asked(builder, &log, "later", json!(0)).await, "1");
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let builder = builder.on_event(async |Asked(Sum(a, b), ack): Asked<Sum>| ack.send(a - b));
    let socket = within(builder.connect("/")).await.unwrap();
    let peer = _io.of("/").fetch_sockets().await.unwrap().pop().unwrap();
    let answer = within(async { peer.call::<i64>("sum", (2, 3)).await }).await;
    assert_eq!(answer.unwrap(), -1);
    drop(socket);
}

#[tokio::test]
async fn what_goes_wrong_is_told_to_the_server_and_to_on_error() {
    async fn broken() -> u8 {
        panic!("oh no")
    }
    for (name, data, answer, error) in [
        ("fails", json!(0), r#"{"error":"no luck"}"#, "failed"),
        ("broken", json!(0), r#"{"error":"internal error"}"#, "oh no"),
        ("typed", json!("text"), "error", "rejected"),
    ] {
        let (log, errors) = (Log::default(), Log::default());
        let (_io, builder) = server(&log).await;
        let its = errors.clone();
        let builder = builder
            .on("fails", async || Err::<(), _>(EventError::new("no luck")))
            .on("broken", broken)
            .on("typed", async |Data(_): Data<u64>| ())
            .on_error(move |sender, error| its.add(format!("{} {error}", sender.namespace())));
        let said = asked(builder, &log, name, data).await;
        assert!(said.contains(answer), "{said}");
        let told = errors.wait_for(1).await;
        assert!(
            told[0].starts_with("/ ") && told[0].contains(error),
            "{told:?}"
        );
    }
}

/// A panic costs one event, and the client lives on.
#[tokio::test]
async fn a_client_survives_its_handlers_and_its_reporters() {
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let its = log.clone();
    let socket = builder
        .on("broken", async || -> () { panic!("oh no") })
        .on_error(|_, _| panic!("and here, too"))
        .on("fine", move |Data(n): Data<u8>| {
            its.add(n.to_string());
            async {}
        });
    let socket = within(socket.connect("/")).await.unwrap();
    socket.emit("emit", ("broken", 0)).unwrap();
    socket.emit("emit", ("fine", 1)).unwrap();
    assert_eq!(log.wait_for(1).await, ["1"]);
}

/// CS10: those for any event come first; what has no handler of its own stays in the stream.
#[tokio::test]
async fn an_event_without_a_handler_is_an_item_and_one_with_a_handler_is_not() {
    let log = Log::default();
    let (_io, builder) = server(&log).await;
    let (any, own) = (log.clone(), log.clone());
    let builder = builder
        .on_any(move |name: EventName, args: Args| {
            any.add(format!("any {} {}", name.0, args.json()));
            async {}
        })
        .on("served", move |Data(n): Data<u8>| {
            own.add(format!("served {n}"));
            async {}
        });
    let mut socket = within(builder.connect("/")).await.unwrap();
    socket.emit("emit", ("served", 1)).unwrap();
    socket.emit("emit", ("read", 2)).unwrap();
    let event = within(socket.next_event()).await.unwrap();
    assert_eq!((event.name().as_ref(), event.data().unwrap()), ("read", 2));
    assert_eq!(
        log.wait_for(3).await,
        ["any served [1]", "served 1", "any read [2]"]
    );
}

/// CS11: also what is volatile, and calls.
#[tokio::test]
async fn a_catch_all_sees_what_goes_out() {
    let (log, seen) = (Log::default(), Log::default());
    let (_io, builder) = server(&log).await;
    let its = seen.clone();
    let builder = builder.on_any_outgoing(move |sender: &Sender, out| {
        its.add(format!("{} {}", sender.namespace(), out.args().json()));
    });
    let socket = within(builder.connect("/")).await.unwrap();
    socket.emit("a", 1).unwrap();
    socket.volatile().emit("b", 2).unwrap();
    socket.send("c").unwrap();
    within(async { socket.call::<()>("sync", ()).await })
        .await
        .unwrap();
    assert_eq!(
        seen.lines(),
        [
            r#"/ ["a",1]"#,
            r#"/ ["b",2]"#,
            r#"/ ["message","c"]"#,
            r#"/ ["sync"]"#
        ]
    );
}

/// CS12, CS13, CS14
#[tokio::test]
async fn hooks_follow_the_connection() {
    let (log, hooks) = (Log::default(), Log::default());
    let io = Server::builder()
        .namespace(Namespace::<()>::new("/"))
        .build();
    let line = Line::to(&online(&io).await).await;
    line.down();
    let (up, failed, down) = (hooks.clone(), hooks.clone(), hooks.clone());
    let client = Client::builder(&line.url)
        .reconnection_delay(Duration::from_millis(20))
        .on_connect(move |server: Sender| {
            up.add(format!("connected {}", server.is_connected()));
            async {}
        })
        .on_connect_error(move |error: ConnectError| {
            assert!(matches!(error, ConnectError::Unreachable(_)));
            failed.add("failed");
            async {}
        })
        .on_disconnect(move |reason: DisconnectReason| {
            down.add(reason.to_string());
            async {}
        });
    let socket = client.open("/").unwrap();
    hooks.wait_for(1).await;
    line.up();
    support::until(|| socket.is_connected()).await;
    support::until(|| {
        hooks
            .lines()
            .last()
            .is_some_and(|line| line == "connected true")
    })
    .await;
    socket.disconnect();
    support::until(|| {
        hooks
            .lines()
            .last()
            .is_some_and(|line| line == "io client disconnect")
    })
    .await;
    let lines = hooks.lines();
    assert_eq!(lines[0], "failed");
    assert!(
        lines
            .iter()
            .filter(|line| *line == "connected true")
            .count()
            == 1,
        "{lines:?}"
    );
    assert!(log.lines().is_empty());
}

/// Handlers start in order and make progress side by side; at the bound nothing more is started.
#[tokio::test]
async fn handlers_are_bounded_and_start_in_order() {
    let (log, started) = (Log::default(), Log::default());
    let (io, builder) = server(&log).await;
    let gate = Arc::new(Semaphore::new(0));
    let (its, door) = (started.clone(), Arc::clone(&gate));
    let builder = builder
        .max_in_flight(4)
        .on("work", move |Data(n): Data<u32>| {
            its.add(n.to_string());
            let door = Arc::clone(&door);
            async move { door.acquire().await.map(drop).is_ok() }
        });
    let _socket = within(builder.connect("/")).await.unwrap();
    for n in 0..100 {
        io.of("/").emit("work", n).unwrap();
    }
    started.wait_for(4).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(started.lines(), ["0", "1", "2", "3"]);
    gate.add_permits(1000);
    let expected: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(started.wait_for(100).await, expected);
}

/// CF06: a namespace with handlers of its own, beside those of the client.
#[tokio::test]
async fn a_namespace_has_the_handlers_of_the_client_or_its_own() {
    let log = Log::default();
    let io = Server::builder()
        .namespace(Namespace::<()>::new("/"))
        .namespace(Namespace::<()>::new("/b"))
        .namespace(Namespace::<()>::new("/c"))
        .build();
    let url = online(&io).await;
    let (its, own) = (log.clone(), log.clone());
    let client = Client::builder(&url).on("x", move |server: Sender| {
        its.add(format!("client {}", server.namespace()));
        async {}
    });
    let client = client.build().unwrap();
    let _a = within(client.connect("/")).await.unwrap();
    let _b = within(client.connect("/b")).await.unwrap();
    let c = client.namespace("/c").on("y", move || {
        own.add("own");
        async {}
    });
    let mut c = within(c.connect()).await.unwrap();
    for (path, lines) in [("/", 1), ("/b", 2)] {
        io.of(path).emit("x", ()).unwrap();
        log.wait_for(lines).await;
    }
    io.of("/c").emit("x", ()).unwrap();
    io.of("/c").emit("y", ()).unwrap();
    assert_eq!(log.wait_for(3).await, ["client /", "client /b", "own"]);
    let item = within(c.next()).await;
    assert!(
        matches!(&item, Some(Item::Event(event)) if event.name() == "x"),
        "{item:?}"
    );
}
