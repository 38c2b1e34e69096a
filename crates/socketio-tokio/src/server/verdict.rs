//! What event middleware may say.

use serde::Serialize;
use socketio_proto::Args;

use crate::answer::Answer;
use crate::handler::{Erased, Handler, erase_with};

/// What event middleware may say: go on, go on with other arguments, or stop here.
///
/// Implemented for `()`, which never stops anything, for `Result<(), E>`, and for
/// `Result<Args, E>`, whose arguments take the place of those received. An `Err` reaches
/// `on_error` and the peer's acknowledgement, as that of a handler does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a verdict of event middleware",
    note = "return `()`, `Result<(), E>` or `Result<Args, E>` with an `E: serde::Serialize`"
)]
pub trait Verdict: sealed::Verdict + 'static {}

/// What the verdict comes to: perhaps other arguments, or the failure that the peer is told.
pub(crate) type Passed = Result<Option<Args>, Answer>;

mod sealed {
    pub trait Verdict {
        fn passed(self) -> super::Passed;
    }
}

impl Verdict for () {}
impl sealed::Verdict for () {
    fn passed(self) -> Passed {
        Ok(None)
    }
}

impl<E: Serialize + 'static> Verdict for Result<(), E> {}
impl<E: Serialize> sealed::Verdict for Result<(), E> {
    fn passed(self) -> Passed {
        self.map(|()| None).map_err(|error| Answer::failure(&error))
    }
}

impl<E: Serialize + 'static> Verdict for Result<Args, E> {}
impl<E: Serialize> sealed::Verdict for Result<Args, E> {
    fn passed(self) -> Passed {
        self.map(Some).map_err(|error| Answer::failure(&error))
    }
}

/// Erases event middleware.
pub(crate) fn erase_event_middleware<C, T, H>(handler: H) -> Erased<C, Passed>
where
    H: Handler<C, T>,
    H::Output: Verdict,
{
    erase_with(handler, sealed::Verdict::passed)
}
