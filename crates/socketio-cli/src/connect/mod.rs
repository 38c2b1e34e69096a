//! `sio connect`: a session with a server, typed line by line.

mod command;
mod input;
mod questions;
mod session;
mod words;

use clap::Args;

use crate::failure::Failure;
use crate::happening::Form;
use crate::options::Target;
use crate::peer;
use crate::units::Span;
use input::Terminal;
use session::Session;

/// Talk to a server: type events, watch what it sends.
///
/// Lines from a pipe do the same: the first waits for the connection, each for the answer to the one
/// before, and at their end everything is delivered. `help` lists what can be typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Connect {
    #[command(flatten)]
    target: Target,

    /// Print lines of JSON.
    #[arg(long)]
    json: bool,

    /// Do not come back when the connection is lost.
    #[arg(long)]
    no_reconnect: bool,

    /// How long to wait for an answer.
    #[arg(long, value_name = "SPAN", default_value = "10s")]
    ack_timeout: Span,
}

const EXAMPLES: &str = r#"Examples:
  sio connect :3000
  sio connect http://localhost:3000/admin -a '{"token":"abc"}'
  sio connect https://chat.example -H 'Authorization: Bearer abc' --transport websocket
  printf '%s\n' 'emit join lobby' 'ack users' | sio connect :3000 --json

Lines are remembered in the file that SIO_HISTORY names, or else in ~/.local/state/sio/history; one
that begins with a space is not, and none is if SIO_HISTORY is empty."#;

impl Connect {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let namespace = self.target.namespace()?.to_owned();
        let builder = self.target.builder()?.reconnection(!self.no_reconnect);
        let client = builder
            .build()
            .map_err(|error| peer::build_failure(&error))?;
        let terminal = Terminal::open()?;
        let mut session = Session::new(client, Form::new(self.json), terminal);
        session.ack_timeout = self.ack_timeout.0;
        session.reconnects = !self.no_reconnect;
        session.run(&namespace, self.target.url()).await
    }
}
