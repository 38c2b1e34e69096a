//! `sio emit`: one event, for scripts.

use std::time::Duration;

use clap::Args;
use socketio::client::Socket;
use socketio_parser::{Many, Value};
use tokio::time::Instant;

use crate::args::{self, Argument};
use crate::failure::Failure;
use crate::options::Target;
use crate::output;
use crate::peer;
use crate::units::{self, Span};

/// Send one event, and leave once it is delivered.
///
/// Each value is JSON or a bare word; @FILE is the bytes of a file, - those of standard input, and
/// {"$base64":"AQID"} stands for bytes anywhere in a value.
///
/// With --ack the values of the answer are printed as JSON, one per line. The exit code is 1 if the
/// server cannot be reached, refuses, or does not answer in time, with one line that says why; it
/// is 2 if the command makes no sense.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Emit {
    #[command(flatten)]
    target: Target,

    /// The name of the event.
    event: String,

    /// The values that it carries.
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    args: Vec<Argument>,

    /// Wait for the answer, and print it.
    #[arg(long)]
    ack: bool,

    /// How long all of it may take, connecting included.
    #[arg(long, value_name = "SPAN", default_value = "20s")]
    timeout: Span,
}

const EXAMPLES: &str = r#"Examples:
  sio emit :3000 chat ada '{"text":"hello"}'
  sio emit http://localhost:3000/admin stats --ack -a '{"token":"abc"}' | jq .
  sio emit :3000 upload picture.png @picture.png --ack --timeout 1m"#;

impl Emit {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let limit = Limit::new(self.timeout.0);
        let args = args::read_all(self.args)?;
        let namespace = self.target.namespace()?;
        let builder = self.target.builder()?.reconnection(false);
        let connected = limit
            .within("no connection", builder.connect(namespace))
            .await?;
        let socket = connected.map_err(|error| peer::connect_failure(&error))?;
        if self.ack {
            let answered = limit
                .within("no answer", ask(&socket, &self.event, args))
                .await?;
            for value in answered? {
                println!("{}", output::json(&value));
            }
        } else {
            let sent = socket.emit(&self.event, Many(args));
            sent.map_err(|error| Failure::failed(format_args!("not sent: {error}")))?;
            limit.within("not delivered", socket.drained()).await?;
            // Servers on Node.js ignore what reaches them in the same moment as the leave.
            tokio::time::sleep(BEFORE_LEAVING).await;
        }
        // Graceful: what was sent has left when this returns.
        limit.within("not delivered", socket.client().close()).await
    }
}

async fn ask(socket: &Socket, event: &str, args: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let answer = socket.call::<Many<Value>>(event, Many(args)).await;
    match answer {
        Ok(Many(values)) => Ok(values),
        Err(error) => Err(Failure::failed(format_args!("no answer: {error}"))),
    }
}

/// Between the last event and the leave.
const BEFORE_LEAVING: Duration = Duration::from_millis(250);

/// The end of all waiting.
struct Limit {
    span: Duration,
    end: Instant,
}

impl Limit {
    fn new(span: Duration) -> Self {
        Self {
            span,
            end: Instant::now() + span,
        }
    }

    async fn within<T>(
        &self,
        otherwise: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::time::timeout_at(self.end, work).await.map_err(|_| {
            Failure::failed(format_args!(
                "{otherwise} within {}",
                units::exact(self.span)
            ))
        })
    }
}
