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

use axum::Router;
use socketio_tokio::Server;

/// A router that hands every request below the server's path to the server.
///
/// Merge it into your own. As in the reference implementation, whatever follows the path belongs
/// to the server too: `/socket.io/1/?EIO=4…` is answered like `/socket.io/?EIO=4…`.
pub fn router<S: Clone + Send + Sync + 'static>(server: &Server) -> Router<S> {
    let path = server.path();
    Router::new()
        .route_service(path, server.clone())
        .route_service(&format!("{path}{{*rest}}"), server.clone())
}
