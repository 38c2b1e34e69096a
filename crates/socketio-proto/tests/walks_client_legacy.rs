//! Clients of old servers as transcripts: Socket.IO 1 and 2, revision 4 over Engine.IO 3.
//!
//! `>` is what the server gets; everything else is what the driver has to do or the application
//! learns.

mod peer;

use peer::{Peer, config, header, namespace};
use socketio_proto::Args;
use socketio_proto::client::{Auth, Config, Credentials, EmitError};
use socketio_proto::engine::TransportKind;
use socketio_proto::engine::parser::Revision;

const NOTHING: [&str; 0] = [];

fn legacy() -> Config {
    let mut config = config();
    config.engine.revision = Revision::V3;
    config
}

fn credentials(json: &'static str) -> Credentials {
    Auth::from_json(json).unwrap().into()
}

/// A client that is in `/`, in these namespaces, and wants them only.
fn connected(namespaces: &[&str]) -> Peer {
    let mut peer = Peer::with(legacy(), 0);
    for namespace in namespaces {
        peer.open(namespace);
    }
    peer.lines();
    peer.accepts();
    peer.says("40");
    for namespace in namespaces.iter().filter(|name| **name != "/") {
        peer.says(&format!("40{}", header(namespace)));
    }
    for name in namespaces {
        assert!(peer.client.is_connected(&namespace(name)), "{name}");
    }
    peer
}

