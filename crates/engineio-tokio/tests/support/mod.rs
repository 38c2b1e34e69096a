//! A server on the loopback interface, and clients that see every byte.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod network;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use engineio_tokio::{
    Acceptor, Application, Options, Server,
    proto::{
        CloseReason, Machine, Message, Timestamp,
        server::{Event, Session},
    },
    serve,
};
use futures_util::{SinkExt, StreamExt, task::AtomicWaker};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_websockets::{ClientBuilder, Limits, WebSocketStream};

pub type Command = Box<dyn FnOnce(&mut Session, Timestamp) + Send>;

/// What the tests know of one session.
pub struct Peer {
    pub events: mpsc::UnboundedReceiver<Event>,
    pub commands: mpsc::UnboundedSender<Command>,
    pub request: Arc<http::request::Parts>,
}

impl Peer {
    pub async fn event(&mut self) -> Event {
        within(self.events.recv())
            .await
            .expect("the session has events left")
    }

    /// The next event that is no message.
    pub async fn closed(&mut self) -> CloseReason {
        loop {
            if let Event::Closed(reason) = self.event().await {
                return reason;
            }
        }
    }

    pub async fn text(&mut self) -> String {
        match self.event().await {
            Event::Message(Message::Text(text)) => text.to_string(),
            other => panic!("not a text message: {other:?}"),
        }
    }

    pub fn command(&self, command: impl FnOnce(&mut Session, Timestamp) + Send + 'static) {
        self.commands
            .send(Box::new(command))
            .map_err(drop)
            .expect("the session lives");
    }

    pub fn send(&self, message: Message) {
        self.command(move |session, _| session.send(message).expect("there is room"));
    }
}

/// Whether applications read.
#[derive(Default)]
pub struct Gate {
    shut: AtomicBool,
    waker: AtomicWaker,
}

impl Gate {
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
        self.waker.wake();
    }

    pub fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }

    pub fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }
}

pub struct TestApplication {
    echo: bool,
    gate: Arc<Gate>,
    events: mpsc::UnboundedSender<Event>,
    commands: mpsc::UnboundedReceiver<Command>,
    closed: bool,
}

impl Application<Session> for TestApplication {
    fn on_event(&mut self, session: &mut Session, _now: Timestamp, event: Event) {
        match &event {
            Event::Message(message) if self.echo => drop(session.send(message.clone())),
            Event::Closed(_) => self.closed = true,
            Event::Message(_) | Event::Upgraded => {}
        }
        let _ = self.events.send(event);
    }

    fn poll(&mut self, cx: &mut Context<'_>, session: &mut Session, now: Timestamp) -> Poll<()> {
        self.gate.waker.register(cx.waker());
        match self.commands.poll_recv(cx) {
            Poll::Ready(Some(command)) => {
                command(session, now);
                Poll::Ready(())
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn is_reading(&self) -> bool {
        !self.gate.shut.load(Ordering::SeqCst)
    }

    fn on_idle(&mut self, session: &Session) {
        assert_eq!(
            session.is_closed(),
            self.closed,
            "all outputs are performed"
        );
    }

    fn is_finished(&self) -> bool {
        self.closed
    }
}

pub struct TestAcceptor {
    echo: bool,
    gate: Arc<Gate>,
    peers: mpsc::UnboundedSender<Peer>,
}

impl TestAcceptor {
    /// An acceptor of silent applications, and where its sessions appear.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Peer>) {
        let (peers, opened) = mpsc::unbounded_channel();
        let acceptor = Self {
            echo: false,
            gate: Arc::default(),
            peers,
        };
        (acceptor, opened)
    }
}

impl Acceptor for TestAcceptor {
    type Machine = Session;
    type Application = TestApplication;

    fn accept(
        &self,
        session: Session,
        request: Arc<http::request::Parts>,
        _now: Timestamp,
    ) -> (Session, TestApplication) {
        let (events, received) = mpsc::unbounded_channel();
        let (commands, commanded) = mpsc::unbounded_channel();
        let _ = self.peers.send(Peer {
            events: received,
            commands,
            request,
        });
        let gate = Arc::clone(&self.gate);
        let application = TestApplication {
            echo: self.echo,
            gate,
            events,
            commands: commanded,
            closed: false,
        };
        (session, application)
    }

    fn session(machine: &Session) -> Option<&Session> {
        Some(machine)
    }
}

/// A running server.
pub struct Host {
    pub address: SocketAddr,
    pub server: Server<TestAcceptor>,
    pub gate: Arc<Gate>,
    peers: Mutex<mpsc::UnboundedReceiver<Peer>>,
}

impl Host {
    pub async fn echo(options: Options) -> Self {
        Self::start(options, true).await
    }

    pub async fn silent(options: Options) -> Self {
        Self::start(options, false).await
    }

    async fn start(options: Options, echo: bool) -> Self {
        let gate = Arc::new(Gate::default());
        let (peers, opened) = mpsc::unbounded_channel();
        let acceptor = TestAcceptor {
            echo,
            gate: Arc::clone(&gate),
            peers,
        };
        let server = Server::new(options, acceptor);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, server.clone(), std::future::pending()));
        Self {
            address,
            server,
            gate,
            peers: Mutex::new(opened),
        }
    }

