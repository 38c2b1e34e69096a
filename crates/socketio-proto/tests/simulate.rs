//! Plays many seeds of the talk on all cores: `--seeds N` of them from `--from M` on.
//!
//! Prints how fast it was and the first seed that breaks a law, with its transcript.

mod talk;
#[path = "../../engineio-proto/tests/world/mod.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use talk::{play, transcript_of};

fn main() -> ExitCode {
    let (seeds, from) = (number_after("--seeds", 100_000), number_after("--from", 0));
    std::panic::set_hook(Box::new(|_| {}));
    #[allow(
        clippy::disallowed_methods,
        reason = "the speed of the simulation is real"
    )]
    let start = Instant::now();
    let broken = first_broken(from, from.saturating_add(seeds));
    let seconds = start.elapsed().as_secs_f64();
    match broken {
        None => {
            println!(
                "{seeds} schedules in {seconds:.1} s: {:.0} a second",
                seeds as f64 / seconds
            );
            ExitCode::SUCCESS
        }
        Some(seed) => {
            println!("{}", transcript_of(seed));
            println!("broken after {seconds:.1} s");
            ExitCode::FAILURE
        }
    }
}

/// The lowest seed that breaks a law.
fn first_broken(from: u64, end: u64) -> Option<u64> {
    let next = AtomicU64::new(from);
    let broken = AtomicU64::new(u64::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&next, &broken, end));
        }
    });
    Some(broken.into_inner()).filter(|seed| *seed != u64::MAX)
}

fn work(next: &AtomicU64, broken: &AtomicU64, end: u64) {
    let mut net = None;
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        for seed in first..first.saturating_add(BATCH).min(end) {
            if seed >= broken.load(Ordering::Relaxed) {
                return;
            }
            let used = net.take().unwrap_or_default();
            match catch_unwind(AssertUnwindSafe(|| play(seed, used))) {
                Ok(used) => net = Some(used),
                Err(_) => {
                    broken.fetch_min(seed, Ordering::Relaxed);
                }
            }
        }
        if first >= end {
            return;
        }
    }
}

fn number_after(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args();
    arguments
        .find(|argument| argument == name)
        .and_then(|_| arguments.next())
        .map_or(default, |number| number.parse().expect("a number"))
}

/// Seeds that a thread takes at once.
const BATCH: u64 = 256;
