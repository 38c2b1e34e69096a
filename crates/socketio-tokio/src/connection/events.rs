//! Events of a client, and what became of their handlers.

use std::sync::Arc;

use serde::Serialize;
use socketio_proto::server::ReplyTo;
use socketio_proto::{Args, DecodeError, DisconnectReason, Namespace as Name};

use super::in_flight::{Outcome, Started, Subject, Task, Work};
use super::{Connection, Joined, Turn};
use crate::answer::Answer;
use crate::context::{DisconnectContext, EventContext};
use crate::error::{EmitError, HandlerError, Rejection};
use crate::socket::Socket;

impl Connection {
    pub(super) fn on_packet(
        &mut self,
        turn: &mut Turn<'_, '_>,
        namespace: &Name,
        args: Args,
        reply: Option<ReplyTo>,
    ) {
        let Some(Joined { socket, routes }) = self.find(namespace) else {
            return;
        };
        let (socket, routes) = (socket.clone(), Arc::clone(routes));
        let subject = Subject::Event(args.clone());
        let Some(handler) = args.event_name().and_then(|name| routes.event(&name)) else {
            // As in the reference, an event without a listener is not an error of anybody.
            return tracing::debug!(socket = %socket.id(), event = %subject.name(), "no handler");
        };
        let wanted = reply.is_some();
        let context = EventContext::new(socket.clone(), args, reply);
        let started = Started::guard(Work::Event, || handler(&context, wanted));
        // What an `Ack` argument has taken is no longer here: the return value is not an answer.
        let reply = context.take_reply();
        self.launch(
            turn,
            Task::Event {
                socket,
                subject,
                reply,
            },
            started,
        );
    }

    pub(super) fn on_left(
        &mut self,
        turn: &mut Turn<'_, '_>,
        namespace: &Name,
        reason: DisconnectReason,
    ) {
        let position = self
            .joined
            .iter()
            .position(|joined| joined.socket.namespace() == namespace);
        let Some(position) = position else { return };
        let Joined { socket, routes } = self.joined.remove(position);
        if let Some(handler) = &routes.on_disconnect {
            let context = DisconnectContext {
                socket: socket.clone(),
                reason,
                state: (),
            };
            let started = Started::guard(Work::Event, || handler(&context, false));
            let task = Task::Event {
                socket,
                subject: Subject::Disconnect,
                reply: None,
            };
            self.launch(turn, task, started);
        }
    }

    pub(super) fn on_malformed(&self, error: DecodeError) {
        for Joined { socket, routes } in &self.joined {
            routes.report(socket, &HandlerError::Malformed(error));
        }
    }

    /// Sends what a handler returned, and reports what went wrong with it.
    pub(super) fn answer(
        &self,
        turn: &mut Turn<'_, '_>,
        socket: &Socket,
        subject: &Subject,
        reply: Option<ReplyTo>,
        outcome: Outcome,
    ) {
        let event = || subject.name();
        let (args, report) = match outcome {
            Outcome::Answered(Answer::Value(args)) => (args, None),
            Outcome::Answered(Answer::Failure(answer)) => (
                Some(answer.clone()),
                Some(HandlerError::Failed {
                    event: event(),
                    answer,
                }),
            ),
            Outcome::Answered(Answer::Unencodable(source)) => {
                let source = EmitError::from(source);
                let answer = error_args(&source);
                (
                    answer,
                    Some(HandlerError::Unanswered {
                        event: event(),
                        source,
                    }),
                )
            }
            Outcome::Rejected(rejection) => {
                let answer = error_args(&rejection);
                (
                    answer,
                    Some(HandlerError::Rejected {
                        event: event(),
                        rejection,
                    }),
                )
            }
            Outcome::Panicked(message) => {
                let answer = error_args(&Rejection::new("internal error"));
                (
                    answer,
                    Some(HandlerError::Panicked {
                        event: event(),
                        message,
                    }),
                )
            }
            Outcome::Decided(_) => (None, None),
        };
        if let Some(report) = report {
            self.report(socket, &report);
        }
        if let (Some(to), Some(args)) = (reply, args) {
            self.reply(turn, socket, to, args, subject);
        }
    }

    pub(super) fn reply(
        &self,
        turn: &mut Turn<'_, '_>,
        socket: &Socket,
        to: ReplyTo,
        args: Args,
        subject: &Subject,
    ) {
        if let Err(refused) = turn.machine.reply(to, args) {
            let (event, source) = (subject.name(), refused.into());
            self.report(socket, &HandlerError::Unanswered { event, source });
        }
    }

    fn report(&self, socket: &Socket, error: &HandlerError) {
        if let Some(routes) = self.server.routes(socket.namespace()) {
            routes.report(socket, error);
        }
    }
}

/// An error of this crate as the one argument of an acknowledgement.
fn error_args(error: &impl Serialize) -> Option<Args> {
    Args::new(error).ok()
}
