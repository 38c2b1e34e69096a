//! Sessions and namespaces as they come and go, and who is told.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use socketio_proto::client::{AuthRequest, Client as Machine, DisconnectReason, Event, SessionEnd};
use socketio_proto::engine::TransportKind;
use socketio_proto::{Namespace as Name, SocketId, Timestamp};
use tokio::sync::oneshot;

use super::{ClientTask, Joined, Pending, Turn, tell, tell_undelivered};
use crate::answer::Answer;
use crate::client::auth::{AuthContext, Source, verdict};
use crate::client::error::{ConnectError, Failure, Refused};
use crate::client::item::Item;
use crate::client::member::Member;
use crate::client::notice::Notice;
use crate::client::queue::Entry;
use crate::client::sender::Sender;
use crate::error::CallError;
use crate::handler::BoxFuture;
use crate::in_flight::Ended;
use crate::outcome::{Subject, outcome};
use crate::span::Span;

/// A namespace that is being asked what to say about itself.
#[derive(Debug)]
pub(super) struct Authentication {
    member: Arc<Member>,
    request: AuthRequest,
    /// Which of the questions of this namespace.
    question: u64,
}

impl Authentication {
    pub(super) fn own_span(&self) -> Span {
        Span::handler(&self.member.name, None, "auth")
    }
}

impl ClientTask {
    /// Something has happened in the machine.
    pub(super) fn hear(&mut self, machine: &mut Machine, now: Timestamp, event: Event) {
        match event {
            Event::Acked {
                namespace,
                id,
                outcome,
            } => {
                if let Some(asker) = self.calls.remove(&(namespace, id)) {
                    tell(asker, outcome.map_err(CallError::from));
                }
            }
            Event::AuthRequest(request) => self.on_auth_request(machine, request),
            Event::Connected {
                namespace,
                sid,
                recovered,
            } => self.on_connected(&namespace, sid, recovered),
            Event::Disconnected { namespace, reason } => self.on_disconnected(&namespace, reason),
            Event::Ended(end) => self.on_ended(end),
            Event::Error { namespace, error } => {
                if let Some(joined) = self.find(&namespace) {
                    let item = Item::Error(error.into());
                    joined.member.queue.push(Entry::Item(item));
                }
            }
            Event::Event {
                namespace,
                args,
                reply,
            } => self.on_packet(&namespace, args, reply),
            Event::GaveUp => self.on_over(&Notice::GaveUp),
            Event::Heartbeat => self.shared.tell(&Notice::Heartbeat),
            Event::Opened(_) => self.on_opened(machine),
            Event::Reconnecting { attempt, at } => {
                let wait = at.as_millis().saturating_sub(now.as_millis());
                self.on_reconnecting(attempt, Duration::from_millis(wait));
            }
            Event::Refused { namespace, error } => self.refuse(&namespace, error.into()),
            Event::Stopped => self.on_over(&Notice::Stopped),
            Event::Undelivered {
                namespace,
                packet,
                error,
            } => {
                if let Some(joined) = self.find(&namespace) {
                    tell_undelivered(&joined.member, &packet, error.into());
                }
            }
            Event::UpgradeFailed => self.shared.tell(&Notice::UpgradeFailed),
            Event::Upgraded => {
                self.shared.set_transport(transport(machine));
                self.shared.tell(&Notice::Upgraded);
            }
        }
    }

    fn on_opened(&mut self, machine: &Machine) {
        self.opened = true;
        let transport = transport(machine);
        self.shared.set_transport(transport);
        if let Some(transport) = transport {
            self.shared.tell(&Notice::Opened { transport });
        }
        let attempts = std::mem::take(&mut self.attempts);
        if attempts > 0 {
            self.shared.tell(&Notice::Reconnected { attempts });
        }
    }

    /// A session has ended, or could not be opened.
    fn on_ended(&mut self, end: SessionEnd) {
        let was_open = std::mem::take(&mut self.opened);
        self.shared.set_transport(None);
        if was_open {
            self.shared.tell(&Notice::Closed(end));
        }
        // Nobody needed it any more: that is not a failure.
        if end == SessionEnd::Unused {
            return;
        }
        let failure = Failure::new(end, self.dialer.last_failure(), was_open);
        if !was_open {
            self.shared.tell(&Notice::ConnectFailed(failure.clone()));
        }
        for joined in &mut self.joined {
            joined.question = 0;
            joined.asking = None;
            // Who waits to be let in for the first time does not wait for another session.
            let rung = joined.bell.take();
            if let Some(bell) = rung {
                // Whoever no longer waits has dropped its end.
                let _gone = bell.send(Err(failure.clone().into()));
            } else if joined.member.is_active() && !is_told(&self.lost, &joined.member) {
                // The session may have ended before it has let the client in.
                let item = Item::ConnectFailed(failure.clone());
                joined.member.queue.push(Entry::Item(item));
            } else {
                continue;
            }
            let error = ConnectError::from(failure.clone());
            if !joined.member.routes.on_connect_error.is_empty() {
                let member = Arc::clone(&joined.member);
                self.backlog.push_back(Pending::ConnectError(member, error));
            }
        }
    }

    fn on_reconnecting(&mut self, attempt: u32, after: Duration) {
        self.attempts = attempt;
        self.tell_lost(Some(after));
        self.shared.tell(&Notice::Reconnecting { attempt, after });
    }

    fn on_over(&mut self, notice: &Notice) {
        self.tell_lost(None);
        self.shared.tell(notice);
        self.end();
    }

