//! Where a server is, as people type it.

use std::str::FromStr;

/// The URL of a server, and the namespace in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Without a path: `http://localhost:3000/?room=1`.
    pub(crate) url: String,
    /// `None`: the URL has no path.
    pub(crate) namespace: Option<String>,
}

impl FromStr for Address {
    type Err = String;

    /// Takes a URL apart. As in a browser its path is the namespace; without a scheme it is `http`,
    /// without a host this computer.
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("http" | "ws", rest)) => ("http", rest),
            Some(("https" | "wss", rest)) => ("https", rest),
            Some((scheme, _)) => {
                return Err(format!("{scheme} is none of http, https, ws and wss"));
            }
            None => ("http", text),
        };
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at(end);
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (tail, String::new()),
        };
        if host.contains('@') {
            return Err(
                "an address has no name and no password: say who you are by -a or -H".into(),
            );
        }
        let local = if host.starts_with(':') {
            "localhost"
        } else {
            ""
        };
        if host.is_empty() || text.contains(char::is_whitespace) {
            return Err(
                "an address looks like http://localhost:3000, or localhost:3000/chat".into(),
            );
        }
        Ok(Self {
            url: format!("{scheme}://{local}{host}/{query}"),
            namespace: (!matches!(path, "" | "/")).then(|| path.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_the_namespace() {
        for (text, url, namespace) in [
            ("http://a:3000", "http://a:3000/", None),
            ("https://a/", "https://a/", None),
            ("http://a/chat?x=1", "http://a/?x=1", Some("/chat")),
            ("http://a?x=/y", "http://a/?x=/y", None),
            ("wss://a/chat#top", "https://a/", Some("/chat")),
            ("localhost:3000", "http://localhost:3000/", None),
            (":3000/chat", "http://localhost:3000/", Some("/chat")),
            ("[::1]:3000", "http://[::1]:3000/", None),
        ] {
            let expected = Address {
                url: url.into(),
                namespace: namespace.map(Into::into),
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ftp://a", "http://", "/chat", "a b", "?x"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
