//! The files of the page, and where the official JavaScript client lies.

use std::path::Path;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use socketio::ClientFiles;

pub(crate) fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(async || file("text/html", include_str!("page/index.html"))),
        )
        .route(
            "/style.css",
            get(async || file("text/css", include_str!("page/style.css"))),
        )
        .route(
            "/chat.js",
            get(async || file("text/javascript", include_str!("page/chat.js"))),
        )
}

/// The official JavaScript client, which the server hands to browsers.
pub(crate) fn client() -> Result<ClientFiles, String> {
    let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/chat"));
    ClientFiles::open(example.join("node_modules/socket.io-client/dist")).map_err(|error| {
        format!("the JavaScript client is not installed, run `cargo xtask chat` ({error})")
    })
}

fn file(kind: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    (headers, content)
}

/// Nothing from elsewhere; pictures are made from what came over the socket.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:";
