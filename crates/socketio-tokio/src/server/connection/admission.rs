//! A client at the door of a namespace: the namespace is found, middleware decides, then the
//! client is let in or kept out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use socketio_proto::server::{Accept, ConnectRequest};
use socketio_proto::{ConnectError, SocketId};

use super::events::{Served, span_of};
use super::{ClientTask, Joined, Turn};
use crate::error::HandlerError;
use crate::in_flight::Ended;
use crate::outcome::Subject;
use crate::random;
use crate::server::context::{ConnectContext, NamespaceContext};
use crate::server::dynamic::Matcher;
use crate::server::handshake::Handshake;
use crate::server::namespaces::{Dynamic, Visit};
use crate::server::recovery::{Claim, Entry, Recovery};
use crate::server::socket::Socket;
use crate::span::Span;

/// A client for which a dynamic namespace is looked for.
#[derive(Debug)]
pub(super) struct Search {
    request: ConnectRequest,
    handshake: Handshake,
    /// The number of the rule that is being asked.
    rule: usize,
}

/// A client that middleware decides about.
#[derive(Debug)]
pub(super) struct Admission {
    socket: Socket,
    visit: Visit,
    request: ConnectRequest,
    /// The session that the client comes back to.
    claim: Option<Box<Claim>>,
    /// The number of the middleware to be asked next.
    next: usize,
}

impl Search {
    pub(super) fn own_span(&self) -> Span {
        Span::rule(&self.request.namespace)
    }
}

impl Admission {
    pub(super) fn own_span(&self) -> Span {
        span_of(&self.socket, "middleware")
    }
}

impl ClientTask {
    /// [js socket.io 4.8.4] names first, then the rules for dynamic namespaces in their order.
    pub(super) fn on_connect(&mut self, turn: &mut Turn<'_, '_>, request: ConnectRequest) {
        let handshake = Handshake {
            connection: self.connection.clone(),
            auth: request.auth.clone(),
        };
        match self.server.namespaces.enter(&request.namespace) {
            Some(visit) => self.welcome(turn, visit, handshake, request),
            None => self.search(
                turn,
                Search {
                    request,
                    handshake,
                    rule: 0,
                },
            ),
        }
    }

    /// Asks the rules for dynamic namespaces, from `search.rule` on.
    fn search(&mut self, turn: &mut Turn<'_, '_>, mut search: Search) {
        while let Some(dynamic) = self.server.namespaces.dynamic(search.rule) {
            let path = search.request.namespace.as_str();
            let matches = match &dynamic.matcher {
                Matcher::Ask(matches) => {
                    let name = search.request.namespace.clone();
                    let context = NamespaceContext::new(name, search.handshake.clone());
                    return self.launch(turn, || matches(&context, true), || search);
                }
                // A rule that panics has said no, as one that is asked has.
                Matcher::Path(matches) => {
                    catch_unwind(AssertUnwindSafe(|| matches(path))).unwrap_or(false)
                }
                Matcher::Pattern(pattern) => pattern.params(path).is_some(),
            };
            if matches {
                return self.found(turn, search, &dynamic);
            }
            search.rule += 1;
        }
        // [js socket.io 4.8.4] the words that clients compare with.
        let error = ConnectError::new("Invalid namespace");
        self.refuse(turn, search.request, &error);
    }

    /// A rule has answered. No is also what it says by failing.
    pub(super) fn on_match(&mut self, turn: &mut Turn<'_, '_>, search: Search, ended: Ended<bool>) {
        let dynamic = match ended {
            Ended::Finished(true) => self.server.namespaces.dynamic(search.rule),
            Ended::Finished(false) | Ended::Rejected(_) => None,
            Ended::Panicked(message) => {
                let namespace = search.request.namespace.as_str();
                tracing::error!(%namespace, "the rule of a dynamic namespace panicked: {message}");
                None
            }
        };
        match dynamic {
            Some(dynamic) => self.found(turn, search, &dynamic),
            None => {
                let rule = search.rule + 1;
                self.search(turn, Search { rule, ..search });
            }
        }
    }

    fn found(&mut self, turn: &mut Turn<'_, '_>, search: Search, dynamic: &Dynamic) {
        let Search {
            request, handshake, ..
        } = search;
        let namespaces = &self.server.namespaces;
        let (visit, is_new) = namespaces.create(&request.namespace, dynamic);
        if is_new {
            self.server.announce(visit.hub());
        }
        self.welcome(turn, visit, handshake, request);
    }

