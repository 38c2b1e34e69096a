//! Events from server to server: sending them, and the handlers that they meet.
//!
//! One task of a server starts the handlers of all such events, in the order in which they came.

mod context;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::{Args, EncodeError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub use self::context::ServerSideContext;
use super::{Ask, Part, Respond};
use crate::answer::Answer;
use crate::error::EmitError;
use crate::handler::{BoxFuture, Erased};
use crate::server::broadcast::Broadcast;
use crate::server::broadcast_call::{Answers, PATIENCE};
use crate::server::hub::Hub;

pub(crate) type ServerSideFn<S = ()> = Erased<ServerSideContext<S>, Answer>;

/// Names that servers keep for themselves. [js socket.io 4.8.4]
const RESERVED: [&str; 3] = ["connect", "connection", "new_namespace"];

/// The arguments of an event for servers: its name, then `data`. Of the names, other ones are
/// reserved than in events for clients.
pub(crate) fn event<T: Serialize + ?Sized>(name: &str, data: &T) -> Result<Args, EncodeError> {
    if let Some(reserved) = RESERVED.into_iter().find(|reserved| *reserved == name) {
        return Err(EncodeError::ReservedName(reserved));
    }
    let data = Args::new(data)?;
    let rest = data.json().strip_prefix('[').unwrap_or("]");
    let comma = if rest == "]" { "" } else { "," };
    let name = serde_json::Value::from(name);
    let json = format!("[{name}{comma}{rest}");
    let args = Args::from_json(json, data.attachments().to_vec());
    args.map_err(|error| EncodeError::Value(error.to_string().into()))
}

/// An event for the other servers that waits to be sent, and then answered by them. Await it to do
/// both.
///
/// The wait ends when all have answered, at the latest after the [`timeout`](Self::timeout); at once
/// if there are no others. In the result, [`missing_servers`](Answers::missing_servers) counts those
/// that have not answered.
#[must_use = "nothing is sent until the call is awaited"]
pub struct ServerSideCall<R> {
    choice: Broadcast,
    args: Result<Args, EmitError>,
    within: Duration,
    answer: PhantomData<fn() -> R>,
}

impl<R> ServerSideCall<R> {
    pub(crate) fn new(choice: &Broadcast, args: Result<Args, EmitError>) -> Self {
        Self {
            choice: choice.clone(),
            args,
            within: PATIENCE,
            answer: PhantomData,
        }
    }

    /// How long to wait for answers: 5 s.
    pub fn timeout(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl<R: DeserializeOwned + Send + 'static> IntoFuture for ServerSideCall<R> {
    type Output = Result<Answers<R>, EmitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let args = self.args?;
            let mut inquiry = self
                .choice
                .inquire(self.within, |_| Ask::ServerSide { args });
            let mut answers = Answers::none();
            while let Some(reply) = inquiry.next().await {
                answers.add_reply(reply);
            }
            Ok(answers)
        })
    }
}

impl<R> fmt::Debug for ServerSideCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSideCall")
            .field("args", &self.args)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// The right to answer an event of another server. Dropped unused, the other server is told that no
/// answer will come.
#[derive(Debug)]
pub(crate) struct ServerReply(Option<Respond>);

impl ServerReply {
    pub(super) fn new(respond: Respond) -> Self {
        Self(Some(respond))
    }

    pub(crate) fn send(mut self, args: Args) {
        if let Some(respond) = self.0.take() {
            respond.send(Part::Server(Some(args)));
        }
    }
}

impl Drop for ServerReply {
    fn drop(&mut self) {
        if let Some(respond) = self.0.take() {
            respond.send(Part::Server(None));
        }
    }
}

/// An event that has come from another server.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) hub: Arc<Hub>,
    pub(super) args: Args,
    pub(super) reply: Option<ServerReply>,
}

/// Where events of other servers wait for the task that starts their handlers.
#[derive(Debug, Default)]
pub(super) struct Ear(Mutex<Listening>);

#[derive(Debug, Default)]
struct Listening {
    /// Where the task can run, also when it is needed outside of a runtime.
    runtime: Option<Handle>,
    queue: Option<mpsc::Sender<Heard>>,
}

impl Ear {
    pub(super) fn find_runtime(&self) {
        self.lock().runtime = Handle::try_current().ok();
    }

    /// Hands an event to the task. It is lost if too many wait, or if there is no runtime.
    pub(super) fn hear(&self, heard: Heard) {
        if let Err(lost) = self.queue(heard) {
            let event = lost.args.event_name().unwrap_or_default();
            tracing::warn!(%event, "an event of another server was dropped: too many wait, or no runtime");
        }
    }

    fn queue(&self, heard: Heard) -> Result<(), Heard> {
        let mut listening = self.lock();
        let heard = match &listening.queue {
            None => heard,
            Some(queue) => match queue.try_send(heard) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(heard)) => return Err(heard),
                // The runtime of the earlier task has ended.
                Err(mpsc::error::TrySendError::Closed(heard)) => heard,
            },
        };
        let current = Handle::try_current().ok();
        let Some(runtime) = current.or_else(|| listening.runtime.clone()) else {
            return Err(heard);
        };
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        runtime.spawn(listen(waiting));
        let outcome = queue
            .try_send(heard)
            .map_err(mpsc::error::TrySendError::into_inner);
        listening.queue = Some(queue);
        outcome
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listening> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs handlers until the server is gone.
async fn listen(mut waiting: mpsc::Receiver<Heard>) {
    let mut running: FuturesUnordered<BoxFuture<()>> = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = running.next() => {}
            heard = waiting.recv(), if running.len() < MAX_RUNNING => match heard {
                Some(heard) => start(heard, &running),
                None => break,
            },
        }
    }
    while running.next().await.is_some() {}
}

/// Calls the handlers of an event. The first one answers.
fn start(heard: Heard, running: &FuturesUnordered<BoxFuture<()>>) {
    let Heard {
        hub,
        args,
        mut reply,
    } = heard;
    let name = args.event_name().unwrap_or_default().into_owned();
    for handler in hub.routes().server_side(&name) {
        let wanted = reply.is_some();
        let context = ServerSideContext::new(Arc::clone(&hub), args.clone(), reply.take());
        let started = catch_unwind(AssertUnwindSafe(|| handler(&context, wanted)));
        // What an `Ack` argument has taken is no longer here.
        let reply = context.take_reply();
        match started {
            Ok(Ok(future)) => running.push(Box::pin(serve(name.clone(), future, reply))),
            Ok(Err(rejection)) => warn(&name, &rejection),
            Err(_) => warn(&name, &"its handler panicked"),
        }
    }
}

async fn serve(name: String, future: BoxFuture<Answer>, reply: Option<ServerReply>) {
    let answer = match AssertUnwindSafe(future).catch_unwind().await {
        Ok(Answer::Value(args)) => args,
        Ok(Answer::Failure(args)) => {
            warn(&name, &args.json());
            Some(args)
        }
        Ok(Answer::Unencodable(error)) => {
            warn(&name, &error);
            None
        }
        Err(_) => {
            warn(&name, &"its handler panicked");
            None
        }
    };
    if let (Some(reply), Some(args)) = (reply, answer) {
        reply.send(args);
    }
}

fn warn(event: &str, error: &dyn fmt::Display) {
    tracing::warn!(event, "an event of another server failed: {error}");
}

/// Handlers at work at once.
const MAX_RUNNING: usize = 256;
/// Events that wait for a handler.
const MAX_WAITING: usize = 1024;
