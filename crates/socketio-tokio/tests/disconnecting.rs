//! The end of a socket: its reason, its rooms, and who is told once.
#![cfg(feature = "server")]

mod support;

use std::time::Duration;

use socketio_tokio::{
    DisconnectReason, EmitError, HandlerError, Namespace, Room, Server, Socket, State,
};
use support::{Client, Received, serve};
use tokio::sync::mpsc;

type Told = mpsc::UnboundedSender<String>;

fn rooms(socket: &Socket) -> String {
    let mut rooms: Vec<_> = socket
        .rooms()
        .into_iter()
        .filter(|room| *room != Room::from(socket.id()))
        .map(|room| room.to_string())
        .collect();
    rooms.sort();
    rooms.join("+")
}

fn namespace(path: &str, told: &Told) -> Namespace {
    Namespace::new(path)
        .on_connect(async |socket: Socket| {
            socket.join("red");
            socket.join("blue");
        })
        .on_disconnecting(
            async |socket: Socket, reason: DisconnectReason, State(told): State<Told>| {
                let rooms = rooms(&socket);
                told.send(format!(
                    "disconnecting {} {reason} {rooms}",
                    socket.namespace()
                ))
                .unwrap();
            },
        )
        .on_disconnect(
            async |socket: Socket, reason: DisconnectReason, State(told): State<Told>| {
                let rooms = rooms(&socket);
                told.send(format!(
                    "disconnect {} {reason} {rooms}",
                    socket.namespace()
                ))
                .unwrap();
            },
        )
        .with_state(told.clone())
}

async fn scene() -> (Server, Client, mpsc::UnboundedReceiver<String>) {
    let (told, hear) = mpsc::unbounded_channel();
    let io = Server::builder()
        .ping_interval(Duration::from_millis(100))
        .ping_timeout(Duration::from_secs(600))
        .namespace(namespace("/", &told))
        .namespace(namespace("/other", &told))
        .build();
    let (client, _) = Client::join(serve(&io).await, "/").await;
    (io, client, hear)
}

async fn parting(hear: &mut mpsc::UnboundedReceiver<String>, namespace: &str, reason: &str) {
    let expected = [
        format!("disconnecting {namespace} {reason} blue+red"),
        format!("disconnect {namespace} {reason} "),
    ];
    for line in expected {
        assert_eq!(hear.recv().await.unwrap(), line);
    }
}

#[tokio::test]
async fn rooms_are_known_until_the_goodbye_is_over() {
    let (io, mut client, mut hear) = scene().await;
    client.send("41").await;
    parting(&mut hear, "/", "client namespace disconnect").await;
    assert!(io.to("red").sockets().is_empty());
    // The connection goes on, and the client may come back as somebody else.
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    io.of("/").disconnect_sockets();
    parting(&mut hear, "/", "server namespace disconnect").await;
    drop(client);
    io.close().await;
    assert_eq!(hear.try_recv().ok(), None);
}

#[tokio::test]
async fn a_connection_that_ends_ends_every_namespace_once() {
    let (io, mut client, mut hear) = scene().await;
    client.send("40/other,").await;
    assert!(client.text().await.starts_with("40/other,"));
    drop(client);
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(hear.recv().await.unwrap());
    }
    lines.sort();
    assert_eq!(
        lines,
        [
            "disconnect / transport close ",
            "disconnect /other transport close ",
            "disconnecting / transport close blue+red",
            "disconnecting /other transport close blue+red",
        ]
    );
    io.close().await;
    assert_eq!(hear.try_recv().ok(), None);
}

#[tokio::test]
async fn whoever_is_put_out_for_good_leaves_in_order() {
    let (io, mut client, mut hear) = scene().await;
    client.send("40/other,").await;
    assert!(client.text().await.starts_with("40/other,"));
    let socket = io.of("/other").sockets().remove(0);
    socket.emit("last", ()).unwrap();
    socket.close();
    assert_eq!(client.text().await, r#"42/other,["last"]"#);
    let mut packets = [client.text().await, client.text().await];
    packets.sort();
    assert_eq!(packets, ["41", "41/other,"]);
    assert_eq!(client.receive().await, Received::Closed);
    for _ in 0..4 {
        let line = hear.recv().await.unwrap();
        assert!(line.contains("server namespace disconnect"), "{line}");
    }
}

#[tokio::test]
async fn a_socket_that_is_gone_reaches_nobody() {
    let (io, mut client, mut hear) = scene().await;
    let socket = io.of("/").sockets().remove(0);
    client.send("41").await;
    parting(&mut hear, "/", "client namespace disconnect").await;
    assert!(!socket.is_connected());
    assert!(matches!(socket.emit("x", ()), Err(EmitError::NotConnected)));
    socket.join("red");
    socket.leave("red");
    assert_eq!(socket.rooms(), []);
    assert!(io.to("red").sockets().is_empty());
    // All without effect, and without harm.
    socket.disconnect();
    socket.close();
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    // It speaks to others all the same.
    socket.broadcast().emit("news", ()).unwrap();
    assert_eq!(client.text().await, r#"42["news"]"#);
}

#[tokio::test]
async fn silence_is_a_ping_timeout() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let io = Server::builder()
        .ping_interval(Duration::from_millis(20))
        .ping_timeout(Duration::from_millis(30))
        .namespace(namespace("/", &told))
        .build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    assert_eq!(client.text().await, "2");
    parting(&mut hear, "/", "ping timeout").await;
    assert_eq!(client.receive().await, Received::Closed);
}

#[tokio::test]
async fn what_is_no_packet_is_a_parse_error() {
    let (_io, mut client, mut hear) = scene().await;
    client.send("x").await;
    parting(&mut hear, "/", "parse error").await;
}

#[tokio::test]
async fn handlers_of_the_end_may_wait_and_fail() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let (log, late) = (told.clone(), told.clone());
    let namespace = Namespace::<()>::new("/")
        .on_disconnecting(async || -> () { panic!("on purpose") })
        .on_disconnect(move |reason: DisconnectReason| {
            let told = late.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                told.send(format!("late {reason}")).unwrap();
            }
        })
        .on_error(move |_: &Socket, error: &HandlerError| log.send(error.to_string()).unwrap());
    let io = Server::builder().namespace(namespace).build();
    let (client, _) = Client::join(serve(&io).await, "/").await;
    drop(client);
    assert!(hear.recv().await.unwrap().contains("on purpose"));
    assert_eq!(hear.recv().await.unwrap(), "late transport close");
}

#[tokio::test]
async fn the_end_of_a_connection_is_forced() {
    let (io, mut client, mut hear) = scene().await;
    let socket = io.of("/").sockets().remove(0);
    socket.emit("last", ()).unwrap();
    socket.connection().close();
    assert_eq!(client.text().await, r#"42["last"]"#);
    assert_eq!(client.receive().await, Received::Closed);
    parting(&mut hear, "/", "forced close").await;
}
