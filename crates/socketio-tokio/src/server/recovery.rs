//! Clients that come back after their connection was lost, and pick up where they left off.
//!
//! One lock per namespace orders three things: events as they are numbered and handed to their
//! recipients, clients as they come (back), and clients as they are lost. So nobody hears events
//! in another order than the log has them, and none is between two chairs.
//! [js socket.io 4.8.4: `connectionStateRecovery`]

use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use socketio_proto::{
    Args, Encoded, Offset, Persisted, PrivateId, RecoveryLimits, RecoveryLog, Restored, Resume,
    Room, Selector, SocketId, Timestamp,
};
use tokio::time::Instant;

use crate::outbox::OVERHEAD;
use crate::random;
use crate::server::extensions::Extensions;
use crate::server::hub::Hub;
use crate::server::socket::Socket;

/// How clients that were lost may come back: the option of
/// [`Builder::connection_state_recovery`](crate::Builder::connection_state_recovery).
///
/// Beyond what the JavaScript server does, a client is also recovered when it had not heard any
/// event yet, and more than once.
///
/// ```
/// use std::time::Duration;
/// use socketio_tokio::{ConnectionStateRecovery, Server};
///
/// let recovery = ConnectionStateRecovery::default()
///     .max_disconnection_duration(Duration::from_secs(300));
/// let io = Server::builder().connection_state_recovery(recovery).build();
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ConnectionStateRecovery {
    limits: RecoveryLimits,
    skip_middlewares: bool,
}

impl Default for ConnectionStateRecovery {
    fn default() -> Self {
        Self {
            limits: RecoveryLimits::default(),
            skip_middlewares: true,
        }
    }
}

impl ConnectionStateRecovery {
    /// How long a client may stay away, and how long events are kept for it: 2 min.
    pub fn max_disconnection_duration(mut self, duration: Duration) -> Self {
        self.limits.max_age = duration;
        self
    }

    /// Whether a client that is recovered passes the middleware by: yes.
    pub fn skip_middlewares(mut self, skip: bool) -> Self {
        self.skip_middlewares = skip;
        self
    }

    /// How many events are kept per namespace: 100 000. Whoever has missed more begins anew.
    pub fn max_events(mut self, events: usize) -> Self {
        self.limits.max_events = events;
        self
    }

    /// How many bytes of events are kept per namespace: 8 MiB. Whoever has missed more begins
    /// anew.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_bytes = bytes;
        self
    }

    /// How many lost clients are remembered per namespace: 100 000. The oldest are forgotten
    /// first.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.limits.max_sessions = sessions;
        self
    }
}

/// The memory of one namespace.
pub(crate) struct Recovery {
    skip_middlewares: bool,
    /// Timestamps count from here.
    origin: Instant,
    state: Mutex<State>,
}

struct State {
    log: RecoveryLog<Belongings>,
    /// Whom a client replaces if it is back before its end was noticed.
    alive: HashMap<PrivateId, Socket>,
    is_swept: bool,
}

/// What a lost client leaves behind, beside its name and its rooms.
#[derive(Clone, Debug)]
pub(crate) struct Belongings {
    pub(crate) extensions: Extensions,
    pub(crate) data: Option<Args>,
}

/// Under which name a socket can be recovered, and since when.
#[derive(Clone, Debug)]
pub(crate) struct SessionKey {
    pub(crate) pid: PrivateId,
    since: Offset,
}

/// A client that is back, as long as it is at the door.
#[derive(Debug)]
pub(crate) struct Claim {
    resume: Resume,
    session: Persisted<Belongings>,
}

impl Claim {
    pub(crate) fn sid(&self) -> &SocketId {
        &self.session.sid
    }

    pub(crate) fn belongings(&self) -> &Belongings {
        &self.session.data
    }
}

/// How a client is let in.
pub(crate) struct Entry {
    pub(crate) pid: PrivateId,
    pub(crate) missed: Vec<Encoded>,
}

