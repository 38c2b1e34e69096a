//! The arguments of an event or of an acknowledgement.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::arguments::{ArgumentReader, Arguments};
use crate::attachments::Attachments;
use crate::de::Reader;
use crate::error::{ArgsError, DecodeError, DecodeErrorKind, EncodeError};
use crate::frame::Utf8Bytes;
use crate::packet::RESERVED_EVENTS;
use crate::part::Part;
use crate::placeholder::{Finder, Placeholder};
use crate::ser::Serializer;
use crate::{scan, string};

/// Arguments: a JSON array, and the byte strings that placeholders in it stand for.
///
/// They stay JSON until someone says what they should be. Cloning counts references.
///
/// A **tuple** is several arguments and `()` is none; anything else is one. Arrays of a fixed size
/// are tuples to `serde`, hence to us: to send one as a single argument, wrap it as `(array,)`.
///
/// [`Many`](crate::Many) is as many as it has elements.
///
/// `Bytes`, and whatever else serialises as bytes, is an attachment wherever it stands. Plain data
/// that looks like a placeholder cannot be told from one by a receiver, if real attachments go with
/// it.
///
/// ```
/// use socketio_parser::Args;
///
/// let args = Args::event("sum", &(1, 2)).unwrap();
/// assert_eq!(args.json(), r#"["sum",1,2]"#);
/// assert_eq!(args.event_name().unwrap(), "sum");
/// let (a, b): (u32, u32) = args.event_data().unwrap();
/// assert_eq!(a + b, 3);
/// ```
#[derive(Clone, Debug)]
pub struct Args {
    json: Part,
    /// Shared, so that arguments are cloned without copying the list; `None` if it is empty.
    attachments: Option<Arc<Attachments>>,
    /// Where the event name ends, so that nobody looks for it twice; `None` if that is not known.
    name_end: Option<NonZeroUsize>,
}

/// Where the name ends follows from the JSON, whether it is known or not.
impl PartialEq for Args {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json && self.attachments == other.attachments
    }
}

impl Args {
    /// Makes the arguments of an acknowledgement.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the value cannot be JSON.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let mut serializer = Serializer::new();
        serializer.out.push_str("[");
        value.serialize(Arguments {
            serializer: &mut serializer,
            first: true,
        })?;
        serializer.out.push_str("]");
        Ok(Self::from_parts(
            serializer.out.share(),
            serializer.attachments,
        ))
    }

    /// Makes the arguments of an event: its name, then `value`.
    ///
    /// # Errors
    ///
    /// [`EncodeError::ReservedName`] if the name is one of [`RESERVED_EVENTS`], another
    /// [`EncodeError`] if the value cannot be JSON.
    pub fn event<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<Self, EncodeError> {
        let mut serializer = Serializer::new();
        let name_end = write_event(&mut serializer, name, value)?;
        let args = Self::from_parts(serializer.out.share(), serializer.attachments);
        Ok(args.with_name_end(name_end))
    }

    /// Takes JSON that came from elsewhere.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] unless the text is one JSON array without white space around it, and each
    /// placeholder stands for one of the attachments (if there are any).
    pub fn from_json(
        json: impl Into<Utf8Bytes>,
        attachments: Vec<Bytes>,
    ) -> Result<Self, DecodeError> {
        let json = json.into();
        let invalid = |offset| DecodeErrorKind::InvalidPayload.at(offset);
        if !json.starts_with('[') {
            return Err(invalid(0));
        }
        let mut finder = Finder::new();
        let walk = match attachments.is_empty() {
            true => scan::walk(&json, 0, scan::MAX_DEPTH, &mut ())?,
            false => scan::walk(&json, 0, scan::MAX_DEPTH, &mut finder)?,
        };
        if walk.end != json.len() {
            return Err(invalid(walk.end));
        }
        let json = match walk.lone_surrogates {
            true => string::replace_lone_surrogates(&json).into(),
            false => json,
        };
        let placeholders = finder.finish().check(attachments.len(), 0)?;
        Ok(Self::from_parts(
            json,
            Attachments::new(attachments, placeholders),
        ))
    }

    /// Trusts that the text is a JSON array, and that the attachments belong to it.
    pub(crate) fn from_parts(json: impl Into<Part>, attachments: Attachments) -> Self {
        let mut args = Self {
            json: json.into(),
            attachments: None,
            name_end: None,
        };
        args.attach(attachments);
        args
    }

    /// The same, which are those of an event and known to have a name that ends there.
    pub(crate) fn with_name_end(self, end: usize) -> Self {
        Self {
            name_end: NonZeroUsize::new(end),
            ..self
        }
    }

    /// Adds the byte strings, which came later.
    pub(crate) fn attach(&mut self, attachments: Attachments) {
        self.attachments = (!attachments.is_empty()).then(|| Arc::new(attachments));
    }

    /// The same attachments in other JSON, which begins otherwise and goes on behind `added` bytes
    /// as this does behind `removed`.
    pub(crate) fn with_json(&self, json: Utf8Bytes, removed: usize, added: usize) -> Self {
        let attachments = self.attachments.as_deref();
        Self {
            json: json.into(),
            attachments: attachments.map(|list| Arc::new(list.moved(removed, added))),
            name_end: None,
        }
    }

    /// The JSON array. That of an event begins with the name.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The byte strings, in the order of their numbers.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        self.attachments.as_deref().map_or(&[], Attachments::bytes)
    }

    /// Where the byte strings stand in the JSON, in order.
    pub(crate) fn placeholders(&self) -> &[Placeholder] {
        self.attachments
            .as_deref()
            .map_or(&[], Attachments::placeholders)
    }

    /// The first element: a string, or a number as it is written. `None`: it is something else, or
    /// there is none, and this is no event.
    ///
    /// Copies only if the string has escapes.
    #[must_use]
    pub fn event_name(&self) -> Option<Cow<'_, str>> {
        let (first, _) = self.first()?;
        match first.strip_prefix('"') {
            Some(raw) => raw.strip_suffix('"').map(string::unescape),
            None if first.starts_with(is_number) => Some(Cow::Borrowed(first)),
            None => None,
        }
    }

    /// Reads the arguments of an acknowledgement.
    ///
    /// `()` ignores them, a tuple takes as many as it has elements, anything else takes the first.
    /// What is left over is ignored, as a JavaScript function does; what is missing becomes `None`
    /// or an error. Text without escapes can be borrowed (`&str`), attachments too (`&[u8]`).
    ///
    /// # Errors
    ///
    /// [`ArgsError`] if an argument is missing, of another type, or nested more than 128 levels
    /// deep.
    pub fn to<'de, T: Deserialize<'de>>(&'de self) -> Result<T, ArgsError> {
        T::deserialize(ArgumentReader::new(self.reader())?)
    }

    /// Reads the arguments of an event: as [`to`](Self::to), behind the name.
    ///
    /// # Errors
    ///
    /// As [`to`](Self::to).
    pub fn event_data<'de, T: Deserialize<'de>>(&'de self) -> Result<T, ArgsError> {
        let arguments = ArgumentReader::behind_name(self.reader(), self.name_end)?;
        T::deserialize(arguments)
    }

    /// The text of the first element, if it is a scalar, and where it ends.
    pub(crate) fn first(&self) -> Option<(&str, usize)> {
        let Some(end) = self.name_end.map(NonZeroUsize::get) else {
            return first_element(&self.json);
        };
        let start = scan::skip_space(self.json.as_bytes(), 1);
        Some((self.json.get(start..end)?, end))
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.json, self.attachments(), self.placeholders())
    }
}

