//! The end of a server inside an axum application that shuts down gracefully.
#![cfg(feature = "axum")]

use std::time::Duration;

use socketio::{Namespace, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Sends a request on a connection of its own, and reads until the server closes it.
async fn request(
    address: std::net::SocketAddr,
    method: &str,
    query: &str,
    body: &str,
) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: localhost\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_graceful_shutdown_ends_though_clients_wait_for_events() {
    let io = Server::builder()
        .namespace(Namespace::<()>::new("/"))
        .build();
    let app: axum::Router = axum::Router::new().merge(socketio::axum::router(&io));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = io.clone();
    let serving = tokio::spawn(async move {
        let shutdown = async move {
            stopped.await.unwrap();
            // A client that does not poll again cannot be told: it is not waited for any longer.
            server.close().timeout(Duration::from_secs(1)).await;
        };
        axum::serve(listener, app)
            .with_graceful_shutdown(shutdown)
            .await
    });

    let handshake = request(address, "GET", "", "").await.unwrap();
    let sid = handshake.split("\"sid\":\"").nth(1).unwrap();
    let sid = format!("&sid={}", sid.split('"').next().unwrap());
    request(address, "POST", &sid, "40").await.unwrap();
    let admitted = request(address, "GET", &sid, "").await.unwrap();
    assert!(admitted.contains("40{"), "{admitted}");
    let waiting = tokio::spawn(async move { request(address, "GET", &sid, "").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    io.emit("last", "words").unwrap();
    stop.send(()).unwrap();

    let soon = Duration::from_secs(10);
    let last = tokio::time::timeout(soon, waiting)
        .await
        .expect("an answer");
    let last = last.unwrap().unwrap();
    assert!(last.contains(r#"42["last","words"]"#), "{last}");
    let served = tokio::time::timeout(Duration::from_secs(30), serving).await;
    served.expect("the application ends").unwrap().unwrap();
    assert!(request(address, "GET", "", "").await.is_err());
}
