//! A client that was lost returns as who it was and is told what it has missed.

use interop::javascript_server::Release;
use serde_json::{Value, json};
use socketio::client::{Item, Socket};

use crate::support::{Mode, Trial, connected, data, disconnected, next, settled, start, tell};

async fn recovering(body: impl AsyncFn(Trial<'_>)) {
    for mode in Mode::ALL {
        let server = &start(Release::Four, json!({ "connectionStateRecovery": {} }));
        body(Trial { server, mode }).await;
    }
}

/// A client in a room, which has heard something: only then there is something to go on from.
async fn listener(trial: Trial<'_>) -> Socket {
    let mut socket = trial.connect().await;
    settled(&socket, trial.mode).await;
    let (): () = socket.call("join", "red").await.expect("an answer");
    tell(trial.server, json!(["emit", "/", "red", "told", "before"])).await;
    assert_eq!(data::<String>(&mut socket, "told").await, "before");
    assert!(!socket.is_recovered());
    socket
}

#[tokio::test]
async fn a_client_that_returns_is_told_what_it_missed() {
    recovering(async |trial: Trial<'_>| {
        let mut socket = listener(trial).await;
        let id = socket.id().expect("an id").to_string();
        for round in 0..2 {
            // The server knows of the end at once, whatever the transport.
            socket.emit("close-engine", ()).expect("emitted");
            let (reason, back) = disconnected(&mut socket).await;
            assert_eq!((reason.as_str(), back), ("transport close", true));
            for (room, text) in [
                (Some("red"), "one"),
                (Some("blue"), "not for you"),
                (None, "two"),
                (Some(id.as_str()), "three"),
            ] {
                tell(trial.server, json!(["emit", "/", room, "told", text])).await;
            }
            for text in ["one", "two", "three"] {
                assert_eq!(
                    data::<String>(&mut socket, "told").await,
                    text,
                    "round {round}"
                );
            }
            let Item::Connected {
                id: again,
                recovered,
            } = next(&mut socket).await
            else {
                panic!("what was missed comes first, then the connection");
            };
            assert!(recovered && socket.is_recovered(), "round {round}");
            assert_eq!(again.to_string(), id);
            // The rooms are the same.
            tell(trial.server, json!(["emit", "/", "red", "told", "after"])).await;
            assert_eq!(data::<String>(&mut socket, "told").await, "after");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_client_said_meanwhile_comes_after() {
    recovering(async |trial: Trial<'_>| {
        let mut socket = listener(trial).await;
        socket.emit("close-engine", ()).expect("emitted");
        disconnected(&mut socket).await;
        for n in 0..20 {
            socket.emit("deliver", n).expect("buffered");
        }
        let (_, recovered) = connected(&mut socket).await;
        assert!(recovered);
        let (): () = socket.call("nothing", ()).await.expect("an answer");
        let delivered = tell(trial.server, json!(["seen", "delivered"])).await;
        assert_eq!(delivered, json!((0..20).collect::<Vec<u32>>()));
    })
    .await;
}

#[tokio::test]
async fn whoever_is_not_known_any_more_begins_anew() {
    recovering(async |trial: Trial<'_>| {
        let mut socket = listener(trial).await;
        let id = socket.id().expect("an id").to_string();
        // A server that has died remembers nobody.
        tell(trial.server, json!(["stop"])).await;
        disconnected(&mut socket).await;
        tell(trial.server, json!(["start"])).await;
        let (again, recovered) = connected(&mut socket).await;
        assert!(!recovered && again != id);
        // It is as good as new: what it hears from now on can be recovered.
        let (): () = socket.call("join", "red").await.expect("an answer");
        tell(trial.server, json!(["emit", "/", "red", "told", "new"])).await;
        assert_eq!(data::<String>(&mut socket, "told").await, "new");
        socket.emit("close-engine", ()).expect("emitted");
        disconnected(&mut socket).await;
        tell(trial.server, json!(["emit", "/", "red", "told", "missed"])).await;
        assert_eq!(data::<String>(&mut socket, "told").await, "missed");
        let (last, recovered) = connected(&mut socket).await;
        assert!(recovered && last == again);
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_on_purpose_begins_anew() {
    recovering(async |trial: Trial<'_>| {
        let mut socket = listener(trial).await;
        let id = socket.id().expect("an id").to_string();
        socket.disconnect();
        disconnected(&mut socket).await;
        socket.connect();
        let (again, recovered) = connected(&mut socket).await;
        assert!(!recovered && again != id);
    })
    .await;
}

#[tokio::test]
async fn auth_is_said_beside_what_recovers() {
    recovering(async |trial: Trial<'_>| {
        let builder = trial.builder().auth(json!({ "token": "secret" }));
        let mut socket = builder.connect("/gate").await.expect("connected");
        assert_eq!(data::<String>(&mut socket, "welcome").await, "/gate");
        socket.emit("close-engine", ()).expect("emitted");
        let (_, recovered) = connected(&mut socket).await;
        assert!(recovered);
        let arrivals = tell(trial.server, json!(["seen", "arrivals"])).await;
        // Who is recovered is not asked at the door.
        assert_eq!(arrivals.as_array().map(Vec::len), Some(1));
        assert_eq!(arrivals[0]["auth"], json!({ "token": "secret" }));
        assert_eq!(socket.call::<Value>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}
