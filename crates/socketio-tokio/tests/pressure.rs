//! Clients that read too little, servers that say too much, handlers that misbehave: bounds hold,
//! and whoever does nothing wrong notices nothing.
#![cfg(feature = "server")]

mod support;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socketio_tokio::{Data, Namespace, Server, Socket};
use support::{Client, http, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// A WebSocket of bare bytes, for what a well-behaved library would not send.
async fn raw_websocket(address: SocketAddr, query: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\nHost: localhost\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    stream
}

/// A small frame of a client, masked with zeros.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// Writes the same frame again and again and reads nothing. The server must stop reading before
/// it has read more than a few kernel buffers.
async fn assert_that_a_flood_is_stopped(mut stream: TcpStream, frame: &[u8]) {
    let block = frame.repeat(65_536 / frame.len());
    let mut sent = 0;
    // Stopped, or cut off: both bound what it costs.
    while let Ok(Ok(())) =
        tokio::time::timeout(Duration::from_secs(1), stream.write_all(&block)).await
    {
        sent += block.len();
        assert!(sent < 20_000_000, "{sent} bytes were read");
    }
}

#[tokio::test]
async fn whoever_sends_control_frames_has_to_read_the_answers() {
    let address = serve(&Server::builder().build()).await;
    let stream = raw_websocket(address, "").await;
    assert_that_a_flood_is_stopped(stream, &frame(9, &[b'x'; 100])).await;
}

#[tokio::test]
async fn whoever_tries_a_second_transport_has_to_read_the_answers() {
    let address = serve(&Server::builder().build()).await;
    let polling = "/socket.io/?EIO=4&transport=polling";
    let (_, _, body) = http(address, "GET", polling, "", "").await;
    let json: serde_json::Value = serde_json::from_slice(&body[1..]).unwrap();
    let query = format!("&sid={}", json["sid"].as_str().unwrap());
    let stream = raw_websocket(address, &query).await;
    assert_that_a_flood_is_stopped(stream, &frame(1, b"2probe")).await;
}

#[tokio::test]
async fn a_packet_larger_than_the_buffer_reaches_a_client_that_has_read_everything() {
    let io = Server::builder().max_buffer_size(1_000).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    for _ in 0..3 {
        io.emit("big", "x".repeat(2_000)).unwrap();
        assert!(client.text().await.len() > 2_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_keeps_up_is_never_cut_off_however_busy_its_connection_is() {
    // It has no time to answer a heartbeat.
    let (limit, hour) = (20_000, Duration::from_secs(3_600));
    let io = Server::builder()
        .max_buffer_size(limit)
        .ping_interval(hour)
        .build();
    let address = serve(&io).await;
    let (mut reader, mut writer) = raw_websocket(address, "").await.into_split();
    writer.write_all(&frame(1, b"40")).await.unwrap();
    let mut greeting = Vec::new();
    while !greeting.windows(4).any(|bytes| bytes == b"40{\"") {
        greeting.push(reader.read_u8().await.unwrap());
    }
    // Events without a handler, without end: the connection's task never comes to rest.
    let flood = tokio::spawn(async move {
        let block = frame(1, br#"42["x"]"#).repeat(1_000);
        while writer.write_all(&block).await.is_ok() {}
    });
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..100 {
        io.emit("x", "x".repeat(1_000)).unwrap();
        let mut read = 0;
        while read < 1_000 {
            read += match reader.read(&mut buffer).await.unwrap() {
                0 => panic!("the server has closed the connection"),
                read => read,
            };
        }
    }
    flood.abort();
}

#[tokio::test]
async fn handlers_may_wait_for_answers_of_their_own_client() {
    let namespace = Namespace::new("/").on("e", async |socket: Socket| {
        socket.call::<i64>("confirm", ()).await
    });
    let io = Server::builder()
        .max_in_flight(2)
        .namespace(namespace)
        .build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"420["e"]"#).await;
    client.send(r#"421["e"]"#).await;
    assert_eq!(client.text().await, r#"420["confirm"]"#);
    assert_eq!(client.text().await, r#"421["confirm"]"#);
    client.send("431[7]").await;
    assert_eq!(client.text().await, "431[7]");
    client.send("430[8]").await;
    assert_eq!(client.text().await, "430[8]");
}

#[tokio::test]
async fn calls_that_nobody_waits_for_any_longer_do_not_disturb_the_others() {
    let namespace = Namespace::new("/").on("ask", async |socket: Socket| {
        for _ in 0..1_000 {
            let call = socket.call::<i64>("silence", ());
            let lost = tokio::time::timeout(Duration::ZERO, call.into_future()).await;
            assert!(lost.is_err());
        }
        socket.call::<i64>("number", ()).await
    });
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"427["ask"]"#).await;
    let id = loop {
        let question = client.text().await;
        let Some((id, "number\"]")) = question.split_once("[\"") else {
            continue;
        };
        break id.strip_prefix("42").unwrap().to_owned();
    };
    assert_eq!(id, "1000");
    client.send(&format!("43{id}[5]")).await;
    assert_eq!(client.text().await, "437[5]");
}

#[tokio::test]
async fn a_panic_in_on_error_ends_nothing() {
    let left = Arc::new(Notify::new());
    let told = Arc::clone(&left);
    let namespace = Namespace::new("/")
        .on("number", async |Data(number): Data<u8>| number)
        .on("echo", async |Data(value): Data<serde_json::Value>| value)
        .on_error(|_, _| panic!("on purpose"))
        .on_disconnect(move || {
            let told = Arc::clone(&told);
            async move { told.notify_one() }
        });
    let io = Server::builder().namespace(namespace).build();
    let (mut client, _) = Client::join(serve(&io).await, "/").await;
    client.send(r#"42["number","none"]"#).await;
    client.assert_alive().await;
    drop(client);
    tokio::time::timeout(Duration::from_secs(10), left.notified())
        .await
        .expect("on_disconnect");
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let address = serve(&Server::builder().build()).await;
    for path in [
        "/",
        "/foo?EIO=4&transport=polling",
        "/socket.io?EIO=4&transport=polling",
    ] {
        assert_eq!(http(address, "GET", path, "", "").await.0, 404, "{path}");
    }
}
