//! Sessions of the client with servers before revision 4 as transcripts, and bytes as base64 in any
//! revision: what the server does is the code, what comes out is the text.

mod world;

use engineio_proto::client::{BodyKind, Config, Input, Io, Session};
use engineio_proto::parser::Revision;
use engineio_proto::{Ids, Machine, Output, Timestamp, TransportKind};

use world::ClientWalk;

/// What Socket.IO 2 says: no limit for a post.
const HANDSHAKE: &str = r#"{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

const WITH_UPGRADE: &str =
    r#"{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;

/// What a server of today says to an old client.
const WITH_LIMIT: &str =
    r#"{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":20}"#;

fn speaking(revision: Revision) -> Config {
    let mut config = Config::default();
    config.revision = revision;
    config
}

fn in_base64(revision: Revision) -> Config {
    let mut config = speaking(revision);
    config.force_base64 = true;
    config
}

/// A string payload of one packet.
fn string(packet: &str) -> String {
    format!("{}:{packet}", packet.encode_utf16().count())
}

/// A binary payload of one packet.
fn binary(packet: &str) -> Vec<u8> {
    let digits = packet.len().to_string();
    let digits = digits.bytes().map(|digit| digit - b'0');
    let head = [0].into_iter().chain(digits).chain([0xFF]);
    head.chain(packet.bytes()).collect()
}

/// A client whose handshake over polling, request #1, has come; its poll is #2.
fn opened(config: &Config, handshake: &str) -> ClientWalk {
    let mut walk = ClientWalk::dial(config);
    let open = format!("0{handshake}");
    match config.revision {
        Revision::V2 if !config.force_base64 => walk.answers_in_bytes(1, 200, &binary(&open)),
        Revision::V2 | Revision::V3 => walk.answers(1, &string(&open)),
        Revision::V4 => walk.answers(1, &open),
    }
    walk.shows(
        "0.000s Get #1 (no sid)
         0.000s Opened
         0.000s Get #2",
    );
    walk
}

/// A client that has opened over t1.
fn over_web_socket(config: &Config) -> ClientWalk {
    let mut config = config.clone();
    config.transports = vec![TransportKind::WebSocket];
    let mut walk = ClientWalk::dial(&config);
    walk.opens(1);
    walk.says(1, &format!("0{HANDSHAKE}"));
    walk.shows(
        "0.000s Connect t1 (no sid)
         0.000s Opened",
    );
    walk
}

const OLD: [Revision; 2] = [Revision::V2, Revision::V3];

mod opening {
    use super::*;

    #[test]
    fn every_request_names_the_revision() {
        for (revision, number) in [(Revision::V2, 2), (Revision::V3, 3), (Revision::V4, 4)] {
            let now = Timestamp::default();
            let mut session = Session::connect(&speaking(revision), Ids::new(), now);
            assert_eq!(session.revision(), revision);
            let Some(Output::Io(Io::Get { request, query })) = session.poll_output() else {
                panic!("no handshake")
            };
            assert_eq!(query.revision(), revision);
            assert_eq!(query.to_string(), format!("EIO={number}&transport=polling"));
            let open = format!("0{WITH_UPGRADE}");
            let body = match revision {
                Revision::V4 => open.into(),
                Revision::V2 | Revision::V3 => string(&open).into(),
            };
            session.handle(
                now,
                Input::Response {
                    request,
                    status: 200,
                    body,
                },
            );
            session.send("a".into()).unwrap();
            let queries: Vec<_> = core::iter::from_fn(|| session.poll_output())
                .filter_map(|output| match output {
                    Output::Io(
                        Io::Get { query, .. } | Io::Post { query, .. } | Io::Connect { query, .. },
                    ) => Some(query.to_string()),
                    _ => None,
                })
                .collect();
            let named = |transport| format!("EIO={number}&transport={transport}&sid=s1");
            let expected = ["websocket", "polling", "polling"].map(named);
            assert_eq!(queries, expected);
        }
    }

