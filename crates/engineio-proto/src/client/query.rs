//! The query of a request: what it asks for, and for which session.

use core::fmt;
use core::fmt::Write;

use engineio_parser::{Channel, Revision};

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
    revision: Revision,
    transport: TransportKind,
    /// What the transport carries.
    channel: Channel,
    sid: Option<Sid>,
}

impl Query {
    /// Asks for a new session.
    pub(crate) const fn handshake(
        revision: Revision,
        transport: TransportKind,
        channel: Channel,
    ) -> Self {
        Self {
            revision,
            transport,
            channel,
            sid: None,
        }
    }

    /// Asks for something in the name of a session: every request but the first does.
    /// [eio4 § Handshake]
    pub(crate) const fn session(
        revision: Revision,
        transport: TransportKind,
        channel: Channel,
        sid: Sid,
    ) -> Self {
        Self {
            revision,
            transport,
            channel,
            sid: Some(sid),
        }
    }

    /// The revision of the protocol that the request speaks.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
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
        let (revision, transport) = (self.revision.number(), self.transport.as_str());
        write!(f, "EIO={revision}&transport={transport}")?;
        // A server asks for it where a transport begins; the reference says it everywhere.
        // [js engine.io-client 3.5.6]
        if self.channel == Channel::Text {
            f.write_str("&b64=1")?;
        }
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
    use crate::config::TransportKind::{Polling, WebSocket};

    #[test]
    fn a_handshake_names_the_revision_and_the_transport() {
        let query = |revision| Query::handshake(revision, WebSocket, Channel::Bytes).to_string();
        assert_eq!(query(Revision::V4), "EIO=4&transport=websocket");
        assert_eq!(query(Revision::V3), "EIO=3&transport=websocket");
        assert_eq!(query(Revision::V2), "EIO=2&transport=websocket");
    }

    #[test]
    fn whoever_takes_no_bytes_says_so() {
        let handshake = Query::handshake(Revision::V3, Polling, Channel::Text);
        assert_eq!(handshake.to_string(), "EIO=3&transport=polling&b64=1");
        let sid = Sid::new("s");
        let candidate = Query::session(Revision::V3, WebSocket, Channel::Text, sid);
        assert_eq!(
            candidate.to_string(),
            "EIO=3&transport=websocket&b64=1&sid=s"
        );
    }

    #[test]
    fn an_id_is_escaped_because_a_server_may_choose_any() {
        let sid = Sid::new("a-Z_9.~ &é");
        let query = Query::session(Revision::V4, Polling, Channel::Bytes, sid);
        assert_eq!(
            query.to_string(),
            "EIO=4&transport=polling&sid=a-Z_9.~%20%26%C3%A9"
        );
    }

    #[test]
    fn debug_hides_the_session_id() {
        let sid = Sid::new("secret");
        let query = Query::session(Revision::V4, Polling, Channel::Bytes, sid);
        assert!(!format!("{query:?}").contains("secret"));
    }
}
