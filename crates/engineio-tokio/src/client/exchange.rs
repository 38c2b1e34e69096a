//! One request, from its first byte to the last of its answer.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use engineio_proto::RequestId;
use http::{Method, Request, response};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::{Failure, Shared, encoding, http_connection::Connection};
use crate::body::Body;

/// One request in flight. It has no task of its own: whoever waits for the answer moves its bytes.
pub(super) struct Exchange {
    pub(super) id: RequestId,
    /// Whether the answer makes work for the application: that to a poll does.
    pub(super) brings_packets: bool,
    max_payload: usize,
    stage: Stage,
    patience: Option<Patience>,
}

enum Stage {
    /// The request is on its way, or the connection is.
    Asking(Pin<Box<dyn Future<Output = Result<Asked, Failure>> + Send>>),
    /// The head of the answer is here.
    Reading(Reading),
    /// The answer has been handed over.
    Over,
}

/// What brings the answer, and its head.
type Asked = (Connection, http::Response<Incoming>);

/// An answer that is being read.
struct Reading {
    connection: Connection,
    head: response::Parts,
    incoming: Incoming,
    body: BytesMut,
    limit: usize,
}

/// How long the server may keep silent.
struct Patience {
    limit: Duration,
    ends: Pin<Box<Sleep>>,
}

/// An answer, whole.
pub(super) struct Answer {
    pub(super) head: response::Parts,
    pub(super) body: Bytes,
    /// What may carry the next request.
    pub(super) connection: Connection,
}

impl Exchange {
    /// Sends a request, over `idle` if that is still of use.
    pub(super) fn begin(
        shared: &Arc<Shared>,
        idle: Option<Connection>,
        id: RequestId,
        request: Request<Body>,
    ) -> Self {
        let brings_packets = request.method() == Method::GET;
        let asking = ask(Arc::clone(shared), idle, request);
        let patience = shared.options.request_timeout.map(|limit| Patience {
            limit,
            ends: Box::pin(sleep(limit)),
        });
        Self {
            id,
            brings_packets,
            max_payload: usize::try_from(shared.options.max_payload).unwrap_or(usize::MAX),
            stage: Stage::Asking(Box::pin(asking)),
            patience,
        }
    }

    /// Goes on. Without `reading`, no more than the head of an answer that brings packets is taken
    /// in. Not to be called again once it is ready.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reading: bool,
    ) -> Poll<Result<Answer, Failure>> {
        loop {
            match &mut self.stage {
                Stage::Asking(asking) => {
                    let Poll::Ready((connection, response)) = asking.as_mut().poll(cx)? else {
                        return self.wait(cx);
                    };
                    let reading = Reading::new(connection, response, self.max_payload);
                    self.stage = Stage::Reading(reading);
                    self.renew_patience();
                }
                Stage::Reading(_) if self.brings_packets && !reading => return Poll::Pending,
                Stage::Reading(reading) => {
                    let before = reading.body.len();
                    match reading.poll(cx)? {
                        Poll::Ready(()) => return self.end(),
                        Poll::Pending if reading.body.len() == before => return self.wait(cx),
                        Poll::Pending => self.renew_patience(),
                    }
                }
                Stage::Over => return Poll::Pending,
            }
        }
    }

    fn end(&mut self) -> Poll<Result<Answer, Failure>> {
        let Stage::Reading(reading) = mem::replace(&mut self.stage, Stage::Over) else {
            return Poll::Pending;
        };
        let body = encoding::decode(&reading.head.headers, reading.body.freeze(), reading.limit);
        let body = match body {
            // What a refusal says is for people, and its status says the rest.
            Err(_) if !reading.head.status.is_success() => Bytes::new(),
            body => body?,
        };
        Poll::Ready(Ok(Answer {
            head: reading.head,
            body,
            connection: reading.connection,
        }))
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer, Failure>> {
        let Some(patience) = &mut self.patience else {
            return Poll::Pending;
        };
        ready!(patience.ends.as_mut().poll(cx));
        Poll::Ready(Err(Failure::Timeout))
    }

    fn renew_patience(&mut self) {
        if let Some(patience) = &mut self.patience {
            let ends = Instant::now() + patience.limit;
            patience.ends.as_mut().reset(ends);
        }
    }
}

impl Reading {
    fn new(connection: Connection, response: http::Response<Incoming>, max_payload: usize) -> Self {
        let (head, incoming) = response.into_parts();
        // All that matters about a refusal is what can be shown to people.
        let limit = if head.status.is_success() {
            max_payload
        } else {
            MAX_REFUSAL
        };
        Self {
            connection,
            head,
            incoming,
            body: BytesMut::new(),
            limit,
        }
    }

    /// Ready once all of the body is here, or as much as is wanted of a refusal.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        // The body hears of the end of its connection.
        let _ = self.connection.poll(cx);
        loop {
            let frame = match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                Some(frame) => frame?,
                None => return Poll::Ready(Ok(())),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let room = self.limit.saturating_sub(self.body.len());
            if data.len() <= room {
                self.body.extend_from_slice(&data);
            } else if self.head.status.is_success() {
                return Poll::Ready(Err(Failure::TooLarge));
            } else {
                self.body.extend_from_slice(&data[..room]);
                return Poll::Ready(Ok(()));
            }
            // What has been taken makes room for more.
            let _ = self.connection.poll(cx);
        }
    }
}

/// Sends a request and waits for the head of its answer.
///
/// A connection that the server has given up while it was idle takes nothing away from the request:
/// it goes over a new one.
async fn ask(
    shared: Arc<Shared>,
    idle: Option<Connection>,
    mut request: Request<Body>,
) -> Result<Asked, Failure> {
    if let Some(mut connection) = idle {
        match connection.send(request).await {
            Ok(response) => return Ok((connection, response)),
            Err((_, Some(unsent))) => request = unsent,
            Err((failure, None)) => return Err(failure),
        }
    }
    let mut connection = Connection::open(shared.connect().await?).await?;
    let response = connection.send(request).await;
    let response = response.map_err(|(failure, _)| failure)?;
    Ok((connection, response))
}

/// Bytes of a refusal that are read.
const MAX_REFUSAL: usize = 64 * 1024;
