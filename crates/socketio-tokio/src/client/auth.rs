//! What a client says about itself, each time that it asks for a namespace.

use std::fmt;

use serde::Serialize;
use serde::de::IgnoredAny;
use socketio_proto::client::Auth;
use socketio_proto::{Args, Namespace as Name};

use crate::answer::Answer;
use crate::client::error::{BuildError, Refused};
use crate::context::FromContext;
use crate::error::Rejection;
use crate::handler::{Erased, Handler, erase};
use crate::in_flight::Ended;

/// Where what is said comes from.
#[derive(Clone, Default)]
pub enum Source {
    Ask(Erased<AuthContext, Answer>),
    Fixed(Auth),
    #[default]
    Nothing,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// What a client may say about itself: a value that is a JSON object, or an async function that
/// gives one and is called for every attempt.
///
/// `M` tells the two apart and is never written out. A function may return a `Result`: with an
/// error the client is not let in, as if the server had refused it. The error's text is the message
/// of the refusal, or, if it is no text, its data.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be what a client says about itself",
    label = "neither a value that serialises nor an async function that returns one",
    note = "write `json!({{ .. }})` or `async || json!({{ .. }})`"
)]
pub trait IntoAuth<M>: sealed::IntoAuth<M> {}

mod sealed {
    use super::{BuildError, Source};

    pub trait IntoAuth<M> {
        fn into_source(self) -> Result<Source, BuildError>;
    }
}

/// A value.
#[derive(Debug)]
pub struct Value;

impl<T: Serialize> IntoAuth<Value> for T {}
impl<T: Serialize> sealed::IntoAuth<Value> for T {
    fn into_source(self) -> Result<Source, BuildError> {
        let auth = Auth::new(&self);
        let auth = auth.map_err(|error| BuildError::InvalidAuth(error.to_string()))?;
        Ok(Source::Fixed(auth))
    }
}

impl<H, T> IntoAuth<(T,)> for H
where
    H: Handler<AuthContext, T>,
    H::Output: Serialize,
{
}
impl<H, T> sealed::IntoAuth<(T,)> for H
where
    H: Handler<AuthContext, T>,
    H::Output: Serialize,
{
    fn into_source(self) -> Result<Source, BuildError> {
        Ok(Source::Ask(erase(self)))
    }
}

/// What a function that is asked for [`auth`](crate::client::Builder::auth) is called with: it may
/// take the name of the namespace.
#[derive(Debug)]
pub struct AuthContext {
    pub(crate) namespace: Name,
}

impl FromContext<AuthContext> for Name {
    fn from_context(context: &AuthContext) -> Result<Self, Rejection> {
        Ok(context.namespace.clone())
    }
}

/// What the server is told, or why the client stays outside.
pub(crate) fn verdict(ended: &Ended<Answer>) -> Result<Auth, Refused> {
    match ended {
        Ended::Finished(Answer::Value(Some(args))) => only(args),
        Ended::Finished(Answer::Value(None)) => Err(Refused::new(NOTHING, None)),
        Ended::Finished(Answer::Failure(args)) => match args.to::<String>() {
            Ok(text) => Err(Refused::new(text, None)),
            Err(_) => Err(refused_with(args)),
        },
        Ended::Finished(Answer::Unencodable(error)) => Err(Refused::new(error.to_string(), None)),
        Ended::Panicked(message) => Err(Refused::new(format!("auth panicked: {message}"), None)),
        Ended::Rejected(rejection) => Err(Refused::new(rejection.to_string(), None)),
    }
}

/// The words of an [`EventError`](crate::EventError) are a message, too.
fn refused_with(args: &Args) -> Refused {
    #[derive(serde::Deserialize)]
    struct Words {
        error: String,
    }
    let message = args.to::<Words>().map(|words| words.error);
    let message = message.unwrap_or_else(|_| "auth failed".to_owned());
    // Several values are said as a list.
    let one = inside(args).filter(|json| serde_json::from_str::<IgnoredAny>(json).is_ok());
    let json = one.unwrap_or_else(|| args.json());
    Refused::new(message, Some(json.to_owned().into()))
}

/// The one argument as an object.
fn only(args: &Args) -> Result<Auth, Refused> {
    let object = inside(args).filter(|_| args.attachments().is_empty());
    let auth = object.map(|json| Auth::from_json(json.to_owned()));
    match auth {
        Some(Ok(auth)) => Ok(auth),
        Some(Err(error)) => Err(Refused::new(format!("auth: {error}"), None)),
        None => Err(Refused::new(NOTHING, None)),
    }
}

/// The text between the brackets.
fn inside(args: &Args) -> Option<&str> {
    args.json().trim().strip_prefix('[')?.strip_suffix(']')
}

const NOTHING: &str = "auth: not a JSON object";

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: Answer) -> Result<String, (String, Option<String>)> {
        verdict(&Ended::Finished(answer))
            .map(|auth| auth.as_str().to_owned())
            .map_err(|refused| {
                let json = refused.json().map(str::to_owned);
                (refused.message().to_owned(), json)
            })
    }

    #[test]
    fn an_object_is_said() {
        let object = std::collections::BTreeMap::from([("token", "t")]);
        assert_eq!(said(Answer::of(&object, true)).unwrap(), r#"{"token":"t"}"#);
        let result: Result<_, String> = Ok(object);
        assert_eq!(said(Answer::of(&result, true)).unwrap(), r#"{"token":"t"}"#);
    }

    #[test]
    fn what_is_no_object_keeps_the_client_outside() {
        let object = std::collections::BTreeMap::from([("a", 1)]);
        assert!(said(Answer::of(&1, true)).is_err());
        assert!(said(Answer::of(&(), true)).is_err());
        assert!(said(Answer::of(&(object.clone(), object), true)).is_err());
        assert!(said(Answer::of(&bytes::Bytes::from_static(b"x"), true)).is_err());
    }

    #[test]
    fn an_error_is_the_message_or_the_data_of_the_refusal() {
        let text = said(Answer::of(&Err::<(), _>("no token"), true));
        assert_eq!(text.unwrap_err(), ("no token".to_owned(), None));
        let words = said(Answer::of(
            &Err::<(), _>(crate::EventError::new("no token")),
            true,
        ));
        assert_eq!(words.unwrap_err().0, "no token");
        let data = said(Answer::of(&Err::<(), _>([1, 2]), true));
        assert_eq!(
            data.unwrap_err(),
            ("auth failed".to_owned(), Some("[1,2]".to_owned()))
        );
    }
}