    /// [js engine.io 3.6.2] The server's `initialPacket`.
    #[test]
    fn packets_behind_the_handshake_are_heard() {
        let mut walk = ClientWalk::dial(&speaking(Revision::V3));
        walk.answers(
            1,
            &format!("{}8:4welcome", string(&format!("0{HANDSHAKE}"))),
        );
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Opened
             0.000s Message welcome
             0.000s Get #2",
        );
    }

    #[test]
    fn a_server_of_another_revision_is_not_understood() {
        let mut walk = ClientWalk::dial(&speaking(Revision::V3));
        walk.answers(1, &format!("0{HANDSHAKE}"));
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Closed: parse error",
        );
        // The first digit of the length is taken for a type.
        let mut walk = ClientWalk::dial(&speaking(Revision::V4));
        walk.answers(1, &string(&format!("0{HANDSHAKE}")));
        walk.shows(
            "0.000s Get #1 (no sid)
             0.000s Closed: transport error",
        );
    }

    #[test]
    fn a_payload_without_packets_is_no_handshake() {
        for revision in OLD {
            let mut walk = ClientWalk::dial(&speaking(revision));
            walk.answers(1, "0:");
            walk.shows(
                "0.000s Get #1 (no sid)
                 0.000s Closed: transport error",
            );
        }
    }

    #[test]
    fn a_payload_without_packets_is_as_good_as_a_noop() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.answers(2, "0:");
        walk.shows("0.000s Get #3");
    }
}

mod encoding {
    use super::*;

    /// [js engine.io 3.6.2] A server answers in bytes as soon as there are some.
    #[test]
    fn answers_are_text_or_bytes() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.answers(2, "2:4€10:4é€😀hello");
        walk.answers_in_bytes(
            3,
            200,
            b"\x00\x04\xff4\xe2\x82\xac\x01\x04\xff\x04\x01\x02\x03",
        );
        walk.answers(4, "6:b4AQID1:6");
        walk.shows(
            r#"0.000s Message €
               0.000s Message é€😀hello
               0.000s Get #3
               0.000s Message €
               0.000s Binary(b"\x01\x02\x03")
               0.000s Get #4
               0.000s Binary(b"\x01\x02\x03")
               0.000s Get #5"#,
        );
    }

    /// [js engine.io-client 3.5.6]
    #[test]
    fn a_post_is_text_unless_it_carries_bytes() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.send("é€😀");
        walk.send_bytes(&[1, 2, 3]);
        walk.send("€");
        walk.answers(3, "ok");
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Post #3 "5:4é€😀"
               0.000s Post #4 b"\x01\x04\xff\x04\x01\x02\x03\0\x04\xff4\xe2\x82\xac""#,
        );
    }

    /// [js engine.io-client 1.3.1] As a browser of that time, whose text is byte strings.
    #[test]
    fn revision_2_posts_bytes_and_says_byte_strings() {
        let mut walk = opened(
            &speaking(Revision::V2),
            WITH_UPGRADE.replace("websocket", "x").as_str(),
        );
        walk.send("€");
        walk.answers_in_bytes(2, 200, &binary("4€"));
        walk.shows(
            r#"0.000s Post #3 b"\0\x04\xff4\xe2\x82\xac"
               0.000s Message €
               0.000s Get #4"#,
        );
        let mut walk = over_web_socket(&speaking(Revision::V2));
        walk.send("€");
        walk.says(1, "4â\u{82}¬");
        // Not a byte string: it is plain.
        walk.says(1, "4€");
        walk.shows(
            "0.000s Frame t1 \"4â\u{82}¬\"
             0.000s Message €
             0.000s Message €",
        );
    }

    #[test]
    fn a_web_socket_carries_the_type_in_front_of_bytes() {
        for revision in OLD {
            let mut walk = over_web_socket(&speaking(revision));
            walk.send_bytes(&[1, 2, 3]);
            walk.says_bytes(1, &[4, 1, 2, 3]);
            walk.says(1, "b4AQID");
            walk.shows(
                r#"0.000s Frame t1 b"\x04\x01\x02\x03"
                   0.000s Binary(b"\x01\x02\x03")
                   0.000s Binary(b"\x01\x02\x03")"#,
            );
            walk.says_bytes(1, &[7]);
            walk.shows(
                "0.000s Close t1
                 0.000s Closed: parse error",
            );
        }
    }

    #[test]
    fn without_a_limit_everything_that_waits_goes_into_one_post() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        for text in ["a", "b", "c", "d"] {
            walk.queue(text);
        }
        walk.drain();
        walk.shows(r#"0.000s Post #3 "2:4a2:4b2:4c2:4d""#);
    }

    /// [js engine.io 6.6.12] A server of today says it to old clients, too, and means it.
    #[test]
    fn a_limit_holds_to_the_byte() {
        let mut walk = opened(&speaking(Revision::V3), WITH_LIMIT);
        // `5:4€€€€` has 15 bytes, `3:4aa` has 5.
        for text in ["€€€€", "aa", "b", "more than twenty bytes"] {
            walk.queue(text);
        }
        walk.drain();
        (3..=5).for_each(|request| walk.answers(request, "ok"));
        walk.shows(
            r#"0.000s Post #3 "5:4€€€€3:4aa"
               0.000s Post #4 "2:4b"
               0.000s Post #5 "23:4more than twenty bytes""#,
        );
        let mut walk = opened(&speaking(Revision::V3), WITH_LIMIT);
        // Ten bytes with their heads, six, five.
        let packets: [&[u8]; 3] = [&[1; 6], &[2; 2], &[3]];
        for bytes in packets {
            walk.session.send(bytes.to_owned().into()).unwrap();
        }
        walk.drain();
        walk.answers(3, "ok");
        walk.shows(
            r#"0.000s Post #3 b"\x01\x07\xff\x04\x01\x01\x01\x01\x01\x01\x01\x03\xff\x04\x02\x02"
               0.000s Post #4 b"\x01\x02\xff\x04\x03""#,
        );
    }

    #[test]
    fn a_bad_packet_ends_the_session_and_those_before_it_are_heard() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.answers(2, "2:4a2:x?2:4b");
        walk.shows(
            "0.000s Message a
             0.000s Closed: parse error",
        );
    }

    #[test]
    fn behind_a_close_packet_nothing_is_heard() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.answers(2, "2:4a1:12:4b");
        walk.shows(
            "0.000s Message a
             0.000s Closed: transport close",
        );
    }
}

