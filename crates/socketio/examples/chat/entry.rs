//! One thing said: a text or a picture, by whom and when.

use serde::{Deserialize, Serialize};
use socketio::Bytes;

use crate::name::Nickname;
use crate::refusal::Refusal;

/// What a visitor sends, not looked at yet. The picture is a binary attachment of the packet.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Draft {
    Text(String),
    Picture(Bytes),
}

/// What may be shown to everybody.
#[derive(Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Body {
    Text(String),
    Picture { kind: &'static str, data: Bytes },
}

#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    pub(crate) author: Nickname,
    pub(crate) body: Body,
}

/// What the author is told: the entry's id, and its time in milliseconds since 1970.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Stamp {
    pub(crate) id: u64,
    pub(crate) at: u64,
}

impl Draft {
    pub(crate) fn check(self) -> Result<Body, Refusal> {
        match self {
            Self::Text(text) if text.trim().is_empty() => Err("Say something.".into()),
            Self::Text(text) if text.chars().count() > MAX_TEXT => {
                Err(format!("A message has at most {MAX_TEXT} characters.").into())
            }
            Self::Text(text) => Ok(Body::Text(text.trim().to_owned())),
            Self::Picture(data) if data.len() > MAX_PICTURE => {
                Err(format!("A picture has at most {} KB.", MAX_PICTURE / 1000).into())
            }
            Self::Picture(data) => match picture_kind(&data) {
                Some(kind) => Ok(Body::Picture { kind, data }),
                None => Err("A picture is a PNG, JPEG, GIF or WebP file.".into()),
            },
        }
    }
}

impl Entry {
    pub(crate) fn is_picture(&self) -> bool {
        matches!(self.body, Body::Picture { .. })
    }

    /// The bytes of the text or of the picture.
    pub(crate) fn len(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.len(),
            Body::Picture { data, .. } => data.len(),
        }
    }
}

/// The media type by the file's first bytes; what the sender says about it is not asked.
fn picture_kind(data: &[u8]) -> Option<&'static str> {
    let has =
        |offset: usize, magic: &[u8]| data.get(offset..).is_some_and(|d| d.starts_with(magic));
    if has(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if has(0, b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if has(0, b"GIF8") {
        Some("image/gif")
    } else if has(0, b"RIFF") && has(8, b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

const MAX_TEXT: usize = 2000;

/// Base64 makes it a third longer on the polling transport, where a request has at most 1 MB.
const MAX_PICTURE: usize = 700_000;
