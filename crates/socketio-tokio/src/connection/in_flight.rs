//! Handlers at work: each polled once when it starts, then kept until it is done.
//!
//! A handler that is ready at once, as most are, costs no more than its own future.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, Stream};
use socketio_proto::server::{ConnectRequest, ReplyTo};
use socketio_proto::{Args, ConnectError};

use crate::answer::Answer;
use crate::error::Rejection;
use crate::handler::BoxFuture;
use crate::socket::Socket;

/// What a handler is working on, kept beside its future.
#[derive(Debug)]
pub(super) enum Task {
    /// Middleware number `next - 1` of a client at the door.
    Admission {
        socket: Socket,
        request: ConnectRequest,
        next: usize,
    },
    /// The handler of an event or hook.
    Event {
        socket: Socket,
        subject: Subject,
        reply: Option<ReplyTo>,
    },
}

/// What a handler was called for.
#[derive(Debug)]
pub(super) enum Subject {
    Connect,
    Disconnect,
    Event(Args),
    /// An event whose handler has returned long ago.
    LateAnswer,
}

impl Subject {
    /// The name by which errors speak of it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Connect => "connect".to_owned(),
            Self::Disconnect => "disconnect".to_owned(),
            Self::Event(args) => args.event_name().unwrap_or_default().into_owned(),
            Self::LateAnswer => "late answer".to_owned(),
        }
    }
}

/// A handler's future.
pub(super) enum Work {
    Admission(BoxFuture<Result<(), ConnectError>>),
    Event(BoxFuture<Answer>),
}

/// How a handler ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Answer),
    Decided(Result<(), ConnectError>),
    Panicked(String),
    Rejected(Rejection),
}

/// How the synchronous part of a handler ended: taking its arguments and making its future.
pub(super) enum Started {
    Panicked(String),
    Rejected(Rejection),
    Running(Work),
}

impl Started {
    /// Runs it; a panic ends no more than this event.
    pub(super) fn guard<T>(
        work: impl FnOnce(BoxFuture<T>) -> Work,
        start: impl FnOnce() -> Result<BoxFuture<T>, Rejection>,
    ) -> Self {
        match catch_unwind(AssertUnwindSafe(start)) {
            Ok(Ok(future)) => Self::Running(work(future)),
            Ok(Err(rejection)) => Self::Rejected(rejection),
            Err(panic) => Self::Panicked(panic_message(&*panic)),
        }
    }
}

/// A handler's future, and what it works on.
pub(super) struct Running {
    task: Option<Task>,
    work: Work,
}

impl Running {
    pub(super) fn new(task: Task, work: Work) -> Self {
        Self {
            task: Some(task),
            work,
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut self.work {
            Work::Admission(future) => future.as_mut().poll(cx).map(Outcome::Decided),
            Work::Event(future) => future.as_mut().poll(cx).map(Outcome::Answered),
        }
    }
}

impl Future for Running {
    type Output = (Task, Outcome);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(Task, Outcome)> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll_work(cx)));
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(panic) => Outcome::Panicked(panic_message(&*panic)),
        };
        match self.task.take() {
            Some(task) => Poll::Ready((task, outcome)),
            // Never polled again after it was ready: `FuturesUnordered` drops it.
            None => Poll::Pending,
        }
    }
}

/// The handlers of one connection that have started and are not done.
#[derive(Default)]
pub(super) struct InFlight(FuturesUnordered<Running>);

impl InFlight {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Polls a handler for the first time; it stays here unless it is ready at once.
    pub(super) fn start(
        &self,
        cx: &mut Context<'_>,
        mut running: Running,
    ) -> Option<(Task, Outcome)> {
        match Pin::new(&mut running).poll(cx) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => {
                self.0.push(running);
                None
            }
        }
    }

    /// A handler that has got ready since.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Option<(Task, Outcome)> {
        match Pin::new(&mut self.0).poll_next(cx) {
            Poll::Ready(done) => done,
            Poll::Pending => None,
        }
    }
}

/// What a panic said, as far as it is text.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}
