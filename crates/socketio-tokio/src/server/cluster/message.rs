//! What servers say to each other, as values: no wire, no encoding.
//!
//! All of it is owned and cheap to clone: lists are shared, texts and bytes are counted references.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use socketio_proto::{
    Args, EncodeError, Encoded, Namespace as Name, Parser, Room, Selector, SocketId,
};

use crate::server::remote::RemoteHandshake;

/// Something that the other servers should do.
#[derive(Clone, Debug)]
pub struct Message {
    /// In which namespace.
    pub namespace: Name,
    /// What.
    pub action: Action,
}

/// What the other servers should do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Put the chosen clients out of all their namespaces and close their connections.
    Close {
        /// Whom.
        selector: Arc<Selector>,
    },
    /// Put the chosen sockets out of the namespace.
    Disconnect {
        /// Whom.
        selector: Arc<Selector>,
    },
    /// Hand an event to the chosen sockets. A server with connection state recovery keeps it, and
    /// gives it the next place in its own log: no place in a log is known across servers.
    Emit {
        /// To whom.
        selector: Arc<Selector>,
        /// How.
        flags: Flags,
        /// What.
        event: Emitted,
    },
    /// Make the chosen sockets join rooms.
    Join {
        /// Whom.
        selector: Arc<Selector>,
        /// Which rooms.
        rooms: Arc<[Room]>,
    },
    /// Make the chosen sockets leave rooms.
    Leave {
        /// Whom.
        selector: Arc<Selector>,
        /// Which rooms.
        rooms: Arc<[Room]>,
    },
    /// Handle an event that is meant for servers.
    ServerSide {
        /// Its name, then its arguments.
        args: Args,
    },
}

/// Something that the other servers should answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// In which namespace.
    pub namespace: Name,
    /// What.
    pub ask: Ask,
}

/// What the other servers should answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ask {
    /// Hand an event to the chosen sockets, and what they answer back. The answer is one
    /// [`Part::Asked`], then one [`Part::Client`] for each of them.
    Call {
        /// Whom.
        selector: Arc<Selector>,
        /// How.
        flags: Flags,
        /// What.
        event: Emitted,
        /// How long the clients have.
        within: Duration,
    },
    /// Describe the chosen sockets. The answer is one [`Part::Sockets`].
    Fetch {
        /// Which.
        selector: Arc<Selector>,
    },
    /// Handle an event that is meant for servers, and answer it. The answer is one
    /// [`Part::Server`].
    ServerSide {
        /// Its name, then its arguments.
        args: Args,
    },
}

/// A part of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Part {
    /// So many clients have been asked: as many [`Client`](Self::Client)s will follow.
    Asked(usize),
    /// What a client has answered. `None`: it will not, because it has left or its time is over. A
    /// wire that has no word for that need not say it.
    Client(Option<Args>),
    /// What the server itself has answered. `None`: it will not, because it has no handler for it.
    /// A wire that has no word for that need not say it.
    Server(Option<Args>),
    /// The sockets that were asked for.
    Sockets(Vec<SocketSnapshot>),
}

/// How an event travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flags {
    /// Dropped for each socket to which it cannot leave at once.
    pub volatile: bool,
    /// Whether the packet may be compressed, on transports that can: yes.
    pub compress: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            volatile: false,
            compress: true,
        }
    }
}

/// An event on its way to other servers: encoded already, or only its arguments.
#[derive(Clone)]
pub struct Emitted(Form);

#[derive(Clone)]
enum Form {
    Args(Args),
    Encoded(Encoded),
}

impl Emitted {
    /// An event that came over a wire: its name, then its arguments.
    pub fn from_args(args: Args) -> Self {
        Self(Form::Args(args))
    }

    /// The name of the event, then its arguments. `None` if they are nested so deeply that no peer
    /// would read them.
    pub fn args(&self) -> Option<Args> {
        match &self.0 {
            Form::Args(args) => Some(args.clone()),
            Form::Encoded(packet) => packet.args(),
        }
    }

    /// The packet as clients of the server that emits it get it, the place in its log left out; a
    /// call has the id of that server in it. `None` for an event that came over a wire.
    pub fn packet(&self) -> Option<&Encoded> {
        match &self.0 {
            Form::Args(_) => None,
            Form::Encoded(packet) => Some(packet),
        }
    }

    pub(crate) fn from_packet(packet: Encoded) -> Self {
        Self(Form::Encoded(packet))
    }

    /// The packet for the clients of this server: encoded once more only if it has to be.
    pub(crate) fn encoded(&self, parser: Parser, namespace: &Name) -> Result<Encoded, EncodeError> {
        match &self.0 {
            Form::Encoded(packet) if packet.parser() == parser => Ok(packet.clone()),
            Form::Encoded(_) | Form::Args(_) => {
                let unreadable = || EncodeError::Value("nested too deeply".into());
                let args = self.args().ok_or_else(unreadable)?;
                let name = args.event_name().unwrap_or_default();
                parser.forward(namespace, &name, &args.without_name())
            }
        }
    }
}

impl fmt::Debug for Emitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args = self.args();
        f.debug_tuple("Emitted").field(&args).finish()
    }
}

/// A socket of another server, as it was when it was asked for.
#[derive(Clone, Debug)]
pub struct SocketSnapshot {
    /// Its id.
    pub id: SocketId,
    /// How its client came in.
    pub handshake: RemoteHandshake,
    /// The rooms in which it was, that of its own id included.
    pub rooms: Vec<Room>,
    /// What [`Socket::set_data`](crate::Socket::set_data) has kept: one argument; `None` if it has
    /// kept nothing.
    pub data: Option<Args>,
}

/// The way back to a server that has asked.
#[derive(Clone)]
pub struct Respond(Arc<dyn Fn(Part) + Send + Sync>);

impl Respond {
    /// Wraps what a cluster does with the parts of an answer. It is called from any task, and must
    /// not wait.
    pub fn new(respond: impl Fn(Part) + Send + Sync + 'static) -> Self {
        Self(Arc::new(respond))
    }

    /// Hands over a part of the answer.
    pub fn send(&self, part: Part) {
        (self.0)(part);
    }
}

impl fmt::Debug for Respond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Respond").finish_non_exhaustive()
    }
}
