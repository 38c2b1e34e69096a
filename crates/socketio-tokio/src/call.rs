//! An event that expects an answer from one peer.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use socketio_proto::Args;
use tokio::sync::oneshot;

use crate::error::{CallError, EmitError};

/// What becomes of a call at one peer.
pub(crate) type CallOutcome = Result<Args, CallError>;

/// Sends the event of a call: how long to wait for the answer, and who does.
type Ask = Box<
    dyn FnOnce(Option<Duration>, oneshot::Sender<CallOutcome>) -> Result<(), EmitError>
        + Send
        + Sync,
>;

/// An event that waits to be sent and then answered. Await it to do both.
///
/// `R` is the type of the answer: a tuple takes several values, anything else the first one.
/// Without a [`timeout`](Self::timeout) it waits until the peer answers or is disconnected.
#[must_use = "nothing is sent until the call is awaited"]
pub struct Call<R> {
    ask: Ask,
    within: Option<Duration>,
    answer: PhantomData<fn() -> R>,
}

impl<R> Call<R> {
    pub(crate) fn new(
        ask: impl FnOnce(Option<Duration>, oneshot::Sender<CallOutcome>) -> Result<(), EmitError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            ask: Box::new(ask),
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
            let (asker, answered) = oneshot::channel();
            (self.ask)(self.within, asker)?;
            // A sender that was dropped belongs to a connection that has ended.
            let answer = answered.await.unwrap_or(Err(CallError::Disconnected))?;
            Ok(answer.to()?)
        })
    }
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
