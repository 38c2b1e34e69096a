//! Names of things that live for a while: sessions, requests, WebSockets.

use core::borrow::Borrow;
use core::fmt;

use engineio_parser::Utf8Bytes;

/// An HTTP exchange. Drawn from [`Ids`], so never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// A WebSocket. Drawn from [`Ids`], so never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransportId(u64);

/// Where ids come from. Not `Clone`: two sources would hand out the same id.
#[derive(Debug, Default)]
pub struct Ids(u64);

impl Ids {
    /// A source that has handed out nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Draws the id of the next request.
    pub fn request(&mut self) -> RequestId {
        RequestId(self.draw())
    }

    /// Draws the id of the next WebSocket.
    pub fn transport(&mut self) -> TransportId {
        TransportId(self.draw())
    }

    fn draw(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// The id of a session, as it travels in the query of every request.
///
/// Whoever knows it can speak for the session: it is a secret, so `Debug` hides it. It comes from
/// the driver, which owns randomness; nothing is assumed about its length or alphabet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid(Utf8Bytes);

impl Sid {
    /// Wraps an id.
    #[must_use]
    pub fn new(sid: impl Into<Utf8Bytes>) -> Self {
        Self(sid.into())
    }

    /// The id as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TransportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

impl fmt::Debug for TransportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Equal, ordered and hashed like the text inside, as `Borrow` demands.
impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sid(…)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;

    use super::*;

    #[test]
    fn ids_are_never_reused_and_read_well() {
        let mut ids = Ids::new();
        assert_eq!(
            format!(
                "{:?} {:?} {}",
                ids.request(),
                ids.transport(),
                ids.request()
            ),
            "#1 t2 #3"
        );
    }

    #[test]
    fn a_session_id_is_not_printed() {
        assert!(!format!("{:?}", Sid::new("secret")).contains("secret"));
    }

    #[test]
    fn a_session_id_is_found_by_its_text() {
        let sessions = BTreeMap::from([(Sid::new("a"), 1)]);
        assert_eq!(sessions.get("a"), Some(&1));
    }
}