mod base64 {
    use super::*;

    /// [js engine.io-client 6.6.8: `forceBase64`]
    #[test]
    fn every_request_asks_for_it() {
        for (revision, number) in [(Revision::V3, 3), (Revision::V4, 4)] {
            for transport in [TransportKind::Polling, TransportKind::WebSocket] {
                let mut config = in_base64(revision);
                config.transports = vec![transport];
                let now = Timestamp::default();
                let mut session = Session::connect(&config, Ids::new(), now);
                let Some(Output::Io(Io::Get { query, .. } | Io::Connect { query, .. })) =
                    session.poll_output()
                else {
                    panic!("no dial")
                };
                let name = transport.as_str();
                let expected = format!("EIO={number}&transport={name}&b64=1");
                assert_eq!(query.to_string(), expected);
            }
        }
    }

    #[test]
    fn a_web_socket_carries_text_alone() {
        for (revision, text) in [
            (Revision::V2, "b4AQID"),
            (Revision::V3, "b4AQID"),
            (Revision::V4, "bAQID"),
        ] {
            let mut walk = over_web_socket(&in_base64(revision));
            walk.send_bytes(&[1, 2, 3]);
            walk.says(1, text);
            walk.shows(&format!(
                r#"0.000s Frame t1 "{text}"
                   0.000s Binary(b"\x01\x02\x03")"#
            ));
        }
    }

