//! What became of a handler: what the peer is answered, and what the application is told.

use std::fmt;

use serde::Serialize;
use socketio_proto::Args;

use crate::answer::Answer;
use crate::error::{EmitError, HandlerError, Rejection};
use crate::in_flight::Ended;

/// What a handler was called for.
#[derive(Debug)]
pub(crate) enum Subject {
    /// What a client says about itself.
    #[cfg(feature = "client")]
    Auth,
    Connect,
    /// A namespace that was not reached, or was refused.
    #[cfg(feature = "client")]
    ConnectError,
    Disconnect,
    Event(Args),
    /// An event whose handler has returned long ago.
    LateAnswer,
}

/// The name by which errors speak of it.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "client")]
            Self::Auth => f.write_str("auth"),
            Self::Connect => f.write_str("connect"),
            #[cfg(feature = "client")]
            Self::ConnectError => f.write_str("connect_error"),
            Self::Disconnect => f.write_str("disconnect"),
            Self::Event(args) => f.write_str(&args.event_name().unwrap_or_default()),
            Self::LateAnswer => f.write_str("late answer"),
        }
    }
}

/// What the peer is answered, and what the application is told.
pub(crate) fn outcome(
    subject: &Subject,
    ended: Ended<Answer>,
) -> (Option<Args>, Option<HandlerError>) {
    let event = || subject.to_string();
    match ended {
        Ended::Finished(Answer::Value(args)) => (args, None),
        Ended::Finished(Answer::Failure(answer)) => {
            let event = event();
            (
                Some(answer.clone()),
                Some(HandlerError::Failed { event, answer }),
            )
        }
        Ended::Finished(Answer::Unencodable(source)) => {
            let (event, source) = (event(), EmitError::from(source));
            (
                error_args(&source),
                Some(HandlerError::Unanswered { event, source }),
            )
        }
        Ended::Rejected(rejection) => {
            let event = event();
            (
                error_args(&rejection),
                Some(HandlerError::Rejected { event, rejection }),
            )
        }
        Ended::Panicked(message) => {
            let event = event();
            (
                error_args(&Rejection::new("internal error")),
                Some(HandlerError::Panicked { event, message }),
            )
        }
    }
}

/// An error of this crate as the one argument of an acknowledgement.
fn error_args(error: &impl Serialize) -> Option<Args> {
    Args::new(error).ok()
}
