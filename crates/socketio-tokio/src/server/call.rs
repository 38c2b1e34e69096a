//! Who waits for the answer of a client.

use tokio::sync::{mpsc, oneshot};

use crate::call::CallOutcome;
use crate::server::cluster::{Part, Respond};

/// Who waits for the answer of a client.
#[derive(Debug)]
pub(crate) enum Asker {
    /// Somebody on another server.
    Elsewhere(RemoteAsker),
    /// Somebody who has asked many clients.
    Many(mpsc::UnboundedSender<CallOutcome>),
    /// Somebody who has asked only this one.
    One(oneshot::Sender<CallOutcome>),
}

impl Asker {
    /// Tells it. Whoever no longer waits has dropped its end.
    pub(crate) fn tell(self, outcome: CallOutcome) {
        match self {
            Self::Elsewhere(asker) => asker.tell(outcome),
            Self::Many(asker) => drop(asker.send(outcome)),
            Self::One(asker) => drop(asker.send(outcome)),
        }
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            // Nobody says so; its time will tell.
            Self::Elsewhere(_) => false,
            Self::Many(asker) => asker.is_closed(),
            Self::One(asker) => asker.is_closed(),
        }
    }
}

/// Somebody on another server who waits for the answer of a client. Dropped, it is told that none
/// will come.
#[derive(Debug)]
pub(crate) struct RemoteAsker(Option<Respond>);

impl RemoteAsker {
    pub(crate) fn new(respond: Respond) -> Self {
        Self(Some(respond))
    }

    fn tell(mut self, outcome: CallOutcome) {
        if let Some(respond) = self.0.take() {
            respond.send(Part::Client(outcome.ok()));
        }
    }
}

impl Drop for RemoteAsker {
    fn drop(&mut self) {
        if let Some(respond) = self.0.take() {
            respond.send(Part::Client(None));
        }
    }
}
