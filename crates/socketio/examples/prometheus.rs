//! Metrics for Prometheus at `/metrics`: written by hand from what the server tells an observer.
//!
//! `cargo run -p socketio --example prometheus`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.emit("echo", "hello", (text) => console.log(text));
//! fetch("http://127.0.0.1:3000/metrics").then((answer) => answer.text()).then(console.log);
//! ```

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use socketio::{Data, EngineObserver, HandlerError, Namespace, Observer, Server, Socket};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let counters = Arc::new(Counters::default());
    let namespace = Namespace::new("/").on("echo", async |Data(text): Data<String>| text);
    let io = Server::builder()
        .namespace(namespace)
        .observer(Arc::clone(&counters))
        .build();
    let server = io.clone();
    let metrics = async move || {
        let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4")];
        (content_type, counters.render(&server))
    };
    let app = Router::new()
        .route("/metrics", get(metrics))
        .merge(socketio::axum::router(&io));

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}

/// What only ever grows.
#[derive(Default)]
struct Counters {
    connects: AtomicU64,
    events: AtomicU64,
    failures: AtomicU64,
    sent_bytes: AtomicU64,
}

/// Called by the connections' own tasks: it must not block.
impl Observer for Counters {
    fn socket_connected(&self, _: &Socket) {
        self.connects.fetch_add(1, Ordering::Relaxed);
    }

    // The name comes from the client: as a label it would let anybody invent new time series.
    fn event_received(&self, _: &Socket, _event: &str) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    fn handler_failed(&self, _: &Socket, _: &HandlerError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// The same for the connections beneath.
impl EngineObserver for Counters {
    fn packets_sent(&self, _: u64, bytes: u64) {
        self.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Counters {
    fn render(&self, io: &Server) -> String {
        let mut text = String::new();
        let counters = [
            ("connects", &self.connects),
            ("events", &self.events),
            ("handler_failures", &self.failures),
            ("sent_bytes", &self.sent_bytes),
        ];
        // Writing to a string does not fail.
        for (name, counter) in counters {
            let value = counter.load(Ordering::Relaxed);
            let _ = writeln!(text, "# TYPE socketio_{name}_total counter");
            let _ = writeln!(text, "socketio_{name}_total {value}");
        }
        let now = io.metrics();
        let _ = writeln!(text, "# TYPE socketio_queued_bytes gauge");
        let _ = writeln!(text, "socketio_queued_bytes {}", now.queued_bytes);
        let _ = writeln!(text, "# TYPE socketio_sockets gauge");
        for namespace in &now.namespaces {
            let (name, sockets) = (&namespace.name, namespace.sockets);
            let _ = writeln!(text, "socketio_sockets{{namespace=\"{name}\"}} {sockets}");
        }
        text
    }
}
