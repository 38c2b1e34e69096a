//! A connection to the server, whatever stands between.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use http::{
    HeaderValue, Method, Request, Uri,
    header::{HOST, PROXY_AUTHORIZATION, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream, lookup_host},
    time::timeout,
};

use super::{Failure, Shared, http_connection::Connection, proxy::Proxy, target::host_and_port};
use crate::body::Body;

/// What bytes travel over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

impl Shared {
    /// Connects to the server: requests and WebSockets take the same way.
    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        let stream: Box<dyn Stream> = match &self.options.proxy {
            None => Box::new(self.dial(&self.target.host, self.target.port).await?),
            Some(proxy) => self.tunnel(proxy).await?,
        };
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.connect(stream).await;
        }
        Ok(stream)
    }

    async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let resolved = lookup_host((host, port)).await;
        let resolved = resolved.map_err(|source| Failure::Resolve {
            host: host.to_owned(),
            source: Arc::new(source),
        })?;
        let from = self.options.local_address;
        let stream = first_to_answer(in_turn(resolved), from).await;
        let stream = stream.map_err(|source| Failure::Connect {
            address: host_and_port(host, port),
            source: Arc::new(source),
        })?;
        // A socket that cannot do it works as well.
        let _ = stream.set_nodelay(self.options.nodelay);
        Ok(stream)
    }

    /// Has a proxy connect. [RFC 9110 § 9.3.6]
    async fn tunnel(&self, proxy: &Proxy) -> Result<Box<dyn Stream>, Failure> {
        let stream = self.dial(&proxy.host, proxy.port).await?;
        let mut connection = Connection::open(Box::new(stream)).await?;
        let authority = self.target.host_and_port();
        let mut request = Request::new(Body::from(Bytes::new()));
        *request.method_mut() = Method::CONNECT;
        // A host that has been read out of a URL can be written into one.
        *request.uri_mut() = Uri::try_from(&authority).unwrap_or_default();
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::try_from(authority) {
            headers.insert(HOST, host);
        }
        headers.insert(USER_AGENT, HeaderValue::from_static(super::request::AGENT));
        if let Some(authorization) = &proxy.authorization {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let response = connection.send(request).await.map_err(|(error, _)| error)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::Proxy { status });
        }
        let upgraded = connection.upgrade(response).await?;
        Ok(Box::new(TokioIo::new(upgraded)))
    }
}

/// The families take turns, the preferred one first. [RFC 8305 § 4]
fn in_turn(resolved: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let all: Vec<SocketAddr> = resolved.collect();
    let Some(preferred) = all.first().map(SocketAddr::is_ipv6) else {
        return all;
    };
    let (first, second): (Vec<SocketAddr>, Vec<SocketAddr>) = all
        .into_iter()
        .partition(|address| address.is_ipv6() == preferred);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

/// Tries one address after the other, and does not wait long for any before it tries the next
/// beside it. [RFC 8305 § 5]
async fn first_to_answer(
    addresses: Vec<SocketAddr>,
    from: Option<IpAddr>,
) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut addresses = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    loop {
        let next = addresses.next();
        let is_last = next.is_none();
        attempts.extend(next.map(|address| attempt(address, from)));
        loop {
            let mut ended = pin!(attempts.next());
            let ended = if is_last {
                ended.await
            } else {
                match timeout(HEAD_START, &mut ended).await {
                    Ok(ended) => ended,
                    Err(_) => break,
                }
            };
            match ended {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => failure = error,
                None => {}
            }
            if !is_last {
                break;
            }
            if attempts.is_empty() {
                return Err(failure);
            }
        }
    }
}

async fn attempt(address: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(address).await
}

/// How long an address is tried alone. [RFC 8305 § 8]
const HEAD_START: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|text| text.parse().unwrap()).collect()
        };
        let resolved = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(
            in_turn(resolved.into_iter()),
            parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"])
        );
        assert_eq!(in_turn(std::iter::empty()), []);
    }

    #[tokio::test]
    async fn an_address_that_refuses_makes_room_for_the_next() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refusing = closed.local_addr().unwrap();
        drop(closed);
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answering = open.local_addr().unwrap();
        let stream = first_to_answer(vec![refusing, answering], None).await;
        assert_eq!(stream.unwrap().peer_addr().unwrap(), answering);
        let error = first_to_answer(vec![refusing, refusing], None).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let error = first_to_answer(Vec::new(), None).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
