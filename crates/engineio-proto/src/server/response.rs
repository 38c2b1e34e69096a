//! HTTP answers, with everything that matters about them already decided.

use alloc::format;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;

use super::Compress;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Packets for the client. [eio4 § Receiving data]
    Payload(Bytes),
    /// The same, and none of the packets is worth compressing: see [`Compress::No`].
    ///
    /// [`Compress::No`]: super::Compress::No
    Incompressible(Bytes),
    /// Packets for a client whose poll wants something else than text.
    Wrapped {
        /// The whole body.
        body: Bytes,
        /// What it is.
        wrapping: Wrapping,
        /// Whether it may be compressed.
        compress: Compress,
    },
    /// The packets of a post were taken. [eio4 § Sending data]
    Accepted,
    /// A status alone: 200, 400, 413 or 500.
    Empty(u16),
    /// The request was turned down before it reached a transport.
    Reject(Reject),
}

impl Response {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Payload(_) | Self::Incompressible(_) | Self::Wrapped { .. } | Self::Accepted => {
                200
            }
            Self::Empty(status) => *status,
            Self::Reject(reject) => reject.status(),
        }
    }

    /// The value of `Content-Type`. `None`: no such header.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Payload(_) | Self::Incompressible(_) => Some("text/plain; charset=UTF-8"),
            Self::Wrapped { wrapping, .. } => Some(wrapping.content_type()),
            Self::Accepted => Some("text/html"),
            Self::Empty(_) => None,
            Self::Reject(_) => Some("application/json"),
        }
    }

    /// The value of `Cache-Control`. `None`: no such header.
    #[must_use]
    pub const fn cache_control(&self) -> Option<&'static str> {
        match self {
            Self::Payload(_) | Self::Incompressible(_) | Self::Wrapped { .. } | Self::Accepted => {
                Some("no-store")
            }
            Self::Empty(_) | Self::Reject(_) => None,
        }
    }

    /// The value of `X-XSS-Protection` for a client that calls itself `user_agent`. `None`: no such
    /// header.
    ///
    /// Old browsers of Microsoft search answers for what the request said, and find it.
    /// [js engine.io 6.6.12]
    #[must_use]
    pub fn x_xss_protection(&self, user_agent: Option<&[u8]>) -> Option<&'static str> {
        self.cache_control()?;
        let user_agent = user_agent?;
        let names = |word: &[u8]| user_agent.windows(word.len()).any(|part| part == word);
        (names(b";MSIE") || names(b"Trident/")).then_some("0")
    }

    /// The body, if it may be compressed.
    #[must_use]
    pub const fn compressible(&self) -> Option<&Bytes> {
        match self {
            Self::Payload(body)
            | Self::Wrapped {
                body,
                compress: Compress::Yes,
                ..
            } => Some(body),
            Self::Incompressible(_)
            | Self::Wrapped {
                compress: Compress::No,
                ..
            }
            | Self::Accepted
            | Self::Empty(_)
            | Self::Reject(_) => None,
        }
    }

    /// The body.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        match self {
            Self::Payload(body) | Self::Incompressible(body) | Self::Wrapped { body, .. } => body,
            Self::Accepted => Bytes::from_static(b"ok"),
            Self::Empty(_) => Bytes::new(),
            Self::Reject(reject) => Bytes::from_static(reject.body().as_bytes()),
        }
    }
}

/// What the body of an answer is when it is not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrapping {
    /// Revisions 2 and 3: packets as bytes.
    Bytes,
    /// JSONP: packets in a script.
    Script,
}

impl Wrapping {
    /// The value of `Content-Type`, exactly: old browsers compare all of it.
    const fn content_type(self) -> &'static str {
        match self {
            Self::Bytes => "application/octet-stream",
            // The reference says `text/plain` since 1.6, which a browser does not run if it is told
            // to trust it, and may take for a page if it is asked to show it.
            Self::Script => "text/javascript; charset=UTF-8",
        }
    }
}

/// Why a request was turned down. [js engine.io 6.6.12]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reject {
    /// The transport is missing, unknown or not offered.
    UnknownTransport,
    /// No session has this id (any more).
    UnknownSession,
    /// A session opens with GET and nothing else.
    BadMethod,
    /// The request does not fit its session.
    BadRequest,
    /// The application does not want this client.
    Forbidden,
    /// The revision of the protocol is not spoken here.
    UnsupportedVersion,
}

impl Reject {
    /// The number in the body.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The message in the body.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// The HTTP status of a plain request.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::UnknownTransport
            | Self::UnknownSession
            | Self::BadMethod
            | Self::BadRequest
            | Self::UnsupportedVersion => 400,
        }
    }

    /// The JSON body of a plain request.
    #[must_use]
    pub const fn body(self) -> &'static str {
        match self {
            Self::UnknownTransport => r#"{"code":0,"message":"Transport unknown"}"#,
            Self::UnknownSession => r#"{"code":1,"message":"Session ID unknown"}"#,
            Self::BadMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            Self::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            Self::Forbidden => r#"{"code":4,"message":"Forbidden"}"#,
            Self::UnsupportedVersion => r#"{"code":5,"message":"Unsupported protocol version"}"#,
        }
    }

    /// The JSON body of a plain request, with a message of the application's instead of the usual
    /// one. [js engine.io 6.6.12]
    #[must_use]
    pub fn body_with(self, message: &str) -> String {
        let mut body = format!(r#"{{"code":{},"message":""#, self.code());
        for char in message.chars() {
            match char {
                '"' | '\\' => body.extend(['\\', char]),
                '\0'..='\x1f' => body.push_str(&format!("\\u{:04x}", u32::from(char))),
                _ => body.push(char),
            }
        }
        body.push_str("\"}");
        body
    }

    /// The body of a request for a WebSocket: plain text, to be sent as `text/html` with status
    /// 400, whatever [`status`](Self::status) says.
    #[must_use]
    pub const fn upgrade_body(self) -> &'static str {
        self.message()
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Reject {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_says_what_code_and_message_say() {
        for reject in [
            Reject::UnknownTransport,
            Reject::UnknownSession,
            Reject::BadMethod,
            Reject::BadRequest,
            Reject::Forbidden,
            Reject::UnsupportedVersion,
        ] {
            let body = format!(
                r#"{{"code":{},"message":"{}"}}"#,
                reject.code(),
                reject.message()
            );
            assert_eq!(reject.body(), body);
            assert_eq!(reject.body_with(reject.message()), body);
        }
    }

    #[test]
    fn a_message_of_the_application_is_escaped() {
        assert_eq!(
            Reject::Forbidden.body_with("say \"no\"\n\\ é"),
            r#"{"code":4,"message":"say \"no\"\u000a\\ é"}"#
        );
    }
}
