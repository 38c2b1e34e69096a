//! One Engine.IO session, seen from the client.
//!
//! ```
//! use engineio_proto::client::{Config, Event, Input, Io, Session};
//! use engineio_proto::{Ids, Machine, Output, Timestamp};
//!
//! let now = Timestamp::from_millis(0);
//! let mut session = Session::connect(&Config::default(), Ids::new(), now);
//! session.send("hello".into())?;
//!
//! // The driver appends the query to its URL, asks, and brings the answer.
//! let Some(Output::Io(Io::Get { request, query })) = session.poll_output() else { panic!() };
//! assert_eq!(query.to_string(), "EIO=4&transport=polling");
//! let body = r#"0{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#.into();
//! session.handle(now, Input::Response { request, status: 200, body });
//! assert!(matches!(session.poll_output(), Some(Output::Event(Event::Opened(_)))));
//!
//! // One poll waits for the server; what was sent meanwhile is posted beside it.
//! let Some(Output::Io(Io::Get { .. })) = session.poll_output() else { panic!() };
//! let Some(Output::Io(Io::Post { query, body, .. })) = session.poll_output() else { panic!() };
//! assert_eq!(query.to_string(), "EIO=4&transport=polling&sid=s1");
//! assert_eq!(body, "4hello");
//! # Ok::<(), engineio_proto::SendError>(())
//! ```
//!
//! Start at [`Session`]'s `handle`. Invariant: once the state is `Closed`, nothing waits in the
//! outbox, and `Event::Closed` has been queued.

mod config;
mod io;
mod link;
mod packet;
mod polling;
mod probe;
mod query;
mod speech;
mod web_socket;

use alloc::collections::VecDeque;
use core::mem;

use engineio_parser::{Frame, Message, Packet, Revision, Utf8Bytes};

pub use self::config::Config;
pub use self::io::{Event, Handshake, Input, Io};
pub use self::query::Query;
pub use crate::body::BodyKind;

use self::link::{Dial, Link};
use self::probe::{Probe, ProbePhase};
use self::speech::Speech;
use crate::close::{CloseReason, SendError};
use crate::config::TransportKind;
use crate::heartbeat::{Heartbeat, Rhythm};
use crate::id::{Ids, TransportId};
use crate::machine::{Machine, Output};
use crate::outbox::Outbox;
use crate::time::Timestamp;

/// One Engine.IO session, seen from the client. One dial, one session, one end.
#[derive(Debug)]
pub struct Session {
    config: Config,
    ids: Ids,
    now: Timestamp,
    state: State,
    link: Link,
    speech: Speech,
    /// How many transports of the configuration have been dialed.
    dialed: usize,
    outbox: Outbox,
    outputs: VecDeque<Output<Io, Event>>,
}

impl Session {
    /// Dials: the first output is the handshake request. [eio4 § Handshake]
    ///
    /// `ids` come from the session before this one, if there was one, so that a late answer to it
    /// is not taken for an answer to this one.
    #[must_use]
    pub fn connect(config: &Config, mut ids: Ids, now: Timestamp) -> Self {
        let speech = Speech::new(config);
        let (dial, io) = Dial::start(config.opens_with(), &speech, &mut ids);
        Self {
            state: State::Opening {
                by: now + config.opening_timeout,
            },
            config: config.clone(),
            ids,
            now,
            link: Link::Dialing(dial),
            speech,
            dialed: 1,
            outbox: Outbox::default(),
            outputs: VecDeque::from([Output::Io(io)]),
        }
    }

    /// Queues a message for the server, also before the handshake has completed.
    ///
    /// Nothing is written yet: the next [`poll_output`](Machine::poll_output) decides whether it
    /// travels alone or with others. Accepted messages arrive in order, across an upgrade too.
    /// Text that contains U+001E does not survive polling: the protocol cannot escape it. A server
    /// ends the session of a client that sends a message larger than [`Handshake::max_payload`].
    ///
    /// # Errors
    ///
    /// Hands the message back, encoded, as [`SendError::Full`] when [`Config::buffer_limit`] bytes
    /// or more are waiting, and as [`SendError::Closed`] once the session is closing.
    pub fn send(&mut self, message: Message) -> Result<(), SendError> {
        self.send_frame(Frame::from(Packet::Message(message)))
    }

