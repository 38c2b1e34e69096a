//! What a client says about itself when it asks for a namespace.

use core::fmt;

use serde::Serialize;

use crate::{EncodeError, Namespace, Utf8Bytes, json};

/// What a client says about itself: a JSON object. [sio5 § Connection to a namespace]
///
/// It is a secret between client and server, so `Debug` hides it.
#[derive(Clone, Eq, PartialEq)]
pub struct Auth(Utf8Bytes);

impl Auth {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// If the value has no JSON form, or one that is not an object.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, AuthError> {
        Self::from_json(json::of(value)?)
    }

    /// Takes a JSON text as it is.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotAnObject`] if it is not the text of an object.
    pub fn from_json(json: impl Into<Utf8Bytes>) -> Result<Self, AuthError> {
        let json = json.into();
        match json::members(&json) {
            Some(_) => Ok(Self(json)),
            None => Err(AuthError::NotAnObject),
        }
    }

    /// Returns the JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the shared text.
    pub(super) fn to_text(&self) -> Utf8Bytes {
        self.0.clone()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth(…)")
    }
}

/// Why a value cannot be said to a server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthError {
    /// It has no JSON form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The protocol wants an object. [sio5 § Connection to a namespace]
    #[error("not a JSON object")]
    NotAnObject,
}

/// Where a client takes from what it says to a namespace, each time that it asks to be let in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Credentials {
    /// From the application, each time anew: for tokens that expire. Reported as
    /// [`Event::AuthRequest`](super::Event::AuthRequest).
    Ask,
    /// The same each time.
    Fixed(Auth),
    /// It says nothing.
    #[default]
    None,
}

impl From<Auth> for Credentials {
    fn from(auth: Auth) -> Self {
        Self::Fixed(auth)
    }
}

impl From<Option<Auth>> for Credentials {
    fn from(auth: Option<Auth>) -> Self {
        auth.map_or(Self::None, Self::Fixed)
    }
}

/// A namespace waits for what to say to the server. Consumed by
/// [`Client::authenticate`](super::Client::authenticate).
///
/// Not `Clone`: it is answered once. Dropped without an answer, the namespace waits until the next
/// session. An answer that comes too late, after the end of the session, has no effect: the next
/// session brings a request of its own. So does the next stay in `/` of an old server, which lets
/// nobody in anywhere else before.
#[derive(Debug)]
#[must_use = "the namespace waits for an answer"]
pub struct AuthRequest {
    pub(super) namespace: Namespace,
    pub(super) question: Question,
}

impl AuthRequest {
    /// Returns the namespace that waits.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

/// Which of its requests a namespace waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Question(pub(super) u64);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;

    #[test]
    fn only_objects_are_said_to_a_server() {
        let auth = Auth::new(&BTreeMap::from([("token", "t")])).unwrap();
        assert_eq!(auth.as_str(), r#"{"token":"t"}"#);
        assert_eq!(Auth::new(&["t"]), Err(AuthError::NotAnObject));
        assert_eq!(Auth::new(&()), Err(AuthError::NotAnObject));
        assert_eq!(Auth::from_json("{}{}"), Err(AuthError::NotAnObject));
        assert!(Auth::from_json("{}").is_ok());
    }

    #[test]
    fn credentials_are_not_printed() {
        let auth = Auth::from_json(r#"{"token":"secret"}"#).unwrap();
        assert!(!format!("{:?}", Credentials::from(auth)).contains("secret"));
    }
}
