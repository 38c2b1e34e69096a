//! Middleware at the door and before events: order, refusals, waiting, and clients that leave meanwhile.
#![cfg(feature = "server")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use socketio_tokio::{
    Args, ConnectError, ConnectionError, Data, EventName, HandlerError, Namespace, Server, Socket,
    State,
};
use support::{Client, Received, serve};
use tokio::sync::{Notify, mpsc};

#[derive(Clone)]
struct Scene {
    gate: Arc<Notify>,
    told: mpsc::UnboundedSender<String>,
}

fn scene() -> (Scene, mpsc::UnboundedReceiver<String>) {
    let (told, hear) = mpsc::unbounded_channel();
    let gate = Arc::default();
    (Scene { gate, told }, hear)
}

#[tokio::test]
async fn the_first_refusal_is_the_last_word() {
    let (scene, mut hear) = scene();
    let step = |number: u8, outcome: Result<(), &'static str>| {
        move |State(scene): State<Scene>| async move {
            scene.told.send(format!("step {number}")).unwrap();
            tokio::task::yield_now().await;
            outcome.map_err(ConnectError::new)
        }
    };
    let namespace = Namespace::new("/")
        .middleware(step(1, Ok(())))
        .middleware(step(2, Err("by the second")))
        .middleware(step(3, Err("by the third")))
        .with_state(scene);
    let io = Server::builder().namespace(namespace).build();
    let mut client = Client::open(serve(&io).await).await;
    client.send("40").await;
    assert_eq!(client.text().await, r#"44{"message":"by the second"}"#);
    assert_eq!(hear.recv().await.unwrap(), "step 1");
    assert_eq!(hear.recv().await.unwrap(), "step 2");
    assert!(hear.try_recv().is_err());
}

