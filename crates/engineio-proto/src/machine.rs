//! The contract between a protocol machine and whoever drives it.

use crate::time::Timestamp;

/// A protocol machine as its driver sees it: no I/O, no clock, no randomness.
///
/// A machine is a fold over `(Timestamp, Input)`: the same inputs give the same outputs.
/// Calls may come in any order; nothing has to be drained before anything else. What every
/// machine of this workspace promises:
///
/// * sending queues, polling decides: what is sent between two polls travels together;
/// * every request is answered exactly once, whatever happens to the session;
/// * the last event says how the session ended, exactly once;
/// * an input about a request or a transport that is gone changes nothing;
/// * time does not run backwards: an older `now` counts as the latest one seen. An input and a
///   timeout due at the same `now`: the input goes first. A command and a timeout: the driver
///   calls [`handle_timeout`](Self::handle_timeout) first.
pub trait Machine {
    /// What the network did.
    type Input;
    /// What the network should do.
    type Io;
    /// What the application should know.
    type Event;

    /// Takes one input.
    ///
    /// Infallible: a peer that breaks the protocol is an outcome (a rejection, a close), not an
    /// error of the caller.
    fn handle(&mut self, now: Timestamp, input: Self::Input);

    /// Lets time pass. Early and repeated calls are harmless.
    fn handle_timeout(&mut self, now: Timestamp);

    /// Returns the next thing to do. `None`: nothing until the next input, command or timeout.
    ///
    /// Buffered packets become frames and payloads here, not when they are sent. Takes no time:
    /// what needs a clock is an input.
    fn poll_output(&mut self) -> Option<Output<Self::Io, Self::Event>>;

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due. `None`: no timer is armed.
    fn next_timeout(&self) -> Option<Timestamp>;

    /// Whether the last event has been queued.
    ///
    /// Outputs may still be waiting to be polled. From then on a request handed in is answered as
    /// one of an unknown session, a WebSocket handed in is closed, and everything else is ignored.
    fn is_closed(&self) -> bool;
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a dropped output is a lost packet or a lost event"]
pub enum Output<I, E> {
    /// For the network.
    Io(I),
    /// For the application.
    Event(E),
}
