//! A connection, its wire and its clock: everything around the machine that a test needs.

#![allow(dead_code, reason = "each test file uses its own part of the world")]

pub(crate) mod app;
pub(crate) mod recorded;
pub(crate) mod value;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use socketio_proto::engine::parser::Revision;
use socketio_proto::engine::server::{BodyKind, Input, Io, Opening, Peer, Response, Session};
use socketio_proto::engine::{self, Frame, Ids, RequestId, Sid, TransportId};
use socketio_proto::server::{Config, ConnectRequest, Connection, Emit, EmitError, Event, ReplyTo};
use socketio_proto::{Encoded, Machine, Namespace, Output, SocketId, Timestamp};

/// What a connection said, in a form that a test compares.
pub(crate) type Lines = Vec<String>;

/// One connection with its peer played by the test.
pub(crate) struct World {
    pub(crate) connection: Connection,
    pub(crate) now: Timestamp,
    /// Requests for namespaces that nobody has answered yet.
    pub(crate) requests: VecDeque<ConnectRequest>,
    /// Events that nobody has answered yet.
    pub(crate) replies: VecDeque<ReplyTo>,
    /// A stalled WebSocket does not report what it has written.
    pub(crate) stalled: bool,
    pub(crate) ids: Ids,
    pub(crate) link: Link,
}

#[derive(Clone, Copy)]
pub(crate) enum Link {
    Polling,
    WebSocket(TransportId),
}

impl World {
    pub(crate) fn websocket() -> Self {
        Self::with(&engine::Config::default(), &Config::default(), true)
    }

    pub(crate) fn polling() -> Self {
        Self::with(&engine::Config::default(), &Config::default(), false)
    }

    /// Opens a session and swallows its handshake.
    pub(crate) fn with(engine: &engine::Config, config: &Config, websocket: bool) -> Self {
        Self::speaking(Revision::V4, engine, config, websocket)
    }

    /// The same for a client that speaks this revision of Engine.IO.
    pub(crate) fn speaking(
        revision: Revision,
        engine: &engine::Config,
        config: &Config,
        websocket: bool,
    ) -> Self {
        let (now, mut ids) = (Timestamp::from_millis(0), Ids::new());
        let (link, opening) = if websocket {
            let transport = ids.transport();
            (Link::WebSocket(transport), Opening::WebSocket(transport))
        } else {
            (Link::Polling, Opening::Poll(ids.request()))
        };
        let (sid, client) = (Sid::new("secret"), Peer::from(revision));
        let session = Session::open_for(engine, sid, client, opening, now);
        let connection = Connection::new(session, config, now);
        let (requests, replies) = (VecDeque::new(), VecDeque::new());
        let mut world = Self {
            connection,
            now,
            requests,
            replies,
            stalled: false,
            ids,
            link,
        };
        let mut said = 0;
        for output in world.outputs() {
            match output {
                Output::Event(Event::ConnectRequest(request)) => world.requests.push_back(request),
                Output::Event(event) => panic!("{event:?}"),
                Output::Io(_) => said += 1,
            }
        }
        assert_eq!(said, 1, "the handshake");
        world
    }

    /// The peer says one frame, and the connection reacts.
    pub(crate) fn says(&mut self, text: &str) -> Lines {
        self.hear(Frame::Text(text.into()));
        self.lines()
    }

    pub(crate) fn says_bytes(&mut self, bytes: &'static [u8]) -> Lines {
        self.hear(Frame::Binary(Bytes::from_static(bytes)));
        self.lines()
    }

    /// The peer says one frame; over polling in a request of its own.
    pub(crate) fn hear(&mut self, frame: Frame) {
        match (self.link, frame) {
            (Link::WebSocket(transport), frame) => {
                self.connection
                    .handle(self.now, Input::Frame { transport, frame });
            }
            (Link::Polling, Frame::Text(text)) => self.post(&text),
            (Link::Polling, Frame::Binary(_)) => panic!("polling says bytes in base64"),
        }
    }

    /// The peer posts a body.
    pub(crate) fn post(&mut self, body: &str) {
        let request = self.ids.request();
        let kind = BodyKind::Text;
        self.connection
            .handle(self.now, Input::Post { request, kind });
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.connection
            .handle(self.now, Input::Body { request, body });
    }

    /// The peer polls.
    pub(crate) fn poll(&mut self) -> RequestId {
        let request = self.ids.request();
        self.connection.handle(self.now, Input::Poll { request });
        request
    }

    /// The peer's WebSocket is gone.
    pub(crate) fn hang_up(&mut self) -> Lines {
        if let Link::WebSocket(transport) = self.link {
            self.connection
                .handle(self.now, Input::Closed { transport });
        }
        self.lines()
    }

