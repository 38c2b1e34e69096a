//! What may stand between a client and a server, and servers that are none.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Carries bytes to a server, and counts connections.
pub struct Relay {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    carried: Arc<AtomicUsize>,
    /// Nothing arrives any more, in either direction, and nobody is told.
    pub dead: Arc<AtomicBool>,
}

impl Relay {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            accepted: Arc::default(),
            carried: Arc::default(),
            dead: Arc::default(),
        };
        let (accepted, dead) = (Arc::clone(&relay.accepted), Arc::clone(&relay.dead));
        let carried = Arc::clone(&relay.carried);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(server).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let shared = || (Arc::clone(&carried), Arc::clone(&dead));
                tokio::spawn(carry(from_client, to_server, shared()));
                tokio::spawn(carry(from_server, to_client, shared()));
            }
        });
        relay
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that have arrived, in both directions.
    pub fn carried(&self) -> usize {
        self.carried.load(Ordering::SeqCst)
    }

    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    (carried, dead): (Arc<AtomicUsize>, Arc<AtomicBool>),
) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        carried.fetch_add(length, Ordering::SeqCst);
        if !dead.load(Ordering::SeqCst) && to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
    if dead.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
}

/// What a scripted server does with a request.
pub enum Reply {
    /// Says this, and waits for the next request.
    Keep(Vec<u8>),
    /// Says this, and goes away.
    Close(Vec<u8>),
    /// Says nothing, for ever.
    Silence,
}

/// A server that says the same to everybody.
pub struct Script {
    pub address: SocketAddr,
    /// The heads of all requests.
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// Answers request by request, each connection on its own: the function is given the head.
    pub async fn run(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let (requests, answer) = (Arc::clone(&script.requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                tokio::spawn(async move {
                    while let Some(head) = read_head(&mut stream).await {
                        requests.lock().unwrap().push(head.clone());
                        match answer(&head) {
                            Reply::Keep(answer) => {
                                if stream.write_all(&answer).await.is_err() {
                                    return;
                                }
                            }
                            Reply::Close(answer) => {
                                let _ = stream.write_all(&answer).await;
                                // Late enough to be heard apart from the answer.
                                tokio::time::sleep(Duration::from_millis(20)).await;
                                return;
                            }
                            Reply::Silence => std::future::pending().await,
                        }
                    }
                });
            }
        });
        script
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of a request; its body is read over.
pub async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let lower = head.to_ascii_lowercase();
    if let Some((_, rest)) = lower.split_once("content-length: ") {
        let length = rest.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
    }
    Some(head)
}

/// A whole answer.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// An answer that opens a session which is not going to change its transport.
pub fn handshake(ping_interval: u64) -> Vec<u8> {
    let open = format!(
        r#"0{{"sid":"s1","upgrades":[],"pingInterval":{ping_interval},"pingTimeout":20000,"maxPayload":100000}}"#
    );
    answer("200 OK", "", open)
}

/// An HTTP proxy that lets those through who know the word, if there is one.
pub struct ProxyServer {
    pub address: SocketAddr,
    /// The heads of all requests.
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl ProxyServer {
    pub async fn run(authorization: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&proxy.requests);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve_proxy(client, authorization, Arc::clone(&requests)));
            }
        });
        proxy
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve_proxy(
    mut client: TcpStream,
    authorization: Option<&'static str>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let head = read_head(&mut client).await.unwrap();
    requests.lock().unwrap().push(head.clone());
    let (method, rest) = head.split_once(' ').unwrap();
    let (target, _) = rest.split_once(' ').unwrap();
    let is_known = authorization.is_none_or(|word| {
        head.to_ascii_lowercase().contains(&format!(
            "proxy-authorization: {}",
            word.to_ascii_lowercase()
        ))
    });
    if method != "CONNECT" || !is_known {
        let refusal = answer("407 Proxy Authentication Required", "", "");
        client.write_all(&refusal).await.unwrap();
        return;
    }
    let mut server = TcpStream::connect(target).await.unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
