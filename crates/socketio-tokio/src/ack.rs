//! Answering an event later than its handler returns.

use std::marker::PhantomData;

use serde::Serialize;
use socketio_proto::Args;
use socketio_proto::server::ReplyTo;

use crate::cluster::ServerReply;
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
    peer: Peer,
    answer: PhantomData<fn(T)>,
}

/// Who waits for the answer.
#[derive(Debug)]
enum Peer {
    Client(Socket, ReplyTo),
    Nobody,
    Server(ServerReply),
}

impl<T> Ack<T> {
    pub(crate) fn new(socket: Socket, to: Option<ReplyTo>) -> Self {
        Self::to(to.map_or(Peer::Nobody, |to| Peer::Client(socket, to)))
    }

    pub(crate) fn to_server(reply: Option<ServerReply>) -> Self {
        Self::to(reply.map_or(Peer::Nobody, Peer::Server))
    }

    fn to(peer: Peer) -> Self {
        let answer = PhantomData;
        Self { peer, answer }
    }

    /// Whether the client, or the other server, waits for an answer.
    pub fn is_expected(&self) -> bool {
        !matches!(self.peer, Peer::Nobody)
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
    /// As [`Socket::emit`].
    pub fn send_args(self, args: Args) -> Result<(), EmitError> {
        match self.peer {
            Peer::Client(socket, to) => {
                let command = Command::Reply {
                    socket: socket.clone(),
                    to,
                    args,
                };
                socket.push_command(command)
            }
            Peer::Nobody => Ok(()),
            Peer::Server(reply) => {
                reply.send(args);
                Ok(())
            }
        }
    }
}