#[tokio::test]
async fn a_joining_socket_is_not_connected_and_cannot_be_put_out() {
    let namespace = Namespace::new("/")
        .middleware(async |socket: Socket| -> Result<(), ConnectError> {
            assert!(!socket.is_connected());
            socket.disconnect();
            assert_eq!(socket.rooms(), []);
            socket.join("early");
            Ok(())
        })
        .on_connect(async |socket: Socket| {
            socket.emit("state", (socket.is_connected(), socket.rooms().len()))
        });
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    assert_eq!(client.text().await, r#"42["state",true,2]"#);
}

#[tokio::test]
async fn a_client_that_leaves_at_the_door_was_never_there() {
    let (scene, mut hear) = scene();
    let gate = Arc::clone(&scene.gate);
    let namespace = Namespace::new("/slow")
        .middleware(
            async |socket: Socket, State(scene): State<Scene>| -> Result<(), ConnectError> {
                socket.join("room");
                scene.told.send("asked".to_owned()).unwrap();
                scene.gate.notified().await;
                scene.told.send("decided".to_owned()).unwrap();
                Ok(())
            },
        )
        .on_connect(async |State(scene): State<Scene>| {
            scene.told.send("let in".to_owned()).unwrap()
        })
        .on_disconnect(async |State(scene): State<Scene>| {
            scene.told.send("left".to_owned()).unwrap()
        })
        .with_state(scene);
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    client.send("40/slow,").await;
    assert_eq!(hear.recv().await.unwrap(), "asked");
    drop(client);
    while io.connection_count() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gate.notify_one();
    assert_eq!(hear.recv().await.unwrap(), "decided");
    io.close().await;
    assert_eq!(io.of("/slow").sockets().len(), 0);
    assert_eq!(hear.try_recv().ok(), None);
}

#[tokio::test]
async fn a_second_connect_while_the_first_is_pending_ends_the_connection() {
    let (scene, mut hear) = scene();
    let namespace = Namespace::new("/slow")
        .middleware(
            async |State(scene): State<Scene>| -> Result<(), ConnectError> {
                scene.told.send("asked".to_owned()).unwrap();
                scene.gate.notified().await;
                Ok(())
            },
        )
        .with_state(scene);
    let io = Server::builder().namespace(namespace).build();
    let mut client = Client::open(serve(&io).await).await;
    client.send("40/slow,").await;
    assert_eq!(hear.recv().await.unwrap(), "asked");
    client.send("40/slow,").await;
    assert_eq!(client.receive().await, Received::Closed);
}

#[tokio::test]
async fn middleware_that_waits_does_not_stop_the_clock() {
    let (scene, mut hear) = scene();
    let namespace = Namespace::new("/")
        .middleware(
            async |State(scene): State<Scene>| -> Result<(), ConnectError> {
                scene.told.send("asked".to_owned()).unwrap();
                scene.gate.notified().await;
                Ok(())
            },
        )
        .with_state(scene);
    let io = Server::builder()
        .connect_timeout(Duration::from_millis(100))
        .namespace(namespace)
        .build();
    let mut client = Client::open(serve(&io).await).await;
    client.send("40").await;
    assert_eq!(hear.recv().await.unwrap(), "asked");
    assert_eq!(client.receive().await, Received::Closed);
}

#[tokio::test]
async fn event_middleware_changes_arguments_for_those_behind_it() {
    let exclaim = async |args: Args| -> Result<Args, String> {
        let (text,) = args.to::<(String,)>().map_err(|error| error.to_string())?;
        Args::new(&(format!("{text}!"), text.len())).map_err(|error| error.to_string())
    };
    let namespace = Namespace::<()>::new("/")
        .event_middleware(exclaim)
        .event_middleware(
            async |Data(text): Data<String>, EventName(name): EventName| {
                if text.starts_with('a') {
                    Ok(())
                } else {
                    Err(format!("no {text} in {name}"))
                }
            },
        )
        .on(
            "say",
            async |Data((text, length)): Data<(String, usize)>| (text, length),
        );
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    for (sent, answer) in [
        (r#"421["say","abc"]"#, r#"431["abc!",3]"#),
        (r#"422["say","xyz"]"#, r#"432["no xyz! in say"]"#),
    ] {
        client.send(sent).await;
        assert_eq!(client.text().await, answer);
    }
    client.send(r#"423["say",7]"#).await;
    let answer = client.text().await;
    assert!(
        answer.starts_with(r#"433["#) && answer.contains("string"),
        "{answer}"
    );
}

#[tokio::test]
async fn event_middleware_that_panics_stops_its_event_alone() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let namespace = Namespace::<()>::new("/")
        .event_middleware(async |EventName(name): EventName| assert!(name != "bad", "on purpose"))
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on("bad", async || "reached")
        .on_error(move |_: &Socket, error: &HandlerError| told.send(error.to_string()).unwrap());
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"421["bad"]"#).await;
    assert_eq!(client.text().await, r#"431[{"error":"internal error"}]"#);
    assert!(hear.recv().await.unwrap().contains("on purpose"));
    client.assert_alive().await;
}

#[tokio::test]
async fn an_event_whose_middleware_waits_is_overtaken() {
    let (scene, mut hear) = scene();
    let gate = Arc::clone(&scene.gate);
    let namespace = Namespace::new("/")
        .event_middleware(
            async |EventName(name): EventName, State(scene): State<Scene>| {
                if name == "slow" {
                    scene.told.send("waits".to_owned()).unwrap();
                    scene.gate.notified().await;
                }
            },
        )
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on("slow", async || "slow")
        .with_state(scene);
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"421["slow"]"#).await;
    assert_eq!(hear.recv().await.unwrap(), "waits");
    client.assert_alive().await;
    gate.notify_one();
    assert_eq!(client.text().await, r#"431["slow"]"#);
}

#[tokio::test]
async fn a_refused_request_is_reported_with_its_code() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let io = Server::builder()
        .connection_error(move |error: &ConnectionError<'_>| {
            told.send((error.code, error.message)).unwrap();
        })
        .build();
    let address = serve(&io).await;
    support::http(
        address,
        "GET",
        "/socket.io/?EIO=3&transport=polling",
        "",
        "",
    )
    .await;
    assert_eq!(hear.recv().await, Some((5, "Unsupported protocol version")));
}
