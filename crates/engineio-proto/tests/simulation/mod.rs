//! Plays many seeds on all cores: `--seeds N` of them from `--from M` on.
//!
//! Prints how fast it was and the first seed that breaks a law, with its transcript.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// `play` plays one seed, given what an earlier game has left to use again; `transcript_of` prints one that breaks a law.
pub(crate) fn run<N: Default>(play: fn(u64, N) -> N, transcript_of: fn(u64) -> String) -> ExitCode {
    let (seeds, from) = (number_after("--seeds", 100_000), number_after("--from", 0));
    std::panic::set_hook(Box::new(|_| {}));
    #[allow(
        clippy::disallowed_methods,
        reason = "the speed of the simulation is real"
    )]
    let start = Instant::now();
    let broken = first_broken(play, from, from.saturating_add(seeds));
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
            println!(
                "broken after {seconds:.1} s; once it is understood, keep the seed in seeds.txt"
            );
            ExitCode::FAILURE
        }
    }
}

/// The lowest seed that breaks a law.
fn first_broken<N: Default>(play: fn(u64, N) -> N, from: u64, end: u64) -> Option<u64> {
    let next = AtomicU64::new(from);
    let broken = AtomicU64::new(u64::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(play, &next, &broken, end));
        }
    });
    Some(broken.into_inner()).filter(|seed| *seed != u64::MAX)
}

fn work<N: Default>(play: fn(u64, N) -> N, next: &AtomicU64, broken: &AtomicU64, end: u64) {
    let mut used: Option<N> = None;
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        for seed in first..first.saturating_add(BATCH).min(end) {
            if seed >= broken.load(Ordering::Relaxed) {
                return;
            }
            let given = used.take().unwrap_or_default();
            match catch_unwind(AssertUnwindSafe(|| play(seed, given))) {
                Ok(left) => used = Some(left),
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
