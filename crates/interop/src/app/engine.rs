//! The options below Socket.IO, each on a server of its own with a path of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::routing::get;
use serde_json::{Value, json};
use socketio::{
    AllowOrigin, AllowRequest, Args, Builder, ConnectionError, Cookie, Cors, HttpCompression,
    IdGenerator, Message, Namespace, Refusal, Server, Sid, Socket, Transports,
};

use super::log::Log;

/// The servers, and at `/refusals` what their hooks have learnt of refused requests.
pub fn router() -> Router {
    let refusals = Log::default();
    let servers = [
        guarded(&refusals),
        named(),
        greeting(),
        at("/custom/deep/"),
        at("/bare").add_trailing_slash(false),
        at("/small").max_http_buffer_size(1000),
        at("/hasty").connect_timeout(Duration::from_millis(200)),
        at("/polling").transports(Transports::POLLING),
        at("/websocket").transports(Transports::WEBSOCKET),
        at("/stay").allow_upgrades(false),
        at("/pages").cors(pages()),
        at("/compressed").http_compression(Some(HttpCompression::new(500))),
        at("/uncompressed").http_compression(None),
    ];
    let router = Router::new().route("/refusals", get(async move || refusals.to_json()));
    servers
        .into_iter()
        .map(|server| socketio::axum::router(&server.build()))
        .fold(router, Router::merge)
}

fn at(path: &str) -> Builder {
    let namespace = Namespace::new("/")
        .on("echo", async |args: Args, socket: Socket| {
            socket.emit_args("echo", &args)
        })
        .on("session", async |socket: Socket| {
            socket.connection().session_id().to_owned()
        });
    Server::builder().path(path).namespace(namespace)
}

/// Lets in who has the word, and adds headers to what it answers.
fn guarded(refusals: &Log) -> Builder {
    let refusals = refusals.clone();
    let answers = Arc::new(AtomicUsize::new(0));
    at("/guarded")
        .allow_request(AllowRequest::new(async |request| {
            match request.headers.get("x-word").map(HeaderValue::as_bytes) {
                Some(b"friend") => Ok(()),
                Some(_) => Err(Refusal::new("wrong word")),
                None => Err(Refusal::default()),
            }
        }))
        .cookie(Cookie::default())
        .initial_headers(|headers, _| insert(headers, "x-first", "yes"))
        .headers(move |headers, _| {
            let number = answers.fetch_add(1, Ordering::Relaxed);
            insert(headers, "x-answer", &number.to_string());
        })
        .connection_error(move |error| refusals.add(describe(error)))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn describe(error: &ConnectionError<'_>) -> Value {
    json!({
        "code": error.code,
        "message": error.message,
        "refusal": error.refusal,
        "context": format!("{:?}", error.context),
        "url": error.request.uri.to_string(),
    })
}

/// Gives each session a number of its own, unless it is asked to fail.
fn named() -> Builder {
    let count = Arc::new(AtomicUsize::new(0));
    at("/named").generate_id(IdGenerator::new(move |request| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            let fails = request.headers.contains_key("x-fail");
            (!fails).then(|| Sid::new(format!("session-{number}")))
        }
    }))
}

fn greeting() -> Builder {
    at("/greeting").initial_packet(Message::from("hello"))
}

fn pages() -> Cors {
    let origins = ["https://one.example", "https://two.example"].map(HeaderValue::from_static);
    let mut cors = Cors::new(AllowOrigin::List(origins.to_vec()));
    cors.credentials = true;
    cors.methods = vec![Method::GET, Method::POST];
    cors.exposed_headers = vec![HeaderName::from_static("x-seen")];
    cors.max_age = Some(Duration::from_secs(600));
    cors
}
