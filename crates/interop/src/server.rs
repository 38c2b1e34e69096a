//! A server on a thread of its own, which can die and come back.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    runtime: Runtime,
}

impl Running {
    /// Serves an application on a free port of this machine.
    ///
    /// # Errors
    ///
    /// Those of binding and of starting threads.
    pub fn start(app: fn() -> Router) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), app)
    }

    /// Serves an application on a chosen address, such as that of a server that was stopped.
    ///
    /// # Errors
    ///
    /// Those of binding and of starting threads.
    pub fn start_at(address: SocketAddr, app: fn() -> Router) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, app()).await });
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
