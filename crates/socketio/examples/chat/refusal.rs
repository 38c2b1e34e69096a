//! How a visitor is told that something was not done.

use serde::Serialize;
use socketio::EmitError;

/// Travels as the acknowledgement `{"error": "…"}`, as the errors of the library do.
#[derive(Serialize)]
pub(crate) struct Refusal {
    error: String,
}

impl From<String> for Refusal {
    fn from(error: String) -> Self {
        Self { error }
    }
}

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        error.to_owned().into()
    }
}

impl From<EmitError> for Refusal {
    fn from(error: EmitError) -> Self {
        error.to_string().into()
    }
}
