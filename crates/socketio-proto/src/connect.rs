//! How a client is let into a namespace, or why it is not.

use alloc::format;
use alloc::string::String;
use core::borrow::Borrow;
use core::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use socketio_parser::{Refusal, Revision};

use crate::{EncodeError, PrivateId, Utf8Bytes, json};

/// The public id of one client in one namespace.
///
/// Drawn by the driver, opaque to the peer, and unrelated to the id of the Engine.IO session, which
/// is a secret. [sio5 § Connection to a namespace]
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SocketId(Utf8Bytes);

impl SocketId {
    /// Wraps an id that the driver has drawn.
    pub fn new(id: impl Into<Utf8Bytes>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the shared text, for another name of the same thing.
    pub(crate) fn to_text(&self) -> Utf8Bytes {
        self.0.clone()
    }

    /// Returns the payload of the CONNECT answer: `{"sid":"…"}`, and the private id if there is
    /// one. [js socket.io 4.8.4] `connectionStateRecovery`
    pub(crate) fn to_answer(&self, pid: Option<&PrivateId>) -> Utf8Bytes {
        let sid = Value::from(self.as_str());
        match pid.map(|pid| Value::from(pid.as_str())) {
            Some(pid) => format!("{{\"sid\":{sid},\"pid\":{pid}}}").into(),
            None => format!("{{\"sid\":{sid}}}").into(),
        }
    }
}

impl Borrow<str> for SocketId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for SocketId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a client is kept out of a namespace, in the words that it will read.
///
/// The client sees `message` as the message of its `connect_error`, and `data` as the data of it.
/// [sio5 § Connection to a namespace]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ConnectError {
    /// What went wrong, for people.
    pub message: String,
    /// What went wrong, for programs: a JSON text. `None` sends no `data` at all.
    pub data: Option<Utf8Bytes>,
}

impl ConnectError {
    /// Makes an error without data.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// Adds data.
    ///
    /// # Errors
    ///
    /// If the value has no JSON form, [`EncodeError::Binary`] among the reasons: this packet
    /// carries no attachments.
    pub fn with_data<T: Serialize + ?Sized>(self, data: &T) -> Result<Self, EncodeError> {
        Ok(Self {
            data: Some(json::of(data)?),
            ..self
        })
    }

    /// Returns the payload of the CONNECT_ERROR packet, as a client of this revision reads it.
    pub(crate) fn to_json(&self, revision: Revision) -> Utf8Bytes {
        let refusal = Refusal {
            message: self.message.as_str().into(),
            data: self.data.as_deref(),
        };
        refusal.encode(revision)
    }
}

/// For `?` behind [`ConnectError::with_data`]: what cannot be said is nobody's fault but the
/// server's.
impl From<EncodeError> for ConnectError {
    fn from(_: EncodeError) -> Self {
        Self::new("internal error")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_escapes_the_id() {
        let sid = SocketId::new("a\"b");
        assert_eq!(sid.to_answer(None), r#"{"sid":"a\"b"}"#);
        let pid = PrivateId::new("\\");
        assert_eq!(sid.to_answer(Some(&pid)), r#"{"sid":"a\"b","pid":"\\"}"#);
    }

    #[test]
    fn a_refusal_without_data_has_no_such_key() {
        assert_eq!(
            ConnectError::new("no\n").to_json(Revision::V5),
            r#"{"message":"no\n"}"#
        );
    }

    #[test]
    fn a_refusal_with_data_carries_it_as_it_is() {
        let null = ConnectError::new("").with_data(&()).unwrap();
        assert_eq!(null.to_json(Revision::V5), r#"{"message":"","data":null}"#);
        let list = ConnectError::new("nope").with_data(&[1, 2]).unwrap();
        assert_eq!(
            list.to_json(Revision::V5),
            r#"{"message":"nope","data":[1,2]}"#
        );
    }

    #[test]
    fn bytes_cannot_be_the_data_of_a_refusal() {
        let bytes = bytes::Bytes::from_static(&[1]);
        let refused = ConnectError::new("x").with_data(&bytes);
        assert!(matches!(refused, Err(EncodeError::Binary)));
    }
}
