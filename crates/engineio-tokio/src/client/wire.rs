//! What a machine is connected to: requests in flight, WebSockets, and connections that wait for
//! the next request.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use engineio_proto::{
    Machine, RequestId, TransportId,
    client::{Input, Io, Query},
};
use http::{HeaderValue, Method, Request, StatusCode, header::CONTENT_TYPE};
use tokio::{
    sync::mpsc,
    time::{Sleep, sleep},
};

use super::{
    Failure, Shared,
    exchange::{Answer, Exchange},
    http_connection::Connection,
    web_socket::{self, Dial},
};
use crate::{
    body::Body,
    drive,
    ws::{End, WebSocket},
};

/// What a machine is connected to.
pub(super) struct Wire {
    shared: Arc<Shared>,
    /// Requests in flight: one that polls and one that posts, at most.
    exchanges: Vec<Exchange>,
    sockets: Vec<Socket>,
    idle: Vec<Idle>,
    /// Something has been begun that nobody has polled yet.
    has_begun: bool,
    /// Whether the application took more in when it was last asked.
    reading: bool,
    undelivered: Undelivered,
}

struct Socket {
    transport: TransportId,
    state: SocketState,
}

impl Socket {
    const fn is_open(&self) -> bool {
        matches!(self.state, SocketState::Open(_))
    }
}

enum SocketState {
    Dialing(Dial),
    Open(Box<WebSocket<Undelivered>>),
}

/// A connection that waits for the next request.
struct Idle {
    connection: Connection,
    until: Pin<Box<Sleep>>,
}

/// Held by each WebSocket until everything is delivered.
pub(super) type Undelivered = mpsc::Sender<()>;

/// Waits until everything is delivered.
pub(super) struct Delivered(mpsc::Receiver<()>);

impl Delivered {
    pub(super) async fn wait(mut self) {
        // Nobody sends anything: this is the end of the last WebSocket.
        let _ = self.0.recv().await;
    }
}

impl Wire {
    pub(super) fn new(shared: Arc<Shared>) -> (Self, Delivered) {
        let (undelivered, delivered) = mpsc::channel(1);
        let wire = Self {
            shared,
            exchanges: Vec::new(),
            sockets: Vec::new(),
            idle: Vec::new(),
            has_begun: false,
            reading: true,
            undelivered,
        };
        (wire, Delivered(delivered))
    }

    /// A request without a session begins one: nobody waits any more for what the one before has
    /// asked, or for why it failed.
    fn note_beginning(&mut self, query: &Query) {
        if query.sid().is_none() {
            self.exchanges.clear();
            *self.shared.lock_failure() = None;
        }
    }

    fn ask(&mut self, id: RequestId, request: Request<Body>) {
        // Of each kind there is one at a time, so one that is still here is of no use to anybody.
        let brings_packets = request.method() == Method::GET;
        self.exchanges
            .retain(|exchange| exchange.brings_packets != brings_packets);
        let idle = self.idle.pop().map(|idle| idle.connection);
        let exchange = Exchange::begin(&self.shared, idle, id, request);
        self.exchanges.push(exchange);
        self.has_begun = true;
    }

    fn poll_exchanges(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for index in 0..self.exchanges.len() {
            let exchange = &mut self.exchanges[index];
            let Poll::Ready(outcome) = exchange.poll(cx, self.reading) else {
                continue;
            };
            let request = self.exchanges.swap_remove(index).id;
            return Poll::Ready(match outcome {
                Ok(answer) => self.take_answer(cx, request, answer),
                Err(failure) => {
                    self.shared.note(failure);
                    Input::Failed { request }
                }
            });
        }
        Poll::Pending
    }

    fn take_answer(&mut self, cx: &mut Context<'_>, request: RequestId, answer: Answer) -> Input {
        let Answer {
            head,
            body,
            mut connection,
        } = answer;
        self.shared.keep_cookies(&head.headers);
        if head.status != StatusCode::OK {
            self.shared.note(Failure::refusal(head.status, &body));
        }
        if connection.is_free(cx) && self.idle.len() < MAX_IDLE {
            let until = Box::pin(sleep(IDLE));
            self.idle.push(Idle { connection, until });
        }
        Input::Response {
            request,
            status: head.status.as_u16(),
            body,
        }
    }

    /// Lets go of connections that the server has closed or nobody has needed.
    fn poll_idle(&mut self, cx: &mut Context<'_>) {
        // Beside a WebSocket, an answer is followed by a request at once or by none at all.
        if self.exchanges.is_empty() && self.sockets.iter().any(Socket::is_open) {
            self.idle.clear();
        }
        self.idle.retain_mut(|idle| {
            idle.until.as_mut().poll(cx).is_pending() && idle.connection.is_free(cx)
        });
    }

