//! Talks of client and server, seed after seed; see `simulation/` of the crate below.

#[path = "../../engineio-proto/tests/simulation/mod.rs"]
mod simulation;
mod talk;
#[path = "../../engineio-proto/tests/world/mod.rs"]
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    simulation::run(talk::play, talk::transcript_of)
}
