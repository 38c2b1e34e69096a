//! Ten thousand events in each direction, while the transport changes.

use crate::support::{Trial, data, everywhere, settled};

const COUNT: u32 = 10_000;

#[tokio::test]
async fn ten_thousand_events_arrive_in_order() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        // Begun before the transport changes: the server spreads its own over the change.
        socket.emit("drip", (COUNT, 50)).expect("emitted");
        let sender = socket.sender();
        let sending = async {
            for n in 0..COUNT {
                sender.emit("ordered", n).expect("emitted");
                if n % 50 == 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
            sender
                .call::<(u32, Option<(u32, u32)>)>("ordered-so-far", ())
                .await
        };
        let receiving = async {
            for n in 0..COUNT {
                assert_eq!(data::<u32>(&mut socket, "number").await, n);
            }
        };
        let (arrived, ()) = tokio::join!(sending, receiving);
        assert_eq!(arrived.expect("an answer"), (COUNT, None));
        settled(&socket, trial.mode).await;
    })
    .await;
}

#[tokio::test]
async fn a_burst_arrives_in_order() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.emit("push", COUNT).expect("emitted");
        for n in 0..COUNT {
            socket.emit("ordered", n).expect("emitted");
        }
        for n in 0..COUNT {
            assert_eq!(data::<u32>(&mut socket, "number").await, n);
        }
        let arrived = socket.call::<(u32, Option<(u32, u32)>)>("ordered-so-far", ());
        assert_eq!(arrived.await.expect("an answer"), (COUNT, None));
    })
    .await;
}
