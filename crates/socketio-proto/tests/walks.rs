//! Whole connections as transcripts: what the client says, what the application does, what comes of
//! it.
//!
//! `<` is what the client gets; everything else is what the application learns.

mod world;

use std::time::Duration;

use socketio_proto::server::{Accept, Config, Emit, EmitError};
use socketio_proto::{
    AckId, Args, ConnectError, Encoded, Machine, Namespace, Offset, SocketId, engine,
};
use world::{World, namespace};

fn ask(world: &mut World, to: &str, within: Option<u64>) -> Result<u64, EmitError> {
    let within = within.map(Duration::from_millis);
    let args = Args::event("q", &()).unwrap();
    world
        .connection
        .emit_with_ack(world.now, &namespace(to), args, within)
        .map(|id| id.get())
}

fn call(world: &mut World, to: &str, id: u64, within: Option<u64>) -> Result<(), EmitError> {
    let within = within.map(Duration::from_millis);
    let packet = Encoded::call(&namespace(to), AckId::new(id), "q", &()).unwrap();
    world.connection.call(world.now, &packet, within)
}

fn with_buffer_limit(bytes: usize) -> World {
    let mut engine = engine::Config::default();
    engine.buffer_limit = bytes;
    World::with(&engine, &Config::default(), true)
}

