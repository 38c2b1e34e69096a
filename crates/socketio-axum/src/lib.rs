//! Mounts a Socket.IO server into an axum router.
//!
//! ```no_run
//! use axum::Router;
//! use socketio_tokio::Server;
//!
//! # async fn run() -> std::io::Result<()> {
//! let io = Server::builder().build();
//! let app: Router = Router::new().merge(socketio_axum::router(&io));
//! # Ok(())
//! # }
//! ```
//!
//! The adapter translates and decides nothing: every answer is the server's.
#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use socketio_tokio::{RemoteAddr, Server};
use tower_service::Service;

/// A router that hands every request below the server's path to the server.
///
/// Merge it into your own. As in the reference implementation, whatever follows the path belongs
/// to the server too: `/socket.io/1/?EIO=4…` is answered like `/socket.io/?EIO=4…`.
///
/// An application served by `into_make_service_with_connect_info::<SocketAddr>()` lets the server
/// know the addresses of its clients.
pub fn router<S: Clone + Send + Sync + 'static>(server: &Server) -> Router<S> {
    let path = server.path();
    let below = path.trim_end_matches('/');
    let server = Mounted(server.clone());
    Router::new()
        .route_service(path, server.clone())
        .route_service(&format!("{below}/{{*rest}}"), server)
}

/// A server behind a router, which says in its own words where a request comes from.
#[derive(Clone)]
struct Mounted(Server);

impl Service<Request> for Mounted {
    type Response = http::Response<socketio_tokio::Body>;
    type Error = Infallible;
    type Future = <Server as Service<Request>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
        if let Some(&ConnectInfo(address)) = address {
            request.extensions_mut().insert(RemoteAddr(address));
        }
        self.0.call(request)
    }
}
