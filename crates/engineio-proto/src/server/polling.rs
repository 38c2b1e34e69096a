//! Requests of a session, each with the answer it gets.

use core::ops::ControlFlow;

use bytes::Bytes;
use engineio_parser::{DecodeError, Packet, payload};

use super::link::Link;
use super::parting::Parting;
use super::{BodyKind, Reject, Response, Session, State};
use crate::body::text;
use crate::close::{CloseReason, Violation};
use crate::id::RequestId;

/// A post whose body is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Post {
    pub(super) request: RequestId,
    kind: BodyKind,
}

impl Session {
    pub(super) fn on_poll(&mut self, request: RequestId) {
        let drained = matches!(self.state, State::Closing { .. }) && self.outbox.is_empty();
        match &mut self.link {
            // [eio4 § Upgrade] The client has left polling; the session is unharmed.
            Link::WebSocket { .. } => self.respond(request, Response::Reject(Reject::BadRequest)),
            // [eio4 § Receiving data] A client that polls twice at once gets status 400 and loses its
            // session.
            Link::Polling { poll: Some(_), .. } => {
                self.respond(request, Response::Empty(400));
                self.end(
                    CloseReason::Violation(Violation::PollOverlap),
                    Parting::Close,
                );
            }
            Link::Polling { poll, answered, .. } => {
                *poll = Some(request);
                *answered = None;
                if drained {
                    self.end(CloseReason::Forced, Parting::NoopThenClose);
                }
            }
        }
    }

    pub(super) fn on_post(&mut self, request: RequestId, kind: BodyKind) {
        match (&self.link, self.post, kind) {
            (Link::WebSocket { .. }, ..) => {
                self.respond(request, Response::Reject(Reject::BadRequest));
            }
            // [eio4 § Sending data] A client that posts twice at once gets status 400 and loses its
            // session.
            (Link::Polling { .. }, Some(_), _) => {
                self.respond(request, Response::Empty(400));
                self.end(
                    CloseReason::Violation(Violation::PostOverlap),
                    Parting::Close,
                );
            }
            (Link::Polling { .. }, None, kind) if self.speech.refuses(kind) => {
                self.respond(request, Response::Empty(400));
                self.end(
                    CloseReason::Violation(Violation::BinaryBody),
                    Parting::Close,
                );
            }
            (Link::Polling { .. }, None, kind) => self.post = Some(Post { request, kind }),
        }
    }

    /// Packets before a bad one are delivered, and those behind a close packet are not.
    pub(super) fn on_body(&mut self, request: RequestId, body: Bytes) {
        let Some(post) = self.post.take_if(|post| post.request == request) else {
            return;
        };
        self.received.count(0, body.len());
        let end = if self.speech.is_usual() {
            self.on_packets(payload::decode(&text(body)))
        } else {
            let packets = self.speech.decode_post(post.kind, body);
            self.on_packets(packets.into_iter().flatten())
        };
        match end {
            ControlFlow::Continue(()) => self.respond(request, Response::Accepted),
            ControlFlow::Break(reason) => self.end_by_post(request, reason),
        }
    }

    fn on_packets(
        &mut self,
        packets: impl Iterator<Item = Result<Packet, DecodeError>>,
    ) -> ControlFlow<CloseReason> {
        for packet in packets {
            self.received.count(1, 0);
            match packet {
                Ok(packet) => self.on_packet(packet)?,
                Err(error) => return ControlFlow::Break(Violation::BadPacket(error).into()),
            }
        }
        ControlFlow::Continue(())
    }

    fn end_by_post(&mut self, request: RequestId, reason: CloseReason) {
        // The reference accepts even garbage; its client would rather know.
        let response = match reason {
            CloseReason::Violation(Violation::BadPacket(_)) => Response::Empty(400),
            _ => Response::Accepted,
        };
        // Who has said goodbye does not need to hear it: the poll only has to come back.
        let parting = match reason {
            CloseReason::TransportClose => Parting::Noop,
            _ => Parting::Close,
        };
        self.respond(request, response);
        self.end(reason, parting);
    }

    pub(super) fn on_body_too_large(&mut self, request: RequestId) {
        if self.is_posting(request) {
            self.post = None;
            self.respond(request, Response::Empty(413));
        }
    }

    pub(super) fn on_aborted(&mut self, request: RequestId) {
        let is_posting = self.is_posting(request);
        match &mut self.link {
            Link::Polling { poll, .. } if *poll == Some(request) => *poll = None,
            // It took messages along that nobody will see: no gap may open.
            Link::Polling { answered, .. } if *answered == Some(request) => {}
            Link::Polling { .. } if is_posting => self.post = None,
            // What a client leaves behind on polling after its upgrade harms nobody.
            Link::WebSocket { .. } if is_posting => return self.post = None,
            Link::Polling { .. } | Link::WebSocket { .. } => return,
        }
        self.end(CloseReason::TransportError, Parting::Close);
    }

    fn is_posting(&self, request: RequestId) -> bool {
        self.post.is_some_and(|post| post.request == request)
    }

    /// A client says goodbye in one request, and expects nothing further.
    pub(super) fn on_farewell(&mut self, request: RequestId) {
        self.respond(request, Response::Empty(200));
        self.end(CloseReason::TransportClose, Parting::Noop);
    }

    pub(super) fn on_other(&mut self, request: RequestId) {
        self.respond(
            request,
            match self.link {
                Link::Polling { .. } => Response::Empty(500),
                Link::WebSocket { .. } => Response::Reject(Reject::BadRequest),
            },
        );
    }
}
