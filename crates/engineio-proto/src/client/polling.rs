//! Answers to requests, each with what it brings.

use core::ops::ControlFlow;

use bytes::Bytes;
use engineio_parser::{DecodeError, Packet, payload};

use super::Session;
use super::link::{Dial, Link};
use crate::body::text;
use crate::close::{CloseReason, Violation};
use crate::id::RequestId;

impl Session {
    /// Any status but 200 is fatal. [js engine.io-client 6.6.8]
    pub(super) fn on_response(&mut self, request: RequestId, status: u16, body: Bytes) {
        match (self.return_of(request), status) {
            (None, _) => {}
            (Some(_), status) if status != OK => self.fail(CloseReason::TransportError),
            (Some(Returned::Get), _) => {
                self.on_payload(body);
                self.switch_if_quiet();
            }
            // What the answer says does not matter. [js engine.io-client 6.6.8]
            (Some(Returned::Post), _) => {
                self.switch_if_quiet();
                self.end_if_parted();
            }
        }
    }

    pub(super) fn on_failed(&mut self, request: RequestId) {
        if self.return_of(request).is_some() {
            self.fail(CloseReason::TransportError);
        }
    }

    /// Notes that a request is back. `None`: nobody waits for it.
    fn return_of(&mut self, request: RequestId) -> Option<Returned> {
        match &mut self.link {
            Link::Dialing(Dial::Get(dialed)) => (*dialed == request).then_some(Returned::Get),
            Link::Polling { get, .. } if *get == Some(request) => {
                *get = None;
                Some(Returned::Get)
            }
            Link::Polling { post, .. } if *post == Some(request) => {
                *post = None;
                Some(Returned::Post)
            }
            Link::Dialing(Dial::WebSocket(_)) | Link::Polling { .. } | Link::WebSocket { .. } => {
                None
            }
        }
    }

    /// Packets before a bad one are delivered, and those behind a close packet are not.
    fn on_payload(&mut self, body: Bytes) {
        let end = match self.speech.is_usual() {
            true => self.on_packets(payload::decode(&text(body))),
            false => self.on_unusual_payload(&body),
        };
        if let ControlFlow::Break(reason) = end {
            self.fail(reason);
        }
    }

    #[cold]
    fn on_unusual_payload(&mut self, body: &Bytes) -> ControlFlow<CloseReason> {
        self.on_packets(self.speech.decode_answer(body))?;
        match self.link {
            // Before revision 4 a payload may be without packets, but that is no handshake.
            Link::Dialing(_) => ControlFlow::Break(Violation::BadHandshake.into()),
            Link::Polling { .. } | Link::WebSocket { .. } => ControlFlow::Continue(()),
        }
    }

    fn on_packets(
        &mut self,
        packets: impl Iterator<Item = Result<Packet, DecodeError>>,
    ) -> ControlFlow<CloseReason> {
        for packet in packets {
            match packet {
                Ok(packet) => self.on_packet(packet)?,
                Err(error) => return ControlFlow::Break(Violation::BadPacket(error).into()),
            }
        }
        ControlFlow::Continue(())
    }
}

/// What an answer belongs to.
enum Returned {
    Get,
    Post,
}

const OK: u16 = 200;
