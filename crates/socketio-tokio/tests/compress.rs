//! Events that say whether they are worth compressing, over polling.
#![cfg(all(feature = "compression", feature = "server"))]

mod support;

use socketio_tokio::Server;
use support::{http, serve};

#[tokio::test]
async fn what_is_not_worth_it_is_not_compressed() {
    let io = Server::builder().build();
    let address = serve(&io).await;
    let base = "/socket.io/?EIO=4&transport=polling";
    let (_, _, handshake) = http(address, "GET", base, "", "").await;
    let handshake: serde_json::Value = serde_json::from_slice(&handshake[1..]).unwrap();
    let target = format!("{base}&sid={}", handshake["sid"].as_str().unwrap());
    let poll = async || {
        let (_, head, _) = http(address, "GET", &target, "Accept-Encoding: gzip\r\n", "").await;
        head.to_lowercase().contains("content-encoding: gzip")
    };
    http(address, "POST", &target, "", "40").await;
    poll().await;
    let text = "compress me ".repeat(1000);
    let socket = io.of("/").sockets().remove(0);

    socket.emit("text", &text).unwrap();
    assert!(poll().await, "by itself");
    socket.compress(false).emit("text", &text).unwrap();
    assert!(!poll().await, "to one");
    io.of("/").compress(false).emit("text", &text).unwrap();
    assert!(!poll().await, "to all");
    io.of("/").compress(false).emit("text", &text).unwrap();
    socket.emit("text", &text).unwrap();
    assert!(poll().await, "one packet that is worth it is enough");
}
