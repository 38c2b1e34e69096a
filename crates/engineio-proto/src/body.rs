//! The body of a request or an answer, read as text.

use alloc::string::String;

use bytes::Bytes;
use engineio_parser::Utf8Bytes;

/// The text of a body. The encoding is UTF-8 [eio4 § Packet encoding]; what is
/// invalid is replaced, as the reference does on both sides.
pub(crate) fn text(body: Bytes) -> Utf8Bytes {
    match Utf8Bytes::try_from(body.clone()) {
        Ok(text) => text,
        Err(_) => Utf8Bytes::from(String::from_utf8_lossy(&body).into_owned()),
    }
}
