//! One session, one clock, and a transcript of everything that comes out.

use std::fmt::Write;
use std::time::Duration;

use engineio_proto::parser::Revision;
use engineio_proto::server::{BodyKind, Event, Input, Io, Opening, Peer, Response, Session};
use engineio_proto::{
    Config, Frame, Ids, Machine, Message, Output, RequestId, Sid, Timestamp, TransportId,
};

pub(crate) struct Walk {
    pub(crate) session: Session,
    ids: Ids,
    now: Timestamp,
    transcript: String,
}

impl Walk {
    /// A session that has opened over polling. Its handshake was request #1.
    pub(crate) fn over_polling(config: &Config) -> Self {
        Self::over_polling_as(config, Revision::V4.into())
    }

    /// The same, for a client that speaks like this.
    pub(crate) fn over_polling_as(config: &Config, peer: Peer) -> Self {
        Self::open(config, peer, |ids| Opening::Poll(ids.request())).1
    }

    /// A session that has opened over WebSocket t1.
    pub(crate) fn over_web_socket(config: &Config) -> (TransportId, Self) {
        Self::over_web_socket_as(config, Revision::V4.into())
    }

    /// The same, for a client that speaks like this.
    pub(crate) fn over_web_socket_as(config: &Config, peer: Peer) -> (TransportId, Self) {
        let (opening, walk) = Self::open(config, peer, |ids| Opening::WebSocket(ids.transport()));
        let Opening::WebSocket(transport) = opening else {
            unreachable!()
        };
        (transport, walk)
    }

    fn open(config: &Config, peer: Peer, via: impl FnOnce(&mut Ids) -> Opening) -> (Opening, Self) {
        let mut ids = Ids::new();
        let opening = via(&mut ids);
        let now = Timestamp::default();
        let session = Session::open_for(config, Sid::new("s1"), peer, opening, now);
        let mut walk = Self {
            session,
            ids,
            now,
            transcript: String::new(),
        };
        walk.drain();
        (opening, walk)
    }

    /// A session whose upgrade is complete, and its WebSocket.
    pub(crate) fn upgraded(config: &Config) -> (TransportId, Self) {
        let mut walk = Self::over_polling(config);
        let transport = walk.web_socket();
        walk.says(transport, "2probe");
        walk.says(transport, "5");
        walk.transcript.clear();
        (transport, walk)
    }

    pub(crate) fn poll(&mut self) -> RequestId {
        let request = self.ids.request();
        self.input(Input::Poll { request });
        request
    }

    pub(crate) fn post(&mut self, body: &str) -> RequestId {
        self.post_as(BodyKind::Text, body.as_bytes())
    }

    pub(crate) fn post_as(&mut self, kind: BodyKind, body: &[u8]) -> RequestId {
        let request = self.post_head(kind);
        self.input(Input::Body {
            request,
            body: body.to_owned().into(),
        });
        request
    }

    pub(crate) fn post_head(&mut self, kind: BodyKind) -> RequestId {
        let request = self.ids.request();
        self.input(Input::Post { request, kind });
        request
    }

    /// A request of Socket.IO 0.9.
    pub(crate) fn farewell(&mut self) {
        let request = self.ids.request();
        self.input(Input::Farewell { request });
    }

    pub(crate) fn other(&mut self) {
        let request = self.ids.request();
        self.input(Input::Other { request });
    }

    pub(crate) fn web_socket(&mut self) -> TransportId {
        let transport = self.ids.transport();
        self.input(Input::Opened { transport });
        transport
    }

    /// A WebSocket with `b64` in its query.
    pub(crate) fn web_socket_for_text(&mut self) -> TransportId {
        let transport = self.ids.transport();
        self.input(Input::OpenedForText { transport });
        transport
    }

    pub(crate) fn says(&mut self, transport: TransportId, text: &str) {
        self.input(Input::Frame {
            transport,
            frame: Frame::Text(text.into()),
        });
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.drain();
    }

    /// Queues a text without asking for outputs yet.
    pub(crate) fn queue(&mut self, text: &str) {
        self.session.handle_timeout(self.now);
        self.session.send(text.into()).expect("the session is open");
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.queue(text);
        self.drain();
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let message = bytes.to_owned().into();
        self.session.send(message).expect("the session is open");
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

    /// What has happened since the last call, one output per line.
    pub(crate) fn transcript(&mut self) -> String {
        std::mem::take(&mut self.transcript)
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let line = match output {
                Output::Io(Io::Respond { request, response }) => answer(request, response),
                Output::Io(Io::Frame {
                    transport,
                    frame: Frame::Text(text),
                }) => {
                    format!("{transport} frame {text}")
                }
                Output::Io(Io::Frame {
                    transport,
                    frame: Frame::Binary(bytes),
                }) => {
                    format!("{transport} frame {bytes:?}")
                }
                Output::Io(Io::Close { transport }) => format!("{transport} close"),
                Output::Event(Event::Message(Message::Text(text))) => format!("message {text}"),
                Output::Event(Event::Message(Message::Binary(bytes))) => {
                    format!("message {bytes:?}")
                }
                Output::Event(Event::Upgraded) => "upgraded".to_owned(),
                Output::Event(Event::Closed(reason)) => format!("closed: {reason}"),
            };
            writeln!(self.transcript, "{} {line}", self.now).expect("a string takes everything");
        }
    }
}

fn answer(request: RequestId, response: Response) -> String {
    let status = response.status();
    let is_bytes = response.content_type() == Some("application/octet-stream");
    let body = response.into_body();
    let body = match is_bytes {
        true => format!("{body:?}"),
        false => String::from_utf8(body.to_vec()).expect("other bodies are text"),
    };
    format!("{request} {status} {}", body.replace('\u{1e}', "␞"))
        .trim_end()
        .to_owned()
}

/// Compares a transcript with what is written in a test, indented as it is there.
#[track_caller]
pub(crate) fn assert_transcript(walk: &mut Walk, expected: &str) {
    let expected: String = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .flat_map(|line| [line, "\n"])
        .collect();
    let transcript = walk.transcript();
    assert!(
        transcript == expected,
        "\nours:\n{transcript}\nexpected:\n{expected}"
    );
}
