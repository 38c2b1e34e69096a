//! Sockets wherever they are: a snapshot of each, and what can be done with it.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::parser::Utf8Bytes;
use socketio_proto::{Args, ArgsError, Room, SocketId};
use thiserror::Error;
use tokio::time::Instant;

use crate::call::Call;
use crate::error::{CallError, EmitError};
use crate::server::broadcast::Broadcast;
use crate::server::broadcast_call::{BroadcastCall, PATIENCE};
use crate::server::cluster::{Ask, Part, Reply, ServerId, SocketSnapshot};
use crate::server::handshake::Handshake;
use crate::server::hub::Hub;
use crate::server::socket::{Socket, read_data};

/// A socket of this server or of another one of its cluster: see
/// [`Broadcast::fetch_sockets`].
///
/// What it says is a snapshot. What it does, the socket does, wherever it is: for one of another
/// server, nobody says whether it is still there.
#[derive(Clone, Debug)]
pub struct RemoteSocket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: SocketId,
    rooms: Vec<Room>,
    data: Option<Args>,
    handshake: OnceLock<RemoteHandshake>,
    place: Place,
}

/// Where a socket is.
#[derive(Debug)]
enum Place {
    /// On another server.
    Elsewhere(Arc<Hub>),
    Here(Socket),
}

impl RemoteSocket {
    fn here(socket: Socket) -> Self {
        Self(Arc::new(Inner {
            id: socket.id().clone(),
            rooms: socket.rooms(),
            data: socket.raw_data(),
            // Seldom looked at, and it has many parts.
            handshake: OnceLock::new(),
            place: Place::Here(socket),
        }))
    }

    fn elsewhere(hub: &Arc<Hub>, snapshot: SocketSnapshot) -> Self {
        Self(Arc::new(Inner {
            id: snapshot.id,
            rooms: snapshot.rooms,
            data: snapshot.data,
            handshake: OnceLock::from(snapshot.handshake),
            place: Place::Elsewhere(Arc::clone(hub)),
        }))
    }

    /// The public id.
    pub fn id(&self) -> &SocketId {
        &self.0.id
    }

    /// How its client came in.
    pub fn handshake(&self) -> &RemoteHandshake {
        self.0.handshake.get_or_init(|| match &self.0.place {
            Place::Here(socket) => handshake(socket.handshake()),
            // Comes with the snapshot.
            Place::Elsewhere(_) => RemoteHandshake::default(),
        })
    }

    /// The rooms in which it was, that of its own id included.
    pub fn rooms(&self) -> &[Room] {
        &self.0.rooms
    }

