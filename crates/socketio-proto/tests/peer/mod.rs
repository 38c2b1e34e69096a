//! A client, its wire and its clock: the server is played by the test.

#![allow(dead_code, reason = "each test file uses its own part of the peer")]

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use socketio_proto::client::{
    AuthRequest, Client, Config, Credentials, Emit, EmitError, Event, Reconnection, ReplyTo,
};
use socketio_proto::engine::client::{Input, Io};
use socketio_proto::engine::{Frame, RequestId, TransportId, TransportKind};
use socketio_proto::{Args, ConnectError, Encoded, Machine, Namespace, Output, Timestamp};

/// What a client said, in a form that a test compares.
pub(crate) type Lines = Vec<String>;

/// The open packet of a server that has no upgrades to offer.
pub(crate) const HANDSHAKE: &str =
    r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// One client with its server played by the test.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) now: Timestamp,
    /// The WebSocket that was dialed last.
    pub(crate) transport: Option<TransportId>,
    /// The poll that waits for an answer.
    pub(crate) get: Option<RequestId>,
    /// The post that waits for an answer.
    pub(crate) post: Option<RequestId>,
    /// A stalled WebSocket does not report what it has written.
    pub(crate) stalled: bool,
    /// Events that nobody has answered yet.
    pub(crate) replies: VecDeque<ReplyTo>,
    /// Namespaces that wait for what to say.
    pub(crate) questions: VecDeque<AuthRequest>,
}

/// WebSocket alone, and waits without jitter.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.engine.transports = vec![TransportKind::WebSocket];
    config.reconnection = Some(steady());
    config
}

/// The waits of the reference, without jitter.
pub(crate) fn steady() -> Reconnection {
    let mut terms = Reconnection::default();
    terms.jitter = 0.0;
    terms
}

impl Peer {
    /// Dials with the configuration of [`config`].
    pub(crate) fn new() -> Self {
        Self::with(config(), 0)
    }

    pub(crate) fn with(config: Config, seed: u64) -> Self {
        let now = Timestamp::from_millis(0);
        Self {
            client: Client::connect(config, seed, now),
            now,
            transport: None,
            get: None,
            post: None,
            stalled: false,
            replies: VecDeque::new(),
            questions: VecDeque::new(),
        }
    }

    /// A client that is connected to some namespaces, under the id `s`.
    pub(crate) fn connected(config: Config, namespaces: &[&str]) -> Self {
        let mut peer = Self::with(config, 0);
        for namespace in namespaces {
            peer.open(namespace);
        }
        peer.lines();
        peer.accepts();
        for namespace in namespaces {
            peer.lets_in(namespace, r#"{"sid":"s"}"#);
        }
        peer
    }

    /// Opens a namespace without credentials.
    pub(crate) fn open(&mut self, namespace: &str) {
        self.open_with(namespace, Credentials::None);
    }

    pub(crate) fn open_with(&mut self, namespace: &str, credentials: Credentials) {
        let namespace = self::namespace(namespace);
        self.client.open(self.now, namespace, credentials);
    }

    pub(crate) fn emit(&mut self, namespace: &str, name: &str) -> Result<(), EmitError> {
        self.emit_as(namespace, name, false)
    }

    pub(crate) fn emit_as(
        &mut self,
        namespace: &str,
        name: &str,
        volatile: bool,
    ) -> Result<(), EmitError> {
        let packet = Encoded::event(&self::namespace(namespace), name, &()).unwrap();
        self.client.emit(
            self.now,
            &packet,
            Emit {
                volatile,
                ..Emit::default()
            },
        )
    }

    /// Emits `q` and expects an answer within so many milliseconds.
    pub(crate) fn ask(&mut self, to: &str, within: Option<u64>) -> Result<u64, EmitError> {
        let within = within.map(Duration::from_millis);
        let args = Args::event("q", &()).unwrap();
        let id = self
            .client
            .emit_with_ack(self.now, &namespace(to), args, within)?;
        Ok(id.get())
    }

    pub(crate) fn disconnect(&mut self, from: &str) -> Lines {
        self.client.disconnect(self.now, &namespace(from));
        self.lines()
    }

    /// The server accepts the WebSocket that was dialed last.
    pub(crate) fn accepts(&mut self) -> Lines {
        let transport = self.transport.expect("somebody dialed");
        self.handle(Input::Opened { transport });
        self.says(HANDSHAKE)
    }

    /// The server says one frame, and the client reacts.
    pub(crate) fn says(&mut self, text: &str) -> Lines {
        self.hear(Frame::Text(text.into()));
        self.lines()
    }

    pub(crate) fn says_bytes(&mut self, bytes: &'static [u8]) -> Lines {
        self.hear(Frame::Binary(Bytes::from_static(bytes)));
        self.lines()
    }

    pub(crate) fn hear(&mut self, frame: Frame) {
        let transport = self.transport.expect("there is a WebSocket");
        self.handle(Input::Frame { transport, frame });
    }

    /// The server answers a CONNECT.
    pub(crate) fn lets_in(&mut self, namespace: &str, data: &str) -> Lines {
        self.says(&format!("40{}{data}", header(namespace)))
    }

    /// The server answers the poll.
    pub(crate) fn answers(&mut self, body: &str) -> Lines {
        let request = self.get.take().expect("somebody polls");
        let body = Bytes::from(body.replace(" | ", "\x1e"));
        let status = 200;
        self.handle(Input::Response {
            request,
            status,
            body,
        });
        self.lines()
    }

    /// The server takes the post.
    pub(crate) fn takes(&mut self) -> Lines {
        let request = self.post.take().expect("somebody posts");
        let (status, body) = (200, Bytes::from_static(b"ok"));
        self.handle(Input::Response {
            request,
            status,
            body,
        });
        self.lines()
    }

    /// A request gets no answer.
    pub(crate) fn fails(&mut self, request: RequestId) -> Lines {
        self.handle(Input::Failed { request });
        self.lines()
    }

    /// The server closes the WebSocket, or refuses it.
    pub(crate) fn hangs_up(&mut self) -> Lines {
        self.is_hung_up();
        self.lines()
    }

    pub(crate) fn is_hung_up(&mut self) {
        let transport = self.transport.expect("there is a WebSocket");
        self.handle(Input::Closed { transport });
    }

    /// Everything written so far has left.
    pub(crate) fn flushed(&mut self) {
        if let Some(transport) = self.transport {
            self.handle(Input::Flushed { transport });
        }
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.client.handle(self.now, input);
    }

    /// Time passes, in steps to each deadline on the way.
    pub(crate) fn wait(&mut self, millis: u64) -> Lines {
        let mut lines = Lines::new();
        let end = self.now + Duration::from_millis(millis);
        while let Some(at) = self.client.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            lines.extend(self.lines());
        }
        self.now = end;
        self.client.handle_timeout(end);
        lines.extend(self.lines());
        lines
    }

