//! Events of a client, and what became of their handlers.

use std::fmt::Display;
use std::sync::Arc;

use socketio_proto::server::ReplyTo;
use socketio_proto::{Args, DecodeError, DisconnectReason, Namespace as Name};

use super::{ClientTask, Joined, Turn};
use crate::answer::Answer;
use crate::error::HandlerError;
use crate::in_flight::Ended;
use crate::outcome::{Subject, outcome};
use crate::server::context::{DisconnectContext, EventContext};
use crate::server::routes::{EventFn, EventMiddlewareFn};
use crate::server::socket::Socket;
use crate::server::verdict::Passed;
use crate::span::Span;

/// An event or hook that is being served.
#[derive(Debug)]
pub(super) struct Served {
    socket: Socket,
    subject: Subject,
    reply: Option<ReplyTo>,
}

impl Served {
    pub(super) fn new(socket: Socket, subject: Subject, reply: Option<ReplyTo>) -> Self {
        Self {
            socket,
            subject,
            reply,
        }
    }
}

impl Served {
    pub(super) fn own_span(&self) -> Span {
        span_of(&self.socket, &self.subject)
    }
}

/// An event on its way through the event middleware.
pub(super) struct Passage {
    socket: Socket,
    args: Args,
    reply: Option<ReplyTo>,
    /// The middleware of the socket itself, which is asked behind that of its namespace.
    own: Vec<EventMiddlewareFn>,
    /// The number of the middleware to be asked next.
    next: usize,
}

impl Passage {
    pub(super) fn own_span(&self) -> Span {
        span_of(&self.socket, self.args.event_name().unwrap_or_default())
    }
}

impl ClientTask {
    pub(super) fn on_packet(
        &mut self,
        turn: &mut Turn<'_, '_>,
        namespace: &Name,
        args: Args,
        reply: Option<ReplyTo>,
    ) {
        let Some(Joined { socket, .. }) = self.find(namespace) else {
            return;
        };
        let socket = socket.clone();
        if let Some(observer) = &self.server.observer {
            observer.event_received(&socket, &args.event_name().unwrap_or_default());
        }
        let routes = Arc::clone(socket.hub().routes());
        for handler in routes.any.iter().chain(&socket.listeners().any()) {
            self.serve(turn, &socket, &args, handler, None);
        }
        let own = socket.listeners().middleware();
        if routes.event_middleware.is_empty() && own.is_empty() {
            return self.dispatch(turn, &socket, &args, reply);
        }
        self.pass(
            turn,
            Passage {
                socket,
                args,
                reply,
                own,
                next: 0,
            },
        );
    }

    /// Asks the event middleware from number `passage.next` on, then calls the handlers.
    fn pass(&mut self, turn: &mut Turn<'_, '_>, mut passage: Passage) {
        let routes = Arc::clone(passage.socket.hub().routes());
        let mut middleware = routes.event_middleware.iter().chain(&passage.own);
        let Some(middleware) = middleware.nth(passage.next).cloned() else {
            let Passage {
                socket,
                args,
                reply,
                ..
            } = passage;
            return self.dispatch(turn, &socket, &args, reply);
        };
        passage.next += 1;
        let context = EventContext::new(passage.socket.clone(), passage.args.clone(), None);
        self.launch(turn, || middleware(&context, true), || passage);
    }

    /// Middleware has spoken about an event.
    pub(super) fn on_passed(
        &mut self,
        turn: &mut Turn<'_, '_>,
        mut passage: Passage,
        ended: Ended<Passed>,
    ) {
        // [js socket.io 4.8.4] nothing is served behind the end.
        if passage.socket.is_gone() {
            return;
        }
        let stopped = match ended {
            Ended::Finished(Ok(None)) => return self.pass(turn, passage),
            Ended::Finished(Ok(Some(args))) => {
                let name = passage.args.event_name().unwrap_or_default();
                match args.with_name(&name) {
                    Ok(args) => {
                        passage.args = args;
                        return self.pass(turn, passage);
                    }
                    Err(source) => Ended::Finished(Answer::Unencodable(source)),
                }
            }
            Ended::Finished(Err(failure)) => Ended::Finished(failure),
            Ended::Panicked(message) => Ended::Panicked(message),
            Ended::Rejected(rejection) => Ended::Rejected(rejection),
        };
        let subject = Subject::Event(passage.args);
        let served = Served::new(passage.socket, subject, passage.reply);
        self.on_served(turn, served, stopped);
    }

    /// Calls the handlers of an event. The first one answers.
    fn dispatch(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: &Socket,
        args: &Args,
        mut reply: Option<ReplyTo>,
    ) {
        let name = args.event_name().unwrap_or_default();
        let routes = Arc::clone(socket.hub().routes());
        let own = socket.listeners().take_event(&name);
        let handlers = routes.event(&name).iter().chain(&own);
        let mut found = false;
        for handler in handlers {
            found = true;
            self.serve(turn, socket, args, handler, reply.take());
        }
        if !found {
            // As in the reference, an event without a listener is not an error of anybody.
            tracing::debug!(socket = %socket.id(), event = %name, "no handler");
        }
    }

    fn serve(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: &Socket,
        args: &Args,
        handler: &EventFn,
        reply: Option<ReplyTo>,
    ) {
        let wanted = reply.is_some();
        let context = EventContext::new(socket.clone(), args.clone(), reply);
        let start = || handler(&context, wanted);
        self.launch(turn, start, || {
            // What an `Ack` argument has taken is no longer here: then the return value is not an
            // answer.
            let reply = context.take_reply();
            Served::new(socket.clone(), Subject::Event(args.clone()), reply)
        });
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
        let Joined { socket, _visit } = self.joined.remove(position);
        let routes = Arc::clone(socket.hub().routes());
        let context = DisconnectContext::new(socket.clone(), reason);
        let leaving = || Served::new(socket.clone(), Subject::Disconnect, None);
        let own = socket.listeners().disconnecting();
        for handler in routes.on_disconnecting.iter().chain(&own) {
            self.launch(turn, || handler(&context, false), leaving);
        }
        socket.forget_rooms();
        let own = socket.listeners().disconnect();
        // They may own the socket that owns them.
        socket.listeners().off_all();
        for handler in routes.on_disconnect.iter().chain(&own) {
            self.launch(turn, || handler(&context, false), leaving);
        }
    }

    pub(super) fn on_malformed(&self, error: DecodeError) {
        for Joined { socket, .. } in &self.joined {
            self.report(socket, &HandlerError::Malformed(error));
        }
    }

    /// Sends what a handler returned, and reports what went wrong with it.
    pub(super) fn on_served(
        &mut self,
        turn: &mut Turn<'_, '_>,
        served: Served,
        ended: Ended<Answer>,
    ) {
        let Served {
            socket,
            subject,
            reply,
        } = served;
        self.apply_commands(turn);
        let (args, error) = outcome(&subject, ended);
        if let Some(error) = error {
            self.report(&socket, &error);
        }
        if let (Some(to), Some(args)) = (reply, args) {
            self.reply(turn, &socket, to, args, &subject);
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
            let (event, source) = (subject.to_string(), refused.into());
            self.report(socket, &HandlerError::Unanswered { event, source });
        }
    }

    pub(super) fn report(&self, socket: &Socket, error: &HandlerError) {
        if let Some(observer) = &self.server.observer {
            observer.handler_failed(socket, error);
        }
        socket.hub().routes().report(socket, error);
    }
}

/// The span of a handler for one socket.
pub(super) fn span_of(socket: &Socket, event: impl Display) -> Span {
    Span::handler(socket.namespace(), Some(socket.id()), event)
}
