//! A server on loopback, and a client that speaks the wire by hand.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

pub mod line;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use socketio_tokio::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

/// Serves `io` on a free port for as long as the test's runtime lives.
pub async fn serve(io: &Server) -> SocketAddr {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = probe.local_addr().unwrap();
    drop(probe);
    let io = io.clone();
    let _server: JoinHandle<()> = tokio::spawn(async move { io.listen(address).await.unwrap() });
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    address
}

/// A WebSocket client that reads and writes packets as text.
pub struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What a client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    Text(String),
    Binary(Vec<u8>),
    Closed,
}

impl From<&str> for Received {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Client {
    /// Opens a WebSocket and reads the handshake.
    pub async fn open(address: SocketAddr) -> Self {
        let uri = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (socket, _) = ClientBuilder::new()
            .uri(&uri)
            .unwrap()
            .connect()
            .await
            .unwrap();
        let mut client = Self(socket);
        let handshake = client.text().await;
        assert!(handshake.starts_with("0{"), "{handshake}");
        client
    }

    /// Opens a WebSocket and joins a namespace; gives the socket id too.
    pub async fn join(address: SocketAddr, namespace: &str) -> (Self, String) {
        let mut client = Self::open(address).await;
        let header = if namespace == "/" {
            String::new()
        } else {
            format!("{namespace},")
        };
        client.send(&format!("40{header}")).await;
        let answer = client.text().await;
        let json = answer.strip_prefix(&format!("40{header}")).expect(&answer);
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        let id = json["sid"].as_str().unwrap().to_owned();
        (client, id)
    }

    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text.to_owned())).await.unwrap();
    }

    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    /// Hands a message to the WebSocket without sending it yet.
    pub async fn feed(&mut self, text: String) {
        self.0.feed(Message::text(text)).await.unwrap();
    }

    pub async fn flush(&mut self) {
        self.0.flush().await.unwrap();
    }

    /// The next message; a server that says nothing for ten seconds fails the test.
    pub async fn receive(&mut self) -> Received {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next());
        match next.await.expect("the server says nothing") {
            Some(Ok(message)) if message.is_text() => {
                Received::Text(message.as_text().unwrap().to_owned())
            }
            Some(Ok(message)) if message.is_binary() => {
                Received::Binary(message.as_payload().to_vec())
            }
            Some(Ok(_) | Err(_)) | None => Received::Closed,
        }
    }

    pub async fn text(&mut self) -> String {
        match self.receive().await {
            Received::Text(text) => text,
            other => panic!("expected text, not {other:?}"),
        }
    }

    /// Proves that the connection lives and that nothing else is waiting to be read.
    pub async fn assert_alive(&mut self) {
        self.send(r#"4299["echo","alive"]"#).await;
        assert_eq!(self.text().await, r#"4399["alive"]"#);
    }
}

/// One HTTP request on a connection of its own: the status, the headers as sent, and the body.
pub async fn http(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: &str,
) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("no answer")
        .unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("no head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

/// Serves `io`, and says where: for clients of our own.
pub async fn online(io: &Server) -> String {
    format!("http://{}", serve(io).await)
}

/// Waits for what has to happen soon, however slow the machine is.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(60), future).await;
    waited.expect("it happens within a minute")
}

/// Everything that the server was told, in order: for handlers to write into.
#[derive(Clone, Default)]
pub struct Log(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until there are so many lines.
    pub async fn wait_for(&self, lines: usize) -> Vec<String> {
        until(|| self.lines().len() >= lines).await;
        self.lines()
    }
}

/// Waits until something is so.
pub async fn until(is_so: impl Fn() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
