//! The server for the public Engine.IO protocol suite, on the port that `PORT` names, otherwise 3000.
//! With `--legacy` it serves old clients, too: what the suite of today forbids and that of revision 3 asks for.

use std::error::Error;

use tokio::net::TcpListener;

// One thread, so that requests are served in the order in which they arrive: the suites count on it.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("localhost", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let app = if std::env::args().any(|argument| argument == "--legacy") {
        interop::conformance::engineio_legacy()
    } else {
        interop::conformance::engineio()
    };
    Ok(axum::serve(listener, app).await?)
}
