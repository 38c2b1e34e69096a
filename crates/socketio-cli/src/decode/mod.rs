//! `sio decode`: frames from standard input, packets to standard output.

mod entry;
mod reader;
mod source;

use std::io::{self, BufRead, Write};

use clap::{Args, ValueEnum};
use socketio_parser::{Revision, Value};

use crate::failure::Failure;
use crate::output::{self, Ink, Style};
use entry::Entry;
use reader::{Reader, Trouble};
use source::Source;

/// Take frames apart, one per line of standard input.
///
/// A line is a text frame as it travels, 2["chat","hello"]. Bytes are written as hex: and digits,
/// or as base64: and base64: binary attachments, packets in MessagePack, binary frames of a
/// WebSocket. Empty lines, and lines that begin with #, are passed over. What only one side sent
/// is decoded: do not mix the directions of a connection.
///
/// An error names the byte and points at it; the next line begins anew. The exit code is 1 if there
/// was one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Decode {
    /// Revision of the Socket.IO protocol: 5 since 3.0, 4 in 1.x and 2.x, 3 in 1.0.0 to 1.0.2.
    #[arg(long, value_enum, default_value = "5")]
    revision: Protocol,

    /// Packets are MessagePack, as socket.io-msgpack-parser writes them.
    #[arg(long)]
    msgpack: bool,

    /// Lines are Engine.IO: one frame of a WebSocket each, or one whole body of a poll each.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "frame")]
    engine: Option<Engine>,

    /// Print a line of JSON for each packet, and for each error.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    #[value(name = "5")]
    V5,
    #[value(name = "4")]
    V4,
    #[value(name = "3")]
    V3,
}

impl From<Protocol> for Revision {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::V3 => Self::V3,
            Protocol::V4 => Self::V4,
            Protocol::V5 => Self::V5,
        }
    }
}

/// What a line of Engine.IO is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// One message of a WebSocket.
    Frame,
    /// The body of a poll.
    Payload,
}

const EXAMPLES: &str = r#"Examples:
  echo '2/chat,7["say","hello"]' | sio decode
  printf '%s\n' '51-["file",{"_placeholder":true,"num":0}]' 'hex:01 02 ff' | sio decode
  echo '42["say","hello"]' | sio decode --engine
  curl -s 'http://localhost:3000/socket.io/?EIO=4&transport=polling' | sio decode --engine=payload
  sio decode --json < frames.txt | jq 'select(.type == "event") | .args'"#;

impl Decode {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut reader = Reader::new(self.revision.into(), self.msgpack, self.engine);
        let mut report = Report {
            json: self.json,
            style: Style::of(&io::stdout()),
            errors: Style::of(&io::stderr()),
            bad: false,
        };
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = input.read_until(b'\n', &mut line);
            let read =
                read.map_err(|error| Failure::failed(format_args!("cannot read: {error}")))?;
            if read == 0 {
                break;
            }
            for result in reader.line(number, &line) {
                report.write(result)?;
            }
        }
        if let Some(trouble) = reader.end() {
            report.write(Err(trouble))?;
        }
        match report.bad {
            true => Err(Failure::Reported),
            false => Ok(()),
        }
    }
}

/// Where packets and errors are written.
struct Report {
    json: bool,
    style: Style,
    errors: Style,
    bad: bool,
}

impl Report {
    fn write(&mut self, result: Result<Entry, Trouble>) -> io::Result<()> {
        self.bad |= result.is_err();
        let mut out = io::stdout().lock();
        match (result, self.json) {
            (Ok(entry), true) => writeln!(out, "{}", output::json(&entry.to_value()))?,
            (Ok(entry), false) => writeln!(out, "{}", entry.to_line(self.style))?,
            (Err(trouble), true) => writeln!(out, "{}", output::json(&trouble.to_value()))?,
            (Err(trouble), false) => {
                out.flush()?; // both may be the same terminal
                eprintln!("{}", trouble.to_lines(self.errors));
            }
        }
        out.flush()
    }
}

impl Trouble {
    fn to_value(&self) -> Value {
        let mut members = vec![
            ("line", Value::from(self.line as u64)),
            ("error", self.message.as_str().into()),
        ];
        members.extend(self.offset.map(|offset| ("byte", (offset as u64).into())));
        members.into_iter().collect()
    }

    fn to_lines(&self, style: Style) -> String {
        let message = style.paint(Ink::Bad, &output::one_line(&self.message));
        let head = format!("line {}: {message}", self.line);
        let Some(offset) = self.offset else {
            return head;
        };
        let [text, caret] = match &self.source {
            Source::Bytes(bytes) => crate::caret::under_bytes(bytes, offset),
            Source::Text(text) => crate::caret::under(text, offset),
        };
        let caret = style.paint(Ink::Bad, &caret);
        format!("{head} at byte {offset}\n  {text}\n  {caret}")
    }
}
