//! The credit of a WebSocket: how much it may hold before it has to report it gone.

/// Bytes handed to a WebSocket that have not left yet.
#[derive(Debug, Default)]
pub(crate) struct Window {
    unflushed: usize,
}

impl Window {
    /// Whether a packet may be written now. One that is larger than the window travels alone.
    pub(crate) const fn fits(&self, bytes: usize) -> bool {
        self.unflushed == 0 || self.unflushed + bytes + FRAME_HEADER <= SIZE
    }

    /// Whether one more packet behind `queued` bytes would leave at once.
    pub(crate) const fn has_room_behind(&self, queued: usize) -> bool {
        self.unflushed.saturating_add(queued) < SIZE
    }

    pub(crate) const fn spend(&mut self, bytes: usize) {
        self.unflushed += bytes + FRAME_HEADER;
    }

    /// The bytes handed out, headers at their longest.
    pub(crate) const fn unflushed(&self) -> usize {
        self.unflushed
    }

    pub(crate) const fn restore(&mut self) {
        self.unflushed = 0;
    }
}

/// Bytes handed to a WebSocket before it has to report them gone.
const SIZE: usize = 64 * 1024;

/// Bytes of the longest header of a WebSocket frame, its mask included. [RFC 6455 § 5.2]
///
/// It counts too, so that a flood of empty packets ends.
const FRAME_HEADER: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_larger_than_the_window_travels_alone() {
        let mut window = Window::default();
        assert!(window.fits(usize::MAX));
        window.spend(SIZE);
        assert!(!window.fits(0) && !window.has_room_behind(0));
        window.restore();
        assert!(window.fits(SIZE) && window.has_room_behind(0));
    }

    #[test]
    fn a_flood_of_empty_packets_ends() {
        let mut window = Window::default();
        let mut count = 0;
        while window.fits(0) {
            window.spend(0);
            count += 1;
        }
        assert_eq!(count, SIZE / FRAME_HEADER);
    }
}
