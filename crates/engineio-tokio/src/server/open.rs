//! How a session opens: who may, under which id, and what drives it.

use std::sync::Arc;

use engineio_proto::{
    Sid,
    server::{Cause, Opening, Peer, Session},
};
use http::request::Parts;
use tokio::sync::oneshot;

use super::{
    Acceptor, Server, Shared, UNKNOWN,
    answer::{Kind, Refused},
    sessions,
    upgrade::{Handshake, Refusal},
    wire::Wire,
};
use crate::{body::Body, drive::drive, observer::Witness, ws};

impl<A: Acceptor> Server<A> {
    /// Opens a session over polling.
    pub(super) async fn open(&self, peer: Peer, parts: Arc<Parts>) -> http::Response<Body> {
        let shared = &self.shared;
        let (sid, mut wire) = match shared.admit(&peer, &parts).await {
            Ok(admitted) => admitted,
            Err(refused) => return shared.refuse(&parts, Kind::Plain, refused),
        };
        let (responder, answer) = oneshot::channel();
        let opening = wire.opening_request(responder);
        let session = shared.begin(sid.clone(), peer, opening, wire, Arc::clone(&parts));
        tokio::spawn(session);
        let response = answer.await.unwrap_or(UNKNOWN);
        shared.answer(&parts, response, Some(&sid)).await
    }

    /// Opens a session over WebSocket.
    pub(super) async fn open_web_socket(
        &self,
        peer: Peer,
        mut parts: Parts,
    ) -> http::Response<Body> {
        let shared = &self.shared;
        let handshake = match shared.handshake(&mut parts) {
            Ok(handshake) => handshake,
            Err(refusal) => return refusal.response(),
        };
        let parts = Arc::new(parts);
        let (sid, mut wire) = match shared.admit(&peer, &parts).await {
            Ok(admitted) => admitted,
            Err(refused) => return shared.refuse(&parts, Kind::Upgrade, refused),
        };
        let mut response = handshake.response();
        let hooks = &shared.options.hooks;
        hooks.on_headers(response.headers_mut(), &parts, true);
        let shared = Arc::clone(shared);
        let life = shared.sessions.life();
        tokio::spawn(async move {
            let Some(socket) = handshake.complete(life).await else {
                return;
            };
            let opening = wire.opening_socket(socket);
            let session = shared.begin(sid, peer, opening, wire, parts);
            // A session that lives on does not keep the server.
            drop(shared);
            session.await;
        });
        response
    }
}

#[cfg(feature = "test")]
impl<A: Acceptor> Server<A> {
    /// Opens a session for a peer in the same process, as one over WebSocket whose handshake was
    /// this request. `None` if it is refused.
    pub async fn open_in_process(&self, request: Parts) -> Option<ws::InProcess> {
        let shared = &self.shared;
        let parts = Arc::new(request);
        let peer = Peer::from(engineio_proto::parser::Revision::V4);
        let (sid, mut wire) = match shared.admit(&peer, &parts).await {
            Ok(admitted) => admitted,
            Err(refused) => {
                shared.report(&parts, &refused);
                return None;
            }
        };
        let (ours, theirs) = ws::InProcess::pair();
        let socket = ws::WebSocket::in_process(ours, shared.sessions.life());
        let opening = wire.opening_socket(Box::new(socket));
        tokio::spawn(shared.begin(sid, peer, opening, wire, parts));
        Some(theirs)
    }
}

impl<A: Acceptor> Shared<A> {
    /// Asks everybody who has a say in whether a session opens.
    async fn admit(&self, peer: &Peer, parts: &Arc<Parts>) -> Result<(Sid, Wire), Refused> {
        if self.sessions.is_closing() {
            return Err(Cause::Closing.into());
        }
        if let Some(allow) = &self.options.allow_request {
            let allowed = allow.ask(Arc::clone(parts)).await;
            allowed.map_err(Refused::forbidden)?;
        }
        let sid = match &self.options.generate_id {
            Some(generate) => generate.ask(Arc::clone(parts)).await,
            None => sessions::draw(),
        };
        let sid = sid.ok_or(Cause::IdGeneration)?;
        let wire = self.sessions.register(sid.clone(), peer.revision())?;
        Ok((sid, wire))
    }

    /// Makes the session and what is on top of it. The future drives them to their end.
    fn begin(
        &self,
        sid: Sid,
        peer: Peer,
        opening: Opening,
        wire: Wire,
        parts: Arc<Parts>,
    ) -> impl Future<Output = ()> + Send + use<A> {
        let now = self.clock.now();
        let session = Session::open_for(&self.options.engine, sid, peer, opening, now);
        let observer = self.options.observer.clone();
        let witness = observer.map(|observer| Witness::new(observer, &session, A::session));
        let (machine, application) = self.acceptor.accept(session, parts, now);
        drive(machine, application, wire, self.clock, witness)
    }

    /// The WebSocket handshake in a request.
    pub(super) fn handshake(&self, parts: &mut Parts) -> Result<Handshake, Refusal> {
        let settings = ws::Settings {
            max_payload: self.options.engine.max_payload,
            #[cfg(feature = "compression")]
            deflate: self
                .options
                .per_message_deflate
                .and_then(|ours| ws::agree(ours, &parts.headers)),
        };
        Handshake::take(parts, settings).inspect_err(|_| {
            self.report(parts, &Cause::TransportHandshake.into());
        })
    }
}
