//! Whole clients as transcripts: what the server says, what the application does, what comes of it.
//!
//! `>` is what the server gets; everything else is what the driver has to do or the application
//! learns.

mod peer;

use std::time::Duration;

use peer::{HANDSHAKE, Peer, config, namespace, steady};
use socketio_proto::client::{Auth, Client, Config, Credentials, EmitError, Event};
use socketio_proto::engine::client::Input;
use socketio_proto::engine::{Frame, TransportKind};
use socketio_proto::{Args, Machine, Output, Timestamp};

const NOTHING: [&str; 0] = [];

fn with_buffer_limit(bytes: usize) -> Config {
    let mut config = config();
    config.buffer_limit = bytes;
    config
}

fn credentials(json: &'static str) -> Credentials {
    Auth::from_json(json).unwrap().into()
}

/// [sio5 § Connection to a namespace]
#[test]
fn a_namespace_is_joined_once_there_is_a_session() {
    let mut peer = Peer::new();
    peer.open_with("/", credentials(r#"{"token":"t"}"#));
    assert_eq!(peer.lines(), ["dial t1"]);
    assert_eq!(peer.accepts(), ["opened", r#"> 40{"token":"t"}"#]);
    assert!(!peer.client.is_connected(&namespace("/")));
    assert_eq!(peer.lets_in("/", r#"{"sid":"abc"}"#), ["connected / abc"]);
    assert!(peer.client.is_connected(&namespace("/")));
    assert_eq!(peer.says(r#"42["e",1]"#), [r#"event / ["e",1]"#]);
}

#[test]
fn the_main_namespace_is_not_asked_for_by_itself() {
    let mut peer = Peer::new();
    peer.open("/admin");
    peer.lines();
    assert_eq!(peer.accepts(), ["opened", "> 40/admin,"]);
    assert_eq!(peer.lets_in("/", r#"{"sid":"x"}"#), NOTHING);
    assert_eq!(peer.says(r#"42["e"]"#), NOTHING);
}

#[test]
fn namespaces_are_asked_for_in_the_order_of_opening_and_answered_in_any() {
    let mut peer = Peer::new();
    peer.open("/b");
    peer.open("/a");
    peer.lines();
    assert_eq!(peer.accepts(), ["opened", "> 40/b,", "> 40/a,"]);
    assert_eq!(peer.lets_in("/a", r#"{"sid":"1"}"#), ["connected /a 1"]);
    peer.open("/");
    assert_eq!(peer.lines(), ["> 40"]);
    assert_eq!(peer.lets_in("/b", r#"{"sid":"2"}"#), ["connected /b 2"]);
    assert_eq!(peer.lets_in("/", r#"{"sid":"3"}"#), ["connected / 3"]);
    assert_eq!(
        peer.hangs_up(),
        [
            "left /b: transport close, for now",
            "left /a: transport close, for now",
            "left /: transport close, for now",
            "ended: transport close",
            "attempt 1 at 1.000s"
        ]
    );
}

/// [sio5 § Connection to a namespace] "if the connection is not successful"
#[test]
fn a_refused_namespace_is_not_asked_for_again_by_itself() {
    let mut peer = Peer::connected(config(), &["/", "/admin"]);
    peer.disconnect("/admin");
    peer.open("/admin");
    peer.lines();
    assert_eq!(peer.emit("/admin", "kept"), Ok(()));
    let refused = peer.says(r#"44/admin,{"message":"denied","data":{"code": 1.50}}"#);
    assert_eq!(refused, [r#"refused /admin: denied {"code": 1.50}"#]);
    assert!(!peer.client.is_active(&namespace("/admin")));
    assert_eq!(peer.emit("/admin", "late"), Err(EmitError::NotConnected));
    peer.hangs_up();
    assert_eq!(peer.wait(1000), ["dial t2"]);
    assert_eq!(peer.accepts(), ["opened", "> 40"]);
    // With other credentials, and with what was emitted before.
    peer.open_with("/admin", credentials(r#"{"t":1}"#));
    assert_eq!(peer.lines(), [r#"> 40/admin,{"t":1}"#]);
    assert_eq!(
        peer.lets_in("/admin", r#"{"sid":"s"}"#),
        ["connected /admin s", r#"> 42/admin,["kept"]"#]
    );
}

#[test]
fn a_session_that_no_namespace_needs_is_closed_and_opened_again_on_demand() {
    let mut peer = Peer::new();
    peer.open("/");
    peer.lines();
    peer.accepts();
    assert_eq!(
        peer.says(r#"44{"message":"no"}"#),
        ["refused /: no", "close t1", "ended: forced close"]
    );
    assert_eq!(peer.wait(60_000), NOTHING);
    peer.open("/");
    assert_eq!(peer.lines(), ["dial t2"]);
    assert_eq!(peer.accepts(), ["opened", "> 40"]);
    assert_eq!(peer.lets_in("/", r#"{"sid":"s"}"#), ["connected / s"]);
}

/// The words of old servers, and of careless ones.
#[test]
fn a_refusal_says_what_it_can() {
    let table = [
        ("44{}", "refused /: "),
        ("44\"text\"", "refused /: text"),
        (r#"44{"message":1,"data":null}"#, "refused /:  null"),
    ];
    for (packet, line) in table {
        let mut peer = Peer::new();
        peer.open("/");
        peer.lines();
        peer.accepts();
        assert_eq!(peer.says(packet).first().unwrap(), line);
    }
}

#[test]
fn an_answer_without_an_id_is_a_refusal() {
    for data in ["", "{}", r#"{"sid":1}"#] {
        let mut peer = Peer::new();
        peer.open("/");
        peer.lines();
        peer.accepts();
        let lines = peer.lets_in("/", data);
        let why =
            "refused /: the server has not named the connection: it may speak an older revision";
        assert_eq!(lines, [why, "close t1", "ended: forced close"], "{data}");
    }
}

#[test]
fn credentials_can_be_asked_for_each_time() {
    let mut peer = Peer::new();
    peer.open_with("/", Credentials::Ask);
    peer.open("/other");
    peer.lines();
    assert_eq!(peer.accepts(), ["opened", "who? /", "> 40/other,"]);
    let request = peer.questions.pop_front().unwrap();
    peer.client
        .authenticate(request, Auth::from_json("{\"n\":0}").ok());
    assert_eq!(peer.lines(), [r#"> 40{"n":0}"#]);
    peer.hangs_up();
    peer.wait(1000);
    assert_eq!(peer.accepts(), ["opened", "who? /", "> 40/other,"]);
    let late = peer.questions.pop_front().unwrap();
    peer.hangs_up();
    peer.wait(1000);
    peer.accepts();
    peer.client.authenticate(late, None);
    assert_eq!(peer.lines(), NOTHING);
    let request = peer.questions.pop_front().unwrap();
    peer.client.authenticate(request, None);
    assert_eq!(peer.lines(), ["> 40"]);
}

#[test]
fn new_credentials_take_the_place_of_a_question() {
    let mut peer = Peer::new();
    peer.open_with("/", Credentials::Ask);
    peer.lines();
    assert_eq!(peer.accepts(), ["opened", "who? /"]);
    peer.open_with("/", credentials("{}"));
    assert_eq!(peer.lines(), ["> 40{}"]);
    let late = peer.questions.pop_front().unwrap();
    peer.client.authenticate(late, None);
    assert_eq!(peer.lines(), NOTHING);
}

#[test]
fn what_is_emitted_before_the_answer_follows_it_in_order_in_one_payload() {
    let mut polling = config();
    polling.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(polling, 0);
    peer.open("/");
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.lines(), ["get #1"]);
    assert_eq!(peer.answers(HANDSHAKE), ["opened", "get #2", "> 40"]);
    assert_eq!(peer.ask("/", None), Ok(0));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    assert_eq!(peer.takes(), NOTHING);
    assert_eq!(
        peer.answers(r#"40{"sid":"s"}"#),
        [
            "connected / s",
            "get #4",
            r#"> 42["a"] | 420["q"] | 42["b"]"#
        ]
    );
    assert_eq!(peer.answers("430[1]"), ["acked / 0 [1]", "get #6"]);
}

#[test]
fn a_buffer_is_bounded_and_is_full_for_its_namespace_alone() {
    let mut peer = Peer::with(with_buffer_limit(20), 0);
    peer.open("/");
    peer.open("/a");
    assert_eq!(peer.emit("/", "0123456789"), Ok(()));
    // One event more than the bound is held.
    assert_eq!(peer.ask("/", None), Ok(0));
    assert_eq!(peer.emit("/", "x"), Err(EmitError::Full));
    assert_eq!(peer.ask("/", None), Err(EmitError::Full));
    assert_eq!(peer.emit("/a", "x"), Ok(()));
    peer.lines();
    peer.accepts();
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["connected / s", r#"> 42["0123456789"]"#, r#"> 420["q"]"#]
    );
    assert_eq!(peer.emit("/", "x"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42["x"]"#]);
}

/// What the session does not take stays in the buffer, and nothing overtakes it.
#[test]
fn a_full_session_takes_the_buffer_bit_by_bit() {
    let mut config = config();
    config.engine.buffer_limit = 30;
    let mut peer = Peer::with(config, 0);
    peer.open("/");
    peer.lines();
    peer.accepts();
    for name in ["one", "two", "three", "four"] {
        let name = name.repeat(20_000);
        assert_eq!(peer.emit("/", &name), Ok(()));
    }
    peer.stalled = true;
    assert_eq!(peer.lets_in("/", r#"{"sid":"s"}"#).len(), 2);
    assert_eq!(peer.emit("/", "five"), Ok(()));
    peer.stalled = false;
    peer.flushed();
    let lines = peer.lines();
    let starts: Vec<_> = lines.iter().map(|line| &line[..9]).collect();
    let rest = [
        r#"> 42["two"#,
        r#"> 42["thr"#,
        r#"> 42["fou"#,
        r#"> 42["fiv"#,
    ];
    assert_eq!(starts, rest);
}

/// The session is connected, but what it has not taken is not its business.
#[test]
fn a_question_that_a_full_session_has_not_taken_goes_to_the_next_one() {
    let mut config = config();
    config.engine.buffer_limit = 30;
    let mut peer = Peer::with(config, 0);
    peer.open("/");
    peer.lines();
    peer.accepts();
    let long = "x".repeat(60_000);
    for _ in 0..3 {
        assert_eq!(peer.emit("/", &long), Ok(()));
    }
    assert_eq!(peer.ask("/", None), Ok(0));
    peer.stalled = true;
    peer.lets_in("/", r#"{"sid":"s"}"#);
    assert_eq!(peer.says("430[]"), NOTHING);
    let end = [
        "left /: transport close, for now",
        "ended: transport close",
        "attempt 1 at 1.000s",
    ];
    assert_eq!(peer.hangs_up(), end);
    peer.stalled = false;
    peer.wait(1000);
    peer.accepts();
    let lines = peer.lets_in("/", r#"{"sid":"s"}"#);
    assert_eq!(lines.last().unwrap(), r#"> 420["q"]"#);
    assert_eq!(peer.says("430[]"), ["acked / 0 []"]);
}

#[test]
fn an_emit_needs_an_open_namespace() {
    let mut peer = Peer::new();
    assert_eq!(peer.emit("/", "e"), Err(EmitError::NotConnected));
    peer.open("/");
    assert_eq!(peer.emit("/", "e"), Ok(()));
    peer.disconnect("/");
    assert_eq!(peer.emit("/", "e"), Err(EmitError::NotConnected));
    assert_eq!(peer.ask("/", None), Err(EmitError::NotConnected));
    peer.client.close(peer.now);
    assert_eq!(peer.emit("/", "e"), Err(EmitError::Closed));
}

#[test]
fn a_volatile_event_leaves_at_once_or_not_at_all() {
    let mut peer = Peer::new();
    peer.open("/");
    assert_eq!(peer.emit_as("/", "early", true), Ok(()));
    peer.lines();
    peer.accepts();
    assert_eq!(peer.emit_as("/", "asked", true), Ok(()));
    assert_eq!(peer.lets_in("/", r#"{"sid":"s"}"#), ["connected / s"]);
    assert_eq!(peer.emit_as("/", "now", true), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42["now"]"#]);
    peer.stalled = true;
    assert_eq!(peer.emit("/", &"x".repeat(100_000)), Ok(()));
    assert_eq!(peer.emit_as("/", "busy", true), Ok(()));
    assert_eq!(peer.lines().len(), 1);
    peer.flushed();
    assert_eq!(peer.lines(), NOTHING);
}

/// [sio5 § Acknowledgement]
#[test]
fn an_acknowledgement_comes_once() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    assert_eq!(
        (peer.ask("/", Some(50)), peer.ask("/a", None)),
        (Ok(0), Ok(1))
    );
    assert_eq!(peer.lines(), [r#"> 420["q"]"#, r#"> 42/a,1["q"]"#]);
    assert_eq!(peer.says("431[]"), NOTHING);
    assert_eq!(peer.says("430[\"r\",1]"), ["acked / 0 [\"r\",1]"]);
    assert_eq!(peer.says("430[\"again\"]"), NOTHING);
    assert_eq!(peer.says("43999[]"), NOTHING);
    assert_eq!(peer.wait(60), NOTHING);
    peer.says("461-/a,1[{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(
        peer.says_bytes(&[9]),
        ["acked /a 1 [{\"_placeholder\":true,\"num\":0}] b\"\\t\""]
    );
}

#[test]
fn an_answer_at_the_deadline_is_in_time_and_one_after_it_is_not() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.ask("/", Some(50)).unwrap();
    peer.ask("/", Some(50)).unwrap();
    peer.lines();
    peer.now = Timestamp::from_millis(50);
    assert_eq!(peer.says("430[]"), ["acked / 0 []"]);
    assert_eq!(peer.wait(0), ["acked / 1 TimedOut"]);
    assert_eq!(peer.says("431[]"), NOTHING);
}

/// A driver may look after its outputs late.
#[test]
fn an_answer_that_waits_to_be_polled_was_in_time() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.ask("/", Some(50)).unwrap();
    peer.lines();
    peer.now = Timestamp::from_millis(40);
    peer.hear(Frame::Text("430[]".into()));
    peer.now = Timestamp::from_millis(60);
    peer.client.handle_timeout(peer.now);
    assert_eq!(peer.lines(), ["acked / 0 []"]);
}

#[test]
fn the_end_of_a_session_ends_the_wait_for_what_has_left() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.ask("/", None).unwrap();
    peer.lines();
    assert_eq!(
        peer.hangs_up(),
        [
            "acked / 0 Disconnected",
            "left /: transport close, for now",
            "ended: transport close",
            "attempt 1 at 1.000s"
        ]
    );
    // This one has not left: it survives as often as it takes.
    assert_eq!(peer.ask("/", None), Ok(1));
    peer.wait(1000);
    assert_eq!(
        peer.hangs_up(),
        ["ended: transport error", "attempt 2 at 3.000s"]
    );
    peer.wait(2000);
    peer.accepts();
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["connected / s", r#"> 421["q"]"#]
    );
    assert_eq!(peer.says("431[]"), ["acked / 1 []"]);
}

/// [js socket.io-client 4.8.4]
#[test]
fn an_overdue_event_leaves_the_buffer() {
    let mut peer = Peer::new();
    peer.open("/");
    peer.lines();
    peer.accepts();
    peer.ask("/", Some(40)).unwrap();
    peer.emit("/", "kept").unwrap();
    assert_eq!(peer.wait(40), ["acked / 0 TimedOut"]);
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["connected / s", r#"> 42["kept"]"#]
    );
}

#[test]
fn an_answer_to_what_has_not_left_is_ignored() {
    let mut peer = Peer::new();
    peer.open("/");
    peer.lines();
    peer.accepts();
    peer.ask("/", None).unwrap();
    assert_eq!(peer.says("430[]"), NOTHING);
    peer.lets_in("/", r#"{"sid":"s"}"#);
    assert_eq!(peer.says("430[]"), ["acked / 0 []"]);
}

#[test]
fn a_question_of_the_server_is_answered_once() {
    let mut peer = Peer::connected(config(), &["/"]);
    assert_eq!(peer.says("427[\"ask\"]"), ["ask / [\"ask\"]"]);
    let reply = peer.replies.pop_front().unwrap();
    peer.client.reply(reply, Args::new(&"r").unwrap()).unwrap();
    assert_eq!(peer.lines(), ["> 437[\"r\"]"]);
}

#[test]
fn an_answer_is_worth_nothing_after_the_stay_in_which_it_was_asked_for() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.says("427[\"ask\"]");
    peer.hangs_up();
    peer.wait(1000);
    peer.accepts();
    peer.lets_in("/", r#"{"sid":"s"}"#);
    let reply = peer.replies.pop_front().unwrap();
    let args = Args::new(&()).unwrap();
    assert_eq!(peer.client.reply(reply, args), Err(EmitError::NotConnected));
    assert_eq!(peer.lines(), NOTHING);
}

#[test]
fn leaving_the_last_namespace_closes_the_session() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    assert_eq!(
        peer.disconnect("/a"),
        ["left /a: io client disconnect", "> 41/a,"]
    );
    assert_eq!(peer.says("42[\"still\"]"), ["event / [\"still\"]"]);
    assert_eq!(
        peer.disconnect("/"),
        [
            "left /: io client disconnect",
            "> 41",
            "close t1",
            "ended: forced close"
        ]
    );
    assert_eq!(peer.wait(60_000), NOTHING);
}

#[test]
fn a_namespace_opened_while_the_session_ends_is_joined_in_the_next_one() {
    let mut polling = config();
    polling.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(polling, 0);
    peer.open("/");
    peer.lines();
    peer.answers(HANDSHAKE);
    peer.takes();
    peer.answers(r#"40{"sid":"s"}"#);
    assert_eq!(
        peer.disconnect("/"),
        ["left /: io client disconnect", "> 41"]
    );
    assert_eq!(peer.takes(), ["> 1"]);
    peer.open("/");
    assert_eq!(peer.emit("/", "kept"), Ok(()));
    assert_eq!(peer.lines(), NOTHING);
    assert_eq!(peer.takes(), ["ended: forced close", "get #7"]);
    assert_eq!(peer.answers(HANDSHAKE), ["opened", "get #8", "> 40"]);
}

/// [js socket.io 4.8.4] A server that handles events later than goodbyes would forget them.
#[test]
fn over_polling_a_goodbye_waits_until_the_events_before_it_are_there() {
    let mut polling = config();
    polling.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(polling, 0);
    peer.open("/");
    peer.lines();
    peer.answers(HANDSHAKE);
    peer.takes();
    peer.answers(r#"40{"sid":"s"}"#);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    assert_eq!(
        peer.disconnect("/"),
        ["left /: io client disconnect", "> 42[\"a\"] | 42[\"b\"]"]
    );
    assert_eq!(peer.takes(), ["> 41"]);
    assert_eq!(peer.takes(), ["> 1"]);
    assert_eq!(peer.takes(), ["ended: forced close"]);
}

#[test]
fn the_server_puts_a_client_out() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    assert_eq!(peer.says("41/a,"), ["left /a: io server disconnect"]);
    assert_eq!(peer.says("41/a,"), NOTHING);
    assert_eq!(
        peer.says("41"),
        [
            "left /: io server disconnect",
            "close t1",
            "ended: forced close"
        ]
    );
    assert!(!peer.client.is_active(&namespace("/")));
    assert_eq!(peer.wait(60_000), NOTHING);
}

/// A server ends a session in which a namespace is spoken to before its answer.
#[test]
fn a_namespace_left_before_its_answer_is_left_after_it() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.open("/a");
    peer.lines();
    assert_eq!(peer.disconnect("/a"), NOTHING);
    assert_eq!(peer.says("42/a,[\"early\"]"), NOTHING);
    assert_eq!(peer.lets_in("/a", r#"{"sid":"x"}"#), ["> 41/a,"]);
    // Meanwhile opened again, with other credentials.
    peer.open("/a");
    assert_eq!(peer.lines(), ["> 40/a,"]);
    peer.disconnect("/a");
    peer.open_with("/a", credentials("{\"t\":2}"));
    assert_eq!(peer.lines(), NOTHING);
    assert_eq!(
        peer.lets_in("/a", r#"{"sid":"y"}"#),
        ["> 41/a,", r#"> 40/a,{"t":2}"#]
    );
    assert_eq!(peer.lets_in("/a", r#"{"sid":"z"}"#), ["connected /a z"]);
}

#[test]
fn a_refusal_also_answers_a_namespace_that_was_left() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.open("/a");
    peer.lines();
    peer.disconnect("/a");
    assert_eq!(peer.says("44/a,{\"message\":\"no\"}"), NOTHING);
    peer.open("/a");
    peer.disconnect("/a");
    peer.open("/a");
    peer.lines();
    assert_eq!(peer.says("44/a,{\"message\":\"no\"}"), ["> 40/a,"]);
}

/// The DISCONNECT of a server that has crossed ours is about the stay before.
#[test]
fn a_disconnect_before_the_answer_is_about_the_stay_before() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    peer.disconnect("/a");
    peer.open("/a");
    peer.lines();
    assert_eq!(peer.says("41/a,"), NOTHING);
    assert_eq!(peer.lets_in("/a", r#"{"sid":"x"}"#), ["connected /a x"]);
}

/// [sio5 § Sending and receiving data] [sio5 § Acknowledgement]
#[test]
fn what_is_not_a_packet_ends_the_session_but_not_the_client() {
    let bad: [&str; 6] = ["42{}", "42[]", "430{}", "4abc", "42[\"connect\"]", "4"];
    for packet in bad {
        let mut peer = Peer::connected(config(), &["/"]);
        let end = [
            "close t1",
            "left /: parse error, for now",
            "ended: parse error",
            "attempt 1 at 1.000s",
        ];
        assert_eq!(peer.says(packet), end, "{packet}");
        assert_eq!(peer.says("42[\"e\"]"), NOTHING, "a dead WebSocket");
        assert_eq!(peer.wait(1000), ["dial t2"]);
    }
}

#[test]
fn a_session_that_is_not_opened_in_time_has_failed() {
    let mut peer = Peer::new();
    peer.open("/");
    peer.lines();
    assert_eq!(
        peer.wait(20_000),
        ["close t1", "ended: transport error", "attempt 1 at 21.000s"]
    );
}

#[test]
fn a_silent_server_has_gone() {
    let mut peer = Peer::connected(config(), &["/"]);
    assert_eq!(peer.wait(44_999), NOTHING);
    peer.now = Timestamp::from_millis(60_000);
    // A driver lets time pass before it applies a command: the event waits for the next session.
    peer.client.handle_timeout(peer.now);
    assert_eq!(peer.emit("/", "kept"), Ok(()));
    assert_eq!(
        peer.lines(),
        [
            "close t1",
            "left /: ping timeout, for now",
            "ended: ping timeout",
            "attempt 1 at 61.000s"
        ]
    );
    peer.wait(1000);
    peer.accepts();
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["connected / s", r#"> 42["kept"]"#]
    );
}

#[test]
fn the_waits_grow_with_a_jitter_that_the_seed_decides() {
    let waits = |seed| {
        let mut config = config();
        config.reconnection = Some(Default::default());
        let mut peer = Peer::with(config, seed);
        let mut waits = Vec::new();
        peer.lines();
        for _ in 0..6 {
            peer.hangs_up();
            let at = peer.client.next_timeout().unwrap();
            let wait = at.as_millis() - peer.now.as_millis();
            waits.push(wait);
            assert_eq!(peer.wait(wait).len(), 1);
        }
        waits
    };
    // Worked out from the formula and the generator, elsewhere.
    assert_eq!(waits(1), [1283, 2745, 5000, 5000, 5000, 5000]);
    assert_eq!(waits(2), [1295, 2749, 5000, 5000, 5000, 5000]);
}

#[test]
fn a_success_starts_the_count_again() {
    let mut peer = Peer::new();
    peer.lines();
    peer.hangs_up();
    peer.wait(1000);
    assert_eq!(
        peer.hangs_up(),
        ["ended: transport error", "attempt 2 at 3.000s"]
    );
    peer.wait(2000);
    peer.accepts();
    assert_eq!(
        peer.hangs_up(),
        ["ended: transport close", "attempt 1 at 4.000s"]
    );
}

#[test]
fn a_client_gives_up_after_as_many_attempts_as_it_may_make() {
    let mut config = config();
    let mut terms = steady();
    terms.attempts = Some(2);
    config.reconnection = Some(terms);
    let mut peer = Peer::with(config, 0);
    peer.open("/");
    assert_eq!(peer.ask("/", None), Ok(0));
    peer.lines();
    peer.hangs_up();
    peer.wait(1000);
    peer.hangs_up();
    peer.wait(2000);
    assert_eq!(
        peer.hangs_up(),
        [
            "ended: transport error",
            "acked / 0 Disconnected",
            "gave up"
        ]
    );
    assert!(peer.client.is_closed());
    assert_eq!(peer.client.next_timeout(), None);
    assert_eq!(peer.emit("/", "e"), Err(EmitError::Closed));
}

#[test]
fn a_client_may_be_told_not_to_come_back() {
    let mut config = config();
    config.reconnection = None;
    let mut peer = Peer::connected(config, &["/"]);
    assert_eq!(
        peer.hangs_up(),
        [
            "left /: transport close, for now",
            "ended: transport close",
            "gave up"
        ]
    );

    let mut peer = Peer::new();
    peer.lines();
    peer.hangs_up();
    peer.client.set_reconnection(None);
    assert_eq!(peer.lines(), ["gave up"]);
}

#[test]
fn a_client_without_a_wish_does_not_come_back() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.hangs_up();
    assert_eq!(peer.disconnect("/"), NOTHING);
    assert_eq!(peer.wait(60_000), NOTHING);
    peer.open("/");
    assert_eq!(peer.lines(), ["dial t2"]);
    // Given up while it is dialed.
    assert_eq!(peer.disconnect("/"), ["close t2", "ended: forced close"]);
}

#[test]
fn closing_leaves_everything_and_stops() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    peer.open("/late");
    peer.ask("/", None).unwrap();
    peer.ask("/late", None).unwrap();
    peer.client.close(peer.now);
    assert_eq!(
        peer.lines(),
        [
            "acked / 0 Disconnected",
            "left /: io client disconnect",
            "left /a: io client disconnect",
            "acked /late 1 Disconnected",
            "> 40/late,",
            r#"> 420["q"]"#,
            "> 41",
            "> 41/a,",
            "close t1",
            "ended: forced close",
            "stopped"
        ]
    );
    peer.open("/");
    peer.client.close(peer.now);
    peer.client.abort();
    assert_eq!(peer.lines(), NOTHING);
}

#[test]
fn a_client_stops_also_without_a_session() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.hangs_up();
    peer.ask("/", None).unwrap();
    peer.client.close(peer.now);
    assert_eq!(peer.lines(), ["acked / 0 Disconnected", "stopped"]);
    assert!(peer.client.is_closed());
}

#[test]
fn aborting_says_nothing_more() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.emit("/", "lost").unwrap();
    peer.client.abort();
    assert_eq!(
        peer.lines(),
        [
            "left /: io client disconnect",
            "close t1",
            "ended: forced close",
            "stopped"
        ]
    );
}

/// [js socket.io 4.8.4]
#[test]
fn events_before_the_answer_are_delivered_first() {
    let mut peer = Peer::new();
    peer.open("/");
    peer.lines();
    peer.accepts();
    assert_eq!(peer.says("42[\"early\",1]"), NOTHING);
    assert_eq!(peer.says("427[\"ask\"]"), NOTHING);
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["event / [\"early\",1]", "ask / [\"ask\"]", "connected / s"]
    );
    let reply = peer.replies.pop_front().unwrap();
    peer.client.reply(reply, Args::new(&()).unwrap()).unwrap();
    assert_eq!(peer.lines(), ["> 437[]"]);
}

#[test]
fn events_before_an_answer_that_never_comes_are_void() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.open("/a");
    peer.lines();
    peer.says("42/a,[\"early\"]");
    peer.says("44/a,{}");
    peer.open("/a");
    peer.lines();
    assert_eq!(peer.lets_in("/a", r#"{"sid":"s"}"#), ["connected /a s"]);
}

#[test]
fn a_server_that_floods_before_its_answer_is_left() {
    let mut peer = Peer::with(with_buffer_limit(10), 0);
    peer.open("/");
    peer.lines();
    peer.accepts();
    assert_eq!(peer.says("42[\"0123456789\"]"), NOTHING);
    assert_eq!(
        peer.says("42[\"x\"]"),
        ["close t1", "ended: parse error", "attempt 1 at 1.000s"]
    );
}

fn recovering(peer: &mut Peer, events: &[&str]) -> Vec<String> {
    peer.open_with("/", credentials(r#"{"t":1}"#));
    peer.lines();
    peer.accepts();
    peer.lets_in("/", r#"{"sid":"s","pid":"p"}"#);
    for event in events {
        peer.says(event);
    }
    peer.hangs_up();
    peer.wait(1000);
    peer.accepts()
}

#[test]
fn the_last_offset_is_said_with_the_private_id() {
    let said = |events: &[&str]| recovering(&mut Peer::new(), events).pop().unwrap();
    assert_eq!(said(&[]), r#"> 40{"pid":"p","t":1}"#);
    let news = r#"42["news","o1"]"#;
    let with_o1 = r#"> 40{"pid":"p","offset":"o1","t":1}"#;
    assert_eq!(said(&[news]), with_o1);
    // None of these carries one.
    for other in [r#"42["e",1]"#, r#"42["e"]"#, r#"420["q","x"]"#, "43[\"x\"]"] {
        assert_eq!(said(&[news, other]), with_o1, "{other}");
    }
    assert_eq!(
        said(&[news, r#"42["e","o2"]"#]),
        r#"> 40{"pid":"p","offset":"o2","t":1}"#
    );
}

#[test]
fn what_could_not_be_recovered_is_not_asked_for_again() {
    let mut peer = Peer::new();
    recovering(&mut peer, &[r#"42["news","o1"]"#]);
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s2","pid":"p2"}"#),
        ["connected / s2"]
    );
    peer.hangs_up();
    peer.wait(1000);
    assert_eq!(peer.accepts(), ["opened", r#"> 40{"pid":"p2","t":1}"#]);
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s2","pid":"p2"}"#),
        ["connected / s2 again"]
    );
}

/// The server has not saved what a side has ended on purpose.
#[test]
fn what_was_left_on_purpose_is_not_recovered() {
    for by_server in [false, true] {
        let mut peer = Peer::connected(config(), &["/other"]);
        peer.open("/");
        peer.lines();
        peer.lets_in("/", r#"{"sid":"s","pid":"p"}"#);
        if by_server {
            peer.says("41");
        } else {
            peer.disconnect("/");
        }
        peer.open("/");
        assert_eq!(peer.lines(), ["> 40"]);
    }
}

/// Missed events that were not delivered are asked for again.
#[test]
fn a_recovery_that_is_cut_off_starts_where_it_did() {
    let mut peer = Peer::new();
    recovering(&mut peer, &[r#"42["news","o1"]"#]);
    assert_eq!(peer.says(r#"42["news","o2"]"#), NOTHING);
    peer.hangs_up();
    peer.wait(1000);
    assert_eq!(
        peer.accepts(),
        ["opened", r#"> 40{"pid":"p","offset":"o1","t":1}"#]
    );
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s","pid":"p"}"#),
        ["connected / s again"]
    );
}

/// An outage in which both sides went on speaking.
#[test]
#[allow(clippy::too_many_lines, reason = "one story, told in one piece")]
fn a_client_comes_back_to_what_it_has_missed() {
    let mut polling = config();
    polling.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(polling, 0);
    peer.open("/");
    assert_eq!(peer.lines(), ["get #1"]);
    peer.wait(10);
    assert_eq!(peer.answers(HANDSHAKE), ["opened", "get #2", "> 40"]);
    peer.wait(20);
    peer.takes();
    assert_eq!(
        peer.answers(r#"40{"sid":"k0","pid":"p0"}"#),
        ["connected / k0", "get #4"]
    );
    peer.wait(80);
    assert_eq!(
        peer.answers(r#"42["news",1,"o1"]"#),
        [r#"event / ["news",1,"o1"]"#, "get #5"]
    );
    // The cable is pulled at 0.2 s. The last the client hears is the handshake, at 0.01 s.
    assert_eq!(
        peer.wait(44_900),
        [
            "left /: ping timeout, for now",
            "ended: ping timeout",
            "attempt 1 at 46.010s"
        ]
    );
    let mut failures = Vec::new();
    for wait in [1000, 2000, 4000] {
        failures.extend(peer.wait(wait));
        if wait == 4000 {
            assert_eq!(
                (peer.emit("/", "hello 1"), peer.ask("/", None)),
                (Ok(()), Ok(0))
            );
        }
        let get = peer.get.unwrap();
        failures.extend(peer.fails(get));
    }
    let ended = "ended: transport error";
    assert_eq!(
        failures,
        [
            "get #6",
            ended,
            "attempt 2 at 48.010s",
            "get #7",
            ended,
            "attempt 3 at 52.010s",
            "get #8",
            ended,
            "attempt 4 at 57.010s"
        ]
    );
    assert_eq!(peer.wait(5000), ["get #9"]);
    peer.wait(10);
    assert_eq!(
        peer.answers(HANDSHAKE),
        ["opened", "get #10", r#"> 40{"pid":"p0","offset":"o1"}"#]
    );
    peer.takes();
    peer.wait(20);
    assert_eq!(
        peer.answers(r#"42["news",2,"o2"] | 42["news",3,"o3"] | 40{"sid":"k0","pid":"p0"}"#),
        [
            r#"event / ["news",2,"o2"]"#,
            r#"event / ["news",3,"o3"]"#,
            "connected / k0 again",
            "get #12",
            r#"> 42["hello 1"] | 420["q"]"#
        ]
    );
    assert_eq!(peer.answers("430[]"), ["acked / 0 []", "get #14"]);
}

/// A late answer to a request of the session before is nobody's.
#[test]
fn ids_are_not_used_again_by_the_next_session() {
    let mut polling = config();
    polling.engine.transports = vec![TransportKind::Polling];
    let mut peer = Peer::with(polling, 0);
    peer.open("/");
    peer.lines();
    peer.answers(HANDSHAKE);
    let old = peer.get.unwrap();
    let post = peer.post.unwrap();
    peer.fails(post);
    peer.wait(1000);
    assert_ne!(peer.get, Some(old));
    let new = peer.get.replace(old);
    assert_eq!(peer.answers("40{\"sid\":\"s\"}"), NOTHING);
    peer.get = new;
    assert_eq!(peer.answers(HANDSHAKE), ["opened", "get #5", "> 40"]);
}

/// Every session that is opened is ended, and the last event is the last.
#[test]
fn a_driver_may_drop_a_client_that_has_stopped() {
    let mut client = Client::connect(config(), 0, Timestamp::from_millis(0));
    client.close(Timestamp::from_millis(0));
    let mut last = None;
    while let Some(output) = client.poll_output() {
        if let Output::Event(event) = output {
            last = Some(event);
        }
    }
    assert!(matches!(last, Some(Event::Stopped)));
    assert!(client.is_closed());
}

/// [js engine.io-client 6.6.8] `rememberUpgrade`
#[test]
fn a_session_begins_as_the_one_before_has_ended() {
    for remembers in [true, false] {
        let mut config = config();
        config.engine.transports = vec![TransportKind::Polling, TransportKind::WebSocket];
        config.remember_upgrade = remembers;
        let mut peer = Peer::with(config, 0);
        peer.open("/");
        peer.lines();
        let upgradable = HANDSHAKE.replace("[]", r#"["websocket"]"#);
        let lines = peer.answers(&upgradable);
        let post = lines.iter().position(|line| line == "> 40");
        assert!(post.is_some(), "{lines:?}");
        peer.takes();
        let transport = peer.transport.unwrap();
        peer.handle(Input::Opened { transport });
        assert_eq!(peer.lines(), ["> 2probe"]);
        peer.says("3probe");
        peer.answers("6");
        peer.flushed();
        assert!(peer.lines().is_empty());
        peer.hangs_up();
        if !remembers {
            assert_eq!(peer.wait(1000), ["get #5"]);
            continue;
        }
        assert_eq!(peer.wait(1000), ["dial t5"]);
        // What does not work any more is not insisted on.
        peer.hangs_up();
        assert_eq!(peer.wait(2000), ["get #6"]);
    }
}

#[test]
fn what_a_client_knows_of_its_namespaces() {
    let mut peer = Peer::connected(config(), &["/", "/a"]);
    let (root, other) = (namespace("/"), namespace("/b"));
    assert_eq!(peer.client.sid(&root).map(|sid| sid.as_str()), Some("s"));
    assert!(!peer.client.is_recovered(&root));
    assert_eq!(peer.client.sid(&other), None);
    peer.disconnect("/");
    assert_eq!(peer.client.sid(&root), None);
    assert_eq!(peer.client.queued_bytes(&root), 0);
    peer.open("/");
    peer.emit("/", "e").unwrap();
    assert_eq!(peer.client.queued_bytes(&root), 7);
    peer.lines();
    peer.lets_in("/", r#"{"sid":"t","pid":"p"}"#);
    assert_eq!(peer.client.queued_bytes(&root), 0);
    peer.hangs_up();
    peer.wait(1000);
    peer.accepts();
    peer.lets_in("/", r#"{"sid":"t","pid":"p"}"#);
    assert_eq!(peer.client.sid(&root).map(|sid| sid.as_str()), Some("t"));
    assert!(peer.client.is_recovered(&root));
    peer.hangs_up();
    assert!(!peer.client.is_recovered(&root));
}

#[test]
fn credentials_and_the_time_of_an_attempt_can_be_changed_on_the_way() {
    let mut peer = Peer::connected(config(), &["/"]);
    let root = namespace("/");
    peer.client
        .set_credentials(&namespace("/b"), credentials("{}"));
    peer.client
        .set_credentials(&root, credentials(r#"{"t":2}"#));
    peer.client.set_opening_timeout(Duration::from_secs(3));
    assert_eq!(peer.lines(), NOTHING);
    assert!(!peer.client.is_active(&namespace("/b")));
    peer.hangs_up();
    assert_eq!(peer.wait(1000), ["dial t2"]);
    assert_eq!(
        peer.wait(3000),
        ["close t2", "ended: transport error", "attempt 2 at 6.000s"]
    );
    peer.wait(2000);
    assert_eq!(peer.accepts(), ["opened", r#"> 40{"t":2}"#]);
}
