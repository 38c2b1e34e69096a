//! A page with an input and a button, for any release of the client, and the server of the cases
//! about old clients.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;

use crate::node;

/// The page at `/page`, which says in its query what it wants; the clients at `/client/…`.
pub fn router() -> Router {
    super::legacy::router()
        .route("/page", get(async || Html(include_str!("pages.html"))))
        .route("/client/{release}", get(client))
}

/// The browser build of a release, out of its package.
async fn client(Path(release): Path<String>) -> impl IntoResponse {
    let file = match release.as_str() {
        "1.0.6" => "sio-1.0.6/socket.io.js",
        "1.7.4" => "sio-1.7.4/dist/socket.io.min.js",
        "2.5.0" => "sio-2.5.0/dist/socket.io.slim.js",
        "4.8.4" => "socket.io-client/dist/socket.io.min.js",
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let text = tokio::fs::read(node::folder().join("node_modules").join(file)).await;
    text.map(|text| ([(CONTENT_TYPE, "text/javascript")], text))
        .map_err(|_| StatusCode::NOT_FOUND)
}
