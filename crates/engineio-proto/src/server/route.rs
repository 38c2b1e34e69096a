//! The head of an HTTP request: what it asks for, or why it cannot have it.

use engineio_parser::{Channel, Revision};

use super::Peer;
use super::cause::Cause;
use super::query::{Query, decode};
use super::response::Reject;
use crate::config::{Config, TransportKind};
use crate::id::Sid;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A new session over polling, for this client. The driver asks the application first.
    Handshake(Peer),
    /// A new session over a WebSocket, for this client. The driver asks the application first.
    WebSocket(Peer),
    /// Something of a session that exists.
    Session(Visit),
}

/// A request that is about a session.
///
/// The map from [`Sid`] to session is the driver's: it answers [`Reject::UnknownSession`] for an
/// id that it does not know, and [`check`](Self::check)s the visit against the revision of the
/// [`Peer`] for whom it opened the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The session.
    pub sid: Sid,
    /// What is wanted of it.
    pub purpose: Purpose,
    revision: Option<Revision>,
}

impl Visit {
    /// Whether the request fits its session, whose first request spoke `opened`.
    ///
    /// # Errors
    ///
    /// [`Cause::ProtocolMismatch`] if this one speaks another revision. [js engine.io 6.6.12]
    pub fn check(&self, opened: Revision) -> Result<(), Cause> {
        match self.revision {
            Some(spoken) if spoken != opened => Err(Cause::ProtocolMismatch),
            Some(_) | None => Ok(()),
        }
    }
}

/// What a request wants of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The end, in the words of Socket.IO 0.9: below the path of the server comes
    /// `1/xhr-polling/<sid>`, the query is `disconnect`. Documents about Socket.IO 1.0 name it too.
    Farewell,
    /// Nothing that has a meaning: a strange method.
    Other,
    /// The packets that wait.
    Poll,
    /// To leave packets, in the body.
    Post,
    /// To move to a WebSocket, which carries this.
    Upgrade(Channel),
}

/// The head of a request that has come to the path of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The method, as it is written.
    pub method: &'a str,
    /// What follows the path of the server. Clients of old add something: it means nothing, but
    /// for a [`Farewell`](Purpose::Farewell).
    pub rest: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// The request asks for a WebSocket.
    pub upgrade: bool,
    /// There is no `Origin` header, or it is free of control characters.
    pub origin_is_clean: bool,
}

impl Route {
    /// Reads the head of a request that has come to the path of the server.
    ///
    /// `query` is what follows the question mark. `upgrade`: the request asks for a WebSocket.
    /// `origin_is_clean`: there is no `Origin` header, or it is free of control characters.
    ///
    /// `EIO` and `transport` are mandatory, and so is `sid` for anything but a handshake.
    /// [eio4 § Query parameters; eio4 § WebSocket] With [`Config::legacy_clients`], a request
    /// without `EIO` is one of revision 3. [js engine.io 6.6.12]
    ///
    /// # Errors
    ///
    /// The reference checks in this order, and so does this: the transport, the origin, then the
    /// rest. A query that contradicts itself (a WebSocket without an upgrade, another revision
    /// than the one spoken here) is a [`BadRequest`](Reject::BadRequest) even if its session is
    /// unknown too, because sessions are not known here.
    pub fn parse(
        config: &Config,
        method: &str,
        query: &str,
        upgrade: bool,
        origin_is_clean: bool,
    ) -> Result<Self, Reject> {
        let head = Head {
            method,
            rest: "",
            query,
            upgrade,
            origin_is_clean,
        };
        Self::examine(config, head).map_err(Cause::reject)
    }

    /// As [`parse`](Self::parse), and says what exactly is wrong.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn examine(config: &Config, head: Head<'_>) -> Result<Self, Cause> {
        let query = Query::parse(head.query);
        if let Some(sid) = farewell(config, head, &query) {
            return Ok(Self::Session(Visit {
                sid,
                purpose: Purpose::Farewell,
                revision: None,
            }));
        }
        let transport = query.transport().ok_or(Cause::UnknownTransport)?;
        if !config.transports.contains(transport) {
            return Err(Cause::UnknownTransport);
        }
        if !head.origin_is_clean {
            return Err(Cause::InvalidOrigin);
        }
        let is_coherent = head.upgrade == (transport == TransportKind::WebSocket);
        match (query.sid(), query.revision(config)) {
            (Some(_), _) if !is_coherent => Err(Cause::TransportMismatch { previous: None }),
            (Some(_), None) => Err(Cause::ProtocolMismatch),
            (Some(sid), Some(revision)) => Ok(Self::Session(Visit {
                sid,
                purpose: match (transport, head.method) {
                    (TransportKind::WebSocket, _) => {
                        Purpose::Upgrade(query.peer(revision, transport).channel())
                    }
                    (TransportKind::Polling, "GET") => Purpose::Poll,
                    (TransportKind::Polling, "POST") => Purpose::Post,
                    (TransportKind::Polling, _) => Purpose::Other,
                },
                revision: Some(revision),
            })),
            (None, _) if head.method != "GET" => Err(Cause::BadMethod),
            (None, _) if !is_coherent => Err(Cause::TransportHandshake),
            (None, None) => Err(Cause::UnsupportedVersion),
            (None, Some(revision)) => {
                let peer = query.peer(revision, transport);
                Ok(match transport {
                    TransportKind::Polling => Self::Handshake(peer),
                    TransportKind::WebSocket => Self::WebSocket(peer),
                })
            }
        }
    }
}

