//! One namespace of a client: wanted or not, and how far on the wire.

use alloc::vec::Vec;
use core::mem;

use crate::reply::Visit;
use crate::{AckId, Args, Namespace, SocketId};

use super::auth::{Credentials, Question};
use super::buffer::{Buffer, Place};
use super::delivery::Tries;
use super::recovery::Recovery;

/// What a client knows of a namespace, over all sessions.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) name: Namespace,
    /// The name with the query that old servers are asked for, if the application has given one.
    pub(super) asked: Namespace,
    pub(super) credentials: Credentials,
    pub(super) standing: Standing,
    pub(super) recovery: Recovery,
    /// The public id of the present stay, or of the last one.
    pub(super) sid: Option<SocketId>,
    /// Whether that stay goes on where the one before left off.
    pub(super) recovered: bool,
    /// What is to be sent once the namespace is connected. Survives its ends.
    pub(super) buffer: Buffer,
    pub(super) tries: Tries,
    /// The event of the present outage that a newer one replaces.
    pub(super) latest: Option<Place>,
    pub(super) early: Early,
}

impl Membership {
    pub(super) fn new(name: Namespace) -> Self {
        Self {
            asked: name.clone(),
            name,
            credentials: Credentials::None,
            standing: Standing::Left,
            recovery: Recovery::default(),
            sid: None,
            recovered: false,
            buffer: Buffer::default(),
            tries: Tries::default(),
            latest: None,
            early: Early::default(),
        }
    }

    /// The present stay.
    pub(super) fn visit(&self) -> Option<Visit> {
        match self.standing {
            Standing::Joined(visit) => Some(visit),
            Standing::Apart
            | Standing::Asked
            | Standing::Left
            | Standing::Questioned(_)
            | Standing::Reopened
            | Standing::Withdrawn => None,
        }
    }

    /// Whether the application wants to be here.
    pub(super) fn is_wanted(&self) -> bool {
        match self.standing {
            Standing::Left | Standing::Withdrawn => false,
            Standing::Apart
            | Standing::Asked
            | Standing::Joined(_)
            | Standing::Questioned(_)
            | Standing::Reopened => true,
        }
    }

    /// The session is over, and with it everything that was said in it. Returns whether the
    /// namespace was connected.
    pub(super) fn on_session_end(&mut self) -> bool {
        self.early = Early::default();
        let was_joined = self.visit().is_some();
        self.standing = if self.is_wanted() {
            Standing::Apart
        } else {
            Standing::Left
        };
        was_joined
    }
}

/// Whether a namespace is wanted, together with what the server has been told in this session.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Wanted. The server does not know yet.
    Apart,
    /// Wanted. CONNECT is out.
    Asked,
    /// Wanted, and connected.
    Joined(Visit),
    /// Not wanted, and the server does not wait for anything.
    Left,
    /// Wanted. The application has yet to say what the server should be told.
    Questioned(Question),
    /// Wanted again since [`Withdrawn`](Self::Withdrawn): to be asked for once the answer is here.
    Reopened,
    /// Not wanted any more, but CONNECT is out. A server ends a session in which anything is said
    /// to a namespace before its answer, so the answer has to come first.
    Withdrawn,
}

/// Events that came before the server has let the client in: they are delivered when it does.
///
/// If the session ends before, they are void: a server that recovers connections sends them again.
/// [js socket.io 4.8.4]
#[derive(Debug, Default)]
pub(super) struct Early {
    events: Vec<(Option<AckId>, Args)>,
    bytes: usize,
}

impl Early {
    /// Adds an event. `false` if there are too many bytes already.
    pub(super) fn push(&mut self, id: Option<AckId>, args: Args, limit: usize) -> bool {
        if self.bytes >= limit {
            return false;
        }
        let attachments = args.attachments().iter().map(|bytes| bytes.len());
        self.bytes += args.json().len() + attachments.sum::<usize>();
        self.events.push((id, args));
        true
    }

    /// Takes everything, oldest first.
    pub(super) fn take(&mut self) -> Vec<(Option<AckId>, Args)> {
        mem::take(self).events
    }
}

/// The namespaces of a client, in the order in which they were opened. There may be several.
/// [sio5 § Connection to a namespace]
///
/// A list instead of a map: there are one or two.
#[derive(Debug, Default)]
pub(super) struct Memberships(Vec<Membership>);

impl Memberships {
    pub(super) fn get(&self, name: &Namespace) -> Option<&Membership> {
        self.0.iter().find(|membership| membership.name == *name)
    }

    pub(super) fn get_mut(&mut self, name: &Namespace) -> Option<&mut Membership> {
        self.0
            .iter_mut()
            .find(|membership| membership.name == *name)
    }

    /// Adds a namespace, or moves one that was left to the end of the list.
    pub(super) fn enter(&mut self, name: &Namespace) {
        if self.get(name).is_some_and(Membership::is_wanted) {
            return;
        }
        let place = self
            .0
            .iter()
            .position(|membership| membership.name == *name);
        let membership = match place {
            Some(place) => self.0.remove(place),
            None => Membership::new(name.clone()),
        };
        self.0.push(membership);
    }

    /// The names, for a walk that changes things on its way.
    pub(super) fn names(&self) -> Vec<Namespace> {
        self.0
            .iter()
            .map(|membership| membership.name.clone())
            .collect()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Membership> {
        self.0.iter_mut()
    }

    /// Whether the application has left everything that it had opened.
    pub(super) fn are_all_left(&self) -> bool {
        !self.0.is_empty() && !self.0.iter().any(Membership::is_wanted)
    }
}
