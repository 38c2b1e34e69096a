//! Several servers as one: what is emitted at one reaches the clients of all.
#![cfg(feature = "server")]

mod support;

use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_tokio::cluster::{
    self, Action, Ask, Cluster, ClusterError, ClusterHandle, Emitted, Flags, InProcess, Message,
    Part, Question, RequestId, Respond, Selector, ServerId, Servers,
};
use socketio_tokio::{
    Ack, Args, Broadcast, CallError, ConnectionStateRecovery, Data, EmitError, FetchError,
    Namespace, NamespaceName, Server, Socket, State,
};
use support::{Client, Received, serve};

/// A namespace whose clients can be asked whether they are still there.
fn plain() -> Namespace {
    Namespace::new("/")
        .on("echo", async |Data(value): Data<Value>| value)
        .on("join", async |socket: Socket, Data(room): Data<String>| {
            socket.join(room)
        })
        .on(
            "say",
            async |socket: Socket, Data((room, text)): Data<(String, String)>| {
                socket.to(room).emit("said", text)
            },
        )
}

fn servers<const COUNT: usize>(namespace: impl Fn() -> Namespace) -> [Server; COUNT] {
    let cluster = InProcess::new();
    std::array::from_fn(|_| {
        let builder = Server::builder().cluster(cluster.member());
        builder.namespace(namespace()).build()
    })
}

async fn join(io: &Server) -> (Client, String) {
    Client::join(serve(io).await, "/").await
}

