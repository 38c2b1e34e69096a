//! A WebSocket client, written from RFC 6455 and independent of the library that the server uses.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::http::{PATIENCE, Response, parse};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.to_vec())
    }
}

/// How opening a connection ended.
#[derive(Debug)]
pub enum Opening {
    /// It is open.
    Open(WebSocket),
    /// The server answered something else.
    Refused(Response),
}

/// An open connection.
#[derive(Debug)]
pub struct WebSocket(BufReader<TcpStream>);

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;

impl WebSocket {
    /// Asks for a connection.
    ///
    /// # Errors
    ///
    /// Those of the connection below.
    pub fn open(to: SocketAddr, target: &str) -> io::Result<Opening> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let upgrade = "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: AAECAwQFBgcICQoLDA0ODw==";
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nhost: {to}\r\n{upgrade}\r\n{key}\r\n\r\n"
        )?;
        let mut stream = BufReader::new(stream);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(byte(&mut stream)?);
        }
        let text = String::from_utf8_lossy(&head);
        let response = parse(&text).ok_or(io::ErrorKind::InvalidData)?;
        Ok(if response.status == 101 {
            Opening::Open(Self(stream))
        } else {
            Opening::Refused(response)
        })
    }

    /// Sends a message in one frame.
    ///
    /// # Errors
    ///
    /// Those of the connection below.
    pub fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        let (opcode, bytes) = match message.into() {
            Message::Text(text) => (TEXT, text.into_bytes()),
            Message::Binary(bytes) => (BINARY, bytes),
        };
        let length = u16::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut frame = vec![FINAL | opcode];
        match u8::try_from(length) {
            Ok(short) if short < 126 => frame.push(MASKED | short),
            _ => {
                frame.push(MASKED | 126);
                frame.extend(length.to_be_bytes());
            }
        }
        let mask = [0x5a, 0xa5, 0x0f, 0xf0];
        frame.extend(mask);
        frame.extend(
            bytes
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        self.0.get_mut().write_all(&frame)
    }

    /// The next message. `None`: the server has closed the connection.
    ///
    /// # Errors
    ///
    /// Those of the connection below, [`io::ErrorKind::WouldBlock`] if nothing came in five seconds.
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut message = Vec::new();
        let mut kind = TEXT;
        loop {
            let (first, payload) = match self.frame() {
                Ok(frame) => frame,
                Err(error) if is_end(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            match first & 0x0f {
                CLOSE => return Ok(None),
                opcode @ (TEXT | BINARY) => kind = opcode,
                _ => {}
            }
            if first & 0x0f < CLOSE {
                message.extend(payload);
                if first & FINAL != 0 {
                    return Ok(Some(finish(kind, message)?));
                }
            }
        }
    }

    fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let first = byte(&mut self.0)?;
        let length = match byte(&mut self.0)? & !MASKED {
            126 => u64::from(u16::from_be_bytes(bytes(&mut self.0)?)),
            127 => u64::from_be_bytes(bytes(&mut self.0)?),
            short => u64::from(short),
        };
        let mut payload = Vec::new();
        (&mut self.0).take(length).read_to_end(&mut payload)?;
        Ok((first, payload))
    }
}

fn finish(kind: u8, message: Vec<u8>) -> io::Result<Message> {
    if kind == BINARY {
        return Ok(Message::Binary(message));
    }
    String::from_utf8(message)
        .map(Message::Text)
        .map_err(|_| io::ErrorKind::InvalidData.into())
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}

fn byte(stream: &mut impl Read) -> io::Result<u8> {
    bytes(stream).map(|[byte]| byte)
}

fn bytes<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
