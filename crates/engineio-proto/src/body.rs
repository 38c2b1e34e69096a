//! The body of a request or an answer: text or bytes.

use alloc::string::String;

use bytes::Bytes;
use engineio_parser::Utf8Bytes;

/// What the content type of a post says about its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Packets as text.
    Text,
    /// Packets as bytes, which revision 4 does not have.
    Binary,
}

impl BodyKind {
    /// Reads the value of a `Content-Type` header.
    ///
    /// Without one, the body is text. [eio4 § Headers] says besides that bytes are announced; since
    /// they became base64, nobody sends any. Only the bare type means bytes: with a parameter
    /// behind it, it is text like everything else. [js engine.io 6.6.12]
    #[must_use]
    pub fn from_content_type(value: Option<&[u8]>) -> Self {
        match value {
            Some(b"application/octet-stream") => Self::Binary,
            Some(_) | None => Self::Text,
        }
    }

    /// What a client says about a body of this kind. [js engine.io-client 6.6.8]
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain;charset=UTF-8",
            Self::Binary => "application/octet-stream",
        }
    }
}

/// The text of a body. The encoding is UTF-8 [eio4 § Packet encoding]; what is
/// invalid is replaced, as the reference does on both sides.
pub(crate) fn text(body: Bytes) -> Utf8Bytes {
    match Utf8Bytes::try_from(body.clone()) {
        Ok(text) => text,
        Err(_) => Utf8Bytes::from(String::from_utf8_lossy(&body).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bare_type_means_bytes() {
        let kind = |value: &'static str| BodyKind::from_content_type(Some(value.as_bytes()));
        assert_eq!(kind("application/octet-stream"), BodyKind::Binary);
        assert_eq!(
            kind("application/octet-stream; charset=UTF-8"),
            BodyKind::Text
        );
        assert_eq!(kind("text/plain"), BodyKind::Text);
        assert_eq!(BodyKind::from_content_type(None), BodyKind::Text);
    }

    #[test]
    fn a_server_reads_what_a_client_says() {
        for kind in [BodyKind::Text, BodyKind::Binary] {
            let said = kind.content_type().as_bytes();
            assert_eq!(BodyKind::from_content_type(Some(said)), kind);
        }
    }
}
