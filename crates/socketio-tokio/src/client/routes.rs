//! The handlers of a namespace. They never change once it is open, so looking one up takes no lock.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::answer::Answer;
use crate::client::context::{
    ConnectContext, ConnectErrorContext, DisconnectContext, EventContext,
};
use crate::client::sender::Sender;
use crate::error::HandlerError;
use crate::handler::Erased;
use crate::outgoing::Outgoing;

pub(crate) type EventFn = Erased<EventContext, Answer>;
pub(crate) type OutgoingFn = Arc<dyn Fn(&Sender, &Outgoing) + Send + Sync>;
pub(crate) type ErrorFn = Arc<dyn Fn(&Sender, &HandlerError) + Send + Sync>;

/// Handlers; each list in the order of its making.
#[derive(Clone, Default)]
pub(crate) struct Routes {
    pub(crate) events: HashMap<Box<str>, Vec<EventFn>>,
    pub(crate) any: Vec<EventFn>,
    pub(crate) any_outgoing: Vec<OutgoingFn>,
    pub(crate) on_connect: Vec<Erased<ConnectContext, Answer>>,
    pub(crate) on_connect_error: Vec<Erased<ConnectErrorContext, Answer>>,
    pub(crate) on_disconnect: Vec<Erased<DisconnectContext, Answer>>,
    pub(crate) on_error: Option<ErrorFn>,
}

impl Routes {
    /// The handlers of an event.
    pub(crate) fn event(&self, name: &str) -> &[EventFn] {
        self.events.get(name).map_or(&[], Vec::as_slice)
    }

    /// Tells the application what went wrong.
    pub(crate) fn report(&self, sender: &Sender, error: &HandlerError) {
        let namespace = sender.namespace();
        match &self.on_error {
            // A panic there must not end the client that it was told about.
            Some(report) => {
                let told = catch_unwind(AssertUnwindSafe(|| report(sender, error)));
                if told.is_err() {
                    tracing::error!(%namespace, "on_error panicked when told: {error}");
                }
            }
            None => tracing::warn!(%namespace, "{error}"),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("events", &self.events.keys())
            .finish_non_exhaustive()
    }
}