/// [js socket.io-client 2.5.0]
#[test]
fn the_root_is_joined_without_asking() {
    let mut peer = Peer::with(legacy(), 0);
    peer.open_with("/", credentials(r#"{"token":"t"}"#));
    assert_eq!(peer.emit("/", "early"), Ok(()));
    assert_eq!(peer.lines(), ["dial t1"]);
    assert_eq!(peer.accepts(), ["opened"]);
    assert!(!peer.client.is_connected(&namespace("/")));
    assert_eq!(peer.says("40"), ["connected / e", r#"> 42["early"]"#]);
    assert_eq!(peer.client.sid(&namespace("/")).unwrap().as_str(), "e");
    assert_eq!(peer.says("40"), NOTHING, "said twice");
    assert_eq!(peer.says(r#"42["e",1]"#), [r#"event / ["e",1]"#]);
    assert_eq!(peer.says(r#"427["q"]"#), [r#"ask / ["q"]"#]);
    let reply = peer.replies.pop_front().unwrap();
    peer.client.reply(reply, Args::new(&1).unwrap()).unwrap();
    assert_eq!(peer.lines(), ["> 437[1]"]);
}

/// The handshake and the answer may come in one payload.
#[test]
fn the_answer_may_stand_behind_the_handshake() {
    let mut config = legacy();
    config.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(config, 0);
    peer.open("/");
    assert_eq!(peer.lines(), ["get #1"]);
    let handshake = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    let body = format!("{}:{handshake}2:40", handshake.len());
    assert_eq!(peer.answers(&body), ["opened", "connected / e", "get #2"]);
}

#[test]
fn other_namespaces_are_asked_for_once_the_root_is_joined() {
    let mut peer = Peer::with(legacy(), 0);
    peer.open_with("/admin", credentials(r#"{"token":"a b","n":1}"#));
    peer.open_with("/ask", Credentials::Ask);
    peer.open("/b?x=1");
    peer.lines();
    assert_eq!(peer.accepts(), ["opened"]);
    assert_eq!(
        peer.says("40"),
        ["who? /ask", "> 40/admin?n=1&token=a%20b,", "> 40/b?x=1,"]
    );
    let request = peer.questions.pop_front().unwrap();
    peer.client
        .authenticate(request, Auth::from_json(r#"{"t":2}"#).ok());
    assert_eq!(peer.lines(), ["> 40/ask?t=2,"]);
    assert_eq!(peer.says(r#"42["nobody"]"#), NOTHING);
    assert!(!peer.client.is_connected(&namespace("/")));
    // Old ones leave out the comma.
    assert_eq!(peer.says("40/admin"), ["connected /admin /admin#e"]);
    assert_eq!(peer.says("40/ask,"), ["connected /ask /ask#e"]);
    assert_eq!(peer.says("40/b,"), ["connected /b /b#e"]);
    assert_eq!(peer.emit("/b", "e"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42/b,["e"]"#]);
    assert_eq!(peer.emit("/b?x=1", "e"), Err(EmitError::NotConnected));
    peer.open("/late");
    assert_eq!(peer.lines(), ["> 40/late,"]);
}

#[test]
fn the_root_can_be_wanted_later_and_left_again() {
    let mut peer = connected(&["/a"]);
    peer.open("/");
    assert_eq!(peer.lines(), ["connected / e"]);
    assert_eq!(
        peer.disconnect("/"),
        ["left /: io client disconnect", "> 41"]
    );
    assert_eq!(peer.says("42/a,[\"still\"]"), ["event /a [\"still\"]"]);
    // It has left, so this is no second CONNECT.
    peer.open("/");
    assert_eq!(peer.lines(), ["> 40"]);
    peer.open("/");
    assert_eq!(peer.lines(), NOTHING);
    assert_eq!(peer.says("40"), ["connected / e"]);
}

/// A server lets nobody into anything who is not in `/`.
#[test]
fn the_root_is_asked_for_again_before_another_namespace() {
    for by_server in [false, true] {
        let mut peer = connected(&["/", "/a"]);
        if by_server {
            assert_eq!(peer.says("41"), ["left /: io server disconnect"]);
        } else {
            peer.disconnect("/");
        }
        peer.open("/b");
        peer.open("/c");
        assert_eq!(peer.lines(), ["> 40"]);
        assert_eq!(peer.says("40"), ["> 40/b,", "> 40/c,"]);
        assert!(!peer.client.is_active(&namespace("/")));
        assert_eq!(peer.says("40/b"), ["connected /b /b#e"]);
    }
}

#[test]
fn a_root_given_up_before_its_answer_is_not_left() {
    let mut peer = Peer::with(legacy(), 0);
    peer.open("/");
    peer.open("/a");
    peer.lines();
    peer.accepts();
    assert_eq!(peer.disconnect("/"), NOTHING);
    assert_eq!(peer.says("40"), ["> 40/a,"]);
}

/// Middlewares may speak before the server lets the client in.
#[test]
fn events_before_the_answer_are_delivered_first() {
    let mut peer = Peer::with(legacy(), 0);
    peer.open("/");
    peer.open("/a");
    peer.lines();
    peer.accepts();
    assert_eq!(peer.says("42[\"early\"]"), NOTHING);
    assert_eq!(peer.says("42/a,[\"nobody has asked\"]"), NOTHING);
    assert_eq!(
        peer.says("40"),
        ["event / [\"early\"]", "connected / e", "> 40/a,"]
    );
    assert_eq!(peer.says("42/a,[\"early\"]"), NOTHING);
    assert_eq!(
        peer.says("40/a,"),
        ["event /a [\"early\"]", "connected /a /a#e"]
    );
}

#[test]
fn a_refusal_of_the_root_refuses_everything_that_waits() {
    let mut peer = Peer::with(legacy(), 0);
    peer.open("/");
    peer.open("/a");
    peer.lines();
    peer.accepts();
    assert_eq!(
        peer.says(r#"44{"code":1}"#),
        [
            r#"refused /:  {"code":1}"#,
            r#"refused /a:  {"code":1}"#,
            "close t1",
            "ended: forced close"
        ]
    );
    peer.open("/a");
    assert_eq!(peer.lines(), ["dial t2"]);
}

#[test]
fn a_refused_client_without_a_wish_may_still_have_one() {
    let mut peer = Peer::with(legacy(), 0);
    peer.lines();
    assert_eq!(peer.accepts(), ["opened"]);
    assert_eq!(peer.says(r#"44"no""#), NOTHING);
    peer.open("/a");
    assert_eq!(peer.lines(), ["> 40"]);
    assert_eq!(peer.says("40"), ["> 40/a,"]);
}

#[test]
fn a_refusal_concerns_the_namespace_that_it_names() {
    let mut peer = connected(&["/"]);
    peer.open("/a");
    peer.open("/b");
    peer.lines();
    assert_eq!(
        peer.says(r#"44/a,"Invalid namespace""#),
        ["refused /a: Invalid namespace"]
    );
    assert_eq!(peer.says("44/never,1"), NOTHING);
    assert_eq!(peer.says("40/b"), ["connected /b /b#e"]);
}

/// An error of a middleware, or one of the encoder: any JSON.
#[test]
fn an_error_after_the_answer_ends_nothing() {
    let mut peer = connected(&["/", "/a"]);
    peer.open("/b");
    peer.lines();
    assert_eq!(peer.says("44/a,[1,2]"), ["error /a:  [1,2]"]);
    // What the server says about the root is for all who are connected.
    assert_eq!(
        peer.says(r#"44"encode error""#),
        ["error /: encode error", "error /a: encode error"]
    );
    assert!(peer.client.is_connected(&namespace("/a")));
    assert_eq!(peer.says("40/b"), ["connected /b /b#e"]);
}

#[test]
fn nothing_is_recovered() {
    let mut peer = connected(&["/", "/a"]);
    assert_eq!(peer.says("42/a,[\"e\",\"o\"]"), ["event /a [\"e\",\"o\"]"]);
    assert_eq!(
        peer.hangs_up(),
        [
            "left /: transport close, for now",
            "left /a: transport close, for now",
            "ended: transport close",
            "attempt 1 at 1.000s"
        ]
    );
    peer.wait(1000);
    assert_eq!(peer.accepts(), ["opened"]);
    assert_eq!(peer.says("40"), ["connected / e", "> 40/a,"]);
    assert_eq!(peer.says("40/a"), ["connected /a /a#e"]);
    assert!(!peer.client.is_recovered(&namespace("/a")));
}

#[test]
fn leaving_everything_ends_the_session() {
    let mut peer = connected(&["/a"]);
    assert_eq!(
        peer.disconnect("/a"),
        [
            "left /a: io client disconnect",
            "> 41/a,",
            "close t1",
            "ended: forced close"
        ]
    );
}

/// A DISCONNECT that has crossed a CONNECT is about the stay before: one CONNECT is enough.
#[test]
fn a_disconnect_that_crosses_a_request_for_the_root_is_about_the_stay_before() {
    let mut peer = connected(&["/", "/a"]);
    peer.disconnect("/");
    peer.open("/");
    assert_eq!(peer.lines(), ["> 40"]);
    assert_eq!(peer.says("41"), NOTHING);
    peer.open("/b");
    assert_eq!(peer.lines(), NOTHING);
    assert_eq!(peer.says("40"), ["connected / e", "> 40/b,"]);
}

/// Between the question and its answer the application leaves the root.
#[test]
fn an_answer_from_before_the_root_was_left_is_old() {
    let mut peer = connected(&["/", "/a"]);
    peer.open_with("/b", Credentials::Ask);
    assert_eq!(peer.lines(), ["who? /b"]);
    peer.disconnect("/");
    let request = peer.questions.pop_front().unwrap();
    peer.client.authenticate(request, None);
    assert_eq!(peer.lines(), ["> 40"]);
    assert_eq!(peer.says("40"), ["who? /b"]);
    let request = peer.questions.pop_front().unwrap();
    peer.client.authenticate(request, None);
    assert_eq!(peer.lines(), ["> 40/b,"]);
}
