//! One packet, described.

use socketio_parser::{Args, ArgsError, Many, Packet, Utf8Bytes, Value, from_json};

use crate::output::{self, Ink, Style};

/// A packet of either protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The line on which it began.
    pub(super) line: usize,
    pub(super) kind: &'static str,
    pub(super) namespace: Option<String>,
    pub(super) id: Option<u64>,
    pub(super) event: Option<String>,
    /// Arguments of events and acknowledgements.
    pub(super) args: Option<Vec<Value>>,
    /// What other packets carry.
    pub(super) data: Option<Value>,
}

impl Entry {
    /// Describes a packet of Socket.IO.
    pub(super) fn of(line: usize, packet: &Packet) -> Result<Self, ArgsError> {
        let json = |data: &Utf8Bytes| from_json::<Value>(data);
        let entry = Self {
            line,
            namespace: Some(packet.namespace().as_str().into()),
            ..Self::default()
        };
        Ok(match packet {
            Packet::Connect { data, .. } => Self {
                kind: "connect",
                data: data.as_ref().map(json).transpose()?,
                ..entry
            },
            Packet::Disconnect { .. } => Self {
                kind: "disconnect",
                ..entry
            },
            Packet::Event { id, args, .. } => Self {
                kind: "event",
                id: id.map(|id| id.get()),
                event: args.event_name().map(Into::into),
                args: Some(all(args.event_data())?),
                ..entry
            },
            Packet::Ack { id, args, .. } => Self {
                kind: "ack",
                id: id.map(|id| id.get()),
                args: Some(all(Args::to(args))?),
                ..entry
            },
            Packet::ConnectError { data, .. } => Self {
                kind: "connect_error",
                data: Some(json(data)?),
                ..entry
            },
        })
    }

    /// For programs.
    pub(super) fn to_value(&self) -> Value {
        let mut members: Vec<(&str, Value)> = vec![
            ("line", (self.line as u64).into()),
            ("type", self.kind.into()),
        ];
        members.extend(
            self.namespace
                .as_deref()
                .map(|name| ("namespace", name.into())),
        );
        members.extend(self.id.map(|id| ("id", id.into())));
        members.extend(self.event.as_deref().map(|name| ("event", name.into())));
        members.extend(self.args.clone().map(|args| ("args", Value::Array(args))));
        members.extend(self.data.clone().map(|data| ("data", data)));
        members.into_iter().collect()
    }

    /// For people: `event /chat 7 say "hello"`.
    pub(super) fn to_line(&self, style: Style) -> String {
        let mut words = vec![style.paint(Ink::Key, self.kind)];
        words.extend(self.namespace.as_deref().map(output::word));
        words.extend(self.id.map(|id| style.paint(Ink::Faint, &format!("#{id}"))));
        words.extend(
            self.event
                .as_deref()
                .map(|name| style.paint(Ink::Name, &output::word(name))),
        );
        let values = self.args.iter().flatten().chain(&self.data);
        words.extend(values.map(|value| style.value(value, WIDTH, 0)));
        words.join(" ")
    }
}

fn all(args: Result<Many<Value>, ArgsError>) -> Result<Vec<Value>, ArgsError> {
    args.map(|Many(items)| items)
}

/// Longer values are spread over lines, in characters.
const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use socketio_parser::{AckId, Namespace};

    fn event() -> Entry {
        let args = Args::event("say", &("hello", 1)).unwrap();
        let packet = Packet::Event {
            namespace: Namespace::new("/chat").unwrap(),
            id: Some(AckId::new(7)),
            args,
        };
        Entry::of(3, &packet).unwrap()
    }

    #[test]
    fn people_read_a_line() {
        assert_eq!(
            event().to_line(Style::Plain),
            r#"event /chat #7 say "hello" 1"#
        );
    }

    #[test]
    fn programs_read_an_object() {
        let expected = r#"{"line":3,"type":"event","namespace":"/chat","id":7,"event":"say","args":["hello",1]}"#;
        assert_eq!(output::json(&event().to_value()), expected);
    }
}
