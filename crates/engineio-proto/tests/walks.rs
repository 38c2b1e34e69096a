//! Whole sessions as transcripts: what goes in is the code, what comes out is the text.

mod world;

use std::time::Duration;

use engineio_proto::server::{BodyKind, Input, Reject, Route};
use engineio_proto::{Config, Frame, SendError, Transports};

use world::{Walk, assert_transcript};

fn config() -> Config {
    Config::default()
}

/// [eio4 § Query parameters] [eio4 § WebSocket]
#[test]
fn a_request_without_a_mandatory_parameter_is_refused() {
    for (method, query, is_upgrade) in [
        ("GET", "transport=polling", false),
        ("GET", "EIO=4", false),
        ("POST", "EIO=4&transport=polling", false),
        ("GET", "transport=websocket", true),
        ("GET", "EIO=4", true),
    ] {
        let route = Route::parse(&config(), method, query, is_upgrade, true);
        assert_eq!(route.map_err(Reject::status), Err(400), "{method} {query}");
    }
}

/// [eio4 § Handshake]
#[test]
fn a_handshake_over_polling() {
    let mut walk = Walk::over_polling(&config());
    assert_transcript(
        &mut walk,
        r#"0.000s #1 200 0{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
    );
}

/// [eio4 § Handshake]
#[test]
fn a_handshake_over_web_socket_offers_no_upgrade() {
    let (_, mut walk) = Walk::over_web_socket(&config());
    assert_transcript(
        &mut walk,
        r#"0.000s t1 frame 0{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
    );
}

#[test]
fn what_is_sent_between_two_polls_travels_together() {
    let mut walk = opened();
    walk.send("a");
    walk.queue("b");
    walk.poll();
    walk.poll();
    walk.queue("c");
    walk.send("d");
    assert_transcript(
        &mut walk,
        "0.000s #2 200 4a␞4b
         0.000s #3 200 4c␞4d",
    );
}

/// [eio4 § Upgrade] "send a noop packet to any pending GET request"
#[test]
fn a_quiet_upgrade_is_released_by_a_noop() {
    let mut walk = opened();
    walk.poll();
    walk.wait(10);
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.wait(10);
    walk.says(transport, "5");
    walk.says(transport, "4hello");
    walk.send("hi");
    assert_transcript(
        &mut walk,
        "0.010s t3 frame 3probe
         0.010s #2 200 6
         0.020s upgraded
         0.020s message hello
         0.020s t3 frame 4hi",
    );
}

/// The noop may overtake `3probe`: then the client polls again.
#[test]
fn every_poll_is_sent_back_while_an_upgrade_is_under_way() {
    let mut walk = opened();
    walk.poll();
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.wait(10);
    walk.poll();
    walk.wait(100);
    walk.poll();
    walk.wait(1000);
    walk.poll();
    walk.wait(50);
    assert_transcript(
        &mut walk,
        "0.000s t3 frame 3probe
         0.000s #2 200 6
         0.100s #4 200 6
         0.200s #5 200 6
         1.110s #6 200 6",
    );
}

#[test]
fn an_upgrade_under_concurrent_sends_loses_nothing() {
    let mut walk = opened();
    walk.poll();
    walk.wait(10);
    walk.send("s1");
    let transport = walk.web_socket();
    walk.post("4c1");
    walk.says(transport, "2probe");
    walk.send("s2");
    walk.send("s3");
    walk.wait(5);
    // The client had not seen `3probe` yet: what waits goes with this poll, no noop is needed.
    walk.poll();
    walk.send("s4");
    walk.post("4c2␞4c3".replace('␞', "\u{1e}").as_str());
    walk.wait(5);
    walk.says(transport, "5");
    walk.says(transport, "4c4");
    walk.send("s5");
    assert_transcript(
        &mut walk,
        "0.010s #2 200 4s1
         0.010s message c1
         0.010s #4 200 ok
         0.010s t3 frame 3probe
         0.015s #5 200 4s2␞4s3
         0.015s message c2
         0.015s message c3
         0.015s #6 200 ok
         0.020s upgraded
         0.020s t3 frame 4s4
         0.020s message c4
         0.020s t3 frame 4s5",
    );
}

