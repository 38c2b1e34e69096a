//! Lines become frames, frames become packets.

use std::fmt::Display;

use engineio_parser::payload::{Form, Framing};
use engineio_parser::{Channel, Message, Packet as EnginePacket, Wire};
use socketio_parser::{
    ArgsError, DecodeError, Decoder, Frame, Limits, Packet, Progress, Revision, Utf8Bytes, Value,
    from_json, msgpack,
};

use super::Engine;
use super::entry::Entry;
use super::source::Source;

/// Reads one direction of a connection.
pub(super) struct Reader {
    revision: Revision,
    encoding: Encoding,
    engine: Option<Engine>,
    decoder: Decoder,
    /// The first frame of a packet whose attachments have not all come: errors count from there.
    begun: Option<Begun>,
}

#[derive(Clone, Copy)]
enum Encoding {
    Json,
    MessagePack,
}

struct Begun {
    line: usize,
    source: Source,
    missing: usize,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) line: usize,
    pub(super) message: String,
    /// At which byte of `source`, if that is known.
    pub(super) offset: Option<usize>,
    pub(super) source: Source,
}

impl Reader {
    pub(super) fn new(revision: Revision, msgpack: bool, engine: Option<Engine>) -> Self {
        Self {
            revision,
            encoding: match msgpack {
                true => Encoding::MessagePack,
                false => Encoding::Json,
            },
            engine,
            decoder: Decoder::with_revision(revision, Limits::default()),
            begun: None,
        }
    }