    #[test]
    fn a_post_carries_text_alone() {
        for (revision, body) in [
            (Revision::V2, "2:4a6:b4AQID"),
            (Revision::V3, "2:4a6:b4AQID"),
            (Revision::V4, "4a␞bAQID"),
        ] {
            let mut walk = opened(&in_base64(revision), HANDSHAKE);
            walk.queue("a");
            walk.send_bytes(&[1, 2, 3]);
            walk.shows(&format!(r#"0.000s Post #3 "{body}""#));
        }
    }

    /// A receiver takes both forms at any time.
    #[test]
    fn bytes_that_come_all_the_same_are_understood() {
        let mut walk = over_web_socket(&in_base64(Revision::V4));
        walk.says_bytes(1, &[1, 2, 3]);
        walk.shows(r#"0.000s Binary(b"\x01\x02\x03")"#);
        let mut walk = over_web_socket(&in_base64(Revision::V3));
        walk.says_bytes(1, &[4, 1, 2, 3]);
        walk.shows(r#"0.000s Binary(b"\x01\x02\x03")"#);
    }
}

mod heartbeat {
    use super::*;

    /// [js engine.io-client 3.5.6]
    #[test]
    fn the_client_pings_and_counts_from_the_pong() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.wait(25_100);
        walk.says(1, "3");
        walk.wait(25_000);
        walk.shows(
            r#"25.000s Frame t1 "2"
               25.100s Heartbeat
               50.100s Frame t1 "2""#,
        );
    }

    #[test]
    fn over_polling_ping_and_pong_are_packets_like_others() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.wait(25_000);
        walk.answers(2, "1:3");
        walk.answers(3, "ok");
        walk.shows(
            r#"25.000s Post #3 "1:2"
               25.000s Heartbeat
               25.000s Get #4"#,
        );
        let mut walk = opened(&speaking(Revision::V2), HANDSHAKE);
        walk.wait(25_000);
        walk.shows(r#"25.000s Post #3 b"\0\x01\xff2""#);
    }

    /// A server of today counts pings alone [js engine.io 6.6.12]: behind all that waits for a slow
    /// network, one would come too late.
    #[test]
    fn a_ping_overtakes_what_waits() {
        let mut walk = opened(&speaking(Revision::V3), WITH_LIMIT);
        walk.send("a");
        walk.queue("more than twenty bytes");
        walk.queue("b");
        walk.wait(25_000);
        (3..=5).for_each(|request| walk.answers(request, "ok"));
        walk.shows(
            r#"0.000s Post #3 "2:4a"
               25.000s Post #4 "1:2"
               25.000s Post #5 "23:4more than twenty bytes"
               25.000s Post #6 "2:4b""#,
        );
    }

    #[test]
    fn silence_after_a_ping_ends_it() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.wait(100_000);
        walk.shows(
            r#"25.000s Frame t1 "2"
               45.000s Close t1
               45.000s Closed: ping timeout"#,
        );
    }

    /// Before the first ping nothing is expected. After it, any packet buys an interval more, but
    /// there is no further ping without a pong. [js engine.io-client 3.5.6]
    #[test]
    fn any_packet_shows_that_the_server_lives() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.wait(44_999);
        walk.says(1, "4a");
        walk.wait(44_999);
        walk.says(1, "6");
        walk.wait(44_999);
        walk.shows(
            r#"25.000s Frame t1 "2"
               44.999s Message a"#,
        );
        walk.wait(1);
        walk.shows(
            "134.998s Close t1
             134.998s Closed: ping timeout",
        );
    }

    #[test]
    fn a_packet_before_the_ping_does_not_postpone_its_deadline() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.wait(24_999);
        walk.says(1, "4a");
        walk.wait(20_001);
        walk.shows(
            r#"24.999s Message a
               25.000s Frame t1 "2"
               45.000s Close t1
               45.000s Closed: ping timeout"#,
        );
    }

    /// A server of today ends the session of an old client that answers a ping.
    /// [js engine.io 6.6.12]
    #[test]
    fn a_ping_of_the_server_is_not_answered() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.says(1, "2");
        walk.says(1, "2probe");
        walk.shows("");
    }

    /// [js engine.io-client 3.5.6]
    #[test]
    fn a_pong_that_nobody_asked_for_postpones_the_ping() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        walk.wait(10_000);
        walk.says(1, "3");
        walk.wait(25_000);
        walk.shows(
            r#"10.000s Heartbeat
               35.000s Frame t1 "2""#,
        );
    }

    /// In revision 4 a pong is nothing, as it was.
    #[test]
    fn today_a_pong_of_the_server_does_not_count() {
        let mut walk = over_web_socket(&speaking(Revision::V4));
        walk.wait(44_999);
        walk.says(1, "3");
        walk.wait(1);
        walk.shows(
            "45.000s Close t1
             45.000s Closed: ping timeout",
        );
    }

    /// What a laptop that was asleep owes is a ping, not its life: unlike in revision 4, the server
    /// may still be there.
    #[test]
    fn a_ping_that_is_late_gives_the_server_its_time() {
        let mut walk = over_web_socket(&speaking(Revision::V3));
        let woken = Timestamp::from_millis(300_000);
        walk.session.handle_timeout(woken);
        assert!(!walk.session.is_closed());
        let by = Timestamp::from_millis(320_000);
        assert_eq!(walk.session.next_timeout(), Some(by));
        walk.drain();
        walk.shows(r#"0.000s Frame t1 "2""#);
    }

    #[test]
    fn a_closing_session_is_silent() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.send("a");
        walk.wait(24_000);
        walk.close();
        walk.wait(2_000);
        walk.answers(2, "1:3");
        walk.shows(
            r#"0.000s Post #3 "2:4a"
               26.000s Get #4"#,
        );
    }
}

