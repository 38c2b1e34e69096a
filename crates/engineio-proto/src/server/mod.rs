//! One Engine.IO session, seen from the server.
//!
//! Start at [`Session`]'s `handle`. Invariant: once the state is `Closed`, nothing is parked,
//! nothing waits in the outbox, and `Event::Closed` has been queued.

mod cause;
mod greeting;
mod io;
mod link;
mod packet;
mod parting;
mod peer;
mod polling;
mod probe;
mod query;
mod response;
mod route;
mod speech;
mod web_socket;

use alloc::collections::VecDeque;

use engineio_parser::{Channel, Frame, Message, Packet, Revision, Utf8Bytes};

pub use self::cause::Cause;
pub use self::io::{Compress, Event, Input, Io, Opening, UpgradeFailure};
pub use self::peer::Peer;
pub use self::response::{Reject, Response, Wrapping};
pub use self::route::{Head, Purpose, Route, Visit};
pub use crate::body::BodyKind;

use self::link::Link;
use self::parting::Parting;
use self::polling::Post;
use self::probe::FailedUpgrades;
use self::speech::Speech;
use crate::close::{CloseReason, SendError};
use crate::config::{Config, TransportKind};
use crate::heartbeat::{Beat, Heartbeat};
use crate::id::{RequestId, Sid, TransportId};
use crate::machine::{Machine, Output};
use crate::outbox::Outbox;
use crate::time::Timestamp;
use crate::traffic::Traffic;

/// One Engine.IO session, seen from the server. Exists from the handshake on.
#[derive(Debug)]
pub struct Session {
    config: Config,
    sid: Sid,
    now: Timestamp,
    state: State,
    link: Link,
    /// The post whose body is being read. Beside the link, because it may outlive it: a body
    /// whose client upgraded too early still arrives.
    post: Option<Post>,
    speech: Speech,
    outbox: Outbox,
    received: Traffic,
    failed_upgrades: FailedUpgrades,
    outputs: VecDeque<Output<Io, Event>>,
}

impl Session {
    /// Opens a session of revision 4. Its first output is the answer to the request that opened it.
    ///
    /// `sid` comes from the driver, which owns randomness, and which has already looked at the
    /// request with [`Route::parse`]. [eio4 § Handshake]
    #[must_use]
    pub fn open(config: &Config, sid: Sid, via: Opening, now: Timestamp) -> Self {
        Self::open_for(config, sid, Revision::V4.into(), via, now)
    }

    /// Opens a session for a client as its first request describes it: see [`Route`].
    #[must_use]
    pub fn open_for(config: &Config, sid: Sid, peer: Peer, via: Opening, now: Timestamp) -> Self {
        let channel = peer.channel();
        let mut session = Self {
            config: config.clone(),
            sid,
            now,
            state: State::Open {
                beat: match peer.revision() {
                    Revision::V2 | Revision::V3 => Heartbeat::await_ping(now, config.rhythm()),
                    Revision::V4 => Heartbeat::start(now, config.rhythm()),
                },
            },
            link: match via {
                Opening::Poll(_) => Link::polling(),
                Opening::WebSocket(transport) => Link::web_socket(transport, channel),
            },
            post: None,
            speech: Speech::new(config, peer),
            outbox: Outbox::default(),
            received: Traffic::default(),
            failed_upgrades: FailedUpgrades::default(),
            outputs: VecDeque::new(),
        };
        session.greet(via, channel);
        session
    }

    /// Queues a message for the client.
    ///
    /// Nothing is written yet: the next [`poll_output`](Machine::poll_output) decides whether it
    /// travels alone or with others. Accepted messages arrive in order, across an upgrade too.
    /// Text that contains U+001E does not survive polling: the protocol cannot escape it.
    ///
    /// # Errors
    ///
    /// Hands the message back, encoded, as [`SendError::Full`] when [`Config::buffer_limit`] bytes
    /// or more are waiting, and as [`SendError::Closed`] once the session is closing.
    pub fn send(&mut self, message: Message) -> Result<(), SendError> {
        self.send_frame(Frame::from(Packet::Message(message)))
    }

