//! The server inside a hyper service that is written by hand, next to answers of its own.
//!
//! `cargo run -p socketio --example plain_hyper`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.emit("echo", "hello", (text) => console.log(text));
//! fetch("http://127.0.0.1:3000/health").then((answer) => answer.text()).then(console.log);
//! ```

use std::convert::Infallible;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio::{Body, Bytes, Data, Namespace, RemoteAddr, Server};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::new("/").on("echo", async |Data(text): Data<String>| text);
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        // Packets are small and written whole: waiting for more would only delay them.
        stream.set_nodelay(true)?;
        let io = io.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            // So that `handshake().address()` knows it.
            request.extensions_mut().insert(RemoteAddr(peer));
            let io = io.clone();
            async move { Ok::<_, Infallible>(answer(&io, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades(); // or there would be no WebSocket
        tokio::spawn(connection);
    }
}

async fn answer(io: &Server, request: Request<Incoming>) -> Response<Body> {
    match request.uri().path() {
        path if path.starts_with(io.path()) => io.respond(request).await,
        "/health" => {
            let clients = format!("{} clients\n", io.connection_count());
            Response::new(Bytes::from(clients).into())
        }
        _ => {
            let mut response = Response::new(Body::from("not here\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}
