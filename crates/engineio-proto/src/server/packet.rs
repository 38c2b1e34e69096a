//! What a packet of the client does to its session, whatever it came by.

use core::ops::ControlFlow;

use engineio_parser::{Frame, Packet, Utf8Bytes};

use super::{Event, Session, State};
use crate::close::CloseReason;

impl Session {
    /// One packet of the client, whatever it came by. `Break`: the session must end.
    pub(super) fn on_packet(&mut self, packet: Packet) -> ControlFlow<CloseReason> {
        if let Packet::Close = packet {
            return ControlFlow::Break(CloseReason::TransportClose);
        }
        let State::Open { beat } = &mut self.state else {
            return ControlFlow::Continue(());
        };
        match packet {
            Packet::Message(message) => {
                beat.on_other_packet(self.now, self.config.rhythm());
                self.tell(Event::Message(message));
            }
            Packet::Pong(_) => beat.on_pong(self.now, self.config.rhythm())?,
            Packet::Ping(_) => self.on_ping()?,
            // Of no use here, and harmless. [js engine.io 6.6.12]
            Packet::Open(_) | Packet::Close | Packet::Upgrade | Packet::Noop => {
                beat.on_other_packet(self.now, self.config.rhythm());
            }
        }
        ControlFlow::Continue(())
    }

    /// The document of revision 3 wants the data of a ping back; no server ever sent it.
    /// [js engine.io 6.6.12]
    #[cold]
    fn on_ping(&mut self) -> ControlFlow<CloseReason> {
        if let State::Open { beat } = &mut self.state {
            beat.on_ping(self.now, self.config.rhythm())?;
            self.outbox.push_once(Frame::Text(PONG));
        }
        ControlFlow::Continue(())
    }
}

/// The answer to the ping of a client before revision 4.
const PONG: Utf8Bytes = Utf8Bytes::from_static("3");
