//! What a namespace remembers, so that a client can pick up where it left off.
//!
//! Every event gets a number. A client says the number of the last one that it has heard, and is
//! sent what followed: from this log, never from the queue of the connection that it has lost, so
//! nothing comes twice. [js socket.io 4.8.4] `connectionStateRecovery`
//!
//! Three things differ from the reference, none of them on the wire:
//!
//! * a client that has heard nothing yet is recovered too: the session says where it began;
//! * an offset is good as long as everything *behind* it is known, itself or not;
//! * a session is taken back once. It is then alive, and saved again when it ends, so two sockets
//!   never share an id.
//!
//! Invariant: `events` are the events `last + 1 - events.len() ..= last` without a gap, `bytes` is
//! their size, and `order` names exactly the keys of `sessions`, the oldest first.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;

use crate::{Encoded, Room, Selector, SocketId, Timestamp, Utf8Bytes, json};

/// The name of a session between a client and its server. A secret: who knows it may take over.
///
/// Drawn by the driver, as unguessable as the id of an Engine.IO session.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PrivateId(Utf8Bytes);

impl PrivateId {
    /// Wraps an id that the driver has drawn.
    pub fn new(id: impl Into<Utf8Bytes>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateId(…)")
    }
}

/// The place of one event among those of its namespace. Opaque: only the log that made it, or the
/// store of a cluster, can read it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Offset(Utf8Bytes);

impl Offset {
    /// Wraps what a client said, or a store.
    pub fn new(text: impl Into<Utf8Bytes>) -> Self {
        Self(text.into())
    }

    /// Returns the offset as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a client says that it left off.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resume {
    /// Which session was its own.
    pub pid: PrivateId,
    /// The last event that it has heard; `None` if there was none.
    pub offset: Option<Offset>,
}

impl Resume {
    /// Reads the payload of a CONNECT. `None` if the client does not come back, or says something
    /// of the wrong type.
    pub(crate) fn of(auth: &str) -> Option<Self> {
        let members = json::members(auth)?;
        let pid = json::string(members.get("pid")?)?;
        let offset = match members.get("offset") {
            Some(offset) => Some(Offset::new(json::string(offset)?)),
            None => None,
        };
        let pid = PrivateId::new(pid);
        Some(Self { pid, offset })
    }
}

/// What is kept of a socket whose connection was lost. `D` is the application's own data.
#[derive(Clone, Debug)]
pub struct Persisted<D = ()> {
    /// Its public id.
    pub sid: SocketId,
    /// The rooms in which it was.
    pub rooms: Vec<Room>,
    /// Where the log stood when the socket was first let in: [`RecoveryLog::latest`].
    pub since: Offset,
    /// What the application keeps about it.
    pub data: D,
}

/// A session that is alive again, with what it missed.
#[derive(Clone, Debug)]
pub struct Restored<D = ()> {
    /// What was kept.
    pub session: Persisted<D>,
    /// The events since, oldest first, each with its offset.
    pub missed: Vec<Encoded>,
}

/// How much is remembered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecoveryLimits {
    /// How long events and sessions are kept; 2 min by default.
    pub max_age: Duration,
    /// How many events are kept; 100 000 by default.
    pub max_events: usize,
    /// How many bytes of events are kept; 8 MiB by default. To be well below the buffer limit of a
    /// session, through which what was missed has to go at once.
    pub max_bytes: usize,
    /// How many sessions are kept; 100 000 by default.
    pub max_sessions: usize,
}

impl Default for RecoveryLimits {
    fn default() -> Self {
        Self {
            // [js socket.io 4.8.4] `maxDisconnectionDuration`
            max_age: Duration::from_secs(120),
            max_events: 100_000,
            max_bytes: 8 << 20,
            max_sessions: 100_000,
        }
    }
}

/// The recent events of one namespace, and the sessions whose clients may come back.
///
/// Plain data that many connections share: a lock around it is the driver's business.
///
/// # The driver's part
///
/// *At the door*: [`restore`](Self::restore) if the request has a [`Resume`], otherwise a new id
/// and [`latest`](Self::latest). *Out*: [`record`](Self::record) every event that is neither
/// volatile nor expects an answer, then send [`Encoded::with_offset`], under one lock, so that
/// nobody hears events in another order than the log has them. *At the end*: if the reason
/// [is recoverable](crate::DisconnectReason::is_recoverable), [`persist`](Self::persist).
///
/// A client may be back before the server has noticed that its connection is dead. A driver that
/// knows which private ids are alive takes the session over: it persists what it knows of the old
/// socket, restores it at once for the new one, and ends the old one by
/// [`disconnect`](crate::server::Connection::disconnect), so that it is not persisted once more
/// ([`resumable`](crate::server::Connection::resumable)). What the old connection has not delivered
/// comes from the log.
#[derive(Debug)]
pub struct RecoveryLog<D = ()> {
    limits: RecoveryLimits,
    epoch: Utf8Bytes,
    events: VecDeque<Recorded>,
    last: u64,
    bytes: usize,
    sessions: BTreeMap<PrivateId, Kept<D>>,
    order: VecDeque<(PrivateId, u64)>,
    persisted: u64,
    forgotten: Vec<Persisted<D>>,
}

