//! One seed: a client and its server through several worlds.
//!
//! Each session plays in a world of its own; the last one is left in peace, and must then bring
//! everything to its end.

use std::time::Duration;

use engineio_proto::{Config, TransportKind};
use socketio_proto::client::{self, Reconnection, SessionEnd};
use socketio_proto::{Machine, Output, Parser};

use super::{Act, LONGEST_QUESTION, NAMESPACES, Recovery, Talk, Terms};
use crate::world::{Fault, Network, Rng, Side, Trace, Weather, World};

/// Plays a seed. Panics where a law is broken.
pub(crate) fn play(seed: u64, mut net: Network<Act>) -> Network<Act> {
    let mut rng = Rng::new(seed);
    let (engine, mut client, longest_way) = configs(&mut rng);
    let terms = Terms::of(seed);
    terms.apply(&mut client);
    client.parser = match terms.is_old() {
        true => Parser::Json,
        false => parser_of(seed),
    };
    let bound = bound(&engine, &client);
    let mut talk = Talk::new(engine, client, terms, seed);
    talk.recovery = rng.one_in(2).then(|| Recovery::draw(&mut rng));
    if terms.is_old() {
        talk.recovery = None;
    }
    net.trace.remark(net.time(), || {
        let recovery = talk.recovery.is_some();
        format!("recovery: {recovery}, {terms:?}, {:?}", talk.engine)
    });
    for rounds_left in (0..1 + rng.below(3)).rev() {
        talk.is_slow = rng.one_in(4);
        talk.is_lazy = rng.one_in(3);
        let weather = Weather::draw(&mut rng, longest_way);
        net.trace.remark(net.time(), || format!("{weather:?}"));
        let mut world = World::new(talk, net, weather, Rng::new(rng.next()));
        world.net.revision = terms.revision;
        let active = rng.weighted(&[(3, 1_500), (2, 6_000), (1, 30_000)]);
        if rounds_left > 0 {
            disturb(&mut world, &mut rng, active, bound);
        } else {
            settle(&mut world, &mut rng, active, bound);
        }
        (talk, net) = leave(world);
    }
    talk.check_end();
    net
}

/// A session to which anything may happen, until it has ended.
fn disturb(world: &mut World<Talk>, rng: &mut Rng, active: u64, bound: u64) {
    world.game.refusals = rng.weighted(&[(6, 0), (1, 1), (1, 2)]);
    chatter(world, rng, active);
    for _ in 0..rng.below(4) {
        let room = index(rng, NAMESPACES.len());
        come_and_go(world, rng, active, room);
        if rng.one_in(4) {
            world.plan(1 + rng.below(active), Act::Kick(room));
            world.plan(1 + rng.below(active), Act::Open(room));
        }
    }
    for _ in 0..rng.weighted(&[(1, 0), (3, 1), (1, 2)]) {
        let fault = Fault::draw(rng, 1_000);
        match fault.is_about_dials() {
            true => world.net.fail(fault),
            false => world.plan_fault(1 + rng.below(active), fault),
        }
    }
    world.run(active, |world| world.client.is_closed());
    if !world.net.is_disturbed && !world.game.has_kicked {
        let end = world.game.end;
        let is_wanted = end.is_none_or(|end| end == SessionEnd::Unused);
        assert!(is_wanted, "ended without a reason: {end:?}");
    }
    if !world.client.is_at_rest() {
        // Politely, and then with the cable pulled.
        world.plan(world.net.now, Act::End);
        if rng.one_in(4) {
            world.plan_fault(world.net.now + rng.below(50), Fault::reset(rng));
        }
        world.run(world.net.now + active, |world| world.client.is_at_rest());
    }
    // Also if the client rests: it may be asleep, and wake up with an act to do.
    world.plan_fault(world.net.now, Fault::Cut);
    let end = world.net.now + 400_000 + bound;
    let has_ended = world.run(end, |world| {
        world.client.is_at_rest() && world.servers.iter().all(Machine::is_closed)
    });
    assert!(has_ended, "somebody never ends");
    // A handshake may still be on its way.
    world.run(world.net.now + bound + 50_000, |_| false);
    assert!(world.servers.iter().all(Machine::is_closed), "a ghost");
    let end = world.net.now + 400_000 + bound;
    let is_at_rest = world.run(end, |world| world.client.is_at_rest());
    assert!(is_at_rest, "the client dials for ever");
}

/// A session in peace: everything that can be done is done. Then both sides part.
fn settle(world: &mut World<Talk>, rng: &mut Rng, active: u64, bound: u64) {
    world.game.refusals = 0;
    chatter(world, rng, active);
    for _ in 0..rng.below(3) {
        // The other namespace keeps the session.
        come_and_go(world, rng, active, 1);
    }
    world.plan(active, Act::Admit);
    world.plan(active, Act::Answer);
    world.run(active, |_| false);
    let end = world.net.now + bound + longest_queue(&world.game);
    let is_settled = world.run(end, |world| world.game.is_settled());
    assert!(is_settled, "stuck");
    world.plan(world.net.now, Act::Stop);
    let end = world.net.now + bound;
    let is_over = world.run(end, |world| {
        world.client.is_closed() && world.servers.iter().all(Machine::is_closed)
    });
    assert!(is_over, "somebody never ends");
}