/// [sio5 § Connection to a namespace]
#[test]
fn a_client_is_let_in_under_a_new_id() {
    let mut world = World::websocket();
    assert_eq!(
        world.says(r#"40{"token":"t"}"#),
        [r#"request / {"token":"t"}"#]
    );
    assert!(!world.connection.is_connected(&Namespace::root()));
    assert_eq!(world.accept("abc"), [r#"< 40{"sid":"abc"}"#]);
    assert!(world.connection.is_connected(&Namespace::root()));
    assert_eq!(world.says("40/admin,"), ["request /admin"]);
    assert_eq!(world.accept("def"), [r#"< 40/admin,{"sid":"def"}"#]);
}

#[test]
fn what_was_missed_precedes_the_answer() {
    let mut world = World::websocket();
    world.says(r#"40{"pid":"p","offset":"o"}"#);
    let request = world.requests.pop_front().unwrap();
    let resume = request.resume.clone().unwrap();
    assert_eq!(resume.offset, Some(Offset::new("o")));
    world.emit("/", "early").unwrap();
    let missed = ["a", "b"].map(|name| Encoded::event(&namespace("/"), name, &()).unwrap());
    let accept = Accept {
        sid: SocketId::new("k"),
        pid: Some(resume.pid.clone()),
        missed: missed.into(),
    };
    world.connection.accept_with(request, accept);
    world.emit("/", "late").unwrap();
    assert_eq!(
        world.lines(),
        [
            r#"< 42["early"]"#,
            r#"< 42["a"]"#,
            r#"< 42["b"]"#,
            r#"< 40{"sid":"k","pid":"p"}"#,
            r#"< 42["late"]"#
        ]
    );
    assert_eq!(world.connection.resumable(&namespace("/")), None);
    world.hang_up();
    let resumable = world.connection.resumable(&namespace("/"));
    assert_eq!(resumable, Some(&resume.pid));
}

#[test]
fn who_asks_too_late_to_come_back_is_not_in() {
    let mut world = World::websocket();
    world.says(r#"40{"pid":"p"}"#);
    world.hang_up();
    let request = world.requests.pop_front().unwrap();
    let accept = Accept {
        sid: SocketId::new("k"),
        pid: request.resume.clone().map(|resume| resume.pid),
        missed: Vec::new(),
    };
    world.connection.accept_with(request, accept);
    assert!(!world.connection.is_connected(&namespace("/")));
    assert_eq!(world.connection.resumable(&namespace("/")), None);
    assert_eq!(world.lines(), [""; 0]);
}

/// [sio5 § Connection to a namespace]
#[test]
fn a_refused_client_may_ask_again() {
    let mut world = World::websocket();
    world.says("40/admin,");
    let request = world.requests.pop_front().unwrap();
    let error = ConnectError::new("denied").with_data(&[1]).unwrap();
    world.connection.reject(request, &error);
    assert_eq!(
        world.lines(),
        [r#"< 44/admin,{"message":"denied","data":[1]}"#]
    );
    assert_eq!(world.says("40/admin,"), ["request /admin"]);
    assert_eq!(world.accept("s"), [r#"< 40/admin,{"sid":"s"}"#]);
}

#[test]
fn a_query_is_part_of_the_name() {
    let mut world = World::websocket();
    assert_eq!(world.says("40/a?x=1,"), ["request /a?x=1"]);
    assert_eq!(world.says("40/a,"), ["request /a"]);
    assert_eq!(world.accept("s"), [r#"< 40/a?x=1,{"sid":"s"}"#]);
    assert_eq!(world.says(r#"42/a?x=1,["e"]"#), [r#"event /a?x=1 ["e"]"#]);
}

#[test]
fn requests_are_answered_in_any_order() {
    let mut world = World::websocket();
    world.says("40/a,");
    world.says("40/b,");
    world.requests.rotate_left(1);
    assert_eq!(world.accept("b"), [r#"< 40/b,{"sid":"b"}"#]);
    assert_eq!(world.accept("a"), [r#"< 40/a,{"sid":"a"}"#]);
    assert_eq!(
        world.hang_up(),
        [
            "left /b: transport close",
            "left /a: transport close",
            "closed: transport close"
        ]
    );
}

/// What middleware emits comes before the answer, what the application emits later behind it.
#[test]
fn the_answer_has_its_place_among_the_events() {
    let mut world = World::websocket();
    world.says("40");
    assert_eq!(world.emit("/", "early"), Ok(()));
    assert_eq!(ask(&mut world, "/", None), Ok(0));
    let request = world.requests.pop_front().unwrap();
    world.connection.accept(request, SocketId::new("s"));
    assert_eq!(world.emit("/", "late"), Ok(()));
    let expected = [
        r#"< 42["early"]"#,
        r#"< 420["q"]"#,
        r#"< 40{"sid":"s"}"#,
        r#"< 42["late"]"#,
    ];
    assert_eq!(world.lines(), expected);
    assert_eq!(world.says("430[1]"), ["acked / 0 [1]"]);
}

#[test]
fn a_second_connect_ends_the_connection() {
    let mut world = World::websocket();
    world.join("/");
    let end = ["hang up", "left /: forced close", "closed: forced close"];
    assert_eq!(world.says("40"), end);

    let mut world = World::websocket();
    world.says("40");
    assert_eq!(world.says("40"), ["hang up", "closed: forced close"]);
    assert_eq!(world.accept("s"), [""; 0]);
    assert!(!world.connection.is_connected(&Namespace::root()));
}

/// [sio5 § Connection to a namespace]
#[test]
fn who_speaks_before_joining_is_closed() {
    for packet in [r#"42["e"]"#, "430[]", "41", r#"42/a,["e"]"#] {
        let mut world = World::websocket();
        let end = ["hang up", "closed: forced close"];
        assert_eq!(world.says(packet), end, "{packet}");
    }
}

/// [sio5 § Connection to a namespace]
#[test]
fn packets_for_a_namespace_never_joined_end_the_connection() {
    for packet in [r#"42/x,["e"]"#, "43/x,1[]", "41/x,"] {
        let mut world = World::websocket();
        world.join("/");
        let end = ["hang up", "left /: forced close", "closed: forced close"];
        assert_eq!(world.says(packet), end, "{packet}");
    }
}

#[test]
fn a_client_that_waits_for_its_answer_must_be_silent() {
    for packet in [r#"42["e"]"#, "430[]", "41"] {
        let mut world = World::websocket();
        world.says("40");
        assert_eq!(
            world.says(packet),
            ["hang up", "closed: forced close"],
            "{packet}"
        );
    }
}

#[test]
fn only_a_server_refuses() {
    let mut world = World::websocket();
    world.join("/");
    let end = ["hang up", "left /: forced close", "closed: forced close"];
    assert_eq!(world.says(r#"44{"message":"x"}"#), end);
}

#[test]
fn a_client_leaves_and_comes_back() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    assert_eq!(world.says("41"), ["left /: client namespace disconnect"]);
    assert_eq!(world.emit("/", "e"), Err(EmitError::NotConnected));
    assert_eq!(world.says(r#"42/a,["still"]"#), [r#"event /a ["still"]"#]);
    world.join("/");
    assert_eq!(world.says(r#"42["again"]"#), [r#"event / ["again"]"#]);
}

/// What crossed our DISCONNECT on the wire is not held against the client.
#[test]
fn a_late_goodbye_is_ignored() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    world.connection.disconnect(&namespace("/a"));
    assert_eq!(
        world.lines(),
        ["left /a: server namespace disconnect", "< 41/a,"]
    );
    assert_eq!(world.says("41/a,"), [""; 0]);
    assert_eq!(world.says("43/a,0[]"), [""; 0]);
    assert_eq!(world.says("41"), ["left /: client namespace disconnect"]);
    assert_eq!(world.says("41"), [""; 0]);
    assert_eq!(
        world.says(r#"42/a,["e"]"#),
        ["hang up", "closed: forced close"]
    );
}

#[test]
fn disconnecting_who_is_not_in_does_nothing() {
    let mut world = World::websocket();
    world.connection.disconnect(&Namespace::root());
    world.says("40");
    world.connection.disconnect(&Namespace::root());
    assert_eq!(world.lines(), [""; 0]);
    assert_eq!(world.accept("s"), [r#"< 40{"sid":"s"}"#]);
}

#[test]
fn who_joins_nothing_in_time_is_closed() {
    let mut world = World::websocket();
    world.says("40/nope,");
    let request = world.requests.pop_front().unwrap();
    world
        .connection
        .reject(request, &ConnectError::new("Invalid namespace"));
    world.says("40/slow,");
    assert_eq!(world.wait(30_000), ["< 2"]);
    assert_eq!(world.says("3"), [""; 0]);
    assert_eq!(world.wait(14_999), [""; 0]);
    assert_eq!(world.wait(1), ["hang up", "closed: forced close"]);
    assert_eq!(world.accept("s"), [""; 0]);
}

#[test]
fn who_has_joined_once_may_stay() {
    let mut world = World::websocket();
    world.join("/");
    world.says("41");
    for _ in 0..10 {
        assert_eq!(world.wait(25_000), ["< 2"]);
        world.says("3");
    }
    assert!(!world.connection.is_closed());
}

/// [sio5 § Sending and receiving data] [sio5 § Acknowledgement]
#[test]
fn an_event_is_a_non_empty_array_and_an_answer_an_array() {
    for packet in ["42", "42{}", "42[]", r#"42"e""#, "430", "430{}"] {
        let mut world = World::websocket();
        world.join("/");
        let lines = world.says(packet);
        assert!(
            lines[0].starts_with("malformed: invalid payload"),
            "{packet}"
        );
        let end = ["hang up", "left /: forced close", "closed: forced close"];
        assert_eq!(lines[1..], end, "{packet}");
    }
}

#[test]
fn garbage_ends_the_connection_after_what_came_before_it() {
    let mut world = World::polling();
    world.poll();
    world.post("40\u{1e}40/a,");
    world.lines();
    world.accept("s");
    world.poll();
    world.accept("t");
    world.poll();
    world.post("42[\"one\"]\u{1e}42{}\u{1e}42[\"two\"]\u{1e}4abc");
    assert_eq!(
        world.lines(),
        [
            r#"event / ["one"]"#,
            "malformed: invalid payload",
            "< 1",
            "left /: forced close",
            "left /a: forced close",
            "closed: forced close",
        ]
    );
}

/// Over polling without a waiting poll the end takes until the next one; what comes meanwhile is
/// ignored.
#[test]
fn garbage_over_polling_may_end_later() {
    let mut world = World::polling();
    world.poll();
    world.post("40");
    world.lines();
    world.accept("s");
    world.post("4abc");
    assert_eq!(world.lines(), ["malformed: unknown packet type NaN"]);
    world.post("42[\"e\"]\u{1e}41");
    assert_eq!(world.lines(), [""; 0]);
    assert_eq!(world.emit("/", "e"), Err(EmitError::Closed));
    world.poll();
    assert_eq!(
        world.lines(),
        ["< 6 | 1", "left /: forced close", "closed: forced close"]
    );
}

#[test]
fn who_leaves_behind_its_garbage_is_still_thrown_out() {
    let mut world = World::polling();
    world.poll();
    world.post("40");
    world.lines();
    world.accept("s");
    world.post("4abc\u{1e}1");
    assert_eq!(
        world.lines(),
        [
            "malformed: unknown packet type NaN",
            "left /: forced close",
            "closed: transport close"
        ]
    );
}

#[test]
fn nobody_is_let_in_while_the_connection_is_ending() {
    let mut world = World::polling();
    world.post("40\u{1e}4abc");
    assert_eq!(
        world.lines(),
        ["request /", "malformed: unknown packet type NaN"]
    );
    assert_eq!(world.accept("s"), [""; 0]);
    assert!(!world.connection.is_connected(&Namespace::root()));
    world.poll();
    assert_eq!(world.lines(), ["< 6 | 1", "closed: forced close"]);
}

/// [js socket.io 4.8.4] has a reason of its own if the transport could not close at once.
#[test]
fn a_fault_over_polling_has_another_name() {
    let mut world = World::polling();
    world.poll();
    world.post("40");
    world.lines();
    world.accept("s");
    world.post("40");
    assert_eq!(world.lines(), ["left /: forced server close"]);
    world.poll();
    assert_eq!(world.lines(), ["< 6 | 1", "closed: forced close"]);
}

#[test]
fn a_half_packet_dies_with_its_connection() {
    let mut world = World::websocket();
    world.join("/");
    assert_eq!(
        world.says(r#"452-["b",{"_placeholder":true,"num":0}]"#),
        [""; 0]
    );
    assert_eq!(world.says_bytes(&[1]), [""; 0]);
    let end = ["left /: transport close", "closed: transport close"];
    assert_eq!(world.hang_up(), end);
}

#[test]
fn attachments_come_and_go() {
    let mut world = World::websocket();
    world.join("/");
    let header = r#"451-7["b",{"_placeholder":true,"num":0}]"#;
    assert_eq!(world.says(header), [""; 0]);
    let event = [r#"ask / ["b",{"_placeholder":true,"num":0}] b"\x01\x02""#];
    assert_eq!(world.says_bytes(&[1, 2]), event);
    let reply = world.replies.pop_front().unwrap();
    let args = Args::new(&bytes::Bytes::from_static(&[3])).unwrap();
    world.connection.reply(reply, args).unwrap();
    let answer = [r#"< 461-7[{"_placeholder":true,"num":0}]"#, r#"< b"\x03""#];
    assert_eq!(world.lines(), answer);
}

#[test]
fn answers_count_once() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    assert_eq!(ask(&mut world, "/", None), Ok(0));
    assert_eq!(ask(&mut world, "/a", None), Ok(1));
    assert_eq!(world.lines(), [r#"< 420["q"]"#, r#"< 42/a,1["q"]"#]);
    assert_eq!(world.says("43/a,0[]"), [""; 0], "from the wrong namespace");
    assert_eq!(world.says("43[]"), [""; 0], "without an id");
    assert_eq!(world.says("4399[]"), [""; 0], "never asked");
    assert_eq!(world.says("430[1]"), ["acked / 0 [1]"]);
    assert_eq!(world.says("430[1]"), [""; 0], "again");
    assert_eq!(world.says("43/a,1[]"), ["acked /a 1 []"]);
}

/// One packet for all who are asked: the caller counts, and the connection expects.
#[test]
fn a_call_is_answered_under_the_id_it_came_with() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    // Namespaces count for themselves.
    assert_eq!(call(&mut world, "/", 7, Some(50)), Ok(()));
    assert_eq!(call(&mut world, "/a", 7, None), Ok(()));
    assert_eq!(world.lines(), [r#"< 427["q"]"#, r#"< 42/a,7["q"]"#]);
    assert_eq!(world.says("43/a,7[1]"), ["acked /a 7 [1]"]);
    assert_eq!(world.says("43/a,7[1]"), [""; 0], "again");
    assert_eq!(world.wait(50), ["acked / 7 TimedOut"]);
    assert_eq!(world.says("437[]"), [""; 0], "too late");
    assert_eq!(call(&mut world, "/", 8, None), Ok(()));
    let end = [
        r#"< 428["q"]"#,
        "acked / 8 Disconnected",
        "left /: client namespace disconnect",
    ];
    let mut lines = world.lines();
    lines.extend(world.says("41"));
    assert_eq!(lines, end);
}

#[test]
fn nobody_waits_twice_under_one_id() {
    let mut world = World::websocket();
    world.join("/");
    call(&mut world, "/", 3, None).unwrap();
    assert_eq!(ask(&mut world, "/", None), Ok(4), "behind what was given");
    for id in [3, 4, AckId::MAX.get() + 1] {
        let refused = call(&mut world, "/", id, None);
        assert_eq!(refused, Err(EmitError::UnusableId), "{id}");
    }
    let event = Encoded::event(&namespace("/"), "q", &()).unwrap();
    let refused = world.connection.call(world.now, &event, None);
    assert_eq!(refused, Err(EmitError::UnusableId), "no call");
    assert_eq!(world.lines(), [r#"< 423["q"]"#, r#"< 424["q"]"#]);
    assert_eq!(world.says("433[]"), ["acked / 3 []"]);
    assert_eq!(world.says("434[]"), ["acked / 4 []"]);
    assert_eq!(
        call(&mut world, "/x", 9, None),
        Err(EmitError::NotConnected)
    );
}

#[test]
fn a_call_that_is_only_emitted_takes_its_id_along() {
    let mut world = World::websocket();
    world.join("/");
    let packet = Encoded::call(&namespace("/"), AckId::new(5), "q", &()).unwrap();
    world.connection.emit(&packet, Emit::default()).unwrap();
    assert_eq!(ask(&mut world, "/", None), Ok(6));
    world.lines();
    assert_eq!(world.says("435[]"), [""; 0], "nobody waits");
}

#[test]
fn what_is_forgotten_is_forgotten_in_one_namespace() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    call(&mut world, "/", 1, Some(10)).unwrap();
    call(&mut world, "/a", 1, Some(10)).unwrap();
    world.connection.forget(&namespace("/"), AckId::new(1));
    world.lines();
    assert_eq!(world.says("431[]"), [""; 0]);
    assert_eq!(world.wait(10), ["acked /a 1 TimedOut"]);
}

#[test]
fn the_namespaces_are_known_in_the_order_of_joining() {
    let mut world = World::websocket();
    for name in ["/b", "/", "/a"] {
        world.join(name);
    }
    world.says("40/asked,");
    world.says("41");
    let names: Vec<_> = world
        .connection
        .namespaces()
        .map(Namespace::as_str)
        .collect();
    assert_eq!(names, ["/b", "/a"]);
}

#[test]
fn an_answer_at_the_deadline_is_in_time() {
    let mut world = World::websocket();
    world.join("/");
    ask(&mut world, "/", Some(40)).unwrap();
    ask(&mut world, "/", Some(40)).unwrap();
    world.lines();
    world.now = world.now + Duration::from_millis(40);
    world.hear(engine::Frame::Text("430[]".into()));
    world.connection.handle_timeout(world.now);
    assert_eq!(world.lines(), ["acked / 0 []", "acked / 1 TimedOut"]);
    assert_eq!(world.says("431[]"), [""; 0]);
}

#[test]
fn an_answer_behind_the_deadline_is_late_even_if_the_timer_was() {
    let mut world = World::websocket();
    world.join("/");
    ask(&mut world, "/", Some(40)).unwrap();
    world.lines();
    world.now = world.now + Duration::from_millis(41);
    assert_eq!(world.says("430[]"), ["acked / 0 TimedOut"]);
}

#[test]
fn a_namespace_takes_its_questions_along() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    for to in ["/", "/a", "/"] {
        ask(&mut world, to, Some(1000)).unwrap();
    }
    world.lines();
    let end = [
        "acked / 0 Disconnected",
        "acked / 2 Disconnected",
        "left /: client namespace disconnect",
    ];
    assert_eq!(world.says("41"), end);
    assert_eq!(world.wait(1000), ["acked /a 1 TimedOut"]);
}

#[test]
fn a_refused_client_owes_no_answer() {
    let mut world = World::websocket();
    world.says("40");
    ask(&mut world, "/", None).unwrap();
    let request = world.requests.pop_front().unwrap();
    world.connection.reject(request, &ConnectError::new("no"));
    let end = [
        "acked / 0 Disconnected",
        r#"< 420["q"]"#,
        r#"< 44{"message":"no"}"#,
    ];
    assert_eq!(world.lines(), end);
}

#[test]
fn a_right_to_answer_ends_with_the_visit() {
    let mut world = World::websocket();
    world.join("/");
    assert_eq!(world.says(r#"420["q"]"#), [r#"ask / ["q"]"#]);
    world.says("41");
    world.join("/");
    let reply = world.replies.pop_front().unwrap();
    let late = world.connection.reply(reply, Args::new(&()).unwrap());
    assert_eq!(late, Err(EmitError::NotConnected));
    assert_eq!(world.lines(), [""; 0]);
}

#[test]
fn what_cannot_leave_at_once_is_not_volatile() {
    let mut world = World::polling();
    world.poll();
    world.post("40");
    world.lines();
    world.accept("s");
    let packet = Encoded::event(&Namespace::root(), "v", &()).unwrap();
    assert_eq!(
        world.connection.emit(
            &packet,
            Emit {
                volatile: true,
                ..Emit::default()
            }
        ),
        Ok(())
    );
    world.poll();
    assert_eq!(world.lines(), [""; 0], "it was dropped");
    assert_eq!(
        world.connection.emit(
            &packet,
            Emit {
                volatile: true,
                ..Emit::default()
            }
        ),
        Ok(())
    );
    assert_eq!(world.lines(), [r#"< 42["v"]"#]);
    assert_eq!(
        world.connection.emit(
            &Encoded::event(&namespace("/a"), "v", &()).unwrap(),
            Emit {
                volatile: true,
                ..Emit::default()
            }
        ),
        Err(EmitError::NotConnected)
    );
}

#[test]
fn a_full_buffer_takes_no_part_of_a_packet() {
    let mut world = with_buffer_limit(100);
    world.join("/");
    world.stalled = true;
    let one = bytes::Bytes::from(vec![7; 60_000]);
    let packet = Encoded::event(&Namespace::root(), "b", &(one.clone(), one)).unwrap();
    assert_eq!(world.connection.emit(&packet, Emit::default()), Ok(()));
    assert_eq!(
        world.lines().len(),
        2,
        "the window holds the text and one attachment"
    );
    assert_eq!(
        world.connection.emit(&packet, Emit::default()),
        Err(EmitError::Full)
    );
    assert_eq!(ask(&mut world, "/", None), Err(EmitError::Full));
    assert_eq!(call(&mut world, "/", 0, None), Err(EmitError::Full));
    world.flushed();
    assert_eq!(world.lines().len(), 1, "the other attachment");
    world.flushed();
    assert_eq!(
        ask(&mut world, "/", None),
        Ok(0),
        "the refused one took no id"
    );
}

/// Without its DISCONNECT a client would believe for ever that it is in.
#[test]
fn a_client_too_slow_for_a_goodbye_is_cut_off() {
    let mut world = with_buffer_limit(10);
    world.join("/");
    world.join("/a");
    world.stalled = true;
    let packet = Encoded::event(&Namespace::root(), "big", &"x".repeat(70_000)).unwrap();
    world.connection.emit(&packet, Emit::default()).unwrap();
    world.connection.emit(&packet, Emit::default()).unwrap_err();
    world.lines();
    world.connection.emit(&packet, Emit::default()).unwrap();
    world.connection.disconnect(&namespace("/a"));
    assert_eq!(
        world.lines(),
        [
            "left /a: server namespace disconnect",
            "hang up",
            "left /: forced close",
            "closed: forced close"
        ]
    );
}

#[test]
fn closing_says_goodbye_in_the_order_of_joining() {
    let mut world = World::websocket();
    world.join("/b");
    world.join("/a");
    world.emit("/a", "last").unwrap();
    world.connection.close(world.now);
    assert_eq!(
        world.lines(),
        [
            "left /b: server namespace disconnect",
            "left /a: server namespace disconnect",
            r#"< 42/a,["last"]"#,
            "< 41/b,",
            "< 41/a,",
            "hang up",
            "closed: forced close",
        ]
    );
}

#[test]
fn closing_the_session_is_silent() {
    let mut world = World::websocket();
    world.join("/");
    world.connection.close_session(world.now);
    assert_eq!(
        world.lines(),
        ["hang up", "left /: forced close", "closed: forced close"]
    );
}

#[test]
fn shutting_down_delivers_what_was_emitted_and_says_no_goodbye() {
    let mut world = World::websocket();
    world.join("/");
    world.says("40/pending,");
    ask(&mut world, "/", None).unwrap();
    world.emit("/", "last").unwrap();
    world.connection.shut_down(world.now);
    assert_eq!(world.emit("/", "late"), Err(EmitError::Closed));
    assert_eq!(
        world.lines(),
        [
            "acked / 0 Disconnected",
            "left /: server shutting down",
            r#"< 420["q"]"#,
            r#"< 42["last"]"#,
            "hang up",
            "closed: forced close"
        ]
    );
}

/// Over polling what was emitted waits for the next poll, but not for ever.
#[test]
fn shutting_down_waits_for_the_client_unless_it_is_cut_short() {
    for is_cut_short in [false, true] {
        let mut world = World::polling();
        world.poll();
        world.post("40");
        world.lines();
        world.accept("s");
        world.emit("/", "last").unwrap();
        world.connection.shut_down(world.now);
        assert_eq!(world.lines(), ["left /: server shutting down"]);
        assert!(!world.connection.is_closed());
        let lines = if is_cut_short {
            world.connection.abort();
            assert_eq!(world.lines(), ["closed: forced close"]);
            world.poll();
            world.lines()
        } else {
            world.poll();
            world.lines()
        };
        let was_delivered = lines.iter().any(|line| line.contains(r#"42["last"]"#));
        assert_eq!(was_delivered, !is_cut_short, "{lines:?}");
    }
}

#[test]
fn silence_ends_every_namespace() {
    let mut world = World::websocket();
    world.join("/");
    world.join("/a");
    assert_eq!(
        world.wait(45_000),
        [
            "< 2",
            "hang up",
            "left /: ping timeout",
            "left /a: ping timeout",
            "closed: ping timeout"
        ]
    );
}

#[test]
fn after_the_end_everything_is_harmless() {
    let mut world = World::websocket();
    world.join("/");
    world.says(r#"420["q"]"#);
    world.says("40/a,");
    world.hang_up();
    let reply = world.replies.pop_front().unwrap();
    let late = world.connection.reply(reply, Args::new(&()).unwrap());
    assert_eq!(late, Err(EmitError::Closed));
    assert_eq!(world.emit("/", "e"), Err(EmitError::Closed));
    assert_eq!(ask(&mut world, "/", Some(1)), Err(EmitError::Closed));
    assert_eq!(call(&mut world, "/", 1, None), Err(EmitError::Closed));
    let request = world.requests.pop_front().unwrap();
    world.connection.reject(request, &ConnectError::new("no"));
    world.connection.disconnect(&Namespace::root());
    world.connection.close(world.now);
    world.connection.close_session(world.now);
    world.connection.shut_down(world.now);
    assert_eq!(world.says(r#"42["e"]"#), [""; 0]);
    assert_eq!(world.wait(100_000), [""; 0]);
    assert_eq!(world.connection.next_timeout(), None);
}

#[test]
fn a_client_cannot_ask_for_namespaces_without_end() {
    let mut config = Config::default();
    config.max_namespaces = 2;
    let mut world = World::with(&engine::Config::default(), &config, true);
    world.says("40/a,");
    world.says("40/b,");
    assert_eq!(
        world.says("40/c,"),
        [r#"< 44/c,{"message":"Too many namespaces"}"#]
    );
    world.accept("s");
    world.says("41/a,");
    assert_eq!(world.says("40/c,"), ["request /c"]);
}
