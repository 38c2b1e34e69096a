//! What a session is connected to: requests that wait for an answer, and WebSockets.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use engineio_proto::{
    Ids, RequestId, TransportId,
    parser::Channel,
    server::{BodyKind, Input, Io, Opening, Response},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    post::Arrived,
    sessions::{Life, Registration},
};
use crate::{drive, ws, ws::End};

/// A WebSocket that the server waits for when it ends.
type WebSocket = ws::WebSocket<Life>;

/// Where the answer to a request goes.
pub(crate) type Responder = oneshot::Sender<Response>;

/// What the tasks of HTTP connections send to the task of a session.
pub(crate) enum Letter {
    /// The client leaves.
    Farewell(Responder),
    /// A WebSocket for this session, and what it carries.
    Opened(Box<WebSocket>, Channel),
    /// A method that no session knows.
    Other(Responder),
    /// The client waits for packets.
    Poll(Responder),
    /// The client says something; its body follows.
    Post(BodyKind, Responder, oneshot::Receiver<Arrived>),
}

impl Letter {
    /// Ends what cannot be delivered because the session is gone.
    pub(crate) fn return_to_sender(self) {
        match self {
            Self::Opened(socket, _) => socket.close(),
            // Whoever waits for the answer finds that its responder is gone.
            Self::Farewell(_) | Self::Other(_) | Self::Poll(_) | Self::Post(..) => {}
        }
    }
}

/// What a session is connected to.
pub(crate) struct Wire {
    ids: Ids,
    mailbox: mpsc::Receiver<Letter>,
    exchanges: Vec<Exchange>,
    sockets: Vec<Socket>,
    /// Requests whose clients left in the moment of the answer.
    aborted: VecDeque<RequestId>,
    /// Inputs until the mailbox is asked before the WebSockets.
    burst: u8,
    /// Held for as long as the session can be found.
    registration: Option<Registration>,
    /// Held for as long as the task runs.
    _life: Life,
}

/// A request that has not been answered.
struct Exchange {
    request: RequestId,
    responder: Responder,
    body: Option<oneshot::Receiver<Arrived>>,
}

struct Socket {
    transport: TransportId,
    web_socket: Box<WebSocket>,
}

impl Wire {
    pub(crate) fn new(
        mailbox: mpsc::Receiver<Letter>,
        registration: Registration,
        life: Life,
    ) -> Self {
        Self {
            ids: Ids::new(),
            mailbox,
            exchanges: Vec::new(),
            sockets: Vec::new(),
            aborted: VecDeque::new(),
            burst: 0,
            registration: Some(registration),
            _life: life,
        }
    }

    /// Connects the request that opens the session.
    pub(crate) fn opening_request(&mut self, responder: Responder) -> Opening {
        Opening::Poll(self.connect_request(responder, None))
    }

    /// Connects the WebSocket that opens the session.
    pub(crate) fn opening_socket(&mut self, web_socket: Box<WebSocket>) -> Opening {
        Opening::WebSocket(self.connect_socket(web_socket))
    }

    fn connect_request(
        &mut self,
        responder: Responder,
        body: Option<oneshot::Receiver<Arrived>>,
    ) -> RequestId {
        let request = self.ids.request();
        self.exchanges.push(Exchange {
            request,
            responder,
            body,
        });
        request
    }

    fn connect_socket(&mut self, web_socket: Box<WebSocket>) -> TransportId {
        let transport = self.ids.transport();
        self.sockets.push(Socket {
            transport,
            web_socket,
        });
        transport
    }

    /// What became of the requests that wait here: a client that left, a body that arrived.
    fn poll_exchanges(&mut self, cx: &mut Context<'_>, reading: bool) -> Poll<Input> {
        for (index, exchange) in self.exchanges.iter_mut().enumerate() {
            let request = exchange.request;
            if exchange.responder.poll_closed(cx).is_ready() {
                self.exchanges.swap_remove(index);
                return Poll::Ready(Input::Aborted { request });
            }
            let Some(body) = exchange.body.as_mut().filter(|_| reading) else {
                continue;
            };
            let Poll::Ready(arrived) = Pin::new(body).poll(cx) else {
                continue;
            };
            exchange.body = None;
            return Poll::Ready(match arrived {
                Ok(Arrived::Whole(body)) => Input::Body { request, body },
                Ok(Arrived::TooLarge) => Input::BodyTooLarge { request },
                Err(_) => {
                    self.exchanges.swap_remove(index);
                    Input::Aborted { request }
                }
            });
        }
        Poll::Pending
    }

