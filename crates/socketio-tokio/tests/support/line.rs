//! A network between client and server that can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A line to a server. Its address stays the same when it is cut.
#[derive(Clone)]
pub struct Line {
    pub url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    down: AtomicBool,
    calls: AtomicUsize,
    cut: Notify,
}

impl Line {
    /// A line to the server at `url`.
    pub async fn to(url: &str) -> Self {
        let server = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        tokio::spawn(accept(listener, server, Arc::clone(&line.state)));
        line
    }

    /// Cuts what is connected now.
    pub fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    /// Cuts, and connects nobody until [`up`](Self::up).
    pub fn down(&self) {
        self.state.down.store(true, Ordering::SeqCst);
        self.cut();
    }

    pub fn up(&self) {
        self.state.down.store(false, Ordering::SeqCst);
    }

    /// How often somebody has called.
    pub fn calls(&self) -> usize {
        self.state.calls.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, server: String, state: Arc<State>) {
    while let Ok((mut client, _)) = listener.accept().await {
        state.calls.fetch_add(1, Ordering::SeqCst);
        if state.down.load(Ordering::SeqCst) {
            continue;
        }
        let (server, state) = (server.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let cut = state.cut.notified();
            tokio::pin!(cut);
            cut.as_mut().enable();
            let Ok(mut server) = TcpStream::connect(server).await else {
                return;
            };
            if state.down.load(Ordering::SeqCst) {
                return;
            }
            tokio::select! {
                () = cut => {}
                _ = copy_bidirectional(&mut client, &mut server) => {}
            }
        });
    }
}
