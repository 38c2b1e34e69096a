//! Behind a network that is slow, loses connections and falls silent.

use std::time::Duration;

use bytes::Bytes;
use interop::javascript_server::{JavaScriptServer, Release};
use interop::proxy::{Cut, Proxy, Weather};
use serde_json::{Value, json};
use socketio::TransportKind;
use socketio::client::{Item, Notice, Socket};

use crate::support::{
    Mode, PATIENCE, builder, connected, data, disconnected, next, noticed, settled, start, tell,
    until, within,
};

async fn proxy_of(server: &JavaScriptServer) -> Proxy {
    let address = ([127, 0, 0, 1], server.port()).into();
    Proxy::start(address).await.expect("a proxy")
}

async fn delivered(server: &JavaScriptServer, who: &str) -> Vec<u32> {
    let delivered = tell(server, json!(["seen", "delivered"])).await;
    let mine = delivered.as_array().expect("deliveries").iter();
    let mine = mine.filter_map(|key| key.as_str()?.strip_prefix(who)?.strip_prefix(' '));
    mine.map(|n| n.parse().expect("a number")).collect()
}

/// The bytes after which everything is cut: close together while the connection is made, wider apart later.
fn offsets() -> impl Iterator<Item = u64> {
    (0..600).step_by(37).chain((600..6_000).step_by(487))
}

/// Says where the connection was cut when a test fails.
struct Offset(Mode, u64);

impl Drop for Offset {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("over {:?}, cut after {} bytes", self.0, self.1);
        }
    }
}

/// What is answered has arrived, and what has arrived is in order, wherever the connection was cut.
async fn cut_everywhere(mode: Mode, release: Release) {
    const COUNT: u32 = 12;
    let server = &start(release, json!({ "upgradeDelay": 5 }));
    let proxy = &proxy_of(server).await;
    for (round, offset) in offsets().enumerate() {
        let who = format!("{mode:?} {round}");
        let how = if round % 2 == 0 {
            Cut::Reset
        } else {
            Cut::Finished
        };
        let _witness = Offset(mode, offset);
        proxy.cut_after(offset, how);
        let builder = builder(&proxy.url(), release, mode)
            .retries(100, Duration::from_secs(2))
            .reconnection_delay(Duration::from_millis(5))
            .reconnection_delay_max(Duration::from_millis(20));
        let socket = builder.open("/").expect("opened");
        for n in 0..COUNT {
            // Bytes among them, whose frames can be cut apart.
            let weight = Bytes::from(vec![0; if n % 4 == 0 { 300 } else { 0 }]);
            let sender = socket.sender();
            let call = sender.call::<String>("weigh", (format!("{who} {n}"), weight));
            if n + 1 == COUNT {
                let answer = within("the last answer", call).await;
                assert_eq!(
                    answer.expect("an answer"),
                    format!("{who} {n}"),
                    "cut after {offset}"
                );
            } else {
                tokio::spawn(call.into_future());
                // Each is in the queue before the next one is.
                tokio::task::yield_now().await;
            }
        }
        let seen = delivered(server, &who).await;
        assert!(seen.is_sorted(), "cut after {offset}: {seen:?}");
        let mut once = seen;
        once.dedup();
        assert_eq!(once, (0..COUNT).collect::<Vec<_>>(), "cut after {offset}");
        within("the end", socket.client().close()).await;
    }
}

#[tokio::test]
async fn polling_survives_a_cut_at_any_byte() {
    cut_everywhere(Mode::Polling, Release::Four).await;
}

#[tokio::test]
async fn a_web_socket_survives_a_cut_at_any_byte() {
    cut_everywhere(Mode::WebSocket, Release::Four).await;
}

#[tokio::test]
async fn an_upgrade_survives_a_cut_at_any_byte() {
    cut_everywhere(Mode::Upgrade, Release::Four).await;
}

#[tokio::test]
async fn old_servers_survive_a_cut_at_any_byte() {
    cut_everywhere(Mode::Upgrade, Release::Two).await;
}

