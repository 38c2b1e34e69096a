//! Spans of `tracing`, and nothing at all without the feature of that name.

#[cfg(feature = "tracing")]
mod enabled {
    use std::fmt::Display;

    use socketio_proto::{Namespace as Name, SocketId};

    /// What happens inside belongs to one connection, or to one handler.
    #[derive(Debug)]
    pub(crate) struct Span(tracing::Span);

    impl Span {
        /// The span of a connection. The id of its session is a secret, and not in it.
        #[cfg(feature = "server")]
        pub(crate) fn connection(address: Option<impl Display>) -> Self {
            let address = address.as_ref().map(tracing::field::display);
            Self(tracing::info_span!(target: TARGET, "connection", address))
        }

        /// The span of one handler, inside that of its connection.
        pub(crate) fn handler(
            namespace: &Name,
            id: Option<&SocketId>,
            event: impl Display,
        ) -> Self {
            Self(tracing::info_span!(
                target: TARGET,
                "event",
                %event,
                %namespace,
                socket = id.map(tracing::field::display),
            ))
        }

        /// The span of a rule for dynamic namespaces.
        #[cfg(feature = "server")]
        pub(crate) fn rule(namespace: &Name) -> Self {
            Self(tracing::info_span!(target: TARGET, "rule", %namespace))
        }

        pub(crate) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
            self.0.in_scope(work)
        }
    }

    const TARGET: &str = "socketio";
}

#[cfg(not(feature = "tracing"))]
mod disabled {
    use std::fmt::Display;

    use socketio_proto::{Namespace as Name, SocketId};

    #[derive(Debug)]
    pub(crate) struct Span;

    impl Span {
        #[cfg(feature = "server")]
        pub(crate) fn connection(_: Option<impl Display>) -> Self {
            Self
        }

        pub(crate) fn handler(_: &Name, _: Option<&SocketId>, _: impl Display) -> Self {
            Self
        }

        #[cfg(feature = "server")]
        pub(crate) fn rule(_: &Name) -> Self {
            Self
        }

        pub(crate) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
            work()
        }
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::Span;
#[cfg(feature = "tracing")]
pub(crate) use enabled::Span;
