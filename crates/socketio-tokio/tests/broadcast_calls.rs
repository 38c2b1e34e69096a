//! Questions to many clients: who is asked, whose answers count, and when the wait is over.
#![cfg(feature = "server")]

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Serialize, Serializer};
use socketio_tokio::{Answers, Data, EmitError, Namespace, Server, Socket};
use support::{Client, Received, serve};
use tokio::task::JoinHandle;

/// Longer than any of these tests may take: whoever waits for it has waited for the wrong thing.
const FOR_EVER: Duration = Duration::from_secs(600);

async fn people<const N: usize>(io: &Server) -> (SocketAddr, [(Client, String); N]) {
    let address = serve(io).await;
    let mut people = Vec::new();
    for _ in 0..N {
        people.push(Client::join(address, "/").await);
    }
    let Ok(people) = people.try_into() else {
        unreachable!()
    };
    (address, people)
}

/// Asks everybody in the background.
fn ask(io: &Server, within: Duration) -> JoinHandle<Answers<i64>> {
    let call = io.of("/").call("n", ()).timeout(within);
    tokio::spawn(async move { call.await.unwrap() })
}

#[tokio::test]
async fn everybody_is_asked_with_the_same_number_and_answers_count_as_they_come() {
    let echo = Namespace::new("/").on("echo", async |Data(value): Data<serde_json::Value>| value);
    let io = Server::builder().namespace(echo).build();
    let (_, [(mut a, _), (mut b, _), (mut c, _)]) = people(&io).await;
    let asked = ask(&io, FOR_EVER);
    let mut questions = Vec::new();
    for client in [&mut a, &mut b, &mut c] {
        questions.push(client.text().await);
    }
    assert_eq!(questions, [r#"420["n"]"#; 3]);
    for (client, answer) in [(&mut b, 2), (&mut c, 3), (&mut a, 1)] {
        client.send(&format!("430[{answer},\"ignored\"]")).await;
        // So that the next one comes later.
        client.assert_alive().await;
    }
    let Answers {
        answers,
        invalid,
        missing,
        ..
    } = asked.await.unwrap();
    assert_eq!(answers, [2, 3, 1]);
    assert!(invalid.is_empty() && missing == 0);
}

#[tokio::test]
async fn those_who_have_answered_are_heard_when_the_time_is_over() {
    let io = Server::builder().build();
    let (_, [(mut a, _), (mut b, _)]) = people(&io).await;
    let asked = ask(&io, Duration::from_millis(100));
    a.text().await;
    b.text().await;
    a.send("430[1]").await;
    let answers = asked.await.unwrap();
    assert_eq!((answers.answers, answers.missing), (vec![1], 1));
    // What comes too late belongs to no question, also not to the next one.
    b.send("430[2]").await;
    let asked = ask(&io, FOR_EVER);
    for (client, answer) in [(&mut a, "431[3]"), (&mut b, "431[4]")] {
        assert_eq!(client.text().await, r#"421["n"]"#);
        client.send(answer).await;
    }
    let mut answers = asked.await.unwrap().answers;
    answers.sort_unstable();
    assert_eq!(answers, [3, 4]);
}

#[tokio::test]
async fn nobody_waits_for_those_who_leave() {
    let io = Server::builder().build();
    let (_, [(mut a, _), (mut b, _), (mut c, _)]) = people(&io).await;
    let start = Instant::now();
    let asked = ask(&io, FOR_EVER);
    for client in [&mut a, &mut b, &mut c] {
        client.text().await;
    }
    a.send("430[1]").await;
    b.send("41").await;
    drop(c);
    let answers = asked.await.unwrap();
    assert!(!answers.is_complete());
    assert_eq!((answers.answers, answers.missing), (vec![1], 2));
    assert!(start.elapsed() < FOR_EVER);
}

#[tokio::test]
async fn nobody_to_ask_is_an_answer_too() {
    let io = Server::builder().build();
    let answers: Answers<i64> = io.to("nobody").call("n", ()).await.unwrap();
    assert!(answers.is_complete() && answers.answers.is_empty());
}

#[tokio::test]
async fn an_answer_of_another_type_is_told_apart() {
    let io = Server::builder().build();
    let (_, [(mut a, _), (mut b, _), (mut c, _)]) = people(&io).await;
    let asked = ask(&io, FOR_EVER);
    for (client, answer) in [
        (&mut a, r#"430["one"]"#),
        (&mut b, "430[]"),
        (&mut c, "430[3]"),
    ] {
        client.text().await;
        client.send(answer).await;
    }
    let answers = asked.await.unwrap();
    assert!(!answers.is_complete());
    assert_eq!((answers.answers, answers.invalid.len()), (vec![3], 2));
}

#[tokio::test]
async fn a_choice_of_sockets_is_asked_and_bytes_travel() {
    let namespace = Namespace::new("/").on_connect(async |socket: Socket| socket.join("all"));
    let io = Server::builder().namespace(namespace).build();
    let (_, [(mut a, id), (mut b, _)]) = people(&io).await;
    let call = io
        .to("all")
        .except(id.as_str())
        .call::<Bytes>("reverse", Bytes::from_static(b"abc"))
        .timeout(FOR_EVER);
    let asked = tokio::spawn(async move { call.await.unwrap() });
    let question = b.text().await;
    assert_eq!(
        question,
        r#"451-0["reverse",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(b.receive().await, Received::Binary(b"abc".to_vec()));
    b.send(r#"461-0[{"_placeholder":true,"num":0}]"#).await;
    b.send_binary(b"cba").await;
    assert_eq!(asked.await.unwrap().answers, [Bytes::from_static(b"cba")]);
    io.emit("end", ()).unwrap();
    assert_eq!(a.text().await, r#"42["end"]"#);
}

#[tokio::test]
async fn a_question_that_cannot_be_written_reaches_nobody() {
    let io = Server::builder().build();
    let (_, [(mut a, _)]) = people(&io).await;
    let reserved = io.of("/").call::<()>("disconnect", ()).await;
    assert!(matches!(reserved, Err(EmitError::Encode(_))));
    let nowhere = io.of("/nowhere").call::<()>("n", ()).await;
    assert!(matches!(nowhere, Err(EmitError::UnknownNamespace(_))));
    io.emit("end", ()).unwrap();
    assert_eq!(a.text().await, r#"42["end"]"#);
}

#[tokio::test]
async fn a_call_that_nobody_awaits_asks_nobody() {
    let io = Server::builder().build();
    let (_, [(mut a, _)]) = people(&io).await;
    drop(io.of("/").call::<()>("n", ()));
    io.emit("end", ()).unwrap();
    assert_eq!(a.text().await, r#"42["end"]"#);
}

#[tokio::test]
async fn a_broadcast_is_written_once_for_all() {
    struct Counting(AtomicUsize);
    impl Serialize for Counting {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::SeqCst);
            serializer.serialize_str("value")
        }
    }
    let io = Server::builder().build();
    let (_, [(mut a, _), (mut b, _), (mut c, _)]) = people(&io).await;
    let value = Counting(AtomicUsize::new(0));
    io.emit("x", &value).unwrap();
    for client in [&mut a, &mut b, &mut c] {
        assert_eq!(client.text().await, r#"42["x","value"]"#);
    }
    assert_eq!(value.0.into_inner(), 1);
}
