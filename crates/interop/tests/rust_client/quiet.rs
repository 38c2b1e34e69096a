//! A client that has nothing to do does nothing.

use std::time::Duration;

use interop::javascript_server::Release;
use interop::proxy::{Proxy, Weather};
use serde_json::json;
use socketio::client::Item;
use tokio::runtime::{Builder, Handle};

use crate::support::{Mode, builder, disconnected, next, settled, start};

/// How long is watched.
const WATCHED: Duration = Duration::from_millis(1500);

/// Runs something on a thread and a runtime of its own, so that nothing else is counted.
fn apart(body: impl AsyncFnOnce()) {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(body());
}

/// How often the runtime goes to sleep while it is watched: each time it was woken before.
async fn wakes() -> u64 {
    let metrics = Handle::current().metrics();
    let before = metrics.worker_park_count(0);
    tokio::time::sleep(WATCHED).await;
    metrics.worker_park_count(0) - before
}

/// Several for each heartbeat, in either direction, and for the watch itself.
fn assert_quiet(wakes: u64, beats: u64, what: &str) {
    let most = 40 + 20 * beats;
    assert!(
        wakes <= most,
        "{what}: woken {wakes} times, {most} are enough"
    );
}

#[test]
fn an_idle_client_sleeps() {
    let server = &start(Release::Four, json!({ "pingInterval": 500 }));
    for mode in Mode::ALL {
        apart(async || {
            let socket = builder(&server.url(), Release::Four, mode)
                .connect("/")
                .await
                .expect("connected");
            settled(&socket, mode).await;
            assert_quiet(wakes().await, 3, &format!("{mode:?}"));
            assert_eq!(socket.call::<u8>("add", (1, 2)).await.expect("a sum"), 3);
        });
    }
}

#[test]
fn an_idle_client_of_an_old_server_sleeps() {
    let server = &start(Release::Two, json!({ "pingInterval": 500 }));
    for mode in Mode::ALL {
        apart(async || {
            let socket = builder(&server.url(), Release::Two, mode)
                .connect("/")
                .await
                .expect("connected");
            settled(&socket, mode).await;
            assert_quiet(wakes().await, 3, &format!("{mode:?}"));
        });
    }
}

#[test]
fn a_client_that_waits_for_its_next_attempt_sleeps() {
    let server = start(Release::Four, json!({}));
    let url = server.url();
    drop(server);
    for mode in Mode::ALL {
        apart(async || {
            let hour = Duration::from_secs(3600);
            let builder = builder(&url, Release::Four, mode)
                .reconnection_delay(hour)
                .reconnection_delay_max(hour);
            let mut socket = builder.open("/").expect("opened");
            for n in 0..100 {
                socket.emit("echo", n).expect("buffered");
            }
            assert!(matches!(next(&mut socket).await, Item::ConnectFailed(_)));
            assert_quiet(wakes().await, 0, &format!("{mode:?}"));
        });
    }
}

#[test]
fn a_client_behind_a_dead_line_sleeps() {
    let server = &start(
        Release::Four,
        json!({ "pingInterval": 1000, "pingTimeout": 1000 }),
    );
    for mode in Mode::ALL {
        apart(async || {
            let address = ([127, 0, 0, 1], server.port()).into();
            let proxy = Proxy::start(address).await.expect("a proxy");
            let hour = Duration::from_secs(3600);
            let builder = builder(&proxy.url(), Release::Four, mode)
                .reconnection_delay(hour)
                .reconnection_delay_max(hour);
            let mut socket = builder.connect("/").await.expect("connected");
            settled(&socket, mode).await;
            proxy.set(Weather {
                swallow_up: true,
                swallow_down: true,
                ..Weather::default()
            });
            for n in 0..100 {
                socket.emit("echo", n).expect("emitted");
            }
            assert_quiet(wakes().await, 3, &format!("{mode:?}"));
            disconnected(&mut socket).await;
            assert_quiet(wakes().await, 0, &format!("{mode:?}"));
        });
    }
}

#[test]
fn a_client_that_is_not_read_sleeps() {
    let server = &start(Release::Four, json!({ "pingInterval": 500 }));
    for overflow in [
        socketio::client::Overflow::Lag,
        socketio::client::Overflow::Wait,
    ] {
        apart(async || {
            let builder = builder(&server.url(), Release::Four, Mode::WebSocket)
                .queue_limit(10_000)
                .overflow(overflow);
            let socket = builder.connect("/").await.expect("connected");
            socket.emit("push", 2000).expect("emitted");
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_quiet(wakes().await, 3, &format!("{overflow:?}"));
        });
    }
}
