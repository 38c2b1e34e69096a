//! Servers of Socket.IO 2, and what happens to those who take one for another.

use interop::javascript_server::Release;
use serde_json::{Value, json};
use socketio::client::{Client, ConnectError, Item, Revision};

use crate::support::{Mode, SOON, Trial, alone, connected, data, next, start, tell, until, within};

const OLD: [Release; 1] = [Release::Two];

/// An old server lets everybody into `/`: with its very first answer, or when its middleware has agreed.
#[tokio::test]
async fn the_door_opens_by_itself() {
    for doorless in [true, false] {
        alone(
            &OLD,
            json!({ "doorless": doorless }),
            async |trial: Trial<'_>| {
                let mut socket = trial.connect().await;
                let id: String = socket.call("who", ()).await.expect("an id");
                assert_eq!(socket.id().map(|id| id.to_string()), Some(id));
                // Nobody is let in twice.
                assert_eq!(
                    tell(trial.server, json!(["sockets", "/"]))
                        .await
                        .as_array()
                        .map(Vec::len),
                    Some(1)
                );
                socket.emit("echo", 1).expect("emitted");
                assert_eq!(data::<u8>(&mut socket, "echo").await, 1);
            },
        )
        .await;
    }
}

#[tokio::test]
async fn another_namespace_comes_behind_the_first() {
    alone(&OLD, json!({}), async |trial: Trial<'_>| {
        let mut other = trial.builder().connect("/other").await.expect("connected");
        assert_eq!(data::<String>(&mut other, "welcome").await, "/other");
        let id: String = other.call("who", ()).await.expect("an id");
        assert_eq!(other.id().map(|id| id.to_string()), Some(id));
        other.emit("echo", "other").expect("emitted");
        assert_eq!(data::<String>(&mut other, "echo").await, "other");
    })
    .await;
}

