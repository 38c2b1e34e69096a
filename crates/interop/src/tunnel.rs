//! An HTTP proxy that makes tunnels for those who know the password.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::server::ANY_PORT;

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    targets: Arc<Targets>,
    listening: JoinHandle<()>,
}

/// Where the tunnels lead that have been made so far.
type Targets = Mutex<Vec<String>>;

impl Tunnel {
    /// Listens on a free port of this machine, for users with these `user:password`.
    ///
    /// # Errors
    ///
    /// Those of binding.
    pub async fn start(credentials: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(ANY_PORT)).await?;
        let address = listener.local_addr()?;
        let targets = Arc::<Targets>::default();
        let expected = format!("basic {}", BASE64_STANDARD.encode(credentials));
        let listening = tokio::spawn({
            let targets = Arc::clone(&targets);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(serve(client, expected.clone(), Arc::clone(&targets)));
                }
            }
        });
        Ok(Self {
            address,
            targets,
            listening,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the tunnels lead that have been made so far.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let targets = self.targets.lock();
        targets.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(mut client: TcpStream, expected: String, targets: Arc<Targets>) -> io::Result<()> {
    let head = head_of(&mut client).await?;
    let asked = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next());
    let is_known = head.lines().any(|line| {
        let header = line.split_once(':');
        header.is_some_and(|(name, value)| {
            // Only the scheme of the value is without case, but no other user differs by case alone.
            name.eq_ignore_ascii_case("proxy-authorization")
                && value.trim().eq_ignore_ascii_case(&expected)
        })
    });
    let Some(target) = asked.filter(|_| is_known) else {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return client.write_all(refusal).await;
    };
    let mut server = TcpStream::connect(target).await?;
    targets
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(target.to_owned());
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Everything up to the empty line. A client says nothing further before it is answered.
async fn head_of(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MOST_HEAD {
        head.push(client.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// No client needs more to ask for a tunnel.
const MOST_HEAD: usize = 16 * 1024;
