//! That the network misbehaves as it is told to, before anybody is judged by it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use interop::proxy::{Cut, Proxy, Weather};
use interop::server::ANY_PORT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::within;

/// A server that says everything back, and a proxy before it.
async fn echo() -> Proxy {
    let listener = TcpListener::bind(SocketAddr::from(ANY_PORT))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = peer.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::start(address).await.expect("a proxy")
}

async fn dial(proxy: &Proxy) -> TcpStream {
    let url = proxy.url();
    let address = url.strip_prefix("http://").expect("a URL");
    TcpStream::connect(address).await.expect("a connection")
}

async fn say(stream: &mut TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.expect("written");
    let mut back = vec![0; text.len()];
    within("the echo", stream.read_exact(&mut back))
        .await
        .expect("read");
    String::from_utf8(back).expect("text")
}

#[tokio::test]
async fn in_fair_weather_everything_passes() {
    let proxy = echo().await;
    let mut stream = dial(&proxy).await;
    assert_eq!(say(&mut stream, "hello").await, "hello");
    assert_eq!((proxy.passed(), proxy.connections()), (10, 1));
    stream.shutdown().await.expect("said");
    let mut rest = Vec::new();
    assert_eq!(
        within("the end", stream.read_to_end(&mut rest))
            .await
            .expect("read"),
        0
    );
}

#[tokio::test]
async fn a_cut_comes_at_the_byte() {
    for (how, at) in [(Cut::Finished, 7), (Cut::Reset, 7), (Cut::Reset, 0)] {
        let proxy = echo().await;
        let mut stream = dial(&proxy).await;
        assert_eq!(say(&mut stream, "hello").await, "hello");
        proxy.cut_after(at, how);
        stream.write_all(b"world").await.expect("written");
        let mut rest = Vec::new();
        let end = within("the end", stream.read_to_end(&mut rest)).await;
        // A reset may throw away what has come before.
        match how {
            Cut::Finished => assert_eq!((end.expect("an end"), &rest[..]), (2, &b"wo"[..])),
            Cut::Reset => assert_eq!(end.expect_err("a reset").kind(), ErrorKind::ConnectionReset),
        }
        assert_eq!((proxy.passed(), proxy.will_cut()), (10 + at, false));
        assert_eq!(say(&mut dial(&proxy).await, "again").await, "again");
    }
}

#[tokio::test]
async fn what_is_swallowed_is_lost() {
    let proxy = echo().await;
    let mut stream = dial(&proxy).await;
    assert_eq!(say(&mut stream, "hello").await, "hello");
    for (swallow_up, swallow_down) in [(true, false), (false, true)] {
        proxy.set(Weather {
            swallow_up,
            swallow_down,
            ..Weather::default()
        });
        stream.write_all(b"lost").await.expect("written");
        let silence = timeout(Duration::from_millis(100), stream.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");
    }
    proxy.cut(Cut::Reset);
    within("the end", stream.read_u8()).await.expect_err("cut");
}

#[tokio::test]
async fn refused_is_refused() {
    let proxy = echo().await;
    proxy.set(Weather {
        refuse: true,
        ..Weather::default()
    });
    let mut stream = dial(&proxy).await;
    within("the end", stream.read_u8())
        .await
        .expect_err("refused");
}

#[tokio::test]
async fn everything_or_web_sockets_alone_may_take_long() {
    let long = Duration::from_millis(100);
    let upgrade = "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n";
    let weathers = [
        Weather {
            delay: long,
            ..Weather::default()
        },
        Weather {
            rate: Some(10),
            ..Weather::default()
        },
        Weather {
            websocket_delay: long,
            ..Weather::default()
        },
    ];
    for (weather, slow_poll) in weathers.into_iter().zip([true, true, false]) {
        let proxy = echo().await;
        proxy.set(weather);
        let mut stream = dial(&proxy).await;
        let begin = Instant::now();
        say(&mut stream, "POLL").await;
        assert!(!slow_poll || begin.elapsed() >= long);
        if !slow_poll {
            say(&mut stream, upgrade).await;
            assert!(begin.elapsed() >= long);
        }
    }
}
