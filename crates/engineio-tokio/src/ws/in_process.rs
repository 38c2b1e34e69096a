//! A transport without a network: frames in this process, from one task to another.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use engineio_proto::Frame;
use futures_channel::mpsc;
use futures_util::Stream as _;

use super::{End, Received};

/// The end of a transport that a peer in the same process holds.
///
/// What is dropped is closed: the other side reads what was sent before, and then the end.
#[derive(Debug)]
pub struct InProcess {
    incoming: mpsc::Receiver<Frame>,
    outgoing: mpsc::Sender<Frame>,
    kept: VecDeque<Frame>,
}

impl InProcess {
    /// Two ends that hear each other.
    pub(crate) fn pair() -> (Self, Self) {
        let (to_left, at_left) = mpsc::channel(CAPACITY);
        let (to_right, at_right) = mpsc::channel(CAPACITY);
        (Self::new(at_left, to_right), Self::new(at_right, to_left))
    }

    fn new(incoming: mpsc::Receiver<Frame>, outgoing: mpsc::Sender<Frame>) -> Self {
        Self {
            incoming,
            outgoing,
            kept: VecDeque::new(),
        }
    }

    /// Keeps a frame for the next flush.
    pub fn send(&mut self, frame: Frame) {
        self.kept.push_back(frame);
    }

    /// Whether frames wait for the flush.
    pub fn is_sending(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The next frame of the other side; `None` when it is gone.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        Pin::new(&mut self.incoming).poll_next(cx)
    }

    /// Hands over what is kept. Pending while the other side does not read.
    ///
    /// # Errors
    ///
    /// If the other side is gone.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.kept.is_empty() {
            ready!(self.outgoing.poll_ready(cx)).map_err(|_| Gone)?;
            if let Some(frame) = self.kept.pop_front() {
                self.outgoing.start_send(frame).map_err(|_| Gone)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, End>> {
        let frame = ready!(self.poll_frame(cx));
        Poll::Ready(frame.map(Received::Message).ok_or(End::Closed))
    }
}

/// The other side is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Frames on their way in one direction.
const CAPACITY: usize = 64;
