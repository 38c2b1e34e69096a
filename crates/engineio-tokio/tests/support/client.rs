//! A client whose every step a test sees.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use engineio_tokio::{
    Application,
    client::{Dialer, Failure, Options, drive},
    proto::{
        CloseReason, Ids, Message, Timestamp, TransportKind,
        client::{Config, Event, Session},
    },
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Gate, within};

pub type Command = Box<dyn FnOnce(&mut Session, Timestamp) + Send>;

/// A client that is being driven.
pub struct Client {
    pub dialer: Dialer,
    pub gate: Arc<Gate>,
    pub task: JoinHandle<()>,
    events: mpsc::UnboundedReceiver<Event>,
    commands: mpsc::UnboundedSender<Command>,
    polls: Arc<AtomicUsize>,
}

impl Client {
    /// Connects over the transports in this order.
    pub fn connect(url: &str, options: Options, transports: &[TransportKind]) -> Self {
        let mut config = Config::default();
        config.transports = transports.to_vec();
        Self::with(url, options, &config)
    }

    pub fn with(url: &str, options: Options, config: &Config) -> Self {
        Self::over(Dialer::new(url, options).unwrap(), config)
    }

    pub fn over(dialer: Dialer, config: &Config) -> Self {
        let (told, events) = mpsc::unbounded_channel();
        let (commands, commanded) = mpsc::unbounded_channel();
        let gate = Arc::new(Gate::default());
        let application = ClientApplication {
            gate: Arc::clone(&gate),
            events: told,
            commands: commanded,
            closed: false,
        };
        let config = config.clone();
        let (driven, polls) = Counted::new(drive(dialer.clone(), move |now| {
            (Session::connect(&config, Ids::new(), now), application)
        }));
        Self {
            dialer,
            gate,
            task: tokio::spawn(driven),
            events,
            commands,
            polls,
        }
    }

    pub async fn event(&mut self) -> Event {
        within(self.events.recv())
            .await
            .expect("there are events left")
    }

    /// The next event that is not about the life of the session.
    pub async fn next(&mut self) -> Event {
        loop {
            match self.event().await {
                Event::Heartbeat => {}
                event => return event,
            }
        }
    }

    pub async fn opened(&mut self) {
        match self.next().await {
            Event::Opened(_) => {}
            other => panic!("not opened: {other:?}, {:?}", self.dialer.last_failure()),
        }
    }

    pub async fn upgraded(&mut self) {
        match self.next().await {
            Event::Upgraded => {}
            other => panic!("not upgraded: {other:?}, {:?}", self.dialer.last_failure()),
        }
    }

    pub async fn text(&mut self) -> String {
        match self.message().await {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) => panic!("not text: {bytes:?}"),
        }
    }

    pub async fn message(&mut self) -> Message {
        match self.next().await {
            Event::Message(message) => message,
            other => panic!("no message: {other:?}, {:?}", self.dialer.last_failure()),
        }
    }

    /// Whether nothing has been heard that has not been asked for.
    pub fn has_heard_nothing(&self) -> bool {
        self.events.is_empty()
    }

    /// Reads up to the end.
    pub async fn closed(&mut self) -> CloseReason {
        loop {
            if let Event::Closed(reason) = self.event().await {
                return reason;
            }
        }
    }

    /// How a session ended that should, and why.
    pub async fn failure(&mut self) -> Failure {
        self.closed().await;
        self.dialer.last_failure().expect("there is a failure")
    }

    pub fn command(&self, command: impl FnOnce(&mut Session, Timestamp) + Send + 'static) {
        let sent = self.commands.send(Box::new(command));
        sent.map_err(drop).expect("the client lives");
    }

    pub fn send(&self, message: impl Into<Message>) {
        let message = message.into();
        self.command(move |session, _| session.send(message).expect("there is room"));
    }

    /// Says something and hears it.
    pub async fn echo(&mut self, text: &'static str) {
        self.send(text);
        assert_eq!(self.text().await, text);
    }

    /// Leaves, and waits until everything has left.
    pub async fn leave(mut self) {
        self.command(Session::close);
        assert_eq!(self.closed().await, CloseReason::Forced);
        within(self.task).await.unwrap();
    }

    /// How often the task has been woken.
    pub fn polls(&self) -> usize {
        self.polls.load(Ordering::SeqCst)
    }
}

struct ClientApplication {
    gate: Arc<Gate>,
    events: mpsc::UnboundedSender<Event>,
    commands: mpsc::UnboundedReceiver<Command>,
    closed: bool,
}

impl Application<Session> for ClientApplication {
    fn on_event(&mut self, _session: &mut Session, _now: Timestamp, event: Event) {
        self.closed |= matches!(event, Event::Closed(_));
        let _ = self.events.send(event);
    }

    fn poll(&mut self, cx: &mut Context<'_>, session: &mut Session, now: Timestamp) -> Poll<()> {
        self.gate.register(cx.waker());
        match self.commands.poll_recv(cx) {
            Poll::Ready(Some(command)) => {
                command(session, now);
                Poll::Ready(())
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn is_reading(&self) -> bool {
        !self.gate.is_shut()
    }

    fn is_finished(&self) -> bool {
        self.closed
    }
}

/// Counts how often a future is polled.
pub struct Counted<F> {
    polls: Arc<AtomicUsize>,
    future: Pin<Box<F>>,
}

impl<F> Counted<F> {
    pub fn new(future: F) -> (Self, Arc<AtomicUsize>) {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Self {
            polls: Arc::clone(&polls),
            future: Box::pin(future),
        };
        (counted, polls)
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        self.future.as_mut().poll(cx)
    }
}
