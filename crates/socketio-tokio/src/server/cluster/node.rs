//! The server's own end of the seam: what goes out, and the questions that wait for answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socketio_proto::cluster::{Ended, Heard, Requests, Step};
use socketio_proto::{Namespace as Name, Timestamp};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::inquiry::{Inquiry, Reply};
use super::server_side::Ear;
use super::{Ask, Cluster, ClusterError, ClusterHandle, Message, Part, Question};
use super::{RequestId, ServerId, Servers};
use crate::random;
use crate::server::WeakServer;
use crate::server::hub::Hub;
use crate::server::room_event::RoomEvent;

/// One server among others.
pub(crate) struct Node {
    id: ServerId,
    cluster: Arc<dyn Cluster>,
    server: WeakServer,
    wants_room_events: bool,
    /// Timestamps count from here.
    origin: Instant,
    requests: Mutex<Requests<mpsc::UnboundedSender<Reply>>>,
    ear: Ear,
}

impl Node {
    pub(crate) fn new(cluster: Arc<dyn Cluster>, server: WeakServer) -> Self {
        Self {
            id: ServerId::new(format!("{:016x}", random::number())),
            wants_room_events: cluster.wants_room_events(),
            cluster,
            server,
            origin: Instant::now(),
            requests: Mutex::new(Requests::new(random::number())),
            ear: Ear::default(),
        }
    }

    /// Introduces the server to its cluster.
    pub(crate) fn start(self: &Arc<Self>) {
        self.ear.find_runtime();
        self.cluster.start(ClusterHandle {
            id: self.id.clone(),
            node: Arc::downgrade(self),
        });
    }

    pub(crate) fn publish(&self, message: Message) {
        self.cluster.publish(message);
    }

    /// Asks the others, and returns where the answers arrive.
    pub(crate) fn ask(self: &Arc<Self>, namespace: &Name, ask: Ask, within: Duration) -> Inquiry {
        let (asker, replies) = mpsc::unbounded_channel();
        let answer_by = self.now() + within;
        let id = self.lock().start(answer_by, asker);
        let inquiry = Inquiry::new(self, id, replies, self.instant(answer_by));
        let namespace = namespace.clone();
        self.cluster.ask(id, Question { namespace, ask });
        inquiry
    }

    pub(crate) async fn others(&self, namespace: &Name) -> Result<usize, ClusterError> {
        self.cluster.others(namespace).await
    }

    pub(crate) fn leave(&self) {
        self.cluster.leave();
    }

    pub(crate) fn opened(&self, namespace: &Name) {
        self.cluster.opened(namespace);
    }

    pub(crate) fn closed(&self, namespace: &Name) {
        self.cluster.closed(namespace);
    }

    pub(crate) fn wants_room_events(&self) -> bool {
        self.wants_room_events
    }

    pub(crate) fn room_event(&self, namespace: &Name, event: &RoomEvent) {
        self.cluster.room_event(namespace, event);
    }

    pub(super) fn expect(&self, id: RequestId, servers: Servers) {
        let ended = self.lock().expect(id, servers);
        ended.into_iter().for_each(Self::end);
    }

    pub(super) fn answer(&self, id: RequestId, from: Option<&ServerId>, part: Part) {
        let step = match &part {
            Part::Asked(clients) => Step::Server { clients: *clients },
            Part::Client(_) => Step::Client,
            Part::Server(_) | Part::Sockets(_) => Step::Server { clients: 0 },
        };
        let mut requests = self.lock();
        match requests.answer(id, from, step) {
            // Whoever no longer waits has dropped its end.
            Some(Heard::More(asker)) => drop(asker.send(Reply::Part(part))),
            Some(Heard::Last(ended)) => {
                drop(ended.asker.send(Reply::Part(part)));
                Self::end(ended);
            }
            None => {}
        }
    }

    pub(super) fn lost(&self, server: &ServerId) {
        let ended = self.lock().leave(server);
        ended.into_iter().for_each(Self::end);
    }

    /// Ends the questions whose time is over.
    pub(super) fn expire(&self) {
        let ended = self.lock().expire(self.now());
        ended.into_iter().for_each(Self::end);
    }

    pub(super) fn forget(&self, id: RequestId) {
        self.lock().forget(id);
    }

    pub(super) fn ear(&self) -> &Ear {
        &self.ear
    }

    /// The namespace, if it exists here.
    pub(super) fn hub(&self, namespace: &Name) -> Option<Arc<Hub>> {
        self.server.upgrade()?.hub(namespace)
    }

    fn end(ended: Ended<mpsc::UnboundedSender<Reply>>) {
        let _nobody_waits = ended.asker.send(Reply::End(ended.missing));
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().as_millis();
        Timestamp::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// The same moment on the clock of the runtime. One that it cannot express is far away.
    fn instant(&self, at: Timestamp) -> Instant {
        let since = Duration::from_millis(at.as_millis());
        let at = self.origin.checked_add(since);
        at.unwrap_or_else(|| self.origin + FAR)
    }

    fn lock(&self) -> MutexGuard<'_, Requests<mpsc::UnboundedSender<Reply>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that is dropped without having been closed should not be waited for either.
impl Drop for Node {
    fn drop(&mut self) {
        self.cluster.leave();
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Thirty years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