impl<D> RecoveryLog<D> {
    /// Starts a log. `epoch` is a short text that no other log has, drawn by the driver: it keeps
    /// the offsets of another log, and texts that were never offsets, from being mistaken for ours.
    pub fn new(limits: RecoveryLimits, epoch: impl Into<Utf8Bytes>) -> Self {
        Self {
            limits,
            epoch: epoch.into(),
            events: VecDeque::new(),
            last: 0,
            bytes: 0,
            sessions: BTreeMap::new(),
            order: VecDeque::new(),
            persisted: 0,
            forgotten: Vec::new(),
        }
    }

    /// Takes the sessions that the log has let go of since the last call, because they are too old
    /// or too many, or because the client cannot be served any more. For a driver that shares the
    /// log under a lock: what an application keeps may do anything when it is dropped, so it is
    /// dropped elsewhere.
    pub fn take_forgotten(&mut self) -> Vec<Persisted<D>> {
        mem::take(&mut self.forgotten)
    }

    /// The offset of the newest event. What a socket that is let in now may miss comes behind it.
    pub fn latest(&self) -> Offset {
        self.offset(self.last)
    }

    /// The offset that the next [`record`](Self::record) will return: for a driver that keeps an
    /// event only if it could be handed over.
    pub fn next_offset(&self) -> Offset {
        self.offset(self.last + 1)
    }

    /// Remembers an event that is about to be sent, and returns the offset to send with it.
    pub fn record(&mut self, now: Timestamp, selector: &Selector, packet: &Encoded) -> Offset {
        self.last += 1;
        self.bytes += packet.len();
        self.events.push_back(Recorded {
            until: now + self.limits.max_age,
            selector: selector.clone(),
            packet: packet.clone(),
        });
        self.forget_events(now);
        self.latest()
    }

    /// Remembers a session whose connection was lost.
    pub fn persist(&mut self, now: Timestamp, pid: PrivateId, session: Persisted<D>) {
        let earlier = self.take(&pid).map(|kept| kept.session);
        self.forgotten.extend(earlier);
        self.persisted += 1;
        let kept = Kept {
            until: now + self.limits.max_age,
            turn: self.persisted,
            session,
        };
        self.order.push_back((pid.clone(), kept.turn));
        self.sessions.insert(pid, kept);
        self.forget_sessions(now);
    }

    /// Takes a session back. `None` if it is unknown or too old, or if something that it missed is
    /// not known any more: then the client begins anew, under new ids.
    pub fn restore(&mut self, now: Timestamp, resume: &Resume) -> Option<Restored<D>> {
        self.forget_events(now);
        self.forget_sessions(now);
        let session = self.take(&resume.pid)?.session;
        match self.missed(resume, &session) {
            Some(missed) => Some(Restored { session, missed }),
            None => {
                self.forgotten.push(session);
                None
            }
        }
    }

    /// What was meant for a session since the client last heard of it. `None` if that is not known
    /// any more.
    fn missed(&self, resume: &Resume, session: &Persisted<D>) -> Option<Vec<Encoded>> {
        let since = self.place(&session.since)?;
        let heard = resume
            .offset
            .as_ref()
            .map_or(Some(since), |heard| self.place(heard))?;
        // A client that was declined earlier may still say what it heard before: the reference's do.
        let heard = heard.max(since);
        let known = u64::try_from(self.events.len()).ok()?;
        let skipped = heard.checked_sub(self.last - known)?;
        let events = (self.last + 1 - known..).zip(&self.events);
        let own = Room::from(&session.sid);
        // Looked up for each event: a client may be in very many rooms.
        let rooms: BTreeSet<&Room> = session.rooms.iter().chain([&own]).collect();
        let missed = events
            .skip(usize::try_from(skipped).ok()?)
            .filter(|(_, event)| event.reaches(&session.sid, &rooms))
            .map(|(number, event)| event.packet.with_offset(&self.offset(number)));
        Some(missed.collect())
    }

