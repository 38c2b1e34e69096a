//! Answers of the core on their way out: the core has decided everything already.

use bytes::Bytes;
use engineio_proto::server::Response;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::body::Body;

/// Puts an answer of the core into the words of HTTP.
pub(crate) fn from(answer: Response) -> http::Response<Body> {
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

/// Answers a preflight. [js cors 2.8]
pub(crate) fn preflight(headers: HeaderMap) -> http::Response<Body> {
    let mut response = whole(StatusCode::NO_CONTENT, Bytes::new());
    response.headers_mut().extend(headers);
    response
}

/// Answers a request that is for somebody else.
pub(crate) fn not_found() -> http::Response<Body> {
    whole(StatusCode::NOT_FOUND, Bytes::new())
}

/// An answer whose length is known.
pub(crate) fn whole(status: StatusCode, body: Bytes) -> http::Response<Body> {
    let length = HeaderValue::from(body.len());
    let mut response = http::Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}
