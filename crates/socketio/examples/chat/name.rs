//! Names that people type: cleaned once, then trusted.

use std::fmt;

use serde::Serialize;

use crate::refusal::Refusal;

pub(crate) type Nickname = Name<24>;
pub(crate) type RoomName = Name<32>;

/// A name of one to `MAX` characters without anything invisible in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Name<const MAX: usize>(String);

impl<const MAX: usize> Name<MAX> {
    /// Joins white space, drops what nobody can see, and refuses what remains empty or too long.
    pub(crate) fn new(text: &str) -> Result<Self, Refusal> {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        match name.chars().count() {
            0 => Err("A name needs at least one character.".into()),
            length if length > MAX => {
                Err(format!("{name:.16}… is longer than {MAX} characters.").into())
            }
            _ => Ok(Self(name)),
        }
    }
}

impl RoomName {
    pub(crate) fn lobby() -> Self {
        Self("lobby".into())
    }
}

impl<const MAX: usize> fmt::Display for Name<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls and marks that change how the text around them looks. The joiner of emoji may stay.
fn is_invisible(c: char) -> bool {
    let mark = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    (c.is_control() && !c.is_whitespace()) || (mark && c != '\u{200d}')
}
