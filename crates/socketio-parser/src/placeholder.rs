//! Where byte strings stood before they became attachments.

use alloc::vec::Vec;
use core::mem;

use crate::error::{DecodeError, DecodeErrorKind};
use crate::scan::{Container, Visit};
use crate::string;
use crate::text::Text;

/// An object that stands for an attachment.
///
/// Specification: [sio5 § Packet encoding], `{"_placeholder":true,"num":0}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// Where the object begins in the JSON text.
    pub(crate) start: usize,
    /// Just behind it.
    pub(crate) end: usize,
    /// Which attachment it stands for.
    pub(crate) index: usize,
}

/// Writes the placeholder of attachment `index`.
pub(crate) fn write(out: &mut Text, index: usize) -> Placeholder {
    let start = out.len();
    out.push_str("{\"_placeholder\":true,\"num\":");
    out.push_str(itoa::Buffer::new().format(index));
    out.push_str("}");
    Placeholder {
        start,
        end: out.len(),
        index,
    }
}

/// Finds all placeholders while JSON is read over, in the order in which they begin.
///
/// Members may come in any order and have company. Nothing is looked for inside a placeholder, for
/// its other members vanish with it.
#[derive(Debug)]
pub(crate) struct Finder {
    /// How many arrays and objects have not ended.
    depth: usize,
    /// The innermost of them that is an object.
    innermost: Option<Object>,
    /// The objects around it. Few placeholders are in an object, so that this seldom takes memory.
    outer: Vec<Object>,
    /// Those that name no attachment are among them.
    found: Vec<Placeholder>,
}

/// What is known of an object that has not ended.
#[derive(Debug)]
struct Object {
    start: usize,
    /// How deep its members are.
    depth: usize,
    /// How many placeholders stand before it.
    found_before: usize,
    /// Which member is being read.
    member: Member,
    /// Whether `_placeholder` is `true`. As everywhere, the last of equal keys counts.
    is_placeholder: bool,
    /// What `num` says.
    index: usize,
}

#[derive(Clone, Copy, Debug)]
enum Member {
    Number,
    Other,
    Placeholder,
}

impl Finder {
    pub(crate) const fn new() -> Self {
        Self {
            depth: 0,
            innermost: None,
            outer: Vec::new(),
            found: Vec::new(),
        }
    }

    /// What was found, now that all has been read over.
    pub(crate) fn finish(self) -> Found {
        Found(self.found)
    }

    /// The object of which a member is being read.
    fn object(&mut self) -> Option<&mut Object> {
        let depth = self.depth;
        self.innermost
            .as_mut()
            .filter(|object| object.depth == depth)
    }

    fn on_value(&mut self, text: &str) {
        let Some(object) = self.object() else {
            return;
        };
        match object.member {
            Member::Number => object.index = attachment_index(text),
            Member::Placeholder => object.is_placeholder = text == "true",
            Member::Other => {}
        }
    }
}

/// Placeholders of which nobody knows yet whether each names an attachment.
#[derive(Debug)]
pub(crate) struct Found(Vec<Placeholder>);

impl Found {
    /// The placeholders, counted from `start`, where the JSON begins.
    ///
    /// # Errors
    ///
    /// [`IllegalPlaceholder`](DecodeErrorKind::IllegalPlaceholder) if one names none of the
    /// `attachments`. Its offset counts from where the text begins.
    pub(crate) fn check(
        mut self,
        attachments: usize,
        start: usize,
    ) -> Result<Vec<Placeholder>, DecodeError> {
        if attachments == 0 {
            // Then what looks like a placeholder is data. [js socket.io-parser 4.2.7]
            return Ok(Vec::new());
        }
        for placeholder in &mut self.0 {
            if placeholder.index >= attachments {
                return Err(DecodeErrorKind::IllegalPlaceholder.at(placeholder.start));
            }
            placeholder.start -= start;
            placeholder.end -= start;
        }
        Ok(self.0)
    }
}

