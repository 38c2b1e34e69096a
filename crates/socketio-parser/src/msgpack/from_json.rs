//! From JSON with attachments to MessagePack.
//!
//! A container of MessagePack begins with its size, so the JSON is read over twice: to count, then
//! to write.

use alloc::vec::{self, Vec};

use bytes::Bytes;

use super::writer::Writer;
use crate::error::DecodeError;
use crate::number::Number;
use crate::placeholder::Placeholder;
use crate::scan::{self, Container, Visit};
use crate::string;

/// Writes the value that the JSON says, with the attachments in the place of their placeholders.
///
/// # Errors
///
/// [`DecodeError`] if the text is not one JSON value.
pub(super) fn write(
    out: &mut Writer,
    json: &str,
    attachments: &[Bytes],
    placeholders: &[Placeholder],
) -> Result<(), DecodeError> {
    let mut count = Outside::new(placeholders, Count::default());
    scan::whole(json, &mut count)?;
    let mut emit = Outside::new(
        placeholders,
        Emit {
            out,
            sizes: count.sink.sizes.into_iter(),
            attachments,
        },
    );
    scan::whole(json, &mut emit)?;
    Ok(())
}

/// Reads a JSON number. Beyond the range of a double it is infinite, as in JavaScript.
pub(super) fn number(digits: &str) -> Option<Number> {
    if let Ok(unsigned) = digits.parse::<u64>() {
        return Some(unsigned.into());
    }
    if let Ok(signed) = digits.parse::<i64>() {
        return Some(signed.into());
    }
    Number::from_f64(digits.parse().ok()?)
}

/// Is told about the parts of a value.
trait Sink<'t> {
    fn begin(&mut self, container: Container);
    fn end(&mut self);
    fn key(&mut self, raw: &'t str);
    fn scalar(&mut self, text: &'t str);
    fn attachment(&mut self, index: usize);
}

/// Tells about JSON in which placeholders are attachments.
struct Outside<'p, S> {
    placeholders: &'p [Placeholder],
    /// How deep inside a placeholder, where nothing counts.
    inside: usize,
    sink: S,
}

impl<'p, S> Outside<'p, S> {
    const fn new(placeholders: &'p [Placeholder], sink: S) -> Self {
        Self {
            placeholders,
            inside: 0,
            sink,
        }
    }
}

impl<'t, S: Sink<'t>> Visit<'t> for Outside<'_, S> {
    fn open(&mut self, container: Container, at: usize) {
        if self.inside > 0 {
            self.inside += 1;
            return;
        }
        match self.placeholders.split_first() {
            Some((placeholder, rest)) if placeholder.start == at => {
                self.sink.attachment(placeholder.index);
                self.placeholders = rest;
                self.inside = 1;
            }
            _ => self.sink.begin(container),
        }
    }

    fn close(&mut self, _container: Container, _end: usize) {
        match self.inside.checked_sub(1) {
            Some(inside) => self.inside = inside,
            None => self.sink.end(),
        }
    }

    fn key(&mut self, raw: &'t str) {
        if self.inside == 0 {
            self.sink.key(raw);
        }
    }

    fn scalar(&mut self, text: &'t str, _end: usize) {
        if self.inside == 0 {
            self.sink.scalar(text);
        }
    }
}

/// Counts what is in each container.
#[derive(Default)]
struct Count {
    /// In the order in which the containers begin.
    sizes: Vec<u32>,
    /// Which of them are open.
    open: Vec<(usize, Container)>,
}

impl Count {
    /// A value came, which counts in an array, or the name of one, which counts in an object.
    fn add(&mut self, counts_in: Container) {
        if let Some(&(index, container)) = self.open.last()
            && container == counts_in
            && let Some(size) = self.sizes.get_mut(index)
        {
            *size += 1;
        }
    }
}

impl Sink<'_> for Count {
    fn begin(&mut self, container: Container) {
        self.add(Container::Array);
        self.open.push((self.sizes.len(), container));
        self.sizes.push(0);
    }

    fn end(&mut self) {
        self.open.pop();
    }

    fn key(&mut self, _raw: &str) {
        self.add(Container::Object);
    }

    fn scalar(&mut self, _text: &str) {
        self.add(Container::Array);
    }

    fn attachment(&mut self, _index: usize) {
        self.add(Container::Array);
    }
}

/// Writes MessagePack.
struct Emit<'a> {
    out: &'a mut Writer,
    sizes: vec::IntoIter<u32>,
    attachments: &'a [Bytes],
}

impl Sink<'_> for Emit<'_> {
    fn begin(&mut self, container: Container) {
        let size = self.sizes.next().unwrap_or_default();
        match container {
            Container::Array => self.out.array(size),
            Container::Object => self.out.map(size),
        }
    }

    fn end(&mut self) {}

    fn key(&mut self, raw: &str) {
        self.out.text(&string::unescape(raw));
    }

    fn scalar(&mut self, text: &str) {
        match text {
            "null" => self.out.nil(),
            "true" => self.out.bool(true),
            "false" => self.out.bool(false),
            _ => match text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
            {
                Some(raw) => self.out.text(&string::unescape(raw)),
                None => match number(text) {
                    Some(number) => self.out.number(number),
                    None => self.out.nil(),
                },
            },
        }
    }

    fn attachment(&mut self, index: usize) {
        let bytes = self.attachments.get(index);
        self.out.bytes(bytes.map_or(&[], |bytes| bytes));
    }
}