mod upgrade {
    use super::*;

    /// [js engine.io-client 3.5.6] As in revision 4.
    #[test]
    fn it_waits_for_both_requests_and_nothing_is_lost() {
        let mut walk = ClientWalk::dial(&speaking(Revision::V3));
        walk.answers(1, &string(&format!("0{WITH_UPGRADE}")));
        walk.opens(2);
        walk.send("a");
        walk.says(2, "3probe");
        walk.send_bytes(&[1, 2, 3]);
        walk.answers(3, "2:4x1:6");
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Get #1 (no sid)
               0.000s Opened
               0.000s Connect t2
               0.000s Get #3
               0.000s Frame t2 "2probe"
               0.000s Post #4 "2:4a"
               0.000s Message x
               0.000s Frame t2 "5"
               0.000s Upgraded
               0.000s Frame t2 b"\x04\x01\x02\x03""#,
        );
    }

    #[test]
    fn a_ping_that_is_due_in_between_goes_to_the_new_transport() {
        let mut walk = ClientWalk::dial(&speaking(Revision::V3));
        walk.answers(
            1,
            &string(&format!("0{WITH_UPGRADE}").replace("25000", "7000")),
        );
        walk.opens(2);
        walk.says(2, "3probe");
        walk.wait(7_000);
        walk.answers(3, "1:6");
        walk.says(2, "3");
        walk.shows(
            r#"0.000s Get #1 (no sid)
               0.000s Opened
               0.000s Connect t2
               0.000s Get #3
               0.000s Frame t2 "2probe"
               7.000s Frame t2 "5"
               7.000s Upgraded
               7.000s Frame t2 "2"
               7.000s Heartbeat"#,
        );
    }
}

mod closing {
    use super::*;

    /// [js engine.io-client 3.5.6]
    #[test]
    fn over_polling_it_says_goodbye() {
        let mut walk = opened(&speaking(Revision::V3), HANDSHAKE);
        walk.queue("a");
        walk.close();
        walk.answers(3, "ok");
        walk.answers(4, "ok");
        walk.shows(
            r#"0.000s Post #3 "2:4a"
               0.000s Post #4 "1:1"
               0.000s Closed: forced close"#,
        );
        let mut walk = opened(&speaking(Revision::V2), HANDSHAKE);
        walk.close();
        walk.answers(3, "ok");
        walk.shows(
            r#"0.000s Post #3 b"\0\x01\xff1"
               0.000s Closed: forced close"#,
        );
    }
}

#[test]
fn a_post_names_its_content_type() {
    for (revision, base64, kind, content_type) in [
        (
            Revision::V2,
            false,
            BodyKind::Binary,
            "application/octet-stream",
        ),
        (
            Revision::V2,
            true,
            BodyKind::Text,
            "text/plain;charset=UTF-8",
        ),
        (
            Revision::V3,
            false,
            BodyKind::Binary,
            "application/octet-stream",
        ),
        (
            Revision::V3,
            true,
            BodyKind::Text,
            "text/plain;charset=UTF-8",
        ),
        (
            Revision::V4,
            false,
            BodyKind::Text,
            "text/plain;charset=UTF-8",
        ),
    ] {
        let mut config = speaking(revision);
        config.force_base64 = base64;
        let mut walk = opened(&config, HANDSHAKE);
        walk.session.send(vec![1, 2, 3].into()).unwrap();
        let Some(Output::Io(Io::Post { kind: ours, .. })) = walk.session.poll_output() else {
            panic!("no post")
        };
        assert_eq!((ours, ours.content_type()), (kind, content_type));
    }
}
