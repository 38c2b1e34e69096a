//! Servers of Socket.IO 1 and 2, which speak revision 4 of the protocol over Engine.IO 3.
//!
//! What differs from revision 5: the server lets everybody into `/` without being asked, and into
//! nothing else before; credentials are the query of a namespace; answers carry nothing, so the
//! client knows its id by itself; a refusal is any JSON, and may come when nothing was asked; there
//! is no recovery. [js socket.io-client 2.5.0]
//!
//! A client that leaves `/` can be let into nothing more, so `/` is asked for again first. That is
//! the only CONNECT that `/` ever sees: a second one in the same stay would end the session.

use alloc::format;
use alloc::string::{String, ToString};

use socketio_parser::Revision;

use super::event::Event;
use super::link::Manner;
use super::namespace::{Membership, Standing};
use super::{Auth, Client};
use crate::engine::Sid;
use crate::engine::parser::Revision as EngineRevision;
use crate::parser::Packet;
use crate::{ConnectError, Namespace, SocketId, json};

/// Where an old server has the client in `/`, whether the application wants to be there or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Root {
    /// The answer is on its way: to nothing at first, or to a CONNECT.
    Awaited,
    Joined,
    /// It was refused, or one side has ended it.
    Left,
}

impl Client {
    /// The revision that the server speaks.
    pub(super) fn revision(&self) -> Revision {
        revision_over(self.config.engine.revision)
    }

    pub(super) fn is_legacy(&self) -> bool {
        self.revision() < Revision::V5
    }

    /// The name of a namespace among the packets. In those of old servers it has no query.
    pub(super) fn key_of(&self, asked: &Namespace) -> Namespace {
        if self.is_legacy() {
            asked.path()
        } else {
            asked.clone()
        }
    }

    /// Whether the server may be asked for a namespace now. If that has to wait for `/`, this is
    /// what makes `/` come.
    pub(super) fn may_ask(&mut self, name: &Namespace) -> bool {
        if !self.is_legacy() {
            return true;
        }
        let Some(live) = self.link.open_mut() else {
            return false;
        };
        match live.root {
            Root::Joined if name.is_root() => self.enter_root(),
            Root::Joined => return true,
            Root::Awaited => {}
            Root::Left => {
                live.root = Root::Awaited;
                let (namespace, data) = (Namespace::root(), None);
                // It has a form in every encoding.
                let _ = self.tell(&Packet::Connect { namespace, data }, Manner::Along);
            }
        }
        false
    }

    /// The server has let the client into `/`. Now it can be asked for the others.
    pub(super) fn on_root_joined(&mut self) {
        if self.set_root(Root::Joined) {
            self.enter_root();
            for name in self.memberships.names() {
                self.ask(&name);
            }
        }
    }

    /// The client is in `/`. If the application wants to be, it is connected.
    fn enter_root(&mut self) {
        let root = Namespace::root();
        let membership = self.memberships.get(&root);
        if membership.is_some_and(|membership| membership.standing == Standing::Apart) {
            let sid = self.derived_sid(&root);
            self.on_welcome(&root, sid, None);
        }
    }

    /// One side has ended the stay in `/`. Where there is none, a DISCONNECT has crossed a CONNECT.
    pub(super) fn on_root_left(&mut self) {
        if self.link.live().map(|live| live.root) == Some(Root::Joined) {
            self.set_root(Root::Left);
        }
    }

    /// What the server says about `/` concerns everything. While `/` is awaited it is a refusal,
    /// and whoever waits behind it waits in vain.
    pub(super) fn on_root_error(&mut self, data: &str) {
        let is_refusal = self.link.live().map(|live| live.root) == Some(Root::Awaited);
        if is_refusal {
            self.set_root(Root::Left);
        }
        for name in self.memberships.names() {
            let standing = self.memberships.get(&name).map(|m| &m.standing);
            match standing {
                Some(Standing::Apart | Standing::Questioned(_)) if is_refusal => {
                    self.refuse(&name, reason_of(data));
                }
                Some(Standing::Joined(_)) => self.report_error(name, data),
                Some(
                    Standing::Apart
                    | Standing::Asked
                    | Standing::Left
                    | Standing::Questioned(_)
                    | Standing::Reopened
                    | Standing::Withdrawn,
                )
                | None => {}
            }
        }
    }

