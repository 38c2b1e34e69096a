//! A chat for the browser: rooms, who is here, who is typing, pictures, history.
//!
//! `cargo xtask chat` fetches the official JavaScript client and starts it. Reading order: this
//! file, `events.rs` (what a visitor may do), `house.rs` (who is where).

mod entry;
mod events;
mod history;
mod house;
mod name;
mod page;
mod refusal;

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use socketio::Server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let io = Server::builder()
        .namespace(events::namespace())
        .serve_client(page::client()?)
        .build();
    let app = Router::new()
        .merge(page::routes())
        .merge(socketio::axum::router(&io));

    let listener = TcpListener::bind(("127.0.0.1", port()?)).await?;
    println!("http://{}", listener.local_addr()?);
    let interrupted = async move {
        let _ = tokio::signal::ctrl_c().await;
        io.close();
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(interrupted)
        .await?;
    Ok(())
}

fn port() -> Result<u16, String> {
    match std::env::var("PORT") {
        Ok(port) => port
            .parse()
            .map_err(|_| format!("PORT is not a port number: {port:?}")),
        Err(_) => Ok(3000),
    }
}
