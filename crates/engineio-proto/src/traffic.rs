//! What has passed through a session, counted.

/// Packets of a session in one direction, heartbeats included; handshakes and probes are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many packets.
    pub packets: u64,
    /// Their bytes: of payloads of polling, and of messages of WebSockets.
    pub bytes: u64,
}

impl Traffic {
    /// Bytes that were counted turned out to be others.
    pub(crate) const fn correct(&mut self, counted: usize, bytes: usize) {
        self.bytes = self.bytes - counted as u64 + bytes as u64;
    }

    pub(crate) const fn count(&mut self, packets: usize, bytes: usize) {
        // Wider than any address, so nothing is lost.
        self.packets += packets as u64;
        self.bytes += bytes as u64;
    }
}
