//! Why a command ends with something else than 0.

use std::fmt;
use std::process::ExitCode;

use crate::output;

/// What went wrong, for the one line on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It was tried and did not work: exit code 1.
    Failed(String),
    /// Everything has been said already: exit code 1.
    Reported,
    /// Nothing was tried, since the request makes no sense: exit code 2.
    Usage(String),
}

impl Failure {
    /// It did not work.
    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// The request makes no sense.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::Usage(message.to_string())
    }

    /// Says it on standard error, as one line whatever a server wrote, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Failed(_) | Self::Usage(_) => eprintln!("sio: {self}"),
            Self::Reported => {}
        }
        self.code()
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Failed(_) | Self::Reported => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message) | Self::Usage(message) => f.write_str(&output::one_line(message)),
            Self::Reported => Ok(()),
        }
    }
}

/// Standard output that cannot be written is the end of the command, but not worth a word if the
/// reader has just seen enough (`sio listen … | head`).
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Reported,
            _ => Self::failed(format_args!("cannot write the output: {error}")),
        }
    }
}
