//! An HTTP client of one request per connection, which shows everything and repairs nothing.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No test waits longer for the server.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What a server answered.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The lines of the head, the first of them left out.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A request whose answer has not been read. Dropping it closes the connection.
#[derive(Debug)]
pub struct Pending(TcpStream);

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// Those of the connection; [`io::ErrorKind::InvalidData`] if the answer is not HTTP.
    pub fn response(mut self) -> io::Result<Response> {
        let mut text = Vec::new();
        self.0.read_to_end(&mut text)?;
        parse(&String::from_utf8_lossy(&text))
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

/// Sends a request and does not wait for the answer.
///
/// # Errors
///
/// Those of the connection.
pub fn send(to: SocketAddr, method: &str, target: &str, body: &str) -> io::Result<Pending> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!("{method} {target} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    let about_body =
        format!("content-type: text/plain;charset=UTF-8\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{about_body}{body}").as_bytes())?;
    Ok(Pending(stream))
}

pub(crate) fn parse(text: &str) -> Option<Response> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (first, head) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1)?.parse().ok()?;
    Some(Response {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}
