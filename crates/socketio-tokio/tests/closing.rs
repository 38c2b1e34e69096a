//! The end of a server: what is still delivered, who is waited for, and for how long.
#![cfg(feature = "server")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use socketio_tokio::{ConnectError, DisconnectReason, EmitError, Namespace, Server, Socket, State};
use support::{Client, Received, http, serve};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test]
async fn what_was_emitted_is_delivered_and_everybody_learns_why() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::new("/")
        .on_disconnect(
            async |reason: DisconnectReason, State(told): State<mpsc::UnboundedSender<String>>| {
                told.send(reason.to_string()).unwrap();
            },
        )
        .with_state(told);
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    let (mut ada, _) = Client::join(address, "/").await;
    let (mut bob, _) = Client::join(address, "/").await;
    for n in 0..100 {
        io.emit("n", n).unwrap();
    }
    let closing = io.close();
    for client in [&mut ada, &mut bob] {
        for n in 0..100 {
            assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
        }
        assert_eq!(client.receive().await, Received::Closed);
        assert_eq!(hear.recv().await.unwrap(), "server shutting down");
    }
    closing.await;
    assert_eq!(io.connection_count(), 0);
    let (status, _, _) = http(address, "GET", OPEN, "", "").await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_with_what_was_emitted() {
    let io = Server::builder().build();
    let address = serve(&io).await;
    let (_, _, body) = http(address, "GET", OPEN, "", "").await;
    let open: serde_json::Value = serde_json::from_slice(&body[1..]).unwrap();
    let session = format!("{OPEN}&sid={}", open["sid"].as_str().unwrap());
    http(address, "POST", &session, "", "40").await;
    http(address, "GET", &session, "", "").await;
    let session = &session;
    let poll = async || {
        let (status, _, body) = http(address, "GET", session, "", "").await;
        (status, String::from_utf8(body).unwrap())
    };
    let emit = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        io.emit("last", 1).unwrap();
        io.close()
    };
    let (answer, closing) = tokio::join!(poll(), emit);
    assert_eq!(answer, (200, r#"42["last",1]"#.to_owned()));
    // The end itself comes with the next one.
    let (status, body) = poll().await;
    assert_eq!((status, body.rsplit('\x1e').next()), (200, Some("1")));
    closing.await;
}

#[tokio::test]
async fn closing_twice_and_closing_nothing_is_no_error() {
    let io = Server::builder().build();
    io.close().await;
    io.close().await;
    assert!(io.emit("x", ()).is_ok());
}

#[tokio::test]
async fn handlers_at_work_are_waited_for() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::new("/")
        .on(
            "work",
            async |State(told): State<mpsc::UnboundedSender<()>>, socket: Socket| {
                told.send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                DONE.store(true, Ordering::SeqCst);
                let refused = socket.emit("too late", ());
                assert!(matches!(refused, Err(EmitError::NotConnected)));
            },
        )
        .with_state(told);
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"42["work"]"#).await;
    hear.recv().await.unwrap();
    io.close().await;
    assert!(DONE.load(Ordering::SeqCst));
    assert_eq!(client.receive().await, Received::Closed);
}

#[tokio::test]
async fn a_handler_without_an_end_is_dropped_in_the_end() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    type Scene = (mpsc::UnboundedSender<()>, Arc<AtomicBool>);
    let (told, mut hear) = mpsc::unbounded_channel();
    let dropped = Arc::new(AtomicBool::new(false));
    let namespace = Namespace::new("/")
        .on("stuck", async |State((told, dropped)): State<Scene>| {
            let _guard = Dropped(dropped);
            told.send(()).unwrap();
            std::future::pending::<()>().await;
        })
        .with_state((told, Arc::clone(&dropped)));
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"42["stuck"]"#).await;
    hear.recv().await.unwrap();
    let start = Instant::now();
    io.close().timeout(Duration::from_millis(100)).await;
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(dropped.load(Ordering::SeqCst));
    assert_eq!(io.connection_count(), 0);
}

#[tokio::test]
async fn a_client_at_the_door_is_sent_away() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::new("/")
        .middleware(
            async |State(told): State<mpsc::UnboundedSender<()>>| -> Result<(), ConnectError> {
                told.send(()).unwrap();
                std::future::pending().await
            },
        )
        .with_state(told);
    let io = Server::builder().namespace(namespace).build();
    let mut client = Client::open(serve(&io).await).await;
    client.send("40").await;
    hear.recv().await.unwrap();
    io.close().timeout(Duration::from_millis(100)).await;
    assert_eq!(client.receive().await, Received::Closed);
    assert_eq!(io.connection_count(), 0);
}

#[tokio::test]
async fn serving_ends_with_its_signal() {
    let io = Server::builder().build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = io.clone();
    let serving = tokio::spawn(async move {
        let signal = async move { stopped.await.unwrap_or_default() };
        server.serve(listener, signal).await
    });
    let (mut client, _) = Client::join(address, "/").await;
    io.emit("last", ()).unwrap();
    stop.send(()).unwrap();
    assert_eq!(client.text().await, r#"42["last"]"#);
    assert_eq!(client.receive().await, Received::Closed);
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
