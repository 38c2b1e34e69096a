//! Takes frames apart, one per line, as a browser's developer tools list them.
//!
//! ```text
//! $ printf '%s\n' '42["say","hello"]' '451-["file",{"_placeholder":true,"num":0}]' 'bAQID' |
//!     cargo run -q -p socketio-parser --example parser-only
//! {"line":1,"type":"event","namespace":"/","data":["say","hello"]}
//! {"line":2,"waits for":1}
//! {"line":3,"type":"event","namespace":"/","data":["file",{"$hex":"010203"}]}
//! ```
//!
//! A frame of bytes is `b` and base64, or `hex:` and digits. The `4` of Engine.IO may stand before a
//! text or not; its other packets are passed over. An error is reported with its byte, in the text
//! without that `4`, and the next line begins anew.
//!
//! Options: `--revision 3`, `4` or `5`; `--msgpack`, if built with `--features msgpack`.

use std::error::Error;
use std::io::{self, BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use socketio_parser::{
    Args, DecodeError, Decoder, Frame, Limits, Many, Packet, Progress, Revision, Utf8Bytes, Value,
    from_json, to_json,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (revision, encoding) = options(std::env::args().skip(1))?;
    let mut reader = Reader::new(revision, encoding);
    let mut out = io::stdout().lock();
    for (index, line) in io::stdin().lock().lines().enumerate() {
        let Some(frame) = frame(line?.trim()) else {
            continue;
        };
        let members = match frame.and_then(|frame| reader.read(frame)) {
            Ok(members) => members,
            Err(error) => {
                reader = Reader::new(revision, encoding);
                report(&*error)
            }
        };
        let line = [("line", Value::from(index as u64 + 1))];
        let object: Value = line.into_iter().chain(members).collect();
        writeln!(out, "{}", to_json(&object)?)?;
    }
    Ok(())
}

/// What is wrong, and at which byte if that is known.
fn report(error: &(dyn Error + 'static)) -> Members {
    let offset = error.downcast_ref().map(|error: &DecodeError| error.offset);
    let mut members = vec![("error", error.to_string().into())];
    members.extend(offset.map(|offset| ("byte", (offset as u64).into())));
    members
}

type Members = Vec<(&'static str, Value)>;

#[derive(Clone, Copy)]
enum Encoding {
    Json,
    MessagePack,
}

fn options(args: impl Iterator<Item = String>) -> Result<(Revision, Encoding), String> {
    let (mut revision, mut encoding) = (Revision::V5, Encoding::Json);
    let args: Vec<String> = args.collect();
    let mut rest = args.iter().map(String::as_str);
    while let Some(option) = rest.next() {
        match (option, option.strip_prefix("--revision=")) {
            ("--msgpack", _) => encoding = Encoding::MessagePack,
            ("--revision", _) => revision = number(rest.next().unwrap_or_default())?,
            (_, Some(digit)) => revision = number(digit)?,
            (other, None) => return Err(format!("unknown option {other}")),
        }
    }
    Ok((revision, encoding))
}

fn number(digit: &str) -> Result<Revision, String> {
    match digit {
        "3" => Ok(Revision::V3),
        "4" => Ok(Revision::V4),
        "5" => Ok(Revision::V5),
        other => Err(format!("unknown revision {other:?}")),
    }
}

/// Understands a line. `None`: there is nothing of Socket.IO in it.
fn frame(line: &str) -> Option<Result<Frame, Box<dyn Error>>> {
    // Arrows show the direction in some browsers.
    let line = line.trim_start_matches(['↑', '↓', ' ', '\t']);
    if let Some(digits) = line.strip_prefix("hex:") {
        return Some(bytes_of_hex(digits).map(|bytes| Frame::Binary(bytes.into())));
    }
    if let Some(base64) = line.strip_prefix('b') {
        let bytes = STANDARD.decode(base64);
        return Some(match bytes {
            Ok(bytes) => Ok(Frame::Binary(bytes.into())),
            Err(error) => Err(error.into()),
        });
    }
    match line {
        "" | "2" | "3" | "5" | "6" | "2probe" | "3probe" => None,
        open if open.starts_with('0') && open.contains("\"pingInterval\"") => None,
        text => Some(Ok(Frame::Text(without_engine(text).into()))),
    }
}

/// Cuts off the type digit of Engine.IO. No packet of Socket.IO begins like a message of it, except
/// refusals of old servers that are a number.
fn without_engine(text: &str) -> &str {
    match text.as_bytes() {
        [b'4', b'0'..=b'6', ..] => text.get(1..).unwrap_or_default(),
        _ => text,
    }
}

fn bytes_of_hex(digits: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: Vec<char> = digits.chars().filter(|digit| *digit != ' ').collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    pairs
        .map(|pair| Ok(u8::from_str_radix(&pair, 16)?))
        .collect()
}

/// Puts frames together, in one of the two encodings.
struct Reader {
    revision: Revision,
    encoding: Encoding,
    decoder: Decoder,
}

impl Reader {
    fn new(revision: Revision, encoding: Encoding) -> Self {
        Self {
            revision,
            encoding,
            decoder: Decoder::with_revision(revision, Limits::default()),
        }
    }

    fn read(&mut self, frame: Frame) -> Result<Members, Box<dyn Error>> {
        let progress = match self.encoding {
            Encoding::Json => self.decoder.feed(frame)?,
            Encoding::MessagePack => Progress::Complete(unpack(self.revision, &frame)?),
        };
        match progress {
            Progress::Complete(packet) => describe(&packet),
            Progress::Needs(frames) => Ok(vec![("waits for", (frames.get() as u64).into())]),
        }
    }
}

#[cfg(feature = "msgpack")]
fn unpack(revision: Revision, frame: &Frame) -> Result<Packet, Box<dyn Error>> {
    let packet = socketio_parser::msgpack::decode(revision, frame, &Limits::default())?;
    Ok(packet)
}

#[cfg(not(feature = "msgpack"))]
fn unpack(_revision: Revision, _frame: &Frame) -> Result<Packet, Box<dyn Error>> {
    Err("built without the feature `msgpack`".into())
}

fn describe(packet: &Packet) -> Result<Members, Box<dyn Error>> {
    let json = |data: &Utf8Bytes| from_json::<Value>(data);
    let args = |args: &Args| args.to().map(|Many(items)| Value::Array(items));
    let (kind, id, data) = match packet {
        Packet::Connect { data, .. } => ("connect", None, data.as_ref().map(json).transpose()?),
        Packet::Disconnect { .. } => ("disconnect", None, None),
        Packet::Event { id, args: data, .. } => ("event", *id, Some(args(data)?)),
        Packet::Ack { id, args: data, .. } => ("ack", *id, Some(args(data)?)),
        Packet::ConnectError { data, .. } => ("connect_error", None, Some(json(data)?)),
    };
    let mut members = vec![
        ("type", kind.into()),
        ("namespace", packet.namespace().as_str().into()),
    ];
    members.extend(id.map(|id| ("id", id.get().into())));
    members.extend(data.map(|data| ("data", printable(data))));
    Ok(members)
}

/// Puts digits in the place of bytes, which JSON does not have.
fn printable(value: Value) -> Value {
    match value {
        Value::Binary(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Value::from_iter([("$hex", digits)])
        }
        Value::Array(items) => items.into_iter().map(printable).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members
                .map(|(name, value)| (name, printable(value)))
                .collect()
        }
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}