    /// Takes a line with its end. Gives the packets that are complete, and what is wrong.
    pub(super) fn line(&mut self, number: usize, line: &[u8]) -> Vec<Result<Entry, Trouble>> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => {
                let source = Source::Bytes(line.to_vec().into());
                return vec![Err(trouble(
                    number,
                    "not UTF-8",
                    error.valid_up_to(),
                    source,
                ))];
            }
        };
        let source = match Source::of(text) {
            Ok(Some(source)) => source,
            Ok(None) => return Vec::new(),
            Err(error) => {
                let source = Source::Text(text.into());
                return vec![Err(trouble(number, error.message, error.offset, source))];
            }
        };
        match self.engine {
            None => self.frame(number, source).into_iter().collect(),
            Some(Engine::Frame) => self.engine_frame(number, source),
            Some(Engine::Payload) => self.engine_payload(number, source),
        }
    }

    /// Notices that attachments are missing.
    pub(super) fn end(self) -> Option<Trouble> {
        let begun = self.begun?;
        let (count, end) = (begun.missing, if begun.missing == 1 { "" } else { "s" });
        Some(Trouble {
            line: begun.line,
            message: format!("{count} attachment{end} missing at the end of the input"),
            offset: None,
            source: begun.source,
        })
    }

    fn engine_frame(&mut self, number: usize, source: Source) -> Vec<Result<Entry, Trouble>> {
        let frame = match &source {
            Source::Bytes(bytes) => engineio_parser::Frame::Binary(bytes.clone()),
            Source::Text(text) => engineio_parser::Frame::Text(text.clone()),
        };
        match self.wire().decode(&frame) {
            Ok(packet) => self.engine_packet(number, packet).into_iter().collect(),
            Err(error) => vec![Err(trouble(number, error.kind, error.offset, source))],
        }
    }

    fn engine_payload(&mut self, number: usize, source: Source) -> Vec<Result<Entry, Trouble>> {
        // Old servers say by their content type which of two forms a body has: here it is known.
        let (body, bytes) = match &source {
            Source::Bytes(bytes) => (bytes.clone(), true),
            Source::Text(text) => (text.clone().into_bytes(), false),
        };
        let framing = Framing::OnDemand;
        let form = Form::of_answer(self.wire(), Channel::Bytes, framing, bytes);
        let mut results = Vec::new();
        for packet in form.decode(&body) {
            match packet {
                Ok(packet) => results.extend(self.engine_packet(number, packet)),
                Err(error) => {
                    results.push(Err(trouble(
                        number,
                        error.kind,
                        error.offset,
                        source.clone(),
                    )));
                }
            }
        }
        results
    }

    fn engine_packet(
        &mut self,
        number: usize,
        packet: EnginePacket,
    ) -> Option<Result<Entry, Trouble>> {
        let (kind, data) = match packet {
            EnginePacket::Message(Message::Text(text)) => {
                return self.frame(number, Source::Text(text));
            }
            EnginePacket::Message(Message::Binary(bytes)) => {
                return self.frame(number, Source::Bytes(bytes));
            }
            EnginePacket::Open(json) => ("open", Some(json_or_text(&json))),
            EnginePacket::Close => ("close", None),
            EnginePacket::Ping(data) => ("ping", word(&data)),
            EnginePacket::Pong(data) => ("pong", word(&data)),
            EnginePacket::Upgrade => ("upgrade", None),
            EnginePacket::Noop => ("noop", None),
        };
        Some(Ok(Entry {
            line: number,
            kind,
            data,
            ..Entry::default()
        }))
    }

    /// Takes a frame of Socket.IO.
    fn frame(&mut self, number: usize, source: Source) -> Option<Result<Entry, Trouble>> {
        let frame = match &source {
            Source::Bytes(bytes) => Frame::Binary(bytes.clone()),
            Source::Text(text) => Frame::Text(text.clone()),
        };
        let fed = match self.encoding {
            Encoding::Json => self.decoder.feed(frame),
            Encoding::MessagePack => {
                msgpack::decode(self.revision, &frame, &Limits::default()).map(Progress::Complete)
            }
        };
        match fed {
            Ok(Progress::Complete(packet)) => {
                let (line, source) = match self.begun.take() {
                    Some(begun) => (begun.line, begun.source),
                    None => (number, source),
                };
                Some(describe(line, source, &packet))
            }
            Ok(Progress::Needs(missing)) => {
                let begun = self.begun.take();
                let (line, source) =
                    begun.map_or((number, source), |begun| (begun.line, begun.source));
                self.begun = Some(Begun {
                    line,
                    source,
                    missing: missing.get(),
                });
                None
            }
            Err(error) => Some(Err(self.give_up(number, error, source))),
        }
    }

    /// An error is at a byte of the packet's first frame, unless this frame should not be here.
    fn give_up(&mut self, number: usize, error: DecodeError, source: Source) -> Trouble {
        self.decoder = Decoder::with_revision(self.revision, Limits::default());
        let source = match (self.begun.take(), &source) {
            (Some(begun), Source::Bytes(_)) => begun.source,
            _ => source,
        };
        trouble(number, error.kind, error.offset, source)
    }

    fn wire(&self) -> Wire {
        Wire::from(match self.revision {
            Revision::V3 => engineio_parser::Revision::V2,
            Revision::V4 => engineio_parser::Revision::V3,
            Revision::V5 => engineio_parser::Revision::V4,
        })
    }
}

fn describe(line: usize, source: Source, packet: &Packet) -> Result<Entry, Trouble> {
    Entry::of(line, packet).map_err(|error: ArgsError| Trouble {
        line,
        message: error.to_string(),
        offset: None, // it counts in the arguments, not in the frame
        source,
    })
}

fn trouble(line: usize, message: impl Display, offset: usize, source: Source) -> Trouble {
    Trouble {
        line,
        message: message.to_string(),
        offset: Some(offset),
        source,
    }
}

/// The handshake is JSON, if the server is right in its mind.
fn json_or_text(text: &Utf8Bytes) -> Value {
    from_json(text).unwrap_or_else(|_| Value::from(&**text))
}

