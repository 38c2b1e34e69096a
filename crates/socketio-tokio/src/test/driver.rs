//! The task of a test client: carries frames between its machine and the server.

use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use engineio_tokio::InProcess;
use http::request::Parts;
use socketio_proto::client::{Auth, Client as Machine, Config, Credentials, Emit, Event, ReplyTo};
use socketio_proto::engine::client::{Input, Io};
use socketio_proto::engine::{Frame, TransportId, TransportKind};
use socketio_proto::{AckId, Args, Machine as _, Namespace as Name, Output, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Item;
use crate::error::CallError;
use crate::server::Server;

/// What a test wants of its client.
#[derive(Debug)]
pub(super) enum Command {
    Call(Args, Duration, oneshot::Sender<Result<Args, CallError>>),
    Cut,
    Emit(Args),
    Freeze,
    Leave,
    Reply(ReplyTo, Args),
}

/// Starts a client.
pub(super) fn start(
    server: Server,
    namespace: Name,
    auth: Option<Auth>,
) -> (
    mpsc::UnboundedSender<Command>,
    mpsc::UnboundedReceiver<Item>,
) {
    let (commands, wanted) = mpsc::unbounded_channel();
    let (told, items) = mpsc::unbounded_channel();
    let mut config = Config::default();
    config.engine.transports = vec![TransportKind::WebSocket];
    config.parser = server.parser();
    let origin = Instant::now();
    let now = Timestamp::from_millis(0);
    let mut machine = Machine::connect(config, SEED, now);
    machine.open(now, namespace.clone(), Credentials::from(auth));
    let driver = Driver {
        server,
        namespace,
        machine,
        origin,
        transport: None,
        frozen: false,
        calls: HashMap::new(),
        commands: commands.downgrade(),
        told,
    };
    tokio::spawn(driver.run(wanted));
    (commands, items)
}

struct Driver {
    server: Server,
    namespace: Name,
    machine: Machine,
    origin: Instant,
    transport: Option<(TransportId, InProcess)>,
    /// Whether the network swallows everything.
    frozen: bool,
    calls: HashMap<AckId, oneshot::Sender<Result<Args, CallError>>>,
    commands: mpsc::WeakUnboundedSender<Command>,
    told: mpsc::UnboundedSender<Item>,
}

/// What to do next.
enum Step {
    Command(Command),
    /// The test has dropped its client.
    Dropped,
    Input(Input),
    Time,
}

impl Driver {
    async fn run(mut self, mut wanted: mpsc::UnboundedReceiver<Command>) {
        loop {
            self.perform_outputs().await;
            if self.machine.is_closed() {
                return;
            }
            let now = self.now();
            match self.step(&mut wanted).await {
                Step::Command(command) => self.obey(command),
                Step::Dropped => self.machine.close(now),
                Step::Input(input) => self.machine.handle(self.now(), input),
                Step::Time => self.machine.handle_timeout(self.now()),
            }
        }
    }

    async fn step(&mut self, wanted: &mut mpsc::UnboundedReceiver<Command>) -> Step {
        let due = self.machine.next_timeout();
        let alarm = async {
            match due {
                Some(due) => {
                    let due = self.origin + Duration::from_millis(due.as_millis());
                    tokio::time::sleep_until(due).await;
                }
                None => pending().await,
            }
        };
        let (transport, frozen) = (&mut self.transport, self.frozen);
        tokio::select! {
            biased;
            input = next_input(transport, frozen) => Step::Input(input),
            command = wanted.recv(), if !wanted.is_closed() || !wanted.is_empty() => {
                command.map_or(Step::Dropped, Step::Command)
            }
            () = alarm => Step::Time,
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Call(args, within, answer) => {
                let asked = self
                    .machine
                    .emit_with_ack(now, &self.namespace, args, Some(within));
                match asked {
                    Ok(id) => drop(self.calls.insert(id, answer)),
                    Err(error) => drop(answer.send(Err(error.into()))),
                }
            }
            Command::Cut => {
                if let Some((transport, _)) = self.transport.take() {
                    self.machine.handle(now, Input::Broken { transport });
                }
            }
            Command::Emit(args) => {
                let name = args.event_name().unwrap_or_default();
                let packet =
                    self.server
                        .parser()
                        .forward(&self.namespace, &name, &args.without_name());
                if let Ok(packet) = packet {
                    // A client that has left says nothing any more.
                    let _left = self.machine.emit(now, &packet, Emit::default());
                }
            }
            Command::Freeze => self.frozen = true,
            Command::Leave => self.machine.disconnect(now, &self.namespace),
            Command::Reply(to, args) => {
                // Too late is too late.
                let _late = self.machine.reply(to, args);
            }
        }
    }

    async fn perform_outputs(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Io(io) => self.perform(io).await,
                Output::Event(event) => self.tell(event),
            }
        }
    }

    async fn perform(&mut self, io: Io) {
        match io {
            Io::Connect { transport, query } => {
                // Whoever dials anew has another network.
                self.frozen = false;
                let end = self.server.open_in_process(request(&query.to_string()));
                let input = match end.await {
                    Some(end) => {
                        self.transport = Some((transport, end));
                        Input::Opened { transport }
                    }
                    None => Input::Closed { transport },
                };
                self.machine.handle(self.now(), input);
            }
            Io::Frame { transport, frame } => self.send(transport, frame),
            Io::Close { transport } => {
                self.transport.take_if(|(own, _)| *own == transport);
            }
            // It was told to use WebSockets only.
            Io::Get { request, .. } | Io::Post { request, .. } => {
                self.machine.handle(self.now(), Input::Failed { request });
            }
        }
    }

    fn send(&mut self, transport: TransportId, frame: Frame) {
        if let Some((own, end)) = &mut self.transport
            && *own == transport
            && !self.frozen
        {
            end.send(frame);
        }
    }

    fn tell(&mut self, event: Event) {
        let item = match event {
            Event::Connected { sid, recovered, .. } => Item::Connected {
                id: sid.as_str().to_owned(),
                recovered,
            },
            Event::Refused { error, .. } => Item::Refused(error),
            Event::Disconnected { reason, .. } => Item::Disconnected(reason),
            Event::Event { args, reply, .. } => {
                let Some(commands) = self.commands.upgrade() else {
                    return;
                };
                Item::Event(super::Event {
                    args,
                    reply,
                    commands,
                })
            }
            Event::Acked { id, outcome, .. } => {
                if let Some(answer) = self.calls.remove(&id) {
                    drop(answer.send(outcome.map_err(CallError::from)));
                }
                return;
            }
            Event::AuthRequest(_)
            | Event::Ended(_)
            | Event::Error { .. }
            | Event::GaveUp
            | Event::Heartbeat
            | Event::Opened(_)
            | Event::Reconnecting { .. }
            | Event::Stopped
            | Event::Undelivered { .. }
            | Event::UpgradeFailed
            | Event::Upgraded => return,
        };
        // A test that is not interested any more has dropped its end.
        let _dropped = self.told.send(item);
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().as_millis();
        Timestamp::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }
}

/// The next thing that the transport has to say. Pending for ever without one.
async fn next_input(transport: &mut Option<(TransportId, InProcess)>, frozen: bool) -> Input {
    poll_fn(|cx| {
        let Some((id, end)) = transport else {
            return Poll::Pending;
        };
        let id = *id;
        if end.is_sending() {
            match end.poll_flush(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(Input::Flushed { transport: id }),
                Poll::Ready(Err(_)) | Poll::Pending => {}
            }
        }
        loop {
            match end.poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(_)) if frozen => {}
                Poll::Ready(None) if frozen => return Poll::Pending,
                Poll::Ready(Some(frame)) => {
                    return Poll::Ready(Input::Frame {
                        transport: id,
                        frame,
                    });
                }
                Poll::Ready(None) => {
                    *transport = None;
                    return Poll::Ready(Input::Closed { transport: id });
                }
            }
        }
    })
    .await
}

/// The head of the request that would have opened the WebSocket.
fn request(query: &str) -> Parts {
    let uri = format!("/socket.io/?{query}");
    let request = http::Request::get(uri).body(());
    let (parts, ()) = request.unwrap_or_default().into_parts();
    parts
}

/// The jitter of reconnects is the same in each test.
const SEED: u64 = 1;
