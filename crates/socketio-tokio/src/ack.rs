//! Answering an event later than its handler returns.

use std::marker::PhantomData;

use serde::Serialize;
use socketio_proto::Args;
use socketio_proto::server::ReplyTo;

use crate::error::EmitError;
use crate::outbox::Command;
use crate::socket::Socket;

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
#[derive(Debug)]
pub struct Ack<T> {
    socket: Socket,
    to: Option<ReplyTo>,
    answer: PhantomData<fn(T)>,
}

impl<T> Ack<T> {
    pub(crate) fn new(socket: Socket, to: Option<ReplyTo>) -> Self {
        Self {
            socket,
            to,
            answer: PhantomData,
        }
    }

    /// Whether the client waits for an answer.
    pub fn is_expected(&self) -> bool {
        self.to.is_some()
    }

    /// Answers. Without effect if the client did not ask.
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`].
    pub fn send(self, answer: T) -> Result<(), EmitError>
    where
        T: Serialize,
    {
        match self.to {
            Some(_) => {
                let args = Args::new(&answer)?;
                self.send_args(args)
            }
            None => Ok(()),
        }
    }

    /// Answers with arguments that are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`].
    pub fn send_args(self, args: Args) -> Result<(), EmitError> {
        let Self { socket, to, .. } = self;
        match to {
            Some(to) => {
                let command = Command::Reply {
                    socket: socket.clone(),
                    to,
                    args,
                };
                socket.push_command(command)
            }
            None => Ok(()),
        }
    }
}
