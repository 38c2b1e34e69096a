//! What becomes of an emit: tried until it is answered, kept, replaced, refused or reported.
//!
//! `>` is what the server gets; `lost` is what the application learns of an event that is given up.

mod peer;

use std::time::Duration;

use peer::{Peer, config, namespace, steady};
use socketio_proto::client::{Config, Delivery, EmitError, Offline};
use socketio_proto::{AckId, Args, Encoded};

const NOTHING: [&str; 0] = [];

/// A try waits 100 ms for its answer.
fn sure(retries: u32) -> Config {
    let mut config = config();
    config.delivery = Delivery::AtLeastOnce {
        ack_timeout: Duration::from_millis(100),
        retries,
    };
    config
}

fn offline(policy: Offline) -> Config {
    let mut config = config();
    config.while_offline = policy;
    config
}

/// The session is lost, and the next one is open with its namespaces.
fn comes_back(peer: &mut Peer, namespaces: &[&str]) -> Vec<String> {
    peer.wait(1000);
    peer.accepts();
    let mut lines = Vec::new();
    for namespace in namespaces {
        lines.extend(peer.lets_in(namespace, r#"{"sid":"s"}"#));
    }
    lines
}

/// [js socket.io-client 4.8.4] `retries`
#[test]
fn one_event_at_a_time_is_on_its_way() {
    let mut peer = Peer::connected(sure(2), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.ask("/", None), Ok(1));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 420["a"]"#]);
    // The id of the call is not one of the wire.
    assert_eq!(peer.says("431[]"), NOTHING);
    assert_eq!(peer.says("430[]"), [r#"> 422["q"]"#]);
    assert_eq!(peer.says("430[]"), NOTHING);
    assert_eq!(peer.says("432[7]"), ["acked / 1 [7]", r#"> 423["b"]"#]);
    assert_eq!(peer.says("433[]"), NOTHING);
    assert_eq!(peer.wait(1000), NOTHING);
    assert_eq!(peer.emit("/", "c"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 424["c"]"#]);
}

#[test]
fn each_namespace_has_a_sequence_of_its_own() {
    let mut peer = Peer::connected(sure(1), &["/", "/a"]);
    for namespace in ["/", "/a", "/"] {
        assert_eq!(peer.emit(namespace, "e"), Ok(()));
    }
    assert_eq!(peer.lines(), [r#"> 420["e"]"#, r#"> 42/a,1["e"]"#]);
    assert_eq!(peer.says("431[]"), NOTHING, "another namespace");
    assert_eq!(peer.says("43/a,1[]"), NOTHING);
    assert_eq!(peer.says("430[]"), [r#"> 422["e"]"#]);
}

#[test]
fn what_is_not_answered_is_tried_again_under_another_id_and_then_given_up() {
    let mut peer = Peer::connected(sure(2), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.ask("/", None), Ok(1));
    assert_eq!(peer.lines(), [r#"> 420["a"]"#]);
    assert_eq!(peer.wait(99), NOTHING);
    assert_eq!(peer.wait(1), [r#"> 422["a"]"#]);
    // The answer to the first try comes too late.
    assert_eq!(peer.says("430[]"), NOTHING);
    assert_eq!(peer.wait(100), [r#"> 423["a"]"#]);
    assert_eq!(
        peer.wait(100),
        [r#"lost / ["a"] TimedOut"#, r#"> 424["q"]"#]
    );
    // Tries are counted for each event.
    assert_eq!(peer.wait(200), [r#"> 425["q"]"#, r#"> 426["q"]"#]);
    assert_eq!(peer.wait(100), ["acked / 1 TimedOut"]);
    assert_eq!(peer.wait(1000), NOTHING);
}

#[test]
fn without_retries_there_is_one_try() {
    let mut peer = Peer::connected(sure(0), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    peer.lines();
    assert_eq!(
        peer.wait(100),
        [r#"lost / ["a"] TimedOut"#, r#"> 421["b"]"#]
    );
}

#[test]
fn a_call_may_give_each_of_its_tries_a_time_of_its_own() {
    let mut peer = Peer::connected(sure(1), &["/"]);
    assert_eq!(peer.ask("/", Some(10)), Ok(0));
    peer.lines();
    assert_eq!(peer.wait(10), [r#"> 422["q"]"#]);
    assert_eq!(peer.wait(10), ["acked / 0 TimedOut"]);
}

#[test]
fn the_end_of_a_session_is_a_failed_try_and_the_wait_is_none() {
    let mut peer = Peer::connected(sure(1), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    peer.lines();
    assert_eq!(
        peer.hangs_up(),
        [
            "left /: transport close, for now",
            "ended: transport close",
            "attempt 1 at 1.000s"
        ]
    );
    assert_eq!(
        comes_back(&mut peer, &["/"]),
        ["connected / s", r#"> 421["a"]"#]
    );
    assert_eq!(
        peer.hangs_up()[..2],
        [
            r#"lost / ["a"] Disconnected"#,
            "left /: transport close, for now"
        ]
    );
    assert_eq!(
        comes_back(&mut peer, &["/"]),
        ["connected / s", r#"> 422["b"]"#]
    );
    assert_eq!(peer.says("432[]"), NOTHING);
}

#[test]
fn what_was_never_tried_waits_through_any_number_of_sessions() {
    let mut peer = Peer::with(sure(0), 0);
    peer.open("/");
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.ask("/", Some(1)), Ok(0));
    peer.lines();
    peer.hangs_up();
    peer.wait(1000);
    peer.hangs_up();
    peer.wait(2000);
    peer.accepts();
    assert_eq!(
        peer.lets_in("/", r#"{"sid":"s"}"#),
        ["connected / s", r#"> 421["a"]"#]
    );
    assert_eq!(peer.says("431[]"), [r#"> 422["q"]"#]);
}

/// Leaving is a failed try, too; opened again, the namespace goes on where it was.
#[test]
fn a_namespace_that_is_left_goes_on_when_it_is_opened_again() {
    let mut peer = Peer::connected(sure(1), &["/", "/a"]);
    assert_eq!(peer.emit("/a", "x"), Ok(()));
    peer.lines();
    assert_eq!(
        peer.disconnect("/a"),
        ["left /a: io client disconnect", "> 41/a,"]
    );
    assert_eq!(peer.wait(1000), NOTHING);
    peer.open("/a");
    peer.lines();
    assert_eq!(
        peer.lets_in("/a", r#"{"sid":"t"}"#),
        ["connected /a t", r#"> 42/a,1["x"]"#]
    );
    assert_eq!(
        peer.says("41/a,"),
        [
            r#"lost /a ["x"] Disconnected"#,
            "left /a: io server disconnect"
        ]
    );
}

#[test]
fn the_end_of_the_client_reports_what_was_not_answered() {
    let mut peer = Peer::connected(sure(3), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.ask("/", None), Ok(1));
    peer.client.close(peer.now);
    assert_eq!(
        peer.lines(),
        [
            "left /: io client disconnect",
            r#"lost / ["a"] Disconnected"#,
            "acked / 1 Disconnected",
            r#"> 420["a"]"#,
            "> 41",
            "close t1",
            "ended: forced close",
            "stopped"
        ]
    );
}

#[test]
fn giving_up_reports_what_was_not_sent() {
    for config in [config(), sure(3)] {
        let mut peer = Peer::with(config, 0);
        peer.open("/");
        assert_eq!(peer.emit("/", "a"), Ok(()));
        assert_eq!(peer.ask("/", None), Ok(0));
        peer.lines();
        peer.hangs_up();
        peer.client.set_reconnection(None);
        assert_eq!(
            peer.lines(),
            [
                r#"lost / ["a"] Disconnected"#,
                "acked / 0 Disconnected",
                "gave up"
            ]
        );
    }
}

#[test]
fn a_volatile_event_does_not_wait_for_the_answer_to_another() {
    let mut peer = Peer::connected(sure(1), &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    peer.lines();
    assert_eq!(peer.emit_as("/", "now", true), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42["now"]"#]);
    peer.hangs_up();
    assert_eq!(peer.emit_as("/", "dropped", true), Ok(()));
    assert_eq!(
        comes_back(&mut peer, &["/"]),
        ["connected / s", r#"> 421["a"]"#]
    );
}

/// A session whose buffer is full has not taken the event: that is no try.
#[test]
fn a_full_session_is_no_failed_try() {
    let mut config = sure(0);
    config.engine.buffer_limit = 30;
    let mut peer = Peer::connected(config, &["/"]);
    peer.stalled = true;
    let long = "x".repeat(100_000);
    assert_eq!(peer.emit_as("/", &long, true), Ok(()));
    assert_eq!(peer.lines().len(), 1);
    peer.says("427[\"ask\"]");
    let reply = peer.replies.pop_front().unwrap();
    let args = Args::new(&long).unwrap();
    peer.client.reply(reply, args).unwrap();
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.wait(1000), NOTHING);
    peer.stalled = false;
    peer.flushed();
    let lines = peer.lines();
    assert_eq!(lines.last().unwrap(), r#"> 420["a"]"#);
    assert_eq!(peer.wait(100), [r#"lost / ["a"] TimedOut"#]);
}

#[test]
fn a_sequence_is_bounded_like_a_buffer() {
    let mut config = sure(0);
    config.buffer_limit = 20;
    let mut peer = Peer::connected(config, &["/", "/a"]);
    assert_eq!(peer.emit("/", "0123456789"), Ok(()));
    assert_eq!(peer.emit("/", "0"), Ok(()));
    assert_eq!(peer.emit("/", "x"), Err(EmitError::Full));
    assert_eq!(peer.ask("/", None), Err(EmitError::Full));
    assert_eq!(peer.emit("/a", "x"), Ok(()));
    assert_eq!(peer.client.queued_bytes(&namespace("/")), 16 + 7);
    assert_eq!(peer.emit_as("/", "v", true), Ok(()));
    peer.lines();
    assert_eq!(peer.says("430[]").len(), 1);
    assert_eq!(peer.client.queued_bytes(&namespace("/")), 7);
    assert_eq!(peer.emit("/", "x"), Ok(()));
}

#[test]
fn an_answer_nobody_waits_for_keeps_the_sequence_going() {
    let mut peer = Peer::connected(sure(1), &["/"]);
    let first = peer.ask("/", None).unwrap();
    let second = peer.ask("/", None).unwrap();
    peer.client.forget(&namespace("/"), AckId::new(first));
    peer.client.forget(&namespace("/"), AckId::new(second));
    assert_eq!(peer.lines(), [r#"> 421["q"]"#]);
    assert_eq!(peer.says("431[]"), [r#"> 423["q"]"#]);
    assert_eq!(peer.wait(100), [r#"> 424["q"]"#]);
    assert_eq!(peer.wait(100), NOTHING, "nobody wants to know");
    assert_eq!(peer.emit("/", "e"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 425["e"]"#]);
}

#[test]
fn a_call_that_is_forgotten_is_sent_all_the_same() {
    let mut peer = Peer::connected(config(), &["/"]);
    let out = peer.ask("/", Some(10)).unwrap();
    peer.client.forget(&namespace("/"), AckId::new(out));
    assert_eq!(peer.lines(), [r#"> 420["q"]"#]);
    assert_eq!(peer.wait(10), NOTHING);
    assert_eq!(peer.says("430[]"), NOTHING);
    peer.hangs_up();
    let waiting = peer.ask("/", Some(10)).unwrap();
    peer.client.forget(&namespace("/"), AckId::new(waiting));
    assert_eq!(
        comes_back(&mut peer, &["/"]),
        ["connected / s", r#"> 421["q"]"#]
    );
    assert_eq!(peer.says("431[]"), NOTHING);
}

/// Bytes, and a prepared call, are tried like anything else.
#[test]
fn a_try_is_the_same_event_under_another_id() {
    let mut peer = Peer::connected(sure(1), &["/"]);
    let call = Encoded::call(
        &namespace("/"),
        AckId::new(5),
        "b",
        &(1, bytes::Bytes::from_static(&[9])),
    );
    let emit = Default::default();
    peer.client.emit(peer.now, &call.unwrap(), emit).unwrap();
    let try_with = |id: u32| {
        [
            format!(r#"> 451-{id}["b",1,{{"_placeholder":true,"num":0}}]"#),
            "> b\"\\t\"".to_owned(),
        ]
    };
    assert_eq!(peer.lines(), try_with(6));
    assert_eq!(peer.wait(100), try_with(7));
}

#[test]
fn a_limit_for_all_calls_counts_for_those_that_have_none() {
    let mut config = config();
    let ack_timeout = Some(Duration::from_millis(100));
    config.delivery = Delivery::AtMostOnce { ack_timeout };
    let mut peer = Peer::connected(config, &["/"]);
    peer.ask("/", None).unwrap();
    peer.ask("/", Some(10)).unwrap();
    peer.ask("/", Some(200)).unwrap();
    peer.emit("/", "e").unwrap();
    assert_eq!(peer.lines().len(), 4);
    assert_eq!(peer.wait(99), ["acked / 1 TimedOut"]);
    assert_eq!(peer.wait(1), ["acked / 0 TimedOut"]);
    assert_eq!(peer.wait(100), ["acked / 2 TimedOut"]);
}

#[test]
fn an_offline_namespace_may_refuse() {
    let mut peer = Peer::with(offline(Offline::Reject), 0);
    peer.open("/");
    assert_eq!(peer.emit("/", "a"), Err(EmitError::NotConnected));
    assert_eq!(peer.ask("/", None), Err(EmitError::NotConnected));
    assert_eq!(peer.emit_as("/", "v", true), Ok(()), "dropped");
    peer.lines();
    peer.accepts();
    assert_eq!(peer.emit("/", "a"), Err(EmitError::NotConnected));
    assert_eq!(peer.lets_in("/", r#"{"sid":"s"}"#), ["connected / s"]);
    assert_eq!(peer.emit("/", "b"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42["b"]"#]);
    peer.is_hung_up();
    assert_eq!(peer.emit("/", "c"), Err(EmitError::NotConnected));
}

#[test]
fn an_offline_namespace_may_keep_the_newest() {
    let mut peer = Peer::connected(offline(Offline::Latest), &["/", "/a"]);
    peer.hangs_up();
    assert_eq!(peer.emit("/", "1"), Ok(()));
    assert_eq!(peer.ask("/", None), Ok(0));
    assert_eq!(peer.lines(), [r#"lost / ["1"] Superseded"#]);
    assert_eq!(peer.emit("/a", "other"), Ok(()));
    assert_eq!(peer.emit("/", "3"), Ok(()));
    assert_eq!(peer.lines(), ["acked / 0 Superseded"]);
    assert_eq!(
        comes_back(&mut peer, &["/", "/a"]),
        [
            "connected / s",
            r#"> 42["3"]"#,
            "connected /a s",
            r#"> 42/a,["other"]"#
        ]
    );
    assert_eq!(peer.emit("/", "4"), Ok(()));
    assert_eq!(peer.emit("/", "5"), Ok(()));
    assert_eq!(peer.lines(), [r#"> 42["4"]"#, r#"> 42["5"]"#]);
}

/// The time of the newest may pass before the next one comes.
#[test]
fn the_newest_takes_the_place_of_what_is_still_there() {
    let mut peer = Peer::connected(offline(Offline::Latest), &["/"]);
    peer.hangs_up();
    assert_eq!(peer.ask("/", Some(10)), Ok(0));
    assert_eq!(peer.wait(10), ["acked / 0 TimedOut"]);
    assert_eq!(peer.emit("/", "2"), Ok(()));
    assert_eq!(peer.lines(), NOTHING);
}

/// What was emitted while the namespace was connected is not replaced.
#[test]
fn the_newest_of_an_outage_waits_behind_what_is_tried() {
    let mut config = sure(2);
    config.while_offline = Offline::Latest;
    config.reconnection = Some(steady());
    let mut peer = Peer::connected(config, &["/"]);
    assert_eq!(peer.emit("/", "a"), Ok(()));
    assert_eq!(peer.emit("/", "b"), Ok(()));
    peer.hangs_up();
    for event in ["c", "d"] {
        assert_eq!(peer.emit("/", event), Ok(()));
    }
    assert_eq!(peer.lines(), [r#"lost / ["c"] Superseded"#]);
    comes_back(&mut peer, &["/"]);
    peer.hangs_up();
    // The next outage.
    assert_eq!(peer.emit("/", "e"), Ok(()));
    assert_eq!(peer.lines(), NOTHING);
    assert_eq!(
        comes_back(&mut peer, &["/"]),
        ["connected / s", r#"> 422["a"]"#]
    );
    assert_eq!(peer.says("432[]"), [r#"> 423["b"]"#]);
    assert_eq!(peer.says("433[]"), [r#"> 424["d"]"#]);
    assert_eq!(peer.says("434[]"), [r#"> 425["e"]"#]);
}

/// Who opens a namespace anew does not inherit what waits there.
#[test]
fn what_waits_in_a_namespace_can_be_given_up() {
    let mut peer = Peer::connected(config(), &["/"]);
    peer.open("/a");
    assert_eq!(peer.lines(), ["> 40/a,"]);
    assert_eq!(peer.emit("/a", "one"), Ok(()));
    assert_eq!(peer.ask("/a", None), Ok(0));
    peer.disconnect("/a");
    peer.client.discard(&namespace("/a"));
    assert_eq!(
        peer.lines(),
        [r#"lost /a ["one"] Disconnected"#, "acked /a 0 Disconnected"]
    );
    peer.client.discard(&namespace("/nowhere"));
    peer.open("/a");
    assert_eq!(peer.emit("/a", "two"), Ok(()));
    let mut lines = peer.lets_in("/a", r#"{"sid":"s"}"#);
    lines.extend(peer.lets_in("/a", r#"{"sid":"s"}"#));
    assert!(lines.iter().any(|line| line.contains("two")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("one")), "{lines:?}");
}