    /// Forgets what is too old. The other calls do so too; this one is for a namespace in which
    /// nothing happens any more. Takes time for what is forgotten, not for what is kept.
    pub fn sweep(&mut self, now: Timestamp) {
        self.forget_events(now);
        self.forget_sessions(now);
    }

    /// When [`sweep`](Self::sweep) will next find something.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let event = self.events.front().map(|event| event.until);
        let oldest = self
            .order
            .front()
            .and_then(|(pid, _)| self.sessions.get(pid));
        let session = oldest.map(|kept| kept.until);
        // At its last moment it is still good.
        let until = event.into_iter().chain(session).min()?;
        Some(until + Duration::from_millis(1))
    }

    fn forget_events(&mut self, now: Timestamp) {
        let limits = self.limits;
        while let Some(oldest) = self.events.front()
            && (oldest.until < now
                || self.events.len() > limits.max_events
                || self.bytes > limits.max_bytes)
        {
            self.bytes -= oldest.packet.len();
            self.events.pop_front();
        }
    }

    fn forget_sessions(&mut self, now: Timestamp) {
        while let Some((pid, turn)) = self.order.front() {
            let kept = self.sessions.get(pid).filter(|kept| kept.turn == *turn);
            let is_void = kept.is_none_or(|kept| kept.until < now);
            if !is_void && self.sessions.len() <= self.limits.max_sessions {
                return;
            }
            if kept.is_some() {
                let kept = self.sessions.remove(pid);
                self.forgotten.extend(kept.map(|kept| kept.session));
            }
            self.order.pop_front();
        }
    }

    fn take(&mut self, pid: &PrivateId) -> Option<Kept<D>> {
        let kept = self.sessions.remove(pid)?;
        if let Ok(place) = self
            .order
            .binary_search_by_key(&kept.turn, |(_, turn)| *turn)
        {
            self.order.remove(place);
        }
        Some(kept)
    }

    fn offset(&self, number: u64) -> Offset {
        Offset(format!("{}.{number}", self.epoch).into())
    }

    /// The number of an event, if this is one of our offsets, spelt as we spell it.
    fn place(&self, offset: &Offset) -> Option<u64> {
        let number = offset.as_str().strip_prefix(&*self.epoch)?;
        let number = number.strip_prefix('.')?.parse().ok()?;
        (number <= self.last && self.offset(number) == *offset).then_some(number)
    }
}

/// An event as it was sent.
#[derive(Debug)]
struct Recorded {
    until: Timestamp,
    selector: Selector,
    packet: Encoded,
}

impl Recorded {
    /// Whether the event was meant for a socket, as far as its rooms at the end tell.
    fn reaches(&self, sid: &SocketId, is_in: &BTreeSet<&Room>) -> bool {
        let Selector {
            rooms,
            except,
            except_socket,
        } = &self.selector;
        let is_in = |room: &Room| is_in.contains(room);
        (rooms.is_empty() || rooms.iter().any(is_in))
            && !except.iter().any(is_in)
            && except_socket.as_ref() != Some(sid)
    }
}

#[derive(Debug)]
struct Kept<D> {
    until: Timestamp,
    turn: u64,
    session: Persisted<D>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Namespace;
    use alloc::string::{String, ToString};

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn log(adjust: impl FnOnce(&mut RecoveryLimits)) -> RecoveryLog {
        let mut limits = RecoveryLimits::default();
        adjust(&mut limits);
        RecoveryLog::new(limits, "e")
    }

    fn event(name: &str) -> Encoded {
        Encoded::event(&Namespace::root(), name, &()).unwrap()
    }

    fn say(log: &mut RecoveryLog, now: u64, name: &str) -> Offset {
        log.record(at(now), &Selector::default(), &event(name))
    }

    fn keep(log: &mut RecoveryLog, now: u64, pid: &'static str, rooms: &[&str]) {
        let session = Persisted {
            sid: SocketId::new("k"),
            rooms: rooms.iter().map(|room| Room::from(*room)).collect(),
            since: log.offset(0),
            data: (),
        };
        log.persist(at(now), PrivateId::new(pid), session);
    }

    fn back(
        log: &mut RecoveryLog,
        now: u64,
        pid: &'static str,
        offset: &str,
    ) -> Option<Vec<String>> {
        let resume = Resume {
            pid: PrivateId::new(pid),
            offset: (!offset.is_empty()).then(|| Offset::new(offset.to_string())),
        };
        let restored = log.restore(at(now), &resume)?;
        assert_eq!(restored.session.sid.as_str(), "k");
        let text = |packet: &Encoded| match packet.frames().next() {
            Some(crate::engine::Frame::Text(text)) => text.to_string(),
            other => panic!("{other:?}"),
        };
        Some(restored.missed.iter().map(text).collect())
    }