    fn poll_dials(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for index in 0..self.sockets.len() {
            let Socket { transport, state } = &mut self.sockets[index];
            let transport = *transport;
            let SocketState::Dialing(dial) = state else {
                continue;
            };
            match dial.as_mut().poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(web_socket)) => {
                    *state = SocketState::Open(web_socket);
                    return Poll::Ready(Input::Opened { transport });
                }
                Poll::Ready(Err(failure)) => {
                    self.shared.note(failure);
                    self.sockets.swap_remove(index);
                    return Poll::Ready(Input::Closed { transport });
                }
            }
        }
        Poll::Pending
    }

    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for index in 0..self.sockets.len() {
            let Socket { transport, state } = &mut self.sockets[index];
            let transport = *transport;
            let SocketState::Open(web_socket) = state else {
                continue;
            };
            if web_socket.is_backed_up() {
                continue;
            }
            match web_socket.poll_frame(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(frame)) => return Poll::Ready(Input::Frame { transport, frame }),
                Poll::Ready(Err(end)) => return Poll::Ready(self.lose(index, end)),
            }
        }
        Poll::Pending
    }

    /// Gives up a WebSocket that has ended by itself.
    fn lose(&mut self, index: usize, end: End) -> Input {
        let Socket { transport, state } = self.sockets.swap_remove(index);
        state.close();
        match end {
            End::Closed => Input::Closed { transport },
            End::Failed => {
                self.shared.note(Failure::WebSocket);
                Input::Broken { transport }
            }
        }
    }

    fn socket(&self, transport: TransportId) -> Option<usize> {
        self.sockets
            .iter()
            .position(|socket| socket.transport == transport)
    }
}

impl SocketState {
    /// Closes a WebSocket behind what was written, or stops dialing it.
    fn close(self) {
        match self {
            Self::Dialing(dial) => drop(dial),
            Self::Open(web_socket) => web_socket.close(),
        }
    }
}

impl<M> drive::Wire<M> for Wire
where
    M: Machine<Input = Input, Io = Io>,
{
    fn perform(&mut self, io: Io) {
        match io {
            Io::Get { request, query } => {
                self.note_beginning(&query);
                let head = self.shared.request(Method::GET, &query, Bytes::new());
                self.ask(request, head);
            }
            Io::Post {
                request,
                query,
                kind,
                body,
            } => {
                let mut head = self.shared.request(Method::POST, &query, body);
                let content_type = HeaderValue::from_static(kind.content_type());
                head.headers_mut().insert(CONTENT_TYPE, content_type);
                self.ask(request, head);
            }
            Io::Connect { transport, query } => {
                self.note_beginning(&query);
                let dial = web_socket::dial(&self.shared, &query, self.undelivered.clone());
                self.sockets.push(Socket {
                    transport,
                    state: SocketState::Dialing(dial),
                });
                self.has_begun = true;
            }
            Io::Frame { transport, frame } => {
                if let Some(index) = self.socket(transport)
                    && let SocketState::Open(web_socket) = &mut self.sockets[index].state
                {
                    web_socket.send(frame);
                }
            }
            Io::Close { transport } => {
                if let Some(index) = self.socket(transport) {
                    self.sockets.swap_remove(index).state.close();
                }
            }
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, reading: bool) -> Poll<Input> {
        self.reading = reading;
        self.has_begun = false;
        if let Poll::Ready(input) = self.poll_exchanges(cx) {
            return Poll::Ready(input);
        }
        if let Poll::Ready(input) = self.poll_dials(cx) {
            return Poll::Ready(input);
        }
        self.poll_idle(cx);
        if reading {
            self.poll_sockets(cx)
        } else {
            Poll::Pending
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        // What an input, a timeout or the application has begun since the last look: nobody else
        // would wait for it.
        if mem::take(&mut self.has_begun) {
            if let Poll::Ready(input) = self.poll_exchanges(cx) {
                return Poll::Ready(input);
            }
            if let Poll::Ready(input) = self.poll_dials(cx) {
                return Poll::Ready(input);
            }
        }
        for index in 0..self.sockets.len() {
            let Socket { transport, state } = &mut self.sockets[index];
            let transport = *transport;
            let SocketState::Open(web_socket) = state else {
                continue;
            };
            match web_socket.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => return Poll::Ready(Input::Flushed { transport }),
                Poll::Ready(Err(end)) => return Poll::Ready(self.lose(index, end)),
            }
        }
        Poll::Pending
    }

    /// No answer is waited for any more. WebSockets are closed one by one, by the machine.
    fn retire(&mut self) {
        self.exchanges.clear();
    }

    fn close(self) {
        for socket in self.sockets {
            socket.state.close();
        }
    }
}

/// How long a connection waits for the next request. The reference's servers close theirs after
/// 5 s: a request must not meet that. [Node: `server.keepAliveTimeout`]
const IDLE: Duration = Duration::from_secs(4);

/// Connections that wait for the next request: as many as there are requests at a time.
const MAX_IDLE: usize = 2;
