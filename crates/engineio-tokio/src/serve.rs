//! Serves one tower service on a listener, over HTTP/1 with upgrades.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tower_service::Service;

/// Who sent a request: an extension that [`serve`] puts into each.
///
/// The address of the socket, so behind a proxy it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RemoteAddr(pub SocketAddr);

/// A request came over TLS: an extension for those who terminate TLS themselves to put into each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Secure;

/// Serves one tower service over HTTP/1 with upgrades on a listener, until `shutdown` resolves.
///
/// Each request carries a [`RemoteAddr`] among its extensions.
///
/// After `shutdown` nothing more is accepted, connections end behind the request they are in, and after five
/// seconds at most they are cut. WebSockets are not waited for: they belong to their sessions.
///
/// # Errors
///
/// When the listener is broken. A connection that fails to be accepted, and a process out of file
/// descriptors, are not errors: the former is forgotten, the latter waited for.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (service, stopped) = (service.clone(), stopped.clone());
                    connections.spawn(connection(stream, RemoteAddr(peer), service, stopped));
                }
                Err(error) => outlive(error).await?,
            },
            // Takes the ends of connections out of the set, so that it does not grow.
            Some(_) = connections.join_next() => {}
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    drop(stop);
    let ended = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is cut when the set is dropped.
    let _ = tokio::time::timeout(GRACE, ended).await;
    Ok(())
}

/// Waits out what passes, hands back what does not.
async fn outlive(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::InvalidInput | io::ErrorKind::NotConnected => Err(error),
        // Out of descriptors or memory: connections that end make room.
        _ => {
            tokio::time::sleep(BREATH).await;
            Ok(())
        }
    }
}

async fn connection<S, B>(
    stream: TcpStream,
    peer: RemoteAddr,
    service: S,
    mut stopped: watch::Receiver<()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Packets are small and written whole: waiting for more would only delay them. A socket that
    // cannot do it works as well.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let mut service = service.clone();
        async move {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A peer that left or spoke no HTTP is nobody's error.
    drop(ended);
}

/// How long connections may finish their request after the shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait for a free file descriptor.
const BREATH: Duration = Duration::from_millis(100);
