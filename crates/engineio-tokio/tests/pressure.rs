//! Peers that do not read, and applications that do not.
#![cfg(feature = "server")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use engineio_tokio::{
    Options,
    proto::{CloseReason, Message, SendError},
};
use support::{Host, within};
use tokio::net::TcpSocket;

/// The buffer fills up to its limit, then sending fails; another session notices nothing, and the
/// heartbeat ends the one that is stuck.
#[tokio::test]
async fn a_peer_that_does_not_read_costs_no_more_than_the_buffer() {
    let mut options = Options::default();
    options.engine.buffer_limit = 1_000_000;
    options.engine.ping_interval = Duration::from_secs(2);
    options.engine.ping_timeout = Duration::from_secs(1);
    let host = Host::echo(options).await;

    let small = TcpSocket::new_v4().unwrap();
    small.set_recv_buffer_size(4_096).unwrap();
    let stream = small.connect(host.address).await.unwrap();
    let mut stuck = host.web_socket_on(stream, None).await;
    stuck.text().await;
    let mut peer = host.peer();
    let (answer, queued) = tokio::sync::oneshot::channel();
    let block = Message::Binary(Bytes::from(vec![0; 100_000]));
    let mut answer = Some(answer);
    let commands = peer.commands.clone();
    let filling = tokio::spawn(async move {
        loop {
            let block = block.clone();
            let (done, full) = tokio::sync::oneshot::channel();
            let command: support::Command = Box::new(move |session, _| {
                let is_full = matches!(session.send(block), Err(SendError::Full(_)));
                let _ = done.send((is_full, session.queued_bytes()));
            });
            commands.send(command).map_err(drop).unwrap();
            if let Ok((true, bytes)) = full.await {
                let _ = answer.take().unwrap().send(bytes);
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    let queued = within(queued).await.unwrap();
    assert!((900_000..=1_100_000).contains(&queued), "{queued} bytes");
    filling.await.unwrap();

    let (mut other, _) = host.open_web_socket().await;
    other.send("4served").await;
    assert_eq!(other.text().await, "4served");
    assert_eq!(peer.closed().await, CloseReason::PingTimeout);
}

#[tokio::test]
async fn an_application_that_does_not_read_stops_the_web_socket_alone() {
    let host = Host::silent(Options::default()).await;
    let (mut socket, mut peer) = host.open_web_socket().await;
    socket.send("4first").await;
    assert_eq!(peer.text().await, "first");
    host.gate.shut();
    // A message may be on its way to a waiting read; the gate is asked behind it.
    peer.send(Message::Text("out".into()));
    assert_eq!(socket.text().await, "4out");

    for n in 0..10 {
        socket.send(format!("4{n}")).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(peer.events.is_empty(), "nothing is read");
    peer.send(Message::Text("still".into()));
    assert_eq!(socket.text().await, "4still", "writing goes on");

    host.gate.open();
    for n in 0..10 {
        assert_eq!(peer.text().await, n.to_string());
    }
}

#[tokio::test]
async fn time_goes_on_while_the_application_does_not_read() {
    let mut options = Options::default();
    options.engine.ping_interval = Duration::from_millis(50);
    options.engine.ping_timeout = Duration::from_millis(50);
    let host = Host::silent(options).await;
    let (mut socket, mut peer) = host.open_web_socket().await;
    host.gate.shut();
    peer.send(Message::Text("out".into()));
    while socket.text().await != "2" {}
    assert_eq!(peer.closed().await, CloseReason::PingTimeout);
}

/// A slow reader gets everything, in order, though its window is far smaller.
#[tokio::test]
async fn what_is_buffered_arrives_in_order() {
    let host = Host::silent(Options::default()).await;
    let (mut socket, peer) = host.open_web_socket().await;
    peer.command(|session, _| {
        for n in 0..2_000_u32 {
            let mut block = vec![0; 4_000];
            block[..4].copy_from_slice(&n.to_be_bytes());
            session.send(Message::Binary(block.into())).unwrap();
        }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    for n in 0..2_000_u32 {
        assert_eq!(socket.next().await.into_payload()[..4], n.to_be_bytes());
    }
}