#[test]
fn an_upgrade_needs_no_probe() {
    let mut walk = opened();
    walk.queue("s1");
    let transport = walk.web_socket();
    walk.says(transport, "5");
    assert_transcript(
        &mut walk,
        "0.000s upgraded
         0.000s t2 frame 4s1",
    );
}

#[test]
fn a_poll_that_waits_at_the_upgrade_comes_back_with_a_noop() {
    let mut walk = opened();
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.wait(1);
    walk.says(transport, "2probe");
    walk.poll();
    walk.says(transport, "5");
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         0.001s t2 frame 3probe
         0.001s #3 200 6
         0.001s upgraded",
    );
}

#[test]
fn a_body_that_arrives_after_the_upgrade_is_not_lost() {
    let mut walk = opened();
    let post = walk.post_head(BodyKind::Text);
    let transport = walk.web_socket();
    walk.says(transport, "5");
    walk.input(Input::Body {
        request: post,
        body: "4late".into(),
    });
    assert_transcript(
        &mut walk,
        "0.000s upgraded
         0.000s message late
         0.000s #2 200 ok",
    );
}

#[test]
fn an_upgraded_session_has_left_polling() {
    let (transport, mut walk) = Walk::upgraded(&config());
    walk.poll();
    walk.post("4x");
    walk.other();
    walk.says(transport, "4still here");
    assert_transcript(
        &mut walk,
        r#"0.000s #3 400 {"code":3,"message":"Bad request"}
           0.000s #4 400 {"code":3,"message":"Bad request"}
           0.000s #5 400 {"code":3,"message":"Bad request"}
           0.000s message still here"#,
    );
}

#[test]
fn a_second_candidate_is_closed_and_the_first_goes_on() {
    let mut walk = opened();
    let first = walk.web_socket();
    walk.says(first, "2probe");
    let second = walk.web_socket();
    walk.says(second, "2probe");
    walk.says(first, "5");
    walk.web_socket();
    walk.says(first, "4x");
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         0.000s t3 close
         0.000s upgraded
         0.000s t4 close
         0.000s message x",
    );
}

#[test]
fn an_upgrade_that_takes_too_long_fails_alone() {
    let mut walk = opened();
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.wait(10_000);
    walk.says(transport, "5");
    walk.poll();
    walk.send("still polling");
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         10.000s t2 close
         10.000s #3 200 4still polling",
    );
}

#[test]
fn garbage_on_a_candidate_fails_the_upgrade_alone() {
    for garbage in ["", "x", "2", "2probex", "3probe", "4hello", "1", "6", "0{}"] {
        let mut walk = opened();
        let failed = walk.web_socket();
        walk.says(failed, garbage);
        walk.says(failed, "5");
        let retry = walk.web_socket();
        walk.says(retry, "5");
        assert_transcript(
            &mut walk,
            "0.000s t2 close
             0.000s upgraded",
        );
    }
    let mut walk = opened();
    let transport = walk.web_socket();
    walk.input(Input::Frame {
        transport,
        frame: Frame::Binary("5".into()),
    });
    assert_transcript(&mut walk, "0.000s t2 close");
}

#[test]
fn a_candidate_that_goes_away_harms_nobody() {
    let mut walk = opened();
    let closed = walk.web_socket();
    walk.says(closed, "2probe");
    walk.input(Input::Closed { transport: closed });
    let failed = walk.web_socket();
    walk.input(Input::Failed { transport: failed });
    walk.wait(11_000);
    walk.poll();
    walk.send("still polling");
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         11.000s #4 200 4still polling",
    );
}

