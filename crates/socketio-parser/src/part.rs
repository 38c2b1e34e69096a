//! A part of a text in shared memory.

use core::fmt;
use core::ops::{Deref, Range};

use crate::frame::Utf8Bytes;

/// A text that owns all of the text that it is a part of.
///
/// A slice would count one more reference and, when the whole is dropped, one less: each takes
/// longer than finding out where the part begins, and every event that is received has one.
#[derive(Clone)]
pub(crate) struct Part {
    whole: Utf8Bytes,
    start: usize,
    end: usize,
}

impl Part {
    pub(crate) const fn new(whole: Utf8Bytes, Range { start, end }: Range<usize>) -> Self {
        Self { whole, start, end }
    }
}

impl From<Utf8Bytes> for Part {
    fn from(whole: Utf8Bytes) -> Self {
        let end = whole.len();
        Self::new(whole, 0..end)
    }
}

impl Deref for Part {
    type Target = str;

    fn deref(&self) -> &str {
        self.whole.get(self.start..self.end).unwrap_or_default()
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_they_say() {
        let whole = Utf8Bytes::from_static("42[1]");
        let part = Part::new(whole, 2..5);
        assert_eq!(&*part, "[1]");
        assert_eq!(part, Part::from(Utf8Bytes::from_static("[1]")));
        assert_ne!(part, Part::from(Utf8Bytes::from_static("[2]")));
    }
}
