//! The way to the server, as any number of tasks hold it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use socketio_proto::client::Emit;
use socketio_proto::{Args, EncodeError, Encoded, SocketId};

use crate::call::Call;
use crate::client::auth::IntoAuth;
use crate::client::command::Command;
use crate::client::error::BuildError;
use crate::client::member::Member;
use crate::error::EmitError;
use crate::outgoing::Outgoing;
use crate::typed::{AsArguments, Event};

/// Emits in one namespace.
///
/// A cheap handle: clones are the same, and keeping one keeps nothing connected – the
/// [`Socket`](crate::client::Socket) does. Emits return at once; the client's own task writes.
#[derive(Clone)]
pub struct Sender(pub(crate) Arc<Member>);

impl Sender {
    /// Emits an event, now or as soon as the namespace is connected again.
    ///
    /// A tuple is several arguments, `()` none, anything else one. `Bytes` anywhere inside becomes
    /// a binary attachment. Events of one namespace arrive in the order in which they were emitted.
    ///
    /// # Errors
    ///
    /// [`EmitError::Full`] when `buffer_limit` bytes wait, [`EmitError::NotConnected`] after the
    /// namespace was left or the client refused, [`EmitError::Encode`] if the value or the name
    /// cannot be sent.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        self.emit_packet(self.packet(event, &data)?, Emit::default())
    }

    /// Emits a typed event; see [`Event`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_event<E: Event + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.emit(E::NAME, AsArguments(event))
    }

    /// Emits an event whose arguments are passed on as they were received.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        let packet = self.0.parser.forward(&self.0.name, event, args)?;
        self.emit_packet(packet, Emit::default())
    }

    /// Emits `message`, the event of [js `socket.send`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn send(&self, data: impl Serialize) -> Result<(), EmitError> {
        self.emit("message", data)
    }

    /// An event that expects an answer: await it. `R` is the type of the answer.
    ///
    /// Dropped before the answer is here, the answer is ignored.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(chat: socketio_tokio::client::Sender) -> Result<(), socketio_tokio::CallError> {
    /// let sum: i64 = chat.call("add", (2, 3)).timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<R>(&self, event: &str, data: impl Serialize) -> Call<R> {
        self.ask(Args::event(event, &data))
    }

    /// A typed event and its answer; see [`Event`].
    pub fn call_event<E: Event + Serialize>(&self, event: &E) -> Call<E::Ack> {
        self.call(E::NAME, AsArguments(event))
    }

    /// An emit that is dropped if it cannot leave at once.
    ///
    /// ```no_run
    /// # fn example(game: socketio_tokio::client::Sender) -> Result<(), socketio_tokio::EmitError> {
    /// game.volatile().emit("position", (1, 2))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn volatile(&self) -> Volatile<'_> {
        Volatile(self)
    }

    /// Waits until nothing that was emitted here waits any more, or the namespace was left for
    /// good. While the client is offline, that is when it is back.
    pub async fn drained(&self) {
        self.0.outbox.drained().await;
    }

    /// The bytes that wait for the server: those of this namespace, and what the connection has not
    /// written yet.
    pub fn queued_bytes(&self) -> usize {
        self.0.outbox.queued_bytes()
    }

    /// The client's public id in this namespace. `None` unless it is connected.
    pub fn id(&self) -> Option<SocketId> {
        self.0.id()
    }

    /// Whether the namespace is connected.
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    /// Whether the namespace is connected, or will be by itself as soon as that is possible. Not
    /// after a refusal, or when either side has left on purpose: [`connect`](Self::connect) changes
    /// that.
    pub fn is_active(&self) -> bool {
        self.0.is_active()
    }

    /// Whether the client is connected and goes on where an earlier connection left off: same id,
    /// same rooms, nothing missing.
    pub fn is_recovered(&self) -> bool {
        self.0.is_recovered()
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.0.name.as_str()
    }

    /// What the client says about itself from the next attempt on; see
    /// [`Builder::auth`](crate::client::Builder::auth).
    ///
    /// # Errors
    ///
    /// [`BuildError::InvalidAuth`] for a value that is not a JSON object, [`BuildError::Closed`]
    /// after the end.
    pub fn set_auth<M>(&self, auth: impl IntoAuth<M>) -> Result<(), BuildError> {
        let source = auth.into_source()?;
        let pushed = self.push(Command::SetAuth(source));
        pushed.map_err(|_| BuildError::Closed)
    }

    /// Leaves the namespace, until [`connect`](Self::connect). What was emitted before is delivered
    /// if the namespace is connected; else it waits for the next time.
    ///
    /// A server on Node.js ignores events that reach it in the same moment as the leave, whoever
    /// sends them. Who has to be sure asks for an answer ([`call`](Self::call)) before.
    pub fn disconnect(&self) {
        self.0.set_active(false);
        // After the end there is nothing to leave.
        let _ended = self.push(Command::Disconnect);
    }

    /// Asks to be let in again, after a refusal or the end of the namespace by either side.
    /// Otherwise it changes nothing: the client comes back by itself.
    pub fn connect(&self) {
        if self.push(Command::Connect).is_ok() {
            self.0.set_active(true);
        }
    }

    /// Hands something to the client's task.
    pub(crate) fn push(&self, command: Command) -> Result<(), EmitError> {
        self.0.outbox.push(command)
    }

    fn packet<T: Serialize>(&self, event: &str, data: &T) -> Result<Encoded, EncodeError> {
        self.0.parser.event(&self.0.name, event, data)
    }

    fn emit_packet(&self, packet: Encoded, emit: Emit) -> Result<(), EmitError> {
        if !emit.volatile {
            self.0.check()?;
        }
        if !self.0.routes.any_outgoing.is_empty() {
            self.show_outgoing(packet.args());
        }
        match self.push(Command::Emit(packet, emit)) {
            Err(EmitError::Full) if emit.volatile => Ok(()),
            outcome => outcome,
        }
    }

    fn ask<R>(&self, args: Result<Args, EncodeError>) -> Call<R> {
        let sender = self.clone();
        Call::new(move |within, asker| {
            let args = args?;
            sender.0.check()?;
            sender.show_outgoing(Some(args.clone()));
            sender.push(Command::Call {
                args,
                within,
                asker,
            })
        })
    }

    fn show_outgoing(&self, args: Option<Args>) {
        if let Some(outgoing) = args.map(Outgoing::new) {
            for see in &self.0.routes.any_outgoing {
                see(self, &outgoing);
            }
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("namespace", &self.namespace())
            .field("id", &self.id())
            .finish()
    }
}

/// An emit that is dropped if it cannot leave at once: while the namespace is not connected, or as
/// long as earlier packets are still being written.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is sent until something is emitted"]
pub struct Volatile<'a>(&'a Sender);

impl Volatile<'_> {
    /// As [`Sender::emit`]; that it was dropped is not an error.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`] if the value or the name cannot be sent, [`EmitError::NotConnected`]
    /// when the client has ended.
    pub fn emit(self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        let emit = Emit {
            volatile: true,
            ..Emit::default()
        };
        self.0.emit_packet(self.0.packet(event, &data)?, emit)
    }

    /// As [`Sender::emit_event`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_event<E: Event + Serialize>(self, event: &E) -> Result<(), EmitError> {
        self.emit(E::NAME, AsArguments(event))
    }

    /// As [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn send(self, data: impl Serialize) -> Result<(), EmitError> {
        self.emit("message", data)
    }
}