    /// Everything the client has to say, as text.
    pub(crate) fn lines(&mut self) -> Lines {
        let outputs = self.outputs();
        outputs
            .into_iter()
            .map(|output| self.line(output))
            .collect()
    }

    /// Everything the client has to say.
    pub(crate) fn outputs(&mut self) -> Vec<Output<Io, Event>> {
        let mut outputs = Vec::new();
        loop {
            let before = outputs.len();
            while let Some(output) = self.client.poll_output() {
                self.note(&output);
                outputs.push(output);
            }
            let wrote = |output: &Output<_, _>| matches!(output, Output::Io(Io::Frame { .. }));
            if self.stalled || !outputs.iter().skip(before).any(wrote) {
                return outputs;
            }
            self.flushed();
        }
    }

    fn note(&mut self, output: &Output<Io, Event>) {
        match output {
            Output::Io(Io::Connect { transport, .. }) => self.transport = Some(*transport),
            Output::Io(Io::Get { request, .. }) => self.get = Some(*request),
            Output::Io(Io::Post { request, .. }) => self.post = Some(*request),
            Output::Io(Io::Frame { .. } | Io::Close { .. }) | Output::Event(_) => {}
        }
    }

    pub(crate) fn line(&mut self, output: Output<Io, Event>) -> String {
        match output {
            Output::Io(Io::Connect { transport, .. }) => format!("dial {transport}"),
            Output::Io(Io::Get { request, .. }) => format!("get {request}"),
            Output::Io(Io::Post { body, .. }) => {
                format!(
                    "> {}",
                    String::from_utf8_lossy(&body).replace('\x1e', " | ")
                )
            }
            Output::Io(Io::Frame { frame, .. }) => match frame {
                Frame::Text(text) => format!("> {text}"),
                Frame::Binary(bytes) => format!("> {bytes:?}"),
            },
            Output::Io(Io::Close { transport }) => format!("close {transport}"),
            Output::Event(event) => self.event_line(event),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one short arm per event")]
    fn event_line(&mut self, event: Event) -> String {
        match event {
            Event::Opened(_) => "opened".into(),
            Event::AuthRequest(request) => {
                let line = format!("who? {}", request.namespace());
                self.questions.push_back(request);
                line
            }
            Event::Connected {
                namespace,
                sid,
                recovered,
            } => {
                let again = if recovered { " again" } else { "" };
                format!("connected {namespace} {sid}{again}")
            }
            Event::Refused { namespace, error } => {
                format!("refused {namespace}: {}", words_of(error))
            }
            Event::Error { namespace, error } => {
                format!("error {namespace}: {}", words_of(error))
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
                outcome,
            } => match outcome {
                Ok(args) => format!(
                    "acked {namespace} {} {}{}",
                    id.get(),
                    args.json(),
                    bytes_of(&args)
                ),
                Err(error) => format!("acked {namespace} {} {error:?}", id.get()),
            },
            Event::Undelivered {
                namespace,
                packet,
                error,
            } => {
                let args = packet.args().expect("an event");
                format!("lost {namespace} {} {error:?}", args.json())
            }
            Event::Disconnected { namespace, reason } => {
                let retried = if reason.is_retried() { ", for now" } else { "" };
                format!("left {namespace}: {reason}{retried}")
            }
            Event::Upgraded => "upgraded".into(),
            Event::Heartbeat => "heartbeat".into(),
            Event::UpgradeFailed => "upgrade failed".into(),
            Event::Ended(end) => format!("ended: {end}"),
            Event::Reconnecting { attempt, at } => format!("attempt {attempt} at {at}"),
            Event::GaveUp => "gave up".into(),
            Event::Stopped => "stopped".into(),
        }
    }
}

pub(crate) fn namespace(name: &str) -> Namespace {
    Namespace::new(name.to_owned()).unwrap()
}

/// What stands before the payload of a packet for a namespace.
pub(crate) fn header(namespace: &str) -> String {
    match namespace {
        "/" => String::new(),
        name => format!("{name},"),
    }
}

fn words_of(error: ConnectError) -> String {
    let data = error.data.map(|data| format!(" {data}"));
    error.message + &data.unwrap_or_default()
}

fn bytes_of(args: &Args) -> String {
    args.attachments()
        .iter()
        .map(|bytes| format!(" {bytes:?}"))
        .collect()
}
