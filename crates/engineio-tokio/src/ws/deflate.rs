//! `permessage-deflate`: the coders of both directions. [RFC 7692 § 7.2]

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Role, agreement::Agreement, framing::Broken};

/// What both directions of a WebSocket are compressed with.
pub(super) struct Coders {
    pub(super) deflater: Deflater,
    pub(super) inflater: Inflater,
}

impl Coders {
    pub(super) fn new(agreement: Agreement, role: Role) -> Self {
        let (forgets, peer_forgets) = match role {
            Role::Client => (agreement.client_forgets, agreement.server_forgets),
            Role::Server => (agreement.server_forgets, agreement.client_forgets),
        };
        Self {
            deflater: Deflater::new(agreement.threshold, forgets),
            inflater: Inflater::new(peer_forgets),
        }
    }
}

/// Compresses messages. What it needs is made when the first one is large enough.
pub(super) struct Deflater {
    threshold: usize,
    forgets: bool,
    coder: Option<Compress>,
}

impl Deflater {
    const fn new(threshold: usize, forgets: bool) -> Self {
        Self {
            threshold,
            forgets,
            coder: None,
        }
    }

    /// Compresses one message. `None`: it is to travel as it is, because it is not large enough.
    /// [RFC 7692 § 7.2.1]
    pub(super) fn deflate(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.threshold {
            return None;
        }
        let coder = self
            .coder
            .get_or_insert_with(|| Compress::new(Compression::fast(), false));
        // Room for all of it, whatever it is: a flush that has to be called twice loses track of
        // what it has left to write.
        let mut out = Vec::with_capacity(message.len() + message.len() / 8 + 256);
        let before = coder.total_in();
        let outcome = coder.compress_vec(message, &mut out, FlushCompress::Sync);
        let is_whole = outcome.is_ok()
            && taken(before, coder.total_in()) == message.len()
            && out.len() < out.capacity()
            && out.ends_with(&TAIL);
        if self.forgets || !is_whole {
            // Without memory it refers to nothing that the peer may not have seen.
            self.coder = None;
        }
        out.truncate(out.len().saturating_sub(TAIL.len()));
        is_whole.then_some(out)
    }
}

/// Inflates messages.
pub(super) struct Inflater {
    forgets: bool,
    coder: Decompress,
}

impl Inflater {
    fn new(forgets: bool) -> Self {
        Self {
            forgets,
            coder: Decompress::new(false),
        }
    }

    /// Inflates one message of at most `limit` bytes, and never more. [RFC 7692 § 7.2.2]
    pub(super) fn inflate(&mut self, message: &[u8], limit: usize) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::with_capacity(message.len().saturating_mul(3).min(limit).max(64));
        if !self.feed(message, &mut out, limit)? {
            self.feed(&TAIL, &mut out, limit)?;
        }
        if self.forgets {
            self.coder.reset(false);
        }
        Ok(out)
    }

    /// Whether the sender has ended its stream, which it may. [RFC 7692 § 7.2.3.4]
    fn feed(&mut self, mut rest: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<bool, Broken> {
        loop {
            let before = (self.coder.total_in(), out.len());
            let status = self.coder.decompress_vec(rest, out, FlushDecompress::Sync);
            let status = status.map_err(|_| Broken::Protocol)?;
            let taken = taken(before.0, self.coder.total_in());
            rest = rest.get(taken..).unwrap_or_default();
            if out.len() > limit {
                return Err(Broken::TooBig);
            }
            if status == Status::StreamEnd {
                self.coder.reset(false);
                return Ok(true);
            }
            if out.len() < out.capacity() {
                if rest.is_empty() {
                    return Ok(false);
                }
                if taken == 0 && out.len() == before.1 {
                    return Err(Broken::Protocol);
                }
            } else {
                // One byte more than allowed, so that too much is noticed.
                let room = limit.saturating_add(1).saturating_sub(out.len());
                out.reserve_exact(out.capacity().min(room).max(1));
            }
        }
    }
}

fn taken(before: u64, after: u64) -> usize {
    // Not more than a slice that was handed in.
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

/// What ends each message, and is left out. [RFC 7692 § 7.2.1]
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests {
    use super::*;

    /// [RFC 7692 § 7.2.3]
    #[test]
    fn the_messages_of_the_specification_are_read() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut inflater = Inflater::new(false);
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        // It refers to what came before.
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(inflater.inflate(&again, 5).unwrap(), b"Hello");
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        assert_eq!(inflater.inflate(&stored, 5).unwrap(), b"Hello");
        let ended = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflater.inflate(&ended, 5).unwrap(), b"Hello");
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        let two = [
            0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
        ];
        assert_eq!(inflater.inflate(&two, 5).unwrap(), b"Hello");
    }

    #[test]
    fn what_should_be_forgotten_cannot_be_referred_to() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut inflater = Inflater::new(true);
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        // The library takes it for zeros.
        assert_ne!(inflater.inflate(&again, 5).as_deref(), Ok(&b"Hello"[..]));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = Deflater::new(0, false).deflate(&vec![0; 4 << 20]).unwrap();
        assert!(bomb.len() < 64 * 1024);
        for (limit, outcome) in [((4 << 20) - 1, Err(Broken::TooBig)), (4 << 20, Ok(4 << 20))] {
            let mut inflater = Inflater::new(false);
            let inflated = inflater.inflate(&bomb, limit);
            assert_eq!(inflated.map(|message| message.len()), outcome);
        }
    }

    #[test]
    fn garbage_is_an_error() {
        let mut inflater = Inflater::new(false);
        assert_eq!(inflater.inflate(&[0xff; 9], 100), Err(Broken::Protocol));
    }

    #[test]
    fn what_is_deflated_is_inflated_to_the_same() {
        for (forgets, size) in [(false, 0), (false, 1), (true, 70_000), (false, 1 << 20)] {
            let message: Vec<u8> = (0..size)
                .map(|index: u32| (index.wrapping_mul(index) >> 7) as u8)
                .collect();
            let mut deflater = Deflater::new(0, forgets);
            let mut inflater = Inflater::new(forgets);
            let sizes = [0, 1, 2].map(|_| {
                let deflated = deflater.deflate(&message).unwrap();
                let inflated = inflater.inflate(&deflated, message.len()).unwrap();
                assert!(inflated == message, "{size}");
                deflated.len()
            });
            if forgets {
                assert_eq!(sizes[0], sizes[2]);
            }
        }
        let mut deflater = Deflater::new(10, false);
        assert_eq!(deflater.deflate(b"too short"), None);
        assert!(deflater.deflate(b"just right").is_some());
    }
}
