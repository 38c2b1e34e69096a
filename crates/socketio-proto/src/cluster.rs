//! Questions of one server to the others of its cluster, and how far the answers have come.
//!
//! Invariant: no request in `pending` is complete.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::{Timestamp, Utf8Bytes};

/// The name of one server among those of its cluster.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerId(Utf8Bytes);

impl ServerId {
    /// Wraps an id that a driver has drawn, here or elsewhere.
    pub fn new(id: impl Into<Utf8Bytes>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Under which name a question is answered: sixteen hexadecimal digits as text, which parses back.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for RequestId {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Who is to answer a question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Servers {
    /// So many servers. Nobody knows which, so none that leaves can be told from one that is slow.
    Count(usize),
    /// These.
    Named(Vec<ServerId>),
}

/// One step towards the end of a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// One of the clients of a server has answered, or will not.
    Client,
    /// A server has answered, and so will this many clients of it: none, unless they were asked.
    Server {
        /// How many clients it has asked.
        clients: usize,
    },
}

/// Who has not answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Missing {
    /// The number of servers. One if it was never said how many there are.
    pub servers: usize,
    /// Those among them whose names are known.
    pub names: Vec<ServerId>,
    /// Clients of the servers that did say how many they have asked.
    pub clients: usize,
}

/// What became of a step.
#[derive(Debug, Eq, PartialEq)]
pub enum Heard<'a, T> {
    /// There will be more.
    More(&'a T),
    /// It was the last one.
    Last(Ended<T>),
}

/// A question to which nothing will come any more.
#[derive(Debug, Eq, PartialEq)]
pub struct Ended<T> {
    /// Who has asked.
    pub asker: T,
    /// Who has not answered.
    pub missing: Missing,
}

/// The questions of one server that are not answered yet. `T` is who waits for the answers.
///
/// How many servers are expected to answer may become known after the first of them has done so:
/// a broker is asked for the number, and answers like everybody else.
#[derive(Debug)]
pub struct Requests<T> {
    next: u64,
    pending: BTreeMap<RequestId, Request<T>>,
}

impl<T> Requests<T> {
    /// Starts with no questions. The first one gets the id `first`, which the driver draws: on some
    /// wires all servers see all answers, and must not take them for their own.
    pub fn new(first: u64) -> Self {
        Self {
            next: first,
            pending: BTreeMap::new(),
        }
    }

    /// Begins to wait for the answers to a question, until `answer_by`.
    pub fn start(&mut self, answer_by: Timestamp, asker: T) -> RequestId {
        let id = RequestId(self.next);
        self.next = self.next.wrapping_add(1);
        let request = Request {
            asker,
            answer_by,
            expected: None,
            unnamed: Tally::default(),
            named: BTreeMap::new(),
            gone: BTreeSet::new(),
            lost: Missing::default(),
        };
        self.pending.insert(id, request);
        id
    }

    /// Takes note of who is to answer.
    pub fn expect(&mut self, id: RequestId, servers: Servers) -> Option<Ended<T>> {
        let request = self.pending.get_mut(&id)?;
        request.expect(servers);
        self.take_if_complete(id)
    }

    /// Takes note of an answer. `None`: nobody waits for it, or it came before.
    pub fn answer(
        &mut self,
        id: RequestId,
        from: Option<&ServerId>,
        step: Step,
    ) -> Option<Heard<'_, T>> {
        let request = self.pending.get_mut(&id)?;
        if !request.take(from, step) {
            return None;
        }
        if request.is_complete() {
            return self.take(id).map(Heard::Last);
        }
        let request = self.pending.get(&id)?;
        Some(Heard::More(&request.asker))
    }

    /// A server is gone: nobody waits for it any more. Returns what ends by that.
    pub fn leave(&mut self, server: &ServerId) -> Vec<Ended<T>> {
        for request in self.pending.values_mut() {
            request.lose(server);
        }
        let complete = |(id, request): (&RequestId, &Request<T>)| {
            let is_complete = request.is_complete();
            is_complete.then_some(*id)
        };
        let complete: Vec<_> = self.pending.iter().filter_map(complete).collect();
        complete
            .into_iter()
            .filter_map(|id| self.take(id))
            .collect()
    }

