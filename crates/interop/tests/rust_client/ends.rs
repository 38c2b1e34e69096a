//! Every end has its reason.

use std::time::Duration;

use interop::javascript_server::Release;
use interop::proxy::{Proxy, Weather};
use serde_json::{Value, json};
use socketio::client::{DisconnectReason, Item};

use crate::support::{
    Mode, Trial, alone, builder, connected, data, disconnected, everywhere, next, settled, start,
    tell, until, within,
};

/// Why the server says that a client has left.
async fn departures(trial: Trial<'_>) -> Vec<Value> {
    let departures = tell(trial.server, json!(["seen", "departures"])).await;
    let reasons = departures.as_array().expect("departures").iter();
    reasons
        .map(|departure| departure["reason"].clone())
        .collect()
}

#[tokio::test]
async fn a_client_leaves_and_comes_back() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        settled(&socket, trial.mode).await;
        for n in 0..10 {
            socket.emit("deliver", n).expect("emitted");
        }
        // A server of Node.js ignores what reaches it together with the end. Over polling the end goes in a request of
        // its own; otherwise the answer comes before.
        if trial.mode != Mode::Polling {
            let (): () = socket.call("nothing", ()).await.expect("an answer");
        }
        socket.disconnect();
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason, back), (DisconnectReason::ClientDisconnect, false));
        assert_eq!(reason.as_str(), "io client disconnect");
        assert!(!socket.is_active() && !socket.is_connected());
        until("the server has noticed", async || {
            departures(trial).await.len() == 1
        })
        .await;
        let delivered = tell(trial.server, json!(["seen", "delivered"])).await;
        assert_eq!(delivered, json!((0..10).collect::<Vec<u32>>()));
        let reasons = departures(trial).await;
        assert_eq!(reasons, ["client namespace disconnect"]);
        until("the connection has ended", async || {
            tell(trial.server, json!(["clients"])).await == 0
        })
        .await;

        socket.connect();
        connected(&mut socket).await;
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

#[tokio::test]
async fn a_socket_that_is_dropped_leaves() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        socket.emit("deliver", 1).expect("emitted");
        // A server of Node.js ignores what reaches it together with the end: the answer comes before.
        let (): () = socket.call("nothing", ()).await.expect("an answer");
        drop(socket);
        until("the server has noticed", async || {
            departures(trial).await.len() == 1
        })
        .await;
        assert_eq!(
            tell(trial.server, json!(["seen", "delivered"])).await,
            json!([1])
        );
        until("the connection has ended", async || {
            tell(trial.server, json!(["clients"])).await == 0
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_closes_leaves_every_namespace() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        const COUNT: u32 = 2000;
        let mut socket = trial.connect().await;
        let other = socket.client().connect("/other").await.expect("connected");
        for n in 0..COUNT {
            socket.emit("deliver", n).expect("emitted");
        }
        // A server of Node.js ignores what reaches it together with the end: the answer comes before.
        let (): () = socket.call("nothing", ()).await.expect("an answer");
        within("the end", socket.client().close()).await;
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason.as_str(), back), ("io client disconnect", false));
        assert!(
            within("the end of the stream", socket.next())
                .await
                .is_none()
        );
        assert!(!other.is_connected());
        until("all that was emitted", async || {
            let delivered = tell(trial.server, json!(["seen", "delivered"])).await;
            delivered == json!((0..COUNT).collect::<Vec<_>>())
        })
        .await;
        until("the connection has ended", async || {
            tell(trial.server, json!(["clients"])).await == 0
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_server_puts_its_clients_out() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.emit("kick", ()).expect("emitted");
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason.as_str(), back), ("io server disconnect", false));
        assert!(!socket.is_active());
        socket.connect();
        connected(&mut socket).await;

        socket.emit("kick-all", ()).expect("emitted");
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason.as_str(), back), ("io server disconnect", false));
        // It does not come back unless it is told to.
        socket.connect();
        connected(&mut socket).await;
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_closes_says_so() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        settled(&socket, trial.mode).await;
        // Resolves when all connections have ended, which need not be soon.
        let closing = trial.server.tell(json!(["close"]));
        let seen = async {
            let (reason, _) = disconnected(&mut socket).await;
            reason
        };
        let reason = tokio::select! {
            reason = seen => reason,
            _ = async { closing.await.expect("closed"); std::future::pending::<()>().await } => unreachable!(),
        };
        let known = ["io server disconnect", "transport close", "transport error"];
        assert!(known.contains(&reason.as_str()), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn a_closed_engine_is_come_back_from() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        settled(&socket, trial.mode).await;
        socket.emit("close-engine", ()).expect("emitted");
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason.as_str(), back), ("transport close", true));
        connected(&mut socket).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_packet_is_a_parse_error() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.emit("nonsense", ()).expect("emitted");
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!((reason.as_str(), back), ("parse error", true));
        connected(&mut socket).await;
        socket.emit("echo", 1).expect("emitted");
        assert_eq!(data::<u8>(&mut socket, "echo").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_noticed() {
    // The heartbeat of the server is short here: nothing else would tell.
    let options = json!({ "pingInterval": 200, "pingTimeout": 1800 });
    alone(&Release::ALL, options, async |trial: Trial<'_>| {
        let address = ([127, 0, 0, 1], trial.server.port()).into();
        let proxy = Proxy::start(address).await.expect("a proxy");
        let builder = builder(&proxy.url(), trial.server.release(), trial.mode);
        let mut socket = builder.connect("/").await.expect("connected");
        settled(&socket, trial.mode).await;
        proxy.set(Weather {
            swallow_up: true,
            swallow_down: true,
            ..Weather::default()
        });
        let (reason, back) = disconnected(&mut socket).await;
        assert_eq!(
            (reason.as_str(), back),
            ("ping timeout", true),
            "{:?}",
            trial.mode
        );
        proxy.cut(interop::proxy::Cut::Reset);
        proxy.set(Weather::default());
        connected(&mut socket).await;
        assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = &start(Release::Four, json!({}));
    let proxy = Proxy::start(([127, 0, 0, 1], server.port()).into())
        .await
        .expect("a proxy");
    for mode in Mode::ALL {
        proxy.set(Weather {
            swallow_down: true,
            ..Weather::default()
        });
        let builder =
            || builder(&proxy.url(), Release::Four, mode).timeout(Duration::from_millis(200));
        let error = builder().connect("/").await.expect_err("nobody answers");
        assert!(error.to_string().contains("time"), "{error}");
        let mut socket = builder().open("/").expect("opened");
        assert!(matches!(next(&mut socket).await, Item::ConnectFailed(_)));
        proxy.set(Weather::default());
        connected(&mut socket).await;
    }
}
