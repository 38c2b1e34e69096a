//! Functions that serve events: what may be a handler, and its form without type parameters.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

use crate::answer::Answer;
use crate::context::FromContext;
use crate::error::Rejection;
use crate::typed::{self, Acknowledges, OutputOf, TypedArguments};

/// An async function or closure whose arguments come from the context `C`.
///
/// Implemented for functions of up to eight arguments, each of which implements [`FromContext`].
/// `T` is the tuple of their types and is never written out. The future must be `Send`: the
/// handlers of a client run on whichever thread its connection does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not an async function whose arguments are extractors"
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

// One implementation for all numbers of arguments: when a condition is not met, the compiler can
// name that one, instead of saying that no implementation fits.
impl<C, F, T> Handler<C, T> for F
where
    F: AsyncFunction<T> + Send + Sync + 'static,
    F::Future: Send + 'static,
    T: Arguments<C>,
{
    type Output = <F::Future as Future>::Output;
    type Future = F::Future;

    fn call(&self, context: &C) -> Result<F::Future, Rejection> {
        T::take(context).map(|arguments| self.start(arguments))
    }
}

/// An async function, with its arguments as a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not an async function of up to eight arguments",
    note = "write `async` in front, and the type of each argument: `async |socket: Socket, Data(text): Data<String>| ..`, or an `async fn`",
    note = "a closure must not lend what it captures to its future: share it through `State<S>`, or clone it before an `async move` block"
)]
pub trait AsyncFunction<T> {
    type Future: Future;

    fn start(&self, arguments: T) -> Self::Future;
}

/// Handlers' arguments as a tuple.
pub trait Arguments<C>: Sized {
    fn take(context: &C) -> Result<Self, Rejection>;
}

macro_rules! handler {
    ($($argument:ident),*) => {
        impl<F, Fut, $($argument),*> AsyncFunction<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut,
            Fut: Future,
        {
            type Future = Fut;

            #[allow(non_snake_case)]
            fn start(&self, ($($argument,)*): ($($argument,)*)) -> Fut {
                self($($argument),*)
            }
        }

        impl<C, $($argument: FromContext<C>),*> Arguments<C> for ($($argument,)*) {
            #[allow(unused_variables)]
            fn take(context: &C) -> Result<Self, Rejection> {
                Ok(($($argument::from_context(context)?,)*))
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
    Arc<dyn Fn(&C, bool) -> Result<BoxFuture<T>, Rejection> + Send + Sync>;

/// Erases a handler whose return value is an answer.
pub(crate) fn erase<C, T, H>(handler: H) -> Erased<C, Answer>
where
    H: Handler<C, T>,
    H::Output: Serialize,
{
    Arc::new(move |context, wanted| {
        let future = handler.call(context)?;
        Ok(Box::pin(async move { Answer::of(&future.await, wanted) }))
    })
}

/// Erases a handler of a typed event.
pub(crate) fn erase_typed<C, T, H>(handler: H) -> Erased<C, Answer>
where
    T: TypedArguments,
    H: Handler<C, T>,
    H::Output: Acknowledges<OutputOf<T>>,
{
    Arc::new(move |context, wanted| {
        let future = handler.call(context)?;
        Ok(Box::pin(async move { typed::answer(future.await, wanted) }))
    })
}

/// Erases a handler whose return value becomes a verdict of type `V`.
#[cfg(feature = "server")]
pub(crate) fn erase_with<C, T, H, V>(
    handler: H,
    verdict: impl Fn(H::Output) -> V + Copy + Send + Sync + 'static,
) -> Erased<C, V>
where
    H: Handler<C, T>,
    V: 'static,
{
    Arc::new(move |context, _| {
        let future = handler.call(context)?;
        Ok(Box::pin(async move { verdict(future.await) }))
    })
}
