//! Sessions of clients before revision 4 as transcripts, and what does not change with a revision.

mod world;

use engineio_proto::parser::legacy::Dialect;
use engineio_proto::parser::payload::Framing;
use engineio_proto::parser::{Channel, Revision};
use engineio_proto::server::{
    BodyKind, Cause, Head, Input, Io, Opening, Peer, Purpose, Reject, Response, Route, Session,
};
use engineio_proto::{Config, Frame, Ids, Machine, Output, SendError, Sid, Timestamp};

use world::{Walk, assert_transcript};

fn config() -> Config {
    let mut config = Config::default();
    config.legacy_clients = true;
    config
}

/// A client as its first request describes it.
#[track_caller]
fn peer(query: &str) -> Peer {
    let query = format!("transport=polling&{query}");
    match Route::parse(&config(), "GET", &query, false, true) {
        Ok(Route::Handshake(peer)) => peer,
        other => panic!("{other:?}"),
    }
}

/// A session over polling, behind its handshake.
fn opened(query: &str) -> Walk {
    opened_with(&config(), query)
}

fn opened_with(config: &Config, query: &str) -> Walk {
    let mut walk = Walk::over_polling_as(config, peer(query));
    walk.transcript();
    walk
}

fn head<'a>(rest: &'a str, query: &'a str) -> Head<'a> {
    Head {
        method: "GET",
        rest,
        query,
        upgrade: false,
        origin_is_clean: true,
    }
}

#[test]
fn old_clients_are_refused_unless_they_are_wanted() {
    for query in [
        "EIO=3&transport=polling",
        "EIO=2&transport=polling",
        "EIO=x&transport=polling",
        "transport=polling",
    ] {
        let route = |config: &Config| Route::parse(config, "GET", query, false, true);
        assert_eq!(
            route(&Config::default()),
            Err(Reject::UnsupportedVersion),
            "{query}"
        );
        assert!(matches!(route(&config()), Ok(Route::Handshake(_))));
    }
    assert_eq!(Reject::UnsupportedVersion.code(), 5);
}

#[test]
fn a_session_knows_what_its_client_speaks() {
    for (query, revision) in [
        ("EIO=2", Revision::V2),
        ("EIO=3", Revision::V3),
        ("EIO=4", Revision::V4),
        ("EIO=5", Revision::V3),
        ("x=y", Revision::V3),
        ("EIO=2&EIO=3", Revision::V3),
    ] {
        assert_eq!(opened(query).session.revision(), revision, "{query}");
    }
}

/// [js engine.io 6.6.12]
#[test]
fn a_request_that_changes_the_revision_does_not_reach_its_session() {
    for purpose in ["transport=polling", "transport=websocket"] {
        let query = format!("EIO=3&sid=x&{purpose}");
        let upgrade = purpose.ends_with("websocket");
        let head = Head {
            upgrade,
            ..head("", &query)
        };
        let Ok(Route::Session(visit)) = Route::examine(&config(), head) else {
            panic!("not about a session");
        };
        assert_eq!(visit.check(Revision::V3), Ok(()));
        for other in [Revision::V2, Revision::V4] {
            assert_eq!(visit.check(other), Err(Cause::ProtocolMismatch));
        }
        let unwanted = Route::examine(&Config::default(), head);
        assert_eq!(unwanted, Err(Cause::ProtocolMismatch));
    }
}

/// [js engine.io 6.6.12] A value, whatever it says, asks for text.
#[test]
fn a_web_socket_has_a_query_of_its_own() {
    for (b64, channel) in [
        ("", Channel::Bytes),
        ("&b64=", Channel::Bytes),
        ("&b64=0", Channel::Text),
    ] {
        // No script is ever written to it.
        let query = format!("EIO=3&transport=websocket&sid=x&j=1{b64}");
        let head = Head {
            upgrade: true,
            ..head("1/websocket/", &query)
        };
        let Ok(Route::Session(visit)) = Route::examine(&config(), head) else {
            panic!("not about a session");
        };
        assert_eq!(visit.purpose, Purpose::Upgrade(channel), "{b64}");
    }
}