impl Recovery {
    pub(crate) fn new(options: &ConnectionStateRecovery) -> Self {
        Self {
            skip_middlewares: options.skip_middlewares,
            origin: Instant::now(),
            state: Mutex::new(State {
                log: RecoveryLog::new(options.limits, random::mark()),
                alive: HashMap::new(),
                is_swept: false,
            }),
        }
    }

    pub(crate) fn skips_middlewares(&self) -> bool {
        self.skip_middlewares
    }

    /// Hands an event to its recipients with its place in the log, which keeps it if it was taken.
    pub(crate) fn send<T: Taken>(
        &self,
        selector: &Selector,
        packet: &Encoded,
        deliver: impl FnOnce(&Encoded) -> T,
    ) -> T {
        let mut state = self.lock();
        let delivered = deliver(&packet.with_offset(&state.log.next_offset()));
        if delivered.was_taken() {
            state.log.record(self.now(), selector, packet);
        }
        delivered
    }

    /// Looks for the session that a client says was its own. Whoever still has it loses it.
    pub(crate) fn claim(&self, resume: &Resume) -> Option<Box<Claim>> {
        let now = self.now();
        let mut state = self.lock();
        if let Some(predecessor) = state.alive.remove(&resume.pid) {
            let rooms = predecessor.replace();
            state.persist(now, &predecessor, rooms);
        }
        let Restored { session, .. } = state.log.restore(now, resume)?;
        let resume = resume.clone();
        Some(Box::new(Claim { resume, session }))
    }

    /// The client is kept out after all; it may come again.
    pub(crate) fn give_back(&self, hub: &Arc<Hub>, claim: Box<Claim>) {
        let pid = claim.resume.pid;
        let mut state = self.lock();
        state.log.persist(self.now(), pid, claim.session);
        self.start_sweeping(&mut state, hub);
    }

    /// Makes a socket reachable. If it is one that is back and the log still has all it has
    /// missed, and it fits into `room` bytes, that comes first; otherwise it begins anew, under the
    /// id that it has.
    pub(crate) fn admit(&self, socket: &Socket, claim: Option<Box<Claim>>, room: usize) -> Entry {
        let now = self.now();
        let mut state = self.lock();
        let restored = claim.and_then(|claim| {
            let Claim { resume, session } = *claim;
            // Put back for a moment: what came while the client was at the door counts as missed.
            state.log.persist(now, resume.pid.clone(), session);
            let restored = state.log.restore(now, &resume)?;
            // What does not fit into the buffer would cost the connection, again and again.
            let len = restored.missed.iter().map(|packet| packet.len() + OVERHEAD);
            (len.sum::<usize>() <= room).then_some((resume.pid, restored))
        });
        let (key, missed) = match restored {
            Some((pid, Restored { session, missed })) => {
                let since = session.since;
                socket.set_connected(session.rooms);
                (SessionKey { pid, since }, missed)
            }
            None => {
                let pid = PrivateId::new(random::secret());
                let since = state.log.latest();
                socket.set_anew();
                socket.set_connected(Vec::new());
                (SessionKey { pid, since }, Vec::new())
            }
        };
        let pid = key.pid.clone();
        socket.set_session(key);
        state.alive.insert(pid.clone(), socket.clone());
        Entry { pid, missed }
    }

    /// A socket has ended, and was in these rooms. If its end was nobody's wish, it may come back.
    pub(crate) fn end(&self, hub: &Arc<Hub>, socket: &Socket, rooms: Vec<Room>, may_return: bool) {
        let Some(key) = socket.session() else { return };
        let mut state = self.lock();
        let is_it = state
            .alive
            .get(&key.pid)
            .is_some_and(|alive| alive.is(socket));
        // Otherwise somebody has taken its place already.
        if !is_it {
            return;
        }
        state.alive.remove(&key.pid);
        if may_return {
            state.persist(self.now(), socket, rooms);
            self.start_sweeping(&mut state, hub);
        }
    }

