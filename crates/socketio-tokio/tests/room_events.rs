//! What happens to rooms, as listeners hear it.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use socketio_tokio::{
    ConnectionStateRecovery, Data, Namespace, NamespaceName, RoomEvent, Server, Socket,
};
use support::{Client, serve};

/// What was heard, each event as a line; the id of a socket is written `me`.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<RoomEvent>>>);

impl Heard {
    fn listener(&self) -> impl Fn(&NamespaceName, &RoomEvent) + Send + Sync + 'static {
        let heard = self.clone();
        move |namespace, event| {
            assert_eq!(namespace.as_str(), "/");
            heard.0.lock().unwrap().push(event.clone());
        }
    }

    fn take(&self, me: &str) -> Vec<String> {
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        let line = |event: &RoomEvent| {
            let line = match event {
                RoomEvent::Created { room } => format!("created {room}"),
                RoomEvent::Deleted { room } => format!("deleted {room}"),
                RoomEvent::Joined { room, socket } => format!("joined {room} {socket}"),
                RoomEvent::Left { room, socket } => format!("left {room} {socket}"),
            };
            line.replace(me, "me")
        };
        events.iter().map(line).collect()
    }
}

fn rooms(heard: &Heard) -> Namespace {
    Namespace::new("/")
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on("leave", async |socket: Socket, Data(room): Data<String>| {
            socket.leave(room)
        })
        .on_room_event(heard.listener())
}

