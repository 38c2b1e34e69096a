//! Where a connection breaks: at a byte of what it carries.
//!
//! Each HTTP request and each WebSocket is a TCP connection of its own, with a stream of bytes in
//! either direction. A cut is a place in one of them; what arrives of a head, a body, an answer or
//! a message follows from it, since a driver hands on only what is whole.

use bytes::Bytes;
use engineio_proto::Frame;

use super::Side;
use super::fault::Notice;
use super::network::{Manner, Network, Socket, What};
use super::tally::Seen;

/// One direction of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// Bytes that are on their way, or have arrived.
    written: u64,
    arrived: u64,
    /// So many bytes arrive, and no more.
    length: u64,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            written: 0,
            arrived: 0,
            length: u64::MAX,
        }
    }
}

impl Stream {
    /// Puts bytes on their way.
    pub(super) const fn write(&mut self, bytes: u64) {
        self.written += bytes;
    }

    /// Whether all of the next bytes arrive.
    const fn carry(&mut self, bytes: u64) -> bool {
        self.arrived += bytes;
        self.arrived <= self.length
    }

    const fn is_whole(&self) -> bool {
        self.arrived < self.length
    }
}

/// A connection that breaks.
#[derive(Clone, Copy)]
enum Connection {
    Exchange(usize),
    Socket(usize),
}

impl<A> Network<A> {
    /// Cuts one of the connections that are in use, at a byte that has not arrived yet.
    pub(super) fn cut_connection(&mut self, notice: Notice) {
        let live = |socket: &Socket| {
            !socket.is_dead && !socket.is_copy && !socket.ends.iter().all(|end| end.is_closed)
        };
        if let Some(number) = self.sockets.iter().position(live)
            && self.rng.one_in(2)
        {
            self.sockets[number].notice = notice;
            return self.cut_stream(Connection::Socket(number));
        }
        let waiting = |(_, exchange): &(usize, &super::network::Exchange)| {
            !exchange.is_done && !exchange.is_dead
        };
        let count = self.exchanges.iter().enumerate().filter(waiting).count() as u64;
        let nth = usize::try_from(self.rng.below(count)).unwrap_or(0);
        let mut waiting = self.exchanges.iter().enumerate().filter(waiting);
        if let Some((number, _)) = waiting.nth(nth) {
            self.exchanges[number].notice = notice;
            self.cut_stream(Connection::Exchange(number));
        }
    }

    /// Draws the byte behind which nothing arrives, in one of the two directions.
    fn cut_stream(&mut self, connection: Connection) {
        // Rather where something is on its way.
        let weigh = |stream: &Stream| 1 + 3 * u64::from(stream.written > stream.arrived);
        let [to_client, to_server] = self.streams(connection).each_ref().map(weigh);
        let to = self
            .rng
            .weighted(&[(to_client, Side::Client), (to_server, Side::Server)]);
        let stream = self.streams(connection)[to as usize];
        let in_flight = stream.written - stream.arrived;
        let last = in_flight.saturating_sub(1 + self.rng.below(LAST_BYTES));
        let (within, beyond) = (
            self.rng.below(in_flight),
            self.rng.below(in_flight + LOOKAHEAD),
        );
        let passing = self
            .rng
            .weighted(&[(3, 0), (3, within), (3, last), (1, beyond)]);
        let length = stream.arrived + passing;
        self.streams(connection)[to as usize].length = length;
        self.trace.remark(self.time(), || match connection {
            Connection::Exchange(number) => {
                let request = self.exchanges[number].request;
                format!("{request} breaks at byte {length} on its way to {to:?}")
            }
            Connection::Socket(number) => {
                let transport = self.sockets[number].transport;
                format!("{transport} breaks at byte {length} on its way to {to:?}")
            }
        });
        if length == stream.arrived {
            self.saw(Seen::CutBetweenBytes);
            self.fall_apart(connection);
        }
    }

    fn streams(&mut self, connection: Connection) -> &mut [Stream; 2] {
        match connection {
            Connection::Exchange(number) => &mut self.exchanges[number].streams,
            Connection::Socket(number) => &mut self.sockets[number].streams,
        }
    }

