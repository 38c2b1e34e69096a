//! One WebSocket as frames in and frames out.
//!
//! What a server reads and writes uncompressed goes through a library (`plain.rs`). It knows no
//! compression and has no good source of masks, so a WebSocket that has agreed to compress, and
//! that of a client, is framed here (`framed.rs`).

#[cfg(feature = "compression")]
mod agreement;
#[cfg(feature = "compression")]
mod deflate;
mod framed;
mod framing;
mod handshake;
#[cfg(feature = "test")]
mod in_process;
mod masks;
#[cfg(feature = "server")]
mod plain;

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use engineio_proto::Frame;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

#[cfg(feature = "compression")]
pub(crate) use agreement::Agreement;
#[cfg(feature = "compression")]
pub use agreement::PerMessageDeflate;
#[cfg(all(feature = "compression", feature = "server"))]
pub(crate) use agreement::agree;
#[cfg(all(feature = "compression", feature = "client"))]
pub(crate) use agreement::{agreed, offer};
pub(crate) use handshake::{accept, has_token};

#[cfg(feature = "test")]
pub use in_process::{Gone, InProcess};

/// A WebSocket, seen from either side.
///
/// Frames wait here until [`poll_flush`](Self::poll_flush): the stream below writes whenever it
/// reads, so what it does not have it cannot write one by one.
pub(crate) struct WebSocket<L> {
    stream: Stream,
    outgoing: VecDeque<Frame>,
    write: Write,
    /// Control frames read since the last flush. The stream keeps an answer to each.
    unanswered: u8,
    /// Held until everything is delivered.
    life: L,
}

/// Which side of a WebSocket this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// How a WebSocket behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Bytes of one message, at most.
    pub(crate) max_payload: u64,
    /// How messages are compressed. `None`: not at all.
    #[cfg(feature = "compression")]
    pub(crate) deflate: Option<Agreement>,
}

#[cfg(feature = "server")]
impl Settings {
    const fn compresses(&self) -> bool {
        #[cfg(feature = "compression")]
        return self.deflate.is_some();
        #[cfg(not(feature = "compression"))]
        false
    }
}

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// The stream holds frames that have not left.
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

/// What a stream has read.
enum Received {
    /// A control frame. Its answer, if it wants one, waits to be written.
    Control,
    Message(Frame),
}

/// The two ways of framing. Either keeps what it is given until it is flushed.
enum Stream {
    #[cfg(feature = "server")]
    Plain(plain::Stream),
    Framed(framed::Stream<TokioIo<Upgraded>>),
    #[cfg(feature = "test")]
    InProcess(InProcess),
}

