//! `cargo xtask chat`: the chat example with its page.

use std::path::PathBuf;

use crate::npm;
use crate::run::{self, Failure};

/// The folder of the example, which holds the page's `package.json`.
pub(crate) fn folder() -> PathBuf {
    run::root().join("crates/socketio/examples/chat")
}

/// Installs the page's package and runs the server until it is stopped. `PORT` chooses the port.
pub(crate) fn chat() -> Result<(), Failure> {
    npm::install(&folder())?;
    run::run(&mut run::cargo(&[
        "run",
        "--release",
        "-p",
        "socketio",
        "--all-features",
        "--example",
        "chat",
    ]))
}
