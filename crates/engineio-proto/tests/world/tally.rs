//! Counts what has gone wrong, and what came of it, so that a test can tell whether everything does.

/// An accident that has happened, not one that was only planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The cable was pulled.
    Cable,
    Stall,
    /// A connection broke within the head of a request.
    CutInHead,
    CutInBody,
    /// Within an answer, its head or its body.
    CutInAnswer,
    /// Within the handshake of a WebSocket, one way or the other.
    CutInDial,
    CutInMessageToClient,
    CutInMessageToServer,
    /// Within the last frame of a WebSocket.
    CutInClose,
    /// While nothing was on its way, or before the first byte of it.
    CutBetweenBytes,
    CutToldToBoth,
    /// The client knows, the server does not.
    HalfOpenToServer,
    /// The server knows, the client does not.
    HalfOpenToClient,
    HalfOpenToBoth,
    Refusal,
    LateDial,
    /// The handshake of a session came twice: there are two sessions.
    RepeatedHandshake,
    /// A candidate was dialed twice, the copy after it.
    RepeatedCandidate,
    /// The copy came first.
    OvertakenCandidate,
    ClientSlept,
    ServerSlept,
    ClientClockStood,
    ServerClockStood,
    /// A report that something was flushed has been withheld.
    SlowClient,
    SlowServer,
    /// A proxy has held something back.
    Buffered,
    RepeatedPoll,
    RepeatedAnswer,
    StaleReport,
    GarbageForClient,
    GarbageForServer,
    BodyTooLarge,
    /// A session has moved to a WebSocket, as both sides know.
    Upgraded,
    UpgradeFailed,
    /// The client knows that the server lives.
    Heartbeat,
    /// The client has found the server gone.
    ClientExpired,
    /// The server has found the client gone.
    ServerExpired,
}

impl Seen {
    /// The accidents.
    pub(crate) const ALL: [Self; 32] = [
        Self::Cable,
        Self::Stall,
        Self::CutInHead,
        Self::CutInBody,
        Self::CutInAnswer,
        Self::CutInDial,
        Self::CutInMessageToClient,
        Self::CutInMessageToServer,
        Self::CutInClose,
        Self::CutBetweenBytes,
        Self::CutToldToBoth,
        Self::HalfOpenToServer,
        Self::HalfOpenToClient,
        Self::HalfOpenToBoth,
        Self::Refusal,
        Self::LateDial,
        Self::RepeatedHandshake,
        Self::RepeatedCandidate,
        Self::OvertakenCandidate,
        Self::ClientSlept,
        Self::ServerSlept,
        Self::ClientClockStood,
        Self::ServerClockStood,
        Self::SlowClient,
        Self::SlowServer,
        Self::Buffered,
        Self::RepeatedPoll,
        Self::RepeatedAnswer,
        Self::StaleReport,
        Self::GarbageForClient,
        Self::GarbageForServer,
        Self::BodyTooLarge,
    ];

    /// What came of them, or of none.
    pub(crate) const OUTCOMES: [Self; 5] = [
        Self::Upgraded,
        Self::UpgradeFailed,
        Self::Heartbeat,
        Self::ClientExpired,
        Self::ServerExpired,
    ];
}

/// How often each of them has happened.
#[derive(Clone, Debug)]
pub(crate) struct Tally([u32; Seen::ALL.len() + Seen::OUTCOMES.len()]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; Seen::ALL.len() + Seen::OUTCOMES.len()])
    }
}

impl Tally {
    pub(super) const fn count(&mut self, seen: Seen) {
        self.0[seen as usize] += 1;
    }

    /// The accidents that have happened less often than so, with how often they have.
    pub(crate) fn rarer_than(&self, times: u32) -> Vec<(Seen, u32)> {
        self.rare(&Seen::ALL, times)
    }

    /// The same of what came of them.
    pub(crate) fn outcomes_rarer_than(&self, times: u32) -> Vec<(Seen, u32)> {
        self.rare(&Seen::OUTCOMES, times)
    }

    fn rare(&self, all: &[Seen], times: u32) -> Vec<(Seen, u32)> {
        let counts = all.iter().map(|seen| (*seen, self.0[*seen as usize]));
        counts.filter(|(_, count)| *count < times).collect()
    }
}
