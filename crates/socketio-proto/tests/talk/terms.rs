//! What both sides have agreed on for a talk: the revision, and how sure an emit is.

use std::time::Duration;

use engineio_proto::parser::Revision;
use socketio_proto::client::{self, Delivery, Offline};

use crate::world::Rng;

/// Drawn from a chance of its own, so that the rest of a seed does not depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) revision: Revision,
    pub(super) delivery: Delivery,
    pub(super) while_offline: Offline,
    remember_upgrade: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            revision: Revision::V4,
            delivery: Delivery::default(),
            while_offline: Offline::default(),
            remember_upgrade: false,
        }
    }
}

impl Terms {
    pub(super) fn of(seed: u64) -> Self {
        use Revision::{V2, V3, V4};
        let rng = &mut Rng::new(seed ^ TERMS);
        let ack_timeout = Duration::from_millis(rng.weighted(&[(1, 50), (2, 500), (2, 3_000)]));
        let sure = Delivery::AtLeastOnce {
            ack_timeout,
            retries: u32::try_from(rng.below(4)).unwrap_or(0),
        };
        let limited = Delivery::AtMostOnce {
            ack_timeout: Some(ack_timeout),
        };
        Self {
            revision: rng.weighted(&[(9, V4), (5, V3), (2, V2)]),
            delivery: rng.weighted(&[(8, Delivery::default()), (1, limited), (7, sure)]),
            while_offline: rng.weighted(&[
                (10, Offline::Buffer),
                (4, Offline::Latest),
                (2, Offline::Reject),
            ]),
            remember_upgrade: rng.one_in(4),
        }
    }

    pub(super) fn apply(&self, config: &mut client::Config) {
        config.engine.revision = self.revision;
        config.delivery = self.delivery;
        config.while_offline = self.while_offline;
        config.remember_upgrade = self.remember_upgrade;
    }

    /// Whether the server is one of Socket.IO 1 or 2.
    pub(super) fn is_old(&self) -> bool {
        self.revision < Revision::V4
    }

    /// How often an event of the client may be said, if it is said until it is answered.
    pub(super) fn tries(&self) -> Option<u32> {
        match self.delivery {
            Delivery::AtMostOnce { .. } => None,
            Delivery::AtLeastOnce { retries, .. } => Some(retries + 1),
        }
    }
}

/// The seeds of `seeds.txt` draw what they were found with.
const TERMS: u64 = 0x11_71AA;
