//! What is played over the network: machines, and an application on each side.

use std::fmt::Debug;

use engineio_proto::{Machine, Sid, Timestamp, client, server};

/// One of the two ends of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// As it stands in a transcript.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Client => 'C',
            Self::Server => 'S',
        }
    }
}

/// The machines of both sides, and what the application does with them.
///
/// Any layer above Engine.IO takes its inputs and asks for its I/O, so all of them can be played.
pub(crate) trait Game {
    type Client: Machine<Input = client::Input, Io = client::Io, Event: Debug>;
    type Server: Machine<Input = server::Input, Io = server::Io, Event: Debug>;
    /// Something that an application decides to do, planned before it begins.
    type Act: Clone + Debug;

    /// Makes the client, which dials.
    fn connect(&mut self, now: Timestamp) -> Self::Client;

    /// Makes the session for a handshake that has reached the server, from a client that speaks like
    /// `peer`. They are numbered from 0.
    fn accept(
        &mut self,
        sid: Sid,
        peer: server::Peer,
        via: server::Opening,
        now: Timestamp,
    ) -> Self::Server;

    /// Whose act it is.
    fn actor(act: &Self::Act) -> Side;

    /// Applies one act, at the time of its actor. `servers` are the sessions so far: the first is
    /// the one that the client knows, the others are the work of a proxy that dials twice.
    fn act(
        &mut self,
        now: Timestamp,
        act: &Self::Act,
        client: &mut Self::Client,
        servers: &mut [Self::Server],
    );

    /// Hears what the client reports.
    fn on_client(
        &mut self,
        now: Timestamp,
        client: &mut Self::Client,
        event: <Self::Client as Machine>::Event,
    );

    /// Hears what a session reports.
    fn on_server(
        &mut self,
        now: Timestamp,
        session: usize,
        server: &mut Self::Server,
        event: <Self::Server as Machine>::Event,
    );

    /// The largest body of a post, in bytes.
    fn max_payload(&self) -> u64;

    /// The longest that any machine may set itself a deadline ahead, in milliseconds.
    fn longest_wait(&self) -> u64;

    /// An event of the client as it stands in a transcript.
    fn client_line(event: &<Self::Client as Machine>::Event) -> String {
        format!("{event:?}")
    }

    /// An event of a session as it stands in a transcript.
    fn server_line(event: &<Self::Server as Machine>::Event) -> String {
        format!("{event:?}")
    }
}
