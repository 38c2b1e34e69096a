//! An event that expects an answer from one client.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use socketio_proto::{Args, EncodeError, Encoded};
use tokio::sync::{mpsc, oneshot};

use crate::cluster::{Part, Respond};
use crate::error::{CallError, EmitError};
use crate::socket::Socket;

/// What becomes of a call at one client.
pub(crate) type CallOutcome = Result<Args, CallError>;

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

/// An event that waits to be sent and then answered. Await it to do both.
///
/// `R` is the type of the answer: a tuple takes several values, anything else the first one.
/// Without a [`timeout`](Self::timeout) it waits until the client answers or is disconnected.
#[must_use = "nothing is sent until the call is awaited"]
pub struct Call<R> {
    socket: Socket,
    packet: Result<Encoded, EncodeError>,
    within: Option<Duration>,
    answer: PhantomData<fn() -> R>,
}

impl<R> Call<R> {
    pub(crate) fn new(socket: &Socket, packet: Result<Encoded, EncodeError>) -> Self {
        Self {
            socket: socket.clone(),
            packet,
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
                packet,
                within,
                ..
            } = self;
            let (asker, answered) = oneshot::channel();
            let packet = packet.map_err(EmitError::from)?;
            socket.ask(packet, within, Asker::One(asker))?;
            // A sender that was dropped belongs to a connection that has ended.
            let answer = answered.await.unwrap_or(Err(CallError::Disconnected))?;
            Ok(answer.to()?)
        })
    }
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("packet", &self.packet)
            .field("within", &self.within)
            .finish()
    }
}