    /// Whether the next bytes of a request or of its answer arrive. If not, it is broken.
    pub(super) fn exchange_carries(
        &mut self,
        to: Side,
        number: usize,
        bytes: u64,
        cut: Seen,
    ) -> bool {
        if self.exchanges[number].streams[to as usize].carry(bytes) {
            return true;
        }
        self.saw(cut);
        self.fall_apart(Connection::Exchange(number));
        false
    }

    /// Whether the next bytes of a WebSocket arrive. If not, it is broken.
    pub(super) fn socket_carries(
        &mut self,
        to: Side,
        number: usize,
        bytes: u64,
        cut: Seen,
    ) -> bool {
        if self.sockets[number].streams[to as usize].carry(bytes) {
            return true;
        }
        self.saw(cut);
        self.fall_apart(Connection::Socket(number));
        false
    }

    /// Nothing passes any more, in neither direction; perhaps somebody is told.
    fn fall_apart(&mut self, connection: Connection) {
        let way = self.rng.within(&self.weather.http);
        let at = self.now + way;
        let notice = match connection {
            Connection::Exchange(number) => {
                let exchange = &mut self.exchanges[number];
                exchange.is_dead = true;
                self.is_disturbed = true;
                exchange.notice
            }
            Connection::Socket(number) => {
                let socket = &mut self.sockets[number];
                socket.is_dead = true;
                match socket.is_candidate {
                    true => self.is_upgrade_spoiled = true,
                    false => self.is_disturbed = true,
                }
                socket.notice
            }
        };
        self.saw(match notice {
            Notice::Both => Seen::CutToldToBoth,
            Notice::Only(Side::Client) => Seen::HalfOpenToServer,
            Notice::Only(Side::Server) => Seen::HalfOpenToClient,
            Notice::Nobody => Seen::HalfOpenToBoth,
        });
        for side in [Side::Client, Side::Server] {
            if notice != Notice::Both && notice != Notice::Only(side) {
                continue;
            }
            let what = match (connection, side) {
                (Connection::Exchange(number), Side::Client) => What::Broken(number),
                (Connection::Exchange(number), Side::Server) => What::Aborted(number),
                (Connection::Socket(number), side) => What::Gone(side, number, Manner::Broken),
            };
            self.push(at, what);
        }
    }

    /// Cuts that have not been reached yet are forgotten: from here on nothing goes wrong.
    pub(crate) fn mend(&mut self) {
        let exchanges = self
            .exchanges
            .iter_mut()
            .map(|exchange| &mut exchange.streams);
        let sockets = self.sockets.iter_mut().map(|socket| &mut socket.streams);
        for stream in exchanges.chain(sockets).flatten() {
            if stream.is_whole() {
                stream.length = u64::MAX;
            }
        }
    }
}

/// The bytes of a WebSocket message: its header, with a mask if a client sends it, and what is in it.
pub(super) fn message_len(to: Side, frame: &Frame) -> u64 {
    let header = match frame.len() {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    };
    header + mask_len(to) + frame.len() as u64
}

/// The bytes of a close frame without a code.
pub(super) const fn close_len(to: Side) -> u64 {
    2 + mask_len(to)
}

const fn mask_len(to: Side) -> u64 {
    match to {
        Side::Client => 0,
        Side::Server => 4,
    }
}

/// The bytes of an answer.
pub(super) const fn answer_len(body: &Bytes) -> u64 {
    ANSWER_HEAD + body.len() as u64
}

/// About as long as the head of a request is, that of a WebSocket handshake among them.
pub(super) const REQUEST_HEAD: u64 = 250;

/// About as long as the head of an answer is.
pub(super) const ANSWER_HEAD: u64 = 150;

/// Bytes at the end of what is on its way, which would be hit too rarely behind a long head.
const LAST_BYTES: u64 = 16;

/// How far ahead of what is on its way a connection breaks.
const LOOKAHEAD: u64 = 1_500;
