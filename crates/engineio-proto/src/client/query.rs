//! The query of a request: what it asks for, and for which session.

use core::fmt;
use core::fmt::Write;

use crate::config::TransportKind;
use crate::id::Sid;

/// What follows the question mark of a request's URL, printed by `Display`: all that is mandatory.
/// [eio4 § Query parameters]
///
/// ```text
/// EIO=4&transport=polling&sid=lv_VI97HAXpY6yYWAAAC
/// ```
///
/// Parameters of the application go in front of it, behind a `&`: of a repeated parameter the last
/// one counts. A driver that fears caches appends `&t=` and something that it has not used before.
/// `Debug` hides the session id, which is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    transport: TransportKind,
    sid: Option<Sid>,
}

impl Query {
    /// Asks for a new session.
    pub(crate) const fn handshake(transport: TransportKind) -> Self {
        Self {
            transport,
            sid: None,
        }
    }

    /// Asks for something in the name of a session: every request but the first does.
    /// [eio4 § Handshake]
    pub(crate) const fn session(transport: TransportKind, sid: Sid) -> Self {
        Self {
            transport,
            sid: Some(sid),
        }
    }

    /// The transport that the request belongs to.
    #[must_use]
    pub const fn transport(&self) -> TransportKind {
        self.transport
    }

    /// The session that the request belongs to. `None`: it asks for a new one.
    #[must_use]
    pub const fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EIO=4&transport={}", self.transport.as_str())?;
        match &self.sid {
            None => Ok(()),
            Some(sid) => {
                f.write_str("&sid=")?;
                sid.as_str().bytes().try_for_each(|byte| escape(byte, f))
            }
        }
    }
}

/// Nothing is known about the alphabet of a server's ids.
fn escape(byte: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            f.write_char(char::from(byte))
        }
        _ => write!(f, "%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_handshake_names_the_revision_and_the_transport() {
        let query = Query::handshake(TransportKind::WebSocket);
        assert_eq!(query.to_string(), "EIO=4&transport=websocket");
    }

    #[test]
    fn an_id_is_escaped_because_a_server_may_choose_any() {
        let query = Query::session(TransportKind::Polling, Sid::new("a-Z_9.~ &é"));
        assert_eq!(
            query.to_string(),
            "EIO=4&transport=polling&sid=a-Z_9.~%20%26%C3%A9"
        );
    }

    #[test]
    fn debug_hides_the_session_id() {
        let query = Query::session(TransportKind::Polling, Sid::new("secret"));
        assert!(!format!("{query:?}").contains("secret"));
    }
}
