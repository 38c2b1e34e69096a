//! What is said about a namespace before it is opened.

use crate::client::auth::Source;
use crate::client::error::{BuildError, ConnectError};
use crate::client::manager::Client;
use crate::client::queue::Overflow;
use crate::client::routes::Routes;
use crate::client::socket::Socket;

/// What belongs to one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) auth: Source,
    pub(crate) routes: Routes,
    pub(crate) queue_limit: usize,
    pub(crate) overflow: Overflow,
    /// What cannot be used, told when the namespace is opened.
    pub(crate) error: Option<BuildError>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            auth: Source::default(),
            routes: Routes::default(),
            queue_limit: 16 * 1024 * 1024,
            overflow: Overflow::default(),
            error: None,
        }
    }
}

/// The methods that describe a namespace, for a builder with a field `setup`.
macro_rules! setup {
    () => {
        /// What the client says about itself each time that it asks to be let in: a value that is a
        /// JSON object, or an async function that gives one and is called for every attempt.
        ///
        /// ```
        /// # use std::collections::BTreeMap;
        /// use socketio_tokio::client::Client;
        /// # async fn token() -> String { String::new() }
        ///
        /// let token_of_today = async || BTreeMap::from([("token", token().await)]);
        /// let client = Client::builder("http://127.0.0.1:3000").auth(token_of_today);
        /// ```
        ///
        /// The function may take the [name](crate::NamespaceName) of the namespace, and may return a
        /// `Result`. With an error, or by a panic, the client is refused without the server being
        /// asked; [`on_error`](Self::on_error) is told, too. It runs in the task of the client, so
        /// it should not block.
        pub fn auth<M>(mut self, auth: impl IntoAuth<M>) -> Self {
            match auth.into_source() {
                Ok(source) => self.setup.auth = source,
                Err(error) => self.setup.error = Some(error),
            }
            self
        }

        /// How many bytes of items may wait in a namespace to be read: 16 MiB. What happens then is
        /// said by [`overflow`](Self::overflow).
        pub fn queue_limit(mut self, bytes: usize) -> Self {
            self.setup.queue_limit = bytes;
            self
        }

        /// What happens when so many items wait: the newest events are dropped and counted.
        pub fn overflow(mut self, overflow: Overflow) -> Self {
            self.setup.overflow = overflow;
            self
        }

        /// Serves an event, with the same handlers as a server has: `Data`, `Args`, `EventName`,
        /// `Ack` and [`Sender`] are their arguments, and what they return is the acknowledgement.
        /// Of several handlers for the same event the first one answers.
        ///
        /// Handlers start in the order in which the events came, and make progress side by side, in
        /// the task of the client. An event that has a handler is not an item of the stream.
        ///
        /// ```
        /// use socketio_tokio::Data;
        /// use socketio_tokio::client::{Client, Sender};
        ///
        /// let client = Client::builder("http://127.0.0.1:3000")
        ///     .on("add", async |Data((a, b)): Data<(i64, i64)>| a + b)
        ///     .on("hurry", async |server: Sender| server.emit("hurrying", ()));
        /// ```
        pub fn on<H, T>(mut self, event: &str, handler: H) -> Self
        where
            H: Handler<EventContext, T>,
            H::Output: Serialize,
        {
            let handlers = self.setup.routes.events.entry(event.into()).or_default();
            handlers.push(erase(handler));
            self
        }

        /// Serves a typed event: the last argument, [`Typed<E>`](crate::Typed) or
        /// [`Asked<E>`](crate::Asked), says which.
        pub fn on_event<H, T>(mut self, handler: H) -> Self
        where
            T: TypedArguments,
            H: Handler<EventContext, T>,
            H::Output: Acknowledges<OutputOf<T>>,
        {
            let name = <EventOf<T> as Event>::NAME;
            let handlers = self.setup.routes.events.entry(name.into()).or_default();
            handlers.push(erase_typed(handler));
            self
        }

        /// Sees every event before its handlers, or its reader. What it returns is only looked at
        /// for errors, and the event stays an item of the stream if nothing else serves it.
        pub fn on_any<H, T>(mut self, handler: H) -> Self
        where
            H: Handler<EventContext, T>,
            H::Output: Serialize,
        {
            self.setup.routes.any.push(erase(handler));
            self
        }

        /// Sees every event that is emitted, acknowledgements excluded; also a volatile one that is
        /// dropped then. Runs in the task that emits, so it should be short.
        pub fn on_any_outgoing(
            mut self,
            see: impl Fn(&Sender, &Outgoing) + Send + Sync + 'static,
        ) -> Self {
            self.setup.routes.any_outgoing.push(Arc::new(see));
            self
        }

        /// Runs each time that the server lets the client in.
        pub fn on_connect<H, T>(mut self, handler: H) -> Self
        where
            H: Handler<ConnectContext, T>,
            H::Output: Serialize,
        {
            self.setup.routes.on_connect.push(erase(handler));
            self
        }

        /// Runs each time that the server was not reached or has refused: the handler may take the
        /// [`ConnectError`](crate::client::ConnectError).
        pub fn on_connect_error<H, T>(mut self, handler: H) -> Self
        where
            H: Handler<ConnectErrorContext, T>,
            H::Output: Serialize,
        {
            self.setup.routes.on_connect_error.push(erase(handler));
            self
        }

        /// Runs each time that the namespace is not connected any more: the handler may take the
        /// [`DisconnectReason`](crate::client::DisconnectReason).
        pub fn on_disconnect<H, T>(mut self, handler: H) -> Self
        where
            H: Handler<DisconnectContext, T>,
            H::Output: Serialize,
        {
            self.setup.routes.on_disconnect.push(erase(handler));
            self
        }

        /// Is told of handlers that fail, panic, or are not called because the event has other
        /// arguments. Without it, a warning is logged.
        pub fn on_error(
            mut self,
            report: impl Fn(&Sender, &HandlerError) + Send + Sync + 'static,
        ) -> Self {
            self.setup.routes.on_error = Some(Arc::new(report));
            self
        }
    };
}
pub(crate) use setup;

mod methods {
    use std::sync::Arc;

    use serde::Serialize;

    use super::SocketBuilder;
    use crate::client::auth::IntoAuth;
    use crate::client::context::{
        ConnectContext, ConnectErrorContext, DisconnectContext, EventContext,
    };
    use crate::client::queue::Overflow;
    use crate::client::sender::Sender;
    use crate::error::HandlerError;
    use crate::handler::{Handler, erase, erase_typed};
    use crate::outgoing::Outgoing;
    use crate::typed::{Acknowledges, Event, EventOf, OutputOf, TypedArguments};

    impl SocketBuilder {
        setup!();
    }
}

/// A namespace of a client that is about to be opened, with what is special about it. It begins with
/// the `auth` and the bounds of the client, and with no handlers.
#[derive(Debug)]
#[must_use = "nothing is opened until `connect` or `open`"]
pub struct SocketBuilder {
    client: Client,
    namespace: String,
    pub(crate) setup: Setup,
}

impl SocketBuilder {
    pub(crate) fn new(client: Client, namespace: String, setup: Setup) -> Self {
        Self {
            client,
            namespace,
            setup,
        }
    }

    /// As [`Client::connect`].
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    pub async fn connect(self) -> Result<Socket, ConnectError> {
        self.client.connect_as(&self.namespace, self.setup).await
    }

    /// As [`Client::open`].
    ///
    /// # Errors
    ///
    /// As [`Client::open`].
    pub fn open(self) -> Result<Socket, BuildError> {
        self.client.enter(&self.namespace, self.setup, None)
    }
}
