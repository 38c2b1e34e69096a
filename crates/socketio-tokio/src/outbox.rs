//! What other tasks want of a connection: commands on their way into its task.
//!
//! Invariant: `waiting` is the sum of the lengths of the packets in `commands`.

#[cfg(feature = "server")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "server")]
use std::task::Waker;

use futures_util::task::AtomicWaker;
use socketio_proto::Args;
use tokio::sync::Notify;

use crate::error::EmitError;

/// One thing that a connection's task should do.
pub(crate) trait Queued {
    /// The bytes that it will add to the send buffer. 0: it is never refused for being too much.
    fn len(&self) -> usize;
    /// The connection has ended before it could be done.
    fn void(self);
}

/// What a packet occupies beside its bytes, so that a flood of tiny ones has a bound too.
pub(crate) const OVERHEAD: usize = 64;

/// The bytes of an event or acknowledgement, header not counted.
pub(crate) fn args_len(args: &Args) -> usize {
    let attachments: usize = args.attachments().iter().map(|bytes| bytes.len()).sum();
    args.json().len() + attachments
}

/// The queue between all tasks that emit and the one task that writes.
#[derive(Debug)]
pub(crate) struct Outbox<C> {
    queue: Mutex<Queue<C>>,
    /// Bytes that the session holds: taken over from here, not yet written.
    written: AtomicUsize,
    /// That of the task, which may take from several outboxes.
    waker: Arc<AtomicWaker>,
    /// Told whenever nothing waits any more.
    drained: Notify,
    #[cfg(feature = "server")]
    abandoned: AtomicBool,
    limit: usize,
}

#[derive(Debug)]
struct Queue<C> {
    commands: Vec<C>,
    waiting: usize,
    closed: bool,
}

impl<C: Queued> Outbox<C> {
    /// An outbox in which at most `limit` bytes wait, those held by the session included.
    pub(crate) fn new(limit: usize, waker: Arc<AtomicWaker>) -> Self {
        Self {
            queue: Mutex::new(Queue {
                commands: Vec::new(),
                waiting: 0,
                closed: false,
            }),
            written: AtomicUsize::new(0),
            waker,
            drained: Notify::new(),
            #[cfg(feature = "server")]
            abandoned: AtomicBool::new(false),
            limit,
        }
    }

    /// Queues a command.
    ///
    /// # Errors
    ///
    /// `NotConnected` after the connection's end, `Full` at the limit. Commands without a
    /// packet are never refused for being too many.
    pub(crate) fn push(&self, command: C) -> Result<(), EmitError> {
        let len = command.len();
        let mut queue = self.lock();
        if queue.closed {
            return Err(EmitError::NotConnected);
        }
        let held = self.written.load(Ordering::Relaxed) + queue.waiting;
        // A packet that is larger than the limit may still travel alone.
        if len > 0 && held > 0 && held.saturating_add(len) > self.limit {
            return Err(EmitError::Full);
        }
        let was_empty = queue.commands.is_empty();
        queue.waiting += len;
        queue.commands.push(command);
        drop(queue);
        // The task takes everything at once: whoever found the queue empty is the one to wake it.
        if was_empty {
            self.waker.wake();
        }
        Ok(())
    }

    /// Moves all commands into `commands`, which must be empty, in the order of their arrival.
    pub(crate) fn take(&self, commands: &mut Vec<C>) {
        let mut queue = self.lock();
        // Counted as held by the session at once, so that the sum never dips in between.
        self.written.fetch_add(queue.waiting, Ordering::Relaxed);
        queue.waiting = 0;
        std::mem::swap(&mut queue.commands, commands);
    }

    /// Says how many bytes the session holds now.
    pub(crate) fn set_written(&self, bytes: usize) {
        let before = self.written.swap(bytes, Ordering::Relaxed);
        // Whoever waits has seen some bytes: they can only go away here, or at the end.
        if bytes == 0 && before > 0 && self.lock().waiting == 0 {
            self.drained.notify_waiters();
        }
    }

    /// Waits until nothing is queued, or the connection has ended.
    pub(crate) async fn drained(&self) {
        loop {
            let mut drained = std::pin::pin!(self.drained.notified());
            // Registered before the look, so that nothing is missed in between.
            drained.as_mut().enable();
            if self.is_closed() || self.queued_bytes() == 0 {
                return;
            }
            drained.await;
        }
    }

    /// The bytes that wait for this client to read.
    pub(crate) fn queued_bytes(&self) -> usize {
        let queue = self.lock();
        self.written.load(Ordering::Relaxed) + queue.waiting
    }

    /// Refuses everything from now on and drops what waits.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.waiting = 0;
        let commands = std::mem::take(&mut queue.commands);
        drop(queue);
        for command in commands {
            command.void();
        }
        self.drained.notify_waiters();
    }

    /// Whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Makes the task drop what it is doing, also when it only waits for handlers any more.
    #[cfg(feature = "server")]
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.waker.wake();
    }

    #[cfg(feature = "server")]
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Whom to wake when a command arrives. Register before looking into the queue.
    #[cfg(feature = "server")]
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Queue<C>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet, or a command without one.
    struct Command(usize);

    impl Queued for Command {
        fn len(&self) -> usize {
            self.0
        }

        fn void(self) {}
    }

    fn packet(text: &str) -> Command {
        Command(OVERHEAD + text.len())
    }

    fn outbox(limit: usize) -> Outbox<Command> {
        Outbox::new(limit, Arc::default())
    }

    #[test]
    fn the_limit_counts_what_the_session_still_holds() {
        let outbox = outbox(2 * packet("12345").len());
        outbox.push(packet("12345")).unwrap();
        let mut taken = Vec::new();
        outbox.take(&mut taken);
        outbox.push(packet("12345")).unwrap();
        assert!(matches!(outbox.push(packet("12345")), Err(EmitError::Full)));
        outbox.set_written(0);
        outbox.push(packet("12345")).unwrap();
    }

    #[test]
    fn a_full_outbox_still_takes_commands_without_a_packet() {
        let outbox = outbox(1);
        outbox.push(packet("12345")).unwrap();
        assert!(matches!(outbox.push(packet("12345")), Err(EmitError::Full)));
        outbox.push(Command(0)).unwrap();
    }

    #[test]
    fn a_packet_larger_than_the_limit_travels_alone() {
        let outbox = outbox(10);
        outbox.push(packet("much longer than ten bytes")).unwrap();
        assert!(matches!(outbox.push(packet("")), Err(EmitError::Full)));
        outbox.take(&mut Vec::new());
        outbox.set_written(0);
        outbox.push(packet("much longer than ten bytes")).unwrap();
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let outbox = outbox(1000);
        outbox.push(packet("a")).unwrap();
        outbox.close();
        assert!(matches!(
            outbox.push(packet("a")),
            Err(EmitError::NotConnected)
        ));
        assert_eq!(outbox.queued_bytes(), 0);
    }

    #[test]
    fn what_is_on_its_way_into_the_session_is_never_unseen() {
        for round in 0..20_000 {
            let outbox = Arc::new(outbox(1_000_000));
            outbox.push(packet("12345")).unwrap();
            let start = Arc::new(std::sync::Barrier::new(2));
            let (its, go) = (outbox.clone(), start.clone());
            let taker = std::thread::spawn(move || {
                go.wait();
                let mut taken = Vec::new();
                its.take(&mut taken);
            });
            start.wait();
            for _ in 0..50 {
                assert!(outbox.queued_bytes() > 0, "round {round}");
            }
            taker.join().unwrap();
        }
    }
}
