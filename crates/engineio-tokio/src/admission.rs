//! What the application says about a client before its session opens.

use std::{fmt, future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use engineio_proto::Sid;
use futures_util::FutureExt;
use http::request::Parts;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

type Ask<T> = Arc<dyn Fn(Arc<Parts>) -> BoxFuture<T> + Send + Sync>;

/// Whether a client may open a session. [js engine.io 6.6.12: `allowRequest`]
///
/// Asked for handshakes only, of every transport, behind the checks of the protocol. It sees the
/// head of the request. One that takes for ever keeps only that request waiting; one that panics
/// refuses it.
#[derive(Clone)]
pub struct AllowRequest(Ask<Result<(), Refusal>>);

/// Why the application does not want a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// What the client is told. `None`, or nothing: `Forbidden`.
    pub message: Option<String>,
}

/// Where the ids of sessions come from. [js engine.io 6.6.12: `generateId`]
///
/// An id proves every later request of its session: it must be unique and must not be guessable.
/// `None`, a panic, and the id of a session that lives are answered with code 3.
#[derive(Clone)]
pub struct IdGenerator(Ask<Option<Sid>>);

impl AllowRequest {
    /// Asks `check`: `AllowRequest::new(async |request| …)`.
    pub fn new<F, R>(check: F) -> Self
    where
        F: Fn(Arc<Parts>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(check(request))))
    }

    pub(crate) async fn ask(&self, request: Arc<Parts>) -> Result<(), Refusal> {
        let outcome = guarded(&self.0, request).await;
        outcome.unwrap_or_else(|| Err(Refusal::default()))
    }
}

impl Refusal {
    /// Tells the client `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
        }
    }
}

impl IdGenerator {
    /// Asks `generate`: `IdGenerator::new(async |request| …)`.
    pub fn new<F, R>(generate: F) -> Self
    where
        F: Fn(Arc<Parts>) -> R + Send + Sync + 'static,
        R: Future<Output = Option<Sid>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(generate(request))))
    }

    pub(crate) async fn ask(&self, request: Arc<Parts>) -> Option<Sid> {
        guarded(&self.0, request).await.flatten()
    }
}

impl fmt::Debug for AllowRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllowRequest").finish_non_exhaustive()
    }
}

impl fmt::Debug for IdGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdGenerator").finish_non_exhaustive()
    }
}

/// `None`: it panicked, which the panic hook has reported.
async fn guarded<T>(ask: &Ask<T>, request: Arc<Parts>) -> Option<T> {
    let asked = async { ask(request).await };
    AssertUnwindSafe(asked).catch_unwind().await.ok()
}
