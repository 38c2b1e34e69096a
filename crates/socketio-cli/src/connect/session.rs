//! A session: what was typed and what came, in the order in which it happens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, FuturesUnordered, SelectAll, StreamExt};
use socketio::CallError;
use socketio::client::{Client, Event, Item, Notice, Sender};
use socketio_parser::{Many, Value};

use super::command::{self, AutoReply, Command};
use super::input::{Done, Line, Terminal};
use super::questions::Questions;
use super::words::BadLine;
use crate::caret;
use crate::failure::Failure;
use crate::happening::{Form, Happening};
use crate::output;
use crate::peer;

/// One connection, its namespaces, and the person or program that types.
pub(super) struct Session {
    client: Client,
    form: Form,
    terminal: Terminal,
    /// How long to wait for an answer.
    pub(super) ack_timeout: Duration,
    /// Whether a connection that is lost comes back.
    pub(super) reconnects: bool,
    /// Where events go.
    current: String,
    namespaces: BTreeMap<String, Sender>,
    items: SelectAll<BoxStream<'static, (String, Item)>>,
    answers: FuturesUnordered<BoxFuture<'static, Answer>>,
    questions: Questions,
    auto_reply: AutoReply,
    /// Lines are read: for people at once, for programs when they can have an effect.
    is_ready: bool,
    lines: u64,
    /// A line of a program made no sense, or had no effect.
    is_spoiled: bool,
}

/// What has become of a call.
struct Answer {
    namespace: String,
    event: String,
    outcome: Result<Many<Value>, CallError>,
    took: Duration,
    /// The line that asked, if the next one waits for the answer.
    done: Option<Done>,
}

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    End,
    Next,
}

impl Session {
    pub(super) fn new(client: Client, form: Form, terminal: Terminal) -> Self {
        Self {
            client,
            form,
            is_ready: terminal.is_interactive,
            terminal,
            ack_timeout: Duration::from_secs(10),
            reconnects: true,
            current: String::new(),
            namespaces: BTreeMap::new(),
            items: SelectAll::new(),
            answers: FuturesUnordered::new(),
            questions: Questions::new(),
            auto_reply: AutoReply::Off,
            lines: 0,
            is_spoiled: false,
        }
    }

    /// Joins a namespace and follows both sides until one of them ends.
    pub(super) async fn run(mut self, namespace: &str, url: &str) -> Result<(), Failure> {
        if self.terminal.is_interactive {
            self.say(&format!("{url}: help lists the commands, quit leaves"))?;
        }
        self.go_to(namespace.to_owned())?;
        let result = self.follow().await;
        peer::leave(&self.client).await;
        result?;
        match self.is_spoiled {
            true => Err(Failure::Reported),
            false => Ok(()),
        }
    }

