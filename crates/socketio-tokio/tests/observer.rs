//! What an observer and the metrics of a server say.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketio_tokio::{
    ConnectError, Data, DisconnectReason, EngineObserver, HandlerError, Namespace, NamespaceName,
    Observer, Server, Socket,
};
use support::{Client, serve};

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn note(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EngineObserver for Notes {}

impl Observer for Notes {
    fn socket_connected(&self, socket: &Socket) {
        self.note(format!("connected to {}", socket.namespace()));
    }

    fn socket_refused(&self, namespace: &NamespaceName, error: &ConnectError) {
        self.note(format!("refused by {namespace}: {}", error.message));
    }

    fn socket_disconnected(&self, socket: &Socket, reason: &DisconnectReason) {
        self.note(format!(
            "disconnected from {}: {reason}",
            socket.namespace()
        ));
    }

    fn event_received(&self, _: &Socket, event: &str) {
        self.note(format!("event {event}"));
    }

    fn handler_failed(&self, _: &Socket, error: &HandlerError) {
        self.note(error.to_string());
    }
}

#[tokio::test]
async fn an_observer_follows_a_socket_from_door_to_door() {
    let notes = Arc::new(Notes::default());
    let namespace = Namespace::new("/")
        .on("echo", async |Data(text): Data<String>| text)
        .on("fail", async || Err::<(), _>("no"))
        .on_error(|_, _| {});
    let staff = Namespace::new("/staff").middleware(async || Err(ConnectError::new("not you")));
    let builder = Server::builder().namespace(namespace).namespace(staff);
    let io = builder.observer(Arc::clone(&notes)).build();
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/").await;
    client.send("40/staff,").await;
    assert_eq!(client.text().await, r#"44/staff,{"message":"not you"}"#);
    client.send("40/none,").await;
    client.text().await;
    client.send(r#"420["fail"]"#).await;
    assert_eq!(client.text().await, r#"430["no"]"#);
    client.assert_alive().await;
    client.send("41").await;
    while !io.of("/").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let expected = [
        "connected to /",
        "refused by /staff: not you",
        "refused by /none: Invalid namespace",
        "event fail",
        r#"the handler of "fail" failed: ["no"]"#,
        "event echo",
        "disconnected from /: client namespace disconnect",
    ];
    assert_eq!(notes.take(), expected);
}

#[tokio::test]
async fn metrics_count_sockets_rooms_and_waiting_bytes() {
    let namespace = Namespace::new("/").on_connect(async |socket: Socket| {
        socket.join("a");
        socket.join("b");
    });
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    let (_first, _) = Client::join(address, "/").await;
    let (_second, _) = Client::join(address, "/").await;
    let metrics = io.metrics();
    assert_eq!((metrics.connections, metrics.queued_bytes), (2, 0));
    let [root] = &metrics.namespaces[..] else {
        panic!("{metrics:?}")
    };
    assert_eq!((&*root.name, root.sockets, root.rooms), ("/", 2, 2));

    // More than the operating system takes at once.
    let socket = io.of("/").sockets().remove(0);
    socket.emit("much", "x".repeat(10_000_000)).unwrap();
    assert!(io.metrics().queued_bytes > 1_000_000);
}

#[tokio::test]
async fn drained_waits_until_the_client_has_read_everything() {
    let io = Server::builder().build();
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/").await;
    let socket = io.of("/").sockets().remove(0);
    let soon = Duration::from_millis(200);
    let drained = tokio::time::timeout(soon, socket.drained()).await;
    drained.expect("nothing waits");
    socket.emit("much", "x".repeat(15_000_000)).unwrap();
    let drained = tokio::time::timeout(soon, socket.drained()).await;
    drained.expect_err("the client has not read");
    let waiting = tokio::spawn({
        let socket = socket.clone();
        async move { socket.drained().await }
    });
    assert!(client.text().await.len() > 15_000_000);
    waiting.await.unwrap();
    assert_eq!(socket.queued_bytes(), 0);

    socket.emit("much", "x".repeat(15_000_000)).unwrap();
    let waiting = tokio::spawn(async move { socket.drained().await });
    drop(client);
    waiting.await.expect("the end of the client ends the wait");
}
