//! A client that has nothing to do does nothing.
#![cfg(all(feature = "client", feature = "server"))]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use engineio_tokio::{
    Application, Options as ServerOptions,
    client::{Dialer, Options, drive},
    proto::{
        Ids, Machine, Output, Timestamp,
        TransportKind::{Polling, WebSocket},
        client::{Config, Event, Input, Io, Session},
    },
};
use support::{
    Host,
    client::{Client, Counted},
    network::{Reply, Script, answer, read_head},
    within,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

/// A second in which nothing should happen.
async fn polls_within_a_second(client: &Client) -> usize {
    let before = client.polls();
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.polls() - before
}

#[tokio::test]
async fn an_idle_session_over_polling_rests() {
    let host = Host::silent(ServerOptions::default()).await;
    let mut client = Client::connect(&host.url(), Options::default(), &[Polling]);
    client.opened().await;
    client.send("one post");
    host.peer_soon().await.text().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(polls_within_a_second(&client).await <= 2);
}

#[tokio::test]
async fn an_idle_session_over_a_web_socket_rests() {
    for transports in [&[WebSocket][..], &[Polling, WebSocket]] {
        let host = Host::silent(ServerOptions::default()).await;
        let mut client = Client::connect(&host.url(), Options::default(), transports);
        client.opened().await;
        if transports.len() == 2 {
            client.upgraded().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(polls_within_a_second(&client).await <= 2);
    }
}

#[tokio::test]
async fn a_dial_that_takes_long_rests() {
    let script = Script::run(|_| Reply::Silence).await;
    for transport in [Polling, WebSocket] {
        let client = Client::connect(&script.url(), Options::default(), &[transport]);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(polls_within_a_second(&client).await <= 2);
    }
}

/// A hundred wakes of a session take a hundred polls or so, not more and more of them.
#[tokio::test]
async fn a_message_costs_a_few_polls() {
    for transport in [Polling, WebSocket] {
        let host = Host::echo(ServerOptions::default()).await;
        let mut client = Client::connect(&host.url(), Options::default(), &[transport]);
        client.opened().await;
        client.echo("hello").await;
        let before = client.polls();
        for _ in 0..100 {
            client.echo("hello").await;
        }
        let polls = client.polls() - before;
        assert!(polls <= 1000, "{transport:?}: {polls}");
    }
}

/// An application that does not read: nothing is taken in, nothing spins, what is said still
/// leaves, and nothing is lost.
#[tokio::test]
async fn an_application_that_does_not_read_rests_and_loses_nothing() {
    for transport in [Polling, WebSocket] {
        let host = Host::silent(ServerOptions::default()).await;
        let mut client = Client::connect(&host.url(), Options::default(), &[transport]);
        client.opened().await;
        let mut peer = host.peer_soon().await;
        client.gate.shut();
        // Wakes it, so that it notices.
        client.command(|_, _| {});
        client.send("still speaking");
        assert_eq!(peer.text().await, "still speaking");
        for n in 0..50 {
            peer.send(n.to_string().as_str().into());
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(polls_within_a_second(&client).await <= 2, "{transport:?}");
        client.send("and again");
        assert_eq!(peer.text().await, "and again");
        assert!(client.has_heard_nothing());
        client.gate.open();
        for n in 0..50 {
            assert_eq!(client.text().await, n.to_string());
        }
        client.leave().await;
    }
}

/// A machine whose sessions follow each other, with a pause between them.
struct Stubborn {
    session: Session,
    config: Config,
    pause: Duration,
    now: Timestamp,
    next: Option<Timestamp>,
}

impl Stubborn {
    fn new(config: Config, pause: Duration, now: Timestamp) -> Self {
        Self {
            session: Session::connect(&config, Ids::new(), now),
            config,
            pause,
            now,
            next: None,
        }
    }
}

impl Machine for Stubborn {
    type Input = Input;
    type Io = Io;
    type Event = Event;

    fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = now;
        self.session.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.now = now;
        self.session.handle_timeout(now);
        if self.next.take_if(|next| *next <= now).is_some() {
            let fresh = Session::connect(&self.config, Ids::new(), now);
            let ids = std::mem::replace(&mut self.session, fresh).into_ids();
            self.session = Session::connect(&self.config, ids, now);
        }
    }

    fn poll_output(&mut self) -> Option<Output<Io, Event>> {
        let output = self.session.poll_output();
        if let Some(Output::Event(Event::Closed(_))) = output {
            self.next = Some(self.now + self.pause);
        }
        output
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        self.next.or(self.session.next_timeout())
    }

    fn is_closed(&self) -> bool {
        false
    }
}

struct Listener(mpsc::UnboundedSender<Event>);

impl Application<Stubborn> for Listener {
    fn on_event(&mut self, _machine: &mut Stubborn, _now: Timestamp, event: Event) {
        let _ = self.0.send(event);
    }

    fn poll(&mut self, _: &mut Context<'_>, _: &mut Stubborn, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn is_between_sessions(&self, machine: &Stubborn) -> bool {
        machine.next.is_some()
    }

    fn is_finished(&self) -> bool {
        false
    }
}

/// Drives sessions one after the other, and tells how often it was polled.
fn persist(
    url: &str,
    config: Config,
    pause: Duration,
) -> (mpsc::UnboundedReceiver<Event>, Arc<AtomicUsize>) {
    let dialer = Dialer::new(url, Options::default()).unwrap();
    let (events, received) = mpsc::unbounded_channel();
    let driven = drive(dialer, move |now| {
        (Stubborn::new(config, pause, now), Listener(events))
    });
    let (counted, polls) = Counted::new(driven);
    tokio::spawn(counted);
    (received, polls)
}

#[tokio::test]
async fn a_client_between_two_sessions_rests() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (mut events, polls) = persist(&url, Config::default(), Duration::from_secs(60));
    assert!(matches!(
        within(events.recv()).await,
        Some(Event::Closed(_))
    ));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = polls.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(polls.load(Ordering::SeqCst) - before <= 2);
}

#[tokio::test]
async fn sessions_follow_each_other_over_the_same_wire() {
    let mut config = Config::default();
    for transports in [vec![Polling], vec![WebSocket], vec![Polling, WebSocket]] {
        let host = Host::echo(ServerOptions::default()).await;
        config.transports = transports;
        let (mut events, _) = persist(&host.url(), config.clone(), Duration::from_millis(10));
        for _ in 0..3 {
            loop {
                match within(events.recv()).await.unwrap() {
                    Event::Opened(_) => break,
                    Event::Closed(reason) => panic!("{reason:?}"),
                    _ => {}
                }
            }
            host.peer_soon().await.command(|session, _| session.abort());
            while !matches!(within(events.recv()).await, Some(Event::Closed(_))) {}
        }
    }
}

/// [eio4 § HTTP long-polling] A poll that nobody waits for any more is not left to the server.
#[tokio::test]
async fn a_poll_is_dropped_with_its_session() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut config = Config::default();
    config.transports = vec![Polling];
    let (mut events, _) = persist(&url, config, Duration::from_secs(3600));
    let (mut stream, _) = within(listener.accept()).await.unwrap();
    within(read_head(&mut stream)).await.unwrap();
    let open = r#"0{"sid":"s1","upgrades":[],"pingInterval":50,"pingTimeout":50}"#;
    let open = answer("200 OK", "", open);
    stream.write_all(&open).await.unwrap();
    assert!(
        within(read_head(&mut stream))
            .await
            .unwrap()
            .starts_with("GET")
    );
    // Nothing is said, so the session ends, but not the client.
    while !matches!(within(events.recv()).await, Some(Event::Closed(_))) {}
    assert_eq!(within(stream.read(&mut [0])).await.unwrap(), 0);
}
