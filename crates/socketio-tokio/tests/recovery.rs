//! Clients that lose their connection and come back.
#![cfg(feature = "server")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use socketio_tokio::{
    Auth, Call, ConnectError, ConnectionStateRecovery, Data, Namespace, Server, Socket,
};
use support::{Client, Received, serve};

/// What a client remembers of its session.
#[derive(Clone, Debug, PartialEq)]
struct Session {
    sid: String,
    pid: String,
    offset: Option<String>,
}

/// Sends a CONNECT; returns what came before the answer, and the answer.
async fn connect(client: &mut Client, auth: &Value) -> (Vec<String>, Session) {
    client.send(&format!("40{auth}")).await;
    let mut earlier = Vec::new();
    loop {
        let text = client.text().await;
        let Some(answer) = text.strip_prefix("40") else {
            earlier.push(text);
            continue;
        };
        let answer: Value = serde_json::from_str(answer).unwrap();
        let member = |name: &str| answer[name].as_str().unwrap().to_owned();
        let (sid, pid, offset) = (member("sid"), member("pid"), None);
        return (earlier, Session { sid, pid, offset });
    }
}

async fn first(address: std::net::SocketAddr) -> (Client, Session) {
    let mut client = Client::open(address).await;
    let (earlier, session) = connect(&mut client, &json!({})).await;
    assert_eq!(earlier, Vec::<String>::new());
    (client, session)
}

async fn again(address: std::net::SocketAddr, session: &Session) -> (Client, Vec<String>, Session) {
    let mut auth = json!({ "pid": session.pid });
    if let Some(offset) = &session.offset {
        auth["offset"] = json!(offset);
    }
    let mut client = Client::open(address).await;
    let (missed, session) = connect(&mut client, &auth).await;
    (client, missed, session)
}

/// Reads one event: its arguments without the offset, and the offset.
async fn event(client: &mut Client) -> (Value, String) {
    read(&client.text().await)
}

fn read(packet: &str) -> (Value, String) {
    let mut args: Value = serde_json::from_str(packet.strip_prefix("42").expect(packet)).unwrap();
    let offset = args.as_array_mut().unwrap().pop().unwrap();
    (args, offset.as_str().unwrap().to_owned())
}

/// Waits until the server has noticed that a client is gone.
async fn until_gone(io: &Server) {
    while !io.of("/").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn recovering(namespace: Namespace, options: ConnectionStateRecovery) -> Server {
    let builder = Server::builder().namespace(namespace);
    builder.connection_state_recovery(options).build()
}

fn server(namespace: Namespace) -> Server {
    recovering(namespace, ConnectionStateRecovery::default())
}

#[derive(Clone, Debug, PartialEq)]
struct User(&'static str);

#[tokio::test]
async fn a_client_that_was_lost_gets_what_it_missed_and_is_who_it_was() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let io = server(Namespace::new("/").on_connect(move |socket: Socket| {
        let note = Arc::clone(&note);
        async move {
            note.lock().unwrap().push(socket.is_recovered());
            if !socket.is_recovered() {
                socket.join("news");
                socket.extensions().insert(User("ada"));
                socket.set_data(&json!({ "lang": "en" })).unwrap();
            }
        }
    }));
    let address = serve(&io).await;
    let (mut client, mut session) = first(address).await;
    io.to("news").emit("tick", 1).unwrap();
    let (tick, offset) = event(&mut client).await;
    assert_eq!(tick, json!(["tick", 1]));
    session.offset = Some(offset);
    drop(client);
    until_gone(&io).await;

    io.to("news").emit("tick", 2).unwrap();
    io.to("weather").emit("rain", ()).unwrap();
    io.to(&*session.sid).emit("private", "hello").unwrap();
    io.of("/").except("news").emit("others", ()).unwrap();
    io.of("/").volatile().emit("fleeting", ()).unwrap();
    io.emit("all", 3).unwrap();
    let (mut client, missed, back) = again(address, &session).await;
    let missed: Vec<_> = missed.iter().map(|packet| read(packet).0).collect();
    let expected = [
        json!(["tick", 2]),
        json!(["private", "hello"]),
        json!(["all", 3]),
    ];
    assert_eq!(missed, expected);
    assert_eq!((&back.sid, &back.pid), (&session.sid, &session.pid));

    assert_eq!(*seen.lock().unwrap(), [false, true]);
    let sockets = io.to("news").sockets();
    let [socket] = &sockets[..] else {
        panic!("{sockets:?}")
    };
    assert!(socket.is_recovered());
    assert_eq!(socket.extensions().get(), Some(User("ada")));
    assert_eq!(socket.data::<Value>().unwrap(), json!({ "lang": "en" }));
    io.to("news").emit("tick", 4).unwrap();
    assert_eq!(event(&mut client).await.0, json!(["tick", 4]));
}

#[tokio::test]
async fn a_client_is_recovered_again_and_again_and_without_having_heard_anything() {
    let io = server(Namespace::new("/"));
    let address = serve(&io).await;
    let (mut client, mut session) = first(address).await;
    for round in 0..3 {
        drop(client);
        until_gone(&io).await;
        io.emit("round", round).unwrap();
        let (returned, missed, back) = again(address, &session).await;
        assert_eq!(back.pid, session.pid);
        let [missed] = &missed[..] else {
            panic!("{missed:?}")
        };
        let (round_again, offset) = read(missed);
        assert_eq!(round_again, json!(["round", round]));
        session.offset = Some(offset);
        client = returned;
    }
}

/// A network that swallows everything: the client is back before the server has noticed its end.
#[tokio::test]
async fn a_client_that_is_back_early_replaces_itself() {
    let left = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&left);
    let io = server(Namespace::new("/").on_disconnect(move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    }));
    let address = serve(&io).await;
    let (mut client, mut session) = first(address).await;
    io.emit("n", 1).unwrap();
    session.offset = Some(event(&mut client).await.1);
    // Handed to the old connection, and lost with it.
    io.emit("n", 2).unwrap();
    let (mut returned, missed, back) = again(address, &session).await;
    assert_eq!(back.sid, session.sid);
    let missed: Vec<_> = missed.iter().map(|packet| read(packet).0).collect();
    assert_eq!(missed, [json!(["n", 2])]);
    let sockets = io.of("/").sockets();
    assert_eq!(sockets.len(), 1);
    io.emit("n", 3).unwrap();
    assert_eq!(event(&mut returned).await.0, json!(["n", 3]));

    // The old one learns that it is over, and hears nothing new.
    assert_eq!(event(&mut client).await.0, json!(["n", 2]));
    assert_eq!(client.text().await, "41");
    while left.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop(client);
    drop(returned);
    until_gone(&io).await;
    io.emit("n", 4).unwrap();
    let (_, missed, back) = again(address, &session).await;
    assert_eq!(
        back.sid, session.sid,
        "the end of the old one has not taken the session away"
    );
    assert_eq!(missed.len(), 3);
}

