//! Without the feature `compression` files are sent as they are.

use bytes::Bytes;

/// A content coding: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Coding {}

impl Coding {
    pub(crate) const OFFERED: &'static [Self] = &[];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {}
    }

    pub(crate) fn compress(self, _: &[u8]) -> Bytes {
        match self {}
    }
}

/// No coding, whatever the browser accepts.
pub(crate) fn choose(_: &str) -> Option<Coding> {
    None
}
