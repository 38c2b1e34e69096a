//! Packets waiting for a transport that can take them.
//!
//! Invariant: the bytes counted here are the bytes of the frames held here.

use alloc::collections::VecDeque;

use bytes::Bytes;
use engineio_parser::{Frame, payload::PayloadBuf};

/// A queue of encoded packets, in the order in which they will arrive.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Takes the oldest packet if `fits` says that there is room for its bytes.
    pub(crate) fn pop_if(&mut self, fits: impl FnOnce(usize) -> bool) -> Option<Frame> {
        if !fits(self.frames.front()?.len()) {
            return None;
        }
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }

    /// Takes everything as one polling payload. `None` if nothing waits: an empty payload is not
    /// valid. [eio4 § HTTP long-polling]
    pub(crate) fn take_payload(&mut self) -> Option<Bytes> {
        self.bytes = 0;
        if self.frames.len() == 1 {
            return match self.frames.pop_front()? {
                // One text packet is its own payload: no copy.
                Frame::Text(text) => Some(text.into_bytes()),
                binary @ Frame::Binary(_) => Some(payload(&[binary])),
            };
        }
        if self.frames.is_empty() {
            return None;
        }
        let body = payload(&self.frames);
        self.frames.clear();
        Some(body)
    }

    pub(crate) fn clear(&mut self) {
        // A session may be kept for a while after its end; its memory should not.
        *self = Self::default();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The bytes that wait, as a WebSocket would carry them.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Joins packets in one buffer of exactly the right size.
fn payload<'a>(frames: impl IntoIterator<Item = &'a Frame> + Copy) -> Bytes {
    // One separator between two packets, none at the end.
    let size: usize = frames
        .into_iter()
        .map(|frame| frame.payload_len() + 1)
        .sum();
    let mut body = PayloadBuf::with_capacity(size.saturating_sub(1));
    for frame in frames {
        body.push(frame);
    }
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use engineio_parser::Utf8Bytes;

    use super::*;

    fn outbox(frames: &[Frame]) -> Outbox {
        let mut outbox = Outbox::default();
        frames.iter().cloned().for_each(|frame| outbox.push(frame));
        outbox
    }

    fn text(text: &'static str) -> Frame {
        Frame::Text(Utf8Bytes::from_static(text))
    }

    #[test]
    fn nothing_makes_no_payload() {
        assert_eq!(Outbox::default().take_payload(), None);
    }

    #[test]
    fn everything_travels_in_one_payload() {
        let mut outbox = outbox(&[
            text("4a"),
            Frame::Binary(Bytes::from_static(&[1, 2, 3])),
            text("2"),
        ]);
        assert_eq!(outbox.bytes(), 6);
        assert_eq!(
            outbox.take_payload().as_deref(),
            Some(&b"4a\x1ebAQID\x1e2"[..])
        );
        assert_eq!((outbox.bytes(), outbox.is_empty()), (0, true));
    }

    #[test]
    fn one_binary_packet_is_encoded_for_a_payload() {
        let mut outbox = outbox(&[Frame::Binary(Bytes::from_static(&[1, 2, 3]))]);
        assert_eq!(outbox.take_payload().as_deref(), Some(&b"bAQID"[..]));
    }

    #[test]
    fn one_text_packet_is_not_copied() {
        let frame = text("4hello");
        let mut outbox = outbox(core::slice::from_ref(&frame));
        let body = outbox.take_payload().unwrap();
        let Frame::Text(original) = frame else {
            unreachable!()
        };
        assert_eq!(body.as_ptr(), original.as_bytes().as_ptr());
    }

    #[test]
    fn a_packet_that_does_not_fit_stays() {
        let mut outbox = outbox(&[text("4a"), text("4bc")]);
        assert_eq!(outbox.pop_if(|bytes| bytes > 2), None);
        assert_eq!(outbox.pop_if(|bytes| bytes == 2), Some(text("4a")));
        assert_eq!(outbox.bytes(), 3);
        assert_eq!(outbox.pop_if(|_| true), Some(text("4bc")));
        assert_eq!(outbox.pop_if(|_| true), None);
        assert_eq!(outbox.bytes(), 0);
    }
}
