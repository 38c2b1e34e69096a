//! A TCP proxy that behaves as networks do: it is slow, it loses whole connections, it falls silent.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::server::ANY_PORT;

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// In order, as if the peer had closed it.
    Finished,
    /// At once, as if the peer had crashed.
    Reset,
}

/// What happens to everything that passes. Fair by default.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    /// New connections are reset at once.
    pub refuse: bool,
    /// Every piece waits that long, in each direction.
    pub delay: Duration,
    /// No direction of a connection carries more than that many bytes in a second.
    pub rate: Option<u32>,
    /// What clients send is lost, the ends of their connections included. What has been lost once is missed for
    /// ever: cut before the weather is fair again.
    pub swallow_up: bool,
    /// What the server sends is lost in the same way.
    pub swallow_down: bool,
    /// A request for a WebSocket waits that long.
    pub websocket_delay: Duration,
}

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    sky: Arc<Sky>,
    listening: JoinHandle<()>,
}

/// What the proxy and its connections share.
#[derive(Debug)]
struct Sky {
    target: SocketAddr,
    state: Mutex<State>,
    /// Counts the cuts, each of which ends every connection that there is.
    cuts: watch::Sender<(u64, Cut)>,
}

#[derive(Debug, Default)]
struct State {
    weather: Weather,
    connections: usize,
    passed: u64,
    cut_at: Option<(u64, Cut)>,
}

impl Proxy {
    /// Listens on a free port of this machine and passes everything to `target` and back.
    ///
    /// # Errors
    ///
    /// Those of binding.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(ANY_PORT)).await?;
        let address = listener.local_addr()?;
        let sky = Arc::new(Sky {
            target,
            state: Mutex::default(),
            cuts: watch::Sender::new((0, Cut::Finished)),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&sky)));
        Ok(Self {
            address,
            sky,
            listening,
        })
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what happens from now on, to the connections that there are as well.
    pub fn set(&self, weather: Weather) {
        self.sky.lock().weather = weather;
    }

    /// Ends every connection that there is.
    pub fn cut(&self, how: Cut) {
        self.sky.cut(how);
    }

    /// Ends every connection that there is when so many more bytes have passed, both directions counted.
    pub fn cut_after(&self, bytes: u64, how: Cut) {
        let mut state = self.sky.lock();
        state.cut_at = Some((state.passed + bytes, how));
    }

    /// Whether the last [`cut_after`](Self::cut_after) is still to come.
    #[must_use]
    pub fn will_cut(&self) -> bool {
        self.sky.lock().cut_at.is_some()
    }

    /// How many bytes have passed, both directions counted.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.sky.lock().passed
    }

    /// How many connections have been made, the refused ones included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.sky.lock().connections
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut(Cut::Reset);
    }
}

impl Sky {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self, how: Cut) {
        self.cuts.send_modify(|(count, last)| {
            *count += 1;
            *last = how;
        });
    }

    /// Counts what is about to pass. Gives how much of it may, and how everything ends after that.
    fn count(&self, bytes: usize) -> (usize, Option<Cut>) {
        let mut state = self.lock();
        match state.cut_at {
            Some((at, how)) if at <= state.passed + bytes as u64 => {
                let rest = usize::try_from(at - state.passed).unwrap_or(bytes);
                state.passed = at;
                state.cut_at = None;
                (rest, Some(how))
            }
            _ => {
                state.passed += bytes as u64;
                (bytes, None)
            }
        }
    }
}

async fn listen(listener: TcpListener, sky: Arc<Sky>) {
    // Fails for one connection at a time: there will be others.
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let refuse = {
            let mut state = sky.lock();
            state.connections += 1;
            state.weather.refuse
        };
        if refuse {
            end(client, Cut::Reset).await;
        } else {
            tokio::spawn(carry(client, Arc::clone(&sky)));
        }
    }
}

/// One connection, from its beginning to its end.
async fn carry(mut client: TcpStream, sky: Arc<Sky>) {
    let mut cuts = sky.cuts.subscribe();
    let Ok(mut server) = TcpStream::connect(sky.target).await else {
        return end(client, Cut::Reset).await;
    };
    // Pieces stay as they are.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let how = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            let up = pump(from_client, to_server, &sky, Direction::Up);
            let down = pump(from_server, to_client, &sky, Direction::Down);
            tokio::join!(up, down)
        };
        tokio::select! {
            (up, down) = both => match up.and(down) {
                Ok(()) => Cut::Finished,
                Err(_) => Cut::Reset,
            },
            _ = cuts.changed() => cuts.borrow_and_update().1,
        }
    };
    end(client, how).await;
    end(server, how).await;
}

async fn end(mut stream: TcpStream, how: Cut) {
    // Either fails only if the other side was faster.
    match how {
        Cut::Finished => drop(stream.shutdown().await),
        Cut::Reset => drop(stream.set_zero_linger()),
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Weather {
    const fn swallows(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.swallow_up,
            Direction::Down => self.swallow_down,
        }
    }

    /// How long a piece waits.
    fn wait(&self, piece: &[u8], direction: Direction) -> Duration {
        let mut wait = self.delay;
        if let Some(rate) = self.rate {
            wait += Duration::from_secs_f64(piece.len() as f64 / f64::from(rate));
        }
        if matches!(direction, Direction::Up) && asks_for_websocket(piece) {
            wait += self.websocket_delay;
        }
        wait
    }
}

/// Whether this is the head of a request that asks for a WebSocket: all HTTP clients write it as one piece.
fn asks_for_websocket(piece: &[u8]) -> bool {
    const HEADER: &[u8] = b"\r\nupgrade: websocket";
    piece
        .windows(HEADER.len())
        .any(|window| window.eq_ignore_ascii_case(HEADER))
}

/// Carries one direction to its end.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    sky: &Sky,
    direction: Direction,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        let weather = sky.lock().weather.clone();
        if weather.swallows(direction) {
            if count == 0 {
                return pending().await;
            }
            continue;
        }
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return to.shutdown().await;
        }
        let wait = weather.wait(piece, direction);
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let (passes, cut) = sky.count(count);
        to.write_all(piece.get(..passes).unwrap_or_default())
            .await?;
        if let Some(how) = cut {
            sky.cut(how);
        }
    }
}
