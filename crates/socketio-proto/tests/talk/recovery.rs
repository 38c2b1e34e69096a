//! What the server's application does so that a client can come back.
//!
//! Plays over several worlds; in each one time begins again, so the log has a clock of its own.

use std::time::Duration;

use socketio_proto::server::{Accept, ConnectRequest};
use socketio_proto::{
    Encoded, Persisted, PrivateId, RecoveryLimits, RecoveryLog, Room, Selector, SocketId, Timestamp,
};

use crate::world::Rng;

/// One log for each namespace. The data of a session is its stay.
pub(crate) struct Recovery {
    rooms: [Book; 2],
    /// When the present world began.
    pub(crate) era: u64,
}

struct Book {
    log: RecoveryLog<u64>,
    alive: Option<Persisted<u64>>,
    /// The stay of a session that waits for its client.
    away: Option<u64>,
}

impl Recovery {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let mut limits = RecoveryLimits::default();
        match rng.below(4) {
            0 => limits.max_events = 4,
            1 => limits.max_age = Duration::from_secs(3),
            _ => {}
        }
        let rooms = ["a", "b"].map(|epoch| Book {
            log: RecoveryLog::new(limits, epoch),
            alive: None,
            away: None,
        });
        Self { rooms, era: 0 }
    }

    /// The stay to which a namespace still speaks although nobody is there.
    pub(crate) fn away(&self, room: usize) -> Option<u64> {
        self.rooms[room].away
    }

    /// What is said to everybody, to the room of the socket, or to everybody but it.
    pub(crate) fn record(
        &mut self,
        now: Timestamp,
        room: usize,
        stay: u64,
        packet: &Encoded,
        decoy: &Encoded,
    ) -> Encoded {
        let now = self.time(now);
        let log = &mut self.rooms[room].log;
        let own = || vec![Room::from(stay.to_string())];
        let (rooms, except) = (Vec::new(), own());
        let others = Selector {
            rooms,
            except,
            except_socket: None,
        };
        log.record(now, &others, decoy);
        let selector = Selector {
            rooms: if packet.len().is_multiple_of(2) {
                own()
            } else {
                vec![]
            },
            ..Selector::default()
        };
        let offset = log.record(now, &selector, packet);
        packet.with_offset(&offset)
    }

    /// The terms for a client, and whether it comes back. `fresh` is the stay of one that does not.
    pub(crate) fn terms(
        &mut self,
        now: Timestamp,
        room: usize,
        request: &ConnectRequest,
        fresh: u64,
    ) -> (Accept, u64, bool) {
        let now = self.time(now);
        let book = &mut self.rooms[room];
        let resume = request.resume.as_ref();
        let restored = resume.and_then(|resume| Some((resume, book.log.restore(now, resume)?)));
        let is_back = restored.is_some();
        let (pid, session, missed) = match restored {
            Some((resume, restored)) => (resume.pid.clone(), restored.session, restored.missed),
            None => {
                let session = Persisted {
                    sid: SocketId::new(fresh.to_string()),
                    rooms: Vec::new(),
                    since: book.log.latest(),
                    data: fresh,
                };
                (PrivateId::new(format!("p{fresh}")), session, Vec::new())
            }
        };
        let (sid, stay, pid) = (session.sid.clone(), session.data, Some(pid));
        book.alive = Some(session);
        book.away = None;
        (Accept { sid, pid, missed }, stay, is_back)
    }

    /// The socket has ended; with a private id its client may come back.
    pub(crate) fn left(&mut self, now: Timestamp, room: usize, pid: Option<PrivateId>) {
        let now = self.time(now);
        let book = &mut self.rooms[room];
        let session = book.alive.take().expect("it was let in");
        if let Some(pid) = pid {
            book.away = Some(session.data);
            book.log.persist(now, pid, session);
        }
    }

    fn time(&self, now: Timestamp) -> Timestamp {
        now + Duration::from_millis(self.era)
    }
}
