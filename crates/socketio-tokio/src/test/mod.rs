//! Testing an application without a network: clients in the same process.
//!
//! A [`Client`] talks to a [`Server`] as a real one does, packet by packet, through the same state
//! machines – but over channels instead of sockets. With tokio's paused clock
//! (`#[tokio::test(start_paused = true)]`) no test ever waits: heartbeats, timeouts and
//! reconnects happen at once.
//!
//! ```
//! use socketio_tokio::test::Client;
//! use socketio_tokio::{Data, Namespace, Server, Socket};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chat = Namespace::new("/")
//!     .on("join", async |socket: Socket, Data(room): Data<String>| socket.join(room))
//!     .on("say", async |socket: Socket, Data((room, text)): Data<(String, String)>| {
//!         socket.to(room).emit("said", text)
//!     });
//! let io = Server::builder().namespace(chat).build();
//!
//! let mut ada = Client::connect(&io, "/").await?;
//! let bob = Client::connect(&io, "/").await?;
//! ada.call::<()>("join", "lobby").await?;
//! bob.emit("say", ("lobby", "hello"))?;
//! assert_eq!(ada.expect::<String>("said").await, "hello");
//! # Ok(())
//! # }
//! ```

mod driver;

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::client::{Auth, DisconnectReason, ReplyTo};
use socketio_proto::{Args, ArgsError, ConnectError, EncodeError, Namespace as Name};
use tokio::sync::{mpsc, oneshot};

use self::driver::Command;
use crate::error::CallError;
use crate::server::Server;

/// A client in the same process. Dropped, it leaves.
///
/// It reconnects by itself as a real one does, and then picks up where it left off if the server
/// is set up for that.
#[derive(Debug)]
pub struct Client {
    namespace: Name,
    commands: mpsc::UnboundedSender<Command>,
    items: mpsc::UnboundedReceiver<Item>,
    /// Items that came before those in `items`.
    earlier: VecDeque<Item>,
}

/// What a client learns.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// The server has let it in, for the first time or again.
    Connected {
        /// Its public id.
        id: String,
        /// Whether it goes on where it was: same id, same rooms, nothing missing.
        recovered: bool,
    },
    /// The connection was lost, or either side has ended it.
    Disconnected(DisconnectReason),
    /// The server has emitted.
    Event(Event),
    /// The server has refused it, and it does not ask again.
    Refused(ConnectError),
}

/// An event from the server.
#[derive(Debug)]
pub struct Event {
    args: Args,
    reply: Option<ReplyTo>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Client {
    /// Connects to a namespace, and waits until it is let in.
    ///
    /// # Errors
    ///
    /// What the server refuses it with: `Invalid namespace`, or what middleware says.
    pub async fn connect(io: &Server, namespace: &str) -> Result<Self, ConnectError> {
        Self::start(io, namespace, None).await
    }

    /// The same, with something to say about itself: a value that is a JSON object.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// If `auth` is not an object.
    pub async fn connect_with<T: Serialize + ?Sized>(
        io: &Server,
        namespace: &str,
        auth: &T,
    ) -> Result<Self, ConnectError> {
        let auth = Auth::new(auth).unwrap_or_else(|error| panic!("auth: {error}"));
        Self::start(io, namespace, Some(auth)).await
    }

    async fn start(io: &Server, path: &str, auth: Option<Auth>) -> Result<Self, ConnectError> {
        let invalid = |_| ConnectError::new("Invalid namespace");
        let namespace = Name::new(path.to_owned()).map_err(invalid)?;
        let (commands, items) = driver::start(io.clone(), namespace.clone(), auth);
        let mut client = Self {
            namespace,
            commands,
            items,
            earlier: VecDeque::new(),
        };
        let mut earlier = VecDeque::new();
        while let Some(item) = client.next().await {
            match item {
                Item::Connected { .. } => {
                    client.earlier = earlier;
                    return Ok(client);
                }
                Item::Refused(error) => return Err(error),
                // What middleware emits comes before the door opens: kept for those who ask.
                Item::Disconnected(_) | Item::Event(_) => earlier.push_back(item),
            }
        }
        Err(ConnectError::new("the server takes no connections"))
    }

    /// Emits an event, now or as soon as it is connected again.
    ///
    /// # Errors
    ///
    /// If the value or the name cannot be sent.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EncodeError> {
        let args = Args::event(event, &data)?;
        self.command(Command::Emit(args));
        Ok(())
    }