async fn enter(client: &mut Client, room: &str) {
    client.send(&format!(r#"421["join","{room}"]"#)).await;
    assert_eq!(client.text().await, "431[]");
}

async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "in vain");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_broadcast_reaches_each_client_of_each_server_once_and_in_order() {
    let [one, two, three] = servers(plain);
    let mut clients = [
        join(&one).await.0,
        join(&two).await.0,
        join(&two).await.0,
        join(&three).await.0,
    ];
    for n in 0..50 {
        one.emit("n", n).unwrap();
    }
    two.emit("bytes", Bytes::from_static(b"b")).unwrap();
    for client in &mut clients {
        for n in 0..50 {
            assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
        }
        let text = r#"451-["bytes",{"_placeholder":true,"num":0}]"#;
        assert_eq!(client.text().await, text);
        assert_eq!(client.receive().await, Received::Binary(b"b".to_vec()));
        client.assert_alive().await;
    }
}

#[tokio::test]
async fn rooms_and_exceptions_go_for_all_servers() {
    let [one, two] = servers(plain);
    let (mut a, _) = join(&one).await;
    let (mut b, b_id) = join(&two).await;
    let (mut c, _) = join(&two).await;
    for client in [&mut a, &mut b, &mut c] {
        enter(client, "x").await;
        enter(client, "y").await;
    }
    enter(&mut c, "muted").await;
    one.to("x").to("y").except("muted").emit("n", 1).unwrap();
    a.send(r#"42["say","x","hi"]"#).await;
    assert_eq!(a.text().await, r#"42["n",1]"#);
    a.assert_alive().await;
    assert_eq!(b.text().await, r#"42["n",1]"#);
    assert_eq!(b.text().await, r#"42["said","hi"]"#);
    assert_eq!(c.text().await, r#"42["said","hi"]"#);
    one.to(&*b_id).emit("private", ()).unwrap();
    assert_eq!(b.text().await, r#"42["private"]"#);
    one.of("/").except(&*b_id).emit("others", ()).unwrap();
    assert_eq!(a.text().await, r#"42["others"]"#);
    assert_eq!(c.text().await, r#"42["others"]"#);
    for client in [&mut a, &mut b, &mut c] {
        client.assert_alive().await;
    }
}

#[tokio::test]
async fn local_stays_on_this_server() {
    let count = Arc::new(AtomicUsize::new(0));
    let [one, two] = servers(|| {
        let count = Arc::clone(&count);
        plain().on_server_side("ping", move || {
            let count = Arc::clone(&count);
            async move { count.fetch_add(1, Ordering::Relaxed) }
        })
    });
    let (mut a, _) = join(&one).await;
    let (mut b, _) = join(&two).await;
    let here = one.of("/").local();
    here.emit("n", 1).unwrap();
    here.sockets_join("r");
    here.server_side_emit("ping", ()).unwrap();
    assert!(
        here.server_side_call::<u8>("ping", ())
            .await
            .unwrap()
            .is_complete()
    );
    assert_eq!(here.fetch_sockets().await.unwrap().len(), 1);
    one.to("r").emit("n", 2).unwrap();
    assert_eq!(a.text().await, r#"42["n",1]"#);
    assert_eq!(a.text().await, r#"42["n",2]"#);
    b.assert_alive().await;
    here.disconnect_sockets();
    assert_eq!(a.text().await, "41");
    b.assert_alive().await;
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn another_namespace_is_another_conversation() {
    let cluster = InProcess::new();
    let one = Server::builder()
        .cluster(cluster.member())
        .namespace(Namespace::new("/x"));
    let (one, two) = (
        one.build(),
        Server::builder().cluster(cluster.member()).build(),
    );
    let (mut a, _) = Client::join(serve(&one).await, "/x").await;
    let (mut b, _) = join(&two).await;
    one.of("/x").emit("n", 1).unwrap();
    one.emit("n", 2).unwrap();
    assert_eq!(a.text().await, r#"42/x,["n",1]"#);
    assert_eq!(b.text().await, r#"42["n",2]"#);
    // The other server does not have it, and has nobody in it.
    let found = one.of("/x").fetch_sockets().await.unwrap();
    assert_eq!(found.len(), 1);
    let error = two.of("/x").fetch_sockets().await.unwrap_err();
    assert!(matches!(error, FetchError::UnknownNamespace(name) if name == "/x"));
    let call = one.of("/x").server_side_call::<()>("q", ()).await.unwrap();
    assert_eq!(call.missing_servers, 1);
}

#[tokio::test]
async fn a_call_gathers_the_answers_of_all_servers() {
    let [one, two, three] = servers(plain);
    let (mut a, _) = join(&one).await;
    let (mut b, _) = join(&two).await;
    let (mut c, _) = join(&two).await;
    let (mut d, _) = join(&three).await;
    let call = tokio::spawn(async move {
        let call = one.of("/").call::<u32>("q", "?").timeout(LATE);
        (one, call.await.unwrap())
    });
    for (client, answer) in [(&mut a, "1"), (&mut b, "2"), (&mut c, r#""x""#)] {
        let question = client.text().await;
        let id = question.strip_prefix("42").unwrap();
        let id = id.strip_suffix(r#"["q","?"]"#).expect(&question);
        client.send(&format!("43{id}[{answer}]")).await;
    }
    // One that leaves is not waited for.
    assert!(d.text().await.ends_with(r#"["q","?"]"#));
    d.send("41").await;
    let (_one, mut answers) = call.await.unwrap();
    answers.answers.sort_unstable();
    assert_eq!(answers.answers, [1, 2]);
    assert_eq!(answers.invalid.len(), 1);
    assert_eq!((answers.missing, answers.missing_servers), (1, 0));
}

#[tokio::test]
async fn a_call_ends_with_what_has_come_in_time() {
    let [one, two] = servers(plain);
    let (mut b, _) = join(&two).await;
    let (_silent, _) = join(&two).await;
    let call = tokio::spawn(async move {
        let call = one.of("/").call::<u32>("q", ()).timeout(SOON);
        (one, call.await.unwrap())
    });
    let question = b.text().await;
    let id = question
        .strip_prefix("42")
        .unwrap()
        .strip_suffix(r#"["q"]"#);
    b.send(&format!("43{}[7]", id.unwrap())).await;
    let (_one, answers) = call.await.unwrap();
    assert_eq!(answers.answers, [7]);
    assert_eq!((answers.missing, answers.missing_servers), (1, 0));
    assert!(!answers.is_complete());
}

#[tokio::test]
async fn a_server_that_ends_meanwhile_is_not_waited_for() {
    let [one, two, three] = servers(plain);
    let (mut b, _) = join(&two).await;
    let (mut c, _) = join(&three).await;
    let call = tokio::spawn(async move {
        let call = one.of("/").call::<u32>("q", ()).timeout(LATE);
        (one, call.await.unwrap())
    });
    let question = c.text().await;
    let id = question
        .strip_prefix("42")
        .unwrap()
        .strip_suffix(r#"["q"]"#);
    c.send(&format!("43{}[7]", id.unwrap())).await;
    b.text().await;
    two.close().await;
    let (one, answers) = call.await.unwrap();
    assert_eq!(answers.answers, [7]);
    assert_eq!(answers.missing, 1);
    assert_eq!(one.server_count().await.unwrap(), 2);
    drop(three);
    drop(c);
}

#[tokio::test]
async fn a_server_that_ends_without_an_answer_is_missing_at_once() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let [one, two] = servers(|| {
        let kept = Arc::clone(&kept);
        plain().on_server_side("q", move |ack: Ack<u8>| {
            let kept = Arc::clone(&kept);
            async move { kept.lock().unwrap().push(ack) }
        })
    });
    let call = one.of("/").server_side_call::<u8>("q", ()).timeout(LATE);
    let call = tokio::spawn(call.into_future());
    until(|| !kept.lock().unwrap().is_empty()).await;
    two.close().await;
    let ended = tokio::time::timeout(Duration::from_secs(10), call).await;
    let answers = ended.expect("it waits").unwrap().unwrap();
    assert_eq!((answers.answers.len(), answers.missing_servers), (0, 1));
}

#[tokio::test]
async fn sockets_are_fetched_with_what_they_keep() {
    let [one, two] = servers(|| {
        plain().on_connect(async |socket: Socket| {
            socket.join("room");
            socket.set_data(&json!({ "id": socket.id() })).unwrap();
        })
    });
    let (_a, a_id) = join(&one).await;
    let mut b = Client::open(serve(&two).await).await;
    b.send(r#"40{"token":"secret"}"#).await;
    b.text().await;
    until(|| one.to("room").sockets().len() + two.to("room").sockets().len() == 2).await;
    let found = one.to("room").fetch_sockets().await.unwrap();
    assert_eq!(found.len(), 2);
    for socket in &found {
        let is_a = socket.id().as_str() == a_id;
        assert_eq!(socket.is_local(), is_a);
        assert_eq!(socket.local().is_some(), is_a);
        let data: Value = socket.data().unwrap();
        assert_eq!(data["id"], json!(socket.id()));
        let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
        rooms.sort_by_key(|room| room != "room");
        assert_eq!(rooms, ["room", socket.id().as_str()]);
        let handshake = socket.handshake();
        assert!(handshake.address.unwrap().is_loopback());
        assert!(handshake.headers.contains_key("sec-websocket-key"));
        assert_eq!(handshake.query_value("EIO"), Some("4"));
        assert!(handshake.url.starts_with("/socket.io/?EIO=4"));
        assert!(handshake.issued.elapsed().unwrap() < Duration::from_secs(60));
        assert!(!handshake.is_secure && !handshake.is_cross_domain);
        let auth = if is_a { "{}" } else { r#"{"token":"secret"}"# };
        assert_eq!(handshake.auth, auth);
    }
    let none = one.to("nowhere").fetch_sockets().await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_remote_socket_does_what_a_socket_does() {
    let [one, two] = servers(plain);
    let (mut b, _) = join(&two).await;
    let found = one.of("/").fetch_sockets().await.unwrap();
    let [socket] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(!socket.is_local());
    assert_eq!(socket.data::<Value>().unwrap(), json!({}));
    socket.emit("hi", (1, 2)).unwrap();
    assert_eq!(b.text().await, r#"42["hi",1,2]"#);
    let call = tokio::spawn(socket.call::<u8>("q", ()).timeout(LATE).into_future());
    let question = b.text().await;
    let id = question
        .strip_prefix("42")
        .unwrap()
        .strip_suffix(r#"["q"]"#);
    b.send(&format!("43{}[7]", id.unwrap())).await;
    assert_eq!(call.await.unwrap().unwrap(), 7);
    let late = socket.call::<u8>("q", ()).timeout(SOON).await;
    assert!(matches!(late, Err(CallError::TimedOut)));
    b.text().await;

    socket.join("r");
    socket.join_rooms(["s", "t"]);
    one.to("r").to("s").except("t").emit("n", 0).unwrap();
    one.to("r").emit("n", 1).unwrap();
    assert_eq!(b.text().await, r#"42["n",1]"#);
    socket.leave("r");
    one.to("r").emit("n", 2).unwrap();
    b.assert_alive().await;
    socket.disconnect();
    assert_eq!(b.text().await, "41");
    until(|| two.of("/").sockets().is_empty()).await;
    let gone = socket.call::<u8>("q", ()).timeout(LATE).await;
    assert!(matches!(gone, Err(CallError::Disconnected)), "{gone:?}");
    b.send("40").await;
    b.text().await;
    let again = one.of("/").fetch_sockets().await.unwrap().remove(0);
    again.close();
    assert_eq!(b.text().await, "41");
    assert_eq!(b.receive().await, Received::Closed);
}

#[tokio::test]
async fn sockets_of_other_servers_join_leave_and_are_put_out() {
    let [one, two] = servers(plain);
    let (mut a, _) = join(&one).await;
    let (mut b, _) = join(&two).await;
    one.of("/").sockets_join_rooms(["x", "y"]);
    two.to("x").sockets_leave("y");
    one.to("y").emit("n", 1).unwrap();
    one.to("x").emit("n", 2).unwrap();
    one.to("x").sockets_leave_rooms(["x"]);
    one.to("x").emit("n", 3).unwrap();
    for client in [&mut a, &mut b] {
        assert_eq!(client.text().await, r#"42["n",2]"#);
        client.assert_alive().await;
    }
    two.of("/").disconnect_sockets();
    assert_eq!(a.text().await, "41");
    assert_eq!(b.text().await, "41");
    a.send("40").await;
    a.text().await;
    two.of("/").close_sockets();
    assert_eq!(a.text().await, "41");
    assert_eq!(a.receive().await, Received::Closed);
}

#[tokio::test]
async fn servers_hear_each_other_in_order() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let numbers = AtomicUsize::new(1);
    let [one, _two, _three] = servers(|| {
        let heard = Arc::clone(&heard);
        Namespace::<usize>::new("/")
            .on_server_side(
                "note",
                move |State(number): State<usize>, Data((text, bytes)): Data<(String, Bytes)>| {
                    let heard = Arc::clone(&heard);
                    async move { heard.lock().unwrap().push((number, text, bytes)) }
                },
            )
            .on_server_side("flush", async || ())
            .with_state(numbers.fetch_add(1, Ordering::Relaxed))
    });
    let all = one.of("/");
    for n in 0..10 {
        let data = (n.to_string(), Bytes::from_static(b"x"));
        all.server_side_emit("note", data).unwrap();
    }
    let flush = all.server_side_call::<()>("flush", ()).timeout(LATE);
    assert!(flush.await.unwrap().is_complete());
    // What was sent before was handled before.
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 20);
    assert!(heard.iter().all(|(_, _, bytes)| &bytes[..] == b"x"));
    for server in [2, 3] {
        let said = heard.iter().filter(|(number, ..)| *number == server);
        let said: Vec<_> = said
            .map(|(_, text, _)| text.parse::<usize>().unwrap())
            .collect();
        assert_eq!(said, Vec::from_iter(0..10));
    }
}

#[tokio::test]
async fn servers_answer_each_other() {
    let numbers = AtomicUsize::new(1);
    let [one, _two, _three] = servers(|| {
        Namespace::<usize>::new("/")
            .on_server_side(
                "number",
                async |State(number): State<usize>, here: Broadcast, name: NamespaceName| {
                    (number, here.sockets().len(), name.to_string())
                },
            )
            .on_server_side("number", async || "the second handler does not answer")
            .on_server_side("later", async |ack: Ack<usize>, args: Args, io: Server| {
                assert!(ack.is_expected());
                tokio::spawn(async move {
                    let (first,) = args.to::<(usize,)>().unwrap();
                    ack.send(first + io.connection_count())
                });
            })
            .on_server_side("fails", async || Err::<(), _>("no"))
            .on_server_side("panics", async || assert_eq!(1, 2))
            .on_server_side("silent", async |_unused: Ack<()>| {})
            .on_server_side("typed", async |Data(_): Data<u8>| {})
            .with_state(numbers.fetch_add(1, Ordering::Relaxed))
    });
    let all = one.of("/");
    let numbers = all.server_side_call::<(usize, usize, String)>("number", ());
    let mut numbers = numbers.timeout(LATE).await.unwrap().answers;
    numbers.sort();
    assert_eq!(numbers, [(2, 0, "/".into()), (3, 0, "/".into())]);
    let later = all.server_side_call::<usize>("later", 40).timeout(LATE);
    assert_eq!(later.await.unwrap().answers, [40, 40]);
    let fails = all.server_side_call::<String>("fails", ()).timeout(LATE);
    assert_eq!(fails.await.unwrap().answers, ["no", "no"]);
    for event in ["panics", "silent", "typed", "unknown"] {
        let call = all.server_side_call::<()>(event, "text").timeout(LATE);
        let answers = call.await.unwrap();
        let (answered, silent) = (answers.answers.len(), answers.missing_servers);
        assert_eq!((answered, silent), (0, 2), "{event}");
        assert!(!answers.is_complete());
    }
}

/// Threads that emit at several servers, with all locks in play: nothing hangs, and what one thread
/// says arrives in its order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_emit_at_the_same_time_do_not_wait_for_each_other() {
    const EACH: usize = 200;
    let cluster = InProcess::new();
    let [one, two] = [(); 2].map(|()| {
        Server::builder()
            .cluster(cluster.member())
            .namespace(plain().on_room_event(|_, _| ()))
            .connection_state_recovery(ConnectionStateRecovery::default())
            .build()
    });
    let mut clients = [join_recoverable(&one).await, join_recoverable(&two).await];
    let speakers = [("one", &one), ("two", &two), ("three", &one)].map(|(name, io)| {
        let io = io.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                io.emit(name, n).unwrap();
                io.of("/").sockets_join(name);
                io.of("/").sockets_leave(name);
            }
        })
    });
    for client in &mut clients {
        let mut next = std::collections::HashMap::new();
        for _ in 0..3 * EACH {
            let text = client.text().await;
            let (name, n, _offset): (String, usize, String) =
                serde_json::from_str(&text[2..]).unwrap();
            let expected = next.entry(name).or_insert(0);
            assert_eq!(n, *expected);
            *expected += 1;
        }
    }
    for speaker in speakers {
        speaker.await.unwrap();
    }
}

async fn join_recoverable(io: &Server) -> Client {
    let mut client = Client::open(serve(io).await).await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    client
}

#[tokio::test]
async fn names_that_servers_keep_for_themselves_are_refused() {
    let [one] = servers(plain);
    for name in ["connect", "connection", "new_namespace"] {
        let refused = one.of("/").server_side_emit(name, ());
        assert!(matches!(refused, Err(EmitError::Encode(_))), "{name}");
        let refused = one.of("/").server_side_call::<()>(name, ()).await;
        assert!(matches!(refused, Err(EmitError::Encode(_))), "{name}");
    }
    one.of("/").server_side_emit("disconnect", ()).unwrap();
    let unknown = one.of("/typo").server_side_emit("x", ());
    assert!(matches!(unknown, Err(EmitError::UnknownNamespace(_))));
}

#[tokio::test]
async fn nobody_else_answers_at_once() {
    let alone = Server::builder().namespace(plain()).build();
    let [only] = servers(plain);
    for io in [&alone, &only] {
        let started = Instant::now();
        io.of("/").server_side_emit("x", 1).unwrap();
        let call = io.of("/").server_side_call::<u8>("x", 1).await.unwrap();
        assert!(call.answers.is_empty() && call.is_complete());
        let call = io.of("/").call::<u8>("x", 1).await.unwrap();
        assert!(call.answers.is_empty() && call.is_complete());
        assert!(io.of("/").fetch_sockets().await.unwrap().is_empty());
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_eq!(io.server_count().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn servers_are_counted_until_they_end() {
    let [one, two, three] = servers(plain);
    assert_eq!(two.server_count().await.unwrap(), 3);
    one.close().await;
    assert_eq!(two.server_count().await.unwrap(), 2);
    // One that is only dropped does not count either.
    drop(three);
    assert_eq!(two.server_count().await.unwrap(), 1);
    // What one that has ended says still goes out; it hears nothing.
    let (mut b, _) = join(&two).await;
    one.emit("last", "words").unwrap();
    assert_eq!(b.text().await, r#"42["last","words"]"#);
}

#[tokio::test]
async fn what_other_servers_emit_is_recovered_too() {
    let cluster = InProcess::new();
    let [one, two] = [(); 2].map(|()| {
        Server::builder()
            .cluster(cluster.member())
            .namespace(plain())
            .connection_state_recovery(ConnectionStateRecovery::default())
            .build()
    });
    let address = serve(&two).await;
    let mut client = Client::open(address).await;
    client.send("40{}").await;
    let session: Value = serde_json::from_str(&client.text().await[2..]).unwrap();
    one.emit("n", 1).unwrap();
    let read = |packet: &str| -> (u8, String) {
        let args: (String, u8, String) = serde_json::from_str(&packet[2..]).unwrap();
        (args.1, args.2)
    };
    let (n, offset) = read(&client.text().await);
    assert_eq!(n, 1);
    drop(client);
    until(|| two.of("/").sockets().is_empty()).await;
    one.emit("n", 2).unwrap();
    one.of("/").volatile().emit("n", 3).unwrap();
    one.to("elsewhere").emit("n", 4).unwrap();
    two.emit("n", 5).unwrap();

    let mut client = Client::open(address).await;
    let auth = json!({ "pid": session["pid"], "offset": offset });
    client.send(&format!("40{auth}")).await;
    let mut offsets = vec![offset];
    for n in [2, 5] {
        let (missed, offset) = read(&client.text().await);
        assert_eq!(missed, n);
        assert!(!offsets.contains(&offset));
        offsets.push(offset);
    }
    let back: Value = serde_json::from_str(&client.text().await[2..]).unwrap();
    assert_eq!(back["sid"], session["sid"]);
}

#[tokio::test]
async fn a_volatile_event_passes_a_full_client_of_another_server_by() {
    let cluster = InProcess::new();
    let one = Server::builder().cluster(cluster.member()).build();
    let two = Server::builder()
        .cluster(cluster.member())
        .namespace(plain())
        .max_buffer_size(1000)
        .build();
    let (mut b, _) = join(&two).await;
    let half = "x".repeat(600);
    one.emit("a", &half).unwrap();
    // Nothing has run in between that could have taken it away.
    one.of("/").volatile().emit("b", &half).unwrap();
    assert!(b.text().await.starts_with(r#"42["a","#));
    b.assert_alive().await;
    one.emit("a", &half).unwrap();
    one.emit("b", &half).unwrap();
    while b.receive().await != Received::Closed {}
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_to_be_asked_is_missing_at_once() {
    let cluster = InProcess::new();
    let one = Server::builder().cluster(cluster.member()).build();
    let two = Server::builder()
        .cluster(cluster.member())
        .namespace(plain())
        .max_buffer_size(1000)
        .build();
    let (_b, _) = join(&two).await;
    let half = "x".repeat(600);
    one.emit("a", &half).unwrap();
    // Nothing has run in between that could have taken it away.
    let call = one.of("/").call::<u8>("q", &half).timeout(LATE);
    let ended = tokio::time::timeout(Duration::from_secs(10), call.into_future()).await;
    assert_eq!(ended.expect("it waits").unwrap().missing, 1);
}

/// A cluster of which the test plays the other side.
#[derive(Default)]
struct Played {
    own: Mutex<Option<ClusterHandle>>,
    published: Mutex<Vec<Message>>,
    asked: Mutex<Vec<(RequestId, Question)>>,
    namespaces: Mutex<Vec<String>>,
    room_events: AtomicUsize,
}

impl Played {
    fn own(&self) -> ClusterHandle {
        self.own.lock().unwrap().clone().unwrap()
    }

    async fn question(&self) -> (RequestId, Question) {
        until(|| !self.asked.lock().unwrap().is_empty()).await;
        self.asked.lock().unwrap().remove(0)
    }
}

impl Cluster for Played {
    fn start(&self, server: ClusterHandle) {
        *self.own.lock().unwrap() = Some(server);
    }
    fn publish(&self, message: Message) {
        self.published.lock().unwrap().push(message);
    }
    fn ask(&self, id: RequestId, question: Question) {
        self.asked.lock().unwrap().push((id, question));
    }
    fn others<'a>(
        &'a self,
        _: &'a NamespaceName,
    ) -> cluster::BoxFuture<'a, Result<usize, ClusterError>> {
        Box::pin(async { Err(ClusterError("no broker".into())) })
    }
    fn leave(&self) {
        self.namespaces.lock().unwrap().push("left".into());
    }
    fn opened(&self, namespace: &NamespaceName) {
        self.namespaces
            .lock()
            .unwrap()
            .push(format!("+{namespace}"));
    }
    fn closed(&self, namespace: &NamespaceName) {
        self.namespaces
            .lock()
            .unwrap()
            .push(format!("-{namespace}"));
    }
    fn wants_room_events(&self) -> bool {
        true
    }
    fn room_event(&self, _: &NamespaceName, _: &socketio_tokio::RoomEvent) {
        self.room_events.fetch_add(1, Ordering::Relaxed);
    }
}

fn played(namespace: Namespace) -> (Arc<Played>, Server) {
    let cluster = Arc::new(Played::default());
    let builder = Server::builder().cluster(Arc::clone(&cluster) as Arc<dyn Cluster>);
    (cluster, builder.namespace(namespace).build())
}

#[tokio::test]
async fn what_is_published_has_all_that_a_wire_needs() {
    let (cluster, io) = played(plain());
    let (mut a, id) = join(&io).await;
    a.send(r#"42["say","x","hi"]"#).await;
    a.assert_alive().await;
    io.to("x")
        .except("y")
        .volatile()
        .emit("n", (1, Bytes::from_static(b"b")))
        .unwrap();
    let published = cluster.published.lock().unwrap().clone();
    let [said, n] = &published[..] else {
        panic!("{published:?}")
    };
    let Action::Emit {
        selector,
        flags,
        event,
    } = &said.action
    else {
        panic!("{said:?}")
    };
    assert_eq!(said.namespace.as_str(), "/");
    assert_eq!(selector.except_socket.as_ref().unwrap().as_str(), id);
    assert_eq!((flags.volatile, flags.compress), (false, true));
    assert_eq!(event.args().unwrap().json(), r#"["said","hi"]"#);
    let Action::Emit {
        selector,
        flags,
        event,
    } = &n.action
    else {
        panic!("{n:?}")
    };
    assert_eq!(
        (selector.rooms[0].as_str(), selector.except[0].as_str()),
        ("x", "y")
    );
    assert!(flags.volatile);
    let args = event.args().unwrap();
    assert_eq!(args.attachments(), [Bytes::from_static(b"b")]);
    assert_eq!(event.packet().unwrap().args(), Some(args));
    assert_eq!(cluster.room_events.load(Ordering::Relaxed), 2);
    let error = io.server_count().await.unwrap_err();
    assert_eq!(error.to_string(), "the cluster does not answer: no broker");
}

#[tokio::test]
async fn what_comes_over_a_wire_is_only_arguments() {
    let (cluster, io) = played(plain());
    let (mut a, id) = join(&io).await;
    let all = Arc::new(Selector::default());
    let emit = |namespace: &str, args: &str| {
        let args = Args::from_json(args.to_owned(), Vec::new()).unwrap();
        cluster.own().receive(Message {
            namespace: NamespaceName::new(namespace.to_owned()).unwrap(),
            action: Action::Emit {
                selector: Arc::clone(&all),
                flags: Flags::default(),
                event: Emitted::from_args(args),
            },
        });
    };
    emit("/", r#"["n",1]"#);
    // None of these is of any use, and none does harm.
    emit("/unknown", r#"["n",1]"#);
    emit("/", r#"["disconnect",1]"#);
    emit("/", r#"["n",2]"#);
    assert_eq!(a.text().await, r#"42["n",1]"#);
    assert_eq!(a.text().await, r#"42["n",2]"#);

    let parts = Arc::new(Mutex::new(Vec::new()));
    let respond = {
        let parts = Arc::clone(&parts);
        Respond::new(move |part| parts.lock().unwrap().push(part))
    };
    let ask = |ask: Ask| {
        let namespace = NamespaceName::root();
        cluster.own().asked(Question { namespace, ask }, &respond);
    };
    let call = |args: &str| {
        let args = Args::from_json(args.to_owned(), Vec::new()).unwrap();
        ask(Ask::Call {
            selector: Arc::clone(&all),
            flags: Flags::default(),
            event: Emitted::from_args(args),
            within: LATE,
        });
    };
    call(r#"["q",1]"#);
    assert_eq!(a.text().await, r#"420["q",1]"#);
    a.send("430[5]").await;
    call(r#"["connect"]"#);
    ask(Ask::Fetch {
        selector: Arc::clone(&all),
    });
    until(|| parts.lock().unwrap().len() == 4).await;
    let mut parts = parts.lock().unwrap();
    assert!(parts.iter().any(|it| matches!(it, Part::Asked(1))));
    assert!(parts.iter().any(|it| matches!(it, Part::Asked(0))));
    assert!(
        parts
            .iter()
            .any(|it| matches!(it, Part::Client(Some(args)) if args.json() == "[5]"))
    );
    parts.retain(|it| matches!(it, Part::Sockets(_)));
    let Some(Part::Sockets(sockets)) = parts.pop() else {
        panic!()
    };
    assert_eq!(sockets[0].id.as_str(), id);
}

#[tokio::test]
async fn answers_without_a_name_are_counted_and_the_silent_reported() {
    let (cluster, io) = played(plain());
    let fetch = tokio::spawn(io.of("/").fetch_sockets().timeout(SOON).into_future());
    let (id, question) = cluster.question().await;
    assert!(matches!(question.ask, Ask::Fetch { .. }));
    cluster.own().answer(id, None, Part::Sockets(Vec::new()));
    cluster.own().expect(id, Servers::Count(3));
    let error = fetch.await.unwrap().unwrap_err();
    let FetchError::Incomplete {
        sockets,
        missing,
        servers,
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!((sockets.len(), missing, servers.len()), (0, 2, 0));

    let named = |name: &str| ServerId::new(name.to_owned());
    let fetch = tokio::spawn(io.of("/").fetch_sockets().timeout(SOON).into_future());
    let (id, _) = cluster.question().await;
    let own = cluster.own();
    own.expect(id, Servers::Named(vec![named("a"), named("b")]));
    own.answer(id, Some(&named("a")), Part::Sockets(Vec::new()));
    let error = fetch.await.unwrap().unwrap_err();
    assert!(matches!(error, FetchError::Incomplete { servers, .. } if servers == [named("b")]));

    // The number may be known last, and an answer that nobody waits for harms nobody.
    let call = io.of("/").server_side_call::<u8>("q", ()).timeout(LATE);
    let call = tokio::spawn(call.into_future());
    let (id, _) = cluster.question().await;
    own.answer(id, None, Part::Server(Some(Args::new(&1).unwrap())));
    own.answer(id, None, Part::Server(Some(Args::new(&2).unwrap())));
    own.expect(id, Servers::Count(2));
    own.answer(id, None, Part::Server(None));
    assert_eq!(call.await.unwrap().unwrap().answers, [1, 2]);
}

#[tokio::test]
async fn a_cluster_knows_the_namespaces_and_the_end() {
    let (cluster, io) = played(Namespace::new("/first"));
    io.add(Namespace::new("/second")).unwrap();
    drop(io);
    let seen = cluster.namespaces.lock().unwrap().join(" ");
    assert_eq!(seen, "+/first +/ +/second left");
    assert!(!cluster.own().is_alive());

    let cluster = Arc::new(Played::default());
    let io = Server::builder()
        .cluster(Arc::clone(&cluster) as Arc<dyn Cluster>)
        .cleanup_empty_child_namespaces(true)
        .namespace(Namespace::pattern("/room-{}"))
        .build();
    let (mut a, _) = Client::join(serve(&io).await, "/room-1").await;
    a.send("41/room-1,").await;
    until(|| cluster.namespaces.lock().unwrap().len() == 3).await;
    let seen = cluster.namespaces.lock().unwrap().join(" ");
    assert_eq!(seen, "+/ +/room-1 -/room-1");
}
