//! What other tasks want of a connection: commands on their way into its task.
//!
//! Invariant: `waiting` is the sum of the lengths of the packets in `commands`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use socketio_proto::server::{Emit, ReplyTo};
use socketio_proto::{Args, Encoded, Namespace};
use tokio::sync::Notify;

use crate::call::Asker;
use crate::error::EmitError;
use crate::socket::Socket;

/// One thing that the connection's task should do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Ask the client, and tell the caller what it says.
    Call {
        packet: Encoded,
        within: Option<Duration>,
        asker: Asker,
    },
    /// Leave every namespace, then close.
    Close,
    /// End the session, once what was emitted before is delivered.
    CloseSession,
    /// Close because the client reads too slowly to be served.
    CloseSlow,
    /// Leave one namespace, and hear nothing more from there.
    Disconnect(Namespace),
    /// Write a packet.
    Emit(Encoded, Emit),
    /// Leave one namespace in which the client has a newer socket, over another connection.
    Replaced(Namespace),
    /// Answer an event late.
    Reply {
        socket: Socket,
        to: ReplyTo,
        args: Args,
    },
    /// Close because the server ends, once what was emitted before is delivered.
    ShutDown,
}

impl Command {
    /// The bytes that the command will add to the send buffer.
    fn len(&self) -> usize {
        match self {
            Self::Call { packet, .. } | Self::Emit(packet, _) => OVERHEAD + packet.len(),
            Self::Reply { args, .. } => OVERHEAD + args_len(args),
            Self::Close
            | Self::CloseSession
            | Self::CloseSlow
            | Self::Disconnect(_)
            | Self::Replaced(_)
            | Self::ShutDown => 0,
        }
    }
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
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// Bytes that the session holds: taken over from here, not yet written.
    written: AtomicUsize,
    waker: AtomicWaker,
    /// Told whenever nothing waits any more.
    drained: Notify,
    abandoned: AtomicBool,
    limit: usize,
}

#[derive(Debug, Default)]
struct Queue {
    commands: Vec<Command>,
    waiting: usize,
    closed: bool,
}

impl Outbox {
    /// An outbox in which at most `limit` bytes wait, those held by the session included.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            queue: Mutex::default(),
            written: AtomicUsize::new(0),
            waker: AtomicWaker::new(),
            drained: Notify::new(),
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
    pub(crate) fn push(&self, command: Command) -> Result<(), EmitError> {
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
    pub(crate) fn take(&self, commands: &mut Vec<Command>) {
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
            if let Command::Call { asker, .. } = command {
                asker.tell(Err(crate::error::CallError::Disconnected));
            }
        }
        self.drained.notify_waiters();
    }

    /// Whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Makes the task drop what it is doing, also when it only waits for handlers any more.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Whom to wake when a command arrives. Register before looking into the queue.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &str) -> Command {
        Command::Emit(
            Encoded::event(&Namespace::root(), "e", &text).unwrap(),
            Emit::default(),
        )
    }

    fn outbox(limit: usize) -> Outbox {
        Outbox::new(limit)
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
        outbox.push(Command::Close).unwrap();
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
            let outbox = std::sync::Arc::new(outbox(1_000_000));
            outbox.push(packet("12345")).unwrap();
            let start = std::sync::Arc::new(std::sync::Barrier::new(2));
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
