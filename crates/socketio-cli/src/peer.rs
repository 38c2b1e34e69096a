//! What the library says, in the words of this program.

use std::error::Error;
use std::time::Duration;

use socketio::client::{
    self, BuildError, Cause, Client, ConnectError, DisconnectReason, Event, Item, Notice,
    SessionEnd,
};
use socketio::{Args, TransportKind};
use socketio_parser::{Many, Value, from_json};

use crate::failure::Failure;
use crate::happening::Happening;
use crate::output;

/// Why there is no connection, on one line.
pub(crate) fn connect_failure(error: &ConnectError) -> Failure {
    match error {
        ConnectError::Build(error) => build_failure(error),
        ConnectError::Refused(error) => refused(error.message(), error.json().map(value).as_ref()),
        ConnectError::Unreachable(failure) => Failure::failed(unreachable(failure)),
        other => Failure::failed(other),
    }
}

/// Why the server was not reached, and what may help.
pub(crate) fn unreachable(failure: &client::Failure) -> String {
    let Some(cause) = failure.cause() else {
        return format!("{failure}; is this its --revision, and does it want --msgpack?");
    };
    let advice = match cause {
        Cause::Connect { .. } => "is it running, and is this its port?",
        Cause::Http(_) | Cause::Handshake(_) => "is this an HTTP server of Socket.IO?",
        Cause::Proxy { .. } => "is this the proxy, and what it wants to know?",
        Cause::Resolve { .. } => "is this its name?",
        Cause::Status { code: Some(5), .. } => "is it --socketio2, or of another --revision?",
        Cause::Status { status, .. } if status.as_u16() == 404 => "is this its --path?",
        Cause::Status { status, .. } if matches!(status.as_u16(), 401 | 403) => {
            "does it want a --header or a --query?"
        }
        Cause::Tls(_) => "is it https? --ca trusts an issuer, --insecure anybody",
        _ => return cause.to_string(),
    };
    format!("{cause}; {advice}")
}

/// The server does not want this client.
pub(crate) fn refused(message: &str, data: Option<&Value>) -> Failure {
    let data = data.map(|data| format!(" {}", output::json(data)));
    Failure::failed(format_args!(
        "refused: {message}{}",
        data.unwrap_or_default()
    ))
}

/// What an item means to whoever watches. `None`: nothing that is known here.
pub(crate) fn happening(item: &Item) -> Option<Happening> {
    Some(match item {
        Item::Connected { id, recovered } => Happening::Connected {
            id: id.to_string(),
            recovered: *recovered,
        },
        Item::ConnectFailed(failure) => Happening::ConnectFailed {
            reason: unreachable(failure),
        },
        Item::Disconnected { reason, .. } => Happening::Disconnected {
            reason: disconnection(reason),
        },
        Item::Error(complaint) => Happening::Complaint {
            message: complaint.message().into(),
            data: complaint.json().map(value),
        },
        Item::Event(it) => event(it, None),
        Item::Lagged { missed } => Happening::Lagged { missed: *missed },
        Item::Refused(refused) => Happening::Refused {
            message: refused.message().into(),
            data: refused.json().map(value),
        },
        Item::Undelivered(undelivered) => Happening::Undelivered {
            event: undelivered.name().into_owned(),
        },
        _ => return None,
    })
}

/// Why a namespace was left, in the words of the reference; and what was wrong, if it was the server.
fn disconnection(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::Session(SessionEnd::Malformed(error)) => {
            format!("{}: {error}", reason.as_str())
        }
        _ => reason.as_str().into(),
    }
}

/// Options that make no sense, with the reasons behind.
pub(crate) fn build_failure(error: &BuildError) -> Failure {
    let mut message = error.to_string();
    let mut source = error.source().and_then(Error::source);
    while let Some(error) = source {
        message = format!("{message}: {error}");
        source = error.source();
    }
    Failure::usage(message)
}

/// An event; `reply`: its number, if it waits for an answer.
pub(crate) fn event(event: &Event, reply: Option<u64>) -> Happening {
    Happening::Event {
        name: event.name().into_owned(),
        args: values(event.args()),
        reply,
    }
}

/// What happens to the connection beneath. `None`: the items tell, or nobody needs to know.
pub(crate) fn notice(notice: &Notice) -> Option<Happening> {
    Some(match notice {
        Notice::ConnectFailed(failure) => Happening::ConnectFailed {
            reason: unreachable(failure),
        },
        Notice::GaveUp => Happening::GaveUp,
        Notice::Opened { transport } => Happening::Opened {
            transport: transport.as_str(),
        },
        Notice::Reconnecting { attempt, after } => Happening::Reconnecting {
            attempt: *attempt,
            after: *after,
        },
        Notice::Upgraded => Happening::Upgraded {
            transport: TransportKind::WebSocket.as_str(),
        },
        Notice::UpgradeFailed => Happening::UpgradeFailed,
        _ => return None,
    })
}

/// The arguments of an event. What is nested too deeply for a value is shown as its text.
fn values(args: &Args) -> Vec<Value> {
    match args.event_data::<Many<Value>>() {
        Ok(Many(values)) => values,
        Err(_) => vec![args.json().into()],
    }
}

fn value(json: &str) -> Value {
    from_json(json).unwrap_or_else(|_| json.into())
}

/// Ends the connection when all has been delivered, or cannot be.
pub(crate) async fn leave(client: &Client) {
    // A server that does not read must not keep this program.
    let _ = tokio::time::timeout(PATIENCE, client.close()).await;
}

const PATIENCE: Duration = Duration::from_secs(5);
