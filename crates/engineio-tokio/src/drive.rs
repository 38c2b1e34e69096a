//! The loop that drives a machine.
//!
//! Invariant: whatever is waited for has a waker registered, and nothing is waited for while the
//! machine has outputs.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use engineio_proto::{Machine, Output, Timestamp};

use crate::clock::{Alarm, Clock};

/// What runs on top of a machine, inside the task of its connection.
///
/// All methods are called from that one task, so an application needs no lock for what it owns.
pub trait Application<M: Machine>: Send + 'static {
    /// Takes one event. Commands may be given to the machine right here.
    fn on_event(&mut self, machine: &mut M, now: Timestamp, event: M::Event);

    /// Makes progress: commands from other tasks, handlers in flight.
    ///
    /// `Ready(())` says that the machine may have changed: its outputs are performed, then this is
    /// called again. `Pending` says that nothing can be done now and that the waker is registered.
    fn poll(&mut self, cx: &mut Context<'_>, machine: &mut M, now: Timestamp) -> Poll<()>;

    /// Whether the connection may read more from its peer.
    ///
    /// `false` is back-pressure: neither WebSocket messages nor bodies of posts are taken in, while
    /// writing, answering and timers go on. Asked again after every step.
    fn is_reading(&self) -> bool {
        true
    }

    /// Called when all outputs are performed, before the task waits.
    ///
    /// Not the place to begin to read again: nobody asks before the next wake.
    fn on_idle(&mut self, machine: &M) {
        let _ = machine;
    }

    /// Whether no session is open or being opened: what is still asked for is of no use.
    ///
    /// A client whose sessions follow each other says so between two of them. Asked after every
    /// round.
    fn is_between_sessions(&self, machine: &M) -> bool {
        machine.is_closed()
    }

    /// True once the session has ended and nothing is left to run: the task ends.
    fn is_finished(&self) -> bool;
}

/// What a machine is connected to: its transports and requests.
///
/// A `poll_*` method that returns `Pending` has registered the waker.
pub(crate) trait Wire<M: Machine> {
    /// Does what the machine asks. Never waits: what cannot be written yet is kept.
    fn perform(&mut self, io: M::Io);
    /// The next thing that happened. Without `reading`, nothing that makes work for the application
    /// is taken in.
    fn poll_input(&mut self, cx: &mut Context<'_>, reading: bool) -> Poll<M::Input>;
    /// Writes what is kept. Ready with each transport that has nothing left to write, or broke.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<M::Input>;
    /// There is no session: nobody new finds the way here, and no answer is waited for.
    fn retire(&mut self);
    /// The task ends.
    fn close(self);
}

/// Looks at a machine after every step.
pub(crate) trait Onlooker<M> {
    fn look(&mut self, machine: &M);
}

/// Nobody.
impl<M> Onlooker<M> for () {
    fn look(&mut self, _machine: &M) {}
}

/// Drives one machine until its application has finished. `witness` looks on.
pub(crate) async fn drive<M, A, W, O>(machine: M, application: A, wire: W, clock: Clock, witness: O)
where
    M: Machine,
    A: Application<M>,
    W: Wire<M>,
    O: Onlooker<M>,
{
    let mut driver = Driver {
        machine,
        application,
        wire,
        clock,
        alarm: Alarm::new(clock),
        witness,
    };
    poll_fn(|cx| driver.poll(cx)).await;
    driver.wire.close();
}

struct Driver<M, A, W, O> {
    machine: M,
    application: A,
    wire: W,
    clock: Clock,
    alarm: Alarm,
    witness: O,
}

/// Whether a part of a round found something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Idle,
    Progress,
}

impl<M, A, W, O> Driver<M, A, W, O>
where
    M: Machine,
    A: Application<M>,
    W: Wire<M>,
    O: Onlooker<M>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS {
            let step = self.round(cx);
            if self.application.is_between_sessions(&self.machine) {
                self.wire.retire();
            }
            if self.application.is_finished() {
                return Poll::Ready(());
            }
            if step == Step::Progress {
                continue;
            }
            if self
                .alarm
                .poll(cx, self.machine.next_timeout())
                .is_pending()
            {
                self.application.on_idle(&self.machine);
                return Poll::Pending;
            }
        }
        // A connection that never rests must not keep the thread from the others.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Everything once: what came in, what is overdue, what the application wants, what goes out.
    ///
    /// Writing comes last, so that the answers to all that came in leave together.
    fn round(&mut self, cx: &mut Context<'_>) -> Step {
        let now = self.clock.now();
        let (received, was_reading) = self.receive(cx, now);
        self.pass_time(now);
        let applied = self.run_application(cx, now);
        let flushed = self.flush(cx, now);
        // A transport that was not read has no waker registered.
        let resumed = !was_reading && self.application.is_reading();
        if resumed || [received, applied, flushed].contains(&Step::Progress) {
            Step::Progress
        } else {
            Step::Idle
        }
    }

    fn receive(&mut self, cx: &mut Context<'_>, now: Timestamp) -> (Step, bool) {
        let mut step = Step::Idle;
        let mut reading = self.application.is_reading();
        for _ in 0..INPUTS {
            let Poll::Ready(input) = self.wire.poll_input(cx, reading) else {
                return (step, reading);
            };
            step = Step::Progress;
            self.machine.handle(now, input);
            self.perform_outputs(now);
            reading = self.application.is_reading();
        }
        (step, reading)
    }

    fn pass_time(&mut self, now: Timestamp) {
        if self.machine.next_timeout().is_some_and(|due| due <= now) {
            self.machine.handle_timeout(now);
        }
        self.perform_outputs(now);
    }

    fn run_application(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Step {
        for turn in 0..TURNS {
            if self
                .application
                .poll(cx, &mut self.machine, now)
                .is_pending()
            {
                // Commands given by a poll that parked in the end.
                self.perform_outputs(now);
                return if turn == 0 {
                    Step::Idle
                } else {
                    Step::Progress
                };
            }
            self.perform_outputs(now);
        }
        Step::Progress
    }

    fn flush(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Step {
        let mut step = Step::Idle;
        for _ in 0..FLUSHES {
            let Poll::Ready(input) = self.wire.poll_flush(cx) else {
                break;
            };
            step = Step::Progress;
            self.machine.handle(now, input);
            self.perform_outputs(now);
        }
        step
    }

    fn perform_outputs(&mut self, now: Timestamp) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Io(io) => self.wire.perform(io),
                Output::Event(event) => self.application.on_event(&mut self.machine, now, event),
            }
        }
        self.witness.look(&self.machine);
    }
}

