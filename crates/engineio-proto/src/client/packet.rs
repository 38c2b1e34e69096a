//! What a packet of the server does to its session, whatever it came by, and what follows if none
//! comes.

use core::ops::ControlFlow;

use engineio_parser as parser;
use engineio_parser::{Frame, Packet, Revision, Utf8Bytes};

use super::link::{Dial, Link};
use super::{Event, Handshake, Parting, Session, State};
use crate::close::{CloseReason, Violation};
use crate::heartbeat::{Beat, Heartbeat};

impl Session {
    /// One packet of the server, whatever it came by. `Break`: the session must end.
    pub(super) fn on_packet(&mut self, packet: Packet) -> ControlFlow<CloseReason> {
        if let Link::Dialing(dial) = self.link {
            return self.on_first_packet(dial, &packet);
        }
        if let State::Open { rhythm, beat } = &mut self.state {
            beat.on_any_packet(self.now, *rhythm);
        }
        match packet {
            Packet::Close => return ControlFlow::Break(CloseReason::TransportClose),
            Packet::Message(message) => self.tell(Event::Message(message)),
            Packet::Ping(_) => self.on_ping(),
            Packet::Pong(_) => self.on_pong(),
            // Of no use here, and harmless. [js engine.io-client 6.6.8]
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
        ControlFlow::Continue(())
    }

    fn on_first_packet(&mut self, dial: Dial, packet: &Packet) -> ControlFlow<CloseReason> {
        let Packet::Open(json) = packet else {
            return ControlFlow::Break(Violation::BadHandshake.into());
        };
        let Ok(handshake) = parser::Handshake::decode(json) else {
            return ControlFlow::Break(Violation::BadHandshake.into());
        };
        let handshake = Handshake::from(handshake);
        self.link = Link::over(dial, &handshake);
        match self.state {
            State::Opening { .. } => self.on_accepted(handshake),
            State::Closing { .. } => self.part(),
            State::Open { .. } | State::Closed => {}
        }
        ControlFlow::Continue(())
    }

    fn on_accepted(&mut self, handshake: Handshake) {
        let rhythm = handshake.rhythm();
        self.state = State::Open {
            rhythm,
            beat: match self.speech.revision() {
                Revision::V2 | Revision::V3 => Heartbeat::start(self.now, rhythm),
                Revision::V4 => Heartbeat::await_ping(self.now, rhythm),
            },
        };
        let upgrades = handshake.upgrades.websocket && self.config.wants_upgrade();
        self.tell(Event::Opened(handshake));
        if upgrades {
            self.start_probe();
        }
    }

    /// A pong answers. Only a ping shows that the server is alive. [eio4 § Heartbeat] Its data is
    /// not echoed. Before revision 4 it is this side that pings. [js engine.io-client 3.5.6]
    fn on_ping(&mut self) {
        if !self.speech.is_usual() {
            return;
        }
        self.outbox.push_once(Frame::Text(PONG));
        if let State::Open { rhythm, beat } = &mut self.state
            && beat.on_ping(self.now, *rhythm).is_continue()
        {
            self.tell(Event::Heartbeat);
        }
    }

    /// The answer to a ping of this side, before revision 4. In revision 4 a pong is of no use, and
    /// harmless. [js engine.io-client 6.6.8]
    #[cold]
    fn on_pong(&mut self) {
        if let State::Open { rhythm, beat } = &mut self.state
            && beat.on_pong(self.now, *rhythm).is_continue()
        {
            self.tell(Event::Heartbeat);
        }
    }

    /// In revision 4, no ping in time means that the server is gone. Before, this side pings, and
    /// silence after that means so.
    pub(super) fn on_beat(&mut self) {
        let State::Open { rhythm, beat } = &mut self.state else {
            return;
        };
        match beat.on_timeout(self.now, *rhythm) {
            // Nothing else tells the server that this side lives [js engine.io 6.6.12], so it must not
            // wait behind what a slow network holds up.
            Some(Beat::Ping) => self.outbox.push_first(Frame::Text(PING)),
            Some(Beat::Expired) => self.end(CloseReason::PingTimeout, Parting::Close),
            None => {}
        }
    }
}

const PING: Utf8Bytes = Utf8Bytes::from_static("2");

const PONG: Utf8Bytes = Utf8Bytes::from_static("3");
