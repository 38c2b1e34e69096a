//! Typed events: one type gives the name, the arguments and the acknowledgement of both sides.
#![cfg(all(feature = "macros", feature = "server"))]

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socketio_tokio::{
    Asked, CallError, Data, EmitError, Event, Namespace, Rejection, Server, Socket, State, Typed,
};
use support::{Client, Received, serve};

fn echo() -> Namespace {
    Namespace::new("/").on("echo", async |Data(value): Data<serde_json::Value>| value)
}

async fn client_of(namespace: Namespace) -> Client {
    let io = Server::builder().namespace(namespace).build();
    let address = serve(&io).await;
    Client::join(address, "/").await.0
}

#[derive(Debug, Deserialize, Event, Serialize)]
#[event(name = "chat message", ack = Receipt)]
struct Message {
    room: String,
    text: String,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Receipt {
    number: u64,
}

#[derive(Debug, Deserialize, Event, PartialEq, Serialize)]
#[event(ack = (u8, u8))]
struct MovePiece(u8, u8);

#[derive(Debug, Deserialize, Event, PartialEq, Serialize)]
struct Level<T>((T, T));

#[derive(Debug, Deserialize, Event, PartialEq, Serialize)]
struct Refresh;

#[derive(Debug, Deserialize, Event, Serialize)]
struct Picture(String, Bytes);

#[tokio::test]
async fn name_arguments_and_acknowledgement_are_those_of_the_type() {
    let namespace = echo()
        .on_event(async |Typed(message): Typed<Message>| Receipt {
            number: (message.room.len() + message.text.len()) as u64,
        })
        .on_event(async |Typed(MovePiece(from, to)): Typed<MovePiece>| (to, from))
        .on_event(async |socket: Socket, Typed(level): Typed<Level<u8>>| socket.emit_event(&level))
        .on_event(async |socket: Socket, Typed(refresh): Typed<Refresh>| {
            socket.emit_event(&refresh)
        });
    let mut client = client_of(namespace).await;
    client
        .send(r#"421["chat message",{"room":"a","text":"bc"}]"#)
        .await;
    assert_eq!(client.text().await, r#"431[{"number":3}]"#);
    client.send(r#"422["move_piece",4,5]"#).await;
    assert_eq!(client.text().await, "432[5,4]");
    client.send(r#"423["level",[1,2]]"#).await;
    assert_eq!(client.text().await, r#"42["level",[1,2]]"#);
    assert_eq!(client.text().await, "433[]");
    client.send(r#"424["refresh"]"#).await;
    assert_eq!(client.text().await, r#"42["refresh"]"#);
    assert_eq!(client.text().await, "434[]");
}

#[tokio::test]
async fn bytes_are_attachments() {
    let namespace = echo().on_event(async |socket: Socket, Typed(it): Typed<Picture>| {
        socket
            .volatile()
            .emit_event(&Picture(it.0, it.1.slice(1..)))
    });
    let mut client = client_of(namespace).await;
    client
        .send(r#"451-["picture","a",{"_placeholder":true,"num":0}]"#)
        .await;
    client.send_binary(&[1, 2, 3]).await;
    let expected = r#"451-["picture","a",{"_placeholder":true,"num":0}]"#;
    assert_eq!(client.text().await, expected);
    assert_eq!(client.receive().await, Received::Binary(vec![2, 3]));
}

#[tokio::test]
async fn what_is_sent_is_what_would_be_received() {
    let namespace = echo().on("send", async |socket: Socket| {
        let text = String::from("b");
        let room = String::from("a");
        socket.emit_event(&Message { room, text })?;
        socket.emit_event(&MovePiece(1, 2))?;
        socket.volatile().emit_event(&Level((1.5, 2.5)))?;
        socket.emit_event(&Refresh)
    });
    let mut client = client_of(namespace).await;
    client.send(r#"42["send"]"#).await;
    for expected in [
        r#"42["chat message",{"room":"a","text":"b"}]"#,
        r#"42["move_piece",1,2]"#,
        r#"42["level",[1.5,2.5]]"#,
        r#"42["refresh"]"#,
    ] {
        assert_eq!(client.text().await, expected);
    }
}

#[tokio::test]
async fn a_failure_is_an_answer_and_reaches_on_error() {
    let errors = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&errors);
    let namespace = echo()
        .on_event(async |Typed(MovePiece(from, to)): Typed<MovePiece>| {
            if from == to {
                Err("no move")
            } else {
                Ok((from, to))
            }
        })
        .on_error(move |_, error| told.lock().unwrap().push(error.to_string()));
    let mut client = client_of(namespace).await;
    client.send(r#"421["move_piece",4,5]"#).await;
    assert_eq!(client.text().await, "431[4,5]");
    client.send(r#"422["move_piece",4,4]"#).await;
    assert_eq!(client.text().await, r#"432["no move"]"#);
    client.send(r#"42["move_piece",4,4]"#).await;
    client.assert_alive().await;
    let expected = r#"the handler of "move_piece" failed: ["no move"]"#;
    assert_eq!(*errors.lock().unwrap(), [expected, expected]);
}

#[tokio::test]
async fn other_arguments_are_refused_and_the_peer_is_told() {
    let errors = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&errors);
    let namespace = echo()
        .on_event(async |Typed(it): Typed<MovePiece>| (it.0, it.1))
        .on_event(async |Asked(_, ack): Asked<Message>| ack.send(Receipt { number: 0 }))
        .on_error(move |_, error| told.lock().unwrap().push(error.to_string()));
    let mut client = client_of(namespace).await;
    client.send(r#"421["move_piece",[4,5]]"#).await;
    let first = client.text().await;
    client.send(r#"422["chat message","b"]"#).await;
    let second = client.text().await;
    client.send(r#"42["move_piece",4]"#).await;
    client.assert_alive().await;
    assert!(
        first.starts_with(r#"431[{"error":"argument 0: invalid type"#),
        "{first}"
    );
    assert!(
        second.starts_with(r#"432[{"error":"argument 0: invalid type"#),
        "{second}"
    );
    let errors = errors.lock().unwrap();
    let [_, _, last] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    let rejection = "argument 1: missing, expected u8";
    assert!(
        last.starts_with(&format!(
            r#"the event "move_piece" was rejected: {rejection}"#
        )),
        "{last}"
    );
}

/// An acknowledgement that is a `Result` is a value like others: what fails is the handler.
#[tokio::test]
async fn an_acknowledgement_may_be_a_result_itself() {
    #[derive(Deserialize, Event, Serialize)]
    #[event(ack = Result<u8, String>)]
    struct Check(u8);
    let namespace = echo().on_event(async |socket: Socket, Typed(it): Typed<Check>| {
        let asked = socket.clone();
        tokio::spawn(async move {
            let answer = asked.call_event(&Check(0)).await.unwrap();
            asked.emit("answered", format!("{answer:?}"))
        });
        if it.0 == 0 {
            Err(String::from("zero"))
        } else {
            Ok(it.0)
        }
    });
    let mut client = client_of(namespace).await;
    client.send(r#"421["check",0]"#).await;
    assert_eq!(client.text().await, r#"431[{"Err":"zero"}]"#);
    assert_eq!(client.text().await, r#"420["check",0]"#);
    client.send(r#"430[{"Err":"zero"}]"#).await;
    assert_eq!(client.text().await, r#"42["answered","Err(\"zero\")"]"#);
}

#[tokio::test]
async fn an_answer_may_come_late() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let namespace = Namespace::new("/")
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on_event(
            async |State(gate): State<Arc<tokio::sync::Notify>>,
                   Asked(message, ack): Asked<Message>| {
                tokio::spawn(async move {
                    gate.notified().await;
                    let number = message.text.len() as u64;
                    ack.send(Receipt { number }).unwrap();
                });
            },
        )
        .with_state(Arc::clone(&gate));
    let mut client = client_of(namespace).await;
    client
        .send(r#"421["chat message",{"room":"a","text":"bc"}]"#)
        .await;
    client.assert_alive().await;
    gate.notify_one();
    assert_eq!(client.text().await, r#"431[{"number":2}]"#);
}

#[tokio::test]
async fn one_socket_may_serve_it_too() {
    let namespace = echo().on_connect(async |socket: Socket| {
        let listener = socket.on_event(async |Typed(it): Typed<MovePiece>| (it.1, it.0));
        assert_eq!(socket.listener_count(MovePiece::NAME), 1);
        socket.on(
            "stop",
            move |socket: Socket| async move { socket.off(listener) },
        );
    });
    let mut client = client_of(namespace).await;
    client.send(r#"421["move_piece",4,5]"#).await;
    assert_eq!(client.text().await, "431[5,4]");
    client.send(r#"422["stop"]"#).await;
    assert_eq!(client.text().await, "432[true]");
    client.send(r#"423["move_piece",4,5]"#).await;
    client.assert_alive().await;
}

#[tokio::test]
async fn a_call_is_answered_with_the_acknowledgement() {
    let namespace = echo().on("ask", async |socket: Socket| {
        let message = Message {
            room: "a".into(),
            text: "b".into(),
        };
        let asked = socket.clone();
        tokio::spawn(async move {
            let right = asked.call_event(&message).await;
            let wrong = asked.call_event(&message).await;
            assert_eq!(right.unwrap(), Receipt { number: 7 });
            assert!(matches!(wrong, Err(CallError::Answer(_))), "{wrong:?}");
            asked.emit("done", ())
        });
    });
    let mut client = client_of(namespace).await;
    client.send(r#"42["ask"]"#).await;
    let packet = r#"["chat message",{"room":"a","text":"b"}]"#;
    assert_eq!(client.text().await, format!("420{packet}"));
    client.send(r#"430[{"number":7}]"#).await;
    assert_eq!(client.text().await, format!("421{packet}"));
    client.send(r#"431["seven"]"#).await;
    assert_eq!(client.text().await, r#"42["done"]"#);
}

#[tokio::test]
async fn many_are_sent_and_asked_the_same() -> Result<(), EmitError> {
    let io = Server::builder()
        .namespace(echo().on_connect(async |socket: Socket| socket.join("all")))
        .build();
    let address = serve(&io).await;
    let (mut one, _) = Client::join(address, "/").await;
    let (mut other, _) = Client::join(address, "/").await;
    one.assert_alive().await;
    other.assert_alive().await;
    let room = io.of("/").to("all");
    room.emit_event(&MovePiece(1, 2))?;
    let call = tokio::spawn(room.call_event(&MovePiece(3, 4)).into_future());
    for (client, answer) in [(&mut one, "430[3,4]"), (&mut other, "430[5,6]")] {
        assert_eq!(client.text().await, r#"42["move_piece",1,2]"#);
        assert_eq!(client.text().await, r#"420["move_piece",3,4]"#);
        client.send(answer).await;
    }
    let mut answers = call.await.unwrap()?;
    assert!(answers.is_complete());
    answers.answers.sort_unstable();
    assert_eq!(answers.answers, [(3, 4), (5, 6)]);
    Ok(())
}

/// The string form reads the same arguments, so that one side can move before the other.
#[tokio::test]
async fn a_typed_argument_may_stand_in_a_handler_of_a_named_event() {
    let namespace = echo().on("other", async |Typed(MovePiece(a, b)): Typed<MovePiece>| {
        Ok::<_, Rejection>(a + b)
    });
    let mut client = client_of(namespace).await;
    client.send(r#"421["other",4,5]"#).await;
    assert_eq!(client.text().await, "431[9]");
}