async fn ask(client: &mut Client, event: &str, room: &str) {
    client.send(&format!(r#"421["{event}","{room}"]"#)).await;
    assert_eq!(client.text().await, "431[]");
}

async fn until_empty(io: &Server) {
    while !io.of("/").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_room_is_created_joined_left_and_deleted() {
    let heard = Heard::default();
    let io = Server::builder().namespace(rooms(&heard)).build();
    let address = serve(&io).await;
    let (mut a, id) = Client::join(address, "/").await;
    assert_eq!(heard.take(&id), ["created me", "joined me me"]);
    ask(&mut a, "join", "tea").await;
    assert_eq!(heard.take(&id), ["created tea", "joined tea me"]);
    ask(&mut a, "join", "tea").await;
    assert_eq!(heard.take(&id), [""; 0]);

    let (mut b, other) = Client::join(address, "/").await;
    heard.take("");
    ask(&mut b, "join", "tea").await;
    assert_eq!(heard.take(&other), ["joined tea me"]);
    ask(&mut a, "leave", "tea").await;
    ask(&mut a, "leave", "tea").await;
    assert_eq!(heard.take(&id), ["left tea me"]);
    ask(&mut b, "leave", "tea").await;
    assert_eq!(heard.take(&other), ["left tea me", "deleted tea"]);
}

#[tokio::test]
async fn who_leaves_leaves_all_rooms() {
    let heard = Heard::default();
    let io = Server::builder().namespace(rooms(&heard)).build();
    let (mut a, id) = Client::join(serve(&io).await, "/").await;
    ask(&mut a, "join", "tea").await;
    heard.take(&id);
    drop(a);
    until_empty(&io).await;
    let told = loop {
        let told = heard.take(&id);
        if !told.is_empty() {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    assert_eq!(told.len(), 4, "{told:?}");
    for room in ["tea", "me"] {
        let left = told.iter().position(|it| *it == format!("left {room} me"));
        assert_eq!(told[left.unwrap() + 1], format!("deleted {room}"));
    }
}

#[tokio::test]
async fn many_sockets_join_and_leave_at_once() {
    let heard = Heard::default();
    let io = Server::builder().namespace(rooms(&heard)).build();
    let (_a, id) = Client::join(serve(&io).await, "/").await;
    heard.take(&id);
    io.of("/").sockets_join_rooms(["x", "y"]);
    let told = ["created x", "joined x me", "created y", "joined y me"];
    assert_eq!(heard.take(&id), told);
    io.of("/").sockets_leave("x");
    assert_eq!(heard.take(&id), ["left x me", "deleted x"]);
    let socket = io.of("/").sockets().remove(0);
    socket.join_rooms(["y", "z"]);
    assert_eq!(heard.take(&id), ["created z", "joined z me"]);
}

#[tokio::test]
async fn a_listener_may_use_rooms_and_is_told_in_order() {
    let heard = Heard::default();
    let server = Arc::new(Mutex::new(None::<Server>));
    let own = Arc::clone(&server);
    let namespace = Namespace::new("/").on_room_event(move |_, event| {
        if matches!(event, RoomEvent::Joined { room, .. } if room.as_str() == "first") {
            let io = own.lock().unwrap().clone().unwrap();
            io.to("first").sockets_join("second");
            io.to("first").emit("welcome", ()).unwrap();
        }
    });
    let io = Server::builder()
        .namespace(namespace.on_room_event(heard.listener()))
        .build();
    *server.lock().unwrap() = Some(io.clone());
    let (mut a, id) = Client::join(serve(&io).await, "/").await;
    heard.take(&id);
    io.of("/").sockets_join_rooms(["first", "third"]);
    assert_eq!(a.text().await, r#"42["welcome"]"#);
    let told = [
        "created first",
        "joined first me",
        "created third",
        "joined third me",
        "created second",
        "joined second me",
    ];
    assert_eq!(heard.take(&id), told);
    *server.lock().unwrap() = None;
}

#[tokio::test]
async fn a_listener_that_panics_is_called_again() {
    let heard = Heard::default();
    let namespace = Namespace::new("/")
        .on_room_event(|_, event| assert!(!matches!(event, RoomEvent::Created { .. })))
        .on_room_event(heard.listener());
    let io = Server::builder().namespace(namespace).build();
    let (_a, id) = Client::join(serve(&io).await, "/").await;
    io.of("/").sockets_join("x");
    let told = ["created me", "joined me me", "created x", "joined x me"];
    assert_eq!(heard.take(&id), told);
}

/// The lock that orders recovery is held while a client comes back: a listener that emits must not
/// meet it.
#[tokio::test]
async fn a_listener_may_emit_while_a_client_is_recovered() {
    let heard = Heard::default();
    let server = Arc::new(Mutex::new(None::<Server>));
    let own = Arc::clone(&server);
    let namespace = Namespace::new("/")
        .on_connect(async |socket: Socket| socket.join("tea"))
        .on_room_event(move |_, _| {
            let io = own.lock().unwrap().clone().unwrap();
            io.to("nobody").emit("news", ()).unwrap();
        });
    let io = Server::builder()
        .namespace(namespace.on_room_event(heard.listener()))
        .connection_state_recovery(ConnectionStateRecovery::default())
        .build();
    *server.lock().unwrap() = Some(io.clone());
    let address = serve(&io).await;
    let mut a = Client::open(address).await;
    a.send("40{}").await;
    let answer = a.text().await;
    let session: serde_json::Value = serde_json::from_str(&answer[2..]).unwrap();
    while io.to("tea").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let id = session["sid"].as_str().unwrap();
    let told = ["created me", "joined me me", "created tea", "joined tea me"];
    assert_eq!(heard.take(id), told);
    // The earlier connection is still there: it is replaced, and both lots of events are told.
    let mut b = Client::open(address).await;
    b.send(&format!("40{}", json!({ "pid": session["pid"] })))
        .await;
    let back: serde_json::Value = serde_json::from_str(&b.text().await[2..]).unwrap();
    assert_eq!(back["sid"], session["sid"]);
    let told = heard.take(id);
    assert!(told.len() >= 8, "{told:?}");
    assert!(told[..4].contains(&"deleted tea".to_owned()), "{told:?}");
    assert!(told[4..].contains(&"joined tea me".to_owned()), "{told:?}");
    *server.lock().unwrap() = None;
}