    /// Gives the client a socket: a new one, or the one that it says was its own.
    fn welcome(
        &mut self,
        turn: &mut Turn<'_, '_>,
        visit: Visit,
        handshake: Handshake,
        request: ConnectRequest,
    ) {
        let recovery = visit.hub().recovery();
        let claim = recovery
            .zip(request.resume.as_ref())
            .and_then(|(recovery, resume)| recovery.claim(resume));
        // Of the socket that the client may have had until now.
        visit.hub().tell_news();
        let (id, belongings) = match &claim {
            Some(claim) => (claim.sid().clone(), Some(claim.belongings().clone())),
            // A client of Socket.IO 1 or 2 has derived its own.
            None => {
                let derived = request.sid.clone();
                let id = derived.unwrap_or_else(|| SocketId::new(random::secret()));
                (id, None)
            }
        };
        let is_known = claim.is_some() && recovery.is_some_and(Recovery::skips_middlewares);
        let socket = Socket::new(id, Arc::clone(visit.hub()), handshake, belongings);
        let admission = Admission {
            socket,
            visit,
            request,
            claim,
            next: 0,
        };
        if is_known {
            self.let_in(turn, admission);
        } else {
            self.ask_middleware(turn, admission);
        }
    }

    /// Asks the middleware from number `admission.next` on; the last one opens the door.
    fn ask_middleware(&mut self, turn: &mut Turn<'_, '_>, mut admission: Admission) {
        let routes = Arc::clone(admission.socket.hub().routes());
        let Some(middleware) = routes.middleware.get(admission.next) else {
            return self.let_in(turn, admission);
        };
        admission.next += 1;
        let context = ConnectContext::new(admission.socket.clone());
        self.launch(turn, || middleware(&context, true), || admission);
    }

    pub(super) fn on_verdict(
        &mut self,
        turn: &mut Turn<'_, '_>,
        admission: Admission,
        ended: Ended<Result<(), ConnectError>>,
    ) {
        let event = Subject::Connect.to_string();
        let (error, report) = match ended {
            Ended::Finished(Ok(())) => return self.ask_middleware(turn, admission),
            Ended::Finished(Err(error)) => (error, None),
            Ended::Rejected(rejection) => {
                let refusal = ConnectError::new(rejection.told());
                (refusal, Some(HandlerError::Rejected { event, rejection }))
            }
            Ended::Panicked(message) => {
                let refusal = ConnectError::new("internal error");
                (refusal, Some(HandlerError::Panicked { event, message }))
            }
        };
        if let Some(report) = report {
            self.report(&admission.socket, &report);
        }
        self.keep_out(turn, admission, &error);
    }

    fn let_in(&mut self, turn: &mut Turn<'_, '_>, admission: Admission) {
        let Admission {
            socket,
            visit,
            request,
            claim,
            ..
        } = admission;
        self.apply_commands(turn);
        // Reachable first: what is emitted from now on waits behind the answer.
        let entry = match socket.hub().recovery() {
            Some(recovery) => Some(recovery.admit(&socket, claim, self.server.max_buffer_size)),
            None => {
                socket.set_connected(Vec::new());
                None
            }
        };
        socket.hub().tell_news();
        let (pid, missed) = match entry {
            Some(Entry { pid, missed }) => (Some(pid), missed),
            None => (None, Vec::new()),
        };
        let sid = socket.id().clone();
        turn.machine
            .accept_with(request, Accept { sid, pid, missed });
        if !turn.machine.is_connected(socket.namespace()) {
            // The connection has ended while middleware was thinking. Whoever was back may come
            // back again.
            socket.listeners().off_all();
            return socket.end(socket.is_recovered());
        }
        if let Some(observer) = &self.server.observer {
            observer.socket_connected(&socket);
        }
        let joined = socket.clone();
        self.joined.push(Joined {
            socket: joined,
            _visit: visit,
        });
        let routes = Arc::clone(socket.hub().routes());
        for handler in &routes.on_connect {
            let context = ConnectContext::new(socket.clone());
            let served = || Served::new(socket.clone(), Subject::Connect, None);
            self.launch(turn, || handler(&context, false), served);
        }
    }

    fn keep_out(&mut self, turn: &mut Turn<'_, '_>, admission: Admission, error: &ConnectError) {
        self.apply_commands(turn);
        admission.socket.set_gone();
        admission.socket.listeners().off_all();
        self.refuse(turn, admission.request, error);
        if let (Some(recovery), Some(claim)) = (admission.visit.hub().recovery(), admission.claim) {
            recovery.give_back(admission.visit.hub(), claim);
        }
    }

    fn refuse(&self, turn: &mut Turn<'_, '_>, request: ConnectRequest, error: &ConnectError) {
        if let Some(observer) = &self.server.observer {
            observer.socket_refused(&request.namespace, error);
        }
        turn.machine.reject(request, error);
    }
}