    fn poll_mailbox(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        // `None` comes after the registration is gone, when no letter can come any more.
        let Poll::Ready(Some(letter)) = self.mailbox.poll_recv(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(match letter {
            Letter::Farewell(responder) => Input::Farewell {
                request: self.connect_request(responder, None),
            },
            Letter::Opened(socket, Channel::Bytes) => Input::Opened {
                transport: self.connect_socket(socket),
            },
            Letter::Opened(socket, Channel::Text) => Input::OpenedForText {
                transport: self.connect_socket(socket),
            },
            Letter::Other(responder) => Input::Other {
                request: self.connect_request(responder, None),
            },
            Letter::Poll(responder) => Input::Poll {
                request: self.connect_request(responder, None),
            },
            Letter::Post(kind, responder, body) => Input::Post {
                request: self.connect_request(responder, Some(body)),
                kind,
            },
        })
    }

    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for index in 0..self.sockets.len() {
            let Socket {
                transport,
                web_socket,
            } = &mut self.sockets[index];
            let transport = *transport;
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
        let Socket {
            transport,
            web_socket,
        } = self.sockets.swap_remove(index);
        web_socket.close();
        match end {
            End::Closed => Input::Closed { transport },
            End::Failed => Input::Failed { transport },
        }
    }
}

impl<M> drive::Wire<M> for Wire
where
    M: engineio_proto::Machine<Input = Input, Io = Io>,
{
    fn perform(&mut self, io: Io) {
        match io {
            Io::Respond { request, response } => {
                let is_it = |exchange: &Exchange| exchange.request == request;
                let Some(index) = self.exchanges.iter().position(is_it) else {
                    return;
                };
                let responder = self.exchanges.swap_remove(index).responder;
                if responder.send(response).is_err() {
                    self.aborted.push_back(request);
                }
            }
            Io::Frame { transport, frame } => {
                let mut sockets = self.sockets.iter_mut();
                if let Some(socket) = sockets.find(|socket| socket.transport == transport) {
                    socket.web_socket.send(frame);
                }
            }
            Io::Close { transport } => {
                let mut sockets = self.sockets.iter();
                if let Some(index) = sockets.position(|socket| socket.transport == transport) {
                    self.sockets.swap_remove(index).web_socket.close();
                }
            }
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, reading: bool) -> Poll<Input> {
        if let Some(request) = self.aborted.pop_front() {
            return Poll::Ready(Input::Aborted { request });
        }
        if let Poll::Ready(input) = self.poll_exchanges(cx, reading) {
            return Poll::Ready(input);
        }
        let mailbox_first = self.burst == 0;
        self.burst = self.burst.checked_sub(1).unwrap_or(BURST);
        if mailbox_first && let Poll::Ready(input) = self.poll_mailbox(cx) {
            return Poll::Ready(input);
        }
        if reading && let Poll::Ready(input) = self.poll_sockets(cx) {
            return Poll::Ready(input);
        }
        if mailbox_first {
            Poll::Pending
        } else {
            self.poll_mailbox(cx)
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for index in 0..self.sockets.len() {
            let Socket {
                transport,
                web_socket,
            } = &mut self.sockets[index];
            let transport = *transport;
            match web_socket.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => return Poll::Ready(Input::Flushed { transport }),
                Poll::Ready(Err(end)) => return Poll::Ready(self.lose(index, end)),
            }
        }
        Poll::Pending
    }

    fn retire(&mut self) {
        self.registration = None;
    }

    fn close(mut self) {
        self.registration = None;
        self.mailbox.close();
        while let Ok(letter) = self.mailbox.try_recv() {
            letter.return_to_sender();
        }
        for socket in self.sockets {
            socket.web_socket.close();
        }
    }
}

/// Inputs taken before the mailbox is asked first again: a busy WebSocket must not hide it.
const BURST: u8 = 32;
