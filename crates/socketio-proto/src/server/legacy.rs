//! Clients of Socket.IO 1 and 2, which speak revision 4 of the protocol over Engine.IO 3.
//!
//! What differs from revision 5: everybody is asked into `/` without asking, credentials are the
//! query of a namespace, answers carry nothing, ids are derived from the session, and a refusal is
//! its data alone. [js socket.io 4.8.4: `allowEIO3`]

use alloc::format;
use alloc::string::ToString;

use serde_json::{Map, Value};
use socketio_parser::Revision;

use super::{Accept, ConnectRequest, Connection, Event};
use crate::engine::parser::Revision as EngineRevision;
use crate::{Namespace, SocketId, Utf8Bytes};

impl Connection {
    /// The revision that the client speaks.
    pub(super) fn revision(&self) -> Revision {
        match self.engine.revision() {
            EngineRevision::V4 => Revision::V5,
            EngineRevision::V2 | EngineRevision::V3 => Revision::V4,
        }
    }

    /// Asks for `/` in the name of a client that does not ask itself.
    pub(super) fn ask_for_root(&mut self) {
        let root = Namespace::root();
        if self.revision() < Revision::V5 && self.namespaces.ask(&root).is_ok() {
            let request = self.legacy_request(root, None);
            self.report(Event::ConnectRequest(request));
        }
    }

    /// What a client asks for with a CONNECT: in old ones the name has a query, and the payload
    /// means nothing.
    pub(super) fn read_request(&self, asked: Namespace, data: Option<Utf8Bytes>) -> ConnectRequest {
        if self.revision() == Revision::V5 {
            return ConnectRequest::new(asked, data);
        }
        let auth = (!asked.query().is_empty()).then(|| auth_of(&asked));
        self.legacy_request(asked.path(), auth)
    }

    fn legacy_request(&self, namespace: Namespace, auth: Option<Utf8Bytes>) -> ConnectRequest {
        let session = self.engine.sid().as_str();
        // The client computes the same by itself.
        let sid = if namespace.is_root() {
            SocketId::new(session)
        } else {
            SocketId::new(format!("{namespace}#{session}"))
        };
        ConnectRequest::derived(namespace, auth, sid)
    }

    /// The payload of the answer to a CONNECT.
    pub(super) fn answer(&self, accept: &Accept) -> Option<Utf8Bytes> {
        (self.revision() == Revision::V5).then(|| accept.sid.to_answer(accept.pid.as_ref()))
    }
}

/// The parameters of a query as an object; of a repeated one the last counts.
fn auth_of(asked: &Namespace) -> Utf8Bytes {
    let parameters = asked.query().into_iter();
    let members = parameters.map(|(name, value)| (name.into_owned(), Value::from(&*value)));
    Value::from(members.collect::<Map<_, _>>())
        .to_string()
        .into()
}