/// A namespace is left, and opened again perhaps before the server knows.
fn come_and_go(world: &mut World<Talk>, rng: &mut Rng, active: u64, room: usize) {
    let end = if rng.one_in(2) {
        active
    } else {
        active.min(1_500)
    };
    let at = 1 + rng.below(end - 1);
    world.plan(at, Act::Leave(room));
    let soon = (at + rng.below(300)).min(end);
    let again = rng.weighted(&[(3, soon), (1, end)]);
    world.plan(again, Act::Open(room));
}

/// Both sides talk.
fn chatter(world: &mut World<Talk>, rng: &mut Rng, active: u64) {
    for _ in 0..2 + rng.below(9) {
        let side = rng.weighted(&[(3, Side::Client), (2, Side::Server)]);
        let room = index(rng, NAMESPACES.len());
        let soon = rng.below(200);
        let longest = u64::try_from(LONGEST_QUESTION.as_millis()).unwrap_or(0);
        let within = rng.weighted(&[(2, None), (1, Some(soon)), (1, Some(longest))]);
        let count = 1 + u32::try_from(rng.below(4)).unwrap_or(0);
        let act = rng.weighted(&[
            (2, Act::Say(side, room, count)),
            (1, Act::Ask(side, room, within)),
        ]);
        let end = if rng.one_in(2) {
            active
        } else {
            active.min(1_000)
        };
        world.plan(rng.below(end), act);
    }
    for act in [Act::Admit, Act::Answer] {
        if rng.one_in(2) {
            world.plan(rng.below(active), act);
        }
    }
}

/// Takes the client out of a world, with what it has still to say.
fn leave(world: World<Talk>) -> (Talk, Network<Act>) {
    let World {
        mut game,
        client: shell,
        net,
        ..
    } = world;
    let (mut client, time) = shell.into_client();
    if game.has_stopped || client.next_timeout().is_none() || client.is_closed() {
        // What is left to say does not need a session.
        while let Some(Output::Event(event)) = client.poll_output() {
            game.on_client_event(&mut client, time, event);
        }
    }
    game.client = Some((client, time));
    if let Some(recovery) = &mut game.recovery {
        recovery.era += net.now;
    }
    (game, net)
}

pub(crate) fn transcript_of(seed: u64) -> String {
    let trace = Trace::written();
    let run = std::panic::AssertUnwindSafe(|| {
        let mut net = Network::default();
        net.trace = trace.clone();
        play(seed, net);
    });
    let words = match std::panic::catch_unwind(run) {
        Ok(()) => "cannot be repeated".to_owned(),
        Err(failure) => match failure.downcast_ref::<String>() {
            Some(words) => words.clone(),
            None => (*failure.downcast_ref::<&str>().unwrap_or(&"")).to_owned(),
        },
    };
    format!("seed {seed}\n{}{words}", trace.take())
}

fn configs(rng: &mut Rng) -> (Config, client::Config, u64) {
    use TransportKind::{Polling, WebSocket};
    let mut client = client::Config::default();
    client.engine.transports = rng.weighted(&[
        (10, vec![Polling, WebSocket]),
        (3, vec![WebSocket]),
        (3, vec![Polling]),
    ]);
    let mut terms = Reconnection::default();
    terms.delay = Duration::from_millis(1 + rng.below(2_000));
    client.reconnection = Some(terms);
    let mut engine = Config::default();
    if rng.one_in(2) {
        return (engine, client, 400);
    }
    engine.ping_interval = Duration::from_millis(500);
    engine.ping_timeout = Duration::from_millis(4_000);
    engine.close_timeout = Duration::from_millis(5_000);
    client.engine.close_timeout = Duration::from_millis(5_000);
    client.engine.opening_timeout = Duration::from_millis(5_000);
    (engine, client, 60)
}

/// Every third talk is in MessagePack, where it is built in.
fn parser_of(seed: u64) -> Parser {
    #[cfg(feature = "msgpack")]
    if seed % 3 == 1 {
        return Parser::MessagePack;
    }
    let _ = seed;
    Parser::Json
}

/// How long what is said until it is answered may take altogether, if nothing is.
fn longest_queue(talk: &Talk) -> u64 {
    let longest = u64::try_from(LONGEST_QUESTION.as_millis()).unwrap_or(0);
    let said: u32 = talk.rooms.iter().map(|room| room.said).sum();
    talk.terms.tries().map_or(0, u64::from) * u64::from(said + 1) * longest
}

/// Longer than every timer in a row.
fn bound(engine: &Config, client: &client::Config) -> u64 {
    let spans = [
        // In old revisions the last ping buys another interval.
        2 * engine.ping_interval,
        2 * engine.ping_timeout,
        engine.close_timeout,
        client.engine.opening_timeout,
        client.engine.close_timeout,
        Duration::from_secs(10),
    ];
    u64::try_from(spans.iter().sum::<Duration>().as_millis()).unwrap_or(0)
}

fn index(rng: &mut Rng, count: usize) -> usize {
    usize::try_from(rng.below(count as u64)).unwrap_or(0)
}
