//! What holds whatever the network does: client and server in a world of accidents, all from a seed.
//!
//! The laws are in `world/network.rs` and `world/wire.rs` (requests, credit, time) and in
//! `world/numbers.rs` (messages, ends). Seeds that once found something are kept in `seeds.txt`.

mod world;

use engineio_proto::parser::Revision;
use world::{play, seeds_of, transcript_of};

#[test]
fn the_laws_hold_for_every_seed_that_once_broke_one() {
    for seed in seeds_of(include_str!("seeds.txt")) {
        check(seed);
    }
}

/// `cargo xtask simulate` plays far more.
#[test]
fn the_laws_hold_for_the_first_seeds() {
    let mut net = None;
    for seed in 0..SEEDS {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            play(seed, net.take().unwrap_or_default())
        }));
        match played {
            Ok(used) => net = Some(used),
            Err(_) => check(seed),
        }
    }
    // A law that holds in fine weather alone is worth little.
    let net = net.expect("the last one was played");
    for revision in [Revision::V2, Revision::V3, Revision::V4] {
        let tally = net.tally_of(revision);
        let missing = tally.rarer_than(3);
        assert_eq!(missing, [], "accidents that hardly happen in {revision:?}");
        let missing = tally.outcomes_rarer_than(100);
        assert_eq!(missing, [], "what hardly comes of them in {revision:?}");
    }
}

fn check(seed: u64) {
    if let Some(transcript) = transcript_of(seed) {
        panic!("{transcript}");
    }
}

const SEEDS: u64 = 20_000;
