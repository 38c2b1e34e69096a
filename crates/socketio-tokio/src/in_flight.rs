//! Handlers at work: each polled once when it starts, then kept until it is done.
//!
//! A handler that is ready at once, as most are, costs no more than its own future.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, Stream};

use crate::error::Rejection;
use crate::handler::BoxFuture;
use crate::span::Span;

/// How a handler ended.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    /// With what it returned.
    Finished(T),
    /// Not at all: this event is lost, and nothing else.
    Panicked(String),
    /// Before it began: its arguments could not be taken.
    Rejected(Rejection),
}

/// What a handler works on, kept beside its future.
pub(crate) trait Task: Sized {
    /// What the handler returns.
    type Output;
    /// All that may be at work in the same set.
    type Running: Future + Unpin;
    /// What the handler does belongs to this span.
    fn span(&self) -> Span;
    /// The handler at work.
    fn running(job: Job<Self>) -> Self::Running;
    /// The handler at its end.
    fn done(self, ended: Ended<Self::Output>) -> DoneOf<Self>;
}

/// A handler of the set to which `T` belongs, at its end.
pub(crate) type DoneOf<T> = <<T as Task>::Running as Future>::Output;

/// Makes the types `Running` and `Done` of one set: what works there, and what it returns.
macro_rules! tasks {
    ($($task:ident -> $output:ty),*) => {
        /// A handler at work.
        enum Running {
            $($task(crate::in_flight::Job<$task>),)*
        }

        /// A handler at its end.
        enum Done {
            $($task($task, crate::in_flight::Ended<$output>),)*
        }

        impl std::future::Future for Running {
            type Output = Done;

            fn poll(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Done> {
                match &mut *self {
                    $(Self::$task(job) => job.poll(cx),)*
                }
            }
        }

        $(impl crate::in_flight::Task for $task {
            type Output = $output;
            type Running = Running;

            fn span(&self) -> crate::span::Span {
                self.own_span()
            }

            fn running(job: crate::in_flight::Job<Self>) -> Running {
                Running::$task(job)
            }

            fn done(self, ended: crate::in_flight::Ended<$output>) -> Done {
                Done::$task(self, ended)
            }
        })*
    };
}
pub(crate) use tasks;

/// A handler's future, and what it works on.
pub(crate) struct Job<T: Task> {
    task: Option<T>,
    future: BoxFuture<T::Output>,
    span: Span,
}

impl<T: Task> Job<T> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<DoneOf<T>> {
        let Self { future, span, .. } = self;
        let poll = || span.enter(|| future.as_mut().poll(cx));
        let polled = catch_unwind(AssertUnwindSafe(poll));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ended::Finished(output),
            Err(panic) => Ended::Panicked(panic_message(&*panic)),
        };
        match self.task.take() {
            Some(task) => Poll::Ready(task.done(ended)),
            // Never polled again after it was ready: `FuturesUnordered` drops it.
            None => Poll::Pending,
        }
    }
}

/// The handlers of one connection that have started and are not done.
pub(crate) struct InFlight<R>(FuturesUnordered<R>);

impl<R> Default for InFlight<R> {
    fn default() -> Self {
        Self(FuturesUnordered::new())
    }
}

impl<R: Future + Unpin> InFlight<R> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Stops all of them.
    #[cfg(feature = "server")]
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes a handler's arguments and polls it for the first time; it stays here unless it is
    /// ready at once. The task is made when the arguments have been taken.
    pub(crate) fn start<T: Task<Running = R>>(
        &self,
        cx: &mut Context<'_>,
        start: impl FnOnce() -> Result<BoxFuture<T::Output>, Rejection>,
        task: impl FnOnce() -> T,
    ) -> Option<R::Output> {
        let future = match catch_unwind(AssertUnwindSafe(start)) {
            Ok(Ok(future)) => future,
            Ok(Err(rejection)) => return Some(task().done(Ended::Rejected(rejection))),
            Err(panic) => return Some(task().done(Ended::Panicked(panic_message(&*panic)))),
        };
        let task = task();
        let span = task.span();
        let mut running = T::running(Job {
            task: Some(task),
            future,
            span,
        });
        match Pin::new(&mut running).poll(cx) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => {
                self.0.push(running);
                None
            }
        }
    }

    /// A handler that has got ready since.
    pub(crate) fn poll_done(&mut self, cx: &mut Context<'_>) -> Option<R::Output> {
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