    /// Lets a task forget what gets too old, for as long as there is something.
    fn start_sweeping(&self, state: &mut State, hub: &Arc<Hub>) {
        if state.is_swept {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        state.is_swept = true;
        runtime.spawn(sweep(Arc::downgrade(hub)));
    }

    /// Forgets what is too old. When to do so again, if there will be anything.
    fn sweep(&self) -> Option<Instant> {
        let mut state = self.lock();
        state.log.sweep(self.now());
        let next = state.log.next_timeout();
        state.is_swept = next.is_some();
        next.map(|next| self.origin + Duration::from_millis(next.as_millis()))
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().as_millis();
        Timestamp::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn lock(&self) -> Held<'_> {
        let state = self.state.lock();
        Held(Some(state.unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The lock. What the log has let go of meanwhile is dropped behind it: it may use the namespace.
struct Held<'a>(Option<MutexGuard<'a, State>>);

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.as_ref().expect("held until it is dropped")
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect("held until it is dropped")
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let forgotten = self.0.take().map(|mut state| state.log.take_forgotten());
        drop(forgotten);
    }
}

/// What became of an event that was handed over.
pub(crate) trait Taken {
    /// Whether it counts as sent.
    fn was_taken(&self) -> bool;
}

impl<E> Taken for Result<(), E> {
    fn was_taken(&self) -> bool {
        self.is_ok()
    }
}

/// A broadcast counts as sent, whoever was there.
impl Taken for Vec<Socket> {
    fn was_taken(&self) -> bool {
        true
    }
}

impl State {
    fn persist(&mut self, now: Timestamp, socket: &Socket, rooms: Vec<Room>) {
        let Some(SessionKey { pid, since }) = socket.session().cloned() else {
            return;
        };
        let (extensions, data) = (socket.extensions().clone(), socket.raw_data());
        let session = Persisted {
            sid: socket.id().clone(),
            rooms,
            since,
            data: Belongings { extensions, data },
        };
        self.log.persist(now, pid, session);
    }
}

async fn sweep(hub: Weak<Hub>) {
    loop {
        let next = hub
            .upgrade()
            .and_then(|hub| hub.recovery().and_then(Recovery::sweep));
        let Some(next) = next else { return };
        // Not for each event by itself: a little late costs nothing.
        tokio::time::sleep_until(next.max(Instant::now() + SWEEP)).await;
    }
}

/// From one look for what is too old to the next, at least.
const SWEEP: Duration = Duration::from_secs(1);

impl fmt::Debug for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recovery").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "test"))]
mod tests {
    use super::*;
    use crate::server::Server;
    use crate::test::Client;

    #[tokio::test]
    async fn who_is_back_while_its_end_is_noticed_keeps_its_rooms() {
        let recovery = ConnectionStateRecovery::default();
        let io = Server::builder()
            .connection_state_recovery(recovery)
            .build();
        let _ada = Client::connect(&io, "/").await.unwrap();
        let socket = io.of("/").sockets().remove(0);
        socket.join("lobby");
        let hub = Arc::clone(socket.hub());
        let resume = Resume {
            pid: socket.session().unwrap().pid.clone(),
            offset: None,
        };
        // The task of the old connection has noticed its end, and waits for the lock of the rooms.
        let (dying, blocked) = (socket.clone(), hub.block());
        let end = std::thread::spawn(move || dying.end(true));
        std::thread::sleep(Duration::from_millis(50));
        // Meanwhile the client is back over another one.
        let its = Arc::clone(&hub);
        let back = std::thread::spawn(move || its.recovery().unwrap().claim(&resume));
        std::thread::sleep(Duration::from_millis(50));
        drop(blocked);
        end.join().unwrap();
        let claim = back.join().unwrap().expect("claimed");
        let rooms = claim.session.rooms.len();
        assert_eq!(rooms, 2, "lobby and its own");
    }
}
