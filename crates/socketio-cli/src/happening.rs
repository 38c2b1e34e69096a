//! What happens on a connection, as a line for people and as an object for programs.

use std::time::Duration;

use socketio_parser::Value;

use crate::output::{self, Ink, Style};
use crate::units;

/// Something worth a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Happening {
    /// A call was answered.
    Answer {
        event: String,
        args: Vec<Value>,
        took: Duration,
    },
    /// An old server complains about something, and nothing ends.
    Complaint {
        message: String,
        data: Option<Value>,
    },
    /// The server cannot be reached.
    ConnectFailed { reason: String },
    /// The namespace is joined.
    Connected { id: String, recovered: bool },
    /// The namespace is left.
    Disconnected { reason: String },
    /// An event came; with a number if the server waits for an answer.
    Event {
        name: String,
        args: Vec<Value>,
        reply: Option<u64>,
    },
    /// Reconnection has ended without success.
    GaveUp,
    /// Events were lost, since nobody read them in time.
    Lagged { missed: u64 },
    /// A call will not be answered.
    NoAnswer { event: String, reason: String },
    /// There is a connection.
    Opened { transport: &'static str },
    /// There will be another attempt.
    Reconnecting { attempt: u32, after: Duration },
    /// The server does not want this client in the namespace.
    Refused {
        message: String,
        data: Option<Value>,
    },
    /// An event will not be delivered.
    Undelivered { event: String },
    /// The better transport is not to be had.
    UpgradeFailed,
    /// The better transport is in use.
    Upgraded { transport: &'static str },
}

impl Happening {
    /// For people. `namespace`: where it happened, if that is worth mentioning.
    pub(crate) fn to_line(&self, style: Style, clock: &str, namespace: Option<&str>) -> String {
        let mut words = vec![style.paint(Ink::Faint, clock)];
        words.extend(namespace.map(|name| style.paint(Ink::Faint, &output::word(name))));
        words.push(self.words(style));
        words.join(" ")
    }

    fn words(&self, style: Style) -> String {
        let named = |sign: &str, name: &str, args: &[Value], end: String| {
            let name = style.paint(Ink::Name, &output::word(name));
            let args = args
                .iter()
                .map(|arg| format!(" {}", style.value(arg, WIDTH, 0)));
            format!("{sign} {name}{}{end}", args.collect::<String>())
        };
        let good = |text: &str| style.paint(Ink::Good, text);
        let bad = |text: &str| style.paint(Ink::Bad, text);
        match self {
            Self::Answer { event, args, took } => {
                let took = style.paint(Ink::Faint, &format!(" ({})", units::short(*took)));
                named("⇐", event, args, took)
            }
            Self::ConnectFailed { reason } => {
                format!("{}: {}", bad("cannot connect"), output::one_line(reason))
            }
            Self::Connected { id, recovered } => {
                let how = if *recovered { "recovered" } else { "connected" };
                format!("{} as {}", good(how), output::word(id))
            }
            Self::Disconnected { reason } => {
                format!("{}: {}", bad("disconnected"), output::one_line(reason))
            }
            Self::Event { name, args, reply } => {
                let asks = |number| style.paint(Ink::Key, &format!(" (reply {number})"));
                named("←", name, args, reply.map(asks).unwrap_or_default())
            }
            Self::GaveUp => bad("gave up: all attempts have failed"),
            Self::Lagged { missed } => {
                bad(&format!("{missed} events were lost: too many, too fast"))
            }
            Self::NoAnswer { event, reason } => {
                let reason = bad(&output::one_line(reason));
                named("⇐", event, &[], format!(": {reason}"))
            }
            Self::Opened { transport } => format!("{} over {transport}", good("open")),
            Self::Reconnecting { attempt, after } => {
                format!("attempt {attempt} in {}", units::short(*after))
            }
            Self::Complaint { message, data } => said(style, "error", message, data.as_ref()),
            Self::Refused { message, data } => said(style, "refused", message, data.as_ref()),
            Self::Undelivered { event } => {
                format!("{}: {}", bad("not delivered"), output::word(event))
            }
            Self::UpgradeFailed => bad("no websocket: the session stays on polling"),
            Self::Upgraded { transport } => format!("{} to {transport}", good("upgraded")),
        }
    }

    /// For programs.
    pub(crate) fn to_value(&self, time: &str, namespace: Option<&str>) -> Value {
        let (kind, mut members) = self.members();
        members.insert(0, ("type", kind.into()));
        members.extend(namespace.map(|name| ("namespace", name.into())));
        members.push(("time", time.into()));
        members.into_iter().collect()
    }

    fn members(&self) -> (&'static str, Vec<(&'static str, Value)>) {
        let text = |text: &String| Value::from(text.as_str());
        let list = |args: &Vec<Value>| Value::Array(args.clone());
        let millis = |span: &Duration| Value::from(span.as_micros() as f64 / 1e3);
        match self {
            Self::Answer { event, args, took } => (
                "answer",
                vec![
                    ("event", text(event)),
                    ("args", list(args)),
                    ("took_ms", millis(took)),
                ],
            ),
            Self::ConnectFailed { reason } => ("connect_error", vec![("reason", text(reason))]),
            Self::Connected { id, recovered } => (
                "connect",
                vec![("id", text(id)), ("recovered", (*recovered).into())],
            ),
            Self::Disconnected { reason } => ("disconnect", vec![("reason", text(reason))]),
            Self::Event { name, args, reply } => {
                let mut members = vec![("event", text(name)), ("args", list(args))];
                members.extend(reply.map(|number| ("reply", number.into())));
                ("event", members)
            }
            Self::GaveUp => ("gave_up", vec![]),
            Self::Lagged { missed } => ("lagged", vec![("missed", (*missed).into())]),
            Self::NoAnswer { event, reason } => (
                "no_answer",
                vec![("event", text(event)), ("reason", text(reason))],
            ),
            Self::Opened { transport } => ("open", vec![("transport", (*transport).into())]),
            Self::Reconnecting { attempt, after } => (
                "reconnecting",
                vec![("attempt", (*attempt).into()), ("after_ms", millis(after))],
            ),
            Self::Complaint { message, data } => ("error", spoken(message, data.as_ref())),
            Self::Refused { message, data } => ("refused", spoken(message, data.as_ref())),
            Self::Undelivered { event } => ("undelivered", vec![("event", text(event))]),
            Self::UpgradeFailed => ("upgrade_failed", vec![]),
            Self::Upgraded { transport } => ("upgrade", vec![("transport", (*transport).into())]),
        }
    }
}