/// Without retries an event may be lost with its connection, but never comes twice, and never late.
#[tokio::test]
async fn at_most_once_is_at_most_once() {
    const COUNT: u32 = 300;
    let server = &start(Release::Four, json!({ "upgradeDelay": 5 }));
    let proxy = &proxy_of(server).await;
    for mode in Mode::ALL {
        let builder =
            builder(&proxy.url(), Release::Four, mode).reconnection_delay(Duration::from_millis(5));
        let mut socket = builder.connect("/").await.expect("connected");
        let who = format!("{mode:?}");
        proxy.cut_after(3_000, Cut::Reset);
        for n in 0..COUNT {
            socket
                .emit("deliver", format!("{who} {n}"))
                .expect("emitted");
            if n % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        connected(&mut socket).await;
        // What was on its way is lost, and what is said from now on is not.
        socket
            .emit("deliver", format!("{who} {COUNT}"))
            .expect("emitted");
        let (): () = within("an answer", socket.call("nothing", ()))
            .await
            .expect("an answer");
        let seen = delivered(server, &who).await;
        assert!(seen.is_sorted_by(|a, b| a < b), "{mode:?}: {seen:?}");
        assert_eq!(seen.last(), Some(&COUNT), "{mode:?}");
    }
}

#[tokio::test]
async fn a_slow_network_only_takes_longer() {
    let server = &start(Release::Four, json!({ "maxHttpBufferSize": 10_000_000 }));
    let proxy = &proxy_of(server).await;
    proxy.set(Weather {
        delay: Duration::from_millis(10),
        rate: Some(2_000_000),
        ..Weather::default()
    });
    for mode in Mode::ALL {
        let mut socket = builder(&proxy.url(), Release::Four, mode)
            .connect("/")
            .await
            .expect("connected");
        let bytes = Bytes::from(vec![9; 300_000]);
        for n in 0..5 {
            socket.emit("echo", (n, &bytes)).expect("emitted");
        }
        for n in 0..5 {
            let (back, content): (u32, Bytes) = data(&mut socket, "echo").await;
            assert!(back == n && content == bytes);
        }
        settled(&socket, mode).await;
    }
}

#[tokio::test]
async fn polling_goes_on_when_no_web_socket_comes_about() {
    for release in [Release::Two, Release::Four] {
        let server = &start(release, json!({ "upgradeTimeout": 300 }));
        let proxy = &proxy_of(server).await;
        proxy.set(Weather {
            websocket_delay: 4 * PATIENCE,
            ..Weather::default()
        });
        let client =
            builder(&proxy.url(), release, Mode::Upgrade).timeout(Duration::from_millis(500));
        let client = client.build().expect("a client");
        let mut notices = client.notices();
        let mut socket = client.connect("/").await.expect("connected");
        socket.emit("drip", (200, 5)).expect("emitted");
        for n in 0..200 {
            socket.emit("ordered", n).expect("emitted");
            assert_eq!(data::<u32>(&mut socket, "number").await, n);
        }
        noticed(&mut notices, |notice| {
            matches!(notice, Notice::UpgradeFailed).then_some(())
        })
        .await;
        assert_eq!(client.transport(), Some(TransportKind::Polling));
        let arrived = socket.call::<(u32, Option<Value>)>("ordered-so-far", ());
        assert_eq!(arrived.await.expect("an answer"), (200, None));
    }
}

/// Which direction is silent.
async fn half_open(mode: Mode, weather: Weather) {
    let server = &start(
        Release::Four,
        json!({ "pingInterval": 150, "pingTimeout": 600 }),
    );
    let proxy = &proxy_of(server).await;
    let mut socket = builder(&proxy.url(), Release::Four, mode)
        .connect("/")
        .await
        .expect("connected");
    settled(&socket, mode).await;
    proxy.set(weather);
    socket.emit("deliver", "into the void").expect("emitted");
    let (reason, back) = disconnected(&mut socket).await;
    assert!(
        back && ["ping timeout", "transport close", "transport error"].contains(&reason.as_str()),
        "{reason}"
    );
    for n in 0..5 {
        socket
            .emit("deliver", format!("later {n}"))
            .expect("buffered");
    }
    proxy.cut(Cut::Reset);
    proxy.set(Weather::default());
    connected(&mut socket).await;
    let (): () = within("an answer", socket.call("nothing", ()))
        .await
        .expect("an answer");
    assert_eq!(delivered(server, "later").await, [0, 1, 2, 3, 4]);
    until("the old session is gone", async || {
        tell(server, json!(["clients"])).await == 1
    })
    .await;
}

#[tokio::test]
async fn a_server_that_hears_nothing_is_left() {
    for mode in Mode::ALL {
        half_open(
            mode,
            Weather {
                swallow_up: true,
                ..Weather::default()
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_heard_is_left() {
    for mode in Mode::ALL {
        half_open(
            mode,
            Weather {
                swallow_down: true,
                ..Weather::default()
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_server_that_refuses_connections_is_waited_for() {
    let server = &start(Release::Four, json!({}));
    let proxy = &proxy_of(server).await;
    proxy.set(Weather {
        refuse: true,
        ..Weather::default()
    });
    for mode in Mode::ALL {
        proxy.set(Weather {
            refuse: true,
            ..Weather::default()
        });
        let mut socket = builder(&proxy.url(), Release::Four, mode)
            .open("/")
            .expect("opened");
        assert_failures(&mut socket, 3).await;
        proxy.set(Weather::default());
        connected(&mut socket).await;
    }
}

async fn assert_failures(socket: &mut Socket, count: usize) {
    for _ in 0..count {
        let item = next(socket).await;
        assert!(matches!(item, Item::ConnectFailed(_)), "{item:?}");
    }
}
