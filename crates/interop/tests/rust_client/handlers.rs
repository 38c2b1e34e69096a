//! Handlers of a client, next to its readers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use interop::javascript_server::Release;
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::client::{DisconnectReason, Sender};
use socketio::{Data, EventName, Typed};

use crate::support::{Trial, connected, data, disconnected, tell, until, with};

const NEW: [Release; 2] = [Release::Three, Release::Four];

type Heard = Arc<Mutex<Vec<String>>>;

fn hear(heard: &Heard, what: impl Into<String>) {
    heard.lock().expect("a list").push(what.into());
}

fn all(heard: &Heard) -> Vec<String> {
    heard.lock().expect("a list").clone()
}

#[tokio::test]
async fn catch_alls_see_every_event() {
    with(&Release::ALL, async |trial: Trial<'_>| {
        let (incoming, outgoing) = (Heard::default(), Heard::default());
        let builder = trial
            .builder()
            .on_any({
                let heard = Arc::clone(&incoming);
                move |name: EventName| {
                    hear(&heard, name.0);
                    async {}
                }
            })
            .on_any_outgoing({
                let heard = Arc::clone(&outgoing);
                move |_: &Sender, event| hear(&heard, event.name())
            })
            .on("number", async || {});
        let mut socket = builder.connect("/").await.expect("connected");
        socket.emit("push", 2).expect("emitted");
        socket.emit("echo", "here").expect("emitted");
        // What has no handler is still read.
        assert_eq!(data::<String>(&mut socket, "echo").await, "here");
        assert_eq!(all(&incoming), ["number", "number", "echo"]);
        assert_eq!(all(&outgoing), ["push", "echo"]);
    })
    .await;
}

#[tokio::test]
async fn handlers_see_the_connection_come_and_go() {
    with(&Release::ALL, async |trial: Trial<'_>| {
        let heard = Heard::default();
        let builder = trial
            .builder()
            .on_connect({
                let heard = Arc::clone(&heard);
                move |server: Sender| {
                    hear(&heard, "connect");
                    async move { server.emit("echo", "from the handler") }
                }
            })
            .on_disconnect({
                let heard = Arc::clone(&heard);
                move |reason: DisconnectReason| {
                    hear(&heard, reason.as_str());
                    async {}
                }
            });
        let mut socket = builder.connect("/").await.expect("connected");
        assert_eq!(
            data::<String>(&mut socket, "echo").await,
            "from the handler"
        );
        socket.emit("kick", ()).expect("emitted");
        disconnected(&mut socket).await;
        socket.connect();
        connected(&mut socket).await;
        assert_eq!(
            data::<String>(&mut socket, "echo").await,
            "from the handler"
        );
        assert_eq!(all(&heard), ["connect", "io server disconnect", "connect"]);
    })
    .await;
}

#[derive(Debug, Deserialize, Serialize, socketio::Event)]
#[event(name = "echo")]
struct Echo {
    text: String,
    times: u8,
}

#[tokio::test]
async fn events_are_types() {
    with(&NEW, async |trial: Trial<'_>| {
        let sum = Arc::new(AtomicUsize::new(0));
        let builder = trial.builder().on_event({
            let sum = Arc::clone(&sum);
            move |echo: Typed<Echo>| {
                sum.fetch_add(
                    usize::from(echo.0.times) * echo.0.text.len(),
                    Ordering::Relaxed,
                );
                async {}
            }
        });
        let socket = builder.connect("/").await.expect("connected");
        let text = "four".to_owned();
        socket
            .emit_event(&Echo { text, times: 3 })
            .expect("emitted");
        until("the handler", async || sum.load(Ordering::Relaxed) == 12).await;
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_fails_is_reported() {
    with(&NEW, async |trial: Trial<'_>| {
        let heard = Heard::default();
        let builder = trial
            .builder()
            .on("echo", async |Data(_): Data<u32>| {})
            .on_error({
                let heard = Arc::clone(&heard);
                move |_: &Sender, error| hear(&heard, error.to_string())
            });
        let socket = builder.connect("/").await.expect("connected");
        socket.emit("echo", "no number").expect("emitted");
        until("the report", async || !all(&heard).is_empty()).await;
        assert!(all(&heard)[0].contains("echo"), "{heard:?}");
    })
    .await;
}

#[tokio::test]
async fn a_client_of_handlers_needs_no_reader() {
    with(&NEW, async |trial: Trial<'_>| {
        let count = Arc::new(AtomicUsize::new(0));
        let builder = trial.builder().on("number", {
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::Relaxed);
                async {}
            }
        });
        let sender = builder.connect("/").await.expect("connected").detach();
        sender.emit("push", 1000).expect("emitted");
        until("all events", async || count.load(Ordering::Relaxed) == 1000).await;
        let id = sender.id().expect("an id").to_string();
        tell(trial.server, json!(["kick", "/", id, true])).await;
        until("the end", async || !sender.is_connected()).await;
    })
    .await;
}
