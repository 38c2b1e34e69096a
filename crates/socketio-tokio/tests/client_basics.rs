//! A client and a server over loopback: connect, emit, call, stream.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use socketio_tokio::client::Client;
use socketio_tokio::{Data, Namespace, Server, Socket};
use support::{online, within};

fn chat() -> Namespace {
    Namespace::new("/")
        .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b)
        .on("say", async |socket: Socket, Data(text): Data<String>| {
            socket.emit("said", text)
        })
        .on("ask me", async |socket: Socket| {
            let name: String = socket.call("your name?", 1).await?;
            socket.emit("hello", name)?;
            Ok::<_, socketio_tokio::EventError>(())
        })
}

#[tokio::test]
async fn a_client_emits_calls_and_reads() {
    let url = online(&Server::builder().namespace(chat()).build()).await;
    let mut socket = within(Client::builder(&url).connect("/")).await.unwrap();
    assert!(socket.is_connected() && socket.id().is_some());
    let sum: i64 = within(async { socket.call("add", (2, 3)).await })
        .await
        .unwrap();
    assert_eq!(sum, 5);
    socket.emit("say", "hi").unwrap();
    let event = within(socket.next_event()).await.unwrap();
    assert_eq!(
        (event.name().as_ref(), event.data().unwrap()),
        ("said", "hi".to_owned())
    );
    socket.emit("ask me", ()).unwrap();
    let event = within(socket.next_event()).await.unwrap();
    assert!(event.wants_reply() && event.name() == "your name?");
    event.reply("ada").unwrap();
    let event = within(socket.next_event()).await.unwrap();
    assert_eq!(event.data::<String>().unwrap(), "ada");
}