    /// Everything written so far has left.
    pub(crate) fn flushed(&mut self) {
        if let Link::WebSocket(transport) = self.link {
            self.connection
                .handle(self.now, Input::Flushed { transport });
        }
    }

    /// Time passes, in steps to each deadline on the way.
    pub(crate) fn wait(&mut self, millis: u64) -> Lines {
        let mut lines = Lines::new();
        let end = self.now + Duration::from_millis(millis);
        while let Some(at) = self.connection.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.connection.handle_timeout(self.now);
            lines.extend(self.lines());
        }
        self.now = end;
        self.connection.handle_timeout(end);
        lines.extend(self.lines());
        lines
    }

    /// Lets the oldest request in.
    pub(crate) fn accept(&mut self, sid: &str) -> Lines {
        let request = self.requests.pop_front().expect("somebody asked");
        self.connection
            .accept(request, SocketId::new(sid.to_owned()));
        self.lines()
    }

    /// Asks for a namespace and lets the client in.
    pub(crate) fn join(&mut self, namespace: &str) {
        let header = if namespace == "/" {
            String::new()
        } else {
            format!("{namespace},")
        };
        self.says(&format!("40{header}"));
        let lines = self.accept("s");
        assert!(
            lines
                .last()
                .is_some_and(|line| line.contains("{\"sid\":\"s\"}")),
            "{lines:?}"
        );
    }

    pub(crate) fn emit(&mut self, namespace: &str, name: &str) -> Result<(), EmitError> {
        let packet = Encoded::event(&self::namespace(namespace), name, &()).unwrap();
        self.connection.emit(&packet, Emit::default())
    }

    /// Everything the connection has to say, as text.
    pub(crate) fn lines(&mut self) -> Lines {
        let outputs = self.outputs();
        outputs
            .into_iter()
            .filter_map(|output| self.line(output))
            .collect()
    }

    /// Everything the connection has to say.
    pub(crate) fn outputs(&mut self) -> Vec<Output<Io, Event>> {
        let mut outputs = Vec::new();
        loop {
            let before = outputs.len();
            while let Some(output) = self.connection.poll_output() {
                outputs.push(output);
            }
            let wrote = |output: &Output<_, _>| matches!(output, Output::Io(Io::Frame { .. }));
            if self.stalled || !outputs.iter().skip(before).any(wrote) {
                return outputs;
            }
            self.flushed();
        }
    }

    pub(crate) fn line(&mut self, output: Output<Io, Event>) -> Option<String> {
        Some(match output {
            Output::Io(Io::Frame {
                frame: Frame::Text(text),
                ..
            }) => format!("< {text}"),
            Output::Io(Io::Frame {
                frame: Frame::Binary(bytes),
                ..
            }) => format!("< {bytes:?}"),
            Output::Io(Io::Close { .. }) => "hang up".into(),
            Output::Io(Io::Respond {
                response: Response::Accepted,
                ..
            }) => return None,
            Output::Io(Io::Respond { response, .. }) => {
                let body = response.into_body();
                format!(
                    "< {}",
                    String::from_utf8_lossy(&body).replace('\x1e', " | ")
                )
            }
            Output::Event(event) => self.event_line(event),
        })
    }

    fn event_line(&mut self, event: Event) -> String {
        match event {
            Event::ConnectRequest(request) => {
                let line = format!("request {}", request.namespace);
                let auth = request.auth.as_ref().map(|auth| format!(" {auth}"));
                self.requests.push_back(request);
                line + &auth.unwrap_or_default()
            }
            Event::Event {
                namespace,
                args,
                reply,
            } => {
                let asks = if reply.is_some() { "ask" } else { "event" };
                self.replies.extend(reply);
                format!("{asks} {namespace} {}{}", args.json(), bytes_of(&args))
            }
            Event::Acked {
                namespace,
                id,
                outcome: Ok(args),
            } => {
                format!(
                    "acked {namespace} {} {}{}",
                    id.get(),
                    args.json(),
                    bytes_of(&args)
                )
            }
            Event::Acked {
                namespace,
                id,
                outcome: Err(error),
            } => {
                format!("acked {namespace} {} {error:?}", id.get())
            }
            Event::Disconnected { namespace, reason } => format!("left {namespace}: {reason}"),
            Event::Malformed(error) => format!("malformed: {}", error.kind),
            Event::Upgraded => "upgraded".into(),
            Event::Closed(reason) => format!("closed: {}", reason.as_str()),
        }
    }
}

pub(crate) fn namespace(name: &str) -> Namespace {
    Namespace::new(name.to_owned()).unwrap()
}

fn bytes_of(args: &socketio_proto::Args) -> String {
    args.attachments()
        .iter()
        .map(|bytes| format!(" {bytes:?}"))
        .collect()
}
