//! How a server ends without cutting anybody off.
#![cfg(feature = "server")]

mod support;

use std::{sync::Arc, time::Duration};

use engineio_tokio::{AllowRequest, Options, Server, serve};
use support::{Answer, Host, TestAcceptor, within};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
};

const POLLING: &str = "EIO=4&transport=polling";
const WEB_SOCKET: &str = "EIO=4&transport=websocket";

#[tokio::test]
async fn a_closing_server_takes_nobody_new_and_serves_whom_it_has() {
    let host = Host::echo(Options::default()).await;
    let (sid, _peer) = host.open().await;
    host.server.close();
    assert!(host.server.is_closing());

    let mut stream = host.upgrade_request(WEB_SOCKET, &[]).await;
    for answer in [host.get(POLLING).await, Answer::read(&mut stream).await] {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.text(), "server is closing");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(host.post(&sid, "4hello").await.status, 200);
    assert_eq!(host.poll(&sid).await.text(), "4hello");
    let mut socket = host.web_socket(Some(&sid)).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
}

#[tokio::test]
async fn a_check_that_began_before_the_end_lets_nobody_in_behind_it() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut options = Options::default();
    options.allow_request = Some(AllowRequest::new({
        let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
        move |_| {
            asked.notify_one();
            let go_on = Arc::clone(&go_on);
            async move {
                go_on.notified().await;
                Ok(())
            }
        }
    }));
    let host = Host::silent(options).await;
    let target = format!("/engine.io/?{POLLING}");
    let mut stream = host.write_request("GET", &target, &[], b"").await;
    within(asked.notified()).await;
    let mut socket = host.upgrade_request(WEB_SOCKET, &[]).await;
    within(asked.notified()).await;
    host.server.close();
    within(host.server.sessions_ended()).await;
    go_on.notify_waiters();
    assert_eq!(Answer::read(&mut stream).await.status, 503);
    assert_eq!(Answer::read(&mut socket).await.status, 503);
    assert_eq!(host.server.session_count(), 0);
}

#[tokio::test]
async fn the_end_of_all_sessions_can_be_awaited() {
    let host = Host::silent(Options::default()).await;
    within(host.server.sessions_ended()).await;
    let (sid, polling) = host.open().await;
    let (mut socket, web_socket) = host.open_web_socket().await;

    let server = host.server.clone();
    let mut ended = tokio::spawn(async move { server.sessions_ended().await });
    polling.command(|session, _| session.abort());
    host.until_count(1).await;
    let early = tokio::time::timeout(Duration::from_millis(50), &mut ended).await;
    assert!(early.is_err(), "one session is left");
    web_socket.command(|session, now| {
        session.send("goodbye".into()).unwrap();
        session.close(now);
    });
    within(ended).await.unwrap();
    // What was said last has left by then.
    assert_eq!(socket.text().await, "4goodbye");
    assert_eq!(host.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_request_that_is_being_served_is_finished() {
    let (acceptor, mut peers) = TestAcceptor::new();
    let server = Server::new(Options::default(), acceptor);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = Host::at(listener.local_addr().unwrap(), server.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, server, async { drop(stopped.await) }));

    let sid = support::sid_of(&host.get(POLLING).await.text());
    let peer = peers.recv().await.unwrap();
    let target = format!("/engine.io/?{POLLING}&sid={sid}");
    let mut poll = host.write_request("GET", &target, &[], b"").await;
    let is_parked = async {
        let mut parked = false;
        while !parked {
            let (tell, told) = oneshot::channel();
            peer.command(move |session, _| tell.send(session.is_writable()).unwrap());
            parked = told.await.unwrap();
        }
    };
    within(is_parked).await;
    stop.send(()).unwrap();
    while TcpStream::connect(host.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!serving.is_finished());
    peer.send("late".into());
    assert_eq!(Answer::read(&mut poll).await.text(), "4late");
    within(serving).await.unwrap().unwrap();
}