#[test]
fn the_handshake_tells_each_revision_what_it_knows() {
    for (query, answer) in [
        (
            "EIO=3",
            r#"100:0{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        ),
        (
            "EIO=2&b64=1",
            r#"79:0{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#,
        ),
        (
            "EIO=2",
            r#"b"\0\x07\t\xff0{\"sid\":\"s1\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000}""#,
        ),
        (
            "EIO=3&j=5",
            r#"___eio[5]("100:0{\"sid\":\"s1\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");"#,
        ),
    ] {
        let mut walk = Walk::over_polling_as(&config(), peer(query));
        assert_transcript(&mut walk, &format!("0.000s #1 200 {answer}"));
    }
}

/// Native clients take whatever ends in a brace for the handshake, and the rest for nothing.
#[test]
fn nothing_is_added_to_the_handshake_of_revision_2() {
    let mut config = config();
    config.initial_packet = Some("hello".into());
    let mut walk = Walk::over_polling_as(&config, peer("EIO=2&b64=1"));
    assert!(walk.transcript().trim_end().ends_with('}'));
    walk.poll();
    assert_transcript(&mut walk, "0.000s #2 200 6:4hello");

    let mut walk = Walk::over_polling_as(&config, peer("EIO=3"));
    assert!(walk.transcript().trim_end().ends_with("}6:4hello"));
}

#[test]
fn an_old_client_pings_and_is_answered_without_its_data() {
    for query in ["EIO=2&b64=1", "EIO=3"] {
        let mut walk = opened(query);
        walk.poll();
        walk.wait(25_000);
        walk.post("6:2hello");
        walk.poll();
        walk.wait(45_000);
        assert_transcript(
            &mut walk,
            "25.000s #3 200 ok
             25.000s #2 200 1:3
             70.000s #4 200 1:1
             70.000s closed: ping timeout",
        );
    }
}

#[test]
fn silence_of_an_old_client_ends_in_a_ping_timeout() {
    for revision in [Revision::V2, Revision::V3] {
        let (transport, mut walk) = Walk::over_web_socket_as(&config(), revision.into());
        walk.transcript();
        walk.wait(44_999);
        assert_transcript(&mut walk, "");
        walk.says(transport, "2");
        // Messages show that a client talks, not that it listens to the time.
        walk.wait(44_000);
        walk.says(transport, "4still here");
        walk.wait(1_000);
        assert_transcript(
            &mut walk,
            "44.999s t1 frame 3
             88.999s message still here
             89.999s t1 close
             89.999s closed: ping timeout",
        );
    }
}

/// The reference forgets the deadline at the upgrade.
#[test]
fn an_upgrade_does_not_end_the_wait_for_a_ping() {
    let mut walk = opened("EIO=3");
    let transport = walk.web_socket();
    walk.says(transport, "2probe");
    walk.says(transport, "5");
    walk.wait(45_000);
    assert_transcript(
        &mut walk,
        "0.000s t2 frame 3probe
         0.000s upgraded
         45.000s t2 close
         45.000s closed: ping timeout",
    );
}

#[test]
fn each_side_has_its_own_half_of_a_heartbeat() {
    for (query, wrong) in [("EIO=2&b64=1", "1:3"), ("EIO=3", "1:3"), ("EIO=4", "2")] {
        let mut walk = opened(query);
        walk.post(wrong);
        assert_transcript(
            &mut walk,
            "0.000s #2 200 ok
             0.000s closed: transport error",
        );
    }
}

/// What is owed to somebody who does not listen has a bound.
#[test]
fn a_flood_of_pings_is_owed_one_pong() {
    let mut walk = opened("EIO=3");
    for _ in 0..100 {
        walk.post(&"1:2".repeat(1000));
    }
    assert_eq!(walk.session.queued_bytes(), 1);
    walk.transcript();
    walk.poll();
    assert_transcript(&mut walk, "0.000s #102 200 1:3");
}

#[test]
fn an_upgrade_under_concurrent_sends_loses_nothing() {
    for (query, one, two) in [
        ("EIO=3", "3:4s1", "3:4s23:4s3"),
        (
            "EIO=2",
            r#"b"\0\x03\xff4s1""#,
            r#"b"\0\x03\xff4s2\0\x03\xff4s3""#,
        ),
        (
            "EIO=3&j=0",
            r#"___eio[0]("3:4s1");"#,
            r#"___eio[0]("3:4s23:4s3");"#,
        ),
    ] {
        let mut walk = opened(query);
        walk.poll();
        walk.wait(10);
        walk.send("s1");
        let transport = walk.web_socket();
        walk.says(transport, "2probe");
        walk.send("s2");
        walk.send("s3");
        walk.poll();
        walk.send("s4");
        walk.wait(5);
        walk.says(transport, "5");
        walk.says(transport, "4c1");
        walk.send("s5");
        let expected = format!(
            "0.010s #2 200 {one}
             0.010s t3 frame 3probe
             0.010s #4 200 {two}
             0.015s upgraded
             0.015s t3 frame 4s4
             0.015s message c1
             0.015s t3 frame 4s5"
        );
        assert_transcript(&mut walk, &expected);
    }
}

#[test]
fn a_waiting_poll_is_sent_back_in_its_own_form() {
    for (query, noop) in [
        ("EIO=3", "1:6"),
        ("EIO=2", r#"b"\0\x01\xff6""#),
        ("EIO=2&b64=1", "1:6"),
        ("EIO=3&j=12", r#"___eio[12]("1:6");"#),
        ("EIO=4&j=", r#"___eio[]("6");"#),
    ] {
        let mut walk = opened(query);
        walk.poll();
        let transport = walk.web_socket();
        walk.says(transport, "2probe");
        assert_transcript(
            &mut walk,
            &format!("0.000s t3 frame 3probe\n0.000s #2 200 {noop}"),
        );
    }
}

#[test]
fn bytes_travel_as_each_client_takes_them() {
    for (query, answer) in [
        ("EIO=4", "4é␞bAQI="),
        ("EIO=3", r#"b"\0\x03\xff4\xc3\xa9\x01\x03\xff\x04\x01\x02""#),
        ("EIO=3&b64=1", "2:4é6:b4AQI="),
        ("EIO=3&j=0", r#"___eio[0]("2:4é6:b4AQI=");"#),
        ("EIO=2", r#"b"\0\x03\xff4\xc3\xa9\x01\x03\xff\x04\x01\x02""#),
        ("EIO=2&b64=1", "3:4Ã©6:b4AQI="),
    ] {
        let mut walk = opened(query);
        walk.queue("é");
        walk.send_bytes(&[1, 2]);
        walk.poll();
        assert_transcript(&mut walk, &format!("0.000s #2 200 {answer}"));
    }
}

/// The WebSocket says for itself what it carries.
#[test]
fn bytes_on_a_web_socket_follow_its_own_query() {
    for (revision, bytes, text) in [
        (Revision::V2, r#"b"\x04\x01\x02""#, "b4AQI="),
        (Revision::V3, r#"b"\x04\x01\x02""#, "b4AQI="),
        (Revision::V4, r#"b"\x01\x02""#, "bAQI="),
    ] {
        let mut walk = Walk::over_polling_as(&config(), revision.into());
        walk.transcript();
        let transport = walk.web_socket();
        walk.says(transport, "2probe");
        walk.says(transport, "5");
        walk.transcript();
        walk.send_bytes(&[1, 2]);
        assert_transcript(&mut walk, &format!("0.000s t2 frame {bytes}"));

        let mut walk = Walk::over_polling_as(&config(), revision.into());
        let transport = walk.web_socket_for_text();
        walk.says(transport, "2probe");
        walk.says(transport, "5");
        walk.transcript();
        walk.send_bytes(&[1, 2]);
        assert_transcript(&mut walk, &format!("0.000s t2 frame {text}"));
    }
}

/// A broadcast is encoded once; nobody gets a copy of a text who can do without.
#[test]
fn one_frame_serves_clients_of_all_revisions() {
    let shared = Frame::Text("4hello".into());
    for revision in [Revision::V2, Revision::V3, Revision::V4] {
        let mut ids = Ids::new();
        let opening = Opening::WebSocket(ids.transport());
        let now = Timestamp::default();
        let sid = Sid::new("s1");
        let mut session = Session::open_for(&config(), sid, revision.into(), opening, now);
        while session.poll_output().is_some() {}
        session.send_frame(shared.clone()).unwrap();
        let Some(Output::Io(Io::Frame {
            frame: Frame::Text(sent),
            ..
        })) = session.poll_output()
        else {
            panic!("no text");
        };
        let Frame::Text(shared) = &shared else {
            unreachable!()
        };
        assert_eq!(sent.as_ptr(), shared.as_ptr(), "{revision:?}");
    }
}

#[test]
fn a_body_of_bytes_is_read_where_it_exists() {
    let body = b"\x00\x06\xff4\xc3\xa9\xe2\x82\xac\x01\x03\xff\x04\x01\x02";
    for query in ["EIO=2", "EIO=3"] {
        let mut walk = opened(query);
        walk.post_as(BodyKind::Binary, body);
        assert_transcript(
            &mut walk,
            r#"0.000s message é€
               0.000s message b"\x01\x02"
               0.000s #2 200 ok"#,
        );
    }
    let mut walk = opened("EIO=4&b64=1");
    walk.post_as(BodyKind::Binary, body);
    assert_transcript(
        &mut walk,
        "0.000s #2 400
         0.000s closed: transport error",
    );
}

/// In revision 2, text is encoded twice or not: one is understood like the other.
#[test]
fn text_of_revision_2_is_repaired() {
    let mut walk = opened("EIO=2&b64=1");
    walk.post("4:4â\u{82}¬");
    walk.post("2:4€");
    walk.post("2:4é");
    assert_transcript(
        &mut walk,
        "0.000s message €
         0.000s #2 200 ok
         0.000s message €
         0.000s #3 200 ok
         0.000s message é
         0.000s #4 200 ok",
    );
}

/// A client that does not try the WebSocket is no browser, and writes text as it is.
#[test]
fn a_native_client_of_revision_2_is_spoken_to_plainly() {
    for (opening, sent) in [(&["5"][..], "4€"), (&["2probe", "5"], "4â\u{82}¬")] {
        let mut walk = opened("EIO=2&b64=true");
        let transport = walk.web_socket();
        for text in opening {
            walk.says(transport, text);
        }
        walk.transcript();
        walk.says(transport, "2");
        walk.says(transport, "4€");
        walk.says(transport, "5");
        walk.send("€");
        let expected = format!(
            "0.000s t2 frame 3
             0.000s message €
             0.000s t2 frame {sent}"
        );
        assert_transcript(&mut walk, &expected);
    }
}

/// Browsers with Socket.IO 1.1 – 1.7, for whom a server has to be told.
#[test]
fn another_dialect_of_revision_3_can_be_chosen() {
    let mut config = config();
    config.legacy_dialect = Dialect::ByteStringPayloads;
    config.legacy_framing = Framing::Always;
    let mut walk = opened_with(&config, "EIO=3");
    walk.send("€");
    walk.poll();
    walk.post("4:4â\u{82}¬");
    assert_transcript(
        &mut walk,
        r#"0.000s #2 200 b"\0\x04\xff4\xe2\x82\xac"
           0.000s message €
           0.000s #3 200 ok"#,
    );
    let transport = walk.web_socket();
    walk.says(transport, "5");
    walk.says(transport, "4Ã©");
    walk.send("€");
    assert_transcript(
        &mut walk,
        "0.000s upgraded
         0.000s message Ã©
         0.000s t4 frame 4€",
    );
    let mut walk = opened_with(&config, "EIO=3&b64=1");
    walk.send("€");
    walk.poll();
    assert_transcript(&mut walk, "0.000s #2 200 4:4â\u{82}¬");
}

#[test]
fn a_script_polls_and_a_form_posts() {
    let mut walk = opened("EIO=3&j=3");
    walk.poll();
    walk.send("say \"hi\"\n");
    walk.post("d=4%3A4a%5Cnb");
    // No packets, no complaint.
    walk.post("x=1");
    walk.post("d=2%3A4a&d=2%3A4b");
    walk.post("d=6%3Ab4AQI%3D");
    walk.poll();
    walk.post("d=1%3A1");
    assert_transcript(
        &mut walk,
        r#"0.000s #2 200 ___eio[3]("10:4say \"hi\"\n");
           0.000s message a
           b
           0.000s #3 200 ok
           0.000s #4 200 ok
           0.000s #5 200 ok
           0.000s message b"\x01\x02"
           0.000s #6 200 ok
           0.000s #8 200 ok
           0.000s #7 200 ___eio[3]("1:6");
           0.000s closed: transport close"#,
    );
}

/// Neither the client nor the application gets a word of its own into a script.
#[test]
fn nothing_escapes_from_a_script() {
    for j in [
        "0](alert(1))%2F%2F",
        "%3C%2Fscript%3E%3Cscript%3Ealert(1)",
        "%22);alert(1)%2F%2F",
        "0%0Aalert(1)",
        "%E2%80%A8alert(1)",
        "__proto__",
        "%D9%A3",
    ] {
        for eio in ["2", "3", "4"] {
            let mut walk = opened(&format!("EIO={eio}&j={j}"));
            let text = "</script>\u{2028}\u{2029}\");alert(1)//\\\r\n\0";
            walk.queue(text);
            let request = poll_raw(&mut walk);
            assert_eq!(
                request.content_type(),
                Some("text/javascript; charset=UTF-8"),
                "{j}"
            );
            let script = String::from_utf8(request.into_body().into()).unwrap();
            let rest = script.strip_prefix("___eio[").unwrap();
            let (index, rest) = rest.split_once("](\"").unwrap();
            assert!(index.bytes().all(|byte| byte.is_ascii_digit()), "{j}");
            let literal = rest.strip_suffix("\");").unwrap();
            let is_quote_free = literal.replace("\\\\", "").replace("\\\"", "");
            assert!(!is_quote_free.contains('"'), "{literal}");
            assert!(!literal.contains(['\n', '\r', '\0', '\u{2028}', '\u{2029}']));
        }
    }
}

/// Polls, and hands out the whole answer.
fn poll_raw(walk: &mut Walk) -> Response {
    let request = Ids::new().request();
    walk.session
        .handle(Timestamp::default(), Input::Poll { request });
    match walk.session.poll_output() {
        Some(Output::Io(Io::Respond { response, .. })) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn closing_speaks_the_language_of_the_client() {
    for (query, noop_then_close) in [
        ("EIO=2", r#"b"\0\x01\xff6\0\x01\xff1""#),
        ("EIO=3", "1:61:1"),
        ("EIO=3&j=0", r#"___eio[0]("1:61:1");"#),
    ] {
        let mut walk = opened(query);
        walk.close();
        walk.poll();
        assert_transcript(
            &mut walk,
            &format!("0.000s #2 200 {noop_then_close}\n0.000s closed: forced close"),
        );
    }
}

#[test]
fn a_close_packet_ends_an_old_session_wherever_it_comes_from() {
    let mut walk = opened("EIO=3");
    walk.poll();
    walk.post("1:12:4x");
    assert_transcript(
        &mut walk,
        "0.000s #3 200 ok
         0.000s #2 200 1:6
         0.000s closed: transport close",
    );
    let (transport, mut walk) = Walk::over_web_socket_as(&config(), Revision::V3.into());
    walk.transcript();
    walk.says(transport, "1");
    assert_transcript(
        &mut walk,
        "0.000s t1 close
         0.000s closed: transport close",
    );
}

#[test]
fn what_comes_before_garbage_is_delivered() {
    for (query, kind, body) in [
        ("EIO=3", BodyKind::Text, &b"3:4ok9:4cut"[..]),
        ("EIO=3", BodyKind::Text, b"3:4ok3:xyz"),
        ("EIO=2", BodyKind::Binary, b"\x00\x03\xff4ok\x00\x01\xff9"),
        ("EIO=3&j=0", BodyKind::Text, b"d=3:4ok&y=1"),
    ] {
        let mut walk = opened(query);
        walk.post_as(kind, body);
        let is_bad = !body.starts_with(b"d=");
        assert_transcript(
            &mut walk,
            match is_bad {
                true => {
                    "0.000s message ok
                     0.000s #2 400
                     0.000s closed: parse error"
                }
                false => {
                    "0.000s message ok
                     0.000s #2 200 ok"
                }
            },
        );
    }
}

#[test]
fn garbage_alone_ends_an_old_session() {
    for (query, kind, body) in [
        ("EIO=3", BodyKind::Text, &b""[..]),
        ("EIO=3", BodyKind::Text, b"99999999999999999999:4"),
        ("EIO=3", BodyKind::Text, b"\xff\xfe"),
        // An announced length beyond the end.
        ("EIO=2", BodyKind::Binary, b"\x00\x09\x09\xff4ok"),
        ("EIO=2", BodyKind::Binary, b"\x02\x01\xff4"),
        ("EIO=3&j=0", BodyKind::Text, b"d="),
    ] {
        let mut walk = opened(query);
        walk.post_as(kind, body);
        assert_transcript(
            &mut walk,
            "0.000s #2 400
             0.000s closed: parse error",
        );
    }
    for frame in [
        Frame::Text("abc".into()),
        Frame::Text("".into()),
        Frame::Binary(vec![].into()),
        Frame::Binary(vec![9, 1].into()),
    ] {
        let (transport, mut walk) = Walk::over_web_socket_as(&config(), Revision::V3.into());
        walk.transcript();
        walk.input(Input::Frame { transport, frame });
        assert_transcript(
            &mut walk,
            "0.000s t1 close
             0.000s closed: parse error",
        );
    }
}

#[test]
fn a_body_that_is_too_large_costs_the_request_alone() {
    for query in ["EIO=2", "EIO=3&j=0"] {
        let mut walk = opened(query);
        let request = walk.post_head(BodyKind::Text);
        walk.input(Input::BodyTooLarge { request });
        walk.post(if query == "EIO=2" { "2:4a" } else { "d=2:4a" });
        assert_transcript(
            &mut walk,
            "0.000s #2 413
             0.000s message a
             0.000s #3 200 ok",
        );
    }
}

/// The bound counts what is queued, whatever it becomes on its way.
#[test]
fn the_buffer_of_an_old_session_has_a_bound() {
    let mut config = config();
    config.buffer_limit = 1000;
    let mut walk = opened_with(&config, "EIO=3");
    let mut count = 0;
    while walk.session.send("x".into()).is_ok() {
        count += 1;
        assert!(count < 1000);
    }
    assert!(matches!(
        walk.session.send("x".into()),
        Err(SendError::Full(_))
    ));
    walk.poll();
    assert_eq!(walk.session.queued_bytes(), 0);
    let sent = walk.session.sent();
    assert_eq!((sent.packets, sent.bytes), (count, 4 * count));
}

#[test]
fn a_client_of_socket_io_0_9_says_goodbye_in_a_url() {
    let purpose = |config: &Config, rest: &str, query: &str| {
        Route::examine(config, head(rest, query)).map(|route| match route {
            Route::Session(visit) => (visit.sid, visit.purpose),
            other => panic!("{other:?}"),
        })
    };
    let path = "1/xhr-polling/a%2Bb";
    for query in ["disconnect", "disconnect=1", "t=1&disconnect"] {
        let farewell = (Sid::new("a+b"), Purpose::Farewell);
        assert_eq!(purpose(&config(), path, query), Ok(farewell));
    }
    let unknown = Err(Cause::UnknownTransport);
    assert_eq!(purpose(&Config::default(), path, "disconnect"), unknown);
    for path in [
        "",
        "1/",
        "1/xhr-polling/",
        "1/xhr-polling/a/b",
        "2/xhr-polling/a",
    ] {
        assert_eq!(purpose(&config(), path, "disconnect"), unknown, "{path}");
    }
    assert_eq!(purpose(&config(), path, "t=1"), unknown);

    let mut walk = opened("EIO=2");
    walk.poll();
    walk.farewell();
    walk.farewell();
    assert_transcript(
        &mut walk,
        r#"0.000s #3 200
           0.000s #2 200 b"\0\x01\xff6"
           0.000s closed: transport close
           0.000s #4 400 {"code":1,"message":"Session ID unknown"}"#,
    );
}

/// [js engine.io 6.6.12]
#[test]
fn old_browsers_are_told_not_to_look_for_attacks() {
    let agent = |agent: &'static str| Some(agent.as_bytes());
    let ok = Response::Accepted;
    assert_eq!(ok.x_xss_protection(None), None);
    for (user_agent, value) in [
        ("Mozilla/4.0 (compatible;MSIE 9.0)", Some("0")),
        (
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0)",
            Some("0"),
        ),
        ("Mozilla/4.0 (compatible; MSIE 9.0)", None),
        ("", None),
    ] {
        assert_eq!(ok.x_xss_protection(agent(user_agent)), value);
    }
    let refused = Response::Reject(Reject::UnknownSession);
    assert_eq!(refused.x_xss_protection(agent("Trident/")), None);
}
