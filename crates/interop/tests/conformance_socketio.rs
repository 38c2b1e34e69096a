//! What the public Socket.IO protocol suite asks of a server, point by point, by our own means.

use std::io;
use std::time::{Duration, Instant};

use interop::conformance;
use interop::http;
use interop::server::Running;
use interop::ws::{Message, Opening, WebSocket};
use serde_json::Value;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

fn server() -> Running {
    Running::start(conformance::socketio).expect("a server")
}

/// A WebSocket whose Engine.IO handshake is done.
fn engine(server: &Running) -> WebSocket {
    let Ok(Opening::Open(mut socket)) = WebSocket::open(server.address(), WEBSOCKET) else {
        panic!("no connection");
    };
    assert!(text(&mut socket).starts_with('0'));
    socket
}

/// A WebSocket that has joined `/`.
fn joined(server: &Running) -> WebSocket {
    let mut socket = engine(server);
    socket.send("40").expect("sent");
    assert!(text(&mut socket).starts_with("40{"));
    assert_eq!(text(&mut socket), r#"42["auth",{}]"#);
    socket
}

fn text(socket: &mut WebSocket) -> String {
    match socket.receive().expect("a message") {
        Some(Message::Text(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

/// The connection ends before the next ping would have told of its health.
fn assert_closes(socket: &mut WebSocket) {
    assert_eq!(socket.receive().expect("the end"), None);
}

/// A CONNECT answer has the key `sid` and no other.
fn assert_connected(packet: &str, prefix: &str) {
    let json = packet
        .strip_prefix(prefix)
        .unwrap_or_else(|| panic!("{packet} does not begin with {prefix}"));
    let answer: Value = serde_json::from_str(json).expect("a JSON object");
    let keys: Vec<_> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["sid"]);
    assert!(answer["sid"].is_string());
}

#[test]
fn a_client_joins_a_namespace_and_gets_its_auth_back() -> io::Result<()> {
    let server = server();
    for (connect, answer, auth) in [
        ("40", "40", r#"42["auth",{}]"#),
        (
            r#"40{"token":"123"}"#,
            "40",
            r#"42["auth",{"token":"123"}]"#,
        ),
        ("40/custom,", "40/custom,", r#"42/custom,["auth",{}]"#),
        (
            r#"40/custom,{"token":"abc"}"#,
            "40/custom,",
            r#"42/custom,["auth",{"token":"abc"}]"#,
        ),
    ] {
        let mut socket = engine(&server);
        socket.send(connect)?;
        assert_connected(&text(&mut socket), answer);
        assert_eq!(text(&mut socket), auth);
    }
    Ok(())
}

#[test]
fn a_client_joins_two_namespaces_on_one_connection() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket.send("40/custom,")?;
    assert_connected(&text(&mut socket), "40/custom,");
    assert_eq!(text(&mut socket), r#"42/custom,["auth",{}]"#);
    socket.send(r#"42/custom,["message","there"]"#)?;
    assert_eq!(text(&mut socket), r#"42/custom,["message-back","there"]"#);
    socket.send(r#"42["message","here"]"#)?;
    assert_eq!(text(&mut socket), r#"42["message-back","here"]"#);
    Ok(())
}

#[test]
fn an_unknown_namespace_is_refused() -> io::Result<()> {
    let server = server();
    let mut socket = engine(&server);
    socket.send("40/random")?;
    assert_eq!(
        text(&mut socket),
        r#"44/random,{"message":"Invalid namespace"}"#
    );
    Ok(())
}

#[test]
fn a_client_that_joins_nothing_is_closed() -> io::Result<()> {
    let server = server();
    let start = Instant::now();
    let mut socket = engine(&server);
    while let Some(message) = socket.receive()? {
        assert_eq!(message, Message::from("2"));
        socket.send("3")?;
    }
    let lived = start.elapsed();
    assert!(
        lived > Duration::from_millis(900) && lived < Duration::from_millis(1900),
        "{lived:?}"
    );
    Ok(())
}

#[test]
fn a_malformed_packet_closes_the_connection() -> io::Result<()> {
    let server = server();
    for packet in [
        "4abc",
        "42{}",
        r#"42abc["message-with-ack",1,"2",{"3":[false]}]"#,
    ] {
        let mut socket = joined(&server);
        socket.send(packet)?;
        assert_closes(&mut socket);
    }
    Ok(())
}

#[test]
fn a_client_leaves_a_namespace_and_the_connection_stays() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket.send("41")?;
    assert_eq!(text(&mut socket), "2");
    Ok(())
}

#[test]
fn leaving_one_namespace_leaves_the_other() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket.send("40/custom,")?;
    assert_connected(&text(&mut socket), "40/custom,");
    assert_eq!(text(&mut socket), r#"42/custom,["auth",{}]"#);
    socket.send("41/custom,")?;
    socket.send(r#"42["message","still here"]"#)?;
    assert_eq!(text(&mut socket), r#"42["message-back","still here"]"#);
    Ok(())
}

#[test]
fn text_arguments_come_back() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    for args in [
        "",
        r#","message""#,
        r#",1,"2",{"3":[true]}"#,
        ",null,[[]],\"\u{20ac}\"",
    ] {
        socket.send(format!(r#"42["message"{args}]"#).as_str())?;
        assert_eq!(text(&mut socket), format!(r#"42["message-back"{args}]"#));
    }
    Ok(())
}

#[test]
fn binary_arguments_come_back() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket
        .send(r#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)?;
    socket.send([1, 2, 3].as_slice())?;
    socket.send([4, 5, 6].as_slice())?;
    let expected =
        r#"452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    assert_eq!(text(&mut socket), expected);
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![1, 2, 3])));
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![4, 5, 6])));
    Ok(())
}

#[test]
fn text_arguments_are_acknowledged() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket.send(r#"42456["message-with-ack",1,"2",{"3":[false]}]"#)?;
    assert_eq!(text(&mut socket), r#"43456[1,"2",{"3":[false]}]"#);
    socket.send(r#"420["message-with-ack"]"#)?;
    assert_eq!(text(&mut socket), "430[]");
    Ok(())
}

#[test]
fn binary_arguments_are_acknowledged() -> io::Result<()> {
    let server = server();
    let mut socket = joined(&server);
    socket.send(r#"452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)?;
    socket.send([1, 2, 3].as_slice())?;
    socket.send([4, 5, 6].as_slice())?;
    assert_eq!(
        text(&mut socket),
        r#"462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
    );
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![1, 2, 3])));
    assert_eq!(socket.receive()?, Some(Message::Binary(vec![4, 5, 6])));
    Ok(())
}

#[test]
fn everything_works_over_polling() -> io::Result<()> {
    let server = server();
    let ask =
        |method, target: &str, body| http::send(server.address(), method, target, body)?.response();
    let handshake: Value = serde_json::from_str(&ask("GET", POLLING, "")?.body[1..])?;
    let session = format!(
        "{POLLING}&sid={}",
        handshake["sid"].as_str().expect("a session id")
    );

    assert_eq!(ask("POST", &session, r#"40{"token":"123"}"#)?.body, "ok");
    // The answer and the event may share a payload or not.
    let mut packets = Vec::new();
    while packets.len() < 2 {
        packets.extend(
            ask("GET", &session, "")?
                .body
                .split('\x1e')
                .map(str::to_owned),
        );
    }
    assert_connected(&packets[0], "40");
    assert_eq!(packets[1], r#"42["auth",{"token":"123"}]"#);

    let binary = "451-[\"message\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==";
    assert_eq!(ask("POST", &session, binary)?.body, "ok");
    assert_eq!(
        ask("GET", &session, "")?.body,
        binary.replace("message", "message-back")
    );
    Ok(())
}
