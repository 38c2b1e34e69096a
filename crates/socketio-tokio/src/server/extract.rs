//! The arguments that only the handlers of a server can ask for.

use serde::de::DeserializeOwned;
use socketio_proto::{DisconnectReason, Namespace as Name};

use crate::context::FromContext;
use crate::error::Rejection;
use crate::server::Server;
use crate::server::context::{
    ConnectContext, Context, DisconnectContext, EventContext, HasState, NamespaceContext,
};
use crate::server::extensions::Extensions;
use crate::server::handshake::Handshake;
use crate::server::socket::Socket;

impl<C: Context> FromContext<C> for Socket {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.socket().clone())
    }
}

/// The server, for what concerns all namespaces.
impl<C: Context> FromContext<C> for Server {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        let server = context.socket().server();
        server.ok_or_else(|| Rejection::internal("the server is gone"))
    }
}

/// The state of the namespace: a clone of what `Namespace::with_state` was given.
#[derive(Clone, Copy, Debug)]
pub struct State<S>(pub S);

impl<C: HasState<S>, S: Clone> FromContext<C> for State<S> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(Self(context.state().clone()))
    }
}

/// The `auth` payload of the client's CONNECT packet, deserialised.
///
/// A client that sent none is read as `{}`; `Auth<Option<T>>` tells the difference.
#[derive(Clone, Copy, Debug)]
pub struct Auth<T>(pub T);

impl<T: DeserializeOwned, S> FromContext<EventContext<S>> for Auth<T> {
    fn from_context(context: &EventContext<S>) -> Result<Self, Rejection> {
        context.socket().handshake().auth_as().map(Self)
    }
}

impl<T: DeserializeOwned, S> FromContext<ConnectContext<S>> for Auth<T> {
    fn from_context(context: &ConnectContext<S>) -> Result<Self, Rejection> {
        context.socket().handshake().auth_as().map(Self)
    }
}

impl<T: DeserializeOwned> FromContext<NamespaceContext> for Auth<T> {
    fn from_context(context: &NamespaceContext) -> Result<Self, Rejection> {
        context.handshake().auth_as().map(Self)
    }
}

impl<C: Context> FromContext<C> for Handshake {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.socket().handshake().clone())
    }
}

impl FromContext<NamespaceContext> for Handshake {
    fn from_context(context: &NamespaceContext) -> Result<Self, Rejection> {
        Ok(context.handshake().clone())
    }
}

/// The namespace that a client asks for, or of the socket.
impl FromContext<NamespaceContext> for Name {
    fn from_context(context: &NamespaceContext) -> Result<Self, Rejection> {
        Ok(context.name().clone())
    }
}

impl<C: Context> FromContext<C> for Extensions {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        Ok(context.socket().extensions().clone())
    }
}

/// The value of type `T` among the socket's [`Extensions`]. A handler that asks for one that is
/// not there is not called, and `on_error` is told.
#[derive(Clone, Copy, Debug)]
pub struct Extension<T>(pub T);

impl<T: Clone + Send + Sync + 'static, C: Context> FromContext<C> for Extension<T> {
    fn from_context(context: &C) -> Result<Self, Rejection> {
        let value = context.socket().extensions().get();
        value.map(Self).ok_or_else(|| {
            let wanted = std::any::type_name::<T>();
            Rejection::internal(format!("the socket has no extension of type {wanted}"))
        })
    }
}

impl<S> FromContext<DisconnectContext<S>> for DisconnectReason {
    fn from_context(context: &DisconnectContext<S>) -> Result<Self, Rejection> {
        Ok(*context.reason())
    }
}
