//! Names of namespaces.

use alloc::string::String;
use core::borrow::Borrow;
use core::{fmt, hash};

use crate::error::NamespaceError;
use crate::frame::Utf8Bytes;

/// The name of a namespace: it begins with `/` and holds no comma.
///
/// Cloning counts a reference. The default is the root, `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Namespace(Utf8Bytes);

impl Namespace {
    /// Takes a name, and puts a `/` in front if there is none: `""` is the root, `"admin"` is
    /// `/admin`.
    ///
    /// # Errors
    ///
    /// [`NamespaceError`] if the name holds a comma, which the packet encoding cannot represent.
    pub fn new(name: impl Into<Utf8Bytes>) -> Result<Self, NamespaceError> {
        let name = name.into();
        if name.contains(',') {
            return Err(NamespaceError);
        }
        if name.starts_with('/') {
            return Ok(Self(name));
        }
        let mut slashed = String::with_capacity(1 + name.len());
        slashed.push('/');
        slashed.push_str(&name);
        Ok(Self(slashed.into()))
    }

    /// The root namespace, `/`.
    #[must_use]
    pub const fn root() -> Self {
        Self(Utf8Bytes::from_static(ROOT))
    }

    /// The name, with its leading `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.as_str() == ROOT
    }

    /// Takes a name that the header grammar has found, hence without a comma.
    pub(crate) fn from_wire(name: Utf8Bytes) -> Self {
        if name == ROOT {
            Self::root()
        } else {
            Self(name)
        }
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self::root()
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl hash::Hash for Namespace {
    // As `str` does it, because of `Borrow<str>`.
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Namespace {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Namespace {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<&str> for Namespace {
    type Error = NamespaceError;

    fn try_from(name: &str) -> Result<Self, NamespaceError> {
        Self::new(name)
    }
}

pub(crate) const ROOT: &str = "/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_slash_is_added() {
        assert_eq!(Namespace::new("admin").unwrap().as_str(), "/admin");
        assert_eq!(Namespace::new("/admin").unwrap().as_str(), "/admin");
        assert_eq!(Namespace::new("").unwrap(), Namespace::root());
    }

    /// [sio5 § Packet encoding]: the name ends at the first comma.
    #[test]
    fn a_comma_is_refused() {
        assert_eq!(Namespace::new("/a,b"), Err(NamespaceError));
    }
}