#[tokio::test]
async fn who_was_put_out_or_left_begins_anew() {
    let io = server(Namespace::new("/"));
    let address = serve(&io).await;
    let (mut client, session) = first(address).await;
    io.of("/").disconnect_sockets();
    assert_eq!(client.text().await, "41");
    let (mut client, missed, back) = again(address, &session).await;
    assert_eq!(missed, Vec::<String>::new());
    assert_ne!(back.sid, session.sid);
    assert_ne!(back.pid, session.pid);
    client.send("41").await;
    until_gone(&io).await;
    let (_, _, third) = again(address, &back).await;
    assert_ne!(third.pid, back.pid);
}

#[tokio::test]
async fn middleware_may_have_a_say_about_those_who_come_back() {
    #[derive(serde::Deserialize)]
    struct Key {
        key: Option<u8>,
    }
    let namespace = Namespace::new("/").middleware(async |socket: Socket, Auth(key): Auth<Key>| {
        if socket.is_recovered() && key.key.is_none() {
            return Err(ConnectError::new("no key"));
        }
        Ok::<_, ConnectError>(())
    });
    let options = ConnectionStateRecovery::default().skip_middlewares(false);
    let io = recovering(namespace, options);
    let address = serve(&io).await;
    let (client, session) = first(address).await;
    drop(client);
    until_gone(&io).await;
    io.emit("n", 1).unwrap();

    let mut client = Client::open(address).await;
    client
        .send(&format!("40{}", json!({ "pid": session.pid })))
        .await;
    assert_eq!(client.text().await, r#"44{"message":"no key"}"#);
    io.emit("n", 2).unwrap();
    let auth = json!({ "pid": session.pid, "key": 1 });
    let (missed, back) = connect(&mut client, &auth).await;
    assert_eq!(back.sid, session.sid);
    assert_eq!(missed.len(), 2);
}

#[tokio::test]
async fn who_missed_more_than_is_kept_begins_anew() {
    let options = ConnectionStateRecovery::default().max_events(2);
    let io = recovering(Namespace::new("/"), options);
    let address = serve(&io).await;
    let (client, session) = first(address).await;
    drop(client);
    until_gone(&io).await;
    for n in 0..3 {
        io.emit("n", n).unwrap();
    }
    let (_client, missed, back) = again(address, &session).await;
    assert_eq!(missed, Vec::<String>::new());
    assert_ne!(back.sid, session.sid);
    assert!(!io.of("/").sockets()[0].is_recovered());
}

#[tokio::test]
async fn questions_are_not_repeated() {
    let io = server(Namespace::new("/"));
    let address = serve(&io).await;
    let (mut client, session) = first(address).await;
    let socket = io.of("/").sockets().remove(0);
    let call: Call<u8> = socket.call("ready?", ());
    let asked = tokio::spawn(async move { call.await });
    assert_eq!(client.text().await, r#"420["ready?"]"#);
    drop(client);
    until_gone(&io).await;
    assert!(asked.await.unwrap().is_err());
    let (_, missed, back) = again(address, &session).await;
    assert_eq!(missed, Vec::<String>::new());
    assert_eq!(back.sid, session.sid);
}

#[tokio::test]
async fn what_is_too_old_is_forgotten_though_nothing_happens() {
    #[derive(Clone)]
    struct Witness(#[allow(dead_code)] Arc<()>);
    let alive = Arc::new(());
    let given = Arc::clone(&alive);
    let namespace = Namespace::new("/").on_connect(move |socket: Socket| {
        socket.extensions().insert(Witness(Arc::clone(&given)));
        async {}
    });
    let options =
        ConnectionStateRecovery::default().max_disconnection_duration(Duration::from_millis(20));
    let io = recovering(namespace, options);
    let address = serve(&io).await;
    let (client, _) = first(address).await;
    let before = Arc::strong_count(&alive);
    drop(client);
    until_gone(&io).await;
    let forgotten = async {
        while Arc::strong_count(&alive) == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten)
        .await
        .expect("the session is still kept");
}

/// Broadcasts run while a client is cut off again and again, at arbitrary moments: it hears every
/// number once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_however_often_the_connection_breaks() {
    const LAST: u64 = 1500;
    let namespace = Namespace::new("/").on("n", async |Data(n): Data<u64>| n);
    let io = server(namespace);
    let address = serve(&io).await;
    let (mut client, mut session) = first(address).await;
    let speaker = io.clone();
    let speaking = tokio::spawn(async move {
        for n in 1..=LAST {
            speaker.emit("n", n).unwrap();
            if n % 7 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let mut heard = 0;
    let mut cuts = 0;
    while heard < LAST {
        // Cut after a number of events that differs from time to time, sometimes none at all.
        for _ in 0..(cuts * 13) % 97 {
            match client.receive().await {
                Received::Text(packet) if packet.starts_with("42") => {
                    let (args, offset) = read(&packet);
                    heard += 1;
                    assert_eq!(args, json!(["n", heard]));
                    session.offset = Some(offset);
                }
                Received::Text(packet) => assert_eq!(packet, "2"),
                other => panic!("{other:?}"),
            }
            if heard == LAST {
                break;
            }
        }
        cuts += 1;
        if cuts % 2 == 0 {
            drop(client);
            let (returned, missed, back) = again(address, &session).await;
            client = returned;
            hear(missed, &back, &mut session, &mut heard);
        } else {
            // Both connections at once, for a moment.
            let (returned, missed, back) = again(address, &session).await;
            client = returned;
            hear(missed, &back, &mut session, &mut heard);
        }
    }
    speaking.await.unwrap();
    assert_eq!(heard, LAST);
    assert!(cuts > 20, "{cuts} cuts");
}

fn hear(missed: Vec<String>, back: &Session, session: &mut Session, heard: &mut u64) {
    assert_eq!((&back.sid, &back.pid), (&session.sid, &session.pid));
    for packet in missed {
        let (args, offset) = read(&packet);
        *heard += 1;
        assert_eq!(args, json!(["n", *heard]));
        session.offset = Some(offset);
    }
}

#[tokio::test]
async fn the_end_of_the_old_connection_does_not_touch_the_new_one() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let io = server(
        Namespace::new("/")
            .on_connect(async |socket: Socket| {
                if !socket.is_recovered() {
                    socket.join("lobby");
                }
            })
            .on_disconnect(move |socket: Socket| {
                let rooms = socket.rooms().len();
                note.lock().unwrap().push(rooms);
                socket.leave("lobby");
                async {}
            }),
    );
    let address = serve(&io).await;
    let (_old, session) = first(address).await;
    while io.to("lobby").sockets().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let (_new, _, back) = again(address, &session).await;
    assert_eq!(back.sid, session.sid);
    while seen.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        (seen.lock().unwrap().clone(), io.to("lobby").sockets().len()),
        (vec![0], 1)
    );
}

#[tokio::test]
async fn what_middleware_says_to_who_is_back_comes_once() {
    let options = ConnectionStateRecovery::default().skip_middlewares(false);
    let io = recovering(
        Namespace::new("/").middleware(async |socket: Socket| {
            socket.emit("hello", ()).unwrap();
            Ok::<_, ConnectError>(())
        }),
        options,
    );
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    let (hello, mut session) = connect(&mut client, &json!({})).await;
    session.offset = Some(read(&hello[0]).1);
    drop(client);
    until_gone(&io).await;
    io.emit("n", 1).unwrap();
    let (_client, came, back) = again(address, &session).await;
    assert_eq!(back.sid, session.sid);
    let came: Vec<_> = came.iter().map(|packet| read(packet).0).collect();
    assert_eq!(
        came.iter().filter(|it| **it == json!(["hello"])).count(),
        1,
        "{came:?}"
    );
}
