//! Sessions of the client as transcripts: what the server does is the code, what comes out is the
//! text.

mod world;

use engineio_proto::client::{Config, Query};
use engineio_proto::{Frame, Ids, Machine, Output, SendError, TransportKind, client};

use world::ClientWalk;

const HANDSHAKE: &str =
    r#"{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

const WITH_UPGRADE: &str =
    r#"{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;

fn over(transports: &[TransportKind]) -> Config {
    let mut config = Config::default();
    config.transports = transports.to_vec();
    config
}

fn opened() -> ClientWalk {
    ClientWalk::open(&Config::default(), HANDSHAKE)
}

/// A client whose candidate t2 is being dialed beside poll #3.
fn probing() -> ClientWalk {
    let mut walk = ClientWalk::open(&Config::default(), WITH_UPGRADE);
    walk.shows("");
    walk
}

/// A client whose link is t2.
fn upgraded() -> ClientWalk {
    let mut walk = probing();
    walk.opens(2);
    walk.says(2, "3probe");
    walk.answers(3, "6");
    walk.flushes(2);
    walk.shows(
        r#"0.000s Frame t2 "2probe"
           0.000s Frame t2 "5"
           0.000s Upgraded"#,
    );
    walk
}

/// A client that has opened over t1.
fn over_web_socket() -> ClientWalk {
    let mut walk = ClientWalk::dial(&over(&[TransportKind::WebSocket]));
    walk.opens(1);
    walk.says(1, &format!("0{HANDSHAKE}"));
    walk.shows(
        "0.000s Connect t1 (no sid)
         0.000s Opened",
    );
    walk
}

mod opening {
    use super::*;

    /// [eio4 § Handshake]
    #[test]
    fn a_handshake_over_polling() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.answers(1, &format!("0{HANDSHAKE}"));
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Opened
             0.000s Get #2",
        );
    }

    /// [js engine.io 6.6.12] The server's `initialPacket`.
    #[test]
    fn packets_behind_the_handshake_are_heard() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.answers(1, &format!("0{HANDSHAKE}␞4welcome"));
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Opened
             0.000s Message welcome
             0.000s Get #2",
        );
    }

    #[test]
    fn what_was_sent_before_the_handshake_goes_first_and_together() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.send("a");
        walk.send("b");
        walk.answers(1, &format!("0{HANDSHAKE}"));
        walk.shows(
            r#"0.000s Get #1 (no sid)
               0.000s Opened
               0.000s Get #2
               0.000s Post #3 "4a␞4b""#,
        );
    }

    #[test]
    fn over_a_web_socket_the_server_speaks_first() {
        let mut walk = over_web_socket();
        walk.send("a");
        walk.shows(r#"0.000s Frame t1 "4a""#);
    }

    #[test]
    fn a_status_other_than_200_ends_it() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.answers_with(1, 400, r#"{"code":5}"#);
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Closed: transport error",
        );
    }

    #[test]
    fn a_handshake_that_cannot_be_read_ends_it() {
        for body in ["4hello", "0{}", "0", "6", "", "x"] {
            let mut walk = ClientWalk::dial(&Config::default());
            walk.answers(1, body);
            assert!(walk.session.is_closed(), "{body:?}");
        }
    }

    #[test]
    fn silence_ends_it() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.wait(60_000);
        walk.shows(
            "0.000s Get #1 (no sid)
             20.000s Closed: transport error",
        );
    }

    #[test]
    fn a_refused_web_socket_ends_it() {
        let mut walk = ClientWalk::dial(&over(&[TransportKind::WebSocket]));
        walk.closes(1);
        walk.shows(
            "0.000s Connect t1 (no sid)
             0.000s Closed: transport error",
        );
    }

    #[test]
    fn a_first_packet_that_is_no_handshake_closes_the_web_socket() {
        let mut walk = ClientWalk::dial(&over(&[TransportKind::WebSocket]));
        walk.opens(1);
        walk.says(1, "4hello");
        walk.shows(
            "0.000s Connect t1 (no sid)
             0.000s Close t1
             0.000s Closed: transport error",
        );
    }

    /// [js engine.io-client 6.6.8] `tryAllTransports`
    #[test]
    fn the_next_transport_is_tried_if_that_was_asked_for() {
        let mut config = over(&[TransportKind::WebSocket, TransportKind::Polling]);
        config.try_all_transports = true;
        let mut walk = ClientWalk::dial(&config);
        walk.send("a");
        walk.wait(20_000);
        walk.answers(2, &format!("0{HANDSHAKE}"));
        walk.shows(
            r#"0.000s Connect t1 (no sid)
               20.000s Close t1
               20.000s Get #2 (no sid)
               20.000s Opened
               20.000s Get #3
               20.000s Post #4 "4a""#,
        );
    }

    #[test]
    fn a_list_without_transports_means_polling() {
        ClientWalk::dial(&over(&[])).shows("0.000s Get #1 (no sid)");
    }
}

