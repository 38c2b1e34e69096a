//! What can be typed while connected.

use socketio_parser::Value;

use super::words::{BadLine, Words};

/// A line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ack {
        event: String,
        args: Vec<Value>,
    },
    AutoReply(AutoReply),
    Connect,
    Disconnect,
    Emit {
        event: String,
        args: Vec<Value>,
        volatile: bool,
    },
    Help,
    Namespace(String),
    Namespaces,
    Quit,
    Reply {
        number: u64,
        args: Vec<Value>,
    },
    Status,
}

/// Whether questions of the server are answered at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum AutoReply {
    #[default]
    Off,
    With(Vec<Value>),
}

/// The names of all commands, for completion.
pub(super) const NAMES: [&str; 14] = [
    "ack",
    "autoreply",
    "connect",
    "disconnect",
    "emit",
    "exit",
    "help",
    "namespaces",
    "ns",
    "quit",
    "reply",
    "send",
    "status",
    "volatile",
];

/// The answer to `help`.
pub(super) const HELP: &str = r#"emit EVENT VALUE…      send an event            emit chat "ada" {"x":1}
ack EVENT VALUE…       … and print its answer   ack add 2 3
volatile EVENT VALUE…  … unless it would have to wait
send VALUE…            the same as: emit message VALUE…
reply N VALUE…         answer the event marked (reply N)
autoreply [VALUE…]     answer all of them at once; autoreply off
ns /NAME               join a namespace, or go to it; ns alone lists them
connect, disconnect    join again, or leave, the namespace
status                 transport, session, what waits
quit                   leave

A value is JSON or a bare word; @FILE is the bytes of a file, and so is {"$base64":"AQID"}."#;

/// Understands a line. `None`: there is nothing in it.
pub(super) fn parse(line: &str) -> Result<Option<Command>, BadLine> {
    let mut words = Words::new(line);
    let Some((offset, name)) = words.next() else {
        return Ok(None);
    };
    let command = match name {
        "ack" => {
            let (event, args) = event(&mut words)?;
            Command::Ack { event, args }
        }
        "emit" | "volatile" => {
            let (event, args) = event(&mut words)?;
            let volatile = name == "volatile";
            Command::Emit {
                event,
                args,
                volatile,
            }
        }
        "send" => Command::Emit {
            event: "message".into(),
            args: words.values()?,
            volatile: false,
        },
        "reply" => Command::Reply {
            number: number(&mut words)?,
            args: words.values()?,
        },
        "autoreply" => Command::AutoReply(auto_reply(&mut words)?),
        "ns" | "namespaces" => match words.clone().next() {
            None => Command::Namespaces,
            Some(_) => Command::Namespace(namespace(&mut words)?),
        },
        "connect" => Command::Connect,
        "disconnect" => Command::Disconnect,
        "status" => Command::Status,
        "help" | "?" => Command::Help,
        "quit" | "exit" => Command::Quit,
        _ => return Err(BadLine::at(offset, "no such command; try help")),
    };
    words.end()?;
    Ok(Some(command))
}

fn event(words: &mut Words<'_>) -> Result<(String, Vec<Value>), BadLine> {
    Ok((words.name("the event")?, words.values()?))
}

fn number(words: &mut Words<'_>) -> Result<u64, BadLine> {
    let offset = words.offset();
    let word = words.next().map(|(_, word)| word.trim_start_matches('#'));
    let number = word.and_then(|word| word.parse().ok());
    number.ok_or_else(|| BadLine::at(offset, "the number of an event, as in (reply 1)"))
}

fn namespace(words: &mut Words<'_>) -> Result<String, BadLine> {
    let offset = words.offset();
    let name = words.name("the namespace")?;
    match (name.starts_with('/'), name.contains(',')) {
        (_, true) => Err(BadLine::at(
            offset,
            "the name of a namespace holds no comma",
        )),
        (true, false) => Ok(name),
        (false, false) => Ok(format!("/{name}")),
    }
}

fn auto_reply(words: &mut Words<'_>) -> Result<AutoReply, BadLine> {
    let values = words.values()?;
    Ok(match values.as_slice() {
        [Value::String(word)] if word == "off" => AutoReply::Off,
        _ => AutoReply::With(values),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command() {
        let args = vec!["ada".into(), Value::from_iter([("x", 1)])];
        let event = String::from("chat");
        let emit = |volatile| Command::Emit {
            event: event.clone(),
            args: args.clone(),
            volatile,
        };
        for (line, expected) in [
            (r#"emit chat "ada" {"x":1}"#, emit(false)),
            (r#"emit chat ada {"x": 1}"#, emit(false)),
            (r#"volatile chat ada {"x":1}"#, emit(true)),
            (
                "ack add 2 3",
                Command::Ack {
                    event: "add".into(),
                    args: vec![2.into(), 3.into()],
                },
            ),
            (
                "send hi",
                Command::Emit {
                    event: "message".into(),
                    args: vec!["hi".into()],
                    volatile: false,
                },
            ),
            (
                "reply 2 yes",
                Command::Reply {
                    number: 2,
                    args: vec!["yes".into()],
                },
            ),
            (
                "reply #2",
                Command::Reply {
                    number: 2,
                    args: vec![],
                },
            ),
            ("autoreply", Command::AutoReply(AutoReply::With(vec![]))),
            (
                "autoreply ok",
                Command::AutoReply(AutoReply::With(vec!["ok".into()])),
            ),
            ("autoreply off", Command::AutoReply(AutoReply::Off)),
            ("ns /admin", Command::Namespace("/admin".into())),
            ("ns admin", Command::Namespace("/admin".into())),
            ("ns", Command::Namespaces),
            (" quit ", Command::Quit),
        ] {
            assert_eq!(parse(line), Ok(Some(expected)), "{line}");
        }
        assert_eq!(parse("  "), Ok(None));
    }

    #[test]
    fn an_error_names_the_byte() {
        for (line, offset, message) in [
            (" shout x", 1, "no such command; try help"),
            ("emit", 4, "the event is missing"),
            ("emit chat [1", 12, "not JSON"),
            ("reply x", 6, "the number of an event, as in (reply 1)"),
            ("quit now", 5, "nothing more is expected here"),
            ("ns a,b", 3, "the name of a namespace holds no comma"),
        ] {
            assert_eq!(parse(line), Err(BadLine::at(offset, message)), "{line}");
        }
    }

    #[test]
    fn every_name_is_a_command() {
        for name in NAMES {
            let known = parse(name);
            assert!(
                !matches!(&known, Err(error) if error.message.starts_with("no such")),
                "{name}"
            );
        }
    }
}
