//! What happens to the connection itself, for those who watch it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::task::AtomicWaker;
use socketio_proto::client::SessionEnd;
use socketio_proto::engine::TransportKind;

use crate::client::error::Failure;

/// What happens to the connection beneath all namespaces.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A session with the server is open. [js manager `open`]
    Opened {
        /// Over which transport.
        transport: TransportKind,
    },
    /// The session is open again after an outage. Comes behind `Opened`. [js manager `reconnect`]
    Reconnected {
        /// How many attempts that took.
        attempts: u32,
    },
    /// The server has shown that it lives.
    Heartbeat,
    /// Packets travel over a WebSocket from now on.
    Upgraded,
    /// The WebSocket was not to be had; the session goes on over polling.
    UpgradeFailed,
    /// The server was not reached. [js manager `error`]
    ConnectFailed(Failure),
    /// The session has ended. [js manager `close`]
    Closed(SessionEnd),
    /// The client waits before it tries again. [js manager `reconnect_attempt`, which comes at the
    /// end of the wait]
    Reconnecting {
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The wait.
        after: Duration,
    },
    /// The attempts are used up; the client has ended. [js manager `reconnect_failed`]
    GaveUp,
    /// The client was closed, and has ended.
    Stopped,
    /// Notices were dropped here, because nobody has read them: the oldest ones.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// The notices of a client from now on, as a stream. It ends with the client.
///
/// At most 256 wait to be read; then the oldest are dropped and counted.
#[derive(Debug)]
pub struct Notices(Arc<Inbox>);

/// The notices that one reader has not read.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    unread: Mutex<Unread>,
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct Unread {
    notices: VecDeque<Notice>,
    missed: u64,
    over: bool,
}

impl Inbox {
    pub(crate) fn push(&self, notice: Notice) {
        let mut unread = self.lock();
        if unread.notices.len() >= MAX_UNREAD {
            unread.notices.pop_front();
            unread.missed += 1;
        }
        unread.notices.push_back(notice);
        drop(unread);
        self.reader.wake();
    }

    pub(crate) fn end(&self) {
        self.lock().over = true;
        self.reader.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notices {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self(inbox)
    }

    /// The next notice. `None` once the client has ended.
    pub async fn next(&mut self) -> Option<Notice> {
        poll_fn(|cx| self.poll_notice(cx)).await
    }

    fn poll_notice(&self, cx: &Context<'_>) -> Poll<Option<Notice>> {
        // Before the look, so that nothing is missed in between.
        self.0.reader.register(cx.waker());
        let mut unread = self.0.lock();
        let missed = std::mem::take(&mut unread.missed);
        if missed > 0 {
            return Poll::Ready(Some(Notice::Lagged { missed }));
        }
        match unread.notices.pop_front() {
            None if !unread.over => Poll::Pending,
            notice => Poll::Ready(notice),
        }
    }
}

impl Stream for Notices {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.poll_notice(cx)
    }
}

/// Notices that wait for one reader.
const MAX_UNREAD: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_are_dropped_and_counted() {
        let inbox = Arc::new(Inbox::default());
        let mut notices = Notices::new(Arc::clone(&inbox));
        for _ in 0..MAX_UNREAD + 3 {
            inbox.push(Notice::Upgraded);
        }
        inbox.push(Notice::Stopped);
        inbox.end();
        assert!(matches!(
            notices.next().await,
            Some(Notice::Lagged { missed: 4 })
        ));
        let mut last = None;
        let mut seen = 0;
        while let Some(notice) = notices.next().await {
            seen += 1;
            last = Some(notice);
        }
        assert_eq!(seen, MAX_UNREAD);
        assert!(matches!(last, Some(Notice::Stopped)));
    }
}
