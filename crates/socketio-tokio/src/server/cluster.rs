//! The seam to other servers: what a server says to them, and what it is told by them.
//!
//! A server without a [`Cluster`] is alone, and pays nothing for the possibility. With one, what is
//! emitted is delivered to its own clients first, and then handed over: nothing here waits for a
//! broker, and a broker that is lost keeps no client of this server from hearing it.
//!
//! # Reading order
//!
//! 1. [`Action`] and [`Ask`]: everything that servers say to each other, without a wire.
//! 2. [`Cluster`] and [`ClusterHandle`]: the two directions of the seam.
//! 3. `node.rs`: the server's end of it; the questions that it waits for are in
//!    [`Requests`](socketio_proto::cluster::Requests).
//! 4. `incoming.rs`: what the others want, done here.
//! 5. [`InProcess`]: the cluster of servers in one process.

mod in_process;
mod incoming;
mod inquiry;
mod message;
mod node;
mod server_side;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;

use socketio_proto::Namespace as Name;
pub use socketio_proto::Selector;
pub use socketio_proto::cluster::{RequestId, ServerId, Servers};
use thiserror::Error;

pub use self::in_process::InProcess;
pub(crate) use self::inquiry::{Inquiry, Reply};
pub use self::message::{
    Action, Ask, Emitted, Flags, Message, Part, Question, Respond, SocketSnapshot,
};
pub(crate) use self::node::Node;
pub use self::server_side::{ServerSideCall, ServerSideContext};
pub(crate) use self::server_side::{ServerSideFn, event as server_side_event};
use crate::server::room_event::RoomEvent;

/// How one server reaches the others: a member of a cluster, given to
/// [`Builder::cluster`](crate::Builder::cluster).
///
/// It only carries. What the others are told and asked comes as values, what they tell and ask goes
/// into the [`ClusterHandle`], and the server does the rest: it applies what comes in, and counts
/// the answers.
///
/// No method may block or wait, except the future of [`others`](Self::others). Whoever needs to
/// wait for a network has a task and a queue of its own, with a bound: what does not fit is lost,
/// as it would be with the connection. Messages of one task reach each other server in the order in
/// which they were published.
pub trait Cluster: Send + Sync + 'static {
    /// The server is there. Called once, before any other method.
    fn start(&self, server: ClusterHandle);

    /// Tells the other servers something.
    fn publish(&self, message: Message);

    /// Asks the other servers. Who is to answer goes into [`ClusterHandle::expect`] as soon as it is
    /// known, and the answers into [`ClusterHandle::answer`]; both may happen before this returns.
    fn ask(&self, id: RequestId, question: Question);

    /// How many other servers would be asked in a namespace now.
    fn others<'a>(&'a self, namespace: &'a Name) -> BoxFuture<'a, Result<usize, ClusterError>>;

    /// The server ends: it is neither told nor asked anything from now on, and does not count any
    /// more. What it still publishes goes out.
    fn leave(&self);

    /// A namespace has come into being on this server. Called under a lock, as
    /// [`closed`](Self::closed) is: it must not use the server.
    fn opened(&self, namespace: &Name) {
        let _ = namespace;
    }

    /// A namespace is gone from this server.
    fn closed(&self, namespace: &Name) {
        let _ = namespace;
    }

    /// Whether [`room_event`](Self::room_event) is called: for clusters that subscribe to rooms.
    fn wants_room_events(&self) -> bool {
        false
    }

    /// Something has happened to a room of this server. All events of a namespace come in the order
    /// in which they happened.
    fn room_event(&self, namespace: &Name, event: &RoomEvent) {
        let _ = (namespace, event);
    }
}

/// A future without a type of its own.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The cluster could not be asked.
#[derive(Debug, Error)]
#[error("the cluster does not answer: {0}")]
pub struct ClusterError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A server, as its cluster reaches it.
///
/// A cheap handle, which does not keep the server: what is handed to one that is gone is lost.
#[derive(Clone)]
pub struct ClusterHandle {
    id: ServerId,
    node: Weak<Node>,
}

impl ClusterHandle {
    /// The name of the server: 16 random hexadecimal digits. A cluster may use another one.
    pub fn id(&self) -> &ServerId {
        &self.id
    }

    /// Whether the server is still there.
    pub fn is_alive(&self) -> bool {
        self.node.strong_count() > 0
    }

    /// Another server has told something. Ignored in a namespace that does not exist here.
    pub fn receive(&self, message: Message) {
        if let Some(node) = self.node.upgrade() {
            node.receive(message);
        }
    }

    /// Another server asks. The parts of the answer go into `respond`, now or later; in a namespace
    /// that does not exist here the answer is that there is nobody.
    pub fn asked(&self, question: Question, respond: &Respond) {
        if let Some(node) = self.node.upgrade() {
            node.asked(question, respond);
        }
    }

    /// Who is to answer a question of this server: known now.
    pub fn expect(&self, id: RequestId, servers: Servers) {
        if let Some(node) = self.node.upgrade() {
            node.expect(id, servers);
        }
    }

    /// A part of an answer. `from` is `None` where the wire does not say whose it is: then nobody
    /// notices a part that comes twice. Unknown ids are ignored.
    pub fn answer(&self, id: RequestId, from: Option<&ServerId>, part: Part) {
        if let Some(node) = self.node.upgrade() {
            node.answer(id, from, part);
        }
    }

    /// Another server is gone: nobody waits for its answers any more.
    pub fn lost(&self, server: &ServerId) {
        if let Some(node) = self.node.upgrade() {
            node.lost(server);
        }
    }
}

impl fmt::Debug for ClusterHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterHandle")
            .field("id", &self.id)
            .field("alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}