mod polling {
    use super::*;

    #[test]
    fn a_poll_follows_the_other() {
        let mut walk = opened();
        walk.answers(2, "4a␞bAQID␞4b");
        walk.shows(
            "0.000s Message a
             0.000s Binary(b\"\\x01\\x02\\x03\")
             0.000s Message b
             0.000s Get #3",
        );
    }

    /// [eio4 § Sending data]
    #[test]
    fn one_post_at_a_time_and_what_waits_travels_together() {
        let mut walk = opened();
        walk.send("a");
        walk.send("b");
        walk.send("c");
        walk.answers(3, "ok");
        walk.answers(4, "whatever");
        walk.shows(
            r#"0.000s Post #3 "4a"
               0.000s Post #4 "4b␞4c""#,
        );
    }

    #[test]
    fn packets_before_a_bad_one_are_heard() {
        let mut walk = opened();
        walk.answers(2, "4a␞x␞4b");
        walk.shows(
            "0.000s Message a
             0.000s Closed: parse error",
        );
    }

    #[test]
    fn a_close_packet_ends_it_and_what_follows_is_not_heard() {
        let mut walk = opened();
        walk.answers(2, "4a␞1␞4b");
        walk.shows(
            "0.000s Message a
             0.000s Closed: transport close",
        );
    }

    #[test]
    fn a_failed_request_ends_it() {
        for request in [2, 3] {
            let mut walk = opened();
            walk.send("a");
            walk.fails(request);
            walk.shows(
                r#"0.000s Post #3 "4a"
                   0.000s Closed: transport error"#,
            );
        }
    }

    #[test]
    fn answers_nobody_waits_for_are_ignored() {
        let mut walk = opened();
        walk.answers(1, "4late");
        walk.answers_with(9, 400, "");
        walk.fails(1);
        walk.answers(2, "4a");
        walk.answers(2, "4a");
        walk.shows(
            "0.000s Message a
             0.000s Get #3",
        );
    }

    #[test]
    fn a_full_buffer_hands_the_message_back() {
        let mut config = Config::default();
        config.buffer_limit = 3;
        let mut walk = ClientWalk::dial(&config);
        walk.send("abc");
        assert_eq!(walk.session.queued_bytes(), 4);
        assert_eq!(
            walk.session.send("d".into()),
            Err(SendError::Full(Frame::Text("4d".into())))
        );
    }
}

mod heartbeat {
    use super::*;

    /// [eio4 § Heartbeat]
    #[test]
    fn a_ping_is_answered_without_its_data() {
        let mut walk = opened();
        walk.answers(2, "2data");
        walk.shows(
            r#"0.000s Heartbeat
               0.000s Get #3
               0.000s Post #4 "3""#,
        );
    }

    /// Nothing that waits for a server grows with what it says.
    #[test]
    fn pings_that_come_before_the_pong_has_left_share_it() {
        let mut walk = opened();
        walk.send("a");
        walk.answers(2, "2␞2␞2");
        walk.answers(3, "ok");
        walk.shows(
            r#"0.000s Post #3 "4a"
               0.000s Heartbeat
               0.000s Heartbeat
               0.000s Heartbeat
               0.000s Get #4
               0.000s Post #5 "3""#,
        );
    }

    #[test]
    fn silence_ends_it_and_only_a_ping_counts() {
        let mut walk = opened();
        walk.wait(25_000);
        walk.answers(2, "2");
        walk.wait(20_000);
        walk.answers(3, "4a");
        walk.wait(24_999);
        walk.shows(
            r#"25.000s Heartbeat
               25.000s Get #3
               25.000s Post #4 "3"
               45.000s Message a
               45.000s Get #5"#,
        );
        walk.wait(1);
        walk.shows("70.000s Closed: ping timeout");
    }

    #[test]
    fn a_ping_at_the_deadline_is_in_time_and_one_behind_it_is_not() {
        let mut walk = over_web_socket();
        walk.wait(44_999);
        let mut late = over_web_socket();
        late.wait(44_999);
        late.session.handle(
            engineio_proto::Timestamp::from_millis(45_001),
            client::Input::Failed {
                request: Ids::new().request(),
            },
        );
        assert!(late.session.is_closed());
        walk.says(1, "2");
        walk.wait(40_000);
        walk.shows(
            r#"44.999s Heartbeat
               44.999s Frame t1 "3""#,
        );
    }
}

mod upgrade {
    use super::*;