impl<L: Send + 'static> WebSocket<L> {
    /// Takes over an upgraded HTTP connection.
    pub(crate) fn new(upgraded: Upgraded, role: Role, settings: Settings, life: L) -> Self {
        Self {
            stream: Stream::new(TokioIo::new(upgraded), role, settings),
            outgoing: VecDeque::new(),
            write: Write::Idle,
            unanswered: 0,
            life,
        }
    }

    /// Takes one end of a transport without a network.
    #[cfg(feature = "test")]
    pub(crate) fn in_process(end: InProcess, life: L) -> Self {
        Self {
            stream: Stream::InProcess(end),
            outgoing: VecDeque::new(),
            write: Write::Idle,
            unanswered: 0,
            life,
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
                ready!(self.stream.poll_flush(cx))?;
                self.unanswered = 0;
            }
            match self.stream.poll_receive(cx)? {
                Poll::Ready(Received::Message(frame)) => return Poll::Ready(Ok(frame)),
                Poll::Ready(Received::Control) => self.unanswered += 1,
                Poll::Pending => {
                    // The answers do not wait for a message that may be long in coming.
                    if self.unanswered > 0 {
                        ready!(self.stream.poll_flush(cx))?;
                        self.unanswered = 0;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Writes what is kept. Ready once all of it has left; pending for ever when there was nothing.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            match self.write {
                Write::Idle => return Poll::Pending,
                Write::Waiting => {
                    for frame in self.outgoing.drain(..) {
                        self.stream.send(frame)?;
                    }
                    self.write = Write::Flushing;
                }
                // The stream takes whatever it is given, so it is given no more until this is out.
                Write::Flushing => {
                    ready!(self.stream.poll_flush(cx))?;
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
    pub(crate) fn close(self) {
        let Self {
            mut stream,
            outgoing,
            life,
            ..
        } = self;
        tokio::spawn(async move {
            // Whatever fails here, the socket is dropped behind it.
            let delivered = tokio::time::timeout(DELIVERY, stream.deliver(outgoing)).await;
            drop(life);
            if let Ok(Ok(())) = delivered {
                let _ = tokio::time::timeout(LINGER, stream.say_goodbye()).await;
            }
        });
    }
}

impl Stream {
    fn new(io: TokioIo<Upgraded>, role: Role, settings: Settings) -> Self {
        #[cfg(feature = "server")]
        if role == Role::Server && !settings.compresses() {
            return Self::Plain(plain::Stream::new(io, settings.max_payload));
        }
        Self::Framed(framed::Stream::new(io, role, settings))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, End>> {
        match self {
            #[cfg(feature = "server")]
            Self::Plain(stream) => stream.poll_receive(cx),
            Self::Framed(stream) => stream.poll_receive(cx),
            #[cfg(feature = "test")]
            Self::InProcess(end) => end.poll_receive(cx),
        }
    }

    fn send(&mut self, frame: Frame) -> Result<(), End> {
        match self {
            #[cfg(feature = "server")]
            Self::Plain(stream) => stream.send(frame),
            Self::Framed(stream) => stream.send(frame),
            #[cfg(feature = "test")]
            Self::InProcess(end) => {
                end.send(frame);
                Ok(())
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        match self {
            #[cfg(feature = "server")]
            Self::Plain(stream) => stream.poll_flush(cx),
            Self::Framed(stream) => stream.poll_flush(cx),
            #[cfg(feature = "test")]
            Self::InProcess(end) => end.poll_flush(cx).map_err(|_| End::Closed),
        }
    }

    /// Adds a close frame without a status code, unless one has been sent.
    fn send_close(&mut self) -> Result<(), End> {
        match self {
            #[cfg(feature = "server")]
            Self::Plain(stream) => stream.send_close(),
            Self::Framed(stream) => stream.send_close(),
            // Dropped behind what was sent: that is how it closes.
            #[cfg(feature = "test")]
            Self::InProcess(_) => Ok(()),
        }
    }

    /// Writes everything, the close frame at the end.
    async fn deliver(&mut self, outgoing: VecDeque<Frame>) -> Result<(), End> {
        // Fails if the peer closed first: then the answer to that waits to be written.
        let _ = outgoing
            .into_iter()
            .try_for_each(|frame| self.send(frame))
            .and_then(|()| self.send_close());
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Ends the connection once the peer has.
    async fn say_goodbye(&mut self) -> std::io::Result<()> {
        match self {
            #[cfg(feature = "server")]
            Self::Plain(stream) => stream.say_goodbye().await,
            Self::Framed(stream) => stream.say_goodbye().await,
            #[cfg(feature = "test")]
            Self::InProcess(_) => Ok(()),
        }
    }
}

/// Frames that may wait here before reading stops. A session hands out far fewer.
const MAX_OUTGOING: usize = 1024;

/// Control frames whose answers may wait in the stream before reading stops.
const MAX_UNANSWERED: u8 = 16;

/// How long a closed WebSocket may take to write what a session has handed to it.
const DELIVERY: Duration = Duration::from_secs(30);

/// How long a closed WebSocket waits for its peer.
const LINGER: Duration = Duration::from_secs(3);
