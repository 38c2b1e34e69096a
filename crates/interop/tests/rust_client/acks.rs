//! Questions and answers, both ways.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{CallError, Data};

use crate::support::{Trial, data, event, everywhere, tell};

#[tokio::test]
async fn the_server_answers() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        assert_eq!(socket.call::<i64>("add", (40, 2)).await.expect("a sum"), 42);
        let (): () = socket.call("nothing", ()).await.expect("nothing");
        let pair: (String, u8) = socket.call("pair", ()).await.expect("a pair");
        assert_eq!(pair, ("first".to_owned(), 2));
        // The second answer is ignored.
        assert_eq!(socket.call::<u8>("twice", ()).await.expect("the first"), 1);
        assert_eq!(socket.call::<i64>("add", (1, 1)).await.expect("a sum"), 2);
    })
    .await;
}

#[tokio::test]
async fn many_answers_find_their_questions() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        let calls = (0..100).map(|n| socket.call::<i64>("add", (n, 1000)).into_future());
        let sums = futures_util::future::join_all(calls).await;
        for (n, sum) in (0..100).zip(sums) {
            assert_eq!(sum.expect("a sum"), n + 1000);
        }
    })
    .await;
}

#[tokio::test]
async fn silence_is_a_timeout() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        let asked = socket
            .call::<()>("silence", ())
            .timeout(Duration::from_millis(50));
        let error = asked.await.expect_err("no answer");
        assert!(matches!(error, CallError::TimedOut), "{error:?}");
        assert_eq!(error.to_string(), "operation has timed out");
        let defaulted = trial.builder().ack_timeout(Duration::from_millis(50));
        let socket = defaulted.connect("/").await.expect("connected");
        let error = socket
            .call::<()>("silence", ())
            .await
            .expect_err("no answer");
        assert!(matches!(error, CallError::TimedOut), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_of_its_own() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        let error = socket
            .call::<String>("add", (1, 2))
            .await
            .expect_err("no text");
        assert!(matches!(error, CallError::Answer(_)), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn the_server_asks_a_reader() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        let id = socket.call::<String>("who", ()).await.expect("an id");
        let asked = tell(trial.server, json!(["ask", "/", id, "question", 20, "x"]));
        let answer = async {
            let question = event(&mut socket).await;
            assert_eq!(question.name(), "question");
            assert!(question.wants_reply());
            let (number, text): (u32, String) = question.data().expect("arguments");
            question
                .reply((number + 1, text, [true]))
                .expect("answered");
        };
        let (told, ()) = tokio::join!(asked, answer);
        assert_eq!(told, json!([21, "x", [true]]));
    })
    .await;
}

#[tokio::test]
async fn the_server_asks_a_handler() {
    everywhere(async |trial: Trial<'_>| {
        let builder = trial
            .builder()
            .on("double", async |Data(number): Data<u32>| 2 * number)
            .on("reverse", async |Data(bytes): Data<Bytes>| {
                Bytes::from_iter(bytes.iter().rev().copied())
            });
        let socket = builder.connect("/").await.expect("connected");
        let told: Value = socket.call("ask", ("double", 21)).await.expect("an answer");
        assert_eq!(told, json!([42]));
        let bytes = Bytes::from_static(&[1, 2, 3]);
        let told: (Bytes,) = socket
            .call::<((Bytes,),)>("ask", ("reverse", bytes))
            .await
            .expect("an answer")
            .0;
        assert_eq!(&told.0[..], [3, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn events_and_answers_keep_their_order() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.emit("echo", 1).expect("emitted");
        let sum = socket.call::<u8>("add", (1, 1)).await.expect("a sum");
        // What was emitted before the question came back before the answer.
        let first = futures_util::FutureExt::now_or_never(socket.next()).flatten();
        assert!(first.is_some(), "the echo is there already");
        assert_eq!(sum, 2);
        socket.emit("echo", 2).expect("emitted");
        assert_eq!(data::<u8>(&mut socket, "echo").await, 2);
    })
    .await;
}
