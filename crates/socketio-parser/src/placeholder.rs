//! Where byte strings stood before they became attachments.

use alloc::vec::Vec;

use crate::error::{DecodeError, DecodeErrorKind};
use crate::scan::{self, Container, Visit};
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

/// Finds all placeholders in valid JSON, in the order in which they begin.
///
/// Members may come in any order and have company. Nothing is looked for inside a placeholder, for
/// its other members vanish with it.
///
/// # Errors
///
/// [`IllegalPlaceholder`](DecodeErrorKind::IllegalPlaceholder) if one names none of the
/// `attachments`.
pub(crate) fn find(json: &str, attachments: usize) -> Result<Vec<Placeholder>, DecodeError> {
    let mut finder = Finder {
        open: Vec::new(),
        found: Vec::new(),
        attachments,
    };
    scan::walk(json, 0, scan::MAX_DEPTH, &mut finder)?;
    let check = |Found { start, end, index }| match index {
        Some(index) => Ok(Placeholder { start, end, index }),
        None => Err(DecodeErrorKind::IllegalPlaceholder.at(start)),
    };
    finder.found.into_iter().map(check).collect()
}

struct Finder {
    open: Vec<Open>,
    found: Vec<Found>,
    attachments: usize,
}

enum Open {
    Array,
    Object(Object),
}

/// What is known of an object that has not ended.
struct Object {
    start: usize,
    /// How many placeholders stand before it.
    found_before: usize,
    /// Which member is being read.
    member: Member,
    /// Whether `_placeholder` is `true`. As everywhere, the last of equal keys counts.
    is_placeholder: bool,
    /// What `num` says, if that is an attachment.
    index: Option<usize>,
}

#[derive(Clone, Copy)]
enum Member {
    Number,
    Other,
    Placeholder,
}

struct Found {
    start: usize,
    end: usize,
    index: Option<usize>,
}

impl Finder {
    fn on_value(&mut self, text: &str) {
        let attachments = self.attachments;
        let Some(Open::Object(object)) = self.open.last_mut() else {
            return;
        };
        match object.member {
            Member::Number => object.index = attachment_index(text, attachments),
            Member::Placeholder => object.is_placeholder = text == "true",
            Member::Other => {}
        }
    }
}

impl Visit<'_> for Finder {
    fn open(&mut self, container: Container, at: usize) {
        self.on_value("");
        self.open.push(match container {
            Container::Array => Open::Array,
            Container::Object => Open::Object(Object {
                start: at,
                found_before: self.found.len(),
                member: Member::Other,
                is_placeholder: false,
                index: None,
            }),
        });
    }

    fn close(&mut self, _container: Container, end: usize) {
        let Some(Open::Object(object)) = self.open.pop() else {
            return;
        };
        if object.is_placeholder {
            self.found.truncate(object.found_before);
            self.found.push(Found {
                start: object.start,
                end,
                index: object.index,
            });
        }
    }

    fn key(&mut self, raw: &str) {
        let Some(Open::Object(object)) = self.open.last_mut() else {
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

    fn scalar(&mut self, text: &str) {
        self.on_value(text);
    }
}

/// Reads `num`. JavaScript knows one kind of number, so `1.0` and `1e0` are 1.
fn attachment_index(text: &str, attachments: usize) -> Option<usize> {
    let index = text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        let index = number as usize;
        (index as f64 == number).then_some(index)
    })?;
    (index < attachments).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

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
