//! Answers of the core on their way out: the core has decided everything already.

use bytes::Bytes;
use engineio_proto::{
    Sid,
    server::{Cause, Reject, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, USER_AGENT, VARY,
        X_XSS_PROTECTION,
    },
    request::Parts,
};

use super::{Acceptor, Shared};
use crate::{admission::Refusal, body::Body};

/// How a request wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Upgrade,
}

/// A request that is not served, and why.
pub(crate) struct Refused {
    cause: Cause,
    /// What the application wants to be said.
    message: Option<String>,
}

impl Refused {
    pub(crate) fn forbidden(refusal: Refusal) -> Self {
        Self {
            cause: Cause::Forbidden,
            // [js engine.io 6.6.12] Nothing to say is the same as not saying it.
            message: refusal.message.filter(|message| !message.is_empty()),
        }
    }

    fn response(&self, kind: Kind) -> http::Response<Body> {
        if self.cause == Cause::Closing {
            return closing();
        }
        let reject = self.cause.reject();
        match (kind, &self.message) {
            (Kind::Plain, None) => from(Response::Reject(reject)),
            (Kind::Plain, Some(message)) => {
                let mut response = from(Response::Reject(reject));
                fill(&mut response, reject.body_with(message).into());
                response
            }
            (Kind::Upgrade, None) => refuse_upgrade(reject),
            (Kind::Upgrade, Some(message)) => {
                let mut response = refuse_upgrade(reject);
                fill(&mut response, message.clone().into());
                response
            }
        }
    }
}

impl From<Cause> for Refused {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            message: None,
        }
    }
}

impl<A: Acceptor> Shared<A> {
    /// Answers a request that got as far as its session. `opened`: the session that it has opened.
    pub(super) async fn answer(
        &self,
        request: &Parts,
        response: Response,
        opened: Option<&Sid>,
    ) -> http::Response<Body> {
        if let Response::Reject(reject) = response {
            self.report(request, &Cause::of_session(reject).into());
        }
        let user_agent = request.headers.get(USER_AGENT);
        let protection = response.x_xss_protection(user_agent.map(|value| value.as_bytes()));
        let mut response = self.encode(request, response).await;
        if let Some(protection) = protection {
            let protection = HeaderValue::from_static(protection);
            response.headers_mut().insert(X_XSS_PROTECTION, protection);
        }
        if response.status() == StatusCode::OK {
            let headers = response.headers_mut();
            if let (Some(sid), Some(cookie)) = (opened, &self.options.cookie)
                && let Some(cookie) = cookie.header(sid)
            {
                headers.append(SET_COOKIE, cookie);
            }
            let hooks = &self.options.hooks;
            hooks.on_headers(headers, request, opened.is_some());
        }
        response
    }

    /// Answers a request that is not served.
    pub(super) fn refuse(
        &self,
        request: &Parts,
        kind: Kind,
        refused: Refused,
    ) -> http::Response<Body> {
        self.report(request, &refused);
        refused.response(kind)
    }

    /// Tells whoever wants to know.
    pub(super) fn report(&self, request: &Parts, refused: &Refused) {
        if let Some(observer) = &self.options.observer {
            observer.refused(refused.cause);
        }
        let hooks = &self.options.hooks;
        hooks.on_refused(request, refused.cause, refused.message.as_deref());
    }

    #[cfg(feature = "compression")]
    async fn encode(&self, request: &Parts, response: Response) -> http::Response<Body> {
        use http::header::CONTENT_ENCODING;

        let coding = match (response.compressible(), self.options.http_compression) {
            (Some(payload), Some(compression)) => compression.choose(&request.headers, payload),
            _ => None,
        };
        let Some(coding) = coding else {
            return from(response);
        };
        let payload = response.clone().into_body();
        let mut response = from(response);
        if let Some(compressed) = coding.compress(payload).await {
            fill(&mut response, compressed);
            let headers = response.headers_mut();
            headers.insert(CONTENT_ENCODING, coding.header());
        }
        response
    }

    #[cfg(not(feature = "compression"))]
    #[expect(clippy::unused_async, reason = "with the feature it waits")]
    async fn encode(&self, _request: &Parts, response: Response) -> http::Response<Body> {
        from(response)
    }
}

/// Puts an answer of the core into the words of HTTP.
fn from(answer: Response) -> http::Response<Body> {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (CONTENT_TYPE, answer.content_type()),
        (CACHE_CONTROL, answer.cache_control()),
    ];
    let mut response = whole(status, answer.into_body());
    for (name, value) in headers {
        if let Some(value) = value {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Refuses an upgrade: the message alone, as plain text, on a connection that ends
/// [eio4 § WebSocket; js engine.io 6.6.12].
pub(crate) fn refuse_upgrade(reject: Reject) -> http::Response<Body> {
    let body = Bytes::from_static(reject.upgrade_body().as_bytes());
    let mut response = whole(StatusCode::BAD_REQUEST, body);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Answers a preflight. [js cors 2.8]
pub(crate) fn preflight(headers: HeaderMap) -> http::Response<Body> {
    let mut response = whole(StatusCode::NO_CONTENT, Bytes::new());
    response.headers_mut().extend(headers);
    response
}

/// Adds what CORS has to say. What a hook has said stands. [js cors 2.8: it comes first there]
pub(crate) fn add_cors(headers: &mut HeaderMap, cors: HeaderMap) {
    let mut name = None;
    for (next, value) in cors {
        name = next.or(name);
        match &name {
            Some(name) if *name == VARY => drop(headers.append(name, value)),
            Some(name) if !headers.contains_key(name) => drop(headers.insert(name, value)),
            _ => {}
        }
    }
}

/// Answers a request that is for somebody else.
pub(crate) fn not_found() -> http::Response<Body> {
    whole(StatusCode::NOT_FOUND, Bytes::new())
}

/// Sends a new client to another server. The protocol has no word for it, load balancers do.
fn closing() -> http::Response<Body> {
    let mut response = whole(
        StatusCode::SERVICE_UNAVAILABLE,
        Bytes::from_static(b"server is closing"),
    );
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=UTF-8"),
    );
    response
}

/// An answer whose length is known.
fn whole(status: StatusCode, body: Bytes) -> http::Response<Body> {
    let mut response = http::Response::new(Body::empty());
    *response.status_mut() = status;
    fill(&mut response, body);
    response
}

/// Gives an answer another body.
fn fill(response: &mut http::Response<Body>, body: Bytes) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
}
