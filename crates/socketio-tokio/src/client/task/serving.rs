//! Events of the server, and what became of their handlers.

use std::sync::Arc;

use socketio_proto::client::{Client as Machine, ReplyTo};
use socketio_proto::{Args, Namespace as Name};

use super::{ClientTask, Pending, Turn};
use crate::answer::Answer;
use crate::client::context::{
    ConnectContext, ConnectErrorContext, DisconnectContext, EventContext,
};
use crate::client::member::Member;
use crate::client::queue::Entry;
use crate::client::routes::EventFn;
use crate::client::sender::Sender;
use crate::error::HandlerError;
use crate::handler::Erased;
use crate::in_flight::Ended;
use crate::outbox::args_len;
use crate::outcome::{Subject, outcome};
use crate::span::Span;

/// An event or hook that is being served.
#[derive(Debug)]
pub(super) struct Served {
    member: Arc<Member>,
    subject: Subject,
    reply: Option<ReplyTo>,
}

impl Served {
    pub(super) fn own_span(&self) -> Span {
        Span::handler(&self.member.name, self.member.id().as_ref(), &self.subject)
    }

    /// Reports what went wrong with a handler that nobody is answered for.
    pub(super) fn report(&self, ended: Ended<Answer>) {
        if let (_, Some(error)) = outcome(&self.subject, ended) {
            report(&self.member, &error);
        }
    }
}

impl ClientTask {
    /// An event goes to its handlers, or to the reader if it has none.
    pub(super) fn on_packet(&mut self, namespace: &Name, args: Args, reply: Option<ReplyTo>) {
        let Some(joined) = self.find(namespace) else {
            return;
        };
        let member = Arc::clone(&joined.member);
        let routes = &member.routes;
        let name = args.event_name().unwrap_or_default();
        if !routes.event(&name).is_empty() {
            return self.wait(member, args, reply);
        }
        if !routes.any.is_empty() {
            self.wait(Arc::clone(&member), args.clone(), None);
        }
        member.queue.push(Entry::Event(args, reply));
    }

    fn wait(&mut self, member: Arc<Member>, args: Args, reply: Option<ReplyTo>) {
        self.backlog_bytes += args_len(&args);
        self.backlog.push_back(Pending::Event {
            member,
            args,
            reply,
        });
    }

    /// Starts the handlers of something that has happened.
    pub(super) fn serve_pending(&mut self, turn: &mut Turn<'_, '_>, pending: Pending) {
        match pending {
            Pending::Connect(member) => {
                let context = ConnectContext {
                    sender: Sender(Arc::clone(&member)),
                };
                let handlers = &member.routes.on_connect;
                self.run_hooks(turn, &member, handlers, &context, || Subject::Connect);
            }
            Pending::ConnectError(member, error) => {
                let sender = Sender(Arc::clone(&member));
                let context = ConnectErrorContext { sender, error };
                let handlers = &member.routes.on_connect_error;
                self.run_hooks(turn, &member, handlers, &context, || Subject::ConnectError);
            }
            Pending::Disconnect(member, reason) => {
                let sender = Sender(Arc::clone(&member));
                let context = DisconnectContext { sender, reason };
                let handlers = &member.routes.on_disconnect;
                self.run_hooks(turn, &member, handlers, &context, || Subject::Disconnect);
            }
            Pending::Event {
                member,
                args,
                reply,
            } => self.dispatch(turn, &member, &args, reply),
        }
    }

    fn run_hooks<C>(
        &mut self,
        turn: &mut Turn<'_, '_>,
        member: &Arc<Member>,
        handlers: &[Erased<C, Answer>],
        context: &C,
        subject: impl Fn() -> Subject,
    ) {
        for handler in handlers {
            let served = || Served {
                member: Arc::clone(member),
                subject: subject(),
                reply: None,
            };
            self.launch(turn, || handler(context, false), served);
        }
    }

    /// Calls the handlers of an event, those for any event first. The first one of its own answers.
    fn dispatch(
        &mut self,
        turn: &mut Turn<'_, '_>,
        member: &Arc<Member>,
        args: &Args,
        mut reply: Option<ReplyTo>,
    ) {
        for handler in &member.routes.any {
            self.serve(turn, member, args, handler, None);
        }
        let name = args.event_name().unwrap_or_default();
        for handler in member.routes.event(&name) {
            self.serve(turn, member, args, handler, reply.take());
        }
    }

    fn serve(
        &mut self,
        turn: &mut Turn<'_, '_>,
        member: &Arc<Member>,
        args: &Args,
        handler: &EventFn,
        reply: Option<ReplyTo>,
    ) {
        let wanted = reply.is_some();
        let context = EventContext::new(Sender(Arc::clone(member)), args.clone(), reply);
        let start = || handler(&context, wanted);
        self.launch(turn, start, || Served {
            member: Arc::clone(member),
            subject: Subject::Event(args.clone()),
            // What an `Ack` argument has taken is no longer here: then the return value is not an
            // answer.
            reply: context.take_reply(),
        });
    }

    /// Sends what a handler returned, and reports what went wrong with it.
    pub(super) fn on_served(
        &mut self,
        turn: &mut Turn<'_, '_>,
        served: Served,
        ended: Ended<Answer>,
    ) {
        let Served {
            member,
            subject,
            reply,
        } = served;
        self.apply_all(turn);
        let (args, error) = outcome(&subject, ended);
        if let Some(error) = error {
            report(&member, &error);
        }
        if let (Some(to), Some(args)) = (reply, args) {
            self::reply(turn.machine, &member, to, args, &subject);
        }
    }
}

/// Answers.
pub(super) fn reply(
    machine: &mut Machine,
    member: &Arc<Member>,
    to: ReplyTo,
    args: Args,
    subject: &Subject,
) {
    if let Err(refused) = machine.reply(to, args) {
        let (event, source) = (subject.to_string(), refused.into());
        report(member, &HandlerError::Unanswered { event, source });
    }
}

fn report(member: &Arc<Member>, error: &HandlerError) {
    member.routes.report(&Sender(Arc::clone(member)), error);
}