    /// Ends what is overdue.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Ended<T>> {
        let overdue = |(id, request): (&RequestId, &Request<T>)| {
            let is_overdue = request.answer_by <= now;
            is_overdue.then_some(*id)
        };
        let overdue: Vec<_> = self.pending.iter().filter_map(overdue).collect();
        overdue.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// Forgets a question that nobody waits for any more.
    pub fn forget(&mut self, id: RequestId) {
        self.pending.remove(&id);
    }

    /// When [`expire`](Self::expire) will next find something. Looks at every question: there are
    /// few.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let deadlines = self.pending.values().map(|request| request.answer_by);
        deadlines.min()
    }

    /// Returns the number of questions that are not answered.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether every question is answered.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    fn take_if_complete(&mut self, id: RequestId) -> Option<Ended<T>> {
        let is_complete = self.pending.get(&id)?.is_complete();
        is_complete.then(|| self.take(id)).flatten()
    }

    fn take(&mut self, id: RequestId) -> Option<Ended<T>> {
        let request = self.pending.remove(&id)?;
        let missing = request.missing();
        let asker = request.asker;
        Some(Ended { asker, missing })
    }
}

/// One question.
#[derive(Debug)]
struct Request<T> {
    asker: T,
    answer_by: Timestamp,
    /// `None` until it is known.
    expected: Option<Expected>,
    /// The answers that do not say whose they are, together.
    unnamed: Tally,
    named: BTreeMap<ServerId, Tally>,
    /// Who has left meanwhile.
    gone: BTreeSet<ServerId>,
    /// What they have not answered.
    lost: Missing,
}

#[derive(Debug)]
enum Expected {
    Count(usize),
    Named(BTreeSet<ServerId>),
}

/// The answers of one server, or of all that have no name.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    servers: usize,
    asked: usize,
    answered: usize,
}

impl Tally {
    fn open(&self) -> usize {
        self.asked.saturating_sub(self.answered)
    }
}

impl<T> Request<T> {
    fn expect(&mut self, servers: Servers) {
        let names = match servers {
            Servers::Count(count) => return self.expected = Some(Expected::Count(count)),
            Servers::Named(names) => names,
        };
        let gone = |name: &ServerId| self.gone.contains(name);
        let (gone, names): (Vec<_>, Vec<_>) = names.into_iter().partition(gone);
        self.expected = Some(Expected::Named(names.into_iter().collect()));
        // They have left between the look at who is there and this.
        self.lost.servers += gone.len();
        self.lost.names.extend(gone);
    }

    /// Counts an answer. False if it counts for nothing.
    fn take(&mut self, from: Option<&ServerId>, step: Step) -> bool {
        if from.is_some_and(|server| self.gone.contains(server)) {
            return false;
        }
        let tally = match from {
            None => &mut self.unnamed,
            Some(server) => self.named.entry(server.clone()).or_default(),
        };
        match step {
            Step::Client => tally.answered = tally.answered.saturating_add(1),
            Step::Server { .. } if from.is_some() && tally.servers > 0 => return false,
            Step::Server { clients } => {
                tally.servers = tally.servers.saturating_add(1);
                tally.asked = tally.asked.saturating_add(clients);
            }
        }
        true
    }

    /// Waits for a server no longer. What it has said already stays good; what it still says would
    /// be counted twice, as missing and as an answer.
    fn lose(&mut self, server: &ServerId) {
        if !self.gone.insert(server.clone()) {
            return;
        }
        let tally = self.named.get_mut(server);
        let has_answered = tally.as_ref().is_some_and(|tally| tally.servers > 0);
        if let Some(tally) = tally {
            self.lost.clients += tally.open();
            tally.asked = tally.answered;
        }
        let was_expected = match &mut self.expected {
            Some(Expected::Named(names)) => names.remove(server),
            Some(Expected::Count(_)) | None => false,
        };
        if was_expected && !has_answered {
            self.lost.servers += 1;
            self.lost.names.push(server.clone());
        }
    }

