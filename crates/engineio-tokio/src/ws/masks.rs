//! Masks of frames. [RFC 6455 § 5.3]

/// Where the masks of a client come from: the randomness of the system, fetched for many frames at
/// a time. Nobody who chooses what a frame says can guess its mask.
pub(super) struct Masks {
    drawn: [u8; DRAWN],
    used: usize,
}

impl Default for Masks {
    fn default() -> Self {
        Self {
            drawn: [0; DRAWN],
            used: DRAWN,
        }
    }
}

impl Masks {
    /// The next mask. `None`: the system has no randomness to give.
    pub(super) fn next(&mut self) -> Option<[u8; 4]> {
        if self.used >= DRAWN {
            getrandom::fill(&mut self.drawn).ok()?;
            self.used = 0;
        }
        let mask = self.drawn.get(self.used..)?.first_chunk().copied()?;
        self.used += mask.len();
        Some(mask)
    }
}

/// Bytes that are drawn at once.
const DRAWN: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_mask_is_used_twice() {
        let mut masks = Masks::default();
        let drawn: HashSet<[u8; 4]> = (0..500).map(|_| masks.next().unwrap()).collect();
        // Two of 500 may be alike by chance, but not many.
        assert!(drawn.len() > 490, "{}", drawn.len());
    }
}
