//! Queries in the names of namespaces: how clients before 3.0 hand over credentials.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::frame::Utf8Bytes;
use crate::namespace::Namespace;
use crate::steps;

/// Names with a query, as clients before 3.0 ask for them: `0/admin?token=1&uid=a%20b,` means
/// `/admin`, with two parameters.
///
/// Revision 5 has no queries: there the `?` is part of the name.
impl Namespace {
    /// The name before its query. Copies if there is one, so that the credentials do not live as
    /// long as the name.
    ///
    /// ```
    /// use socketio_parser::Namespace;
    ///
    /// let asked = Namespace::new("/admin?token=1&uid=a%20b").unwrap();
    /// assert_eq!(asked.path().as_str(), "/admin");
    /// assert_eq!(asked.query().get("uid").unwrap(), "a b");
    /// ```
    #[must_use]
    pub fn path(&self) -> Self {
        match self.as_str().split_once('?') {
            Some((path, _)) => Self::from_wire(path.into()),
            None => self.clone(),
        }
    }

    /// The parameters behind the first `?`.
    #[must_use]
    pub fn query(&self) -> Query<'_> {
        let query = self.as_str().split_once('?').map(|(_, query)| query);
        Query(query.unwrap_or_default())
    }

    /// Adds parameters, escaped so that any text can be one.
    ///
    /// ```
    /// use socketio_parser::Namespace;
    ///
    /// let asked = Namespace::new("/admin").unwrap().with_query([("token", "a,b")]);
    /// assert_eq!(asked.as_str(), "/admin?token=a%2Cb");
    /// ```
    #[must_use]
    pub fn with_query<K: AsRef<str>, V: AsRef<str>>(
        &self,
        parameters: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut name = String::from(self.as_str());
        let mut separator = if name.contains('?') { '&' } else { '?' };
        for (key, value) in parameters {
            name.push(separator);
            escape(&mut name, key.as_ref());
            name.push('=');
            escape(&mut name, value.as_ref());
            separator = '&';
        }
        // No comma comes through the escaping.
        Self::from_wire(Utf8Bytes::from(name))
    }
}

/// The parameters of a query, in order.
///
/// They are read as Node.js reads them: `+` is a space, an escape that is none stays as it is, and
/// what is no UTF-8 is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// The value of a parameter: the last one, if there are several of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let found = self.into_iter().filter(|(key, _)| key == name).last();
        found.map(|(_, value)| value)
    }

    /// Whether there are no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.into_iter().next().is_none()
    }

    /// The text of the query, as it came.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<'a> IntoIterator for Query<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);
    type IntoIter = Parameters<'a>;

    fn into_iter(self) -> Parameters<'a> {
        Parameters(self.0)
    }
}

/// Reads one parameter of a [`Query`] after the other.
#[derive(Clone, Debug)]
pub struct Parameters<'a>(&'a str);

impl<'a> Iterator for Parameters<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.trim_start_matches('&');
        if self.0.is_empty() {
            return None;
        }
        let (parameter, rest) = self.0.split_once('&').unwrap_or((self.0, ""));
        steps::visit(self.0.len() - rest.len());
        self.0 = rest;
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        Some((unescape(key), unescape(value)))
    }
}

/// Escapes as JavaScript's `encodeURIComponent` does.
fn escape(out: &mut String, text: &str) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    steps::visit(text.len());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match first {
            b'+' => (b' ', behind),
            b'%' => escaped(behind).unwrap_or((b'%', behind)),
            other => (other, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The byte of the two digits behind a `%`, and what follows them.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, behind) = text.split_first_chunk::<2>()?;
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    Some((u8::try_from(high? << 4 | low?).ok()?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static str) -> Namespace {
        Namespace::new(name).unwrap()
    }

    /// [js socket.io 4.8.4]: the last of equal names counts.
    #[test]
    fn the_last_value_wins() {
        let name = asked("/a?x=1&y=2&x=3");
        assert_eq!(name.query().get("x").unwrap(), "3");
        assert_eq!(name.query().get("y").unwrap(), "2");
        assert_eq!(name.query().get("z"), None);
        assert_eq!(name.query().into_iter().count(), 3);
    }

    #[test]
    fn a_name_without_query_is_its_own_path() {
        assert_eq!(asked("/a").path(), asked("/a"));
        assert!(asked("/a").query().is_empty() && asked("/a?").query().is_empty());
        assert!(asked("/?x=1").path().is_root());
        assert_eq!(asked("/a?b?c=d").query().get("b?c").unwrap(), "d");
    }

    /// [js node:querystring]
    #[test]
    fn escapes_are_read_as_node_reads_them() {
        let value = |name| asked(name).query().get("v").unwrap().into_owned();
        assert_eq!(value("/?v=a+b%20c%2C"), "a b c,");
        assert_eq!(value("/?v=%e2%82%AC"), "€");
        assert_eq!(value("/?v=100%&w"), "100%");
        assert_eq!(value("/?v=%zz%4"), "%zz%4");
        assert_eq!(value("/?v=%ff"), "\u{fffd}");
        assert_eq!(value("/?&&v&"), "");
    }

    #[test]
    fn any_text_is_a_parameter() {
        let parameters = [("a b", "x=y&z"), ("€,?", "%+"), ("", "")];
        let name = asked("/n?first=1").with_query(parameters);
        let read: Vec<_> = name.query().into_iter().skip(1).collect();
        assert_eq!(
            read,
            parameters.map(|(key, value)| (key.into(), value.into()))
        );
        assert_eq!(name.path(), asked("/n"));
    }
}
