//! Handlers: what they may ask for, what their return value does, and in which order they run.
#![cfg(feature = "server")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socketio_tokio::{
    Ack, Args, Auth, CallError, ConnectError, Data, DisconnectReason, EmitError, HandlerError,
    Namespace, Rejection, Server, Socket, State,
};
use support::{Client, Received, serve};
use tokio::sync::mpsc;

fn echo() -> Namespace {
    Namespace::new("/").on("echo", async |Data(value): Data<serde_json::Value>| value)
}

async fn client_of(namespace: Namespace) -> Client {
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    Client::join(address, "/").await.0
}

#[tokio::test]
async fn the_return_value_is_the_acknowledgement() {
    let namespace = echo()
        .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b)
        .on("several", async || (1, "two"))
        .on("nothing", async || {})
        .on("good", async || Ok::<_, String>(7))
        .on("bad", async || Err::<(), _>("no such thing"));
    let mut client = client_of(namespace).await;
    for (sent, answer) in [
        (r#"421["add",2,3]"#, "431[5]"),
        (r#"422["several"]"#, r#"432[1,"two"]"#),
        (r#"423["nothing"]"#, "433[]"),
        (r#"424["good"]"#, "434[7]"),
        (r#"425["bad"]"#, r#"435["no such thing"]"#),
    ] {
        client.send(sent).await;
        assert_eq!(client.text().await, answer);
    }
}

#[tokio::test]
async fn nothing_is_answered_when_nobody_asked() {
    let mut client = client_of(echo()).await;
    client.send(r#"42["echo",1]"#).await;
    client.assert_alive().await;
}

#[tokio::test]
async fn bytes_are_attachments_in_both_directions() {
    #[derive(Deserialize, Serialize)]
    struct Picture {
        name: String,
        bytes: Bytes,
    }
    let namespace = echo().on(
        "picture",
        async |socket: Socket, Data(it): Data<Picture>| {
            socket.emit(
                "thumb",
                (
                    &it.name,
                    Picture {
                        name: "small".into(),
                        bytes: it.bytes.slice(..2),
                    },
                ),
            )
        },
    );
    let mut client = client_of(namespace).await;
    client
        .send(r#"451-["picture",{"name":"a","bytes":{"_placeholder":true,"num":0}}]"#)
        .await;
    client.send_binary(&[1, 2, 3]).await;
    let expected = r#"451-["thumb","a",{"name":"small","bytes":{"_placeholder":true,"num":0}}]"#;
    assert_eq!(client.text().await, expected);
    assert_eq!(client.receive().await, Received::Binary(vec![1, 2]));
    client.assert_alive().await;
}

#[tokio::test]
async fn raw_arguments_are_passed_on_as_they_came() {
    let namespace = echo().on("raw", async |socket: Socket, args: Args, ack: Ack<()>| {
        socket.emit_args("back", &args)?;
        ack.send_args(args)
    });
    let mut client = client_of(namespace).await;
    client.send(r#"429["raw", 1, {"a": [null]}, "x"]"#).await;
    assert_eq!(client.text().await, r#"42["back", 1, {"a": [null]}, "x"]"#);
    assert_eq!(client.text().await, r#"439[ 1, {"a": [null]}, "x"]"#);
    client
        .send(r#"451-5["raw",{"_placeholder":true,"num":0}]"#)
        .await;
    client.send_binary(b"xyz").await;
    assert_eq!(
        client.text().await,
        r#"451-["back",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(client.receive().await, Received::Binary(b"xyz".to_vec()));
    assert_eq!(
        client.text().await,
        r#"461-5[{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(client.receive().await, Received::Binary(b"xyz".to_vec()));
    client.send(r#"427["raw"]"#).await;
    assert_eq!(client.text().await, r#"42["back"]"#);
    assert_eq!(client.text().await, "437[]");
}

#[tokio::test]
async fn what_a_handler_emits_precedes_its_answer() {
    let namespace = echo().on("go", async |socket: Socket| {
        socket.emit("one", 1)?;
        tokio::task::yield_now().await;
        socket.emit("two", 2)
    });
    let mut client = client_of(namespace).await;
    client.send(r#"420["go"]"#).await;
    for expected in [r#"42["one",1]"#, r#"42["two",2]"#, "430[]"] {
        assert_eq!(client.text().await, expected);
    }
}

#[tokio::test]
async fn an_ack_may_be_sent_long_after_the_handler_has_returned() {
    type Gate = Arc<tokio::sync::Notify>;
    let gate = Gate::default();
    let namespace = Namespace::new("/")
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on(
            "later",
            async |ack: Ack<(u8, u8)>, State(gate): State<Gate>| {
                tokio::spawn(async move {
                    gate.notified().await;
                    assert!(ack.is_expected());
                    ack.send((4, 2)).unwrap();
                });
            },
        )
        .with_state(Arc::clone(&gate));
    let mut client = client_of(namespace).await;
    client.send(r#"428["later"]"#).await;
    client.assert_alive().await;
    gate.notify_one();
    assert_eq!(client.text().await, "438[4,2]");
}

#[tokio::test]
async fn the_server_calls_and_the_client_answers() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let told = State(told);
    let namespace = Namespace::new("/")
        .on(
            "start",
            async |socket: Socket, State(told): State<mpsc::UnboundedSender<_>>| {
                let sum = socket.call::<i64>("add", (1, 2)).await;
                told.send(format!("{sum:?}")).unwrap();
                let late = socket
                    .call::<i64>("never", ())
                    .timeout(Duration::from_millis(30))
                    .await;
                assert!(matches!(late, Err(CallError::TimedOut)));
                told.send("timed out".to_owned()).unwrap();
                let lost = socket.call::<i64>("never", ()).await;
                assert!(matches!(lost, Err(CallError::Disconnected)));
                told.send("disconnected".to_owned()).unwrap();
            },
        )
        .with_state(told.0);
    let mut client = client_of(namespace).await;
    client.send(r#"42["start"]"#).await;
    assert_eq!(client.text().await, r#"420["add",1,2]"#);
    client.send("430[3]").await;
    assert_eq!(hear.recv().await.unwrap(), "Ok(3)");
    assert_eq!(client.text().await, r#"421["never"]"#);
    assert_eq!(hear.recv().await.unwrap(), "timed out");
    assert_eq!(client.text().await, r#"422["never"]"#);
    drop(client);
    assert_eq!(hear.recv().await.unwrap(), "disconnected");
}

#[tokio::test]
async fn middleware_refuses_with_a_message_and_data() {
    #[derive(Deserialize)]
    struct Login {
        token: String,
    }
    let namespace = Namespace::new("/")
        .middleware(
            async |Auth(login): Auth<Login>| match login.token.as_str() {
                "secret" => Ok(()),
                _ => Err(ConnectError::new("denied")
                    .with_data(&serde_json::json!({"code": 7}))
                    .unwrap()),
            },
        )
        .middleware(async |socket: Socket| -> Result<(), ConnectError> {
            socket.join("members");
            socket
                .emit("early", 1)
                .map_err(|error| ConnectError::new(error.to_string()))
        })
        .on_connect(async |socket: Socket| socket.emit("rooms", socket.rooms().len()));
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    client.send(r#"40{"token":"guess"}"#).await;
    assert_eq!(
        client.text().await,
        r#"44{"message":"denied","data":{"code":7}}"#
    );
    client.send("40").await;
    assert!(
        client
            .text()
            .await
            .starts_with(r#"44{"message":"invalid auth payload"#)
    );
    io.to("members").emit("secret", ()).unwrap();
    client.send(r#"40{"token":"secret"}"#).await;
    assert_eq!(client.text().await, r#"42["early",1]"#);
    assert!(client.text().await.starts_with(r#"40{"sid":""#));
    assert_eq!(client.text().await, r#"42["rooms",2]"#);
}

#[tokio::test]
async fn errors_reach_on_error_and_end_no_more_than_their_event() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let namespace = echo()
        .on("number", async |Data(number): Data<u8>| number)
        .on("panic", async || -> () { panic!("on purpose") })
        .on("fail", async || Err::<(), _>(Rejection::new("not today")))
        .on_error(move |_: &Socket, error: &HandlerError| {
            log.lock().unwrap().push(error.to_string());
        });
    let mut client = client_of(namespace).await;
    client.send(r#"421["number","x"]"#).await;
    let answer = client.text().await;
    assert!(answer.starts_with(r#"431[{"error":""#), "{answer}");
    client.send(r#"422["panic"]"#).await;
    assert_eq!(client.text().await, r#"432[{"error":"internal error"}]"#);
    client.send(r#"423["fail"]"#).await;
    assert_eq!(client.text().await, r#"433[{"error":"not today"}]"#);
    client.send(r#"42["fail"]"#).await;
    client.send(r#"424["nobody listens"]"#).await;
    client.assert_alive().await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen[0].contains(r#""number" was rejected"#), "{seen:?}");
    assert!(seen[1].contains("panicked: on purpose"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_events_written_at_once_are_handled_in_order() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::new("/")
        .on(
            "n",
            async |Data(n): Data<u32>, State(told): State<mpsc::UnboundedSender<u32>>| {
                told.send(n).unwrap();
                // Some finish late: that must not hold up or reorder the starts.
                if n % 7 == 0 {
                    tokio::task::yield_now().await;
                }
            },
        )
        .with_state(told);
    let mut client = client_of(namespace).await;
    for n in 0..2_000 {
        client.feed(format!(r#"42["n",{n}]"#)).await;
    }
    client.flush().await;
    for n in 0..2_000 {
        assert_eq!(hear.recv().await, Some(n));
    }
}

#[tokio::test]
async fn a_handler_that_never_ends_holds_up_no_other() {
    let namespace = echo().on("stuck", async || std::future::pending::<()>().await);
    let mut client = client_of(namespace).await;
    for _ in 0..31 {
        client.send(r#"42["stuck"]"#).await;
    }
    client.assert_alive().await;
}

#[tokio::test]
async fn at_max_in_flight_the_server_stops_reading_until_a_handler_is_done() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let namespace = Namespace::new("/")
        .on(
            "n",
            async |Data(n): Data<u32>,
                   State((gate, told)): State<(
                Arc<tokio::sync::Semaphore>,
                mpsc::UnboundedSender<u32>,
            )>| {
                told.send(n).unwrap();
                gate.acquire().await.unwrap().forget();
            },
        )
        .with_state((Arc::clone(&gate), told));
    let io = Server::builder()
        .namespace(namespace)
        .max_in_flight(2)
        .build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    for n in 0..10 {
        client.send(&format!(r#"42["n",{n}]"#)).await;
    }
    assert_eq!(hear.recv().await, Some(0));
    assert_eq!(hear.recv().await, Some(1));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(hear.try_recv().is_err(), "a third handler started");
    gate.add_permits(10);
    for n in 2..10 {
        assert_eq!(hear.recv().await, Some(n));
    }
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_refused_more() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::new("/")
        .on(
            "flood",
            async |socket: Socket, State(told): State<mpsc::UnboundedSender<String>>| {
                let kilobyte = "x".repeat(1_000);
                let refused = loop {
                    if let Err(error) = socket.emit("x", &kilobyte) {
                        break error;
                    }
                };
                assert!(matches!(refused, EmitError::Full));
                assert!(socket.queued_bytes() <= 100_000);
                told.send("full".to_owned()).unwrap();
            },
        )
        .on_disconnect(
            async |reason: DisconnectReason, State(told): State<mpsc::UnboundedSender<String>>| {
                told.send(reason.to_string()).unwrap();
            },
        )
        .with_state(told);
    let io = Server::builder()
        .namespace(namespace)
        .max_buffer_size(100_000)
        .build();
    let (mut client, id) = Client::join(serve(&io).await, "/").await;
    client.send(r#"42["flood"]"#).await;
    assert_eq!(hear.recv().await.unwrap(), "full");
    // A broadcast must not leave a gap: it costs the client its connection.
    while io.connection_count() > 0 {
        io.to(id.as_str()).emit("y", "x".repeat(100_000)).unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(hear.recv().await.unwrap(), "forced close");
}
