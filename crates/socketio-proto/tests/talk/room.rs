//! What both sides know of one namespace: what was said there, and what must have been heard.

use std::collections::{BTreeMap, BTreeSet};

/// What both sides know of one namespace.
#[derive(Default)]
pub(crate) struct Room {
    /// Numbers that the client has taken.
    pub(crate) said: u32,
    /// Numbers that the server has heard.
    pub(crate) heard: u32,
    /// Numbers that were handed to a session by the end of the latest stay.
    pub(super) gone: u32,
    /// Numbers that were handed to a session before the one in which they may have been lost.
    pub(super) floor: u32,
    /// What was on its way may have been lost.
    pub(super) is_torn: bool,
    /// Numbers that need not be heard: the client has given them up.
    pub(super) expired: BTreeSet<u32>,
    /// The stay in which the client is.
    pub(crate) stay: Option<u64>,
    /// What the server has said, and the client has heard, in each stay.
    pub(super) told: BTreeMap<u64, Told>,
    /// The stay in which the server believes the client to be.
    pub(crate) believed: Option<u64>,
    /// The stay in which the client was last.
    pub(super) latest: u64,
    /// The stay in which the server has let the client in last.
    pub(super) admitted: u64,
    /// How often the server has heard the last number.
    times: u32,
    /// What a client that comes back must have heard.
    pub(super) due: u32,
}

/// What the server has said in one stay, and the client has heard.
#[derive(Default)]
pub(super) struct Told {
    pub(super) said: u32,
    pub(super) heard: u32,
    pub(super) has_gap: bool,
    /// Questions, where they are counted for themselves: they are not sent again.
    pub(super) asked: u32,
    asked_heard: u32,
    /// The client has not listened from the beginning: the next number may be any.
    pub(super) may_jump: bool,
}

impl Room {
    /// The server hears a number of the client, perhaps of a session that the client has ended.
    pub(super) fn hear(&mut self, number: u32, is_late: bool) {
        let is_next = self.follows(self.heard, number);
        let is_first = self.is_torn && number > self.heard && self.follows(self.floor, number);
        assert!(
            is_next || is_first,
            "lost, doubled or out of order: {number} after {} of {}, floor {}",
            self.heard,
            self.said,
            self.floor
        );
        // What was lost with that session is known by the next one only.
        self.is_torn &= is_late || !is_first;
        self.heard = number;
        assert!(number <= self.said, "never said");
    }

    /// The server hears a number that the client says until it is answered, at most so often.
    pub(super) fn hear_again(&mut self, number: u32, most: u32) {
        let is_again = number == self.heard;
        self.times = if is_again { self.times + 1 } else { 1 };
        assert!(
            is_again || self.follows(self.heard, number),
            "lost or out of order: {number} after {} of {}",
            self.heard,
            self.said
        );
        assert!(self.times <= most, "{number} was tried too often");
        assert!(number <= self.said, "never said");
        self.heard = number;
    }

    /// Whether nothing is missing between two numbers.
    fn follows(&self, after: u32, number: u32) -> bool {
        number > after && (after + 1..number).all(|skipped| self.expired.contains(&skipped))
    }

    /// The client hears a number of the server.
    pub(super) fn learn(&mut self, stay: u64, number: u32) {
        assert!(stay >= self.latest, "{number} of an earlier stay");
        let told = self.told.get_mut(&stay).expect("there was such a stay");
        assert!(
            number > told.heard && number <= told.said,
            "lost, doubled or out of order: {number} again"
        );
        told.has_gap |= number != told.heard + 1 && !std::mem::take(&mut told.may_jump);
        told.heard = number;
        assert!(
            self.stay != Some(stay) || !told.has_gap,
            "lost, doubled or out of order: {number}"
        );
    }

    /// The client hears a question of the server, in its order or not at all.
    pub(super) fn learn_question(&mut self, stay: u64, number: u32) {
        let told = self.told.get_mut(&stay).expect("there was such a stay");
        assert!(number > told.asked_heard && number <= told.asked);
        told.asked_heard = number;
    }

    /// Everything that was said has been heard, and both sides agree on where they are.
    pub(crate) fn is_settled(&self) -> bool {
        // What went with a session that has ended may have been lost.
        let next = self.heard.max(self.gone) + 1;
        let is_missing = |number| !self.expired.contains(&number);
        self.stay.is_some()
            && self.stay == self.believed
            && !(next..=self.said).any(is_missing)
            && self
                .stay
                .and_then(|stay| self.told.get(&stay))
                .is_some_and(|told| told.said == told.heard)
    }
}
