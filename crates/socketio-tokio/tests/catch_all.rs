//! Catch-alls: every event, before everything else, in both directions.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use socketio_tokio::{
    Args, Data, EventName, HandlerError, Namespace, Outgoing, Server, Socket, State,
};
use support::{Client, Received, serve};

type Log = Arc<Mutex<Vec<String>>>;

fn note(log: &Log, what: impl Into<String>) {
    log.lock().unwrap().push(what.into());
}

#[tokio::test]
async fn what_comes_in_is_seen_with_its_arguments_before_anybody_decides() {
    let log = Log::default();
    let namespace = Namespace::new("/")
        .on_any(
            async |EventName(name): EventName, args: Args, State(log): State<Log>| {
                note(&log, format!("{name} {}", args.json()));
            },
        )
        .event_middleware(async |State(log): State<Log>| {
            note(&log, "middleware");
            Err::<(), _>("blocked")
        })
        .on("x", async |State(log): State<Log>| note(&log, "handler"))
        .with_state(Arc::clone(&log));
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"421["x",1,{"a":2}]"#).await;
    assert_eq!(client.text().await, r#"431["blocked"]"#);
    assert_eq!(*log.lock().unwrap(), [r#"x [1,{"a":2}]"#, "middleware"]);
}

#[tokio::test]
async fn a_catch_all_does_not_answer_and_its_failure_stops_nothing() {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let namespace = Namespace::<()>::new("/")
        .on_any(async || Err::<(), _>("tired"))
        .on_any(async |Data(_): Data<u8>| "not the answer")
        .on("x", async || "the answer")
        .on_error(move |_: &Socket, error: &HandlerError| note(&seen, error.to_string()));
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"421["x","no number"]"#).await;
    assert_eq!(client.text().await, r#"431["the answer"]"#);
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2, "{log:?}");
}

#[tokio::test]
async fn what_goes_out_is_seen_once_per_recipient_acknowledgements_excepted() {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let namespace = Namespace::<()>::new("/")
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on_any_outgoing(move |_: &Socket, event: &Outgoing| {
            let attachments = event.args().attachments().len();
            note(
                &seen,
                format!("{} {attachments} {}", event.name(), event.args().json()),
            );
        });
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    let (mut ada, id) = Client::join(address, "/").await;
    let (mut bob, _) = Client::join(address, "/").await;
    io.emit("all", (1, "two")).unwrap();
    io.to(id.as_str())
        .emit("bytes", Bytes::from_static(b"x"))
        .unwrap();
    assert_eq!(ada.text().await, r#"42["all",1,"two"]"#);
    assert!(ada.text().await.starts_with("451-"));
    assert_eq!(ada.receive().await, Received::Binary(b"x".to_vec()));
    assert_eq!(bob.text().await, r#"42["all",1,"two"]"#);
    let asked = io.to(id.as_str()).call::<u8>("ask", ());
    let asked = tokio::spawn(async move { asked.await.unwrap().answers });
    assert_eq!(ada.text().await, r#"420["ask"]"#);
    ada.send("430[7]").await;
    assert_eq!(asked.await.unwrap(), [7]);
    ada.assert_alive().await;
    let expected = [
        r#"all 0 ["all",1,"two"]"#,
        r#"all 0 ["all",1,"two"]"#,
        r#"bytes 1 ["bytes",{"_placeholder":true,"num":0}]"#,
        r#"ask 0 ["ask"]"#,
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_volatile_event_is_seen_even_if_it_is_dropped() {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let namespace =
        Namespace::<()>::new("/").on_any_outgoing(move |_: &Socket, event: &Outgoing| {
            note(&seen, event.name());
        });
    let io = Server::builder()
        .namespace(namespace)
        .max_buffer_size(1_000_000)
        .build();
    let (mut client, id) = Client::join(serve(&io).await, "/").await;
    let socket = io.of("/").sockets().remove(0);
    // The client does not read, so this fills whatever lies between.
    let filler = "x".repeat(500_000);
    let (mut filled, mut refused) = (0, 0);
    while refused < 5 {
        if socket.emit("filler", &filler).is_ok() {
            (filled, refused) = (filled + 1, 0);
        } else {
            refused += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    log.lock().unwrap().clear();
    io.to(id.as_str()).volatile().emit("lost", ()).unwrap();
    socket.volatile().emit("lost", ()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["lost", "lost"]);
    for _ in 0..filled {
        assert!(client.text().await.starts_with(r#"42["filler""#));
    }
    socket.drained().await;
    socket.volatile().emit("heard", ()).unwrap();
    assert_eq!(client.text().await, r#"42["heard"]"#);
}
