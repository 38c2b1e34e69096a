//! An emit to one socket that is not quite the usual one.

use serde::Serialize;
use socketio_proto::Args;
use socketio_proto::engine::server::Compress;
use socketio_proto::server::Emit;

use crate::error::EmitError;
use crate::server::socket::Socket;
use crate::typed::{AsArguments, Event};

/// An emit to one socket, with what is special about it.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is sent until something is emitted"]
pub struct Emitter<'a> {
    socket: &'a Socket,
    emit: Emit,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        let emit = Emit::default();
        Self { socket, emit }
    }

    /// Drops the event if it cannot leave at once: no poll is waiting, or earlier packets are
    /// still being written. [js socket.io 4.8.4]
    pub fn volatile(mut self) -> Self {
        self.emit.volatile = true;
        self
    }

    /// Whether the event is worth compressing: yes. Looked at where the server compresses answers
    /// to polls.
    pub fn compress(mut self, compress: bool) -> Self {
        self.emit.compress = if compress {
            Compress::Yes
        } else {
            Compress::No
        };
        self
    }

    /// As [`Socket::emit`].
    ///
    /// # Errors
    ///
    /// As [`Socket::emit`]; a volatile event that was dropped is not an error.
    pub fn emit(self, event: &str, data: impl Serialize) -> Result<(), EmitError> {
        let hub = self.socket.hub();
        hub.emit(self.socket, &hub.encode(event, &data)?, self.emit)
    }

    /// As [`Socket::emit_event`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_event<E: Event + Serialize>(self, event: &E) -> Result<(), EmitError> {
        self.emit(E::NAME, AsArguments(event))
    }

    /// As [`Socket::emit_args`].
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_args(self, event: &str, args: &Args) -> Result<(), EmitError> {
        let hub = self.socket.hub();
        hub.emit(self.socket, &hub.forward(event, args)?, self.emit)
    }
}
