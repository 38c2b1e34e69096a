//! A client at the door of a namespace: middleware decides, then it is let in or kept out.

use std::sync::Arc;

use socketio_proto::ConnectError;
use socketio_proto::server::ConnectRequest;

use super::in_flight::{Outcome, Started, Subject, Task, Work};
use super::{Connection, Joined, Turn};
use crate::context::ConnectContext;
use crate::error::HandlerError;
use crate::namespace::Routes;
use crate::socket::Socket;

impl Connection {
    pub(super) fn on_connect(&mut self, turn: &mut Turn<'_, '_>, request: ConnectRequest) {
        let Some((hub, _)) = self.server.namespaces.get(&request.namespace) else {
            // [js socket.io 4.8.4] the words that clients compare with.
            return turn
                .machine
                .reject(request, &ConnectError::new("Invalid namespace"));
        };
        let auth = request.auth.as_ref().map(ToString::to_string);
        let (hub, outbox) = (Arc::clone(hub), Arc::clone(&self.outbox));
        let id = self.server.socket_id();
        let socket = Socket::new(id, auth, hub, outbox, Arc::clone(&self.request));
        self.ask_middleware(turn, socket, request, 0);
    }

    pub(super) fn on_verdict(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: Socket,
        request: ConnectRequest,
        next: usize,
        outcome: Outcome,
    ) {
        let event = || Subject::Connect.name();
        let (error, report) = match outcome {
            Outcome::Decided(Ok(())) => return self.ask_middleware(turn, socket, request, next),
            Outcome::Decided(Err(error)) => (error, None),
            Outcome::Rejected(rejection) => {
                let refusal = ConnectError::new(rejection.to_string());
                (
                    refusal,
                    Some(HandlerError::Rejected {
                        event: event(),
                        rejection,
                    }),
                )
            }
            Outcome::Panicked(message) => {
                let report = HandlerError::Panicked {
                    event: event(),
                    message,
                };
                (ConnectError::new("internal error"), Some(report))
            }
            Outcome::Answered(_) => (ConnectError::new("internal error"), None),
        };
        if let (Some(report), Some(routes)) = (report, self.server.routes(&request.namespace)) {
            routes.report(&socket, &report);
        }
        self.keep_out(turn, &socket, request, &error);
    }

    /// Asks the middleware from number `next` on; the last one opens the door.
    fn ask_middleware(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: Socket,
        request: ConnectRequest,
        next: usize,
    ) {
        let Some(routes) = self.server.routes(&request.namespace).cloned() else {
            return;
        };
        let Some(middleware) = routes.middleware.get(next) else {
            return self.let_in(turn, socket, routes, request);
        };
        let context = ConnectContext {
            socket: socket.clone(),
            state: (),
        };
        let started = Started::guard(Work::Admission, || middleware(&context, true));
        self.launch(
            turn,
            Task::Admission {
                socket,
                request,
                next: next + 1,
            },
            started,
        );
    }

    fn let_in(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: Socket,
        routes: Arc<Routes>,
        request: ConnectRequest,
    ) {
        self.apply_commands(turn);
        turn.machine.accept(request, socket.id().clone());
        if !turn.machine.is_connected(socket.namespace()) {
            // The connection has ended while middleware was thinking.
            return socket.set_gone();
        }
        socket.set_connected();
        self.joined.push(Joined {
            socket: socket.clone(),
            routes: Arc::clone(&routes),
        });
        if let Some(handler) = &routes.on_connect {
            let context = ConnectContext {
                socket: socket.clone(),
                state: (),
            };
            let started = Started::guard(Work::Event, || handler(&context, false));
            let task = Task::Event {
                socket,
                subject: Subject::Connect,
                reply: None,
            };
            self.launch(turn, task, started);
        }
    }

    fn keep_out(
        &mut self,
        turn: &mut Turn<'_, '_>,
        socket: &Socket,
        request: ConnectRequest,
        error: &ConnectError,
    ) {
        self.apply_commands(turn);
        socket.set_gone();
        turn.machine.reject(request, error);
    }
}
