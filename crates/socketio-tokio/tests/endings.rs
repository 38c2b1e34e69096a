//! What goes wrong at the ends of sockets, and must not: leaks, deadlocks, answers that never come.
#![cfg(feature = "test")]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketio_tokio::test::{Client, Item};
use socketio_tokio::{Broadcast, ConnectError, ConnectionStateRecovery, Namespace, Server, Socket};

async fn until_empty(io: &Server) {
    while io.metrics().connections > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_of_a_socket_are_forgotten_when_it_has_left() {
    let token = Arc::new(());
    let given = Arc::clone(&token);
    let io = Server::builder()
        .namespace(Namespace::new("/").on_connect(move |socket: Socket| {
            let token = Arc::clone(&given);
            let own = socket.clone();
            socket.on("x", move || {
                let (_token, own) = (Arc::clone(&token), own.clone());
                async move { own.emit("y", ()) }
            });
            async {}
        }))
        .build();
    for _ in 0..10 {
        let ada = Client::connect(&io, "/").await.unwrap();
        drop(ada);
    }
    until_empty(&io).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    // One here, one in the closure of the namespace.
    assert_eq!(Arc::strong_count(&token), 2);
}

#[tokio::test(start_paused = true)]
async fn handlers_of_a_refused_socket_are_forgotten() {
    let token = Arc::new(());
    let given = Arc::clone(&token);
    let io = Server::builder()
        .namespace(Namespace::new("/").middleware(move |socket: Socket| {
            let token = Arc::clone(&given);
            let own = socket.clone();
            socket.on("x", move || {
                let (_token, own) = (Arc::clone(&token), own.clone());
                async move { own.emit("y", ()) }
            });
            async { Err::<(), _>(ConnectError::new("no")) }
        }))
        .build();
    for _ in 0..10 {
        Client::connect(&io, "/").await.unwrap_err();
    }
    until_empty(&io).await;
    assert_eq!(Arc::strong_count(&token), 2);
}

#[tokio::test(start_paused = true)]
async fn who_missed_more_than_fits_is_let_in_all_the_same() {
    let recovery = ConnectionStateRecovery::default();
    let lets = Arc::new(AtomicUsize::new(0));
    let note = Arc::clone(&lets);
    let io = Server::builder()
        .namespace(Namespace::new("/").on_connect(move || {
            note.fetch_add(1, Ordering::SeqCst);
            async {}
        }))
        .max_buffer_size(10_000)
        .connection_state_recovery(recovery)
        .build();
    let mut ada = Client::connect(&io, "/").await.unwrap();
    io.emit("n", 1).unwrap();
    assert_eq!(ada.expect::<u32>("n").await, 1);
    ada.freeze();
    ada.cut();
    for _ in 0..50 {
        io.emit("big", "x".repeat(1000)).unwrap();
    }
    let mut lost = 0;
    let back = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match ada.next().await {
                Some(Item::Connected { .. }) => return true,
                Some(Item::Disconnected(reason)) => {
                    lost += 1;
                    eprintln!("lost: {reason}");
                }
                Some(other) => drop(other),
                None => return false,
            }
        }
    })
    .await;
    assert_eq!(
        back.ok(),
        Some(true),
        "never let in; lost {lost} times; let in {lets:?}"
    );
    // And it stays.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(io.of("/").sockets().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_event_is_served_after_on_disconnect() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (a, b) = (Arc::clone(&log), Arc::clone(&log));
    let io = Server::builder()
        .namespace(
            Namespace::new("/")
                .event_middleware(async || {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                })
                .on("x", move || {
                    a.lock().unwrap().push("event");
                    async {}
                })
                .on_disconnect(move || {
                    b.lock().unwrap().push("disconnect");
                    async {}
                }),
        )
        .build();
    let ada = Client::connect(&io, "/").await.unwrap();
    ada.emit("x", ()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(ada);
    until_empty(&io).await;
    assert_eq!(*log.lock().unwrap(), ["disconnect"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_lost_before_being_asked_is_missing() {
    let io = Server::builder().build();
    let ada = Client::connect(&io, "/").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    ada.cut();
    let server = io.clone();
    let asked = tokio::spawn(async move {
        let here = server.of("/").sockets().len();
        (here, server.of("/").call::<u8>("q", ()).await.unwrap())
    });
    let (here, answers) = asked.await.unwrap();
    assert_eq!(here, 1);
    assert_eq!((answers.answers.len(), answers.missing), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_rule_by_path_that_panics_has_said_no() {
    let left = Arc::new(AtomicUsize::new(0));
    let note = Arc::clone(&left);
    let io = Server::builder()
        .namespace(Namespace::new("/").on_disconnect(move || {
            note.fetch_add(1, Ordering::SeqCst);
            async {}
        }))
        .namespace(Namespace::dynamic(|path| &path[..8] == "/tenant-"))
        .build();
    let refused = tokio::time::timeout(Duration::from_secs(10), Client::connect(&io, "/x")).await;
    let refused = refused.map(|it| it.unwrap_err().message);
    assert_eq!(refused.as_deref(), Ok("Invalid namespace"));
}

struct Farewell(Socket);
impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.emit("bye", ());
    }
}

#[test]
fn what_a_handler_owns_may_use_the_socket_when_it_is_dropped() {
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let io = Server::builder().build();
            let _ada = Client::connect(&io, "/").await.unwrap();
            let socket = io.of("/").sockets().remove(0);
            let farewell = Arc::new(Farewell(socket.clone()));
            let listener = socket.on("x", move || {
                let farewell = Arc::clone(&farewell);
                async move { drop(farewell) }
            });
            socket.off(listener);
        });
        done.send(()).unwrap();
    });
    finished
        .recv_timeout(Duration::from_secs(5))
        .expect("deadlock");
}

