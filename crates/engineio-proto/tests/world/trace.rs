//! A transcript: one output per line, with its time and its side.

use std::cell::RefCell;
use std::fmt::{Display, Write};
use std::rc::Rc;

use bytes::Bytes;
use engineio_proto::client::{self, BodyKind};
use engineio_proto::server::{self, Response};
use engineio_proto::{Frame, Message, Timestamp};

use super::Side;

/// Lines, if anybody wants to read them. Nothing is formatted otherwise.
///
/// Shared, so that they outlive a world that panics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Option<Rc<RefCell<String>>>);

impl Trace {
    pub(crate) const fn silent() -> Self {
        Self(None)
    }

    pub(crate) fn written() -> Self {
        Self(Some(Rc::default()))
    }

    fn push(&self, line: &str) {
        if let Some(lines) = &self.0 {
            lines.borrow_mut().push_str(line);
        }
    }

    /// What a machine has put out.
    pub(crate) fn output(&self, now: Timestamp, side: Side, line: impl FnOnce() -> String) {
        if self.0.is_some() {
            let now = now.to_string();
            self.push(&format!("{now:>9} {} ▸ {}\n", side.letter(), line()));
        }
    }

    /// What an application or the network has done.
    pub(crate) fn remark(&self, now: Timestamp, line: impl FnOnce() -> String) {
        if self.0.is_some() {
            let now = now.to_string();
            self.push(&format!("{now:>9}     — {} —\n", line()));
        }
    }

    /// The lines since the last call.
    pub(crate) fn take(&self) -> String {
        self.0
            .as_ref()
            .map(|lines| lines.take())
            .unwrap_or_default()
    }
}

pub(crate) fn client_io(io: &client::Io) -> String {
    let session = |query: &client::Query| match query.sid() {
        Some(_) => "",
        None => " (no sid)",
    };
    match io {
        client::Io::Get { request, query } => format!("Get {request}{}", session(query)),
        client::Io::Post {
            request,
            body,
            kind: BodyKind::Text,
            ..
        } => format!("Post {request} {}", body_text(body)),
        client::Io::Post { request, body, .. } => format!("Post {request} {body:?}"),
        client::Io::Connect { transport, query } => {
            format!("Connect {transport}{}", session(query))
        }
        client::Io::Frame { transport, frame } => frame_line(transport, frame),
        client::Io::Close { transport } => format!("Close {transport}"),
    }
}

pub(crate) fn server_io(io: &server::Io) -> String {
    match io {
        server::Io::Respond { request, response } => match response {
            Response::Payload(body) => format!("Respond {request} {}", body_text(body)),
            Response::Wrapped { body, .. } => format!("Respond {request} {body:?}"),
            Response::Accepted => format!("Respond {request} ok"),
            other => format!("Respond {request} {}", other.status()),
        },
        server::Io::Frame { transport, frame } => frame_line(transport, frame),
        server::Io::Close { transport } => format!("Close {transport}"),
    }
}

fn frame_line(transport: &dyn Display, frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => format!("Frame {transport} {}", quoted(text)),
        Frame::Binary(bytes) if bytes.len() > LONGEST => {
            format!("Frame {transport} {} bytes", bytes.len())
        }
        Frame::Binary(bytes) => format!("Frame {transport} {bytes:?}"),
    }
}

fn body_text(body: &Bytes) -> String {
    quoted(&String::from_utf8_lossy(body))
}

/// Text in quotes, its separators visible, its length bearable.
fn quoted(text: &str) -> String {
    let mut line = String::from("\"");
    for (count, char) in text.chars().enumerate() {
        if count == LONGEST {
            let _ = write!(line, "… {} bytes", text.len());
            break;
        }
        line.push(if char == '\u{1e}' { '␞' } else { char });
    }
    line.push('"');
    line
}

/// What was said, as an application would print it.
pub(crate) fn message(message: &Message) -> String {
    match message {
        Message::Text(text) => format!("Message {}", quoted(text)),
        Message::Binary(bytes) => format!("Message {bytes:?}"),
    }
}

const LONGEST: usize = 120;
