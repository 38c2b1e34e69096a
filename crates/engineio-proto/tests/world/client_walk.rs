//! One client, one clock, and a transcript: the server is played by hand.

use std::time::Duration;

use engineio_proto::client::{Config, Event, Input, Session};
use engineio_proto::{Frame, Ids, Machine, Message, Output, Timestamp, TransportId};

use super::trace::client_io;

pub(crate) struct ClientWalk {
    pub(crate) session: Session,
    now: Timestamp,
    transcript: String,
}

impl ClientWalk {
    /// A client that has dialed.
    pub(crate) fn dial(config: &Config) -> Self {
        let now = Timestamp::default();
        let mut walk = Self {
            session: Session::connect(config, Ids::new(), now),
            now,
            transcript: String::new(),
        };
        walk.drain();
        walk
    }

    /// A client whose handshake over polling, request #1, has brought `handshake`.
    pub(crate) fn open(config: &Config, handshake: &str) -> Self {
        let mut walk = Self::dial(config);
        walk.answers(1, &format!("0{handshake}"));
        walk.transcript.clear();
        walk
    }

    pub(crate) fn answers(&mut self, request: u64, body: &str) {
        self.answers_with(request, 200, body);
    }

    pub(crate) fn answers_with(&mut self, request: u64, status: u16, body: &str) {
        let body = body.replace('␞', "\u{1e}");
        self.answers_in_bytes(request, status, body.as_bytes());
    }

    pub(crate) fn answers_in_bytes(&mut self, request: u64, status: u16, body: &[u8]) {
        let request = request_id(request);
        let body = body.to_owned().into();
        self.input(Input::Response {
            request,
            status,
            body,
        });
    }

    pub(crate) fn fails(&mut self, request: u64) {
        let request = request_id(request);
        self.input(Input::Failed { request });
    }

    pub(crate) fn opens(&mut self, transport: u64) {
        let transport = transport_id(transport);
        self.input(Input::Opened { transport });
    }

    pub(crate) fn says(&mut self, transport: u64, text: &str) {
        let transport = transport_id(transport);
        let frame = Frame::Text(text.into());
        self.input(Input::Frame { transport, frame });
    }

    pub(crate) fn says_bytes(&mut self, transport: u64, bytes: &[u8]) {
        let transport = transport_id(transport);
        let frame = Frame::Binary(bytes.to_owned().into());
        self.input(Input::Frame { transport, frame });
    }

    pub(crate) fn flushes(&mut self, transport: u64) {
        let transport = transport_id(transport);
        self.input(Input::Flushed { transport });
    }

    pub(crate) fn closes(&mut self, transport: u64) {
        let transport = transport_id(transport);
        self.input(Input::Closed { transport });
    }

    pub(crate) fn breaks(&mut self, transport: u64) {
        let transport = transport_id(transport);
        self.input(Input::Broken { transport });
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.drain();
    }

    /// Queues a text without asking for outputs yet.
    pub(crate) fn queue(&mut self, text: &str) {
        self.session.handle_timeout(self.now);
        self.session.send(text.into()).expect("it is not closing");
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.queue(text);
        self.drain();
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let message = bytes.to_owned().into();
        self.session.send(message).expect("it is not closing");
        self.drain();
    }

    pub(crate) fn close(&mut self) {
        self.session.close(self.now);
        self.drain();
    }

    pub(crate) fn abort(&mut self) {
        self.session.abort();
        self.drain();
    }

    /// Lets time pass, stopping at every timeout on the way.
    pub(crate) fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(next) = self.session.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.session.handle_timeout(self.now);
            let next = self.session.next_timeout();
            assert!(next.is_none_or(|next| next > self.now), "time stands still");
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let line = match output {
                Output::Io(io) => client_io(&io),
                Output::Event(Event::Opened(_)) => "Opened".to_owned(),
                Output::Event(Event::Message(Message::Text(text))) => format!("Message {text}"),
                Output::Event(Event::Message(message)) => format!("{message:?}"),
                Output::Event(Event::Closed(reason)) => format!("Closed: {reason}"),
                Output::Event(event) => format!("{event:?}"),
            };
            self.transcript.push_str(&format!("{} {line}\n", self.now));
        }
    }

    /// Compares what has happened since the last call with what is written in a test.
    #[track_caller]
    pub(crate) fn shows(&mut self, expected: &str) {
        let expected: String = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .flat_map(|line| [line, "\n"])
            .collect();
        let transcript = std::mem::take(&mut self.transcript);
        assert!(
            transcript == expected,
            "\nours:\n{transcript}\nexpected:\n{expected}"
        );
    }
}

/// The id that the client has drawn as its `number`th.
fn request_id(number: u64) -> engineio_proto::RequestId {
    let mut ids = Ids::new();
    for _ in 1..number {
        ids.request();
    }
    ids.request()
}

fn transport_id(number: u64) -> TransportId {
    let mut ids = Ids::new();
    for _ in 1..number {
        ids.request();
    }
    ids.transport()
}