fn word(data: &str) -> Option<Value> {
    (!data.is_empty()).then(|| data.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    /// What the lines are said to be; errors begin with an exclamation mark.
    fn read(mut reader: Reader, lines: &[&str]) -> Vec<String> {
        let mut said = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            said.extend(reader.line(index + 1, line.as_bytes()));
        }
        said.extend(reader.end().map(Err));
        let said = said.into_iter().map(|result| match result {
            Ok(entry) => entry.to_line(Style::Plain),
            Err(trouble) => format!(
                "!{}: {} {:?}",
                trouble.line, trouble.message, trouble.offset
            ),
        });
        said.collect()
    }

    fn json() -> Reader {
        Reader::new(Revision::V5, false, None)
    }

    #[test]
    fn each_line_is_a_packet() {
        let lines = [
            "0{\"token\":1}\r\n",
            "2/chat,7[\"say\",\"hi\"]\n",
            "37[1]",
            "1/chat,",
            "4{\"message\":\"no\"}",
        ];
        let expected = [
            "connect / {\"token\":1}",
            "event /chat #7 say \"hi\"",
            "ack / #7 1",
            "disconnect /chat",
            "connect_error / {\"message\":\"no\"}",
        ];
        assert_eq!(read(json(), &lines), expected);
    }

    #[test]
    fn attachments_come_as_lines_of_their_own() {
        let head = r#"52-["f",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;
        let said = read(json(), &[head, "hex:01", "base64:Ag=="]);
        assert_eq!(said, ["event / f <bytes 1: 02> <bytes 1: 01>"]);
    }

    #[test]
    fn attachments_that_do_not_come_are_missed() {
        let head = r#"51-["f",{"_placeholder":true,"num":0}]"#;
        assert_eq!(
            read(json(), &[head]),
            ["!1: 1 attachment missing at the end of the input None"]
        );
        let said = read(json(), &[head, "2[\"a\"]", "2[\"b\"]"]);
        assert_eq!(
            said,
            [
                "!2: got plaintext data when reconstructing a packet Some(0)",
                "event / b"
            ]
        );
    }

    #[test]
    fn after_an_error_the_next_line_begins_anew() {
        let said = read(json(), &["2[\"a\",]", "9", "hex:01", "2[\"a\"]"]);
        let expected = [
            "!1: invalid payload Some(6)",
            "!2: unknown packet type 9 Some(0)",
            "!3: got binary data when not reconstructing a packet Some(0)",
            "event / a",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn frames_of_the_engine_have_a_packet_inside() {
        let reader = Reader::new(Revision::V5, false, Some(Engine::Frame));
        let head = r#"451-["f",{"_placeholder":true,"num":0}]"#;
        let lines = [
            "0{\"sid\":\"x\"}",
            "2probe",
            "3",
            "5",
            "42[\"a\",1]",
            head,
            "bAQ==",
            "7",
        ];
        let expected = [
            "open {\"sid\":\"x\"}",
            "ping \"probe\"",
            "pong",
            "upgrade",
            "event / a 1",
            "event / f <bytes 1: 01>",
            "!8: unknown packet type Some(0)",
        ];
        assert_eq!(read(reader, &lines), expected);
    }

    #[test]
    fn a_payload_is_several_packets() {
        let new = Reader::new(Revision::V5, false, Some(Engine::Payload));
        assert_eq!(
            read(new, &["2\u{1e}42[\"a\"]\u{1e}7"]),
            ["ping", "event / a", "!1: unknown packet type Some(10)"]
        );
        let old = Reader::new(Revision::V4, false, Some(Engine::Payload));
        assert_eq!(
            read(old, &["7:42[\"é\"]1:3", "hex:00 01 ff 32"]),
            ["event / é", "pong", "ping"]
        );
    }

    #[test]
    fn old_acknowledgements_count_attachments() {
        let old = Reader::new(Revision::V3, false, None);
        assert_eq!(read(old, &["30-7[1]"]), ["ack / #7 1"]);
    }

    #[test]
    fn message_pack_is_bytes() {
        let reader = Reader::new(Revision::V5, true, None);
        // {"type":2,"nsp":"/","data":["a",1]}
        let packet = "hex:83 a4 74797065 02 a3 6e7370 a1 2f a4 64617461 92 a1 61 01";
        let said = read(reader, &[packet, "hex:83 a4"]);
        assert_eq!(said.first().map(String::as_str), Some("event / a 1"));
        assert!(
            said.get(1)
                .is_some_and(|line| line.starts_with("!2: Could not parse Some(")),
            "{said:?}"
        );
    }

    #[test]
    fn what_is_not_utf8_is_said() {
        let results = json().line(1, b"2[\"\xff\"]");
        assert!(
            matches!(
                &results[..],
                [Err(Trouble {
                    offset: Some(3),
                    ..
                })]
            ),
            "{results:?}"
        );
    }
}
