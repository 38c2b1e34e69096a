//! `sio listen`: what a server says, line by line.

use std::io::{self, Write};
use std::pin::pin;

use clap::Args;
use socketio::client::Socket;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::happening::{Form, Happening};
use crate::options::Target;
use crate::peer;
use crate::units::{self, Span};

/// Print what a server sends.
///
/// With --json each line is an object: {"type":"event","event":…,"args":[…],"time":…}; other types
/// are connect, disconnect, connect_error, refused and lagged. Bytes are {"$base64":"AQID"}.
///
/// The exit code is 0 after --count events, at the end of --timeout if there is no --count, and when
/// interrupted; it is 1 if the server cannot be reached, refuses, ends the connection, or sends too
/// few events in time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Listen {
    #[command(flatten)]
    target: Target,

    /// Print lines of JSON.
    #[arg(long)]
    json: bool,

    /// Print only events of this name; may be repeated.
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,

    /// Leave after so many events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Leave after this time, connecting included.
    #[arg(long, value_name = "SPAN")]
    timeout: Option<Span>,

    /// Leave when the connection is lost.
    #[arg(long)]
    no_reconnect: bool,
}

const EXAMPLES: &str = r#"Examples:
  sio listen :3000
  sio listen :3000 --json | jq 'select(.type == "event") | .args[0]'
  sio listen http://localhost:3000/orders --event created --count 1 --timeout 30s"#;

/// Why there is enough.
enum Stop {
    Interrupted,
    TimedOut,
}

impl Listen {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut stop = pin!(stop(self.timeout));
        let namespace = self.target.namespace()?;
        let builder = self.target.builder()?.reconnection(!self.no_reconnect);
        let mut socket = tokio::select! {
            connected = builder.connect(namespace) => {
                connected.map_err(|error| peer::connect_failure(&error))?
            }
            stop = &mut stop => return self.stopped(&stop, 0),
        };
        let mut seen = 0;
        let connected = Happening::Connected {
            id: socket.id().map(|id| id.to_string()).unwrap_or_default(),
            recovered: false,
        };
        self.print(&connected)?;
        let result = tokio::select! {
            result = self.follow(&mut socket, &mut seen) => result,
            stop = &mut stop => self.stopped(&stop, seen),
        };
        peer::leave(socket.client()).await;
        result
    }

    /// Prints until there were enough events, or the connection is over.
    async fn follow(&self, socket: &mut Socket, seen: &mut u64) -> Result<(), Failure> {
        while let Some(item) = socket.next().await {
            let Some(happening) = peer::happening(&item) else {
                continue;
            };
            if let Happening::Event { name, .. } = &happening {
                if !self.events.is_empty() && !self.events.contains(name) {
                    continue;
                }
                *seen += 1;
            }
            self.print(&happening)?;
            match happening {
                Happening::Event { .. } if Some(*seen) == self.count => return Ok(()),
                Happening::Disconnected { reason } if !socket.is_active() => {
                    return Err(Failure::failed(format_args!("disconnected: {reason}")));
                }
                Happening::Refused { message, data } => {
                    return Err(peer::refused(&message, data.as_ref()));
                }
                _ => {}
            }
        }
        Err(Failure::failed("the connection is over"))
    }

    fn print(&self, happening: &Happening) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", Form::new(self.json).line(happening, None))?;
        Ok(out.flush()?)
    }

    fn stopped(&self, stop: &Stop, seen: u64) -> Result<(), Failure> {
        match (stop, self.count, self.timeout) {
            (Stop::TimedOut, Some(count), Some(Span(limit))) => Err(Failure::failed(format_args!(
                "{seen} of {count} events within {}",
                units::exact(limit)
            ))),
            (Stop::TimedOut | Stop::Interrupted, ..) => Ok(()),
        }
    }
}

/// Ends when the time is over, or at the first interrupt.
async fn stop(timeout: Option<Span>) -> Stop {
    let time = async {
        match timeout {
            Some(Span(limit)) => tokio::time::sleep_until(Instant::now() + limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = time => Stop::TimedOut,
        // Without a handler for the signal the process ends at once, as any other does.
        Ok(()) = tokio::signal::ctrl_c() => Stop::Interrupted,
    }
}
