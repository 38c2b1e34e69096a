//! `sio bench`: many connections, a steady rate, and how long answers take.

mod load;
mod pace;
mod report;
mod tally;

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::Args;
use futures_util::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use socketio::client::Socket;
use socketio_parser::Value;
use tokio::time::Instant;

use crate::args;
use crate::failure::Failure;
use crate::options::Target;
use crate::output;
use crate::peer;
use crate::units::{self, Rate, Span};
use load::Load;
use report::Report;
use tally::Tally;

/// Measure a server: connect many times, emit at a steady rate, and see how long answers take.
///
/// Times count from when an event was due, not from when it could be sent: a server that stalls
/// shows in full (no coordinated omission), and only what the timer of this program itself is late,
/// up to 2 ms, is not counted.
///
/// The exit code is 1 if no connection came about.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    #[command(flatten)]
    target: Target,

    /// How many connections.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,

    /// How many of them are opened at the same time.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    ramp: u32,

    /// Events per second, all connections together.
    #[arg(long, default_value = "100/s")]
    rate: Rate,

    /// How long to emit.
    #[arg(long, value_name = "SPAN", default_value = "10s")]
    duration: Span,

    /// The name of the events.
    #[arg(long, default_value = "message")]
    event: String,

    /// What they carry: a size, such as 512 or 64k, for a text of so many bytes, or JSON.
    #[arg(long, value_name = "SIZE|JSON", default_value = "64")]
    payload: Payload,

    /// Ask for answers, and measure them; without, how long it takes to hand events to the
    /// transport.
    #[arg(long)]
    ack: bool,

    /// How long to wait for an answer.
    #[arg(long, value_name = "SPAN", default_value = "10s")]
    timeout: Span,

    /// Print one line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = r#"Examples:
  sio bench :3000 --ack --event echo
  sio bench :3000 --connections 500 --rate 2000/s --duration 30s --payload 1k --ack
  sio bench :3000 --transport websocket --payload '{"text":"hello"}' --json | jq .sent_per_second"#;

/// The value that each event carries.
#[derive(Clone, Debug, PartialEq)]
struct Payload(Value);

impl FromStr for Payload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match units::size(text) {
            Some(size) if size <= MAX_PAYLOAD => Ok(Self("x".repeat(size).into())),
            Some(_) => Err("a payload has at most 64M".into()),
            None => match args::value(text) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(Self(value)),
                Ok(value) if text.starts_with('"') => Ok(Self(value)),
                Ok(_) => Err("a payload is a size, such as 64k, or JSON".into()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// The tally that all connections share.
type Shared = Arc<Mutex<Tally>>;

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bench {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let tally: Shared = Arc::new(Mutex::new(Tally::new()));
        let sockets = self.connect(&tally).await?;
        if sockets.is_empty() {
            let tally = lock(&tally);
            let reason = tally
                .errors()
                .first()
                .map(|(reason, _)| (*reason).to_owned());
            return Err(Failure::failed(
                reason.unwrap_or_else(|| "interrupted".into()),
            ));
        }
        let elapsed = self.load(sockets, &tally).await;
        let tally = lock(&tally);
        let report = Report {
            url: self.target.url(),
            connections: self.connections as usize,
            rate: self.rate.per_second(),
            elapsed,
            payload: output::json(&self.payload.0).len(),
            with_ack: self.ack,
            tally: &tally,
        };
        match self.json {
            true => println!("{}", output::json(&report.to_value())),
            false => println!("{}", report.to_table()),
        }
        Ok(())
    }

    /// Opens the connections, some at a time. Until interrupted.
    async fn connect(&self, tally: &Shared) -> Result<Vec<Socket>, Failure> {
        let namespace = self.target.namespace()?;
        // What makes no sense is said once, and before anything is tried.
        self.target
            .builder()?
            .build()
            .map_err(|error| peer::build_failure(&error))?;
        let bar = bar(
            u64::from(self.connections),
            "connecting {wide_bar} {pos}/{len}",
        );
        let attempts = (0..self.connections).map(|_| async {
            let start = Instant::now();
            let builder = self.target.builder()?.reconnection(false);
            let socket = builder.connect(namespace).await;
            let socket = socket.map_err(|error| peer::connect_failure(&error))?;
            Ok::<_, Failure>((socket, start.elapsed()))
        });
        let mut attempts = stream::iter(attempts).buffer_unordered(self.ramp as usize);
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut sockets = Vec::new();
        loop {
            let attempt = tokio::select! {
                attempt = attempts.next() => attempt,
                _ = &mut interrupt => None,
            };
            match attempt {
                Some(Ok((socket, took))) => {
                    lock(tally).connects.record(took);
                    sockets.push(socket);
                }
                Some(Err(failure)) => lock(tally).error(&failure.to_string()),
                None => break,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(sockets)
    }

    /// Emits until the time is over and the answers are there, or until interrupted. Gives the time
    /// that it took.
    async fn load(&self, sockets: Vec<Socket>, tally: &Shared) -> Duration {
        let Span(duration) = self.duration;
        let bar = bar(
            u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            "{wide_bar} {msg}",
        );
        let start = Instant::now();
        let load = Load {
            event: self.event.clone(),
            payload: self.payload.0.clone(),
            answer_within: self.ack.then_some(self.timeout.0),
            interval: self.rate.interval(),
            start,
            end: start + duration,
            tally: Arc::clone(tally),
        };
        let work = load.run(sockets);
        let mut work = std::pin::pin!(work);
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = &mut work => break,
                _ = &mut interrupt => break,
                _ = tick.tick() => {
                    let millis = start.elapsed().min(duration).as_millis();
                    bar.set_position(u64::try_from(millis).unwrap_or(u64::MAX));
                    let tally = lock(tally);
                    let errors: u64 = tally.errors().iter().map(|(_, count)| count).sum();
                    let (sent, answered) = (tally.sent, tally.answered);
                    bar.set_message(format!("{sent} sent, {answered} answered, {errors} errors"));
                }
            }
        }
        bar.finish_and_clear();
        start.elapsed()
    }
}

/// A bar that shows how far it is, if standard error is a terminal.
fn bar(len: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(len);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);
/// In bytes.
const MAX_PAYLOAD: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_a_size_or_json() {
        assert_eq!("3".parse(), Ok(Payload("xxx".into())));
        assert_eq!("1k".parse(), Ok(Payload("x".repeat(1024).into())));
        assert_eq!(r#""3""#.parse(), Ok(Payload("3".into())));
        assert_eq!("[1]".parse(), Ok(Payload(vec![1].into())));
        for text in ["word", "[1", "1G", "100M"] {
            assert!(text.parse::<Payload>().is_err(), "{text}");
        }
    }
}
