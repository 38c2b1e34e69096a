//! One HTTP connection, driven by whoever uses it: it has no task of its own.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http1::{Builder, SendRequest},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;

use super::{Failure, connect::Stream};
use crate::body::Body;

/// One HTTP connection.
pub(super) struct Connection {
    sender: SendRequest<Body>,
    /// Moves the bytes. `None`: the connection has ended.
    driver: Option<Driver>,
}

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// Why a request failed, and the request itself if nothing of it has left.
pub(super) type Unanswered = (Failure, Option<Request<Body>>);

impl Connection {
    pub(super) async fn open(stream: Box<dyn Stream>) -> Result<Self, Failure> {
        let (sender, driver) = Builder::new().handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver.with_upgrades())),
        })
    }

    /// Moves bytes. Ready once the connection has ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(driver) = &mut self.driver else {
            return Poll::Ready(());
        };
        // Whoever waits for something from the connection hears of its failure there.
        let ended = driver.as_mut().poll(cx).map(drop);
        if ended.is_ready() {
            self.driver = None;
        }
        ended
    }

    /// Whether another request can be sent right now.
    pub(super) fn is_free(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll(cx).is_pending() && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let driver = &mut self.driver;
        let answer = poll_fn(|cx| {
            // What the connection had for the answer is told when it is dropped.
            if let Some(moving) = driver
                && moving.as_mut().poll(cx).is_ready()
            {
                *driver = None;
            }
            answer.as_mut().poll(cx)
        });
        answer.await.map_err(|mut error| {
            let request = error.take_message();
            (error.into_error().into(), request)
        })
    }

    /// Takes the bytes behind an answer that has changed the protocol.
    pub(super) async fn upgrade(
        mut self,
        response: Response<Incoming>,
    ) -> Result<Upgraded, Failure> {
        let mut upgraded = pin!(hyper::upgrade::on(response));
        let upgraded = poll_fn(|cx| {
            let _ = self.poll(cx);
            upgraded.as_mut().poll(cx)
        });
        Ok(upgraded.await?)
    }
}