/// The session that a client of Socket.IO 0.9 ends.
fn farewell(config: &Config, head: Head<'_>, query: &Query<'_>) -> Option<Sid> {
    if !config.legacy_clients || !query.disconnect || head.method != "GET" || head.upgrade {
        return None;
    }
    let sid = head.rest.strip_prefix("1/xhr-polling/")?;
    let is_one_part = !sid.is_empty() && !sid.contains('/');
    is_one_part.then(|| Sid::new(decode(sid).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Transports;

    fn peer() -> Peer {
        Peer::from(Revision::V4)
    }

    fn visit(sid: &'static str, purpose: Purpose) -> Route {
        Route::Session(Visit {
            sid: Sid::new(sid),
            purpose,
            revision: Some(Revision::V4),
        })
    }

    fn parse(method: &str, query: &str, upgrade: bool) -> Result<Route, Reject> {
        Route::parse(&Config::default(), method, query, upgrade, true)
    }

    #[test]
    fn every_kind_of_request_is_recognised() {
        let visit = |purpose| visit("x", purpose);
        for (method, query, upgrade, route) in [
            (
                "GET",
                "EIO=4&transport=polling",
                false,
                Route::Handshake(peer()),
            ),
            (
                "GET",
                "EIO=4&transport=polling&sid=",
                false,
                Route::Handshake(peer()),
            ),
            (
                "GET",
                "EIO=4&transport=polling&sid=x&t=1",
                false,
                visit(Purpose::Poll),
            ),
            (
                "POST",
                "sid=x&EIO=4&transport=polling",
                false,
                visit(Purpose::Post),
            ),
            (
                "PUT",
                "EIO=4&transport=polling&sid=x",
                false,
                visit(Purpose::Other),
            ),
            (
                "GET",
                "EIO=4&transport=websocket",
                true,
                Route::WebSocket(peer()),
            ),
            (
                "GET",
                "EIO=4&transport=websocket&sid=x",
                true,
                visit(Purpose::Upgrade(Channel::Bytes)),
            ),
        ] {
            assert_eq!(parse(method, query, upgrade), Ok(route), "{method} {query}");
        }
    }

    #[test]
    fn every_refusal_has_its_code() {
        for (method, query, upgrade, reject) in [
            ("GET", "", false, Reject::UnknownTransport),
            (
                "GET",
                "EIO=4&transport=webtransport",
                false,
                Reject::UnknownTransport,
            ),
            ("POST", "EIO=4&transport=polling", false, Reject::BadMethod),
            (
                "GET",
                "EIO=4&transport=websocket",
                false,
                Reject::BadRequest,
            ),
            ("GET", "EIO=4&transport=polling", true, Reject::BadRequest),
            (
                "GET",
                "EIO=3&transport=polling&sid=x",
                false,
                Reject::BadRequest,
            ),
            (
                "GET",
                "EIO=4&transport=websocket&sid=x",
                false,
                Reject::BadRequest,
            ),
            (
                "GET",
                "EIO=3&transport=websocket",
                true,
                Reject::UnsupportedVersion,
            ),
            (
                "GET",
                "transport=polling",
                false,
                Reject::UnsupportedVersion,
            ),
        ] {
            assert_eq!(
                parse(method, query, upgrade),
                Err(reject),
                "{method} {query}"
            );
        }
    }

    #[test]
    fn the_transport_is_checked_before_the_origin_and_the_origin_before_the_method() {
        let config = Config {
            transports: Transports::WEBSOCKET,
            ..Config::default()
        };
        let query = "EIO=4&transport=polling";
        let parse = |config| Route::parse(config, "PUT", query, false, false);
        assert_eq!(parse(&config), Err(Reject::UnknownTransport));
        assert_eq!(parse(&Config::default()), Err(Reject::BadRequest));
    }

    #[test]
    fn the_last_of_two_values_counts() {
        let query = "EIO=3&transport=polling&EIO=4";
        assert_eq!(parse("GET", query, false), Ok(Route::Handshake(peer())));
    }

    #[test]
    fn names_and_values_are_decoded() {
        let query = "EIO=4&transport=p%6Flling&s%69d=a%2Bb+c%zz%ff";
        let route = visit("a+b c%zz\u{fffd}", Purpose::Poll);
        assert_eq!(parse("GET", query, false), Ok(route));
    }
}
