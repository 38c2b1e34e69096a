//! A server on a thread of its own, which can die and come back.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// What there is to serve, and by which means.
#[derive(Clone, Copy, Debug)]
pub enum App {
    /// A router of axum.
    Axum(fn() -> Router),
    /// A Socket.IO server without anything around it.
    Alone(fn() -> socketio::Server),
}

impl App {
    async fn serve(self, listener: TcpListener) -> io::Result<()> {
        match self {
            Self::Axum(app) => {
                let app = app().into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, app).await
            }
            Self::Alone(app) => app().serve(listener, pending()).await,
        }
    }
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    runtime: Runtime,
}

impl Running {
    /// Serves an application of axum on a free port of this machine.
    ///
    /// # Errors
    ///
    /// Those of binding and of starting threads.
    pub fn start(app: fn() -> Router) -> io::Result<Self> {
        Self::start_at(ANY_PORT.into(), App::Axum(app))
    }

    /// Serves an application on a chosen address, such as that of a server that was stopped.
    ///
    /// # Errors
    ///
    /// Those of binding and of starting threads.
    pub fn start_at(address: SocketAddr, app: App) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        runtime.spawn(app.serve(listener));
        Ok(Self { address, runtime })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it as a killed process ends: every connection is cut, nothing is said.
    #[must_use]
    pub fn stop(self) -> SocketAddr {
        self.runtime.shutdown_timeout(Duration::from_secs(5));
        self.address
    }
}

/// A free port of this machine.
pub const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);