    /// [eio4 § Upgrade]
    #[test]
    fn it_begins_with_the_handshake() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.answers(1, &format!("0{WITH_UPGRADE}"));
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Opened
             0.000s Connect t2
             0.000s Get #3",
        );
    }

    #[test]
    fn the_switch_waits_for_both_requests_and_nothing_is_lost() {
        let mut walk = probing();
        walk.opens(2);
        walk.send("a");
        walk.says(2, "3probe");
        walk.send("b");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Post #4 "4a""#,
        );
        walk.answers(3, "4x␞2");
        walk.shows(
            "0.000s Message x
             0.000s Heartbeat",
        );
        walk.send("c");
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Frame t2 "5"
               0.000s Upgraded
               0.000s Frame t2 "4b"
               0.000s Frame t2 "3"
               0.000s Frame t2 "4c""#,
        );
    }

    #[test]
    fn a_wrong_answer_or_none_leaves_polling_as_it_was() {
        let failures: [fn(&mut ClientWalk); 5] = [
            |walk| walk.says(2, "3"),
            |walk| walk.says(2, "4hello"),
            |walk| walk.says(2, "x"),
            |walk| walk.says(2, "1"),
            |walk| walk.wait(8_000),
        ];
        for fail in failures {
            let mut walk = probing();
            walk.opens(2);
            fail(&mut walk);
            walk.says(2, "3probe");
            walk.send("a");
            assert_eq!(walk.session.transport(), TransportKind::Polling);
            assert!(walk.session.is_open() && !walk.session.is_writable());
        }
    }

    #[test]
    fn a_candidate_that_is_gone_leaves_polling_as_it_was() {
        let failures: [fn(&mut ClientWalk); 2] = [|walk| walk.closes(2), |walk| walk.breaks(2)];
        for fail in failures {
            let mut walk = probing();
            fail(&mut walk);
            walk.send("a");
            walk.shows(
                r#"0.000s UpgradeFailed
                   0.000s Post #4 "4a""#,
            );
        }
    }

    #[test]
    fn polling_goes_on_where_it_paused_if_the_switch_never_comes() {
        let mut walk = probing();
        walk.opens(2);
        walk.says(2, "3probe");
        walk.answers(3, "4x");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Message x
               0.000s Frame t2 "5"
               0.000s Upgraded"#,
        );
        let mut walk = probing();
        walk.opens(2);
        walk.says(2, "3probe");
        walk.send("a");
        walk.wait(8_000);
        walk.answers(3, "6");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               8.000s Close t2
               8.000s UpgradeFailed
               8.000s Post #4 "4a"
               8.000s Get #5"#,
        );
    }

    #[test]
    fn nobody_upgrades_who_does_not_want_to() {
        let mut config = Config::default();
        config.upgrade = false;
        for config in [config, over(&[TransportKind::Polling])] {
            let walk = ClientWalk::open(&config, WITH_UPGRADE);
            assert_eq!(
                walk.session.next_timeout().map(|due| due.as_millis()),
                Some(45_000)
            );
        }
    }

    #[test]
    fn a_window_of_bytes_is_written_before_something_has_left() {
        let mut walk = upgraded();
        let large = "x".repeat(40_000);
        walk.send(&large);
        walk.send(&large);
        assert_eq!(walk.session.queued_bytes(), 40_001);
        assert!(!walk.session.is_writable());
        walk.flushes(1);
        assert_eq!(walk.session.queued_bytes(), 40_001);
        walk.flushes(2);
        assert_eq!(walk.session.queued_bytes(), 0);
    }

    #[test]
    fn the_web_socket_ends_the_session() {
        let mut walk = upgraded();
        walk.closes(2);
        walk.shows("0.000s Closed: transport close");
        let mut walk = upgraded();
        walk.breaks(2);
        walk.shows("0.000s Closed: transport error");
        let mut walk = upgraded();
        walk.says(2, "1");
        walk.shows(
            "0.000s Close t2
             0.000s Closed: transport close",
        );
    }
}

mod closing {
    use super::*;

