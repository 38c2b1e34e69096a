//! The server for the public Socket.IO protocol suite, on the port that `PORT` names, otherwise 3000.
//! With `--legacy` it serves clients of Socket.IO 1 and 2, too.

use std::error::Error;

use tokio::net::TcpListener;

// One thread, so that requests are served in the order in which they arrive: the suites count on it.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("localhost", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let app = if std::env::args().any(|argument| argument == "--legacy") {
        interop::conformance::socketio_legacy()
    } else {
        interop::conformance::socketio()
    };
    Ok(axum::serve(listener, app).await?)
}
