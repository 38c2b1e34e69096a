//! One namespace, as its owner holds it: what it says, and the way back.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::Serialize;
use socketio_proto::{Args, SocketId};

use crate::call::Call;
use crate::client::auth::IntoAuth;
use crate::client::command::Command;
use crate::client::error::BuildError;
use crate::client::item::{Event, Item};
use crate::client::manager::Client;
use crate::client::queue::Entry;
use crate::client::sender::{Sender, Volatile};
use crate::error::EmitError;
use crate::typed::Event as TypedEvent;

/// One namespace of a client: a stream of what happens there, and the way to the server.
///
/// Dropped, it leaves the namespace. The last one to be dropped, if no [`Client`] is left either,
/// ends the connection. What was emitted while it was connected is delivered, as long as the runtime
/// lives – [`Client::close`] waits for that –, and what still waits for a connection is void.
///
/// A server on Node.js ignores events that reach it in the same moment as the leave, whoever sends
/// them. Who has to be sure asks for an answer ([`call`](Self::call)) before.
///
/// ```no_run
/// use std::time::Duration;
///
/// use socketio_tokio::client::{Client, Item};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut chat = Client::builder("http://127.0.0.1:3000").connect("/").await?;
///
/// chat.emit("message", ("ada", "hello"))?;
/// let sum: i64 = chat.call("add", (2, 3)).timeout(Duration::from_secs(1)).await?;
///
/// while let Some(item) = chat.next().await {
///     if let Item::Event(event) = item {
///         println!("{}: {}", event.name(), event.args().json());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Socket {
    sender: Sender,
    items: Items,
}

/// What happens in a namespace: the reading half of a [`Socket`]. Dropped, it leaves the namespace.
#[derive(Debug)]
#[must_use = "dropped, it leaves the namespace"]
pub struct Items {
    sender: Sender,
    client: Client,
    detached: bool,
}

impl Drop for Items {
    fn drop(&mut self) {
        self.sender.0.queue.ignore();
        if !self.detached {
            // After the end there is nothing to leave.
            let _ended = self.sender.push(Command::Leave);
            self.client.shared().release(&self.sender.0.name);
        }
    }
}

impl Socket {
    pub(crate) fn new(sender: Sender, client: Client) -> Self {
        let items = Items {
            sender: sender.clone(),
            client,
            detached: false,
        };
        Self { sender, items }
    }

    /// The next item. `None` once the client has ended: it was closed, or has given up.
    pub async fn next(&mut self) -> Option<Item> {
        self.items.next().await
    }

    /// The next event; other items are passed over. `None` once the client has ended.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.items.next_event().await
    }

    /// Another handle to emit with, for other tasks.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// The client, for further namespaces over the same connection.
    pub fn client(&self) -> &Client {
        &self.items.client
    }

    /// Both halves.
    pub fn split(self) -> (Sender, Items) {
        (self.sender, self.items)
    }

    /// For those who have registered handlers for everything: stays in the namespace without
    /// anybody who reads items, until the client is [closed](Client::close).
    pub fn detach(mut self) -> Sender {
        let client = self.items.client.clone();
        // After the end there is nothing to stay in.
        let _ended = self.sender.push(Command::Detach(client));
        self.items.detached = true;
        self.sender
    }

    /// For those who have registered handlers for everything: waits until the namespace is not
    /// connected any more and does not come back by itself. Says why; `None` if the client has
    /// ended.
    pub async fn run(mut self) -> Option<Item> {
        loop {
            match self.next().await? {
                Item::Disconnected { reason, .. } if !reason.is_retried() => {
                    let retry_after = None;
                    return Some(Item::Disconnected {
                        reason,
                        retry_after,
                    });
                }
                end @ Item::Refused(_) => return Some(end),
                _ => {}
            }
        }
    }
}

/// What its [`Sender`] does.
impl Socket {
    /// As [`Sender::emit`].
    ///
    /// # Errors
    ///
    /// As [`Sender::emit`].
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        self.sender.emit(event, data)
    }

    /// As [`Sender::emit_event`].
    ///
    /// # Errors
    ///
    /// As [`Sender::emit`].
    pub fn emit_event<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.sender.emit_event(event)
    }

    /// As [`Sender::emit_args`].
    ///
    /// # Errors
    ///
    /// As [`Sender::emit`].
    pub fn emit_args(&self, event: &str, args: &Args) -> Result<(), EmitError> {
        self.sender.emit_args(event, args)
    }

    /// As [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::emit`].
    pub fn send(&self, data: impl Serialize) -> Result<(), EmitError> {
        self.sender.send(data)
    }

    /// As [`Sender::call`].
    pub fn call<R>(&self, event: &str, data: impl Serialize) -> Call<R> {
        self.sender.call(event, data)
    }

    /// As [`Sender::call_event`].
    pub fn call_event<E: TypedEvent + Serialize>(&self, event: &E) -> Call<E::Ack> {
        self.sender.call_event(event)
    }

    /// As [`Sender::volatile`].
    pub fn volatile(&self) -> Volatile<'_> {
        self.sender.volatile()
    }

    /// As [`Sender::drained`].
    pub async fn drained(&self) {
        self.sender.drained().await;
    }

    /// As [`Sender::queued_bytes`].
    pub fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// As [`Sender::id`].
    pub fn id(&self) -> Option<SocketId> {
        self.sender.id()
    }

    /// As [`Sender::is_connected`].
    pub fn is_connected(&self) -> bool {
        self.sender.is_connected()
    }

    /// As [`Sender::is_active`].
    pub fn is_active(&self) -> bool {
        self.sender.is_active()
    }

    /// As [`Sender::is_recovered`].
    pub fn is_recovered(&self) -> bool {
        self.sender.is_recovered()
    }

    /// As [`Sender::namespace`].
    pub fn namespace(&self) -> &str {
        self.sender.namespace()
    }

    /// As [`Sender::set_auth`].
    ///
    /// # Errors
    ///
    /// As [`Sender::set_auth`].
    pub fn set_auth<M>(&self, auth: impl IntoAuth<M>) -> Result<(), BuildError> {
        self.sender.set_auth(auth)
    }

    /// As [`Sender::disconnect`]. The stream goes on with [`Item::Disconnected`].
    pub fn disconnect(&self) {
        self.sender.disconnect();
    }

    /// As [`Sender::connect`].
    pub fn connect(&self) {
        self.sender.connect();
    }
}

impl Items {
    /// As [`Socket::next`].
    pub async fn next(&mut self) -> Option<Item> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// As [`Socket::next_event`].
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Item::Event(event) = self.next().await? {
                return Some(event);
            }
        }
    }

    fn poll_item(&self, cx: &Context<'_>) -> Poll<Option<Item>> {
        let sender = &self.sender;
        let entry = ready!(sender.0.queue.poll_pop(cx));
        Poll::Ready(entry.map(|entry| match entry {
            Entry::Event(args, reply) => Item::Event(Event::new(sender.clone(), args, reply)),
            Entry::Item(item) => item,
            Entry::Lagged(missed) => Item::Lagged { missed },
        }))
    }
}

impl Stream for Items {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.poll_item(cx)
    }
}

impl Stream for Socket {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.items.poll_item(cx)
    }
}
