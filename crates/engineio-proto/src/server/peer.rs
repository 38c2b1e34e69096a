//! Who opens a session: which revision it speaks, and what its transport carries.

use engineio_parser::{Channel, Revision, jsonp};

/// What a client speaks. The request that opens its session says so, see [`Route`](super::Route),
/// and it stays so. [js engine.io 6.6.12]
///
/// ```
/// use engineio_proto::parser::Revision;
/// use engineio_proto::server::Peer;
///
/// assert_eq!(Peer::from(Revision::V3).revision(), Revision::V3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub(super) revision: Revision,
    /// Of the transport that opens the session.
    pub(super) channel: Channel,
    /// The callback that takes answers to polls, where they are scripts.
    pub(super) jsonp: Option<jsonp::Index>,
}

impl Peer {
    /// Reads the parameters of a query; `None`: there is no such parameter.
    ///
    /// A WebSocket carries no scripts: for one, `j` is `None`.
    pub(super) fn new(revision: Revision, b64: Option<&str>, j: Option<&str>) -> Self {
        Self {
            revision,
            channel: Channel::from_query(b64, j),
            jsonp: j.map(jsonp::Index::from_query),
        }
    }

    /// The revision of the protocol.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// What the transport that opens the session carries.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }
}

/// A client that takes bytes, and answers as they are: no `b64`, no `j`.
impl From<Revision> for Peer {
    fn from(revision: Revision) -> Self {
        Self::new(revision, None, None)
    }
}
