//! The load: each connection emits when it is its turn.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socketio::CallError;
use socketio::client::{Item, Socket};
use socketio_parser::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::pace::Pace;
use super::{Shared, lock};

/// What all connections do.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) event: String,
    pub(super) payload: Value,
    /// How long to wait for an answer. `None`: none is asked for.
    pub(super) answer_within: Option<Duration>,
    /// Between two events, all connections together.
    pub(super) interval: Duration,
    pub(super) start: Instant,
    pub(super) end: Instant,
    pub(super) tally: Shared,
}

impl Load {
    /// Runs until nothing is due any more, and everything was answered or delivered. Dropped before,
    /// all of it stops.
    pub(super) async fn run(self, sockets: Vec<Socket>) {
        let count = sockets.len() as u64;
        let load = Arc::new(self);
        let mut tasks = JoinSet::new();
        for (index, socket) in sockets.into_iter().enumerate() {
            let Self {
                start,
                end,
                interval,
                ..
            } = *load;
            let pace = Pace::new(start, end, interval, index as u64, count);
            let load = Arc::clone(&load);
            tasks.spawn(async move { load.one(socket, pace).await });
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                lock(&load.tally).error(&error.to_string());
            }
        }
    }

    /// What one connection does.
    async fn one(&self, mut socket: Socket, mut pace: Pace) {
        let mut open = FuturesUnordered::new();
        loop {
            let due = pace.due();
            if due.is_none() && open.is_empty() {
                break;
            }
            let has_room = open.len() < MAX_OPEN;
            tokio::select! {
                Some(()) = open.next() => {}
                () = sleep_until(due.unwrap_or(self.end)), if due.is_some() && has_room => {
                    let since = counts_from(due.unwrap_or(self.end), Instant::now());
                    pace.advance();
                    match self.answer_within {
                        Some(within) => open.push(self.ask(&socket, since, within)),
                        None => self.tell(&socket, since).await,
                    }
                }
                item = socket.next() => if let Some(reason) = end_of(item) {
                    lock(&self.tally).error(&reason);
                    break;
                }
            }
        }
        // Those that still wait will not be answered any more.
        while open.next().await.is_some() {}
        super::peer::leave(socket.client()).await;
    }

    /// Emits one event, and waits if too much is on its way: that is what pressure does.
    async fn tell(&self, socket: &Socket, since: Instant) {
        let sent = socket.emit(&self.event, &self.payload);
        if socket.queued_bytes() > MAX_QUEUED {
            socket.drained().await;
        }
        let mut tally = lock(&self.tally);
        match sent {
            Ok(()) => {
                tally.sent += 1;
                tally.latencies.record(since.elapsed());
            }
            Err(error) => tally.error(&format!("not sent: {error}")),
        }
    }

    /// Emits one event, and waits for its answer.
    fn ask(
        &self,
        socket: &Socket,
        since: Instant,
        within: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let call = socket
            .call::<()>(&self.event, &self.payload)
            .timeout(within);
        let tally = Arc::clone(&self.tally);
        async move {
            lock(&tally).sent += 1;
            let answer: Result<(), CallError> = call.await;
            let mut tally = lock(&tally);
            match answer {
                Ok(()) => {
                    tally.answered += 1;
                    tally.latencies.record(since.elapsed());
                }
                Err(error) => tally.error(&format!("no answer: {error}")),
            }
        }
    }
}

/// From when the time of an event counts: from when it was due, unless only the timer was late.
fn counts_from(due: Instant, now: Instant) -> Instant {
    match now.saturating_duration_since(due) {
        late if late < GRANULARITY => now,
        _ => due,
    }
}

/// Whether the connection has ended with this item, and why.
fn end_of(item: Option<Item>) -> Option<String> {
    match item {
        Some(Item::Disconnected { reason, .. }) => {
            Some(format!("disconnected: {}", reason.as_str()))
        }
        Some(_) => None,
        None => Some("disconnected".into()),
    }
}

/// How many calls of one connection may wait for their answers. Beyond, the next one waits, and its
/// time runs.
const MAX_OPEN: usize = 256;
/// How many bytes may wait in one connection before it pauses.
const MAX_QUEUED: usize = 1 << 20;
/// How late the timer may be: it counts in milliseconds.
const GRANULARITY: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_timer_is_forgiven() {
        let due = Instant::now();
        let early = due + Duration::from_millis(1);
        assert_eq!(counts_from(due, early), early);
        let late = due + Duration::from_millis(3);
        assert_eq!(counts_from(due, late), due);
    }
}