    /// Emits an event and waits for the server's answer: 5 s at most.
    ///
    /// # Errors
    ///
    /// If there is none, or one of another type.
    pub async fn call<R: DeserializeOwned>(
        &self,
        event: &str,
        data: impl Serialize,
    ) -> Result<R, CallError> {
        let args = Args::event(event, &data).map_err(crate::EmitError::from)?;
        let (answer, answered) = oneshot::channel();
        self.command(Command::Call(args, PATIENCE, answer));
        let answer = answered.await.unwrap_or(Err(CallError::Disconnected))?;
        Ok(answer.to()?)
    }

    /// What happens next to this client. `None` once it has ended for good.
    pub async fn next(&mut self) -> Option<Item> {
        match self.earlier.pop_front() {
            Some(item) => Some(item),
            None => self.items.recv().await,
        }
    }

    /// The arguments of the next event, which has to have this name. Other items are passed over.
    ///
    /// # Panics
    ///
    /// If the next event has another name, if its arguments are of another type, or if none comes
    /// within a minute.
    pub async fn expect<T: DeserializeOwned>(&mut self, name: &str) -> T {
        let waited = tokio::time::timeout(A_MINUTE, self.next_event()).await;
        let event = waited.ok().flatten();
        let event = event.unwrap_or_else(|| panic!("no event came, {name:?} was expected"));
        assert_eq!(event.name(), name, "another event came: {:?}", event.args);
        let data = event.data();
        data.unwrap_or_else(|error| panic!("{name:?} has other arguments: {error}"))
    }

    /// The next event; other items are passed over. `None` once the client has ended for good.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Item::Event(event) = self.next().await? {
                return Some(event);
            }
        }
    }

    /// Breaks the connection, as a network does. The client notices and reconnects; the server
    /// notices, too.
    pub fn cut(&self) {
        self.command(Command::Cut);
    }

    /// Lets everything that is sent vanish, in both directions, as a network does that has not
    /// told anybody that it is broken. Only a heartbeat will tell.
    pub fn freeze(&self) {
        self.command(Command::Freeze);
    }

    /// Leaves the namespace. The client stays away until it is dropped.
    pub fn disconnect(&self) {
        self.command(Command::Leave);
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.namespace.as_str()
    }

    fn command(&self, command: Command) {
        // A client that has ended for good takes no commands.
        let _ended = self.commands.send(command);
    }
}

impl Event {
    /// Its name.
    pub fn name(&self) -> std::borrow::Cow<'_, str> {
        self.args.event_name().unwrap_or_default()
    }

    /// Its arguments, deserialised: a tuple takes several, anything else the first one.
    ///
    /// # Errors
    ///
    /// If they are of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ArgsError> {
        self.args.event_data()
    }

    /// Whether the server waits for an answer.
    pub fn wants_reply(&self) -> bool {
        self.reply.is_some()
    }

    /// Answers, if the server waits for that.
    ///
    /// # Errors
    ///
    /// If the value cannot be sent.
    pub fn reply(self, answer: impl Serialize) -> Result<(), EncodeError> {
        let args = Args::new(&answer)?;
        if let Some(to) = self.reply {
            let _ended = self.commands.send(Command::Reply(to, args));
        }
        Ok(())
    }
}

/// How long a call waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an expected event may take.
const A_MINUTE: Duration = Duration::from_secs(60);
