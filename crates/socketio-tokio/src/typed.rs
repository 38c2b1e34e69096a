//! Events whose name, arguments and acknowledgement are one type, for both directions.

mod shape;

use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::{Args, ArgsError};

pub(crate) use self::shape::AsArguments;
use self::shape::FromArguments;
use crate::ack::Ack;
use crate::answer::Answer;
use crate::context::{FromContext, HasEvent};
use crate::error::Rejection;

/// A type that is an event: it fixes the name, and by its shape the arguments.
///
/// What receives it and what sends it cannot disagree, since both name the same type. Events that
/// are named by a string, and typed ones, mix freely.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use serde::{Deserialize, Serialize};
/// use socketio_tokio::{CallError, Event, Namespace, Server, Socket, Typed};
///
/// #[derive(Deserialize, Event, Serialize)]
/// #[event(name = "chat message", ack = Receipt)]
/// struct Message {
///     room: String,
///     text: String,
/// }
///
/// #[derive(Deserialize, Serialize)]
/// struct Receipt {
///     number: u64,
/// }
///
/// let chat = Namespace::new("/").on_event(async |socket: Socket, Typed(message): Typed<Message>| {
///     let _closed = socket.to(message.room.as_str()).emit_event(&message);
///     Receipt { number: 1 }
/// });
/// let io = Server::builder().namespace(chat).build();
///
/// async fn say(socket: &Socket, text: &str) -> Result<u64, CallError> {
///     let message = Message { room: "lobby".into(), text: text.into() };
///     let Receipt { number } = socket.call_event(&message).await?;
///     Ok(number)
/// }
/// # }
/// ```
///
/// # Arguments
///
/// | the struct | its arguments |
/// |---|---|
/// | `struct Message { room: String, text: String }` | one, an object |
/// | `struct Move(u8, u8)` | as many as it has fields |
/// | `struct Level(u8)` | one, its field |
/// | `struct Refresh` | none |
///
/// So a field of a tuple struct is always exactly one argument, also where it is a tuple itself.
/// Attributes of serde apply as ever: what counts is the shape that serde is shown.
///
/// # Acknowledgement
///
/// [`Ack`](Self::Ack) is `()` where there is nothing to say. A tuple is several values, as
/// everywhere. To fail, a handler returns a `Result<Ack, E>`, of which `Ack` knows nothing.
///
/// # Without the derive macro
///
/// ```
/// use socketio_tokio::Event;
///
/// #[derive(serde::Serialize)]
/// struct Level(u8);
///
/// impl Event for Level {
///     const NAME: &'static str = "level";
///     type Ack = ();
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "a typed event is needed here",
    note = "write `#[derive(Event)]` above the struct, or use the form that names the event by a string"
)]
pub trait Event {
    /// The name under which it travels.
    const NAME: &'static str;
    /// What it is answered with: serialised by who answers, deserialised by who asks.
    type Ack;
}

/// A typed event, as the last argument of its handler; see [`Event`].
///
/// Where a handler was given to [`Namespace::on`](crate::Namespace::on), whose event has a name of
/// its own, it only reads the arguments.
#[derive(Clone, Copy, Debug)]
pub struct Typed<E>(pub E);

impl<C: HasEvent, E: Event + DeserializeOwned> FromContext<C> for Typed<E> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(Self(read(context.args())?))
    }
}

/// A typed event and the right to answer it, for handlers that answer later than they return.
///
/// As with [`Ack`], what the handler returns is then not an answer: it is `()` or `Result<(), E>`.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use socketio_tokio::{Asked, Event, Namespace, Server};
///
/// #[derive(serde::Deserialize, Event)]
/// #[event(ack = u32)]
/// struct Report;
///
/// let namespace = Namespace::new("/").on_event(async |Asked(_report, ack): Asked<Report>| {
///     tokio::spawn(async move { ack.send(42) });
/// });
/// let io = Server::builder().namespace(namespace).build();
/// # }
/// ```
#[derive(Debug)]
pub struct Asked<E: Event>(pub E, pub Ack<E::Ack>);

