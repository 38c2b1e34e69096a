//! Compiles the snippets of the guide: each chapter is the documentation of nothing, hence a set of doctests.
//!
//! `cargo xtask docs` checks that every chapter of the guide is named here.
#![forbid(unsafe_code)]
#![cfg(doctest)]

macro_rules! chapters {
    ($($chapter:ident: $file:literal,)*) => {$(
        #[doc = include_str!(concat!("../../../docs/guide/src/", $file))]
        mod $chapter {}
    )*};
}

chapters! {
    back_pressure: "back-pressure.md",
    client: "client.md",
    deployment: "deployment.md",
    errors: "errors.md",
    events: "events.md",
    first_server: "first-server.md",
    from_node: "from-node.md",
    from_socketioxide: "from-socketioxide.md",
    index: "index.md",
    middleware: "middleware.md",
    namespaces: "namespaces.md",
    observability: "observability.md",
    old_clients: "old-clients.md",
    recovery: "recovery.md",
    rooms: "rooms.md",
    shutdown: "shutdown.md",
    testing: "testing.md",
}

/// The examples of the readme.
#[doc = include_str!("../../../README.md")]
mod readme {}