impl Visit<'_> for Finder {
    fn open(&mut self, container: Container, at: usize) {
        self.on_value("");
        self.depth += 1;
        if container == Container::Object {
            let object = Object {
                start: at,
                depth: self.depth,
                found_before: self.found.len(),
                member: Member::Other,
                is_placeholder: false,
                index: NO_INDEX,
            };
            self.outer.extend(self.innermost.replace(object));
        }
    }

    fn close(&mut self, container: Container, end: usize) {
        self.depth -= 1;
        if container == Container::Array {
            return;
        }
        let Some(object) = mem::replace(&mut self.innermost, self.outer.pop()) else {
            return;
        };
        if object.is_placeholder {
            self.found.truncate(object.found_before);
            self.found.push(Placeholder {
                start: object.start,
                end,
                index: object.index,
            });
        }
    }

    fn key(&mut self, raw: &str) {
        let Some(object) = self.object() else {
            return;
        };
        object.member = if string::equals(raw, "_placeholder") {
            Member::Placeholder
        } else if string::equals(raw, "num") {
            Member::Number
        } else {
            Member::Other
        };
    }

    fn scalar(&mut self, text: &str, _end: usize) {
        self.on_value(text);
    }
}

/// Reads `num`. JavaScript knows one kind of number, so `1.0` and `1e0` are 1.
fn attachment_index(text: &str) -> usize {
    let float = || {
        let number: f64 = text.parse().ok()?;
        let index = number as usize;
        (index as f64 == number).then_some(index)
    };
    text.parse().ok().or_else(float).unwrap_or(NO_INDEX)
}

/// The index of a placeholder that says none. There are never as many attachments.
const NO_INDEX: usize = usize::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan;

    fn find(json: &str, attachments: usize) -> Result<Vec<Placeholder>, DecodeError> {
        let mut finder = Finder::new();
        scan::walk(json, 0, scan::MAX_DEPTH, &mut finder)?;
        finder.finish().check(attachments, 0)
    }

    fn indices(json: &str, attachments: usize) -> Result<Vec<usize>, DecodeError> {
        Ok(find(json, attachments)?
            .iter()
            .map(|placeholder| placeholder.index)
            .collect())
    }

    #[test]
    fn what_is_written_is_found() {
        let mut json = Text::new();
        json.push_str("[");
        let written = write(&mut json, 1);
        json.push_str("]");
        assert_eq!(find(&json.share(), 2), Ok([written].into()));
    }

    #[test]
    fn members_come_in_any_order_and_company() {
        let json = r#"[{"x":[1],"num":1,"_placeholder":true},{"a":[{"_placeholder":true,"y":{},"num":0}]}]"#;
        assert_eq!(indices(json, 2), Ok([1, 0].into()));
        assert_eq!(
            indices(r#"[{"\u005fplaceholder":true,"num":0.0}]"#, 1),
            Ok([0].into())
        );
    }

    #[test]
    fn only_true_makes_a_placeholder() {
        let json = r#"[{"_placeholder":1,"num":0},{"_placeholder":"true","num":0},{"_placeholder":{"_placeholder":false}}]"#;
        assert_eq!(indices(json, 1), Ok([].into()));
        assert_eq!(
            indices(r#"[{"_placeholder":true,"_placeholder":false}]"#, 1),
            Ok([].into())
        );
    }

    #[test]
    fn what_is_inside_a_placeholder_vanishes() {
        let json = r#"[{"x":{"_placeholder":true,"num":99},"_placeholder":true,"num":0}]"#;
        assert_eq!(indices(json, 1), Ok([0].into()));
    }

    #[test]
    fn a_number_without_attachment_is_an_error() {
        for number in ["1", "-1", "0.5", "\"0\"", "null", "1e400", "[0]"] {
            let json = alloc::format!(r#"["n",{{"_placeholder":true,"num":{number}}}]"#);
            assert_eq!(
                indices(&json, 1),
                Err(DecodeErrorKind::IllegalPlaceholder.at(5)),
                "{json}"
            );
        }
    }
}
