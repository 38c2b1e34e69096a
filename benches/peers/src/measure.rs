//! Medians of many samples, taken in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// One piece of work, done by several who are compared.
pub(crate) struct Workload<'a> {
    name: String,
    bytes: usize,
    contenders: Vec<Contender<'a>>,
}

struct Contender<'a> {
    name: &'static str,
    /// Does the work so many times, and says how long that took.
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
    rounds: u64,
    samples: Vec<f64>,
}

impl<'a> Workload<'a> {
    /// `bytes`: how many are read or written.
    pub(crate) fn new(name: impl Into<String>, bytes: usize) -> Self {
        Self {
            name: name.into(),
            bytes,
            contenders: Vec::new(),
        }
    }

    /// Adds someone who does the work. What comes out is dropped, which counts as a part of it.
    pub(crate) fn by<T>(self, name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        self.contender(name, move |rounds| {
            let start = Instant::now();
            (0..rounds).for_each(|_| drop(black_box(work())));
            start.elapsed()
        })
    }

    /// The same with an input that the work uses up. Making it is not measured: a socket hands it
    /// over as well.
    pub(crate) fn of<I, T>(
        self,
        name: &'static str,
        mut input: impl FnMut() -> I + 'a,
        mut work: impl FnMut(I) -> T + 'a,
    ) -> Self {
        self.contender(name, move |rounds| {
            let mut took = Duration::ZERO;
            for done in (0..rounds).step_by(BATCH) {
                let left = (rounds - done).min(BATCH as u64);
                let inputs: Vec<_> = (0..left).map(|_| input()).collect();
                let start = Instant::now();
                for input in inputs {
                    drop(black_box(work(input)));
                }
                took += start.elapsed();
            }
            took
        })
    }

    fn contender(mut self, name: &'static str, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        self.contenders.push(Contender {
            name,
            run: Box::new(run),
            rounds: 1,
            samples: Vec::new(),
        });
        self
    }

    /// Measures, then writes a line for each: workload, bytes, who, nanoseconds.
    pub(crate) fn run(mut self) {
        for contender in &mut self.contenders {
            contender.warm_up();
        }
        // In turns, so that a disturbance hits all alike.
        for _ in 0..SAMPLES {
            for contender in &mut self.contenders {
                contender.sample();
            }
        }
        for contender in &mut self.contenders {
            let median = contender.median();
            println!(
                "{}\t{}\t{}\t{median:.1}",
                self.name, self.bytes, contender.name
            );
        }
    }
}

impl Contender<'_> {
    fn warm_up(&mut self) {
        let start = Instant::now();
        while start.elapsed() < WARM_UP {
            if self.time() < SAMPLE {
                self.rounds *= 2;
            }
        }
    }

    fn sample(&mut self) {
        let nanoseconds = self.time().as_nanos() as f64 / self.rounds as f64;
        self.samples.push(nanoseconds);
    }

    fn time(&mut self) -> Duration {
        (self.run)(self.rounds)
    }

    fn median(&mut self) -> f64 {
        self.samples.sort_by(f64::total_cmp);
        self.samples[self.samples.len() / 2]
    }
}

const SAMPLES: usize = 101;
/// How many inputs are made at a time: few enough to stay in the cache, so many that reading the
/// clock does not show.
const BATCH: usize = 256;
/// Shorter than what a scheduler hands out, so that most samples are undisturbed on a busy machine.
const SAMPLE: Duration = Duration::from_micros(400);
const WARM_UP: Duration = Duration::from_millis(50);
