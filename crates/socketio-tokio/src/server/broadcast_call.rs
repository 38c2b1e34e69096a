//! An event that expects an answer from each of many clients.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use socketio_proto::{Args, ArgsError, EncodeError, Encoded};
use tokio::sync::mpsc;

use crate::call::CallOutcome;
use crate::error::EmitError;
use crate::server::broadcast::Broadcast;
use crate::server::call::Asker;
use crate::server::cluster::{Ask, Emitted, Part, Reply};

/// What became of a question to many clients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answers<R> {
    /// The answers in the order in which they came.
    pub answers: Vec<R>,
    /// Answers that are of another type than the one asked for.
    pub invalid: Vec<ArgsError>,
    /// How many clients have not answered: in time, or at all because they left or read too
    /// slowly to be asked.
    pub missing: usize,
    /// How many other servers have not answered in time: nobody knows how many clients they have
    /// asked. At least one, if the cluster has not even said how many there are.
    pub missing_servers: usize,
}

impl<R> Answers<R> {
    /// Whether everybody has answered, and to the point.
    pub fn is_complete(&self) -> bool {
        self.missing == 0 && self.missing_servers == 0 && self.invalid.is_empty()
    }

    pub(crate) fn none() -> Self {
        Self {
            answers: Vec::new(),
            invalid: Vec::new(),
            missing: 0,
            missing_servers: 0,
        }
    }
}

impl<R: DeserializeOwned> Answers<R> {
    /// Adds what a client of this server has said.
    fn add_outcome(&mut self, outcome: CallOutcome) {
        match outcome {
            Ok(args) => self.add(&args),
            Err(_) => self.missing += 1,
        }
    }

    /// Adds what another server has said.
    pub(crate) fn add_reply(&mut self, reply: Reply) {
        match reply {
            Reply::Part(Part::Client(Some(args)) | Part::Server(Some(args))) => self.add(&args),
            Reply::Part(Part::Client(None)) => self.missing += 1,
            Reply::Part(Part::Server(None)) => self.missing_servers += 1,
            Reply::Part(Part::Asked(_) | Part::Sockets(_)) => {}
            Reply::End(missing) => {
                self.missing += missing.clients;
                self.missing_servers += missing.servers;
            }
        }
    }

    fn add(&mut self, args: &Args) {
        match args.to() {
            Ok(answer) => self.answers.push(answer),
            Err(error) => self.invalid.push(error),
        }
    }
}

/// An event that waits to be sent to many clients, and then answered by them. Await it to do both.
///
/// It is encoded once, and each client that is chosen at that moment is asked, on other servers
/// too. The wait ends when all have answered or left, at the latest after the
/// [`timeout`](Self::timeout).
#[must_use = "nothing is sent until the call is awaited"]
pub struct BroadcastCall<R> {
    choice: Broadcast,
    packet: Result<Encoded, EmitError>,
    within: Duration,
    answer: PhantomData<fn() -> R>,
}

impl<R> BroadcastCall<R> {
    pub(crate) fn new(
        choice: &Broadcast,
        packet: impl FnOnce(&crate::server::hub::Hub) -> Result<Encoded, EncodeError>,
    ) -> Self {
        let packet = choice
            .hub()
            .and_then(|hub| packet(hub).map_err(EmitError::from));
        Self {
            choice: choice.clone(),
            packet,
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

impl<R: DeserializeOwned + Send + 'static> IntoFuture for BroadcastCall<R> {
    type Output = Result<Answers<R>, EmitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self {
                choice,
                packet,
                within,
                ..
            } = self;
            let packet = packet?;
            let mut outcomes = ask(&choice, &packet, within);
            let mut elsewhere = choice.inquire(within, |selector| Ask::Call {
                selector,
                flags: choice.flags(),
                event: Emitted::from_packet(packet),
                within,
            });
            let mut answers = Answers::none();
            // Ends when each client has been accounted for: the last of them drops its sender.
            // Each connection keeps the time for its own client, so no timer is needed here.
            loop {
                tokio::select! {
                    Some(outcome) = outcomes.recv() => answers.add_outcome(outcome),
                    Some(reply) = elsewhere.next() => answers.add_reply(reply),
                    else => return Ok(answers),
                }
            }
        })
    }
}

/// Asks every chosen client, and returns where their outcomes arrive.
fn ask(
    choice: &Broadcast,
    packet: &Encoded,
    within: Duration,
) -> mpsc::UnboundedReceiver<CallOutcome> {
    // Bounded by the number of clients: each is told of once.
    let (asker, outcomes) = mpsc::unbounded_channel();
    for socket in choice.sockets() {
        let asked = socket.ask(packet.clone(), Some(within), Asker::Many(asker.clone()));
        if let Err(error) = asked {
            // The receiver is right here.
            let _received = asker.send(Err(error.into()));
        }
    }
    outcomes
}

impl<R> fmt::Debug for BroadcastCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastCall")
            .field("choice", &self.choice)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// How long to wait for answers, unless the caller says so.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
