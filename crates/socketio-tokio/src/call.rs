//! An event that expects an answer from the client.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use socketio_proto::{Args, EncodeError};
use tokio::sync::oneshot;

use crate::error::{CallError, EmitError};
use crate::outbox::Command;
use crate::socket::Socket;

/// An event that waits to be sent and then answered. Await it to do both.
///
/// `R` is the type of the answer: a tuple takes several values, anything else the first one.
/// Without a [`timeout`](Self::timeout) it waits until the client answers or is disconnected.
#[must_use = "nothing is sent until the call is awaited"]
pub struct Call<R> {
    socket: Socket,
    args: Result<Args, EncodeError>,
    within: Option<Duration>,
    answer: PhantomData<fn() -> R>,
}

impl<R> Call<R> {
    pub(crate) fn new(socket: &Socket, args: Result<Args, EncodeError>) -> Self {
        Self {
            socket: socket.clone(),
            args,
            within: None,
            answer: PhantomData,
        }
    }

    /// Gives up after `within`, with [`CallError::TimedOut`].
    pub fn timeout(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }
}

impl<R: DeserializeOwned + Send + 'static> IntoFuture for Call<R> {
    type Output = Result<R, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self {
                socket,
                args,
                within,
                ..
            } = self;
            let (answer, answered) = oneshot::channel();
            let (args, namespace) = (args.map_err(EmitError::from)?, socket.namespace().clone());
            socket.push_command(Command::Call {
                namespace,
                args,
                within,
                answer,
            })?;
            // A sender that was dropped belongs to a connection that has ended.
            let answer = answered.await.unwrap_or(Err(CallError::Disconnected))?;
            Ok(answer.to()?)
        })
    }
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("args", &self.args)
            .field("within", &self.within)
            .finish()
    }
}
