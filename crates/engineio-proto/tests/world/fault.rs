//! What goes wrong, and when.

use super::{Rng, Side};

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The cable is pulled for good. Nobody is told.
    Cut,
    /// Nothing arrives for so many milliseconds; then what was on its way does.
    Stall(u64),
    /// One connection breaks at a byte: within a head, a body, an answer, a message, or between.
    Reset(Notice),
    /// The candidate of an upgrade is refused.
    Refuse,
    /// The next dial of a WebSocket takes so many milliseconds more.
    LateDial(u64),
    /// One side stands still for so many milliseconds, its timers too.
    Sleep(Side, u64),
    /// The same, and its clock stands still meanwhile: it does not know.
    Suspend(Side, u64),
    /// One side's WebSocket reports nothing flushed for so many milliseconds.
    SlowReader(Side, u64),
    /// A proxy dials a second time: the handshake of a session, or a WebSocket. The copy leads
    /// nowhere.
    RepeatedDial,
    /// A proxy sends a poll a second time.
    RepeatedPoll,
    /// One side hears something that is not a packet.
    Garbage(Side),
}

/// Who is told that a connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Both,
    Only(Side),
    /// Half-open on both ends.
    Nobody,
}

impl Fault {
    /// Anything. `healthy` spans keep a session alive.
    pub(crate) fn draw(rng: &mut Rng, healthy: u64) -> Self {
        let side = rng.weighted(&[(1, Side::Client), (1, Side::Server)]);
        let span = rng.weighted(&[(2, healthy / 3), (2, healthy), (1, 12_000), (1, 300_000)]);
        let millis = 1 + rng.below(span);
        let reset = Self::reset(rng);
        rng.weighted(&[
            (3, Self::Cut),
            (2, Self::Stall(millis)),
            (6, reset),
            (2, Self::Refuse),
            (2, Self::LateDial(millis.min(12_000))),
            (2, Self::Sleep(side, millis)),
            (1, Self::Suspend(side, millis)),
            (2, Self::SlowReader(side, millis)),
            (2, Self::RepeatedDial),
            (1, Self::RepeatedPoll),
            (1, Self::Garbage(side)),
        ])
    }

    /// A connection that breaks, and who hears of it.
    pub(crate) fn reset(rng: &mut Rng) -> Self {
        let side = rng.weighted(&[(1, Side::Client), (1, Side::Server)]);
        Self::Reset(rng.weighted(&[
            (2, Notice::Both),
            (1, Notice::Only(side)),
            (2, Notice::Nobody),
        ]))
    }

    /// Whether it befalls a dial, and must be known before there is one.
    pub(crate) const fn is_about_dials(self) -> bool {
        matches!(self, Self::Refuse | Self::LateDial(_) | Self::RepeatedDial)
    }
}
