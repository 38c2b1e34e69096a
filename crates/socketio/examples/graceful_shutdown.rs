//! A graceful end: on ctrl-c no client is taken any more, and what is at work may finish.
//!
//! `cargo run -p socketio --example graceful_shutdown`, then in Node.js with `socket.io-client`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://127.0.0.1:3000");
//! socket.on("disconnect", (reason) => console.log(reason)); // `transport close`, then it tries again
//! socket.emit("work", 3); // press ctrl-c at the server within three seconds
//! ```

use std::time::Duration;

use socketio::{Data, DisconnectReason, Namespace, Server};
use tokio::net::TcpListener;
use tokio::signal;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let namespace = Namespace::new("/")
        .on("work", work)
        .on_disconnect(async |reason: DisconnectReason| println!("left: {reason}"));
    let io = Server::builder().namespace(namespace).build();

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);

    // Returns when the last handler is done, after ten seconds at most; `io.close().timeout(..)`
    // chooses another bound.
    io.serve(listener, interrupted()).await?;
    println!("good night");
    Ok(())
}

async fn interrupted() {
    if let Err(error) = signal::ctrl_c().await {
        eprintln!("cannot listen for ctrl-c: {error}");
        // Without the signal there is no graceful end, but the server can still serve.
        std::future::pending().await
    }
    println!("closing");
}

/// Something that must not be cut off in the middle. The client may be gone when it is done.
async fn work(Data(seconds): Data<f64>) {
    println!("work begins");
    tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 5.0))).await;
    println!("work is done");
}
