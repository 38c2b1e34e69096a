//! Text that is written once and shared afterwards.
//!
//! A short text is gathered on the stack and moves into one allocation together with its reference
//! count: neither writing it nor the first clone asks for more.

use alloc::string::String;
use core::{fmt, mem, str};

use bytes::Bytes;

use crate::frame::Utf8Bytes;

/// A text that grows.
pub(crate) struct Text {
    short: [u8; SHORT],
    /// How much of `short` is written.
    len: usize,
    /// Takes over when `short` is full; empty until then.
    long: String,
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self {
            short: [0; SHORT],
            len: 0,
            long: String::new(),
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        if self.long.is_empty() {
            let end = self.len + text.len();
            if let Some(room) = self.short.get_mut(self.len..end) {
                room.copy_from_slice(text.as_bytes());
                self.len = end;
                return;
            }
            self.spill(text.len());
        }
        self.long.push_str(text);
    }

    /// Appends texts one behind the other, with one look at whether there is room.
    #[inline(always)]
    pub(crate) fn push_all<const N: usize>(&mut self, texts: [&str; N]) {
        let len: usize = texts.iter().map(|text| text.len()).sum();
        if self.long.is_empty() {
            let end = self.len + len;
            if let Some(mut room) = self.short.get_mut(self.len..end) {
                for text in texts {
                    let Some((place, rest)) = room.split_at_mut_checked(text.len()) else {
                        break;
                    };
                    place.copy_from_slice(text.as_bytes());
                    room = rest;
                }
                self.len = end;
                return;
            }
            self.spill(len);
        }
        texts.into_iter().for_each(|text| self.long.push_str(text));
    }

    pub(crate) fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Puts a text in the place of `removed` bytes, or before the byte there if that is 0.
    ///
    /// What follows is moved: meant for the rare cases in which something is known too late.
    pub(crate) fn replace(&mut self, at: usize, removed: usize, text: &str) {
        let behind = at + removed;
        if self.long.is_empty() {
            let len = (self.len + text.len()).saturating_sub(removed);
            if len <= SHORT && behind <= self.len {
                self.short.copy_within(behind..self.len, at + text.len());
                if let Some(place) = self.short.get_mut(at..at + text.len()) {
                    place.copy_from_slice(text.as_bytes());
                }
                self.len = len;
                return;
            }
            self.spill(text.len());
        }
        self.long.replace_range(at..behind, text);
    }

    pub(crate) fn len(&self) -> usize {
        match self.long.len() {
            0 => self.len,
            len => len,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.long.is_empty() {
            self.short.get(..self.len).unwrap_or_default()
        } else {
            self.long.as_bytes()
        }
    }

    /// Takes the text, of which clones count references, and leaves none.
    pub(crate) fn share(&mut self) -> Utf8Bytes {
        if !self.long.is_empty() {
            return mem::take(&mut self.long).into();
        }
        let bytes = match self.len {
            len if len <= SMALL => Bytes::from_owner(Inline::<SMALL>::new(self)),
            len if len <= MEDIUM => Bytes::from_owner(Inline::<MEDIUM>::new(self)),
            _ => Bytes::from_owner(Inline::<SHORT>::new(self)),
        };
        self.len = 0;
        // Only text was written; the check is the price of not trusting that blindly.
        Utf8Bytes::try_from(bytes).unwrap_or_default()
    }

    /// Moves to the heap, with room for so many bytes more.
    fn spill(&mut self, more: usize) {
        self.long.reserve(self.len + more + SHORT);
        let written = self.short.get(..self.len).unwrap_or_default();
        self.long
            .push_str(str::from_utf8(written).unwrap_or_default());
        self.len = 0;
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

/// A text of at most `N` bytes, to be stored beside its reference count.
struct Inline<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Inline<N> {
    fn new(text: &Text) -> Self {
        Self {
            bytes: text.short.first_chunk().copied().unwrap_or([0; N]),
            len: u8::try_from(text.len).unwrap_or_default(),
        }
    }
}

impl<const N: usize> AsRef<[u8]> for Inline<N> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

/// In bytes. With its length and the 16 bytes of the reference count, an [`Inline`] text fills the
/// size classes of common allocators: 64, 128 and 256 bytes.
const SMALL: usize = 47;
const MEDIUM: usize = 111;
const SHORT: usize = 239;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &str) -> Text {
        let mut text = Text::new();
        text.push_str(of);
        text
    }

    #[test]
    fn every_length_comes_out_as_it_went_in() {
        for len in 0..600 {
            let expected: String = "aé".chars().cycle().take(len).collect();
            let mut text = Text::new();
            expected.chars().for_each(|character| text.push(character));
            assert_eq!(text.len(), expected.len());
            assert_eq!(text.share(), expected);
        }
    }

    #[test]
    fn a_part_is_replaced_wherever_it_is() {
        for len in [0, 30, SHORT - 5, SHORT - 4, SHORT, 2 * SHORT] {
            let rest = "x".repeat(len);
            let mut replaced = text(&alloc::format!("[2]{rest}"));
            replaced.replace(1, 1, "5-");
            replaced.replace(2, 0, "11");
            assert_eq!(replaced.share(), alloc::format!("[511-]{rest}"));
        }
    }
}
