//! Where a server is.

use http::{HeaderValue, Uri};

use super::DialerError;

/// Where a server is, as its URL says.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) is_secure: bool,
    /// A name or an address, an IPv6 address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The query of the URL, encoded as it came.
    pub(super) query: String,
    /// What requests name in `Host`.
    pub(super) authority: HeaderValue,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, DialerError> {
        let url: Uri = url.parse().map_err(DialerError::InvalidUrl)?;
        let scheme = url.scheme_str().ok_or(DialerError::NoHost)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(DialerError::UnknownScheme(scheme.to_owned())),
        };
        if is_secure && cfg!(not(feature = "tls")) {
            return Err(DialerError::NoTls);
        }
        let authority = url.authority().ok_or(DialerError::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(DialerError::Credentials);
        }
        let host = authority.host();
        let default_port = if is_secure { 443 } else { 80 };
        let port = match (url.port_u16(), authority.as_str().strip_prefix(host)) {
            (Some(port), _) => port,
            (None, Some("" | ":") | None) => default_port,
            (None, Some(port)) => {
                let port = port.trim_start_matches(':').to_owned();
                return Err(DialerError::InvalidPort(port));
            }
        };
        // A port that goes without saying is not said.
        let named = if port == default_port {
            host.to_owned()
        } else {
            format!("{host}:{port}")
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() {
            return Err(DialerError::NoHost);
        }
        Ok(Self {
            is_secure,
            host: bare.to_owned(),
            port,
            query: url.query().unwrap_or_default().to_owned(),
            authority: HeaderValue::try_from(named).map_err(|_| DialerError::NoHost)?,
        })
    }

    /// The host and the port, as a proxy wants them.
    pub(super) fn host_and_port(&self) -> String {
        host_and_port(&self.host, self.port)
    }
}

/// The query is not shown: it may carry a secret.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host_and_port())
    }
}

/// Joins both, brackets around an IPv6 address.
pub(super) fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_the_server_is() {
        for (url, host, port, authority, query) in [
            ("http://example.com", "example.com", 80, "example.com", ""),
            ("WS://a.b:80/admin?x=1#top", "a.b", 80, "a.b", "x=1"),
            (
                "ws://localhost:3000/",
                "localhost",
                3000,
                "localhost:3000",
                "",
            ),
            (
                "http://[::1]:8080?a=%20",
                "::1",
                8080,
                "[::1]:8080",
                "a=%20",
            ),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.host, host, "{url}");
            assert_eq!(target.port, port, "{url}");
            assert_eq!(target.authority, authority, "{url}");
            assert_eq!(target.query, query, "{url}");
            assert!(!target.is_secure);
        }
        let target = Target::parse("http://[::1]").unwrap();
        assert_eq!(target.host_and_port(), "[::1]:80");
    }

    #[cfg(feature = "tls")]
    #[test]
    fn secure_schemes_have_their_own_port() {
        let target = Target::parse("wss://example.com").unwrap();
        assert!(target.is_secure && target.port == 443);
        let target = Target::parse("https://example.com:80").unwrap();
        assert_eq!(target.authority, "example.com:80");
    }

    #[test]
    fn what_names_no_server_is_an_error() {
        let error = |url| Target::parse(url).unwrap_err();
        assert!(matches!(error("ftp://a"), DialerError::UnknownScheme(_)));
        assert!(matches!(error("http://a b"), DialerError::InvalidUrl(_)));
        assert!(matches!(error("/path"), DialerError::NoHost));
        assert!(matches!(error("http://me:pw@a"), DialerError::Credentials));
        assert!(matches!(
            error("http://a:99999"),
            DialerError::InvalidPort(_)
        ));
        assert!(matches!(
            error("http://[::1]:0x1"),
            DialerError::InvalidPort(_)
        ));
        #[cfg(not(feature = "tls"))]
        assert!(matches!(error("wss://a"), DialerError::NoTls));
    }
}
