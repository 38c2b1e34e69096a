//! The trait of handlers' arguments, and what all contexts of events offer.

use socketio_proto::Args;

use crate::ack::Respond;
use crate::error::Rejection;

/// A handler's argument, taken from the context `C` in which the handler runs.
///
/// The contexts of a server are [`EventContext`](crate::EventContext),
/// [`ConnectContext`](crate::ConnectContext) and [`DisconnectContext`](crate::DisconnectContext).
/// [`Socket`](crate::Socket), [`Handshake`](crate::Handshake), [`State`](crate::State) and
/// [`Extension`](crate::Extension) come from each of them, [`Auth`](crate::Auth) from all but a
/// disconnect; [`Data`](crate::Data), [`Args`], [`Ack`](crate::Ack) and
/// [`EventName`](crate::EventName) exist only where an event is being handled, and a handler that
/// asks for them elsewhere does not compile.
///
/// Implement it for your own types to keep handlers short:
///
/// ```
/// use socketio_tokio::{EventContext, FromContext, Rejection};
///
/// struct UserAgent(String);
///
/// impl<S: Send + Sync> FromContext<EventContext<S>> for UserAgent {
///     fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
///         let value = context.socket().handshake().headers().get("user-agent");
///         let text = value.and_then(|value| value.to_str().ok());
///         text.map(|text| Self(text.to_owned())).ok_or_else(|| Rejection::new("no user agent"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of this handler",
    label = "a handler of this kind is not given a `{Self}`",
    note = "what an event carries is read by `Data`: `Data(message): Data<Message>`",
    note = "events of a server offer `Socket`, `Data<T>`, `Typed<E>`, `Args`, `EventName`, `Ack<T>`, `Auth<T>`, `Handshake`, `Extension<T>` and `State<S>`; those of a client `Sender` instead of `Socket`, and nothing of the handshake",
    note = "`DisconnectReason` exists in `on_disconnect` only; `Data`, `Args` and `Ack` only where an event is handled"
)]
pub trait FromContext<C>: Sized {
    /// Takes the argument.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] says what the peer sent wrong. The handler is then not called; the error
    /// reaches `on_error`, and the peer's acknowledgement, if it asked for one.
    fn from_context(context: &C) -> Result<Self, Rejection>;
}

/// A context in which an event is being handled.
#[diagnostic::on_unimplemented(
    message = "this handler is not given an event",
    label = "there is no event to take this argument from",
    note = "`Data`, `Typed`, `Args`, `EventName` and `Ack` exist only where an event is handled: `on`, `on_event`, `on_any`"
)]
pub trait HasEvent {
    /// The event's arguments, its name in front.
    fn args(&self) -> &Args;

    /// Takes the right to answer, if the peer waits for an answer; later calls get `None`.
    #[doc(hidden)]
    fn take_respond(&self) -> Option<Respond>;
}