    /// Queues a message that is already encoded: the path of a broadcast.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_frame(&mut self, frame: Frame) -> Result<(), SendError> {
        self.send_frame_with(frame, Compress::Yes)
    }

    /// Queues an encoded message that may not be worth compressing.
    ///
    /// A payload of polling is compressed if one of its packets is worth it. A WebSocket does not
    /// ask. [js engine.io 6.6.12]
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_frame_with(&mut self, frame: Frame, compress: Compress) -> Result<(), SendError> {
        match self.state {
            State::Closing { .. } | State::Closed { .. } => Err(SendError::Closed(frame)),
            State::Open { .. } if self.is_full() => Err(SendError::Full(frame)),
            State::Open { .. } => {
                match compress {
                    Compress::Yes => self.outbox.push(frame),
                    Compress::No => self.outbox.push_incompressible(frame),
                }
                Ok(())
            }
        }
    }

    /// Queues several encoded messages that belong together: all of them or none.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); what is handed back is the first one.
    pub fn send_frames(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
    ) -> Result<(), SendError> {
        self.send_frames_with(frames, Compress::Yes)
    }

    /// Queues several encoded messages as [`send_frame_with`](Self::send_frame_with) does: all of
    /// them or none.
    ///
    /// # Errors
    ///
    /// As for [`send_frames`](Self::send_frames).
    pub fn send_frames_with(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
        compress: Compress,
    ) -> Result<(), SendError> {
        let mut frames = frames.into_iter();
        let Some(first) = frames.next() else {
            return Ok(());
        };
        self.send_frame_with(first, compress)?;
        frames.for_each(|frame| match compress {
            Compress::Yes => self.outbox.push(frame),
            Compress::No => self.outbox.push_incompressible(frame),
        });
        Ok(())
    }

    /// Delivers what is queued, then ends, at the latest after [`Config::close_timeout`].
    ///
    /// Messages that arrive meanwhile are ignored. The reason is [`CloseReason::Forced`], also if
    /// the client leaves, or breaks the protocol, before everything is delivered.
    pub fn close(&mut self, now: Timestamp) {
        self.observe(now);
        if let State::Open { .. } = self.state {
            self.state = State::Closing {
                by: self.now + self.config.close_timeout,
            };
            if matches!(
                self.link,
                Link::WebSocket { .. } | Link::Polling { poll: Some(_), .. }
            ) {
                self.end_if_drained();
            }
        }
    }

    /// Ends at once, without delivering what is queued. The reason is [`CloseReason::Forced`].
    pub fn abort(&mut self) {
        if !self.is_closed() {
            self.end(CloseReason::Forced, Parting::Close);
        }
    }

    /// Whether a message sent now would leave at once: what a volatile emit asks.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.is_open() && self.link.has_credit(self.outbox.bytes())
    }

    /// Whether messages are taken: neither closing nor closed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether the next message would be refused for want of room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.outbox.weight() >= self.config.buffer_limit
    }

    /// What the waiting packets occupy: [`queued_bytes`](Self::queued_bytes), and 64 bytes for each.
    /// This is what [`Config::buffer_limit`] bounds.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.outbox.weight()
    }

    /// How many bytes a WebSocket has been given that have not left, its headers included. A poll
    /// counts as gone with its answer.
    #[must_use]
    pub fn unflushed_bytes(&self) -> usize {
        self.link.unflushed()
    }

    /// How many bytes wait for the client, not counting what the driver already holds.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// The transport that carries packets now.
    #[must_use]
    pub const fn transport(&self) -> TransportKind {
        self.link.kind()
    }

    /// The revision of the protocol that the client speaks.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.speech.revision()
    }

    /// What the client has sent since the handshake.
    #[must_use]
    pub const fn received(&self) -> Traffic {
        self.received
    }

    /// What has been handed to the transports since the handshake.
    #[must_use]
    pub const fn sent(&self) -> Traffic {
        self.outbox.sent()
    }

    /// How many WebSockets did not become the link of the session. [eio4 § Upgrade]
    #[must_use]
    pub const fn failed_upgrades(&self) -> u64 {
        self.failed_upgrades.count
    }

    /// What became of the last of these. `None`: there was none.
    #[must_use]
    pub const fn last_upgrade_failure(&self) -> Option<UpgradeFailure> {
        self.failed_upgrades.last
    }

    /// Why the session has ended, as its last event says. `None`: it has not.
    #[must_use]
    pub const fn close_reason(&self) -> Option<CloseReason> {
        match self.state {
            State::Closed { reason } => Some(reason),
            State::Open { .. } | State::Closing { .. } => None,
        }
    }

    /// The id of the session.
    #[must_use]
    pub const fn sid(&self) -> &Sid {
        &self.sid
    }

    fn observe(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// The session is over: a request must not wait, a WebSocket must not stay open.
    fn on_input_after_the_end(&mut self, input: &Input) {
        match *input {
            Input::Poll { request }
            | Input::Post { request, .. }
            | Input::Other { request }
            | Input::Farewell { request } => {
                self.respond(request, Response::Reject(Reject::UnknownSession));
            }
            Input::Opened { transport } | Input::OpenedForText { transport } => {
                self.close_transport(transport);
            }
            Input::Body { .. }
            | Input::BodyTooLarge { .. }
            | Input::Aborted { .. }
            | Input::Frame { .. }
            | Input::Flushed { .. }
            | Input::Closed { .. }
            | Input::Failed { .. } => {}
        }
    }

    /// [eio4 § Heartbeat] A client that does not answer its ping in time is gone.
    fn on_state_timeout(&mut self) {
        match &mut self.state {
            State::Open { beat } => match beat.on_timeout(self.now, self.config.rhythm()) {
                Some(Beat::Ping) => self.outbox.push(Frame::Text(Utf8Bytes::from_static("2"))),
                Some(Beat::Expired) => self.end(CloseReason::PingTimeout, Parting::Close),
                None => {}
            },
            State::Closing { by } if *by <= self.now => {
                self.end(CloseReason::Forced, Parting::Close);
            }
            State::Closing { .. } | State::Closed { .. } => {}
        }
    }

    fn end_if_drained(&mut self) {
        if matches!(self.state, State::Closing { .. }) && self.outbox.is_empty() {
            self.end(CloseReason::Forced, Parting::Close);
        }
    }

    /// The only way out: answers what waits, closes what is open, says why.
    fn end(&mut self, reason: CloseReason, parting: Parting) {
        // Once this side has asked for the end, that is the reason, whatever comes between.
        let reason = match self.state {
            State::Open { .. } => reason,
            State::Closing { .. } | State::Closed { .. } => CloseReason::Forced,
        };
        self.state = State::Closed { reason };
        if let Some(post) = self.post.take() {
            self.respond(post.request, Response::Empty(400));
        }
        match &mut self.link {
            Link::Polling { poll, probe, .. } => {
                let (poll, probe) = (poll.take(), probe.take());
                if let Some(request) = poll {
                    self.respond(request, parting.response(&self.speech));
                }
                if let Some(probe) = probe {
                    self.close_transport(probe.transport);
                }
            }
            Link::WebSocket { transport, .. } => {
                let transport = *transport;
                if parting != Parting::Gone {
                    self.close_transport(transport);
                }
            }
        }
        self.outbox.clear();
        self.tell(Event::Closed(reason));
    }

    fn respond(&mut self, request: RequestId, response: Response) {
        self.outputs
            .push_back(Output::Io(Io::Respond { request, response }));
    }

    fn write(&mut self, transport: TransportId, frame: Frame) {
        self.outputs
            .push_back(Output::Io(Io::Frame { transport, frame }));
    }

    fn close_transport(&mut self, transport: TransportId) {
        self.outputs.push_back(Output::Io(Io::Close { transport }));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

impl Machine for Session {
    type Input = Input;
    type Io = Io;
    type Event = Event;

    fn handle(&mut self, now: Timestamp, input: Input) {
        self.observe(now);
        // A deadline that lies behind this input has passed, even if the timer was slow to say so.
        // One that falls on the same moment has not: a pong at the deadline is in time.
        if self.next_timeout().is_some_and(|due| due < self.now) {
            self.handle_timeout(self.now);
        }
        if self.is_closed() {
            return self.on_input_after_the_end(&input);
        }
        match input {
            Input::Poll { request } => self.on_poll(request),
            Input::Post { request, kind } => self.on_post(request, kind),
            Input::Body { request, body } => self.on_body(request, body),
            Input::BodyTooLarge { request } => self.on_body_too_large(request),
            Input::Aborted { request } => self.on_aborted(request),
            Input::Other { request } => self.on_other(request),
            Input::Farewell { request } => self.on_farewell(request),
            Input::Opened { transport } => self.on_opened(transport, Channel::Bytes),
            Input::OpenedForText { transport } => self.on_opened(transport, Channel::Text),
            Input::Frame { transport, frame } => self.on_frame(transport, &frame),
            Input::Flushed { transport } => self.link.restore_credit(transport),
            Input::Closed { transport } => {
                self.on_transport_gone(transport, CloseReason::TransportClose);
            }
            Input::Failed { transport } => {
                self.on_transport_gone(transport, CloseReason::TransportError);
            }
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.observe(now);
        self.on_state_timeout();
        self.on_probe_timeout();
    }

    fn poll_output(&mut self) -> Option<Output<Io, Event>> {
        if self.outputs.is_empty() {
            if !self.outbox.is_empty()
                && let Some(output) = self.link.flush(&mut self.outbox, &self.speech)
            {
                return Some(output);
            }
            if let Link::WebSocket { .. } = self.link {
                self.end_if_drained();
            }
        }
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() && self.outputs.capacity() > KEPT {
            self.outputs = VecDeque::new();
        }
        output
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        let state = match &self.state {
            State::Open { beat } => beat.deadline(),
            State::Closing { by } => *by,
            State::Closed { .. } => return None,
        };
        match &self.link {
            Link::Polling {
                poll,
                probe: Some(probe),
                ..
            } => Some(state.min(probe.deadline(poll.is_some()))),
            Link::Polling { probe: None, .. } | Link::WebSocket { .. } => Some(state),
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }
}

/// Where a session stands. Only an open one has a heartbeat.
#[derive(Debug)]
enum State {
    Open { beat: Heartbeat },
    Closing { by: Timestamp },
    Closed { reason: CloseReason },
}

/// Outputs for which the room is kept. One body may hold very many packets.
const KEPT: usize = 64;