    #[test]
    fn what_followed_the_offset_is_sent_with_its_offsets() {
        let mut log = log(|_| ());
        assert_eq!(log.latest().as_str(), "e.0");
        assert_eq!(say(&mut log, 0, "a").as_str(), "e.1");
        say(&mut log, 0, "b");
        say(&mut log, 1, "c");
        keep(&mut log, 2, "p", &[]);
        let missed = back(&mut log, 3, "p", "e.1").unwrap();
        assert_eq!(missed, [r#"42["b","e.2"]"#, r#"42["c","e.3"]"#]);
    }

    /// The reference cannot do this.
    #[test]
    fn who_has_heard_nothing_has_missed_everything() {
        let mut log = log(|_| ());
        say(&mut log, 0, "a");
        keep(&mut log, 2, "p", &[]);
        assert_eq!(back(&mut log, 3, "p", "").unwrap(), [r#"42["a","e.1"]"#]);
    }

    /// Clients of the reference keep their offset when they are declined.
    #[test]
    fn what_was_said_before_a_session_began_is_not_missed_in_it() {
        let mut log = log(|_| ());
        say(&mut log, 0, "a");
        let session = Persisted {
            sid: SocketId::new("k"),
            rooms: Vec::new(),
            since: log.latest(),
            data: (),
        };
        say(&mut log, 0, "b");
        log.persist(at(0), PrivateId::new("p"), session);
        let missed = back(&mut log, 0, "p", "e.0").unwrap();
        assert_eq!(missed, [r#"42["b","e.2"]"#]);
    }

    #[test]
    fn a_session_is_taken_back_once_and_may_be_kept_again() {
        let mut log = log(|_| ());
        say(&mut log, 0, "a");
        for _ in 0..3 {
            keep(&mut log, 2, "p", &[]);
            keep(&mut log, 2, "q", &[]);
            assert_eq!(back(&mut log, 3, "p", "e.1").unwrap(), [""; 0]);
            assert_eq!(back(&mut log, 3, "p", "e.1"), None);
            assert!(log.order.len() == 1 && log.sessions.len() == 1);
        }
    }

    /// The client was faster than the end of its old connection.
    #[test]
    fn a_session_that_is_alive_is_taken_over() {
        let mut log = log(|_| ());
        for round in 0..3_u64 {
            let before = log.latest();
            say(&mut log, round, "a");
            keep(&mut log, round, "p", &[]);
            let missed = back(&mut log, round, "p", before.as_str()).unwrap();
            assert_eq!(missed, [format!(r#"42["a","e.{}"]"#, round + 1)]);
        }
        assert_eq!(log.sessions.len(), 0);
    }

    #[test]
    fn a_silent_namespace_is_picked_up_too() {
        let mut log = log(|_| ());
        for offset in ["", "e.0"] {
            keep(&mut log, 0, "p", &[]);
            assert_eq!(back(&mut log, 1, "p", offset).unwrap(), [""; 0]);
            assert_eq!(back(&mut log, 1, "p", offset), None);
        }
    }

    #[test]
    fn it_knows_when_there_is_something_to_sweep() {
        let mut log = log(|limits| limits.max_age = Duration::from_millis(10));
        assert_eq!(log.next_timeout(), None);
        say(&mut log, 0, "a");
        say(&mut log, 4, "b");
        keep(&mut log, 2, "p", &[]);
        keep(&mut log, 2, "q", &[]);
        keep(&mut log, 3, "r", &[]);
        // Taken back, it is not waited for.
        assert!(back(&mut log, 3, "p", "e.1").is_some());
        for (at_millis, events, sessions) in [(11, 1, 2), (13, 1, 1), (14, 1, 0), (15, 0, 0)] {
            assert_eq!(log.next_timeout(), Some(at(at_millis)));
            log.sweep(at(at_millis - 1));
            assert_eq!(log.next_timeout(), Some(at(at_millis)), "too early");
            log.sweep(at(at_millis));
            assert_eq!((log.events.len(), log.sessions.len()), (events, sessions));
        }
        assert_eq!(log.next_timeout(), None);
        assert!(log.order.is_empty() && log.bytes == 0);
    }

    #[test]
    fn an_event_larger_than_the_log_leaves_a_gap() {
        let mut log = log(|limits| limits.max_bytes = 10);
        keep(&mut log, 0, "p", &[]);
        say(&mut log, 0, "larger than ten bytes");
        assert!(log.events.is_empty() && log.bytes == 0);
        assert_eq!(back(&mut log, 0, "p", "e.0"), None);
        keep(&mut log, 0, "p", &[]);
        assert_eq!(back(&mut log, 0, "p", "e.1").unwrap(), [""; 0]);
    }

    #[test]
    fn rooms_decide_what_was_missed() {
        let mut log = log(|_| ());
        let to = |rooms: &[&str], except: &[&str], socket: Option<&'static str>| Selector {
            rooms: rooms.iter().map(|room| Room::from(*room)).collect(),
            except: except.iter().map(|room| Room::from(*room)).collect(),
            except_socket: socket.map(SocketId::new),
        };
        let table = [
            (to(&[], &[], None), true),
            (to(&["r"], &[], None), true),
            (to(&["k"], &[], None), true),
            (to(&["other"], &[], None), false),
            (to(&["other", "r"], &[], None), true),
            (to(&[], &["r"], None), false),
            (to(&["r"], &["k"], None), false),
            (to(&[], &["other"], Some("other")), true),
            (to(&[], &[], Some("k")), false),
        ];
        for (selector, is_missed) in table {
            keep(&mut log, 0, "p", &["r"]);
            let before = log.latest();
            log.record(at(0), &selector, &event("a"));
            let missed = back(&mut log, 0, "p", before.as_str()).unwrap();
            assert_eq!(missed.len(), usize::from(is_missed), "{selector:?}");
        }
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut log = log(|limits| limits.max_age = Duration::from_millis(10));
        say(&mut log, 0, "a");
        say(&mut log, 5, "b");
        keep(&mut log, 5, "p", &[]);
        keep(&mut log, 8, "q", &[]);
        keep(&mut log, 8, "r", &[]);
        // The offset itself may be gone, what is behind it may not.
        assert_eq!(back(&mut log, 15, "q", "e.1").unwrap().len(), 1);
        assert_eq!(back(&mut log, 16, "p", "e.2"), None);
        assert_eq!(back(&mut log, 16, "r", "e.1"), None);
        log.sweep(at(99));
        assert!(log.sessions.is_empty() && log.order.is_empty() && log.bytes == 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut few = log(|limits| (limits.max_events, limits.max_sessions) = (2, 2));
        let mut small = log(|limits| limits.max_bytes = 2 * event("a").len());
        for log in [&mut few, &mut small] {
            for name in ["a", "b", "c"] {
                say(log, 0, name);
            }
            assert_eq!(log.events.len(), 2);
            for (pid, offset) in [("p", "e.0"), ("q", "")] {
                keep(log, 0, pid, &[]);
                assert_eq!(back(log, 0, pid, offset), None, "an event is missing");
            }
            keep(log, 0, "p", &[]);
            assert_eq!(back(log, 0, "p", "e.1").unwrap().len(), 2);
        }
        for pid in ["p", "q", "r"] {
            keep(&mut few, 0, pid, &[]);
        }
        assert_eq!(back(&mut few, 0, "p", "e.3"), None);
        assert!(back(&mut few, 0, "q", "e.3").is_some());
    }

    #[test]
    fn only_our_own_offsets_are_read() {
        let mut log = log(|_| ());
        say(&mut log, 0, "a");
        for bogus in [
            "1", "x.1", "e1", "e.", "e.+1", "e.01", "e.2", "e.99", "e.-1",
        ] {
            keep(&mut log, 0, "p", &[]);
            assert_eq!(back(&mut log, 0, "p", bogus), None, "{bogus}");
        }
    }

    #[test]
    fn a_client_says_who_it_was() {
        let table = [
            (r#"{"pid":"p","offset":"o","t":1}"#, Some(("p", Some("o")))),
            (r#"{"pid":"p"}"#, Some(("p", None))),
            (r#"{"pid":"p","offset":1}"#, None),
            (r#"{"pid":1,"offset":"o"}"#, None),
            (r#"{"offset":"o"}"#, None),
            ("{}", None),
        ];
        for (auth, expected) in table {
            let resume = Resume::of(auth);
            let read = resume.as_ref().map(|resume| {
                let offset = resume.offset.as_ref().map(Offset::as_str);
                (resume.pid.as_str(), offset)
            });
            assert_eq!(read, expected, "{auth}");
        }
        let secret = PrivateId::new("hush");
        assert!(!format!("{secret:?}").contains("hush"));
    }
}
