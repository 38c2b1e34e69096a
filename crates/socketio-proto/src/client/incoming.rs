//! What each packet of the server does.

use alloc::string::String;

use serde_json::value::RawValue;

use super::Client;
use super::event::{DisconnectReason, Event, SessionEnd};
use super::legacy;
use super::link::Manner;
use super::namespace::Standing;
use crate::engine::Message;
use crate::parser::Packet;
use crate::reply::{ReplyTo, Visit};
use crate::{AckId, Args, ConnectError, Namespace, SocketId, Utf8Bytes, json};

impl Client {
    pub(super) fn on_message(&mut self, message: Message) {
        let Some(live) = self.link.open_mut() else {
            return;
        };
        match live.reader.read(message) {
            Ok(Some(packet)) => self.on_packet(packet),
            Ok(None) => {}
            // [sio5 § Sending and receiving data; sio5 § Acknowledgement] An event or an answer
            // without its array ends the session, as if the network had failed
            // [js socket.io-client 4.8.4].
            Err(error) => self.cut(SessionEnd::Malformed(error)),
        }
    }

    /// A packet for a namespace that the client does not take part in is ignored: it may have
    /// crossed a DISCONNECT.
    fn on_packet(&mut self, packet: Packet) {
        match packet {
            Packet::Connect { namespace, data } => self.on_answer(&namespace, data),
            Packet::ConnectError { namespace, data } => self.on_refusal(&namespace, &data),
            Packet::Disconnect { namespace } => self.on_disconnect(namespace),
            Packet::Event {
                namespace,
                id,
                args,
            } => self.on_event(namespace, id, args),
            Packet::Ack {
                namespace,
                id: Some(id),
                args,
            } => self.on_ack(namespace, id, args),
            Packet::Ack { id: None, .. } => {}
        }
    }

    fn on_answer(&mut self, name: &Namespace, data: Option<Utf8Bytes>) {
        let is_legacy = self.is_legacy();
        if is_legacy && name.is_root() {
            return self.on_root_joined();
        }
        let Some(membership) = self.memberships.get_mut(name) else {
            return;
        };
        match membership.standing {
            Standing::Asked if is_legacy => self.on_welcome(name, self.derived_sid(name), None),
            Standing::Asked => match Welcome::read(data.as_deref().unwrap_or_default()) {
                Some(Welcome { sid, pid }) => self.on_welcome(name, sid, pid),
                None => self.refuse(name, ConnectError::new(NO_ID)),
            },
            Standing::Withdrawn => {
                membership.standing = Standing::Left;
                self.tell_disconnect(name);
            }
            Standing::Reopened => {
                membership.standing = Standing::Apart;
                self.tell_disconnect(name);
                self.ask(name);
            }
            Standing::Apart | Standing::Joined(_) | Standing::Left | Standing::Questioned(_) => {}
        }
    }

    pub(super) fn on_welcome(&mut self, name: &Namespace, sid: SocketId, pid: Option<String>) {
        let visit = Visit::new(self.next_serial());
        let Some(membership) = self.memberships.get_mut(name) else {
            return;
        };
        membership.standing = Standing::Joined(visit);
        membership.latest = None;
        let recovered = membership.recovery.on_connected(pid);
        membership.recovered = recovered;
        membership.sid = Some(sid.clone());
        for (id, args) in membership.early.take() {
            self.deliver(name.clone(), visit, id, args);
        }
        self.report(Event::Connected {
            namespace: name.clone(),
            sid,
            recovered,
        });
    }

    fn on_refusal(&mut self, name: &Namespace, data: &str) {
        let is_legacy = self.is_legacy();
        if is_legacy && name.is_root() {
            return self.on_root_error(data);
        }
        let reason = if is_legacy {
            legacy::reason_of
        } else {
            reason_of
        };
        let standing = self.memberships.get_mut(name).map(|m| &mut m.standing);
        match standing {
            Some(Standing::Asked) => self.refuse(name, reason(data)),
            Some(Standing::Joined(_)) if is_legacy => self.report_error(name.clone(), data),
            Some(standing @ Standing::Withdrawn) => *standing = Standing::Left,
            Some(standing @ Standing::Reopened) => {
                *standing = Standing::Apart;
                self.ask(name);
            }
            // [sio5 § Connection to a namespace] only a request is refused.
            Some(
                Standing::Apart | Standing::Joined(_) | Standing::Left | Standing::Questioned(_),
            )
            | None => {}
        }
    }

