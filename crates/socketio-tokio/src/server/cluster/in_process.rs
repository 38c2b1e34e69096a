//! The cluster of several servers in one process: for tests, and for servers on several ports.
//!
//! A message is handed over in the task that publishes it, straight into the outboxes of the
//! clients: there is no queue in between that could grow, and no task.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use socketio_proto::Namespace as Name;

use super::{
    BoxFuture, Cluster, ClusterError, ClusterHandle, Message, Question, RequestId, Respond, Servers,
};

/// A cluster of servers in one process.
///
/// ```
/// use socketio_tokio::Server;
/// use socketio_tokio::cluster::InProcess;
///
/// let cluster = InProcess::new();
/// let one = Server::builder().cluster(cluster.member()).build();
/// let two = Server::builder().cluster(cluster.member()).build();
/// // Reaches the clients of both.
/// one.emit("news", "hello")?;
/// # Ok::<(), socketio_tokio::EmitError>(())
/// ```
///
/// Dropping it changes nothing for the servers that are in it.
#[derive(Clone, Debug, Default)]
pub struct InProcess(Arc<Members>);

#[derive(Debug, Default)]
struct Members {
    /// Replaced as a whole, so that who has read it holds no lock while it is used.
    list: Mutex<Arc<[ClusterHandle]>>,
}

impl InProcess {
    /// A cluster without servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// A place for one server, for [`Builder::cluster`](crate::Builder::cluster).
    pub fn member(&self) -> Arc<dyn Cluster> {
        Arc::new(Member {
            members: Arc::clone(&self.0),
            own: OnceLock::new(),
        })
    }
}

impl Members {
    fn all(&self) -> Arc<[ClusterHandle]> {
        Arc::clone(&self.lock())
    }

    fn add(&self, server: ClusterHandle) {
        let mut list = self.lock();
        *list = list.iter().cloned().chain([server]).collect();
    }

    /// Those that remain.
    fn remove(&self, server: &ClusterHandle) -> Arc<[ClusterHandle]> {
        let mut list = self.lock();
        let others = list.iter().filter(|other| other.id() != server.id());
        *list = others.cloned().collect();
        Arc::clone(&list)
    }

    fn lock(&self) -> MutexGuard<'_, Arc<[ClusterHandle]>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one server.
struct Member {
    members: Arc<Members>,
    own: OnceLock<ClusterHandle>,
}

impl Member {
    fn others(&self) -> Vec<ClusterHandle> {
        let all = self.members.all();
        let own = self.own.get().map(ClusterHandle::id);
        let others = all.iter().filter(|other| Some(other.id()) != own);
        others.cloned().collect()
    }
}

impl Cluster for Member {
    fn start(&self, server: ClusterHandle) {
        // A place is for one server: a second one would be told what it says itself.
        if self.own.set(server.clone()).is_ok() {
            self.members.add(server);
        }
    }

    fn publish(&self, message: Message) {
        for other in self.others() {
            other.receive(message.clone());
        }
    }

    fn ask(&self, id: RequestId, question: Question) {
        let Some(own) = self.own.get() else { return };
        let others = self.others();
        let names = others.iter().map(|other| other.id().clone());
        own.expect(id, Servers::Named(names.collect()));
        for other in others {
            let (own, from) = (own.clone(), other.id().clone());
            let respond = Respond::new(move |part| own.answer(id, Some(&from), part));
            other.asked(question.clone(), &respond);
        }
    }

    fn others<'a>(&'a self, _: &'a Name) -> BoxFuture<'a, Result<usize, ClusterError>> {
        let others = self.others().len();
        Box::pin(std::future::ready(Ok(others)))
    }

    fn leave(&self) {
        let Some(own) = self.own.get() else { return };
        for other in self.members.remove(own).iter() {
            other.lost(own.id());
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("own", &self.own.get())
            .finish_non_exhaustive()
    }
}