impl<C: HasEvent, E: Event + DeserializeOwned> FromContext<C> for Asked<E> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        // In this order: who sent something else is still told so.
        let Typed(event) = Typed::from_context(context)?;
        Ok(Self(event, Ack::from_context(context)?))
    }
}

/// The argument that says which event a handler is for: [`Typed`] or [`Asked`].
#[diagnostic::on_unimplemented(
    message = "the last argument of a handler of `on_event` is `Typed<E>` or `Asked<E>`, not `{Self}`",
    label = "the handler does not say which event it is for",
    note = "put `Typed(event): Typed<E>` behind the other arguments, or name the event: `.on(\"name\", ..)`"
)]
pub trait TypedArgument {
    /// The event.
    type Event: Event;
    /// What the handler returns, perhaps in a `Result`.
    type Output: Serialize;
}

impl<E: Event<Ack: Serialize>> TypedArgument for Typed<E> {
    type Event = E;
    type Output = E::Ack;
}

impl<E: Event> TypedArgument for Asked<E> {
    type Event = E;
    type Output = ();
}

/// The arguments of a handler of a typed event: a tuple whose last element is a [`TypedArgument`].
#[diagnostic::on_unimplemented(
    message = "a handler of `on_event` has `Typed<E>` or `Asked<E>` as its last argument",
    label = "the handler does not say which event it is for",
    note = "write `async |Typed(event): Typed<E>| ..`, or name the event: `.on(\"name\", ..)`"
)]
pub trait TypedArguments {
    /// The argument that says which event it is.
    type Last: TypedArgument;
}

macro_rules! typed_arguments {
    ($($argument:ident),*) => {
        impl<$($argument,)* L: TypedArgument> TypedArguments for ($($argument,)* L,) {
            type Last = L;
        }
    };
}
typed_arguments!();
typed_arguments!(A1);
typed_arguments!(A1, A2);
typed_arguments!(A1, A2, A3);
typed_arguments!(A1, A2, A3, A4);
typed_arguments!(A1, A2, A3, A4, A5);
typed_arguments!(A1, A2, A3, A4, A5, A6);
typed_arguments!(A1, A2, A3, A4, A5, A6, A7);

/// The event that a handler with the arguments `T` is for.
pub(crate) type EventOf<T> = <<T as TypedArguments>::Last as TypedArgument>::Event;
/// What a handler with the arguments `T` returns, perhaps in a `Result`.
pub(crate) type OutputOf<T> = <<T as TypedArguments>::Last as TypedArgument>::Output;

/// What a handler may return to acknowledge with an `A`: an `A`, or a `Result<A, E>` whose error
/// serialises.
#[diagnostic::on_unimplemented(
    message = "this handler returns `{Self}`, but its event is acknowledged with `{A}`",
    label = "return `{A}`, or a `Result<{A}, E>` whose error serialises",
    note = "`#[event(ack = ..)]` says what an event is acknowledged with; without it that is `()`"
)]
pub trait Acknowledges<A>: sealed::Acknowledges<A> {}

mod sealed {
    pub trait Acknowledges<A> {
        fn answer(self, wanted: bool) -> super::Answer;
    }
}

impl<A: Serialize> Acknowledges<A> for A {}
impl<A: Serialize> sealed::Acknowledges<A> for A {
    fn answer(self, wanted: bool) -> Answer {
        Answer::verbatim(&self, wanted)
    }
}

impl<A: Serialize, E: Serialize> Acknowledges<A> for Result<A, E> {}
impl<A: Serialize, E: Serialize> sealed::Acknowledges<A> for Result<A, E> {
    fn answer(self, wanted: bool) -> Answer {
        match self {
            Ok(value) => Answer::verbatim(&value, wanted),
            Err(error) => Answer::failure(&error),
        }
    }
}

/// The typed event that these are the arguments of, its name in front.
pub(crate) fn read<E: DeserializeOwned>(args: &Args) -> Result<E, ArgsError> {
    args.event_data().map(|FromArguments(event)| event)
}

/// What becomes of a handler's return value.
pub(crate) fn answer<A>(output: impl Acknowledges<A>, wanted: bool) -> Answer {
    sealed::Acknowledges::answer(output, wanted)
}