    /// The value that [`Socket::set_data`] had kept, `{}` if there was none.
    ///
    /// # Errors
    ///
    /// If it is of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ArgsError> {
        read_data(self.0.data.as_ref())
    }

    /// Whether it is a socket of this server.
    pub fn is_local(&self) -> bool {
        self.local().is_some()
    }

    /// The socket itself, if it is one of this server.
    pub fn local(&self) -> Option<&Socket> {
        match &self.0.place {
            Place::Here(socket) => Some(socket),
            Place::Elsewhere(_) => None,
        }
    }

    /// Emits an event to this client.
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`]; on another server nobody says whether it was taken.
    pub fn emit(&self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        match &self.0.place {
            Place::Here(socket) => socket.emit(event, data),
            Place::Elsewhere(hub) => self.choice(hub).emit(event, data),
        }
    }

    /// Emits an event and waits for the client's answer, for 5 s unless it is said otherwise.
    pub fn call<R>(&self, event: &str, data: impl Serialize) -> RemoteCall<R> {
        let call = match &self.0.place {
            Place::Here(socket) => Way::Here(socket.call(event, data)),
            Place::Elsewhere(hub) => Way::Elsewhere(self.choice(hub).call(event, data)),
        };
        RemoteCall {
            call,
            within: PATIENCE,
        }
    }

    /// Makes the socket join a room.
    pub fn join(&self, room: impl Into<Room>) {
        match &self.0.place {
            Place::Here(socket) => socket.join(room),
            Place::Elsewhere(hub) => self.choice(hub).sockets_join(room),
        }
    }

    /// Makes the socket join rooms.
    pub fn join_rooms<R: Into<Room>>(&self, rooms: impl IntoIterator<Item = R>) {
        match &self.0.place {
            Place::Here(socket) => socket.join_rooms(rooms),
            Place::Elsewhere(hub) => self.choice(hub).sockets_join_rooms(rooms),
        }
    }

    /// Makes the socket leave a room.
    pub fn leave(&self, room: impl Into<Room>) {
        match &self.0.place {
            Place::Here(socket) => socket.leave(room),
            Place::Elsewhere(hub) => self.choice(hub).sockets_leave(room),
        }
    }

    /// Puts the client out of this namespace. Its connection and other namespaces stay.
    pub fn disconnect(&self) {
        match &self.0.place {
            Place::Here(socket) => socket.disconnect(),
            Place::Elsewhere(hub) => self.choice(hub).disconnect_sockets(),
        }
    }

    /// Puts the client out of all its namespaces, then closes its connection.
    pub fn close(&self) {
        match &self.0.place {
            Place::Here(socket) => socket.close(),
            Place::Elsewhere(hub) => self.choice(hub).close_sockets(),
        }
    }

    /// The socket by the room of its own, which is how other servers find it.
    fn choice(&self, hub: &Arc<Hub>) -> Broadcast {
        Broadcast::new(Arc::clone(hub)).to(Room::from(&self.0.id))
    }
}

/// What is told of a client's [`Handshake`] to other servers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteHandshake {
    /// The address of the peer, if it is known.
    pub address: Option<IpAddr>,
    /// The JSON object that the client sent to be let in, `{}` if it sent none. It may hold secrets.
    pub auth: Utf8Bytes,
    /// The headers of the first request.
    pub headers: HeaderMap,
    /// Whether the request came from a page, which says where from.
    pub is_cross_domain: bool,
    /// Whether the request came over TLS.
    pub is_secure: bool,
    /// When the connection was opened: what JavaScript servers call `time` and `issued`.
    pub issued: SystemTime,
    /// The decoded pairs of the first request's query, those of Engine.IO included.
    pub query: Vec<(String, String)>,
    /// The path and the query of the first request.
    pub url: String,
}

/// Nothing is known, and it was at the beginning of 1970.
impl Default for RemoteHandshake {
    fn default() -> Self {
        Self {
            address: None,
            auth: Utf8Bytes::from("{}"),
            headers: HeaderMap::new(),
            is_cross_domain: false,
            is_secure: false,
            issued: SystemTime::UNIX_EPOCH,
            query: Vec::new(),
            url: String::new(),
        }
    }
}

impl RemoteHandshake {
    /// The last value under `name` in the query.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter().rev();
        let pair = pairs.find(|(key, _)| key == name);
        pair.map(|(_, value)| value.as_str())
    }
}

/// What other servers are told of a handshake.
pub(crate) fn handshake(handshake: &Handshake) -> RemoteHandshake {
    let pairs = handshake.query();
    let pairs = pairs.map(|(key, value)| (key.into_owned(), value.into_owned()));
    RemoteHandshake {
        address: handshake.address().map(|address| address.ip()),
        auth: Utf8Bytes::from(handshake.auth()),
        headers: handshake.headers().clone(),
        is_cross_domain: handshake.is_cross_domain(),
        is_secure: handshake.is_secure(),
        issued: handshake.issued(),
        query: pairs.collect(),
        url: handshake.url().to_string(),
    }
}

/// The sockets of all servers that are about to be asked for. Await it to do so.
///
/// The wait ends when all servers have answered, at the latest after the
/// [`timeout`](Self::timeout).
#[derive(Debug)]
#[must_use = "nobody is asked until it is awaited"]
pub struct FetchSockets {
    choice: Broadcast,
    within: Duration,
}

impl FetchSockets {
    pub(crate) fn new(choice: &Broadcast) -> Self {
        Self {
            choice: choice.clone(),
            within: PATIENCE,
        }
    }

    /// How long to wait for other servers: 5 s.
    pub fn timeout(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl IntoFuture for FetchSockets {
    type Output = Result<Vec<RemoteSocket>, FetchError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { choice, within } = self;
            let hub = match choice.hub() {
                Ok(hub) => hub,
                Err(_) => return Err(FetchError::UnknownNamespace(choice.name().to_owned())),
            };
            let here = choice.sockets().into_iter();
            let mut sockets: Vec<_> = here.map(RemoteSocket::here).collect();
            let mut elsewhere = choice.inquire(within, |selector| Ask::Fetch { selector });
            while let Some(reply) = elsewhere.next().await {
                match reply {
                    Reply::Part(Part::Sockets(more)) => {
                        let more = more.into_iter();
                        sockets.extend(more.map(|it| RemoteSocket::elsewhere(hub, it)));
                    }
                    Reply::Part(_) => {}
                    Reply::End(missing) if missing.servers > 0 => {
                        return Err(FetchError::Incomplete {
                            sockets,
                            missing: missing.servers,
                            servers: missing.names,
                        });
                    }
                    Reply::End(_) => break,
                }
            }
            Ok(sockets)
        })
    }
}

/// Why not all sockets were found.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Servers have not answered: in time, or because they have left meanwhile.
    #[error("{missing} other servers have not answered in time")]
    Incomplete {
        /// The sockets of those that have.
        sockets: Vec<RemoteSocket>,
        /// How many have not. One, if the cluster has not even said how many there are.
        missing: usize,
        /// Which have not, as far as the cluster knows them by name.
        servers: Vec<ServerId>,
    },
    /// No namespace of this name was given to the server's builder.
    #[error("the server has no namespace {0:?}: add it with `Server::builder().namespace(..)`")]
    UnknownNamespace(String),
}

/// An event that waits to be sent to one client, and then answered. Await it to do both.
#[must_use = "nothing is sent until the call is awaited"]
pub struct RemoteCall<R> {
    call: Way<R>,
    within: Duration,
}

/// How the client is reached.
enum Way<R> {
    Elsewhere(BroadcastCall<R>),
    Here(Call<R>),
}

impl<R> RemoteCall<R> {
    /// How long to wait for the answer: 5 s. Then it is [`CallError::TimedOut`].
    pub fn timeout(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl<R: DeserializeOwned + Send + 'static> IntoFuture for RemoteCall<R> {
    type Output = Result<R, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { call, within } = self;
            let call = match call {
                Way::Here(call) => return call.timeout(within).await,
                Way::Elsewhere(call) => call.timeout(within),
            };
            let asked_at = Instant::now();
            let mut answers = call.await?;
            match (answers.answers.pop(), answers.invalid.pop()) {
                (Some(answer), _) => Ok(answer),
                (None, Some(error)) => Err(error.into()),
                (None, None) if asked_at.elapsed() < within => Err(CallError::Disconnected),
                (None, None) => Err(CallError::TimedOut),
            }
        })
    }
}

impl<R> fmt::Debug for RemoteCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteCall")
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