    fn on_connected(&mut self, name: &Name, id: SocketId, recovered: bool) {
        let Some(joined) = self.find(name) else {
            return;
        };
        let member = Arc::clone(&joined.member);
        member.set_connected(id.clone(), recovered);
        match joined.bell.take() {
            // Whoever no longer waits has dropped its end, and leaves.
            Some(bell) => drop(bell.send(Ok(()))),
            None => member
                .queue
                .push(Entry::Item(Item::Connected { id, recovered })),
        }
        if !member.routes.on_connect.is_empty() {
            self.backlog.push_back(Pending::Connect(member));
        }
    }

    fn on_disconnected(&mut self, name: &Name, reason: DisconnectReason) {
        let Some(joined) = self.find(name) else {
            return;
        };
        let member = Arc::clone(&joined.member);
        member.set_disconnected();
        if reason == DisconnectReason::ServerDisconnect {
            member.set_active(false);
        }
        if reason.is_retried() {
            self.lost.push((Arc::clone(&member), reason));
        } else {
            tell_disconnected(&member, reason, None);
        }
        if !member.routes.on_disconnect.is_empty() {
            self.backlog.push_back(Pending::Disconnect(member, reason));
        }
    }

    /// Tells the namespaces that were lost with their session, now that it is known what follows.
    pub(super) fn tell_lost(&mut self, retry_after: Option<Duration>) {
        for (member, reason) in self.lost.drain(..) {
            tell_disconnected(&member, reason, retry_after);
        }
    }

    /// The client is kept out of a namespace, by the server or by what it has to say about itself.
    fn refuse(&mut self, name: &Name, refused: Refused) {
        let Some(joined) = self.find(name) else {
            return;
        };
        let member = Arc::clone(&joined.member);
        member.set_active(false);
        match joined.bell.take() {
            // Whoever no longer waits has dropped its end.
            Some(bell) => drop(bell.send(Err(refused.clone().into()))),
            None => member
                .queue
                .push(Entry::Item(Item::Refused(refused.clone()))),
        }
        if !member.routes.on_connect_error.is_empty() {
            let error = refused.into();
            self.backlog.push_back(Pending::ConnectError(member, error));
        }
    }

    fn on_auth_request(&mut self, machine: &mut Machine, request: AuthRequest) {
        let Some(joined) = self.find(request.namespace()) else {
            return;
        };
        match &joined.auth {
            Source::Ask(_) => self.questions.push(request),
            Source::Fixed(auth) => machine.authenticate(request, Some(auth.clone())),
            Source::Nothing => machine.authenticate(request, None),
        }
    }

    /// Asks what the client says about itself. True if there was anything to ask.
    pub(super) fn start_questions(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let questions = std::mem::take(&mut self.questions);
        let any = !questions.is_empty();
        for request in questions {
            self.asked += 1;
            let question = self.asked;
            let Some(joined) = self.find(request.namespace()) else {
                continue;
            };
            let Joined { member, auth, .. } = joined;
            let (member, ask) = match auth {
                Source::Ask(ask) => (Arc::clone(member), Arc::clone(ask)),
                // It was replaced meanwhile.
                Source::Fixed(_) | Source::Nothing => {
                    self.on_auth_request(turn.machine, request);
                    continue;
                }
            };
            joined.question = question;
            let namespace = member.name.clone();
            let (asking, unasked) = oneshot::channel();
            joined.asking = Some(asking);
            let start = || {
                let answer = ask(&AuthContext { namespace }, true)?;
                // One that never ends must not stay for every session that has asked.
                let answer: BoxFuture<Answer> = Box::pin(async move {
                    match select(answer, unasked).await {
                        Either::Left((answer, _)) => answer,
                        Either::Right(_) => Answer::Value(None),
                    }
                });
                Ok(answer)
            };
            self.launch(turn, start, || Authentication {
                member,
                request,
                question,
            });
        }
        any
    }

    /// It is known what the client says about itself, or that it does not ask at all.
    pub(super) fn on_authenticated(
        &mut self,
        turn: &mut Turn<'_, '_>,
        authentication: Authentication,
        ended: Ended<Answer>,
    ) {
        let Authentication {
            member,
            request,
            question,
        } = authentication;
        let verdict = verdict(&ended);
        if let (_, Some(error)) = outcome(&Subject::Auth, ended) {
            member.routes.report(&Sender(Arc::clone(&member)), &error);
        }
        match verdict {
            Ok(auth) => turn.machine.authenticate(request, Some(auth)),
            Err(refused) => {
                // What an earlier session was to be told is of no interest in this one.
                let joined = self.find(&member.name);
                if joined.is_some_and(|joined| joined.question == question) {
                    turn.machine.disconnect(turn.now, &member.name);
                    self.refuse(&member.name, refused);
                }
            }
        }
    }
}

/// Whether a namespace was connected, and is told that it is not any more.
fn is_told(lost: &[(Arc<Member>, DisconnectReason)], member: &Arc<Member>) -> bool {
    lost.iter().any(|(lost, _)| Arc::ptr_eq(lost, member))
}

fn tell_disconnected(member: &Member, reason: DisconnectReason, retry_after: Option<Duration>) {
    member.queue.push(Entry::Item(Item::Disconnected {
        reason,
        retry_after,
    }));
}

fn transport(machine: &Machine) -> Option<TransportKind> {
    machine.engine().map(|engine| engine.transport())
}
