//! Functions that serve events: what may be a handler, and its form without type parameters.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use socketio_proto::ConnectError;

use crate::answer::Answer;
use crate::context::{ConnectContext, DisconnectContext, EventContext, FromContext};
use crate::error::Rejection;

/// An async function or closure whose arguments come from the context `C`.
///
/// Implemented for functions of up to eight arguments, each of which implements [`FromContext`].
/// `T` is the tuple of their types and is never written out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not an async function of extractors",
    note = "a handler is an `async fn` or `async |socket: Socket, Data(text): Data<String>| ..`",
    note = "each argument is an extractor: `Socket`, `Data<T>`, `Args`, `Ack<T>`, `Auth<T>`, `State<S>`",
    note = "the future must be `Send`: no `Rc`, `RefCell` borrow or lock guard across an `.await`",
    note = "a closure must not lend what it captures to its future: share it through `State<S>`, or clone it before an `async move` block"
)]
pub trait Handler<C, T>: Send + Sync + 'static {
    /// What the handler returns: the acknowledgement.
    type Output;
    /// The handler at work.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Takes the arguments from the context and starts.
    ///
    /// # Errors
    ///
    /// The first argument that could not be taken.
    fn call(&self, context: &C) -> Result<Self::Future, Rejection>;
}

macro_rules! handler {
    ($($argument:ident),*) => {
        impl<C, F, Fut, $($argument),*> Handler<C, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            $($argument: FromContext<C>,)*
        {
            type Output = Fut::Output;
            type Future = Fut;

            #[allow(unused_variables)]
            fn call(&self, context: &C) -> Result<Fut, Rejection> {
                Ok(self($($argument::from_context(context)?),*))
            }
        }
    };
}
handler!();
handler!(A1);
handler!(A1, A2);
handler!(A1, A2, A3);
handler!(A1, A2, A3, A4);
handler!(A1, A2, A3, A4, A5);
handler!(A1, A2, A3, A4, A5, A6);
handler!(A1, A2, A3, A4, A5, A6, A7);
handler!(A1, A2, A3, A4, A5, A6, A7, A8);

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A handler with its types erased. The flag says whether the peer wants an answer.
pub(crate) type Erased<C, T> =
    Box<dyn Fn(&C, bool) -> Result<BoxFuture<T>, Rejection> + Send + Sync>;

pub(crate) type EventFn<S> = Erased<EventContext<S>, Answer>;
pub(crate) type ConnectFn<S> = Erased<ConnectContext<S>, Answer>;
pub(crate) type DisconnectFn<S> = Erased<DisconnectContext<S>, Answer>;
pub(crate) type MiddlewareFn<S> = Erased<ConnectContext<S>, Result<(), ConnectError>>;

/// Erases a handler whose return value is an answer.
pub(crate) fn erase<C, T, H>(handler: H) -> Erased<C, Answer>
where
    H: Handler<C, T>,
    H::Output: Serialize,
{
    Box::new(move |context, wanted| {
        let future = handler.call(context)?;
        Ok(Box::pin(async move { Answer::of(&future.await, wanted) }))
    })
}

/// Erases a handler whose return value is a verdict.
pub(crate) fn erase_middleware<C, T, H, E>(handler: H) -> Erased<C, Result<(), ConnectError>>
where
    H: Handler<C, T, Output = Result<(), E>>,
    E: Into<ConnectError> + 'static,
{
    Box::new(move |context, _| {
        let future = handler.call(context)?;
        Ok(Box::pin(async move { future.await.map_err(Into::into) }))
    })
}