/// Rounds before the task lets others run.
const ROUNDS: usize = 32;

/// Inputs taken in before time passes, the application runs and answers leave.
const INPUTS: usize = 128;

/// Polls of the application before answers leave.
const TURNS: usize = 128;

/// Windows of credit written before the connection is read again.
const FLUSHES: usize = 16;

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, time::Duration};

    use super::*;

    /// Says every number back, and has a deadline of its own until it hears a zero.
    #[derive(Default)]
    struct Parrot {
        outputs: VecDeque<Output<u32, u32>>,
        due: Option<Timestamp>,
        closed: bool,
    }

    impl Machine for Parrot {
        type Input = u32;
        type Io = u32;
        type Event = u32;

        fn handle(&mut self, now: Timestamp, input: u32) {
            self.closed |= input == 0;
            self.due = (input > 0).then(|| now + Duration::from_secs(60));
            self.outputs.push_back(Output::Event(input));
            self.outputs.push_back(Output::Io(input));
        }

        fn handle_timeout(&mut self, now: Timestamp) {
            if self.due.is_some_and(|due| due <= now) {
                self.handle(now, 0);
            }
        }

        fn poll_output(&mut self) -> Option<Output<u32, u32>> {
            self.outputs.pop_front()
        }

        fn next_timeout(&self) -> Option<Timestamp> {
            self.due
        }

        fn is_closed(&self) -> bool {
            self.closed
        }
    }

    /// Remembers what it hears. When picky, it reads one number and rests until it is polled.
    #[derive(Default)]
    struct Counter {
        seen: Vec<u32>,
        rests: u32,
        picky: bool,
    }

    impl Application<Parrot> for Counter {
        fn on_event(&mut self, _machine: &mut Parrot, _now: Timestamp, event: u32) {
            self.seen.push(event);
            self.rests = 1;
        }

        fn poll(&mut self, _: &mut Context<'_>, _: &mut Parrot, _: Timestamp) -> Poll<()> {
            self.rests = 0;
            Poll::Pending
        }

        fn is_reading(&self) -> bool {
            !self.picky || self.rests == 0
        }

        fn is_finished(&self) -> bool {
            self.seen.last() == Some(&0)
        }
    }

    #[derive(Default)]
    struct Paper {
        inputs: VecDeque<u32>,
        kept: Vec<u32>,
        written: std::sync::Arc<std::sync::Mutex<Vec<Vec<u32>>>>,
    }

    impl Wire<Parrot> for Paper {
        fn perform(&mut self, io: u32) {
            self.kept.push(io);
        }

        fn poll_input(&mut self, _cx: &mut Context<'_>, reading: bool) -> Poll<u32> {
            match self.inputs.front() {
                Some(_) if reading => self.inputs.pop_front().map_or(Poll::Pending, Poll::Ready),
                _ => Poll::Pending,
            }
        }

        fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<u32> {
            if !self.kept.is_empty() {
                self.written
                    .lock()
                    .unwrap()
                    .push(std::mem::take(&mut self.kept));
            }
            Poll::Pending
        }

        fn retire(&mut self) {}

        fn close(self) {}
    }

    async fn written(inputs: &[u32], application: Counter) -> Vec<Vec<u32>> {
        let wire = Paper {
            inputs: inputs.iter().copied().collect(),
            ..Paper::default()
        };
        let written = std::sync::Arc::clone(&wire.written);
        drive(Parrot::default(), application, wire, Clock::start(), ()).await;
        let written = written.lock().unwrap();
        written.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_in_together_is_answered_together() {
        assert_eq!(
            written(&[1, 2, 3], Counter::default()).await,
            [vec![1, 2, 3], vec![0]]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_application_is_asked_behind_every_input_whether_it_reads() {
        let picky = Counter {
            picky: true,
            ..Counter::default()
        };
        assert_eq!(written(&[1, 2, 3], picky).await, [[1], [2], [3], [0]]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_inputs_do_not_hold_up_the_answers_for_ever() {
        let inputs: Vec<u32> = (1..=10_000).collect();
        let written = written(&inputs, Counter::default()).await;
        assert!(written.iter().all(|batch| batch.len() <= INPUTS));
        assert_eq!(written.concat(), [&inputs[..], &[0]].concat());
    }
}
