//! The arguments that the handler of any event can ask for.

use serde::de::DeserializeOwned;
use socketio_proto::Args;

use crate::ack::Ack;
use crate::context::{FromContext, HasEvent};
use crate::error::Rejection;

/// What could not be taken is `None` instead of a rejection.
impl<C, T: FromContext<C>> FromContext<C> for Option<T> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(T::from_context(context).ok())
    }
}

/// What could not be taken is up to the handler.
impl<C, T: FromContext<C>> FromContext<C> for Result<T, Rejection> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(T::from_context(context))
    }
}

/// The arguments of an event, deserialised.
///
/// A tuple takes several arguments, anything else takes the first one; further arguments are
/// ignored. `Bytes` anywhere inside receives a binary attachment. A fixed-size array counts as a
/// tuple, because serde does not tell them apart.
#[derive(Clone, Copy, Debug)]
pub struct Data<T>(pub T);

impl<C: HasEvent, T: DeserializeOwned> FromContext<C> for Data<T> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        let data = context.args().event_data();
        data.map(Self).map_err(Rejection::from)
    }
}

impl<C: HasEvent> FromContext<C> for Args {
    /// The arguments without the event's name, for handlers that pass them on unread.
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.args().without_name())
    }
}

impl<C: HasEvent, T> FromContext<C> for Ack<T> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(Self::new(context.take_respond()))
    }
}

/// The name of the event, for catch-all handlers and event middleware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub String);

impl<C: HasEvent> FromContext<C> for EventName {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        let name = context.args().event_name().unwrap_or_default();
        Ok(Self(name.into_owned()))
    }
}
