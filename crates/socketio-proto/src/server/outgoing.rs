//! Packets on their way to the session.

use socketio_parser::Packet;

use super::{Connection, EmitError};
use crate::engine::SendError;
use crate::engine::server::Compress;
use crate::{ConnectError, Encoded, Namespace};

impl Connection {
    /// Sends a packet that the client's picture of the connection depends on. It cannot be left
    /// out, so a client that reads too slowly even for this is cut off, as is one to whom it cannot
    /// be said at all.
    pub(super) fn send(&mut self, packet: &Packet) {
        let packet = self.encode(packet);
        self.send_or_abort(packet);
    }

    pub(super) fn refuse(&mut self, namespace: &Namespace, error: &ConnectError) {
        let packet = self.parser.refusal(namespace, error, self.revision());
        self.send_or_abort(packet.map_err(|_| EmitError::Encoding));
    }

    pub(super) fn send_or_abort(&mut self, packet: Result<Encoded, EmitError>) {
        match packet.and_then(|packet| self.push(&packet)) {
            Ok(()) | Err(EmitError::Closed) => {}
            Err(_) => self.abort_engine(),
        }
    }

    pub(super) fn encode(&self, packet: &Packet) -> Result<Encoded, EmitError> {
        self.parser.packet(packet).map_err(|_| EmitError::Encoding)
    }

    pub(super) fn push(&mut self, packet: &Encoded) -> Result<(), EmitError> {
        self.push_with(packet, Compress::Yes)
    }

    pub(super) fn push_with(
        &mut self,
        packet: &Encoded,
        compress: Compress,
    ) -> Result<(), EmitError> {
        if packet.parser() != self.parser {
            return Err(EmitError::Encoding);
        }
        self.engine
            .send_frames_with(packet.frames(), compress)
            .map_err(|error| match error {
                SendError::Closed(_) => EmitError::Closed,
                SendError::Full(_) => EmitError::Full,
            })
    }
}
