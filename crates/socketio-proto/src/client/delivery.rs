//! How sure an emit is: sent once, or again until it is answered.
//!
//! To be sure of its events, a namespace sends them one by one. The first of its buffer is tried
//! under an id of its own and stays where it is; the answer takes it out, and the next one follows.
//! Nothing on the wire tells two tries of one event apart from two events: the server may see it
//! twice. [js socket.io-client 4.8.4] `retries`
//!
//! Invariant: while a try is out, its event is the first of the buffer, and its answer is expected.

use core::time::Duration;

use crate::ack::Acks;
use crate::{AckId, Args, Namespace, Timestamp};

use super::buffer::{Entry, Kind};
use super::link::Link;
use super::namespace::Membership;
use super::{AckError, Client, Event};

/// How sure an emit is, and how long answers are waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// An emit is sent once. It is lost if its session ends on the way, which nobody learns unless
    /// it is a call.
    AtMostOnce {
        /// How long a call without a limit of its own waits for its answer. `None`, the default:
        /// as long as there is a session.
        ack_timeout: Option<Duration>,
    },
    /// An emit that is not volatile is sent until the server has answered, which it has to do for
    /// every event, and at most `retries` more times. Then the next one of its namespace follows.
    ///
    /// The server may see an event more than once: let it carry a key of your own if that matters.
    /// What has not been answered in the end is reported, as [`Event::Acked`] or
    /// [`Event::Undelivered`].
    AtLeastOnce {
        /// How long a try without a limit of its own waits for its answer.
        ack_timeout: Duration,
        /// How often an event is sent again. The end of its session counts as a failure, too, but
        /// the wait for the next one does not: a try is made when the namespace is connected.
        retries: u32,
    },
}

impl Default for Delivery {
    fn default() -> Self {
        Self::AtMostOnce { ack_timeout: None }
    }
}

impl Delivery {
    /// Whether events wait for the answer to the one before.
    pub(super) fn is_one_by_one(&self) -> bool {
        matches!(self, Self::AtLeastOnce { .. })
    }

    /// How long to wait for an answer.
    pub(super) fn patience(&self, within: Option<Duration>) -> Option<Duration> {
        match self {
            Self::AtMostOnce { ack_timeout } => within.or(*ack_timeout),
            Self::AtLeastOnce { ack_timeout, .. } => within.or(Some(*ack_timeout)),
        }
    }
}

/// The tries of the first event of a buffer.
#[derive(Debug, Default)]
pub(super) struct Tries {
    /// The id of the one that is out.
    out: Option<AckId>,
    made: u32,
}

impl Membership {
    /// Hands everything to the session. `false` if that is full, or has ended.
    pub(super) fn send_all(&mut self, link: &mut Link) -> bool {
        while let Some(entry) = self.buffer.first() {
            if link.send(&entry.packet).is_err() {
                return false;
            }
            self.buffer.pop();
        }
        true
    }

    /// Tries the first event, unless a try is out. `false` if the session is full, or has ended.
    pub(super) fn try_first(
        &mut self,
        link: &mut Link,
        acks: &mut Acks,
        delivery: Delivery,
        now: Timestamp,
    ) -> bool {
        let (None, Some(entry)) = (self.tries.out, self.buffer.first()) else {
            return true;
        };
        let id = acks.next_id();
        // That it can be encoded was seen when it was taken.
        let packet = entry.packet.with_ack_id(id);
        if packet.is_none_or(|packet| link.send(&packet).is_err()) {
            return false;
        }
        self.tries.out = Some(id);
        self.tries.made = self.tries.made.saturating_add(1);
        let answer_by = delivery.patience(entry.within).map(|within| now + within);
        acks.expect(self.name.clone(), id, answer_by);
        true
    }

    /// The first event was answered, or will not be tried again.
    fn end_tries(&mut self) -> Option<Entry> {
        self.tries = Tries::default();
        self.buffer.pop()
    }
}

impl Client {
    /// An answer has come that was expected.
    pub(super) fn on_answered(&mut self, namespace: Namespace, id: AckId, args: Args) {
        let outcome = Ok(args);
        if !self.config.delivery.is_one_by_one() {
            return self.report(Event::Acked {
                namespace,
                id,
                outcome,
            });
        }
        let membership = self.memberships.get_mut(&namespace);
        if let Some(entry) = membership.and_then(Membership::end_tries) {
            self.report_outcome(namespace, entry, outcome);
        }
    }

    /// An answer that was expected will not come.
    pub(super) fn on_unanswered(&mut self, namespace: Namespace, id: AckId, error: AckError) {
        let Some(membership) = self.memberships.get_mut(&namespace) else {
            return;
        };
        match self.config.delivery {
            Delivery::AtMostOnce { .. } => {
                membership.buffer.remove(id);
                let outcome = Err(error);
                self.report(Event::Acked {
                    namespace,
                    id,
                    outcome,
                });
            }
            Delivery::AtLeastOnce { retries, .. } if membership.tries.made > retries => {
                if let Some(entry) = membership.end_tries() {
                    self.report_outcome(namespace, entry, Err(error));
                }
            }
            Delivery::AtLeastOnce { .. } => membership.tries.out = None,
        }
    }

    /// What has become of an event that is in no buffer any more.
    pub(super) fn report_outcome(
        &mut self,
        namespace: Namespace,
        entry: Entry,
        outcome: Result<Args, AckError>,
    ) {
        match (entry.kind, outcome) {
            (Kind::Call(id), outcome) => {
                self.acks.forget(&namespace, id);
                self.report(Event::Acked {
                    namespace,
                    id,
                    outcome,
                });
            }
            (Kind::Event, Err(error)) => self.report(Event::Undelivered {
                namespace,
                packet: entry.packet,
                error,
            }),
            (Kind::Event, Ok(_)) | (Kind::Forgotten, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_its_own_goes_first() {
        let (short, long) = (Duration::from_millis(1), Duration::from_millis(9));
        let ack_timeout = Some(long);
        let once = Delivery::AtMostOnce { ack_timeout };
        let sure = Delivery::AtLeastOnce {
            ack_timeout: long,
            retries: 0,
        };
        for delivery in [once, sure] {
            assert_eq!(delivery.patience(Some(short)), Some(short));
            assert_eq!(delivery.patience(None), Some(long));
        }
        assert_eq!(Delivery::default().patience(None), None);
    }
}
