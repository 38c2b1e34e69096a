//! Sessions of client and server, seed after seed; see `simulation/`.

mod simulation;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    simulation::run(world::play, |seed| {
        world::transcript_of(seed).unwrap_or_else(|| format!("seed {seed} cannot be repeated"))
    })
}