    /// A client of a server that runs elsewhere.
    pub fn at(address: SocketAddr, server: Server<TestAcceptor>) -> Self {
        Self {
            address,
            server,
            gate: Arc::default(),
            peers: Mutex::new(mpsc::unbounded_channel().1),
        }
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The session that was opened last, once it has.
    pub async fn peer_soon(&self) -> Peer {
        let soon = std::future::poll_fn(|cx| self.peers.lock().unwrap().poll_recv(cx));
        within(soon).await.expect("the server lives")
    }

    /// The session that was opened last.
    pub fn peer(&self) -> Peer {
        let mut peers = self.peers.lock().unwrap();
        std::iter::from_fn(|| peers.try_recv().ok())
            .last()
            .expect("a session was opened")
    }

    pub async fn get(&self, query: &str) -> Answer {
        self.request("GET", query, &[], b"").await
    }

    pub async fn post(&self, sid: &str, body: impl AsRef<[u8]>) -> Answer {
        let query = format!("EIO=4&transport=polling&sid={sid}");
        self.request("POST", &query, &[], body.as_ref()).await
    }

    pub async fn poll(&self, sid: &str) -> Answer {
        self.get(&format!("EIO=4&transport=polling&sid={sid}"))
            .await
    }

    /// Opens a session over polling.
    pub async fn open(&self) -> (String, Peer) {
        let answer = self.get("EIO=4&transport=polling").await;
        assert_eq!(answer.status, 200);
        (sid_of(&answer.text()), self.peer())
    }

    pub async fn request(
        &self,
        method: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let target = format!("/engine.io/?{query}");
        let mut stream = self.write_request(method, &target, headers, body).await;
        Answer::read(&mut stream).await
    }

    /// Writes a request and leaves the answer to the caller.
    pub async fn write_request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    pub async fn upgrade_request(&self, query: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut all = vec![
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        all.retain(|(name, _)| headers.iter().all(|(other, _)| name != other));
        all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
        self.write_request("GET", &format!("/engine.io/?{query}"), &all, b"")
            .await
    }

    pub async fn web_socket(&self, sid: Option<&str>) -> WebSocket {
        let stream = TcpStream::connect(self.address).await.unwrap();
        self.web_socket_on(stream, sid).await
    }

    pub async fn web_socket_on(&self, stream: TcpStream, sid: Option<&str>) -> WebSocket {
        let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
        Self::web_socket_with(stream, &format!("EIO=4&transport=websocket{sid}")).await
    }

    /// Opens a WebSocket with this query.
    pub async fn web_socket_by(&self, query: &str) -> WebSocket {
        let stream = TcpStream::connect(self.address).await.unwrap();
        Self::web_socket_with(stream, query).await
    }

    async fn web_socket_with(stream: TcpStream, query: &str) -> WebSocket {
        let uri = format!("ws://localhost/engine.io/?{query}");
        let builder = ClientBuilder::new()
            .uri(&uri)
            .unwrap()
            .limits(Limits::unlimited());
        WebSocket(within(builder.connect_on(stream)).await.unwrap().0)
    }

    /// Opens a session over WebSocket.
    pub async fn open_web_socket(&self) -> (WebSocket, Peer) {
        let mut socket = self.web_socket(None).await;
        assert!(socket.text().await.starts_with("0{"));
        (socket, self.peer())
    }

    pub async fn until_empty(&self) {
        self.until_count(0).await;
    }

    pub async fn until_count(&self, count: usize) {
        let wait = async {
            while self.server.session_count() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(wait).await;
    }
}

/// A WebSocket client.
pub struct WebSocket(pub WebSocketStream<TcpStream>);

impl WebSocket {
    pub async fn send(&mut self, text: impl Into<String>) {
        self.0
            .send(tokio_websockets::Message::text(text.into()))
            .await
            .unwrap();
    }

    pub async fn send_bytes(&mut self, bytes: impl Into<Bytes>) {
        self.0
            .send(tokio_websockets::Message::binary(bytes.into()))
            .await
            .unwrap();
    }

    pub async fn next(&mut self) -> tokio_websockets::Message {
        within(self.0.next())
            .await
            .expect("not at its end")
            .unwrap()
    }

    pub async fn text(&mut self) -> String {
        let message = self.next().await;
        message
            .as_text()
            .unwrap_or_else(|| panic!("not text: {message:?}"))
            .to_owned()
    }

    /// Reads up to the close frame and returns its code.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            let message = self.next().await;
            if let Some((code, _)) = message.as_close() {
                return code.into();
            }
        }
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn read(stream: &mut TcpStream) -> Self {
        within(Self::read_slowly(stream)).await
    }

    async fn read_slowly(stream: &mut TcpStream) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
        };
        if let Some(length) = answer.header("content-length").filter(|_| status != 204) {
            answer.body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut answer.body).await.unwrap();
        }
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// The id in a handshake.
pub fn sid_of(handshake: &str) -> String {
    let open = handshake.split('\x1e').next().unwrap();
    let json: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    json["sid"].as_str().unwrap().to_owned()
}

/// The id in a handshake, whatever is around it.
pub fn sid_within(handshake: &str) -> String {
    let plain = handshake.replace('\\', "");
    let (_, behind) = plain.split_once(r#""sid":""#).unwrap();
    behind.split('"').next().unwrap().to_owned()
}

/// A generous limit: only a hang is ever seen by it.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("it takes too long")
}
