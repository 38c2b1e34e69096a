//! Tests against the JavaScript packages and a browser, and the servers that the public protocol suites talk to.
//!
//! `cargo xtask test interop` installs what they need and runs them. The scripts are in `js/`; this library
//! holds the applications they talk to and the means of talking: [`node`], [`http`] and [`ws`].
#![forbid(unsafe_code)]

pub mod app;
pub mod conformance;
pub mod echo;
pub mod http;
pub mod javascript_server;
pub mod node;
pub mod proxy;
pub mod server;
pub mod tunnel;
pub mod usage;
pub mod ws;
