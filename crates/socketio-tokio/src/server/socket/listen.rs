//! Handlers that one socket registers for itself, as programs written for JavaScript do.

use std::sync::Arc;

use serde::Serialize;

use super::Socket;
use crate::handler::{Handler, erase, erase_typed};
use crate::outgoing::Outgoing;
use crate::server::context::{DisconnectContext, EventContext};
use crate::server::listeners::{End, Listener, Uses};
use crate::server::verdict::{Verdict, erase_event_middleware};
use crate::typed::{Acknowledges, Event, EventOf, OutputOf, TypedArguments};

/// Handlers of this socket alone. They come behind those of its namespace, which are the better
/// place for whatever does not depend on the socket: these cost memory per client.
impl Socket {
    /// Serves an event of this client.
    ///
    /// ```
    /// use socketio_tokio::{Data, Namespace, Socket};
    ///
    /// let namespace = Namespace::<()>::new("/").on_connect(async |socket: Socket| {
    ///     socket.on("double", async |Data(n): Data<i64>| n * 2);
    /// });
    /// ```
    pub fn on<H, T>(&self, event: &str, handler: H) -> Listener
    where
        H: Handler<EventContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on(event, Uses::Always, erase(handler))
    }

    /// Serves a typed event of this client, as
    /// [`Namespace::on_event`](crate::Namespace::on_event) does.
    pub fn on_event<H, T>(&self, handler: H) -> Listener
    where
        T: TypedArguments,
        H: Handler<EventContext<()>, T>,
        H::Output: Acknowledges<OutputOf<T>>,
    {
        let name = <EventOf<T> as Event>::NAME;
        self.listeners()
            .on(name, Uses::Always, erase_typed(handler))
    }

    /// Serves the next event of this name, and no other.
    pub fn once<H, T>(&self, event: &str, handler: H) -> Listener
    where
        H: Handler<EventContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on(event, Uses::Once, erase(handler))
    }

    /// Sees every event of this client, as [`Namespace::on_any`](crate::Namespace::on_any) does.
    pub fn on_any<H, T>(&self, handler: H) -> Listener
    where
        H: Handler<EventContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on_any(End::Back, erase(handler))
    }

    /// The same, in front of the other handlers that this socket has for all events.
    pub fn prepend_any<H, T>(&self, handler: H) -> Listener
    where
        H: Handler<EventContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on_any(End::Front, erase(handler))
    }

    /// Sees every event that is emitted to this client, as
    /// [`Namespace::on_any_outgoing`](crate::Namespace::on_any_outgoing) does.
    pub fn on_any_outgoing(
        &self,
        see: impl Fn(&Self, &Outgoing) + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().on_any_outgoing(End::Back, Arc::new(see))
    }

    /// The same, in front of the others that this socket has.
    pub fn prepend_any_outgoing(
        &self,
        see: impl Fn(&Self, &Outgoing) + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().on_any_outgoing(End::Front, Arc::new(see))
    }

    /// Decides about every event of this client, as
    /// [`Namespace::event_middleware`](crate::Namespace::event_middleware) does. (In JavaScript:
    /// `socket.use`.)
    pub fn event_middleware<H, T>(&self, handler: H) -> Listener
    where
        H: Handler<EventContext<()>, T>,
        H::Output: Verdict,
    {
        self.listeners()
            .add_middleware(erase_event_middleware(handler))
    }

    /// Runs when the client is lost or leaves, as
    /// [`Namespace::on_disconnecting`](crate::Namespace::on_disconnecting) does.
    pub fn on_disconnecting<H, T>(&self, handler: H) -> Listener
    where
        H: Handler<DisconnectContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on_disconnecting(erase(handler))
    }

    /// Runs when the client has left.
    pub fn on_disconnect<H, T>(&self, handler: H) -> Listener
    where
        H: Handler<DisconnectContext<()>, T>,
        H::Output: Serialize,
    {
        self.listeners().on_disconnect(erase(handler))
    }

    /// Takes away a handler that this socket has registered. False if it was gone already.
    pub fn off(&self, listener: Listener) -> bool {
        self.listeners().off(listener)
    }

    /// Takes away all handlers that this socket has for an event.
    pub fn off_event(&self, event: &str) {
        self.listeners().off_event(event);
    }

    /// Takes away every handler that this socket has registered.
    pub fn off_all(&self) {
        self.listeners().off_all();
    }

    /// How many handlers this socket has for an event, those of its namespace not counted.
    pub fn listener_count(&self, event: &str) -> usize {
        self.listeners().count(event)
    }
}
