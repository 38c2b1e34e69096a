//! What events carry.

use std::collections::BTreeMap;

use bytes::Bytes;
use interop::javascript_server::Release;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::client::Socket;
use socketio::{Args, Parser};

use crate::support::{Mode, shared};
use crate::support::{Trial, connected, data, event, everywhere, next, settled, start, tell, with};

const ARGUMENTS: [&str; 8] = [
    "[]",
    r#"["text"]"#,
    "[1,-2.5,LARGE,true,false,null]",
    r#"["","äöü €","🦀 𝒳","quotes \" and \\","line\nbreak\u001etab\t"]"#,
    r#"[{"nested":{"list":[1,[2,{"three":3}]],"empty":{},"none":null}},[],[[]]]"#,
    "[9007199254740991,-9007199254740991,0.1]",
    r#"["a string that looks like a packet","42[\"x\"]","4","b4"]"#,
    r#"[{"_placeholder":"not one","num":0}]"#,
];

async fn every_kind_of_argument(mut socket: Socket, large: &str) {
    for json in ARGUMENTS {
        let json = &json.replace("LARGE", large);
        let args = Args::from_json(json.clone(), Vec::new()).expect("arguments");
        socket.emit_args("echo", &args).expect("emitted");
        let back = event(&mut socket).await;
        let back: Vec<Value> = serde_json::from_str(back.args().json()).expect("JSON");
        let sent: Vec<Value> = serde_json::from_str(json).expect("JSON");
        assert_eq!(back.first(), Some(&json!("echo")));
        // JavaScript has one type of numbers, and writes the large ones as it likes.
        assert_eq!(numbers(&back[1..]), numbers(&sent));
    }
}

fn numbers(values: &[Value]) -> Vec<Value> {
    let as_float = |value: &Value| match value.as_f64() {
        Some(number) => json!(number),
        None => value.clone(),
    };
    values.iter().map(as_float).collect()
}

#[tokio::test]
async fn events_return_with_every_kind_of_argument() {
    everywhere(async |trial: Trial<'_>| {
        let socket = trial.connect().await;
        every_kind_of_argument(socket, "1e21").await;
    })
    .await;
}

/// Bytes in every place where they can be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Parcel {
    name: String,
    content: Bytes,
    more: Vec<Option<Bytes>>,
    named: BTreeMap<String, Bytes>,
}

fn parcel() -> Parcel {
    Parcel {
        name: "a parcel".to_owned(),
        content: Bytes::from_iter(0..=255),
        more: vec![Some(Bytes::new()), None, Some(Bytes::from_static(&[4]))],
        named: BTreeMap::from([("x".to_owned(), Bytes::from_static(b"\x00\xff"))]),
    }
}

async fn bytes_travel(mut socket: Socket) {
    let bytes = Bytes::from_static(&[1, 2, 3]);
    socket
        .emit("echo", (&bytes, "text", parcel()))
        .expect("emitted");
    let back: (Bytes, String, Parcel) = data(&mut socket, "echo").await;
    assert_eq!(back, (bytes.clone(), "text".to_owned(), parcel()));
    let back: (Parcel, Bytes) = socket
        .call("echo-ack", (parcel(), &bytes))
        .await
        .expect("an answer");
    assert_eq!(back, (parcel(), bytes));
}

#[tokio::test]
async fn bytes_travel_both_ways() {
    everywhere(async |trial: Trial<'_>| bytes_travel(trial.connect().await).await).await;
}

#[tokio::test]
async fn bytes_travel_as_text_if_they_must() {
    with(&Release::ALL, async |trial: Trial<'_>| {
        let socket = trial
            .builder()
            .force_base64(true)
            .connect("/")
            .await
            .expect("connected");
        bytes_travel(socket).await;
    })
    .await;
}

#[tokio::test]
async fn large_messages_pass_whole() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        let bytes = Bytes::from(vec![0xa5; 3_000_000]);
        let text = "ä€🦀".repeat(100_000);
        socket.emit("echo", (&bytes, &text)).expect("emitted");
        let back: (Bytes, String) = data(&mut socket, "echo").await;
        assert!(
            back == (bytes, text),
            "something large came back as something else"
        );
        settled(&socket, trial.mode).await;
    })
    .await;
}