#[test]
fn a_runtime_that_ends_leaves_nothing_behind() {
    #[derive(Clone)]
    struct Token(#[allow(dead_code)] Arc<()>);
    let token = Arc::new(());
    for recovers in [false, true] {
        let given = Arc::clone(&token);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut builder = Server::builder().namespace(Namespace::new("/").on_connect(
                move |socket: Socket| {
                    socket.extensions().insert(Token(Arc::clone(&given)));
                    async {}
                },
            ));
            if recovers {
                builder = builder.connection_state_recovery(ConnectionStateRecovery::default());
            }
            let io = builder.build();
            let _ada = Client::connect(&io, "/").await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&token), 1, "recovers: {recovers}");
    }
}

#[derive(Clone)]
struct Presence(#[allow(dead_code)] Arc<Guard>);
struct Guard(Broadcast, String);
impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.emit("left", &self.1);
    }
}

fn presence(recovers: bool) {
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let namespace = Namespace::new("/").on_connect(async |socket: Socket| {
                let everybody = socket.server().unwrap().of("/");
                let guard = Guard(everybody, socket.id().as_str().to_owned());
                socket.extensions().insert(Presence(Arc::new(guard)));
            });
            let mut builder = Server::builder().namespace(namespace);
            if recovers {
                builder = builder.connection_state_recovery(ConnectionStateRecovery::default());
            }
            let io = builder.build();
            let ada = Client::connect(&io, "/").await.unwrap();
            let mut bob = Client::connect(&io, "/").await.unwrap();
            ada.cut();
            tokio::task::yield_now().await;
            drop(ada);
            tokio::time::sleep(Duration::from_secs(200)).await;
            assert!(!bob.expect::<String>("left").await.is_empty());
        });
        done.send(()).unwrap();
    });
    finished
        .recv_timeout(Duration::from_secs(10))
        .expect("deadlock");
}

#[test]
fn what_a_socket_owns_may_emit_when_it_is_dropped() {
    presence(false);
}

#[test]
fn what_a_session_owns_may_emit_when_it_is_forgotten() {
    presence(true);
}

#[tokio::test(start_paused = true)]
async fn an_on_new_namespace_that_panics_costs_nobody_the_connection() {
    let io = Server::builder()
        .namespace(Namespace::pattern("/t-{}"))
        .on_new_namespace(|_| panic!("oops"))
        .build();
    let joined = tokio::time::timeout(Duration::from_secs(10), Client::connect(&io, "/t-1")).await;
    let connections = io.metrics().connections;
    // The second attempt finds the namespace there.
    assert!(joined.is_ok(), "{connections}");
    assert_eq!(io.metrics().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn who_was_put_out_is_not_heard_any_more() {
    let heard = Arc::new(AtomicUsize::new(0));
    let note = Arc::clone(&heard);
    let io = Server::builder()
        .namespace(Namespace::new("/").on("x", move |socket: Socket| {
            note.fetch_add(1, Ordering::SeqCst);
            socket.disconnect();
            async {}
        }))
        .build();
    let ada = Client::connect(&io, "/").await.unwrap();
    for _ in 0..100 {
        ada.emit("x", ()).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}