/// How the lines of one command look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Lines(Style),
}

impl Form {
    /// Lines of JSON if they are wanted, else lines for people.
    pub(crate) fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false => Self::Lines(Style::of(&std::io::stdout())),
        }
    }

    /// What has just happened, without the end of the line.
    pub(crate) fn line(self, happening: &Happening, namespace: Option<&str>) -> String {
        match self {
            Self::Json => output::json(&happening.to_value(&output::timestamp(), namespace)),
            Self::Lines(style) => happening.to_line(style, &output::clock(), namespace),
        }
    }
}

/// Longer values are spread over lines, in characters.
const WIDTH: usize = 80;

/// What a server says against something, for people.
fn said(style: Style, what: &str, message: &str, data: Option<&Value>) -> String {
    let data = data.map(|data| format!(" {}", style.value(data, WIDTH, 0)));
    let message = output::one_line(message);
    let what = style.paint(Ink::Bad, what);
    format!("{what}: {message}{}", data.unwrap_or_default())
}

/// What a server says against something, for programs.
fn spoken(message: &str, data: Option<&Value>) -> Vec<(&'static str, Value)> {
    let mut members = vec![("message", Value::from(message))];
    members.extend(data.cloned().map(|data| ("data", data)));
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    fn event(reply: Option<u64>) -> Happening {
        Happening::Event {
            name: "chat".into(),
            args: vec!["ada".into(), args::value(r#"{"x":1}"#).unwrap()],
            reply,
        }
    }

    fn line(happening: &Happening) -> String {
        happening.to_line(Style::Plain, "12:00:00.000", None)
    }

    #[test]
    fn people_read_a_line() {
        assert_eq!(line(&event(None)), r#"12:00:00.000 ← chat "ada" {"x":1}"#);
        assert_eq!(
            line(&event(Some(3))),
            r#"12:00:00.000 ← chat "ada" {"x":1} (reply 3)"#
        );
        let elsewhere = event(None).to_line(Style::Plain, "12:00:00.000", Some("/admin"));
        assert_eq!(elsewhere, r#"12:00:00.000 /admin ← chat "ada" {"x":1}"#);
        let refused = Happening::Refused {
            message: "not\nnow".into(),
            data: Some(args::value(r#"{"code":401}"#).unwrap()),
        };
        assert_eq!(
            line(&refused),
            r#"12:00:00.000 refused: not now {"code":401}"#
        );
        let attempt = Happening::Reconnecting {
            attempt: 2,
            after: Duration::from_millis(1_234),
        };
        assert_eq!(line(&attempt), "12:00:00.000 attempt 2 in 1.23s");
    }

    #[test]
    fn programs_read_an_object() {
        let value = event(Some(3)).to_value("now", Some("/"));
        let expected = r#"{"type":"event","event":"chat","args":["ada",{"x":1}],"reply":3,"namespace":"/","time":"now"}"#;
        assert_eq!(output::json(&value), expected);
    }

    #[test]
    fn a_server_does_not_control_the_terminal() {
        let evil = || String::from("\u{1b}[2J\n");
        let happenings = [
            Happening::ConnectFailed { reason: evil() },
            Happening::Connected {
                id: evil(),
                recovered: false,
            },
            Happening::Disconnected { reason: evil() },
            Happening::Event {
                name: evil(),
                args: vec![evil().into()],
                reply: None,
            },
            Happening::NoAnswer {
                event: evil(),
                reason: evil(),
            },
            Happening::Refused {
                message: evil(),
                data: Some(evil().into()),
            },
            Happening::Undelivered { event: evil() },
        ];
        for happening in happenings {
            let line = happening.to_line(Style::Plain, "", Some(&evil()));
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
}