#[tokio::test]
async fn credentials_are_the_query_of_a_namespace() {
    alone(&OLD, json!({}), async |trial: Trial<'_>| {
        let error = trial.builder().connect("/gate").await.expect_err("refused");
        let ConnectError::Refused(refused) = &error else {
            panic!("{error:?}");
        };
        // What an old server sends is the data, or else the message.
        assert_eq!(
            refused.data::<Value>().expect("data"),
            json!({ "code": 401, "hint": "ask for a token" })
        );
        let known = trial.builder().auth(json!({ "token": "secret" }));
        let mut socket = known.connect("/gate").await.expect("connected");
        assert_eq!(data::<String>(&mut socket, "welcome").await, "/gate");
        let asked = within(
            "a connection",
            trial.builder().connect("/gate?token=secret"),
        );
        let mut asked = asked.await.expect("connected");
        assert_eq!(data::<String>(&mut asked, "welcome").await, "/gate");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_at_the_first_door_keeps_everybody_outside() {
    alone(&OLD, json!({}), async |trial: Trial<'_>| {
        tell(trial.server, json!(["plan", { "closed": true }])).await;
        let client = trial.builder().build().expect("a client");
        let mut root = client.open("/").expect("opened");
        let mut other = client.open("/other").expect("opened");
        for socket in [&mut root, &mut other] {
            let Item::Refused(refused) = next(socket).await else {
                panic!("not refused");
            };
            assert_eq!(
                refused.data::<Value>().expect("data"),
                json!({ "until": "tomorrow" })
            );
            assert!(!socket.is_active());
        }
        tell(trial.server, json!(["plan", { "closed": false }])).await;
        root.connect();
        connected(&mut root).await;
        other.connect();
        connected(&mut other).await;
        assert_eq!(data::<String>(&mut other, "welcome").await, "/other");
    })
    .await;
}

#[tokio::test]
async fn the_client_keeps_the_heart_beating() {
    // The server hangs up if it hears nothing for so long.
    let options = json!({ "pingInterval": 100, "pingTimeout": 1000 });
    alone(&OLD, options, async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        let quiet = tokio::time::timeout(std::time::Duration::from_millis(1500), socket.next());
        assert!(quiet.await.is_err(), "something has happened");
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

/// Servers of revision 3 of Engine.IO say nothing of the largest body they take.
#[tokio::test]
async fn posts_are_not_split_without_a_limit() {
    let server = &start(Release::Two, json!({ "maxHttpBufferSize": 10_000_000 }));
    let trial = Trial {
        server,
        mode: Mode::Polling,
    };
    let socket = trial.connect().await;
    let text = "x".repeat(300_000);
    for _ in 0..20 {
        socket.emit("deliver", &text).expect("emitted");
    }
    let (): () = socket.call("nothing", ()).await.expect("an answer");
    let requests = tell(server, json!(["seen", "requests"])).await;
    let posts = requests
        .as_array()
        .expect("requests")
        .iter()
        .filter(|request| request["method"] == "POST");
    assert!(posts.count() < 15, "six megabytes in a few posts");
}

#[tokio::test]
async fn a_new_server_serves_those_who_call_it_old() {
    alone(
        &[Release::Three, Release::Four],
        json!({ "allowEIO3": true }),
        async |trial: Trial<'_>| {
            let builder = || trial.builder().revision(Revision::V3);
            let mut socket = builder().connect("/").await.expect("connected");
            socket.emit("echo", (1, "ä€🦀")).expect("emitted");
            assert_eq!(
                data::<(u8, String)>(&mut socket, "echo").await,
                (1, "ä€🦀".to_owned())
            );
            let mut gate = socket
                .client()
                .namespace("/gate")
                .auth(json!({ "token": "secret" }))
                .connect()
                .await
                .expect("connected");
            assert_eq!(data::<String>(&mut gate, "welcome").await, "/gate");
            tell(trial.server, json!(["cut"])).await;
            connected(&mut socket).await;
            connected(&mut gate).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_new_client_at_an_old_server_learns_why() {
    let server = &start(Release::Two, json!({}));
    for mode in Mode::ALL {
        let builder = || {
            Trial { server, mode }
                .builder()
                .revision(Revision::V4)
                .reconnection(false)
        };
        let error = within("an error", builder().connect("/"))
            .await
            .expect_err("another revision");
        let text = error.to_string();
        assert!(text.contains("revision"), "{mode:?}: {text}");
    }
}

#[tokio::test]
async fn an_old_client_at_a_new_server_learns_why() {
    let server = &start(Release::Four, json!({}));
    for mode in Mode::ALL {
        let builder = || {
            Trial { server, mode }
                .builder()
                .revision(Revision::V3)
                .reconnection(false)
        };
        let error = within("an error", builder().connect("/"))
            .await
            .expect_err("another revision");
        let ConnectError::Unreachable(failure) = &error else {
            panic!("{mode:?}: {error:?}");
        };
        // It accepts a WebSocket first, and then answers on it as if it were none.
        if mode != Mode::WebSocket {
            let status = failure.status().map(|status| status.as_u16());
            assert_eq!(status, Some(400), "{mode:?}: {error}");
            assert!(
                error.to_string().contains("protocol version"),
                "{mode:?}: {error}"
            );
        }
    }
}

/// What an old client in the same place does, too: it comes back to whoever is there.
#[tokio::test]
async fn an_old_server_may_be_restarted_as_often_as_it_likes() {
    let server = &start(Release::Two, json!({}));
    let client = Client::builder(&server.url())
        .revision(Revision::V3)
        .reconnection_delay(SOON);
    let mut socket = client.connect("/other").await.expect("connected");
    for _ in 0..3 {
        tell(server, json!(["stop"])).await;
        until("the end", async || !socket.is_connected()).await;
        socket.emit("echo", "buffered").expect("buffered");
        tell(server, json!(["start"])).await;
        loop {
            if let Item::Event(event) = next(&mut socket).await
                && event.name() == "echo"
            {
                break;
            }
        }
    }
}
