//! Arguments that are passed on unread, under another name or none.
//!
//! The JSON is copied as it is. Placeholders keep their numbers, because names are never bytes.

use crate::args::{Args, check_name};
use crate::error::EncodeError;
use crate::text::Text;
use crate::{scan, string};

impl Args {
    /// The arguments of an event without its name: what an acknowledgement would carry.
    #[must_use]
    pub fn without_name(&self) -> Self {
        let behind = |end| scan::skip_space(self.json().as_bytes(), end);
        let rest = self
            .first()
            .and_then(|(_, end)| self.json().get(behind(end)..));
        let rest = rest.unwrap_or("]");
        let rest = rest.strip_prefix(',').unwrap_or(rest);
        let mut json = Text::new();
        json.push_str("[");
        json.push_str(rest);
        self.with_json(json.share(), self.json().len() - rest.len(), 1)
    }

    /// An event of this name with these arguments, which are those of an acknowledgement.
    ///
    /// ```
    /// use socketio_parser::Args;
    ///
    /// let received = Args::event("question", &(1, "two")).unwrap();
    /// let answer = received.without_name();
    /// assert_eq!(answer.json(), r#"[1,"two"]"#);
    /// assert_eq!(answer.with_name("echo").unwrap().json(), r#"["echo",1,"two"]"#);
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError::ReservedName`].
    pub fn with_name(&self, name: &str) -> Result<Self, EncodeError> {
        check_name(name)?;
        let rest = self.json().strip_prefix('[').unwrap_or("]");
        let mut json = Text::new();
        json.push_str("[");
        string::write(&mut json, name);
        let name_end = json.len();
        if !rest.trim_start().starts_with(']') {
            json.push_str(",");
        }
        let added = json.len();
        json.push_str(rest);
        let named = self.with_json(json.share(), 1, added);
        Ok(named.with_name_end(name_end))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn args(json: &'static str) -> Args {
        Args::from_json(json, alloc::vec::Vec::new()).unwrap()
    }

    #[test]
    fn the_name_is_cut_off() {
        assert_eq!(args(r#"["a"]"#).without_name().json(), "[]");
        assert_eq!(args(r#"["a", 1,[2]]"#).without_name().json(), "[ 1,[2]]");
        assert_eq!(
            args(r#"[ "a\",b" ,{"c":1}]"#).without_name().json(),
            r#"[{"c":1}]"#
        );
        assert_eq!(args("[7,8]").without_name().json(), "[8]");
    }

    #[test]
    fn a_name_is_put_in_front() {
        assert_eq!(args("[]").with_name("a").unwrap().json(), r#"["a"]"#);
        assert_eq!(args("[ ]").with_name("a").unwrap().json(), r#"["a" ]"#);
        assert_eq!(
            args("[1,[2]]").with_name("\"").unwrap().json(),
            r#"["\"",1,[2]]"#
        );
        assert!(args("[]").with_name("disconnect").is_err());
    }

    #[test]
    fn attachments_come_along() {
        let bytes = Bytes::from_static(b"x");
        let args = Args::event("a", &(&bytes, 1)).unwrap();
        let forwarded = args.without_name().with_name("b").unwrap();
        assert_eq!(forwarded, Args::event("b", &(&bytes, 1)).unwrap());
    }
}