    #[test]
    fn over_polling_the_goodbye_goes_behind_what_is_queued() {
        let mut walk = opened();
        walk.send("a");
        walk.send("b");
        walk.close();
        assert_eq!(
            walk.session.send("c".into()),
            Err(SendError::Closed(Frame::Text("4c".into())))
        );
        walk.answers(3, "ok");
        walk.answers(2, "4x");
        walk.answers(4, "ok");
        walk.answers(6, "ok");
        walk.shows(
            r#"0.000s Post #3 "4a"
               0.000s Post #4 "4b"
               0.000s Message x
               0.000s Get #5
               0.000s Post #6 "1"
               0.000s Closed: forced close"#,
        );
    }

    #[test]
    fn polls_go_on_while_something_waits_so_that_pings_are_answered() {
        let mut walk = opened();
        walk.send("a");
        walk.close();
        walk.answers(2, "2");
        walk.answers(3, "ok");
        walk.shows(
            r#"0.000s Post #3 "4a"
               0.000s Get #4
               0.000s Post #5 "1␞3""#,
        );
    }

    #[test]
    fn over_a_web_socket_it_closes_behind_what_is_written() {
        let mut walk = over_web_socket();
        walk.queue("a");
        walk.close();
        walk.shows(
            r#"0.000s Frame t1 "4a"
               0.000s Close t1
               0.000s Closed: forced close"#,
        );
    }

    #[test]
    fn before_the_handshake_it_waits_for_it() {
        let mut walk = ClientWalk::dial(&Config::default());
        walk.queue("a");
        walk.close();
        walk.answers(1, &format!("0{WITH_UPGRADE}"));
        walk.answers(3, "ok");
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Get #1 (no sid)
               0.000s Get #2
               0.000s Post #3 "4a"
               0.000s Post #4 "1"
               0.000s Closed: forced close"#,
        );
    }

    #[test]
    fn a_web_socket_that_is_still_dialed_is_given_up_if_nothing_is_queued() {
        let mut walk = ClientWalk::dial(&over(&[TransportKind::WebSocket]));
        walk.close();
        walk.shows(
            "0.000s Connect t1 (no sid)
             0.000s Close t1
             0.000s Closed: forced close",
        );
        let mut walk = ClientWalk::dial(&over(&[TransportKind::WebSocket]));
        walk.queue("a");
        walk.close();
        walk.opens(1);
        walk.says(1, &format!("0{HANDSHAKE}"));
        walk.shows(
            r#"0.000s Connect t1 (no sid)
               0.000s Frame t1 "4a"
               0.000s Close t1
               0.000s Closed: forced close"#,
        );
    }

    /// [js engine.io-client 6.6.8]
    #[test]
    fn an_upgrade_that_has_not_paused_is_abandoned() {
        let mut walk = probing();
        walk.opens(2);
        walk.close();
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Close t2
               0.000s Post #4 "1"
               0.000s Closed: forced close"#,
        );
    }

    /// [js engine.io-client 6.6.8]
    #[test]
    fn an_upgrade_that_has_paused_is_completed() {
        let mut walk = probing();
        walk.opens(2);
        walk.says(2, "3probe");
        walk.queue("a");
        walk.close();
        walk.answers(3, "6");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Frame t2 "5"
               0.000s Upgraded
               0.000s Frame t2 "4a"
               0.000s Close t2
               0.000s Closed: forced close"#,
        );
    }

    #[test]
    fn if_that_fails_the_goodbye_goes_over_polling() {
        let mut walk = probing();
        walk.opens(2);
        walk.says(2, "3probe");
        walk.close();
        walk.breaks(2);
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Post #4 "1"
               0.000s Closed: forced close"#,
        );
    }

    #[test]
    fn it_does_not_wait_for_ever() {
        let mut walk = opened();
        walk.close();
        walk.wait(60_000);
        walk.shows(
            r#"0.000s Post #3 "1"
               30.000s Closed: forced close"#,
        );
    }

    #[test]
    fn aborting_discards() {
        let mut walk = probing();
        walk.opens(2);
        walk.queue("a");
        walk.abort();
        walk.abort();
        walk.close();
        walk.shows(
            r#"0.000s Frame t2 "2probe"
               0.000s Close t2
               0.000s Closed: forced close"#,
        );
        assert_eq!(walk.session.queued_bytes(), 0);
    }

    #[test]
    fn the_next_session_goes_on_with_the_ids() {
        let mut walk = opened();
        walk.abort();
        let ids = walk.session.into_ids();
        let mut next = client::Session::connect(&Config::default(), ids, Default::default());
        let Some(Output::Io(client::Io::Get { request, query })) = next.poll_output() else {
            panic!("a client dials first")
        };
        assert_eq!(request.to_string(), "#3");
        assert_eq!(Query::to_string(&query), "EIO=4&transport=polling");
    }
}
