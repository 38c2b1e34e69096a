//! Packets waiting for a transport that can take them.
//!
//! Invariant: the bytes counted here are the bytes of the frames held here.

use alloc::collections::VecDeque;

use bytes::Bytes;
use engineio_parser::{
    Channel, Frame,
    payload::{Form, PayloadBuf},
};

use crate::codec::Codec;
use crate::traffic::Traffic;

/// A queue of encoded packets, in the order in which they will arrive.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// How many packets have been put at the end: with the length of the queue, the number of each.
    pushed: u64,
    /// The numbers of those that begin a payload of their own. Some may have left already.
    apart: VecDeque<u64>,
    /// How many of the waiting packets are not worth compressing. Counted until a WebSocket takes
    /// packets one by one: it does not ask, and nobody returns from it to polling.
    incompressible: usize,
    /// What has left.
    sent: Traffic,
}

impl Outbox {
    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.pushed += 1;
        self.frames.push_back(frame);
    }

    /// As [`push`](Self::push), for a packet that must not share a payload with those before it.
    pub(crate) fn push_apart(&mut self, frame: Frame) {
        while let Some(&number) = self.apart.front()
            && self.place(number).is_none()
        {
            self.apart.pop_front();
        }
        self.apart.push_back(self.pushed);
        self.push(frame);
    }

    /// How many packets wait before the one of this number. `None`: it has left.
    fn place(&self, number: u64) -> Option<usize> {
        let first = self.pushed.wrapping_sub(self.frames.len() as u64);
        let place = usize::try_from(number.wrapping_sub(first)).ok();
        place.filter(|place| *place < self.frames.len())
    }

    /// How many packets may share the next payload.
    fn together(&self) -> usize {
        let places = self.apart.iter().filter_map(|number| self.place(*number));
        places
            .filter(|place| *place > 0)
            .min()
            .unwrap_or(usize::MAX)
    }

    /// As [`push`](Self::push), for a packet that is not worth compressing.
    pub(crate) fn push_incompressible(&mut self, frame: Frame) {
        self.incompressible += 1;
        self.push(frame);
    }

    /// As [`push`](Self::push), unless the last packet that waits says the same: a peer that asks
    /// again and again without taking the answers gets one.
    pub(crate) fn push_once(&mut self, frame: Frame) {
        if self.frames.back() != Some(&frame) {
            self.push(frame);
        }
    }

    /// Puts a packet before all that waits.
    pub(crate) fn push_first(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_front(frame);
    }

    /// Whether none of the waiting packets is worth compressing.
    pub(crate) fn is_incompressible(&self) -> bool {
        self.incompressible > 0 && self.incompressible == self.frames.len()
    }

    /// Takes the oldest packet if `fits` says that there is room for its bytes.
    pub(crate) fn pop_if(&mut self, fits: impl FnOnce(usize) -> bool) -> Option<Frame> {
        if !fits(self.frames.front()?.len()) {
            return None;
        }
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        self.sent.count(1, frame.len());
        Some(frame)
    }

    /// As [`pop_if`](Self::pop_if), with the packet rewritten for whoever takes it: that is what has
    /// to fit.
    #[cold]
    pub(crate) fn pop_as(
        &mut self,
        fits: impl FnOnce(usize) -> bool,
        codec: &Codec,
        channel: Channel,
    ) -> Option<Frame> {
        let bytes = codec.frame_len(self.frames.front()?, channel);
        let frame = self.pop_if(|_| fits(bytes))?;
        self.sent.correct(frame.len(), bytes);
        Some(codec.frame(frame, channel))
    }

    /// Takes as many packets as fit into a polling payload of `limit` bytes, and at least one.
    /// `None` if nothing waits: an empty payload is not valid.
    ///
    /// A client batches up to what the server allows.
    /// [eio4 § Packet encoding, HTTP long-polling]
    pub(crate) fn take_payload(&mut self, limit: usize) -> Option<Bytes> {
        let first = self.frames.front()?;
        let (count, size) = self.batch(limit);
        self.incompressible = 0;
        if let (1, Frame::Text(text)) = (count, first) {
            // One text packet is its own payload: no copy.
            let body = text.clone().into_bytes();
            self.pop_if(|_| true);
            return Some(body);
        }
        let mut body = PayloadBuf::with_capacity(size);
        for frame in self.frames.drain(..count) {
            self.bytes -= frame.len();
            body.push(&frame);
        }
        self.sent.count(count, size);
        Some(body.into_bytes())
    }

    /// As [`take_payload`](Self::take_payload), in the form that `form` picks; it is told whether a
    /// packet that waits carries bytes.
    pub(crate) fn take_as(
        &mut self,
        limit: usize,
        form: impl FnOnce(bool) -> Form,
    ) -> Option<(Form, Bytes)> {
        if self.frames.is_empty() {
            return None;
        }
        let form = form(self.frames.iter().any(is_bytes));
        let mut body = PayloadBuf::for_form(form);
        let fits = |frame: &&Frame| body.push_within(frame, limit);
        let together = self.frames.iter().take(self.together());
        let count = together.take_while(fits).count();
        self.bytes -= self
            .frames
            .drain(..count)
            .map(|frame| frame.len())
            .sum::<usize>();
        self.incompressible = 0;
        let body = body.into_bytes();
        self.sent.count(count, body.len());
        Some((form, body))
    }

    /// How many packets fit into `limit` bytes, and their exact size as one payload.
    fn batch(&self, limit: usize) -> (usize, usize) {
        let mut batch = (0, 0);
        for frame in self.frames.iter().take(self.together()) {
            let (count, size) = batch;
            // A separator between two packets, none at the end.
            let size = size + usize::from(count > 0) + frame.payload_len();
            // The first one travels however large it is: splitting it is impossible.
            if count > 0 && size > limit {
                break;
            }
            batch = (count + 1, size);
        }
        batch
    }

    pub(crate) fn clear(&mut self) {
        // A session may be kept for a while after its end; its memory should not.
        *self = Self {
            sent: self.sent,
            ..Self::default()
        };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What the waiting packets occupy: their bytes, and a little for each, so that a flood of tiny
    /// packets has a bound too.
    pub(crate) fn weight(&self) -> usize {
        self.bytes + self.frames.len() * OVERHEAD
    }

    /// What has left so far.
    pub(crate) const fn sent(&self) -> Traffic {
        self.sent
    }

    /// The bytes that wait, as a WebSocket would carry them.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Whether a packet carries bytes.
pub(crate) const fn is_bytes(frame: &Frame) -> bool {
    matches!(frame, Frame::Binary(_))
}

/// Bytes that a packet occupies beside its own.
const OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::iter;

    use engineio_parser::{Revision, Utf8Bytes};

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
    fn a_flood_of_tiny_packets_weighs_more_than_its_bytes() {
        let mut outbox = outbox(&[text("2"), text("3")]);
        assert_eq!((outbox.bytes(), outbox.weight()), (2, 2 + 2 * OVERHEAD));
        outbox.pop_if(|_| true);
        outbox.take_payload(usize::MAX);
        assert_eq!(outbox.weight(), 0);
    }

    #[test]
    fn a_packet_apart_begins_a_payload() {
        let mut outbox = outbox(&[text("4a"), text("4b")]);
        outbox.push_apart(text("441"));
        outbox.push(text("4c"));
        outbox.push_apart(text("1"));
        let payloads: Vec<_> = iter::from_fn(|| outbox.take_payload(usize::MAX)).collect();
        assert_eq!(payloads, ["4a\u{1e}4b", "441\u{1e}4c", "1"]);
    }

    #[test]
    fn what_goes_first_and_what_goes_apart_do_not_meet() {
        let mut outbox = outbox(&[text("4a")]);
        outbox.push_apart(text("1"));
        outbox.push_first(text("2"));
        outbox.pop_if(|_| true);
        outbox.push_first(text("2"));
        let payloads: Vec<_> = iter::from_fn(|| outbox.take_payload(usize::MAX)).collect();
        assert_eq!(payloads, ["2\u{1e}4a", "1"]);
        outbox.push_apart(text("1"));
        assert_eq!(outbox.apart.len(), 1);
    }

    #[test]
    fn nothing_makes_no_payload() {
        assert_eq!(Outbox::default().take_payload(usize::MAX), None);
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
            outbox.take_payload(usize::MAX).as_deref(),
            Some(&b"4a\x1ebAQID\x1e2"[..])
        );
        assert_eq!((outbox.bytes(), outbox.is_empty()), (0, true));
    }

    /// [js engine.io-client 6.6.8] counts the same way, but for the size of base64.
    #[test]
    fn a_payload_ends_before_the_limit_to_the_byte() {
        let frames = [
            text("4a"),
            Frame::Binary(Bytes::from_static(&[1])),
            text("4b"),
        ];
        // `4a␞bAQ==` has eight bytes.
        for (limit, expected) in [
            (7, &["4a", "bAQ=="][..]),
            (8, &["4a\x1ebAQ==", "4b"]),
            (10, &["4a\x1ebAQ==", "4b"]),
            (11, &["4a\x1ebAQ==\x1e4b"]),
        ] {
            let mut outbox = outbox(&frames);
            let mut bodies = iter::from_fn(|| outbox.take_payload(limit));
            for body in expected {
                assert_eq!(bodies.next().as_deref(), Some(body.as_bytes()), "{limit}");
            }
        }
    }

    #[test]
    fn a_packet_larger_than_the_limit_travels_alone() {
        let mut outbox = outbox(&[text("4abc"), text("4d")]);
        assert_eq!(outbox.take_payload(2).as_deref(), Some(&b"4abc"[..]));
        assert_eq!(outbox.bytes(), 2);
        assert_eq!(outbox.take_payload(2).as_deref(), Some(&b"4d"[..]));
    }

    #[test]
    fn one_binary_packet_is_encoded_for_a_payload() {
        let mut outbox = outbox(&[Frame::Binary(Bytes::from_static(&[1, 2, 3]))]);
        assert_eq!(
            outbox.take_payload(usize::MAX).as_deref(),
            Some(&b"bAQID"[..])
        );
    }

    #[test]
    fn one_text_packet_is_not_copied() {
        let frame = text("4hello");
        let mut outbox = outbox(core::slice::from_ref(&frame));
        let body = outbox.take_payload(usize::MAX).unwrap();
        let Frame::Text(original) = frame else {
            unreachable!()
        };
        assert_eq!(body.as_ptr(), original.as_bytes().as_ptr());
    }

    /// [js engine.io 6.6.12] One packet that is worth compressing is enough.
    #[test]
    fn a_payload_is_incompressible_if_all_its_packets_are() {
        let mut outbox = Outbox::default();
        assert!(!outbox.is_incompressible());
        outbox.push_incompressible(text("4a"));
        outbox.push_incompressible(text("4b"));
        assert!(outbox.is_incompressible());
        outbox.push(text("2"));
        assert!(!outbox.is_incompressible());
        outbox.take_payload(usize::MAX);
        outbox.push(text("4c"));
        assert!(!outbox.is_incompressible());
    }

    #[test]
    fn what_has_left_is_counted_as_it_travels() {
        let frames = [text("4a"), Frame::Binary(Bytes::from_static(&[1]))];
        let mut outbox = outbox(&frames);
        outbox.take_payload(usize::MAX);
        let sent = |packets, bytes| Traffic { packets, bytes };
        // `4a␞bAQ==`
        assert_eq!(outbox.sent(), sent(2, 8));
        frames.into_iter().for_each(|frame| outbox.push(frame));
        outbox.pop_if(|_| true);
        assert_eq!(outbox.sent(), sent(3, 10));
        outbox.clear();
        assert_eq!(outbox.sent(), sent(3, 10));
    }

    #[test]
    fn what_is_rewritten_has_to_fit_as_it_travels() {
        let codec = Codec::of(Revision::V4);
        let mut outbox = outbox(&[Frame::Binary(Bytes::from_static(&[1, 2, 3, 4]))]);
        let mut pop = |limit| outbox.pop_as(|bytes| bytes <= limit, &codec, Channel::Text);
        assert_eq!(pop(8), None);
        assert_eq!(pop(9), Some(text("bAQIDBA==")));
        assert_eq!((outbox.bytes(), outbox.sent().bytes), (0, 9));
    }

    /// [js engine.io 3.6.2] does not say a limit, but others may.
    #[test]
    fn an_old_payload_ends_before_the_limit_to_the_byte() {
        let codec = Codec::of(Revision::V3);
        let frames = [
            text("4a"),
            Frame::Binary(Bytes::from_static(&[1])),
            text("4€"),
        ];
        // `2:4a`, `6:b4AQ==` and `2:4€` have four, eight and six bytes.
        for (limit, expected) in [
            (11, &["2:4a", "6:b4AQ==", "2:4€"][..]),
            (12, &["2:4a6:b4AQ==", "2:4€"]),
            (18, &["2:4a6:b4AQ==2:4€"]),
        ] {
            let mut outbox = outbox(&frames);
            let form = |has_bytes| codec.form(Channel::Text, has_bytes);
            for body in expected {
                let (_, ours) = outbox.take_as(limit, form).unwrap();
                assert_eq!(ours, body, "{limit}");
            }
            assert_eq!((outbox.take_as(limit, form), outbox.bytes()), (None, 0));
        }
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
