//! MessagePack on its way out: each thing in its shortest form, as notepack.io writes it.

use alloc::vec::Vec;

use rmp::encode::{self, ByteBuf, RmpWrite};

use crate::number::Number;

/// Appends items to a buffer, which cannot fail: hence the results that are thrown away.
///
/// Lengths have to fit into 32 bits.
pub(super) struct Writer(ByteBuf);

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(ByteBuf::with_capacity(bytes))
    }

    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0.into_vec()
    }

    pub(super) fn nil(&mut self) {
        let _ = encode::write_nil(&mut self.0);
    }

    pub(super) fn bool(&mut self, value: bool) {
        let _ = encode::write_bool(&mut self.0, value);
    }

    pub(super) fn number(&mut self, number: Number) {
        let _ = match (number.as_u64(), number.as_i64()) {
            (Some(unsigned), _) => encode::write_uint(&mut self.0, unsigned).map(drop),
            (None, Some(signed)) => encode::write_sint(&mut self.0, signed).map(drop),
            (None, None) => encode::write_f64(&mut self.0, number.as_f64()),
        };
    }

    pub(super) fn text(&mut self, text: &str) {
        let _ = encode::write_str_len(&mut self.0, len(text.len()));
        let _ = self.0.write_bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let _ = encode::write_bin_len(&mut self.0, len(bytes.len()));
        let _ = self.0.write_bytes(bytes);
    }

    /// So many items have to follow.
    pub(super) fn array(&mut self, len: u32) {
        let _ = encode::write_array_len(&mut self.0, len);
    }

    /// So many pairs of items have to follow.
    pub(super) fn map(&mut self, len: u32) {
        let _ = encode::write_map_len(&mut self.0, len);
    }
}

fn len(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
