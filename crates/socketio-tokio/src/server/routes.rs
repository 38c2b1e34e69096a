//! The handlers of a namespace. They never change once it runs, so looking one up takes no lock.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use socketio_proto::{ConnectError, Namespace as Name};

use crate::answer::Answer;
use crate::error::HandlerError;
use crate::handler::Erased;
use crate::outgoing::Outgoing;
use crate::server::cluster::ServerSideFn;
use crate::server::context::{ConnectContext, DisconnectContext, EventContext};
use crate::server::room_event::RoomEvent;
use crate::server::socket::Socket;
use crate::server::state::lend;
use crate::server::verdict::Passed;

pub(crate) type EventFn<S = ()> = Erased<EventContext<S>, Answer>;
pub(crate) type EventMiddlewareFn<S = ()> = Erased<EventContext<S>, Passed>;
pub(crate) type ConnectFn<S = ()> = Erased<ConnectContext<S>, Answer>;
pub(crate) type DisconnectFn<S = ()> = Erased<DisconnectContext<S>, Answer>;
pub(crate) type MiddlewareFn<S = ()> = Erased<ConnectContext<S>, Result<(), ConnectError>>;
pub(crate) type ErrorFn = Box<dyn Fn(&Socket, &HandlerError) + Send + Sync>;
pub(crate) type OutgoingFn = Arc<dyn Fn(&Socket, &Outgoing) + Send + Sync>;
pub(crate) type RoomEventFn = Box<dyn Fn(&Name, &RoomEvent) + Send + Sync>;

/// The handlers of a namespace with the state `S`; each list in the order of its making.
pub(crate) struct Routes<S = ()> {
    pub(crate) events: HashMap<Box<str>, Vec<EventFn<S>>>,
    pub(crate) any: Vec<EventFn<S>>,
    pub(crate) any_outgoing: Vec<OutgoingFn>,
    pub(crate) event_middleware: Vec<EventMiddlewareFn<S>>,
    pub(crate) middleware: Vec<MiddlewareFn<S>>,
    pub(crate) on_connect: Vec<ConnectFn<S>>,
    pub(crate) on_disconnecting: Vec<DisconnectFn<S>>,
    pub(crate) on_disconnect: Vec<DisconnectFn<S>>,
    pub(crate) on_error: Option<ErrorFn>,
    pub(crate) server_side: HashMap<Box<str>, Vec<ServerSideFn<S>>>,
    pub(crate) room_events: Vec<RoomEventFn>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self {
            events: HashMap::new(),
            any: Vec::new(),
            any_outgoing: Vec::new(),
            event_middleware: Vec::new(),
            middleware: Vec::new(),
            on_connect: Vec::new(),
            on_disconnecting: Vec::new(),
            on_disconnect: Vec::new(),
            on_error: None,
            server_side: HashMap::new(),
            room_events: Vec::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// The same handlers, each holding the state that it asks for.
    pub(crate) fn with_state(self, state: &S) -> Routes {
        let events = self.events.into_iter().map(|(event, handlers)| {
            let handlers = handlers.into_iter().map(|handler| lend(handler, state));
            (event, handlers.collect())
        });
        let server_side = self.server_side.into_iter().map(|(event, handlers)| {
            let handlers = handlers.into_iter().map(|handler| lend(handler, state));
            (event, handlers.collect())
        });
        Routes {
            events: events.collect(),
            any: self.any.into_iter().map(|f| lend(f, state)).collect(),
            any_outgoing: self.any_outgoing,
            event_middleware: self
                .event_middleware
                .into_iter()
                .map(|f| lend(f, state))
                .collect(),
            middleware: self
                .middleware
                .into_iter()
                .map(|f| lend(f, state))
                .collect(),
            on_connect: self
                .on_connect
                .into_iter()
                .map(|f| lend(f, state))
                .collect(),
            on_disconnecting: self
                .on_disconnecting
                .into_iter()
                .map(|f| lend(f, state))
                .collect(),
            on_disconnect: self
                .on_disconnect
                .into_iter()
                .map(|f| lend(f, state))
                .collect(),
            on_error: self.on_error,
            server_side: server_side.collect(),
            room_events: self.room_events,
        }
    }
}

impl Routes {
    /// The handlers of an event.
    pub(crate) fn event(&self, name: &str) -> &[EventFn] {
        self.events.get(name).map_or(&[], Vec::as_slice)
    }

    /// The handlers of an event of another server.
    pub(crate) fn server_side(&self, name: &str) -> &[ServerSideFn] {
        self.server_side.get(name).map_or(&[], Vec::as_slice)
    }

    /// Tells the application what has happened to a room.
    pub(crate) fn tell(&self, namespace: &Name, event: &RoomEvent) {
        for listener in &self.room_events {
            // A panic there must not end the connection that happens to be here.
            let told = catch_unwind(AssertUnwindSafe(|| listener(namespace, event)));
            if told.is_err() {
                tracing::error!(%namespace, "on_room_event panicked when told: {event:?}");
            }
        }
    }

    /// Tells the application what went wrong.
    pub(crate) fn report(&self, socket: &Socket, error: &HandlerError) {
        match &self.on_error {
            // A panic there must not end the connection that it was told about.
            Some(report) => {
                let told = catch_unwind(AssertUnwindSafe(|| report(socket, error)));
                if told.is_err() {
                    tracing::error!(socket = %socket.id(), "on_error panicked when told: {error}");
                }
            }
            None => {
                tracing::warn!(socket = %socket.id(), namespace = %socket.namespace(), "{error}");
            }
        }
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("events", &self.events.keys())
            .field("middleware", &self.middleware.len())
            .field("event_middleware", &self.event_middleware.len())
            .finish_non_exhaustive()
    }
}