    /// The namespace is not asked for again by itself.
    pub(super) fn refuse(&mut self, name: &Namespace, error: ConnectError) {
        if let Some(membership) = self.memberships.get_mut(name) {
            membership.standing = Standing::Left;
            membership.early.take();
        }
        self.report(Event::Refused {
            namespace: name.clone(),
            error,
        });
        self.leave_if_unused();
    }

    /// Nobody waits for an answer. [sio5 § Disconnection from a namespace]
    ///
    /// Only a stay can be ended. A DISCONNECT before the answer to a CONNECT has crossed ours, and
    /// is about the stay before.
    fn on_disconnect(&mut self, namespace: Namespace) {
        if namespace.is_root() {
            self.on_root_left();
        }
        if let Some(membership) = self.memberships.get_mut(&namespace)
            && membership.visit().is_some()
        {
            membership.standing = Standing::Left;
            membership.recovery.forget();
            self.report_left(namespace, DisconnectReason::ServerDisconnect);
            self.leave_if_unused();
        }
    }

    fn on_event(&mut self, namespace: Namespace, id: Option<AckId>, args: Args) {
        let limit = self.config.buffer_limit;
        let root = self.link.live().map(|live| live.root);
        let root = root.filter(|_| self.is_legacy());
        let Some(membership) = self.memberships.get_mut(&namespace) else {
            return;
        };
        let awaits_root = root.is_some_and(|root| membership.awaits_root(root));
        match membership.standing {
            Standing::Joined(visit) => self.deliver(namespace, visit, id, args),
            Standing::Apart if !awaits_root => {}
            Standing::Apart | Standing::Asked => {
                if !membership.early.push(id, args, limit) {
                    self.cut(SessionEnd::Flooded);
                }
            }
            Standing::Left | Standing::Questioned(_) | Standing::Reopened | Standing::Withdrawn => {
            }
        }
    }

    fn deliver(&mut self, namespace: Namespace, visit: Visit, id: Option<AckId>, args: Args) {
        if id.is_none()
            && let Some(membership) = self.memberships.get_mut(&namespace)
        {
            membership.recovery.on_event(&args);
        }
        let reply = id.map(|id| ReplyTo {
            namespace: namespace.clone(),
            id,
            visit,
        });
        self.report(Event::Event {
            namespace,
            args,
            reply,
        });
    }

    fn on_ack(&mut self, namespace: Namespace, id: AckId, args: Args) {
        // What has not left cannot be answered.
        let is_out = self
            .memberships
            .get(&namespace)
            .is_some_and(|membership| membership.visit().is_some() && !membership.buffer.holds(id));
        if is_out && self.acks.settle(&namespace, id) {
            self.on_answered(namespace, id, args);
        }
    }

    pub(super) fn tell_disconnect(&mut self, name: &Namespace) {
        let namespace = name.clone();
        if name.is_root() {
            self.on_root_left();
        }
        // A name is all that it says, and that can be said in every encoding.
        let _ = self.tell(&Packet::Disconnect { namespace }, Manner::Apart);
    }
}

/// The answer to a CONNECT. [sio5 § Connection to a namespace]
struct Welcome {
    sid: SocketId,
    /// The private id, if the server recovers connections.
    pid: Option<String>,
}

impl Welcome {
    /// `None` if there is no session id, as in answers of older revisions.
    fn read(json: &str) -> Option<Self> {
        let members = json::members(json)?;
        let string = |name| members.get(name).and_then(|value| json::string(value));
        Some(Self {
            sid: SocketId::new(string("sid")?),
            pid: string("pid"),
        })
    }
}

/// What a CONNECT_ERROR says. Old servers say no more than a text.
fn reason_of(json: &str) -> ConnectError {
    let Some(members) = json::members(json) else {
        let text = serde_json::from_str::<String>(json);
        return ConnectError::new(text.unwrap_or_default());
    };
    let text = |value: &&RawValue| json::string(value);
    ConnectError {
        message: members.get("message").and_then(text).unwrap_or_default(),
        data: members
            .get("data")
            .map(|data| String::from(data.get()).into()),
    }
}

const NO_ID: &str = "the server has not named the connection: it may speak an older revision";
