//! A client and a server as one transcript: what each side puts out, and when.
//!
//! Every way takes 10 ms. Times are those of the outputs.

mod world;

use engineio_proto::client::{self, Event as ClientEvent};
use engineio_proto::parser::Revision;
use engineio_proto::server::{self, Event as ServerEvent, Opening, Peer};
use engineio_proto::{Config, Ids, Machine, Sid, Timestamp, TransportKind};

use world::{Fault, Game, Network, Numbers, Rng, Side, Trace, Weather, World};

/// What the applications do.
#[derive(Clone, Debug)]
enum Act {
    Say(Side, &'static str),
    Show(Side, &'static [u8]),
    Close(Side),
}

/// Applications that say what the test tells them to.
#[derive(Default)]
struct Talk {
    client: client::Config,
    server: Config,
}

impl Game for Talk {
    type Client = client::Session;
    type Server = server::Session;
    type Act = Act;

    fn connect(&mut self, now: Timestamp) -> client::Session {
        client::Session::connect(&self.client, Ids::new(), now)
    }

    fn accept(&mut self, sid: Sid, peer: Peer, via: Opening, now: Timestamp) -> server::Session {
        server::Session::open_for(&self.server, sid, peer, via, now)
    }

    fn actor(act: &Act) -> Side {
        match act {
            Act::Say(side, _) | Act::Show(side, _) | Act::Close(side) => *side,
        }
    }

    fn act(
        &mut self,
        now: Timestamp,
        act: &Act,
        client: &mut client::Session,
        servers: &mut [server::Session],
    ) {
        let server = &mut servers[0];
        match act {
            Act::Say(Side::Client, text) => client.send((*text).into()).expect("it is open"),
            Act::Say(Side::Server, text) => server.send((*text).into()).expect("it is open"),
            Act::Show(Side::Client, bytes) => {
                client.send(bytes.to_vec().into()).expect("it is open")
            }
            Act::Show(Side::Server, bytes) => {
                server.send(bytes.to_vec().into()).expect("it is open")
            }
            Act::Close(Side::Client) => client.close(now),
            Act::Close(Side::Server) => server.close(now),
        }
    }

    fn on_client(&mut self, _: Timestamp, _: &mut client::Session, _: ClientEvent) {}

    fn on_server(&mut self, _: Timestamp, _: usize, _: &mut server::Session, _: ServerEvent) {}

    fn max_payload(&self) -> u64 {
        self.server.max_payload
    }

    fn longest_wait(&self) -> u64 {
        45_000
    }

    fn client_line(event: &ClientEvent) -> String {
        Numbers::client_line(event)
    }

    fn server_line(event: &ServerEvent) -> String {
        Numbers::server_line(event)
    }
}

fn world(talk: Talk) -> World<Talk> {
    let mut net = Network::default();
    net.trace = Trace::written();
    World::new(talk, net, Weather::calm(10), Rng::new(0))
}

fn polling_only() -> Talk {
    let mut talk = Talk::default();
    talk.client.upgrade = false;
    talk
}

/// Runs until `end`, in milliseconds, and compares what has come out since the last call.
#[track_caller]
fn assert_transcript(world: &mut World<Talk>, end: u64, expected: &str) {
    world.run(end, |_| false);
    let lines = |text: &str| -> String {
        let lines = text.lines().map(str::trim);
        let outputs = lines.filter(|line| !line.is_empty() && !line.contains('—'));
        outputs.flat_map(|line| [line, "\n"]).collect()
    };
    let (ours, expected) = (lines(&world.net.trace.take()), lines(expected));
    assert!(ours == expected, "\nours:\n{ours}\nexpected:\n{expected}");
}

/// [eio4 § Upgrade]
#[test]
fn an_upgrade_while_both_sides_talk() {
    let mut world = world(Talk::default());
    for (at, client, server) in [
        (22, "c22", "s22"),
        (25, "c25", "s25"),
        (32, "c32", "s32"),
        (43, "c43", "s43"),
        (57, "c57", "s57"),
    ] {
        world.plan(at, Act::Say(Side::Client, client));
        world.plan(at, Act::Say(Side::Server, server));
    }
    assert_transcript(
        &mut world,
        1_000,
        r#"0.000s C ▸ Get #1 (no sid)
           0.010s S ▸ Respond #1 "0{"sid":"s0","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"
           0.020s C ▸ Opened
           0.020s C ▸ Connect t2
           0.020s C ▸ Get #3
           0.022s C ▸ Post #4 "4c22"
           0.030s S ▸ Respond #3 "4s22␞4s25"
           0.032s S ▸ Message "c22"
           0.032s S ▸ Respond #4 ok
           0.040s C ▸ Frame t2 "2probe"
           0.040s C ▸ Message "s22"
           0.040s C ▸ Message "s25"
           0.040s C ▸ Get #5
           0.042s C ▸ Post #6 "4c25␞4c32"
           0.050s S ▸ Frame t2 "3probe"
           0.050s S ▸ Respond #5 "4s32␞4s43"
           0.052s S ▸ Message "c25"
           0.052s S ▸ Message "c32"
           0.052s S ▸ Respond #6 ok
           0.060s C ▸ Message "s32"
           0.060s C ▸ Message "s43"
           0.062s C ▸ Frame t2 "5"
           0.062s C ▸ Upgraded
           0.062s C ▸ Frame t2 "4c43"
           0.062s C ▸ Frame t2 "4c57"
           0.072s S ▸ Upgraded
           0.072s S ▸ Frame t2 "4s57"
           0.072s S ▸ Message "c43"
           0.072s S ▸ Message "c57"
           0.082s C ▸ Message "s57""#,
    );
}

/// [eio4 § Upgrade] "send a noop packet to any pending GET request"
#[test]
fn an_upgrade_while_nobody_talks_needs_a_noop() {
    let mut world = world(Talk::default());
    world.run(25, |_| false);
    world.net.trace.take();
    assert_transcript(
        &mut world,
        1_000,
        r#"0.040s C ▸ Frame t2 "2probe"
           0.050s S ▸ Frame t2 "3probe"
           0.050s S ▸ Respond #3 "6"
           0.060s C ▸ Frame t2 "5"
           0.060s C ▸ Upgraded
           0.070s S ▸ Upgraded"#,
    );
}

/// The noop overtakes `3probe`: the client, which does not know yet, polls again.
#[test]
fn a_slow_web_socket_needs_a_second_noop() {
    let mut world = world(Talk::default());
    world.net.weather.web_socket = 50..50;
    world.run(100, |_| false);
    world.net.trace.take();
    assert_transcript(
        &mut world,
        1_000,
        r#"0.120s C ▸ Frame t2 "2probe"
           0.170s S ▸ Frame t2 "3probe"
           0.170s S ▸ Respond #3 "6"
           0.180s C ▸ Get #4
           0.270s S ▸ Respond #4 "6"
           0.280s C ▸ Frame t2 "5"
           0.280s C ▸ Upgraded
           0.330s S ▸ Upgraded"#,
    );
}

/// [eio4 § Heartbeat]
#[test]
fn both_sides_notice_a_cut_alone() {
    let mut world = world(polling_only());
    world.run(21, |_| false);
    world.net.trace.take();
    world.plan_fault(30_000, Fault::Cut);
    assert_transcript(
        &mut world,
        200_000,
        r#"25.010s S ▸ Respond #2 "2"
           25.020s C ▸ Heartbeat
           25.020s C ▸ Get #3
           25.020s C ▸ Post #4 "3"
           25.030s S ▸ Respond #4 ok
           50.030s S ▸ Respond #3 "2"
           70.020s C ▸ Closed(PingTimeout)
           70.030s S ▸ Closed(PingTimeout)"#,
    );
}

#[test]
fn the_client_closes_over_polling() {
    let mut world = world(polling_only());
    world.run(21, |_| false);
    world.net.trace.take();
    world.plan(100, Act::Say(Side::Client, "last"));
    world.plan(101, Act::Say(Side::Client, "very last"));
    world.plan(102, Act::Close(Side::Client));
    assert_transcript(
        &mut world,
        1_000,
        r#"0.100s C ▸ Post #3 "4last"
           0.110s S ▸ Message "last"
           0.110s S ▸ Respond #3 ok
           0.120s C ▸ Post #4 "4very last"
           0.130s S ▸ Message "very last"
           0.130s S ▸ Respond #4 ok
           0.140s C ▸ Post #5 "1"
           0.150s S ▸ Respond #5 ok
           0.150s S ▸ Respond #2 "6"
           0.150s S ▸ Closed(TransportClose)
           0.160s C ▸ Closed(Forced)"#,
    );
}

#[test]
fn the_server_closes_over_polling() {
    let mut world = world(polling_only());
    world.run(21, |_| false);
    world.net.trace.take();
    world.plan(100, Act::Say(Side::Server, "first"));
    world.plan(101, Act::Say(Side::Server, "last"));
    world.plan(102, Act::Close(Side::Server));
    assert_transcript(
        &mut world,
        1_000,
        r#"0.100s S ▸ Respond #2 "4first"
           0.110s C ▸ Message "first"
           0.110s C ▸ Get #3
           0.120s S ▸ Respond #3 "4last"
           0.130s C ▸ Message "last"
           0.130s C ▸ Get #4
           0.140s S ▸ Respond #4 "6␞1"
           0.140s S ▸ Closed(Forced)
           0.150s C ▸ Closed(TransportClose)"#,
    );
}

/// A laptop that was asleep finds its deadline passed before it says a word.
#[test]
fn a_client_that_slept_too_long_does_not_speak_to_a_dead_session() {
    let mut world = world(polling_only());
    world.run(21, |_| false);
    world.net.trace.take();
    world.plan_fault(1_000, Fault::Sleep(Side::Client, 300_000));
    world.run(301_500, |_| false);
    assert!(world.client.is_closed() && world.servers[0].is_closed());
}

/// [js engine.io 6.6.12] with [js engine.io-client 3.5.6]
#[test]
fn an_old_client_upgrades_and_pings() {
    let mut world = world(speaking(Revision::V3, false));
    world.plan(22, Act::Say(Side::Client, "c€"));
    world.plan(22, Act::Say(Side::Server, "s€"));
    world.plan(43, Act::Show(Side::Client, &[1, 2, 3]));
    world.plan(43, Act::Show(Side::Server, &[1, 2, 3]));
    assert_transcript(
        &mut world,
        26_000,
        r#"0.000s C ▸ Get #1 (no sid)
           0.010s S ▸ Respond #1 "100:0{"sid":"s0","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"
           0.020s C ▸ Opened
           0.020s C ▸ Connect t2
           0.020s C ▸ Get #3
           0.022s C ▸ Post #4 "3:4c€"
           0.030s S ▸ Respond #3 "3:4s€"
           0.032s S ▸ Message "c€"
           0.032s S ▸ Respond #4 ok
           0.040s C ▸ Frame t2 "2probe"
           0.040s C ▸ Message "s€"
           0.040s C ▸ Get #5
           0.043s C ▸ Post #6 b"\x01\x04\xff\x04\x01\x02\x03"
           0.050s S ▸ Frame t2 "3probe"
           0.050s S ▸ Respond #5 b"\x01\x04\xff\x04\x01\x02\x03"
           0.053s S ▸ Message b"\x01\x02\x03"
           0.053s S ▸ Respond #6 ok
           0.060s C ▸ Message b"\x01\x02\x03"
           0.063s C ▸ Frame t2 "5"
           0.063s C ▸ Upgraded
           0.073s S ▸ Upgraded
           25.020s C ▸ Frame t2 "2"
           25.030s S ▸ Frame t2 "3"
           25.040s C ▸ Heartbeat"#,
    );
}

/// [js engine.io-client 3.5.6] The client waits for its pong; the server for the next ping.
#[test]
fn both_sides_notice_a_cut_alone_in_an_old_revision() {
    let mut talk = speaking(Revision::V3, false);
    talk.client.upgrade = false;
    let mut world = world(talk);
    world.run(21, |_| false);
    world.net.trace.take();
    world.plan_fault(30_000, Fault::Cut);
    assert_transcript(
        &mut world,
        200_000,
        r#"25.020s C ▸ Post #3 "1:2"
           25.030s S ▸ Respond #3 ok
           25.030s S ▸ Respond #2 "1:3"
           25.040s C ▸ Heartbeat
           25.040s C ▸ Get #4
           50.040s C ▸ Post #5 "1:2"
           70.030s S ▸ Respond #4 "1:1"
           70.030s S ▸ Closed(PingTimeout)
           70.040s C ▸ Closed(PingTimeout)"#,
    );
}

/// In each revision, with and without bytes, over each transport, with a ping in between: what is
/// said is heard, in order, and the goodbye too.
#[test]
fn every_revision_is_understood_over_every_transport() {
    use TransportKind::{Polling, WebSocket};
    for revision in [Revision::V2, Revision::V3, Revision::V4] {
        for force_base64 in [false, true] {
            for transports in [vec![Polling], vec![WebSocket], vec![Polling, WebSocket]] {
                let mut talk = speaking(revision, force_base64);
                talk.client.transports = transports.clone();
                let heard = heard(talk);
                let name = format!("{revision:?} {transports:?} {force_base64}");
                let words = [
                    r#"Message "é€😀""#,
                    r#"Message b"\x04\0\xff""#,
                    r#"Message "late""#,
                ];
                let moves = transports.len() > 1;
                let upgraded = moves.then_some("Upgraded");
                let opened = ["Opened"].into_iter().chain(upgraded);
                let client = opened
                    .chain(["Heartbeat"])
                    .chain(words)
                    .chain(["Closed(Forced)"]);
                assert_eq!(heard[0], client.collect::<Vec<_>>(), "{name}");
                let server = upgraded.into_iter().chain(words);
                let server = server.chain(["Closed(TransportClose)"]);
                assert_eq!(heard[1], server.collect::<Vec<_>>(), "{name}");
            }
        }
    }
}

fn speaking(revision: Revision, force_base64: bool) -> Talk {
    let mut talk = Talk::default();
    talk.client.revision = revision;
    talk.client.force_base64 = force_base64;
    talk.server.legacy_clients = true;
    talk
}

/// What both sides report of a talk, the client first.
fn heard(talk: Talk) -> [Vec<String>; 2] {
    let mut world = world(talk);
    for side in [Side::Client, Side::Server] {
        world.plan(30_000, Act::Say(side, "é€😀"));
        world.plan(30_000, Act::Show(side, &[4, 0, 0xFF]));
        world.plan(31_000, Act::Say(side, "late"));
    }
    world.plan(32_000, Act::Close(Side::Client));
    assert!(world.run(40_000, |world| {
        world.client.is_closed() && world.servers.iter().all(Machine::is_closed)
    }));
    let lines = world.net.trace.take();
    ['C', 'S'].map(|side| {
        let lines = lines.lines().filter_map(|line| line.split_once(" ▸ "));
        let lines = lines.filter(|(who, _)| who.ends_with(side));
        let lines = lines.map(|(_, what)| what.to_owned());
        let is_event = |line: &String| {
            let events = ["Opened", "Message", "Upgraded", "Heartbeat", "Closed"];
            events.iter().any(|event| line.starts_with(event))
        };
        lines.filter(is_event).collect()
    })
}
