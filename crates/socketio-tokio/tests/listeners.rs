//! What a socket registers for itself: where it stands behind its namespace, and how it goes away.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};

use socketio_tokio::{Data, DisconnectReason, HandlerError, Namespace, Server, Socket, State};
use support::{Client, serve};

type Log = Arc<Mutex<Vec<String>>>;

fn note(log: &Log, what: &str) {
    log.lock().unwrap().push(what.to_owned());
}

fn noted(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

fn echo() -> Namespace<Log> {
    Namespace::new("/").on("echo", async |Data(value): Data<serde_json::Value>| value)
}

async fn client_of(namespace: Namespace<Log>) -> (Client, Log) {
    let log = Log::default();
    let namespace = namespace.with_state(Arc::clone(&log));
    let io = Server::builder().namespace(namespace).build();
    let (client, _) = Client::join(serve(&io).await, "/").await;
    (client, log)
}

#[tokio::test]
async fn the_handlers_of_the_namespace_start_before_those_of_the_socket_and_answer() {
    let namespace = echo()
        .on_connect(async |socket: Socket, State(log): State<Log>| {
            let second = Arc::clone(&log);
            socket.on("who", move || {
                let log = Arc::clone(&log);
                async move {
                    note(&log, "socket");
                    "socket"
                }
            });
            socket.on("own", async || "first");
            socket.on("own", move || {
                let log = Arc::clone(&second);
                async move {
                    note(&log, "second");
                    "second"
                }
            });
        })
        .on("who", async |State(log): State<Log>| {
            note(&log, "namespace");
            "namespace"
        });
    let (mut client, log) = client_of(namespace).await;
    client.send(r#"421["who"]"#).await;
    assert_eq!(client.text().await, r#"431["namespace"]"#);
    client.send(r#"422["own"]"#).await;
    assert_eq!(client.text().await, r#"432["first"]"#);
    client.assert_alive().await;
    assert_eq!(noted(&log), ["namespace", "socket", "second"]);
}

#[tokio::test]
async fn a_failure_of_a_handler_that_does_not_answer_is_reported_too() {
    let reported = Log::default();
    let seen = Arc::clone(&reported);
    let namespace = echo()
        .on("work", async || "done")
        .on("work", async || Err::<(), _>("half done"))
        .on_error(move |_: &Socket, error: &HandlerError| note(&seen, &error.to_string()));
    let (mut client, _) = client_of(namespace).await;
    client.send(r#"421["work"]"#).await;
    assert_eq!(client.text().await, r#"431["done"]"#);
    client.assert_alive().await;
    let reported = noted(&reported);
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(reported[0].contains("half done"), "{reported:?}");
}

#[tokio::test]
async fn once_is_over_before_its_handler_runs() {
    let namespace = echo().on_connect(async |socket: Socket| {
        socket.once("x", async |socket: Socket| socket.listener_count("x"));
        socket.on("y", async || "always");
        let gone = socket.once("x", async || "never");
        assert!(socket.off(gone));
        assert!(!socket.off(gone));
    });
    let (mut client, _) = client_of(namespace).await;
    client.send(r#"421["x"]"#).await;
    assert_eq!(client.text().await, "431[0]");
    client.send(r#"422["x"]"#).await;
    client.send(r#"423["y"]"#).await;
    assert_eq!(client.text().await, r#"433["always"]"#);
}

#[tokio::test]
async fn off_all_takes_away_whatever_the_socket_has_registered() {
    let namespace = echo()
        .on_connect(async |socket: Socket, State(log): State<Log>| {
            let logs: [Log; 4] = std::array::from_fn(|_| Arc::clone(&log));
            let [any, out, middle, left] = logs;
            socket.on_any(move || {
                note(&any, "any");
                async {}
            });
            socket.on_any_outgoing(move |_, _| note(&out, "out"));
            socket.event_middleware(move || {
                note(&middle, "middleware");
                async {}
            });
            socket.on_disconnect(move || {
                note(&left, "left");
                async {}
            });
            socket.on("x", async || "x");
        })
        .on("emit", async |socket: Socket| socket.emit("news", ()))
        .on("off", async |socket: Socket| socket.off_all())
        .on_disconnect(async |State(log): State<Log>, reason: DisconnectReason| {
            note(&log, reason.as_str());
        });
    let (mut client, log) = client_of(namespace).await;
    client.send(r#"421["emit"]"#).await;
    assert_eq!(client.text().await, r#"42["news"]"#);
    assert_eq!(client.text().await, "431[]");
    assert_eq!(noted(&log), ["any", "middleware", "out"]);
    client.send(r#"422["off"]"#).await;
    assert_eq!(client.text().await, "432[]");
    noted(&log);
    client.send(r#"423["emit"]"#).await;
    assert_eq!(client.text().await, r#"42["news"]"#);
    assert_eq!(client.text().await, "433[]");
    client.send(r#"424["x"]"#).await;
    client.assert_alive().await;
    client.send("41").await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40"));
    assert_eq!(noted(&log), ["client namespace disconnect"]);
}

#[tokio::test]
async fn middleware_of_the_socket_comes_behind_that_of_its_namespace() {
    let namespace = echo()
        .event_middleware(async |State(log): State<Log>| note(&log, "namespace"))
        .on_connect(async |socket: Socket, State(log): State<Log>| {
            socket.event_middleware(move || {
                note(&log, "socket");
                async { Err::<(), _>("stopped") }
            });
        });
    let (mut client, log) = client_of(namespace).await;
    client.send(r#"421["echo",1]"#).await;
    assert_eq!(client.text().await, r#"431["stopped"]"#);
    assert_eq!(noted(&log), ["namespace", "socket"]);
}
