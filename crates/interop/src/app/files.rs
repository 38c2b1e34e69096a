//! The browser client, served from the npm package that the cases use.

use axum::Router;
use socketio::{ClientFiles, Server};

use crate::node;

/// A server at `/socket.io/` with the bundles of `js/node_modules/socket.io-client`.
///
/// # Panics
///
/// If the package is not installed.
pub fn router() -> Router {
    let dist = node::folder().join("node_modules/socket.io-client/dist");
    let files = ClientFiles::open(dist).expect("the bundles of socket.io-client");
    let io = Server::builder().serve_client(files).build();
    socketio::axum::router(&io)
}