    /// Queues a message that is already encoded.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_frame(&mut self, frame: Frame) -> Result<(), SendError> {
        self.outbox.push(self.admit(frame)?);
        Ok(())
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
        let mut frames = frames.into_iter();
        let Some(first) = frames.next() else {
            return Ok(());
        };
        self.send_frame(first)?;
        frames.for_each(|frame| self.outbox.push(frame));
        Ok(())
    }

    /// Queues an encoded message that ends something: over polling it travels behind what was sent
    /// before, not in the same payload.
    ///
    /// A server that queues events, and lets an end happen at once, would forget those that came
    /// with it. [js socket.io 4.8.4]
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_apart(&mut self, frame: Frame) -> Result<(), SendError> {
        self.outbox.push_apart(self.admit(frame)?);
        Ok(())
    }

    fn admit(&self, frame: Frame) -> Result<Frame, SendError> {
        match self.state {
            State::Closing { .. } | State::Closed => Err(SendError::Closed(frame)),
            State::Opening { .. } | State::Open { .. } if self.is_full() => {
                Err(SendError::Full(frame))
            }
            State::Opening { .. } | State::Open { .. } => Ok(frame),
        }
    }

    /// Sends what is queued, then ends, at the latest after [`Config::close_timeout`].
    ///
    /// An upgrade that has paused polling is completed first; any other is abandoned. Messages
    /// that arrive meanwhile are delivered. The reason is [`CloseReason::Forced`], also if the
    /// server leaves before everything is sent.
    pub fn close(&mut self, now: Timestamp) {
        self.observe(now);
        let (State::Opening { .. } | State::Open { .. }) = self.state else {
            return;
        };
        self.state = State::Closing {
            by: self.now + self.config.close_timeout,
        };
        match &self.link {
            // Nobody has been told of anything yet.
            Link::Dialing(Dial::WebSocket(_)) if self.outbox.is_empty() => {
                self.end(CloseReason::Forced, Parting::Close);
            }
            Link::Polling {
                probe:
                    Some(Probe {
                        phase: ProbePhase::Pausing,
                        ..
                    }),
                ..
            }
            | Link::Dialing(_) => {}
            Link::Polling { .. } => {
                if let Some(transport) = self.take_probe() {
                    self.close_transport(transport);
                }
                self.part();
            }
            Link::WebSocket { .. } => self.end_if_parted(),
        }
    }

    /// Ends at once, without sending what is queued. The reason is [`CloseReason::Forced`].
    pub fn abort(&mut self) {
        if !self.is_closed() {
            self.end(CloseReason::Forced, Parting::Close);
        }
    }

    /// Gives the id source back, for the session that follows this one.
    #[must_use]
    pub fn into_ids(self) -> Ids {
        self.ids
    }

    /// Whether a message sent now would leave at once: what a volatile emit asks.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        self.is_open() && self.link.has_credit(self.outbox.bytes())
    }

    /// Whether the server has accepted and nobody has begun to close.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether the next message would be refused for want of room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.outbox.weight() >= self.config.buffer_limit
    }

    /// How many bytes wait for the server, not counting what the driver already holds.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// The transport that carries packets now, or that is being dialed.
    #[must_use]
    pub const fn transport(&self) -> TransportKind {
        self.link.kind()
    }

    /// The revision of the protocol that is spoken with the server.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.speech.revision()
    }

    fn observe(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    fn on_state_timeout(&mut self) {
        match self.state {
            State::Opening { by } if by <= self.now => self.fail(CloseReason::TransportError),
            State::Open { .. } => self.on_beat(),
            State::Closing { by } if by <= self.now => {
                self.end(CloseReason::Forced, Parting::Close);
            }
            State::Opening { .. } | State::Closing { .. } | State::Closed => {}
        }
    }

    /// Says goodbye over polling, behind what is queued. A WebSocket is closed instead.
    /// [eio4 § Packet encoding]
    ///
    /// A server that queues what a post says, and ends the session at once, would forget the rest of
    /// the post. [js socket.io 4.8.4]
    fn part(&mut self) {
        if let Link::Polling { .. } = self.link {
            let goodbye = Frame::Text(Utf8Bytes::from_static("1"));
            self.outbox.push_apart(goodbye);
        }
    }

    /// A closing session is over once everything has left, the goodbye included.
    fn end_if_parted(&mut self) {
        if matches!(self.state, State::Closing { .. })
            && self.outbox.is_empty()
            && matches!(
                self.link,
                Link::WebSocket { .. }
                    | Link::Polling {
                        post: None,
                        probe: None,
                        ..
                    }
            )
        {
            self.end(CloseReason::Forced, Parting::Close);
        }
    }

    /// What carries the session, or should have, is of no use any more.
    fn fail(&mut self, reason: CloseReason) {
        if let Link::Dialing(dial) = self.link {
            if let Dial::WebSocket(transport) = dial {
                self.close_transport(transport);
            }
            self.redial_or_end(reason);
        } else {
            self.end(reason, Parting::Close);
        }
    }

    /// Dials the next transport of the configuration. `reason`: why the session ends without one.
    fn redial_or_end(&mut self, reason: CloseReason) {
        let Some(kind) = self.config.falls_back_to(self.dialed) else {
            return self.end(reason, Parting::Gone);
        };
        let (dial, io) = Dial::start(kind, &self.speech, &mut self.ids);
        self.link = Link::Dialing(dial);
        self.dialed += 1;
        if let State::Opening { by } = &mut self.state {
            *by = self.now + self.config.opening_timeout;
        }
        self.perform(io);
    }

    /// The only way out: closes what is open, says why.
    fn end(&mut self, reason: CloseReason, parting: Parting) {
        // Once this side has asked for the end, that is the reason, whatever comes between.
        let reason = match mem::replace(&mut self.state, State::Closed) {
            State::Opening { .. } | State::Open { .. } => reason,
            State::Closing { .. } | State::Closed => CloseReason::Forced,
        };
        match (&self.link, parting) {
            (
                &(Link::Dialing(Dial::WebSocket(transport)) | Link::WebSocket { transport, .. }),
                Parting::Close,
            ) => self.close_transport(transport),
            (Link::Dialing(_) | Link::Polling { .. } | Link::WebSocket { .. }, _) => {}
        }
        if let Some(candidate) = self.take_probe() {
            self.close_transport(candidate);
        }
        self.outbox.clear();
        self.tell(Event::Closed(reason));
    }

    fn write(&mut self, transport: TransportId, text: Utf8Bytes) {
        let frame = Frame::Text(text);
        self.perform(Io::Frame { transport, frame });
    }

    fn close_transport(&mut self, transport: TransportId) {
        self.perform(Io::Close { transport });
    }

    fn perform(&mut self, io: Io) {
        self.outputs.push_back(Output::Io(io));
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
        // One that falls on the same moment has not: a ping at the deadline is in time.
        if self.next_timeout().is_some_and(|due| due < self.now) {
            self.handle_timeout(self.now);
        }
        if self.is_closed() {
            return;
        }
        match input {
            Input::Response {
                request,
                status,
                body,
            } => self.on_response(request, status, body),
            Input::Failed { request } => self.on_failed(request),
            Input::Opened { transport } => self.on_opened(transport),
            Input::Frame { transport, frame } => self.on_frame(transport, &frame),
            Input::Flushed { transport } => self.link.restore_credit(transport),
            Input::Closed { transport } => {
                self.on_transport_gone(transport, CloseReason::TransportClose);
            }
            Input::Broken { transport } => {
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
            // Behind the goodbye nothing is worth asking for.
            let listens = match self.state {
                State::Open { .. } => true,
                State::Closing { .. } => !self.outbox.is_empty(),
                State::Opening { .. } | State::Closed => false,
            };
            let io = self
                .link
                .flush(&mut self.outbox, &self.speech, &mut self.ids, listens);
            if let Some(io) = io {
                return Some(Output::Io(io));
            }
            if let Link::WebSocket { .. } = self.link {
                self.end_if_parted();
            }
        }
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        let state = match self.state {
            State::Opening { by } | State::Closing { by } => by,
            State::Open { beat, .. } => beat.deadline(),
            State::Closed => return None,
        };
        match &self.link {
            Link::Polling {
                probe: Some(probe), ..
            } => Some(state.min(probe.by)),
            Link::Dialing(_) | Link::Polling { .. } | Link::WebSocket { .. } => Some(state),
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

/// Where a session stands. The link says whether a closing one has had its handshake.
#[derive(Debug)]
enum State {
    Opening { by: Timestamp },
    Open { rhythm: Rhythm, beat: Heartbeat },
    Closing { by: Timestamp },
    Closed,
}

/// What a session leaves behind on a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    /// A close frame.
    Close,
    /// Nothing: it is gone already.
    Gone,
}
