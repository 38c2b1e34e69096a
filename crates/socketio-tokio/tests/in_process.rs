//! Applications tested without a network, and without waiting.
#![cfg(feature = "test")]

use std::time::Duration;

use bytes::Bytes;
use socketio_tokio::test::{Client, Item};
use socketio_tokio::{
    Auth, CallError, ConnectError, ConnectionStateRecovery, Data, Namespace, Server, Socket,
};
use tokio::time::Instant;

fn rooms() -> Namespace {
    Namespace::new("/")
        .on_connect(async |socket: Socket| socket.emit("welcome", socket.id().as_str().len()))
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on(
            "say",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room).emit("said", text)
            },
        )
        .on("bytes", async |Data(bytes): Data<Bytes>| bytes)
        .on("silent", async |ack: socketio_tokio::Ack<()>| {
            std::mem::forget(ack)
        })
}

#[tokio::test(start_paused = true)]
async fn clients_talk_to_each_other_through_the_application() {
    let io = Server::builder().namespace(rooms()).build();
    let mut ada = Client::connect(&io, "/").await.unwrap();
    let mut bob = Client::connect(&io, "/").await.unwrap();
    assert!(ada.expect::<usize>("welcome").await > 0);
    assert!(bob.expect::<usize>("welcome").await > 0);
    ada.call::<()>("join", "lobby").await.unwrap();
    bob.emit("say", ("lobby", "hello")).unwrap();
    assert_eq!(ada.expect::<String>("said").await, "hello");
    let bytes = Bytes::from_static(b"\x00\xff");
    assert_eq!(bob.call::<Bytes>("bytes", &bytes).await.unwrap(), bytes);
}

#[tokio::test(start_paused = true)]
async fn a_client_answers_the_server() {
    let io = Server::builder().namespace(rooms()).build();
    let mut ada = Client::connect(&io, "/").await.unwrap();
    ada.expect::<usize>("welcome").await;
    let socket = io.of("/").sockets().remove(0);
    let asked = tokio::spawn(async move { socket.call::<i64>("add", (1, 2)).await });
    let question = ada.next_event().await.unwrap();
    assert!(question.wants_reply());
    let (a, b): (i64, i64) = question.data().unwrap();
    question.reply(a + b).unwrap();
    assert_eq!(asked.await.unwrap().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn middleware_refuses_with_its_reason() {
    #[derive(serde::Deserialize)]
    struct Key {
        key: Option<u8>,
    }
    let namespace = Namespace::new("/").middleware(async |Auth(key): Auth<Key>| match key.key {
        Some(_) => Ok(()),
        None => Err(ConnectError::new("no key")),
    });
    let io = Server::builder().namespace(namespace).build();
    assert_eq!(
        Client::connect(&io, "/").await.unwrap_err().message,
        "no key"
    );
    let auth = serde_json::json!({ "key": 1 });
    Client::connect_with(&io, "/", &auth).await.unwrap();
    let nowhere = Client::connect(&io, "/nowhere").await.unwrap_err();
    assert_eq!(nowhere.message, "Invalid namespace");
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_recovered() {
    let recovery = ConnectionStateRecovery::default();
    let builder = Server::builder().connection_state_recovery(recovery);
    let io = builder.build();
    let mut ada = Client::connect(&io, "/").await.unwrap();
    io.emit("n", 1).unwrap();
    assert_eq!(ada.expect::<u32>("n").await, 1);
    ada.cut();
    io.emit("n", 2).unwrap();
    assert!(matches!(ada.next().await, Some(Item::Disconnected(_))));
    assert_eq!(ada.expect::<u32>("n").await, 2);
    let back = ada.next().await;
    assert!(
        matches!(
            back,
            Some(Item::Connected {
                recovered: true,
                ..
            })
        ),
        "{back:?}"
    );
}

/// Heartbeats are hours of real time away from the test's patience, and no time at all from its
/// clock.
#[tokio::test(start_paused = true)]
async fn a_silent_network_is_noticed_by_both_sides() {
    let io = Server::builder().build();
    let started = Instant::now();
    let mut ada = Client::connect(&io, "/").await.unwrap();
    ada.freeze();
    let lost = ada.next().await;
    assert!(matches!(lost, Some(Item::Disconnected(reason)) if reason.as_str() == "ping timeout"));
    assert!(started.elapsed() >= Duration::from_secs(45));
    let back = ada.next().await;
    assert!(
        matches!(
            back,
            Some(Item::Connected {
                recovered: false,
                ..
            })
        ),
        "{back:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_answers_times_out() {
    let io = Server::builder().namespace(rooms()).build();
    let ada = Client::connect(&io, "/").await.unwrap();
    let silence = ada.call::<()>("silent", ()).await;
    assert!(matches!(silence, Err(CallError::TimedOut)), "{silence:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_dropped_has_left() {
    let io = Server::builder().namespace(rooms()).build();
    let ada = Client::connect(&io, "/").await.unwrap();
    let mut bob = Client::connect(&io, "/").await.unwrap();
    drop(ada);
    bob.disconnect();
    assert!(matches!(bob.next_event().await, Some(event) if event.name() == "welcome"));
    while !io.of("/").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    io.close().await;
    let refused = Client::connect(&io, "/");
    let refused = tokio::time::timeout(Duration::from_secs(600), refused).await;
    assert!(refused.is_err() || refused.unwrap().is_err());
}