    /// A refusal of something else than the namespace, which goes on.
    pub(super) fn report_error(&mut self, namespace: Namespace, data: &str) {
        let error = reason_of(data);
        self.report(Event::Error { namespace, error });
    }

    /// Notes where the server has the client in `/`. `false` if that is known already, or nobody
    /// asks.
    fn set_root(&mut self, root: Root) -> bool {
        match self.link.open_mut() {
            Some(live) if live.root != root => {
                live.root = root;
                true
            }
            Some(_) | None => false,
        }
    }

    /// The public id that the server takes for that of the client. It contains the id of the
    /// session, which is a secret.
    pub(super) fn derived_sid(&self, name: &Namespace) -> SocketId {
        let session = self.link.live().and_then(|live| live.sid.as_ref());
        let session = session.map_or("", Sid::as_str);
        if name.is_root() {
            SocketId::new(session.to_string())
        } else {
            SocketId::new(format!("{name}#{session}"))
        }
    }
}

impl Membership {
    /// How an old server is asked for this namespace: with the credentials as its query, next to
    /// the one that the application has given.
    pub(super) fn asked_with(&self, auth: Option<&Auth>) -> Namespace {
        let members = auth.and_then(|auth| json::members(auth.as_str()));
        let parameters = members.iter().flatten().map(|(name, value)| {
            // Strings as they are, anything else as JSON.
            let text = json::string(value).unwrap_or_else(|| value.get().to_string());
            (name, text)
        });
        self.asked.with_query(parameters)
    }

    /// Whether the answer of an old server for `/`, which is never asked for, would come now.
    pub(super) fn awaits_root(&self, root: Root) -> bool {
        self.name.is_root() && root == Root::Awaited && self.standing == Standing::Apart
    }
}

/// What an old server says instead of letting the client in: the data of an error, or its message.
pub(super) fn reason_of(json: &str) -> ConnectError {
    if let Ok(text) = serde_json::from_str::<String>(json) {
        return ConnectError::new(text);
    }
    let members = json::members(json).unwrap_or_default();
    let message = members.get("message").and_then(|text| json::string(text));
    ConnectError {
        message: message.unwrap_or_default(),
        data: Some(json.to_string().into()),
    }
}

/// The revision of Socket.IO that goes with one of Engine.IO.
pub(super) fn revision_over(engine: EngineRevision) -> Revision {
    match engine {
        EngineRevision::V4 => Revision::V5,
        EngineRevision::V2 | EngineRevision::V3 => Revision::V4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_a_query() {
        let mut membership = Membership::new(Namespace::new("/a").unwrap());
        let auth = |json: &'static str| Auth::from_json(json).unwrap();
        let asked = |membership: &Membership, json| {
            let auth = auth(json);
            membership.asked_with(Some(&auth)).as_str().to_string()
        };
        assert_eq!(membership.asked_with(None).as_str(), "/a");
        assert_eq!(asked(&membership, "{}"), "/a");
        let many = r#"{"token":"a b,","n":1.50,"list":[1, "x"],"no":null}"#;
        assert_eq!(
            asked(&membership, many),
            "/a?list=%5B1%2C%20%22x%22%5D&n=1.50&no=null&token=a%20b%2C"
        );
        membership.asked = Namespace::new("/a?x=1").unwrap();
        assert_eq!(asked(&membership, r#"{"y":"2"}"#), "/a?x=1&y=2");
    }

    #[test]
    fn a_refusal_is_any_json() {
        let table = [
            (r#""no""#, "no", None),
            (r#"{"code":1}"#, "", Some(r#"{"code":1}"#)),
            (
                r#"{"message":"no","n":2}"#,
                "no",
                Some(r#"{"message":"no","n":2}"#),
            ),
            ("[1]", "", Some("[1]")),
            ("null", "", Some("null")),
        ];
        for (json, message, data) in table {
            let reason = reason_of(json);
            assert_eq!(reason.message, message, "{json}");
            assert_eq!(reason.data.as_deref(), data, "{json}");
        }
    }
}