/// Appends `["name",…]`. Returns where the name ends, counted from the bracket.
pub(crate) fn write_event<T: Serialize + ?Sized>(
    serializer: &mut Serializer,
    name: &str,
    value: &T,
) -> Result<usize, EncodeError> {
    check_name(name)?;
    let start = serializer.out.len();
    serializer.out.push_str("[");
    string::write(&mut serializer.out, name);
    let name_end = serializer.out.len() - start;
    value.serialize(Arguments {
        serializer: &mut *serializer,
        first: false,
    })?;
    serializer.out.push_str("]");
    Ok(name_end)
}

/// Refuses a name that the protocol keeps for itself.
pub(crate) fn check_name(name: &str) -> Result<(), EncodeError> {
    let found = RESERVED_EVENTS
        .into_iter()
        .find(|reserved| *reserved == name);
    found.map_or(Ok(()), |name| Err(EncodeError::ReservedName(name)))
}

/// The text of the first element of a JSON array, if it is a scalar, and where it ends.
pub(crate) fn first_element(array: &str) -> Option<(&str, usize)> {
    let start = scan::skip_space(array.as_bytes(), 1);
    let end = scan::walk(array, start, 0, &mut ()).ok()?.end;
    Some((array.get(start..end)?, end))
}

/// Whether a JSON value that begins so is a number.
pub(crate) fn is_number(first: char) -> bool {
    first == '-' || first.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;

    fn made<T: Serialize + ?Sized>(value: &T) -> String {
        Args::new(value).unwrap().json().to_string()
    }

    fn args(json: &str) -> Args {
        Args::from_json(json, Vec::new()).unwrap()
    }

    #[test]
    fn a_tuple_is_several_arguments() {
        #[derive(Serialize)]
        struct New(Option<(u8, &'static str)>);
        assert_eq!(made(&(1, "a", ())), r#"[1,"a",null]"#);
        assert_eq!(made(&New(Some((1, "a")))), r#"[1,"a"]"#);
        assert_eq!(made(&()), "[]");
        assert_eq!(made(&vec![1, 2]), "[[1,2]]");
        assert_eq!(made(&([1, 2],)), "[[1,2]]");
        assert_eq!(made("text"), r#"["text"]"#);
        assert_eq!(made(&None::<u8>), "[null]");
    }

    #[test]
    fn an_event_begins_with_its_name() {
        let event = |value: &dyn erased::Value| value.event();
        assert_eq!(event(&()), r#"["a\"b"]"#);
        assert_eq!(event(&(1, 2)), r#"["a\"b",1,2]"#);
        assert_eq!(event(&7), r#"["a\"b",7]"#);
    }

    mod erased {
        use super::*;

        pub(super) trait Value {
            fn event(&self) -> String;
        }

        impl<T: Serialize> Value for T {
            fn event(&self) -> String {
                Args::event("a\"b", self).unwrap().json().to_string()
            }
        }
    }

    /// [js socket.io 4.8]: emitting throws.
    #[test]
    fn a_reserved_name_is_refused() {
        for name in RESERVED_EVENTS {
            assert_eq!(Args::event(name, &()), Err(EncodeError::ReservedName(name)));
        }
        let error = EncodeError::ReservedName("connect").to_string();
        assert_eq!(error, r#""connect" is a reserved event name"#);
    }

    #[test]
    fn the_shape_asked_for_decides() {
        let args = args(r#"["a",1,[2],{"b":null}]"#);
        assert_eq!(args.to(), Ok(()));
        assert_eq!(args.to(), Ok("a"));
        assert_eq!(args.to(), Ok(("a", 1)));
        assert_eq!(args.to(), Ok(Some(("a", 1, Some([2])))));
        assert_eq!(args.event_data(), Ok((1, vec![2])));
        assert_eq!(args.event_data(), Ok(1));
    }

    #[test]
    fn what_is_missing_is_none_or_an_error() {
        assert_eq!(args("[]").to(), Ok(None::<u8>));
        assert_eq!(args("[1]").to(), Ok((1, None::<u8>, ())));
        assert_eq!(args("[]").event_data(), Ok(None::<u8>));
        let error = args("[1]").to::<(u8, u8)>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "argument 1: missing, expected u8 at byte 2"
        );
    }

    #[test]
    fn an_error_says_which_argument_and_where() {
        let args = args(r#"["name",{"a":[1,"x"]}]"#);
        let error = args
            .event_data::<(alloc::collections::BTreeMap<String, Vec<u8>>,)>()
            .unwrap_err();
        let expected = "argument 0: invalid type: string \"x\", expected u8 at byte 19";
        assert_eq!(error.to_string(), expected);
        let error = args.event_data::<u8>().unwrap_err();
        assert_eq!((error.argument(), error.offset()), (Some(0), Some(9)));
    }

    #[test]
    fn attachments_stand_where_bytes_are_asked_for() {
        let bytes = Bytes::from_static(b"bytes");
        let args = Args::new(&(&bytes, [&bytes])).unwrap();
        assert_eq!(args.attachments(), [bytes.clone(), bytes.clone()]);
        assert_eq!(args.to(), Ok((bytes.clone(), (bytes.clone(),))));
        assert_eq!(args.to(), Ok(&b"bytes"[..]));
        assert_eq!(args.to(), Ok(b"bytes".to_vec()));
        assert!(args.to::<serde_json::Value>().is_err());
        assert!(args.to::<u8>().is_err());
    }

    /// [sio5 § Packet encoding]: placeholders are resolved in types 5 and 6 only.
    #[test]
    fn without_attachments_a_placeholder_is_data() {
        let data = r#"{"_placeholder":true,"num":0}"#;
        let args = args(&alloc::format!("[{data}]"));
        let value: serde_json::Value = args.to().unwrap();
        assert_eq!(
            value,
            serde_json::from_str::<serde_json::Value>(data).unwrap()
        );
    }

    #[test]
    fn a_name_is_a_string_or_a_number() {
        let name = |json: &str| args(json).event_name().map(Cow::into_owned);
        assert_eq!(name(r#"["a",1]"#).as_deref(), Some("a"));
        assert_eq!(name(r#"[ "\u0061\n" ]"#).as_deref(), Some("a\n"));
        assert_eq!(name("[-1.5e3]").as_deref(), Some("-1.5e3"));
        for json in ["[]", "[null]", "[true]", "[{}]", "[[\"a\"]]"] {
            assert_eq!(name(json), None, "{json}");
        }
    }

    #[test]
    fn a_name_that_is_known_is_the_name_that_is_found() {
        for name in ["", "a", "a\"\\b", "é\n"] {
            for known in [
                Args::event(name, &(1, "b")).unwrap(),
                args(r#"[1,"b"]"#).with_name(name).unwrap(),
            ] {
                let unknown = Args::from_json(known.json(), Vec::new()).unwrap();
                assert!(known.name_end.is_some() && unknown.name_end.is_none());
                assert_eq!(known, unknown);
                for args in [&known, &unknown] {
                    assert_eq!(args.event_name().unwrap(), name);
                    assert_eq!(args.event_data(), Ok((1, "b")));
                    assert_eq!(args.without_name().json(), r#"[1,"b"]"#);
                }
            }
        }
    }

    #[test]
    fn json_from_elsewhere_is_checked() {
        for json in ["", "{}", "[1", "[1] ", " [1]", "[1]x", "1"] {
            assert!(Args::from_json(json, Vec::new()).is_err(), "{json}");
        }
        let lone = Args::from_json(r#"["\ud83d"]"#, Vec::new()).unwrap();
        assert_eq!(lone.to(), Ok(String::from("\u{fffd}")));
    }
}
