//! Byte strings that are kept beside the JSON, and where in it they stood.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::placeholder::{self, Placeholder};
use crate::text::Text;

/// The byte strings of one payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attachments {
    bytes: Vec<Bytes>,
    /// In the order in which they begin. Each names one of the byte strings.
    placeholders: Vec<Placeholder>,
}

impl Attachments {
    pub(crate) const NONE: Self = Self::new(Vec::new(), Vec::new());

    pub(crate) const fn new(bytes: Vec<Bytes>, placeholders: Vec<Placeholder>) -> Self {
        Self {
            bytes,
            placeholders,
        }
    }

    /// Adds a byte string, and writes its placeholder.
    pub(crate) fn push(&mut self, bytes: Bytes, out: &mut Text) {
        let placeholder = placeholder::write(out, self.bytes.len());
        self.placeholders.push(placeholder);
        self.bytes.push(bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn bytes(&self) -> &[Bytes] {
        &self.bytes
    }

    pub(crate) fn placeholders(&self) -> &[Placeholder] {
        &self.placeholders
    }

    pub(crate) fn into_bytes(self) -> Vec<Bytes> {
        self.bytes
    }

    /// The same where the first `removed` bytes of the JSON have given way to `added` others.
    pub(crate) fn moved(&self, removed: usize, added: usize) -> Self {
        let at = |at: usize| at.checked_sub(removed).map(|at| at + added);
        let moved = |placeholder: &Placeholder| {
            Some(Placeholder {
                start: at(placeholder.start)?,
                end: at(placeholder.end)?,
                index: placeholder.index,
            })
        };
        Self {
            bytes: self.bytes.clone(),
            placeholders: self.placeholders.iter().filter_map(moved).collect(),
        }
    }
}
