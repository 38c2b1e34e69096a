//! What both sides of a WebSocket handshake compute and look for.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What proves that the key has been understood. `None`: it is not 16 bytes. [RFC 6455 § 4.2.2]
pub(crate) fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    if BASE64_STANDARD.decode(key).ok()?.len() != 16 {
        return None;
    }
    let mut sha = sha1_smol::Sha1::new();
    sha.update(key.as_bytes());
    sha.update(GUID.as_bytes());
    HeaderValue::from_str(&BASE64_STANDARD.encode(sha.digest().bytes())).ok()
}

/// Whether a header that is a list has this word in it.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// [RFC 6455 § 1.3]
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_specification_is_accepted_as_there() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_that_is_not_sixteen_bytes_is_none() {
        for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "AAAA", "****"] {
            assert_eq!(accept(&HeaderValue::from_static(key)), None, "{key}");
        }
    }
}
