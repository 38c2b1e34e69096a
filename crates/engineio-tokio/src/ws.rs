//! One WebSocket as frames in and frames out: the only code that knows the WebSocket library.

use std::{
    collections::VecDeque,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use engineio_proto::{Frame, Utf8Bytes};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_websockets::{
    CloseCode, Config, Error, Limits, Message, Payload, ServerBuilder, WebSocketStream,
};

/// A WebSocket, seen from the server.
///
/// Frames wait here until [`poll_flush`](Self::poll_flush): the library writes whenever it reads,
/// so what it does not have it cannot write one by one.
pub(crate) struct WebSocket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    outgoing: VecDeque<Frame>,
    write: Write,
    /// Control frames read since the last flush. The library keeps an answer to each.
    unanswered: u8,
}

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// The library holds frames that have not left.
    Flushing,
    /// Nothing.
    Idle,
    /// Frames wait here.
    Waiting,
}

/// How a WebSocket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it, cleanly or not.
    Closed,
    /// The peer broke the WebSocket protocol, or a message is larger than allowed.
    Failed,
}

impl WebSocket {
    /// Takes over an upgraded HTTP connection. `max_payload`: bytes of one message.
    pub(crate) fn new(upgraded: Upgraded, max_payload: u64) -> Self {
        let limits = Limits::default().max_payload_len(usize::try_from(max_payload).ok());
        // One message is one frame, and nothing is written before the flush.
        let config = Config::default()
            .frame_size(usize::MAX)
            .flush_threshold(usize::MAX);
        let builder = ServerBuilder::new().limits(limits).config(config);
        Self {
            stream: builder.serve(TokioIo::new(upgraded)),
            outgoing: VecDeque::new(),
            write: Write::Idle,
            unanswered: 0,
        }
    }

    /// Keeps a frame for the next flush.
    pub(crate) fn send(&mut self, frame: Frame) {
        self.outgoing.push_back(frame);
        if self.write == Write::Idle {
            self.write = Write::Waiting;
        }
    }

    /// Whether so much waits to be written that nothing more should be read: a peer that makes
    /// this side answer has to read the answers.
    pub(crate) fn is_backed_up(&self) -> bool {
        self.outgoing.len() >= MAX_OUTGOING
    }

    /// The next message of the peer. Not to be called again after an error.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, End>> {
        loop {
            if self.unanswered >= MAX_UNANSWERED {
                ready!(self.stream.poll_flush_unpin(cx)).map_err(|_| End::Closed)?;
                self.unanswered = 0;
            }
            let message = match ready!(self.stream.poll_next_unpin(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Err(self.on_error(&error))),
                None => return Poll::Ready(Err(End::Closed)),
            };
            if message.is_close() {
                return Poll::Ready(Err(End::Closed));
            }
            if message.is_text() {
                let text = Utf8Bytes::try_from(Bytes::from(message.into_payload()));
                return Poll::Ready(text.map(Frame::Text).map_err(|_| End::Failed));
            }
            if message.is_binary() {
                return Poll::Ready(Ok(Frame::Binary(message.into_payload().into())));
            }
            // A control frame: the library has queued the answer.
            self.unanswered += 1;
        }
    }

    /// Writes what is kept. Ready once all of it has left; pending for ever when there was nothing.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            match self.write {
                Write::Idle => return Poll::Pending,
                Write::Waiting => {
                    for frame in self.outgoing.drain(..) {
                        self.stream
                            .start_send_unpin(into_message(frame))
                            .map_err(|_| End::Closed)?;
                    }
                    self.write = Write::Flushing;
                }
                // The library takes whatever it is given, so it is given no more until this is out.
                Write::Flushing => {
                    ready!(self.stream.poll_flush_unpin(cx)).map_err(|_| End::Closed)?;
                    self.unanswered = 0;
                    if self.outgoing.is_empty() {
                        self.write = Write::Idle;
                        return Poll::Ready(Ok(()));
                    }
                    self.write = Write::Waiting;
                }
            }
        }
    }

    /// Writes what is kept and a close frame without a status code, then waits a moment for the
    /// peer. Does not hold up the caller.
    pub(crate) fn close(mut self) {
        tokio::spawn(async move {
            // Whatever fails here, the socket is dropped behind it.
            if let Ok(Ok(())) = tokio::time::timeout(DELIVERY, self.deliver()).await {
                let _ = tokio::time::timeout(LINGER, self.say_goodbye()).await;
            }
        });
    }

    /// Writes everything, the close frame at the end.
    async fn deliver(&mut self) -> Result<(), Error> {
        let kept = self.outgoing.drain(..).map(into_message);
        for message in kept.chain([Message::close(None, "")]) {
            if self.stream.feed(message).await.is_err() {
                // The peer closed first: the library has queued the answer.
                break;
            }
        }
        // Registers this task with the library's writer: `close` would go on with the waker of the
        // session's task, which may have ended.
        self.stream.flush().await
    }

    async fn say_goodbye(&mut self) -> Result<(), Error> {
        self.stream.close().await?;
        // Closing a socket with unread bytes resets it, and the peer would miss the close frame.
        tokio::io::copy(self.stream.get_mut(), &mut tokio::io::sink()).await?;
        Ok(())
    }

    fn on_error(&mut self, error: &Error) -> End {
        match error {
            // A reset or an end of the stream in the middle of a frame.
            Error::Io(_) | Error::AlreadyClosed => End::Closed,
            Error::PayloadTooLong { .. } => {
                // The library queues this itself for one frame, but not for a fragmented message.
                let _ = self
                    .stream
                    .start_send_unpin(Message::close(Some(CloseCode::MESSAGE_TOO_BIG), ""));
                End::Failed
            }
            _ => End::Failed,
        }
    }
}

fn into_message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::text(Payload::from(text.into_bytes())),
        Frame::Binary(bytes) => Message::binary(Payload::from(bytes)),
    }
}

/// Frames that may wait here before reading stops. A session hands out far fewer.
const MAX_OUTGOING: usize = 1024;

/// Control frames whose answers may wait in the library before reading stops.
const MAX_UNANSWERED: u8 = 16;

/// How long a closed WebSocket may take to write what a session has handed to it.
const DELIVERY: Duration = Duration::from_secs(30);

/// How long a closed WebSocket waits for its peer.
const LINGER: Duration = Duration::from_secs(3);