#[test]
fn a_candidate_is_closed_where_upgrades_are_not_offered() {
    let mut config = config();
    config.allow_upgrades = false;
    let mut walk = Walk::over_polling(&config);
    assert!(walk.transcript().contains(r#""upgrades":[]"#));
    walk.web_socket();
    assert_transcript(&mut walk, "0.000s t2 close");
    config.allow_upgrades = true;
    config.transports = Transports::POLLING;
    let mut walk = Walk::over_polling(&config);
    assert!(walk.transcript().contains(r#""upgrades":[]"#));
}

/// [eio4 § Heartbeat]
#[test]
fn a_heartbeat_over_polling_counts_from_the_pong() {
    let mut walk = opened();
    walk.poll();
    walk.wait(26_000);
    walk.post("3");
    walk.poll();
    walk.wait(25_000);
    assert_transcript(
        &mut walk,
        "25.000s #2 200 2
         26.000s #3 200 ok
         51.000s #4 200 2",
    );
}

#[test]
fn silence_over_polling_ends_in_a_ping_timeout() {
    let mut walk = opened();
    walk.poll();
    walk.wait(26_000);
    walk.poll();
    walk.wait(60_000);
    walk.poll();
    assert_transcript(
        &mut walk,
        r#"25.000s #2 200 2
           45.000s #3 200 1
           45.000s closed: ping timeout
           86.000s #4 400 {"code":1,"message":"Session ID unknown"}"#,
    );
    assert_eq!(
        walk.session.send("x".into()),
        Err(SendError::Closed(Frame::Text("4x".into())))
    );
}

#[test]
fn a_deadline_that_has_passed_counts_even_if_no_timer_said_so() {
    let mut walk = Walk::over_polling(&config());
    walk.wait(25_000);
    walk.transcript();
    let mut late = walk.session;
    let mut ids = engineio_proto::Ids::new();
    let input = Input::Poll {
        request: ids.request(),
    };
    let now = engineio_proto::Timestamp::from_millis(45_001);
    engineio_proto::Machine::handle(&mut late, now, input);
    assert!(engineio_proto::Machine::is_closed(&late));
}

#[test]
fn silence_over_web_socket_ends_in_a_ping_timeout() {
    let (_, mut walk) = web_socket();
    walk.wait(60_000);
    assert_transcript(
        &mut walk,
        "25.000s t1 frame 2
         45.000s t1 close
         45.000s closed: ping timeout",
    );
}

#[test]
fn a_pong_at_the_deadline_is_in_time() {
    let (transport, mut walk) = web_socket();
    walk.wait(44_999);
    walk.says(transport, "3");
    walk.wait(25_000);
    assert_transcript(
        &mut walk,
        "25.000s t1 frame 2
         69.999s t1 frame 2",
    );
}

#[test]
fn another_packet_postpones_the_pong_once() {
    let (transport, mut walk) = web_socket();
    walk.wait(40_000);
    walk.says(transport, "4a");
    walk.wait(10_000);
    walk.says(transport, "4b");
    walk.wait(20_000);
    assert_transcript(
        &mut walk,
        "25.000s t1 frame 2
         40.000s message a
         50.000s message b
         60.000s t1 close
         60.000s closed: ping timeout",
    );
}

/// The reference forgets the deadline here, and such a session lives for ever.
#[test]
fn a_pong_is_still_due_after_an_upgrade() {
    let mut walk = opened();
    walk.poll();
    walk.wait(25_000);
    let transport = walk.web_socket();
    walk.says(transport, "5");
    walk.wait(60_000);
    assert_transcript(
        &mut walk,
        "25.000s #2 200 2
         25.000s upgraded
         45.000s t3 close
         45.000s closed: ping timeout",
    );
}

/// [eio4 § Heartbeat]
#[test]
fn only_the_server_pings() {
    let (transport, mut walk) = web_socket();
    walk.says(transport, "2");
    assert_transcript(
        &mut walk,
        "0.000s t1 close
         0.000s closed: transport error",
    );
}

#[test]
fn closing_with_a_poll_waiting() {
    let mut walk = opened();
    walk.poll();
    walk.close();
    walk.poll();
    assert_transcript(
        &mut walk,
        r#"0.000s #2 200 1
           0.000s closed: forced close
           0.000s #3 400 {"code":1,"message":"Session ID unknown"}"#,
    );
}

#[test]
fn closing_without_a_poll_waits_for_one() {
    let mut walk = opened();
    walk.close();
    assert!(!walk.session.is_open());
    walk.post("4ignored");
    walk.wait(29_999);
    walk.poll();
    assert_transcript(
        &mut walk,
        "0.000s #2 200 ok
         29.999s #3 200 6␞1
         29.999s closed: forced close",
    );
}

#[test]
fn closing_without_a_poll_waits_no_longer_than_it_may() {
    let mut walk = opened();
    walk.queue("lost");
    walk.close();
    walk.wait(40_000);
    assert_transcript(&mut walk, "30.000s closed: forced close");
}

#[test]
fn closing_delivers_what_is_queued_over_polling() {
    let mut walk = opened();
    walk.send("a");
    walk.send("b");
    walk.close();
    walk.poll();
    walk.poll();
    assert_transcript(
        &mut walk,
        "0.000s #2 200 4a␞4b
         0.000s #3 200 6␞1
         0.000s closed: forced close",
    );
}

#[test]
fn closing_delivers_what_was_sent_in_the_same_breath() {
    let mut walk = opened();
    walk.poll();
    walk.queue("a");
    walk.close();
    walk.poll();
    assert_transcript(
        &mut walk,
        "0.000s #2 200 4a
         0.000s #3 200 6␞1
         0.000s closed: forced close",
    );
}

#[test]
fn closing_over_web_socket() {
    let (_, mut walk) = web_socket();
    walk.close();
    assert_transcript(
        &mut walk,
        "0.000s t1 close
         0.000s closed: forced close",
    );
}

#[test]
fn closing_over_web_socket_writes_what_is_queued() {
    let (_, mut walk) = web_socket();
    walk.queue("a");
    walk.queue("b");
    walk.close();
    assert_transcript(
        &mut walk,
        "0.000s t1 frame 4a
         0.000s t1 frame 4b
         0.000s t1 close
         0.000s closed: forced close",
    );
}

#[test]
fn closing_over_web_socket_waits_for_credit() {
    let (transport, mut walk) = web_socket();
    let long = "x".repeat(40_000);
    walk.queue(&long);
    walk.queue(&long);
    walk.close();
    assert_eq!(walk.transcript().lines().count(), 1);
    walk.input(Input::Flushed { transport });
    let rest = walk.transcript();
    assert_eq!(rest.lines().count(), 3);
    assert!(rest.ends_with("t1 close\n0.000s closed: forced close\n"));
}

#[test]
fn closing_while_an_upgrade_is_under_way_lets_it_finish() {
    let mut walk = opened();
    walk.queue("last");
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.close();
    walk.says(transport, "5");
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         0.000s upgraded
         0.000s t2 frame 4last
         0.000s t2 close
         0.000s closed: forced close",
    );
}

#[test]
fn closing_twice_is_closing_once() {
    let mut walk = opened();
    walk.close();
    walk.wait(20_000);
    walk.close();
    walk.wait(20_000);
    walk.close();
    walk.abort();
    assert_transcript(&mut walk, "30.000s closed: forced close");
}

#[test]
fn aborting_answers_and_closes_everything() {
    let mut walk = opened();
    walk.poll();
    walk.post_head(BodyKind::Text);
    let transport = walk.web_socket();
    walk.says(transport, "4garbage");
    walk.web_socket();
    walk.queue("lost");
    walk.abort();
    assert_transcript(
        &mut walk,
        "0.000s t4 close
         0.000s #3 400
         0.000s #2 200 1
         0.000s t5 close
         0.000s closed: forced close",
    );
}

/// [eio4 § Receiving data]
#[test]
fn two_polls_at_once_end_the_session() {
    let mut walk = opened();
    walk.poll();
    walk.poll();
    walk.poll();
    assert_transcript(
        &mut walk,
        r#"0.000s #3 400
           0.000s #2 200 1
           0.000s closed: transport error
           0.000s #4 400 {"code":1,"message":"Session ID unknown"}"#,
    );
}

/// [eio4 § Sending data]
#[test]
fn two_posts_at_once_end_the_session() {
    let mut walk = opened();
    walk.post_head(BodyKind::Text);
    walk.post("4x");
    assert_transcript(
        &mut walk,
        "0.000s #3 400
         0.000s #2 400
         0.000s closed: transport error",
    );
}

#[test]
fn an_aborted_poll_ends_the_session_at_once() {
    let mut walk = opened();
    let request = walk.poll();
    walk.input(Input::Aborted { request });
    walk.poll();
    assert_transcript(
        &mut walk,
        r#"0.000s closed: transport error
           0.000s #3 400 {"code":1,"message":"Session ID unknown"}"#,
    );
}

#[test]
fn an_aborted_post_ends_the_session_at_once() {
    let mut walk = opened();
    walk.poll();
    let request = walk.post_head(BodyKind::Text);
    walk.input(Input::Aborted { request });
    assert_transcript(
        &mut walk,
        "0.000s #2 200 1
         0.000s closed: transport error",
    );
}

/// Law 6: what cannot be delivered any more must not leave a gap.
#[test]
fn a_poll_that_was_lost_with_its_messages_ends_the_session() {
    let mut walk = opened();
    let request = walk.poll();
    walk.send("a");
    walk.transcript();
    walk.input(Input::Aborted { request });
    assert_transcript(&mut walk, "0.000s closed: transport error");
}

#[test]
fn aborting_what_was_answered_changes_nothing_once_the_client_has_polled_again() {
    let mut walk = opened();
    let request = walk.poll();
    walk.send("a");
    walk.poll();
    walk.transcript();
    walk.input(Input::Aborted { request });
    assert_transcript(&mut walk, "");
    assert!(walk.session.is_open());
}

#[test]
fn an_oversized_body_is_refused_and_the_session_goes_on() {
    let mut walk = opened();
    let request = walk.post_head(BodyKind::Text);
    walk.input(Input::BodyTooLarge { request });
    walk.post("4smaller");
    assert_transcript(
        &mut walk,
        "0.000s #2 413
         0.000s message smaller
         0.000s #3 200 ok",
    );
}

#[test]
fn a_close_packet_by_post_sends_a_waiting_poll_back() {
    let mut walk = opened();
    walk.poll();
    walk.post("4a\u{1e}1\u{1e}4b");
    assert_transcript(
        &mut walk,
        "0.000s message a
         0.000s #3 200 ok
         0.000s #2 200 6
         0.000s closed: transport close",
    );
}

/// The reference ignores it, and the session ends by ping timeout.
#[test]
fn a_close_packet_by_web_socket_ends_the_session() {
    let (transport, mut walk) = web_socket();
    walk.says(transport, "1");
    assert_transcript(
        &mut walk,
        "0.000s t1 close
         0.000s closed: transport close",
    );
}

#[test]
fn what_comes_before_a_bad_packet_is_delivered() {
    let mut walk = opened();
    walk.poll();
    walk.post("4a\u{1e}x\u{1e}4b");
    walk.poll();
    assert_transcript(
        &mut walk,
        r#"0.000s message a
           0.000s #3 400
           0.000s #2 200 1
           0.000s closed: parse error
           0.000s #4 400 {"code":1,"message":"Session ID unknown"}"#,
    );
}

#[test]
fn text_that_is_not_utf_8_is_repaired() {
    let mut walk = opened();
    let request = walk.post_head(BodyKind::Text);
    walk.input(Input::Body {
        request,
        body: b"4a\xff"[..].into(),
    });
    assert_transcript(
        &mut walk,
        "0.000s message a\u{fffd}
         0.000s #2 200 ok",
    );
}

#[test]
fn a_body_of_bytes_ends_the_session() {
    let mut walk = opened();
    let request = walk.post_head(BodyKind::Binary);
    walk.input(Input::Body {
        request,
        body: "4a".into(),
    });
    assert_transcript(
        &mut walk,
        "0.000s #2 400
         0.000s closed: transport error",
    );
}

#[test]
fn a_bad_packet_by_web_socket_ends_the_session() {
    let (transport, mut walk) = web_socket();
    walk.says(transport, "4a");
    walk.says(transport, "");
    walk.says(transport, "4b");
    assert_transcript(
        &mut walk,
        "0.000s message a
         0.000s t1 close
         0.000s closed: parse error",
    );
}

#[test]
fn a_web_socket_that_goes_away_ends_the_session() {
    let (transport, mut walk) = web_socket();
    walk.input(Input::Closed { transport });
    assert_transcript(&mut walk, "0.000s closed: transport close");
    let (transport, mut walk) = web_socket();
    walk.input(Input::Failed { transport });
    assert_transcript(&mut walk, "0.000s closed: transport error");
}

#[test]
fn packets_without_a_meaning_are_ignored() {
    let (transport, mut walk) = web_socket();
    for text in ["0{}", "5", "6", "3", "3data"] {
        walk.says(transport, text);
    }
    assert_transcript(&mut walk, "");
    let mut walk = opened();
    walk.post("0\u{1e}5\u{1e}6\u{1e}3");
    assert_transcript(&mut walk, "0.000s #2 200 ok");
}

#[test]
fn a_method_without_a_meaning_leaves_the_session_alone() {
    let mut walk = opened();
    walk.other();
    assert_transcript(&mut walk, "0.000s #2 500");
    assert!(walk.session.is_open());
}

#[test]
fn a_web_socket_that_comes_after_the_end_is_closed() {
    let mut walk = opened();
    walk.abort();
    walk.web_socket();
    assert_transcript(
        &mut walk,
        "0.000s closed: forced close
         0.000s t2 close",
    );
}

#[test]
fn a_slow_web_socket_fills_the_buffer() {
    let mut config = config();
    config.buffer_limit = 100_000;
    let (transport, mut walk) = Walk::over_web_socket(&config);
    let long = "x".repeat(60_000);
    let frame = Frame::Text(format!("4{long}").into());
    for _ in 0..3 {
        walk.send(&long);
    }
    assert_eq!(walk.session.queued_bytes(), 120_002);
    assert!(!walk.session.is_writable());
    assert_eq!(
        walk.session.send_frame(frame.clone()),
        Err(SendError::Full(frame.clone()))
    );
    assert_eq!(
        walk.session.send_frames([frame.clone(), frame.clone()]),
        Err(SendError::Full(frame.clone()))
    );
    walk.input(Input::Flushed { transport });
    assert_eq!(walk.session.send_frames([frame.clone(), frame]), Ok(()));
    assert_eq!(walk.session.queued_bytes(), 180_003);
}

#[test]
fn writable_means_that_a_message_would_leave_at_once() {
    let mut walk = opened();
    assert!(!walk.session.is_writable());
    walk.poll();
    assert!(walk.session.is_writable());
    walk.send("a");
    assert!(!walk.session.is_writable());
    let (_, walk) = web_socket();
    assert!(walk.session.is_writable());
}

#[test]
fn intervals_are_those_of_the_configuration() {
    let mut config = config();
    config.ping_interval = Duration::from_millis(300);
    config.ping_timeout = Duration::from_millis(200);
    let (_, mut walk) = Walk::over_web_socket(&config);
    walk.transcript();
    walk.wait(1000);
    assert_transcript(
        &mut walk,
        "0.300s t1 frame 2
         0.500s t1 close
         0.500s closed: ping timeout",
    );
}

/// A session over polling, its handshake behind it.
fn opened() -> Walk {
    let mut walk = Walk::over_polling(&config());
    walk.transcript();
    walk
}

/// A session over WebSocket t1, its handshake behind it.
fn web_socket() -> (engineio_proto::TransportId, Walk) {
    let (transport, mut walk) = Walk::over_web_socket(&config());
    walk.transcript();
    (transport, walk)
}