#[tokio::test]
async fn what_follows_bytes_does_not_overtake_them() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.emit("picture", 100_000).expect("emitted");
        let (first, word, second): (Bytes, String, Bytes) = data(&mut socket, "picture").await;
        assert_eq!(
            (first.len(), word.as_str(), &second[..]),
            (100_000, "and", &[4, 5][..])
        );
        let (): () = data(&mut socket, "after-picture").await;
    })
    .await;
}

#[tokio::test]
async fn messages_are_events() {
    everywhere(async |trial: Trial<'_>| {
        let mut socket = trial.connect().await;
        socket.send(("hello", 1)).expect("emitted");
        assert_eq!(
            data::<(String, u8)>(&mut socket, "message").await,
            ("hello".to_owned(), 1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_room_hears_what_is_said_in_it() {
    everywhere(async |trial: Trial<'_>| {
        let room = format!("{:?}", trial.mode);
        let mut inside = trial.connect().await;
        let mut outside = trial.connect().await;
        let (): () = inside.call("join", &room).await.expect("an answer");
        outside.emit("say", (&room, "hello")).expect("emitted");
        outside.emit("echo", "only this").expect("emitted");
        assert_eq!(
            data::<(String, String)>(&mut inside, "said").await,
            (room, "hello".to_owned())
        );
        assert_eq!(data::<String>(&mut outside, "echo").await, "only this");
    })
    .await;
}

#[tokio::test]
async fn volatile_events_arrive_or_are_dropped() {
    everywhere(async |trial: Trial<'_>| {
        // Nothing is connected yet.
        let mut socket = trial.builder().open("/").expect("opened");
        socket.volatile().emit("echo", "dropped").expect("taken");
        socket.emit("echo", "kept").expect("emitted");
        connected(&mut socket).await;
        assert_eq!(data::<String>(&mut socket, "echo").await, "kept");
        socket.drained().await;
        settled(&socket, trial.mode).await;
        socket.volatile().emit("echo", "now").expect("taken");
        socket.emit("echo", "end").expect("emitted");
        let first: String = data(&mut socket, "echo").await;
        assert!(["now", "end"].contains(&first.as_str()), "{first}");
    })
    .await;
}

#[tokio::test]
async fn reserved_names_are_refused_at_once() {
    let trial = Trial {
        server: shared(Release::Four),
        mode: Mode::WebSocket,
    };
    let mut socket = trial.connect().await;
    for name in ["connect", "connect_error", "disconnect", "disconnecting"] {
        assert!(socket.emit(name, ()).is_err(), "{name}");
    }
    socket.emit("echo", 1).expect("emitted");
    assert_eq!(data::<u8>(&mut socket, "echo").await, 1);
}

#[tokio::test]
async fn packets_in_messagepack_carry_the_same() {
    for release in [Release::Three, Release::Four] {
        let server = &start(release, json!({ "messagePack": true }));
        for mode in Mode::ALL {
            let connect = async || {
                let builder = Trial { server, mode }.builder().parser(Parser::MessagePack);
                builder.connect("/").await.expect("connected")
            };
            // The JavaScript package writes whole numbers above 64 bits as other numbers.
            every_kind_of_argument(connect().await, "4503599627370496").await;
            bytes_travel(connect().await).await;
            let mut socket = connect().await;
            let id = socket.id().expect("an id").to_string();
            let asked = tell(server, json!(["ask", "/", id, "question", 20]));
            let answer = async {
                let question = event(&mut socket).await;
                let (number,): (u32,) = question.data().expect("a number");
                question.reply((number + 1, "said")).expect("answered");
            };
            let (told, ()) = tokio::join!(asked, answer);
            assert_eq!(told, json!([21, "said"]));
        }
    }
}

#[tokio::test]
async fn the_wrong_parser_is_an_end_and_no_panic() {
    let server = &start(Release::Four, json!({ "messagePack": true }));
    let trial = Trial {
        server,
        mode: Mode::WebSocket,
    };
    let mut socket = trial
        .builder()
        .reconnection(false)
        .open("/")
        .expect("opened");
    // The server closes what it does not understand.
    let item = next(&mut socket).await;
    assert!(
        !matches!(item, socketio::client::Item::Connected { .. }),
        "{item:?}"
    );
}
