//! The dial of a WebSocket, from the request to an open one.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use engineio_proto::client::Query;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use http_body::Body as _;
use hyper::body::Incoming;

use super::{Failure, Shared, http_connection::Connection, wire::Undelivered};
use crate::{
    body::Body,
    ws::{self, Role, Settings, WebSocket},
};

/// A WebSocket that is being dialed.
pub(super) type Dial =
    Pin<Box<dyn Future<Output = Result<Box<WebSocket<Undelivered>>, Failure>> + Send>>;

/// Dials a WebSocket. [RFC 6455 § 4.1]
pub(super) fn dial(shared: &Arc<Shared>, query: &Query, undelivered: Undelivered) -> Dial {
    let request = shared.request(Method::GET, query, Bytes::new());
    let shared = Arc::clone(shared);
    Box::pin(async move { open(&shared, request, undelivered).await.map(Box::new) })
}

async fn open(
    shared: &Shared,
    mut request: Request<Body>,
    undelivered: Undelivered,
) -> Result<WebSocket<Undelivered>, Failure> {
    let key = draw_key()?;
    let proof = ws::accept(&key).ok_or(Failure::Randomness)?;
    shared.ask_for_web_socket(request.headers_mut(), key);
    let mut connection = Connection::open(shared.connect().await?).await?;
    let response = connection.send(request).await;
    let response = response.map_err(|(failure, _)| failure)?;
    shared.keep_cookies(response.headers());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status();
        let body = read_refusal(&mut connection, response.into_body()).await;
        return Err(Failure::refusal(status, &body));
    }
    let headers = response.headers();
    check(headers, &proof, &shared.options.protocols)?;
    let settings = Settings {
        max_payload: shared.options.max_payload,
        #[cfg(feature = "compression")]
        deflate: ws::agreed(shared.options.per_message_deflate, headers)
            .map_err(|_| Failure::Handshake("extensions that were not offered"))?,
    };
    #[cfg(not(feature = "compression"))]
    if headers.contains_key(http::header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(Failure::Handshake("extensions that were not offered"));
    }
    let upgraded = connection.upgrade(response).await?;
    Ok(WebSocket::new(
        upgraded,
        Role::Client,
        settings,
        undelivered,
    ))
}

impl Shared {
    fn ask_for_web_socket(&self, headers: &mut HeaderMap, key: HeaderValue) {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, key);
        let protocols = self.options.protocols.join(", ");
        // Names that cannot be written have been refused at the beginning.
        if let Some(protocols) = HeaderValue::try_from(protocols)
            .ok()
            .filter(|list| !list.is_empty())
        {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocols);
        }
        #[cfg(feature = "compression")]
        if let Some(ours) = self.options.per_message_deflate {
            headers.insert(http::header::SEC_WEBSOCKET_EXTENSIONS, ws::offer(ours));
        }
    }
}

/// [RFC 6455 § 4.1] What the answer has to say.
fn check(headers: &HeaderMap, proof: &HeaderValue, offered: &[String]) -> Result<(), Failure> {
    if !ws::has_token(headers, &UPGRADE, "websocket")
        || !ws::has_token(headers, &CONNECTION, "upgrade")
    {
        return Err(Failure::Handshake("it was upgraded to something else"));
    }
    if headers.get(SEC_WEBSOCKET_ACCEPT) != Some(proof) {
        return Err(Failure::Handshake("the key was not understood"));
    }
    // One of several need not be chosen. [js engine.io 6.6.12: chooses the first]
    let chosen = headers.get(SEC_WEBSOCKET_PROTOCOL);
    if chosen.is_some_and(|chosen| !offered.iter().any(|offer| chosen == offer)) {
        return Err(Failure::Handshake("a subprotocol that was not offered"));
    }
    Ok(())
}

fn draw_key() -> Result<HeaderValue, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Failure::Randomness)?;
    HeaderValue::try_from(BASE64_STANDARD.encode(bytes)).map_err(|_| Failure::Randomness)
}

/// As much of a refusal as there is, and as people can read.
async fn read_refusal(connection: &mut Connection, mut body: Incoming) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < MAX_REFUSAL {
        let frame = poll_fn(|cx| {
            let _ = connection.poll(cx);
            Pin::new(&mut body).poll_frame(cx)
        });
        let Some(Ok(frame)) = frame.await else { break };
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
    }
    read
}

/// Bytes of a refusal that are read.
const MAX_REFUSAL: usize = 8 * 1024;