    fn is_complete(&self) -> bool {
        let tallies = || self.named.values().chain([&self.unnamed]);
        let has_all_servers = match &self.expected {
            None => false,
            Some(Expected::Count(count)) => self.answered_servers() >= *count,
            Some(Expected::Named(names)) => names.iter().all(|name| self.has_answered(name)),
        };
        has_all_servers && tallies().all(|tally| tally.open() == 0)
    }

    fn missing(&self) -> Missing {
        let mut missing = self.lost.clone();
        match &self.expected {
            None => missing.servers += 1,
            Some(Expected::Count(count)) => {
                missing.servers += count.saturating_sub(self.answered_servers());
            }
            Some(Expected::Named(names)) => {
                let silent = names.iter().filter(|name| !self.has_answered(name));
                let before = missing.names.len();
                missing.names.extend(silent.cloned());
                missing.servers += missing.names.len() - before;
            }
        }
        let open = self.named.values().chain([&self.unnamed]).map(Tally::open);
        missing.clients = open.fold(missing.clients, usize::saturating_add);
        missing
    }

    fn answered_servers(&self) -> usize {
        let named = self.named.values().filter(|tally| tally.servers > 0);
        self.unnamed.servers.saturating_add(named.count())
    }

    fn has_answered(&self, server: &ServerId) -> bool {
        let tally = self.named.get(server);
        tally.is_some_and(|tally| tally.servers > 0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    const SOON: Timestamp = Timestamp::from_millis(5000);

    fn server(name: &str) -> ServerId {
        ServerId::new(name)
    }

    fn asked(servers: Option<Servers>) -> (Requests<&'static str>, RequestId) {
        let mut requests = Requests::new(7);
        let id = requests.start(SOON, "asker");
        if let Some(servers) = servers {
            assert_eq!(requests.expect(id, servers), None);
        }
        (requests, id)
    }

    fn last(missing: Missing) -> Option<Heard<'static, &'static str>> {
        let asker = "asker";
        Some(Heard::Last(Ended { asker, missing }))
    }

    fn names(names: &[&str]) -> Servers {
        Servers::Named(names.iter().map(|name| server(name)).collect())
    }

    const ALONE: Step = Step::Server { clients: 0 };

    #[test]
    fn nobody_else_means_no_wait() {
        for servers in [Servers::Count(0), names(&[])] {
            let (mut requests, id) = asked(None);
            let ended = requests.expect(id, servers).unwrap();
            assert_eq!(ended.missing, Missing::default());
            assert!(requests.is_empty());
        }
    }

    #[test]
    fn so_many_answers_without_a_name_are_enough() {
        let (mut requests, id) = asked(Some(Servers::Count(2)));
        let more = requests.answer(id, None, ALONE);
        assert_eq!(more, Some(Heard::More(&"asker")));
        assert_eq!(requests.answer(id, None, ALONE), last(Missing::default()));
        assert_eq!(requests.answer(id, None, ALONE), None);
    }

    #[test]
    fn the_number_may_become_known_last() {
        let (mut requests, id) = asked(None);
        requests.answer(id, None, ALONE).unwrap();
        requests.answer(id, Some(&server("b")), ALONE).unwrap();
        assert!(requests.expect(id, Servers::Count(2)).is_some());
    }

    #[test]
    fn the_same_server_answers_once() {
        let (mut requests, id) = asked(Some(names(&["a", "b"])));
        assert!(requests.answer(id, Some(&server("a")), ALONE).is_some());
        assert_eq!(requests.answer(id, Some(&server("a")), ALONE), None);
        assert_eq!(
            requests.answer(id, Some(&server("b")), ALONE),
            last(Missing::default())
        );
    }

    #[test]
    fn clients_are_waited_for_in_any_order() {
        let (mut requests, id) = asked(Some(names(&["a"])));
        let a = server("a");
        assert!(requests.answer(id, Some(&a), Step::Client).is_some());
        let two = Step::Server { clients: 2 };
        let more = requests.answer(id, Some(&a), two);
        assert_eq!(more, Some(Heard::More(&"asker")));
        assert_eq!(
            requests.answer(id, Some(&a), Step::Client),
            last(Missing::default())
        );
    }

    #[test]
    fn who_leaves_is_missing_and_not_waited_for() {
        let (mut requests, id) = asked(Some(names(&["a", "b"])));
        let two = Step::Server { clients: 2 };
        requests.answer(id, Some(&server("a")), two).unwrap();
        requests
            .answer(id, Some(&server("a")), Step::Client)
            .unwrap();
        assert_eq!(requests.leave(&server("b")), []);
        assert_eq!(requests.answer(id, Some(&server("b")), ALONE), None);
        let (mut more, other) = (Requests::new(0), names(&["a", "b"]));
        let id = more.start(SOON, "asker");
        more.expect(id, other);
        more.answer(id, Some(&server("a")), two).unwrap();
        assert_eq!(more.leave(&server("a")), []);
        assert_eq!(more.leave(&server("a")), []);
        assert_eq!(more.answer(id, Some(&server("a")), Step::Client), None);
        let ended = more.leave(&server("b")).pop().unwrap();
        assert_eq!((ended.missing.servers, ended.missing.clients), (1, 2));
        let ended = requests.leave(&server("a"));
        let missing = Missing {
            servers: 1,
            names: vec![server("b")],
            clients: 1,
        };
        let asker = "asker";
        assert_eq!(ended, [Ended { asker, missing }]);
    }

    #[test]
    fn who_has_left_before_it_was_expected_is_not_waited_for() {
        let (mut requests, id) = asked(None);
        assert_eq!(requests.leave(&server("a")), []);
        let ended = requests.expect(id, names(&["a"])).unwrap();
        assert_eq!(ended.missing.names, [server("a")]);
        assert_eq!(ended.missing.servers, 1);
    }

    #[test]
    fn a_deadline_tells_who_is_missing() {
        let (mut requests, id) = asked(Some(names(&["a", "b"])));
        requests.answer(id, Some(&server("a")), ALONE).unwrap();
        assert_eq!(requests.next_timeout(), Some(SOON));
        assert_eq!(requests.expire(Timestamp::from_millis(4999)), []);
        let ended = requests.expire(SOON).pop().unwrap();
        assert_eq!((ended.missing.servers, ended.missing.clients), (1, 0));
        assert_eq!(ended.missing.names, [server("b")]);
        assert_eq!(requests.next_timeout(), None);
    }

    #[test]
    fn a_deadline_tells_how_many_are_missing() {
        let (mut requests, id) = asked(Some(Servers::Count(3)));
        let two = Step::Server { clients: 2 };
        requests.answer(id, None, two).unwrap();
        requests.answer(id, None, Step::Client).unwrap();
        let ended = requests.expire(SOON).pop().unwrap();
        assert_eq!((ended.missing.servers, ended.missing.clients), (2, 1));

        let (mut requests, _) = asked(None);
        assert_eq!(requests.expire(SOON).pop().unwrap().missing.servers, 1);
    }

    #[test]
    fn what_is_forgotten_is_not_answered() {
        let (mut requests, id) = asked(Some(Servers::Count(1)));
        requests.forget(id);
        assert_eq!(requests.answer(id, None, ALONE), None);
        assert_eq!(requests.expire(SOON), []);
        assert_eq!(requests.len(), 0);
    }

    #[test]
    fn an_id_is_text_and_back() {
        let (_, id) = asked(None);
        assert_eq!(id.to_string(), "0000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("no number".parse::<RequestId>().is_err());
        let mut requests = Requests::new(u64::MAX);
        let (last, first) = (requests.start(SOON, ()), requests.start(SOON, ()));
        assert_eq!((last.0, first.0), (u64::MAX, 0));
    }
}
