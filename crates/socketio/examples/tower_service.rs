//! The server as a tower service under layers: one writes a log, one adds a header.
//!
//! `cargo run -p socketio --example tower_service`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.emit("echo", "hello", (text) => console.log(text));
//! fetch("http://127.0.0.1:3000/socket.io/?EIO=4&transport=polling").then((answer) => console.log(answer.headers.get("x-served-by")));
//! ```

use std::convert::Infallible;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socketio::{Body, Data, Namespace, Server};
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::new("/").on("echo", async |Data(text): Data<String>| text);
    let io = Server::builder().namespace(namespace).build();
    let service = layered(io);

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(service.clone()),
            )
            .with_upgrades(); // or there would be no WebSocket
        tokio::spawn(connection);
    }
}

/// Any layer of tower or tower-http fits here; these two are functions.
fn layered(
    io: Server,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    ServiceBuilder::new()
        .map_request(|request: Request<Incoming>| {
            println!("{} {}", request.method(), request.uri().path());
            request
        })
        .map_response(|mut response: Response<Body>| {
            let name = HeaderValue::from_static("socketio");
            response.headers_mut().insert("x-served-by", name);
            response
        })
        .service(io)
}
