//! Answering an event later than its handler returns.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use socketio_proto::Args;

use crate::error::EmitError;

/// The right to answer an event, as a handler's argument.
///
/// A handler that takes it answers by [`send`](Self::send) and not by what it returns. Dropped
/// unused, the event stays unanswered, and a client with a timeout sees it pass.
///
/// ```
/// use socketio_tokio::{Ack, Namespace, Server};
///
/// let namespace = Namespace::new("/").on("report", async |ack: Ack<u32>| {
///     tokio::spawn(async move { ack.send(42) });
/// });
/// let io = Server::builder().namespace(namespace).build();
/// ```
pub struct Ack<T> {
    respond: Option<Respond>,
    answer: PhantomData<fn(T)>,
}

/// Answers one event.
pub(crate) type Respond = Box<dyn FnOnce(Args) -> Result<(), EmitError> + Send + Sync>;

impl<T> Ack<T> {
    pub(crate) fn new(respond: Option<Respond>) -> Self {
        let answer = PhantomData;
        Self { respond, answer }
    }

    /// Whether the peer waits for an answer: the client or the server, or the other server.
    pub fn is_expected(&self) -> bool {
        self.respond.is_some()
    }

    /// Answers. Without effect if the peer did not ask.
    ///
    /// # Errors
    ///
    /// As an emit to the same peer.
    pub fn send(self, answer: T) -> Result<(), EmitError>
    where
        T: Serialize,
    {
        if self.is_expected() {
            let args = Args::new(&answer)?;
            self.send_args(args)
        } else {
            Ok(())
        }
    }

    /// Answers with arguments that are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As an emit to the same peer.
    pub fn send_args(self, args: Args) -> Result<(), EmitError> {
        self.respond.map_or(Ok(()), |respond| respond(args))
    }
}

impl<T> fmt::Debug for Ack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack")
            .field("is_expected", &self.is_expected())
            .finish_non_exhaustive()
    }
}
