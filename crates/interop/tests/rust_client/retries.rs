//! Events that are sent until they are answered.

use std::time::Duration;

use interop::javascript_server::Release;
use serde_json::json;
use socketio::CallError;
use socketio::client::Item;

use crate::support::{Trial, alone, connected, disconnected, next, tell, until};

/// How long an answer may take. A server that is asked once too often does no harm here.
const ACK_TIMEOUT: Duration = Duration::from_millis(300);

async fn delivered(trial: Trial<'_>) -> Vec<u32> {
    let delivered = tell(trial.server, json!(["seen", "delivered"])).await;
    serde_json::from_value(delivered).expect("numbers")
}

#[tokio::test]
async fn an_event_is_sent_until_it_is_answered() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        // The first try of each event is not answered.
        tell(trial.server, json!(["plan", { "stubborn": 1 }])).await;
        let builder = trial.builder().retries(20, ACK_TIMEOUT);
        let socket = builder.connect("/").await.expect("connected");
        for key in 0..4 {
            socket.emit("stubborn", key).expect("emitted");
        }
        let tries = socket.call::<u32>("stubborn", 4).await.expect("an answer");
        assert!(tries >= 2, "{tries}");
        let seen = delivered(trial).await;
        // One after the other, each as often as it takes.
        assert!(seen.is_sorted(), "{seen:?}");
        for key in 0..5 {
            assert!(
                seen.iter().filter(|seen| **seen == key).count() >= 2,
                "{seen:?}"
            );
        }
        socket.drained().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_never_answered_is_reported() {
    alone(&[Release::Four], json!({}), async |trial: Trial<'_>| {
        tell(trial.server, json!(["plan", { "stubborn": 1000 }])).await;
        let builder = trial.builder().retries(2, Duration::from_millis(30));
        let mut socket = builder.connect("/").await.expect("connected");
        socket.emit("stubborn", 1).expect("emitted");
        let error = socket
            .call::<u32>("stubborn", 2)
            .await
            .expect_err("no answer");
        assert!(matches!(error, CallError::TimedOut), "{error:?}");
        let Item::Undelivered(emit) = next(&mut socket).await else {
            panic!("not reported");
        };
        assert_eq!(emit.name(), "stubborn");
        assert!(matches!(emit.error(), CallError::TimedOut));
        // The last try may still be on its way when it is given up.
        until("every try", async || {
            delivered(trial).await == [1, 1, 1, 2, 2, 2]
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_outage_costs_nothing_and_changes_no_order() {
    alone(&Release::ALL, json!({}), async |trial: Trial<'_>| {
        const COUNT: u32 = 60;
        let builder = trial.builder().retries(50, 10 * ACK_TIMEOUT);
        let mut socket = builder.connect("/").await.expect("connected");
        for n in 0..COUNT {
            socket.emit("deliver", n).expect("emitted");
        }
        until("the first half", async || {
            delivered(trial).await.len() >= 20
        })
        .await;
        for how in ["cut", "stop"] {
            tell(trial.server, json!([how])).await;
            disconnected(&mut socket).await;
            if how == "stop" {
                tell(trial.server, json!(["start"])).await;
            }
            connected(&mut socket).await;
        }
        socket.drained().await;
        let seen = delivered(trial).await;
        assert!(seen.is_sorted(), "{seen:?}");
        let mut once = seen;
        once.dedup();
        assert_eq!(once, (0..COUNT).collect::<Vec<_>>());
    })
    .await;
}
