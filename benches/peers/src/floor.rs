//! The least that any parser has to do.

use bytes::Bytes;

/// Sees that bytes are UTF-8 and looks at each of them once, for the separator of a payload.
pub(crate) fn decode(bytes: &Bytes) -> (bool, Option<usize>) {
    let is_utf8 = simdutf8::basic::from_utf8(bytes).is_ok();
    (is_utf8, memchr::memchr(0x1e, bytes))
}

/// Copies what was written into memory of its own.
pub(crate) fn encode(written: &[u8]) -> Vec<u8> {
    written.to_vec()
}
