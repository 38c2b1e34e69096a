//! The server for the public Socket.IO protocol suite, on the port that `PORT` names, otherwise 3000.

use std::error::Error;

use tokio::net::TcpListener;

// One thread, so that requests are served in the order in which they arrive: the suites count on it.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("localhost", port)).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, interop::conformance::socketio()).await?)
}
