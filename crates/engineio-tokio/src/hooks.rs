//! What the application may add to answers, and what it may learn of refused requests.

use std::{fmt, sync::Arc};

use engineio_proto::server::Cause;
use http::{HeaderMap, request::Parts};

type OnHeaders = Arc<dyn Fn(&mut HeaderMap, &Parts) + Send + Sync>;

type OnError = Arc<dyn Fn(&ConnectionError<'_>) + Send + Sync>;

/// Called around requests, in the tasks of their connections: a hook that blocks holds up others,
/// one that panics costs its client the connection. [js engine.io 6.6.12: events of `io.engine`]
#[derive(Clone, Default)]
pub struct Hooks {
    initial_headers: Option<OnHeaders>,
    headers: Option<OnHeaders>,
    connection_error: Option<OnError>,
}

/// A request that was refused.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConnectionError<'a> {
    /// The head of the request.
    pub request: &'a Parts,
    /// The number in the answer, from 0 to 5: see [`Reject`](engineio_proto::server::Reject).
    pub code: u8,
    /// What the code means.
    pub message: &'static str,
    /// What the client is told instead, by an [`AllowRequest`](crate::AllowRequest).
    pub refusal: Option<&'a str>,
    /// What exactly is wrong.
    pub context: Cause,
}

impl Hooks {
    /// No hooks at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `hook` with the headers of the first answer of each session: the handshake over
    /// polling, or the switch to WebSocket. It comes before [`headers`](Self::headers).
    #[must_use]
    pub fn initial_headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        self.initial_headers = Some(Arc::new(hook));
        self
    }

    /// Calls `hook` with the headers of every answer of a session: polls, posts, and switches to
    /// WebSocket. Not of refusals.
    #[must_use]
    pub fn headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        self.headers = Some(Arc::new(hook));
        self
    }

    /// Calls `hook` for every request that is refused.
    #[must_use]
    pub fn connection_error(
        mut self,
        hook: impl Fn(&ConnectionError<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.connection_error = Some(Arc::new(hook));
        self
    }

    pub(crate) fn on_headers(&self, headers: &mut HeaderMap, request: &Parts, is_first: bool) {
        if is_first && let Some(hook) = &self.initial_headers {
            hook(headers, request);
        }
        if let Some(hook) = &self.headers {
            hook(headers, request);
        }
    }

    pub(crate) fn on_refused(&self, request: &Parts, cause: Cause, refusal: Option<&str>) {
        if let Some(hook) = &self.connection_error {
            hook(&ConnectionError {
                request,
                code: cause.reject().code(),
                message: cause.reject().message(),
                refusal,
                context: cause,
            });
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("initial_headers", &self.initial_headers.is_some())
            .field("headers", &self.headers.is_some())
            .field("connection_error", &self.connection_error.is_some())
            .finish()
    }
}