    async fn follow(&mut self) -> Result<(), Failure> {
        let mut notices = self.client.notices();
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            tokio::select! {
                Some(notice) = notices.next() => self.on_notice(&notice)?,
                item = self.items.next() => match item {
                    Some((namespace, item)) => self.on_item(&namespace, item)?,
                    None => return self.on_over().await,
                },
                Some(answer) = self.answers.next() => self.on_answer(answer)?,
                line = self.terminal.lines.recv(), if self.is_ready => {
                    let flow = match line {
                        Some(line) => self.on_line(line)?,
                        None => Flow::End,
                    };
                    if flow == Flow::End {
                        return Ok(());
                    }
                }
                _ = &mut interrupt => return Ok(()),
            }
        }
    }

    /// The client has ended, and will not come back.
    async fn on_over(&mut self) -> Result<(), Failure> {
        if self.terminal.is_interactive {
            // The editor has the terminal, and gives it back with the line.
            self.say("the connection is over: press Enter to leave")?;
            self.terminal.lines.recv().await;
        }
        Err(Failure::failed("the connection is over"))
    }

    fn on_notice(&mut self, notice: &Notice) -> Result<(), Failure> {
        match peer::notice(notice) {
            Some(happening) => self.show(None, &happening),
            None => Ok(()),
        }
    }

    fn on_item(&mut self, namespace: &str, item: Item) -> Result<(), Failure> {
        let happening = match item {
            Item::Event(event) => return self.on_event(namespace, event),
            item => peer::happening(&item),
        };
        let Some(happening) = happening else {
            return Ok(());
        };
        // Of the connection itself the notices tell, once for all namespaces.
        if !matches!(happening, Happening::ConnectFailed { .. }) {
            self.show(Some(namespace), &happening)?;
        }
        self.judge(happening)
    }

    fn on_event(&mut self, namespace: &str, event: Event) -> Result<(), Failure> {
        match (event.wants_reply(), self.auto_reply.clone()) {
            (false, _) => self.show(Some(namespace), &peer::event(&event, None)),
            (true, AutoReply::Off) => {
                let number = self.questions.upcoming();
                self.show(Some(namespace), &peer::event(&event, Some(number)))?;
                self.questions.keep(event);
                Ok(())
            }
            (true, AutoReply::With(values)) => {
                self.show(Some(namespace), &peer::event(&event, None))?;
                let replied = event.reply(Many(values));
                replied.or_else(|error| self.complain(&format!("not answered: {error}")))
            }
        }
    }

    /// A program must not wait for what will not come.
    fn judge(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Connected { .. } => self.is_ready = true,
            Happening::ConnectFailed { reason } if !self.is_ready && !self.reconnects => {
                return Err(Failure::failed(reason));
            }
            Happening::Refused { message, data } if !self.is_ready => {
                return Err(peer::refused(&message, data.as_ref()));
            }
            Happening::Refused { .. } if !self.terminal.is_interactive => self.is_spoiled = true,
            _ => {}
        }
        Ok(())
    }

    fn on_answer(&mut self, answer: Answer) -> Result<(), Failure> {
        let Answer {
            namespace,
            event,
            outcome,
            took,
            done,
        } = answer;
        let happening = match outcome {
            Ok(Many(args)) => Happening::Answer { event, args, took },
            Err(error) => {
                self.is_spoiled |= !self.terminal.is_interactive;
                let reason = error.to_string();
                Happening::NoAnswer { event, reason }
            }
        };
        self.show(Some(&namespace), &happening)?;
        if let Some(done) = done {
            done.next();
        }
        Ok(())
    }

    fn on_line(&mut self, line: Line) -> Result<Flow, Failure> {
        self.lines += 1;
        let command = match command::parse(&line.text) {
            Ok(command) => command,
            Err(error) => {
                self.complain_about(&line.text, &error)?;
                None
            }
        };
        match command {
            Some(Command::Quit) => return Ok(Flow::End),
            Some(Command::Ack { event, args }) => self.ask(event, args, line.done)?,
            Some(command) => {
                self.obey(command)?;
                line.done.next();
            }
            None => line.done.next(),
        }
        Ok(Flow::Next)
    }

    fn ask(&mut self, event: String, args: Vec<Value>, done: Done) -> Result<(), Failure> {
        if self.answers.len() >= MAX_CALLS {
            self.complain("too many calls wait for their answers")?;
            done.next();
            return Ok(());
        }
        let done = match self.terminal.is_interactive {
            true => {
                done.next();
                None
            }
            false => Some(done),
        };
        let Some(sender) = self.namespaces.get(&self.current) else {
            return Ok(());
        };
        let call = sender.call(&event, Many(args)).timeout(self.ack_timeout);
        let namespace = self.current.clone();
        let start = Instant::now();
        self.answers.push(Box::pin(async move {
            let outcome = call.await;
            let took = start.elapsed();
            Answer {
                namespace,
                event,
                outcome,
                took,
                done,
            }
        }));
        Ok(())
    }

    fn obey(&mut self, command: Command) -> Result<(), Failure> {
        let Some(sender) = self.namespaces.get(&self.current) else {
            return Ok(()); // there is one from the start
        };
        match command {
            Command::Emit {
                event,
                args,
                volatile,
            } => {
                let sent = match volatile {
                    true => sender.volatile().emit(&event, Many(args)),
                    false => sender.emit(&event, Many(args)),
                };
                sent.or_else(|error| self.complain(&format!("not sent: {error}")))
            }
            Command::Reply { number, args } => match self.questions.take(number) {
                Some(event) => event
                    .reply(Many(args))
                    .or_else(|error| self.complain(&format!("not answered: {error}"))),
                None => self.complain(&format!("no event waits for a reply {number}")),
            },
            Command::AutoReply(auto_reply) => {
                self.auto_reply = auto_reply;
                Ok(())
            }
            Command::Connect => {
                sender.connect();
                Ok(())
            }
            Command::Disconnect => {
                sender.disconnect();
                Ok(())
            }
            Command::Namespace(name) => self.go_to(name),
            Command::Namespaces => self.list(),
            Command::Status => self.status(),
            Command::Help => self.say(command::HELP),
            Command::Ack { .. } | Command::Quit => Ok(()), // not of this function
        }
    }

    /// Events go there from now on. If the client is not there yet, it joins.
    fn go_to(&mut self, namespace: String) -> Result<(), Failure> {
        if !self.namespaces.contains_key(&namespace) {
            if self.namespaces.len() >= MAX_NAMESPACES {
                return self.complain("too many namespaces");
            }
            let socket = match self.client.open(&namespace) {
                Ok(socket) => socket,
                Err(error) if self.namespaces.is_empty() => {
                    return Err(peer::build_failure(&error));
                }
                Err(error) => return self.complain(&error.to_string()),
            };
            let (sender, items) = socket.split();
            let name = namespace.clone();
            self.items
                .push(items.map(move |item| (name.clone(), item)).boxed());
            self.namespaces.insert(namespace.clone(), sender);
        }
        self.terminal
            .prompt
            .set(format!("{}> ", output::word(&namespace)));
        self.current = namespace;
        Ok(())
    }

    fn list(&mut self) -> Result<(), Failure> {
        let lines = self.namespaces.iter().map(|(name, sender)| {
            let here = if *name == self.current { "*" } else { " " };
            format!("{here} {}  {}", output::word(name), state(sender))
        });
        let lines: Vec<_> = lines.collect();
        self.say(&lines.join("\n"))
    }

    fn status(&mut self) -> Result<(), Failure> {
        let transport = self.client.transport().map(|transport| transport.as_str());
        let Some(sender) = self.namespaces.get(&self.current) else {
            return Ok(());
        };
        let id = sender.id().map(|id| id.to_string());
        let queued = sender.queued_bytes() as u64;
        let text = match self.form {
            Form::Json => output::json(&Value::from_iter([
                ("type", Value::from("status")),
                ("namespace", self.current.as_str().into()),
                ("transport", transport.into()),
                ("state", state(sender).into()),
                ("id", id.into()),
                ("queued_bytes", queued.into()),
                ("unanswered", (self.answers.len() as u64).into()),
            ])),
            Form::Lines(_) => format!(
                "{} {}{}, {}; {queued} bytes to be sent, {} answers to come",
                output::word(&self.current),
                state(sender),
                id.map(|id| format!(" as {}", output::word(&id)))
                    .unwrap_or_default(),
                transport.map_or("no transport".into(), |transport| format!(
                    "over {transport}"
                )),
                self.answers.len(),
            ),
        };
        self.terminal.printer.print(&text)
    }

    fn show(&mut self, namespace: Option<&str>, happening: &Happening) -> Result<(), Failure> {
        // With one namespace people know where they are.
        let is_worth_it = self.form == Form::Json || self.namespaces.len() > 1;
        let namespace = namespace.filter(|_| is_worth_it);
        self.terminal
            .printer
            .print(&self.form.line(happening, namespace))
    }

    /// Something for people: not among the lines of JSON.
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        match (self.form, self.terminal.is_interactive) {
            (Form::Lines(_), _) | (_, true) => self.terminal.printer.print(text),
            (Form::Json, false) => {
                eprintln!("{text}");
                Ok(())
            }
        }
    }

    fn complain_about(&mut self, text: &str, error: &BadLine) -> Result<(), Failure> {
        if !self.terminal.is_interactive {
            return self.complain(&format!("{} at byte {}", error.message, error.offset));
        }
        let [line, caret] = caret::under(text, error.offset);
        let message = output::one_line(&error.message);
        self.terminal
            .printer
            .print(&format!("  {line}\n  {caret} {message}"))
    }

    /// People are told; to programs it is an error, with the number of its line.
    fn complain(&mut self, message: &str) -> Result<(), Failure> {
        let message = output::one_line(message);
        match self.terminal.is_interactive {
            true => self.terminal.printer.print(&message),
            false => {
                self.is_spoiled = true;
                eprintln!("sio: line {}: {message}", self.lines);
                Ok(())
            }
        }
    }
}

/// How a namespace is doing.
fn state(sender: &Sender) -> &'static str {
    match (sender.is_connected(), sender.is_active()) {
        (true, _) => "connected",
        (false, true) => "connecting",
        (false, false) => "disconnected",
    }
}

/// How many calls may wait for answers.
const MAX_CALLS: usize = 256;
/// How many namespaces may be joined.
const MAX_NAMESPACES: usize = 100;
