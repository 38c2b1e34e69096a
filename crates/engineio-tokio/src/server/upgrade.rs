//! The WebSocket handshake, from the request to an open WebSocket.

use engineio_proto::server::Reject;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    request::Parts,
};
use hyper::upgrade::OnUpgrade;

use super::{answer, sessions::Life};
use crate::{
    body::Body,
    ws::{Role, Settings, WebSocket, accept, has_token},
};

/// A WebSocket handshake that will be accepted.
pub(crate) struct Handshake {
    accept: HeaderValue,
    protocol: Option<HeaderValue>,
    on_upgrade: OnUpgrade,
    settings: Settings,
}

impl Handshake {
    /// Takes the handshake out of a request. [RFC 6455 § 4.2.1]
    pub(crate) fn take(parts: &mut Parts, settings: Settings) -> Result<Self, Refusal> {
        let headers = &parts.headers;
        if headers
            .get(SEC_WEBSOCKET_VERSION)
            .is_none_or(|version| version != VERSION)
        {
            return Err(Refusal::Version);
        }
        if parts.method != Method::GET || parts.version != Version::HTTP_11 {
            return Err(Refusal::Malformed);
        }
        let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(Refusal::Malformed)?;
        Ok(Self {
            accept: accept(key).ok_or(Refusal::Malformed)?,
            protocol: headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(first_token),
            on_upgrade: parts.extensions.remove().ok_or(Refusal::Malformed)?,
            settings,
        })
    }

    /// The answer that completes the handshake.
    pub(crate) fn response(&self) -> http::Response<Body> {
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        // The first that the client offers. [js engine.io 6.6.12]
        if let Some(protocol) = &self.protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol.clone());
        }
        #[cfg(feature = "compression")]
        if let Some(agreement) = self.settings.deflate {
            headers.insert(http::header::SEC_WEBSOCKET_EXTENSIONS, agreement.header());
        }
        response
    }

    /// Waits until the answer has left. `None`: the client went away before.
    pub(crate) async fn complete(self, life: Life) -> Option<Box<WebSocket<Life>>> {
        let upgraded = self.on_upgrade.await.ok()?;
        Some(Box::new(WebSocket::new(
            upgraded,
            Role::Server,
            self.settings,
            life,
        )))
    }
}

/// Why a WebSocket handshake is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Something is missing or wrong, or the connection cannot be upgraded.
    Malformed,
    /// A version of WebSocket that is not spoken here.
    Version,
}

impl Refusal {
    pub(crate) fn response(self) -> http::Response<Body> {
        let mut response = answer::refuse_upgrade(Reject::BadRequest);
        match self {
            Self::Malformed => {}
            Self::Version => {
                // [RFC 6455 § 4.4] so that the client knows what would have been understood.
                let version = HeaderValue::from_static(VERSION);
                response
                    .headers_mut()
                    .insert(SEC_WEBSOCKET_VERSION, version);
            }
        }
        response
    }
}

/// Whether a request asks to become a WebSocket.
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket")
}

fn first_token(offered: &HeaderValue) -> Option<HeaderValue> {
    let first = offered.to_str().ok()?.split(',').next()?.trim();
    (!first.is_empty()).then(|| HeaderValue::from_str(first).ok())?
}

/// [RFC 6455 § 4.1]
const VERSION: &str = "13";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_is_told_by_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
        assert!(!is_asked_for(&headers));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(is_asked_for(&headers));
        headers.insert(UPGRADE, HeaderValue::from_static("h2c"));
        assert!(!is_asked_for(&headers));
    }
}
