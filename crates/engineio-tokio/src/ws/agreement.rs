//! `permessage-deflate`: what both sides of a WebSocket agree on. [RFC 7692 § 7.1]

use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_EXTENSIONS};

/// How messages are compressed on a WebSocket whose client offers it and whose server agrees.
/// [js engine.io 6.6.12, engine.io-client 6.6.8: `perMessageDeflate`; RFC 7692]
///
/// It costs each connection up to 300 KiB of memory, and each message time in the task of its
/// session: more than most messages are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PerMessageDeflate {
    /// Messages of fewer bytes are left as they are: 1024.
    pub threshold: usize,
    /// Whether the server has to forget each message before the next, which saves memory and makes
    /// similar messages larger: no.
    pub server_no_context_takeover: bool,
    /// Whether the client has to do the same: no.
    pub client_no_context_takeover: bool,
}

impl PerMessageDeflate {
    /// Compresses messages of `threshold` bytes and more.
    #[must_use]
    pub const fn new(threshold: usize) -> Self {
        Self {
            threshold,
            server_no_context_takeover: false,
            client_no_context_takeover: false,
        }
    }
}

impl Default for PerMessageDeflate {
    fn default() -> Self {
        Self::new(1024)
    }
}

/// What both sides have agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(super) threshold: usize,
    pub(super) server_forgets: bool,
    pub(super) client_forgets: bool,
    /// The client wants to hear how far back this side will refer: as far as there is.
    names_window: bool,
}

#[cfg(feature = "server")]
impl Agreement {
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub(crate) fn header(self) -> HeaderValue {
        let mut text = "permessage-deflate".to_owned();
        for (is_said, parameter) in [
            (self.server_forgets, "; server_no_context_takeover"),
            (self.client_forgets, "; client_no_context_takeover"),
            (self.names_window, "; server_max_window_bits=15"),
        ] {
            if is_said {
                text.push_str(parameter);
            }
        }
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("permessage-deflate"))
    }
}

/// The value of `Sec-WebSocket-Extensions` in the request of a client. [RFC 7692 § 7.1]
///
/// The compressor cannot be told to refer back less far than it can, so nothing is said about
/// `client_max_window_bits`: then a server must not ask for it.
#[cfg(feature = "client")]
pub(crate) fn offer(ours: PerMessageDeflate) -> HeaderValue {
    HeaderValue::from_static(
        match (
            ours.server_no_context_takeover,
            ours.client_no_context_takeover,
        ) {
            (false, false) => "permessage-deflate",
            (true, false) => "permessage-deflate; server_no_context_takeover",
            (false, true) => "permessage-deflate; client_no_context_takeover",
            (true, true) => {
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            }
        },
    )
}

/// The server has agreed to what it was not offered.
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOffered;

/// What a server has agreed to. `ours`: what it was offered. [RFC 7692 § 7.1, § 5.1]
#[cfg(feature = "client")]
pub(crate) fn agreed(
    ours: Option<PerMessageDeflate>,
    response: &HeaderMap,
) -> Result<Option<Agreement>, NotOffered> {
    let mut lists = response.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
    let Some(answer) = lists.next() else {
        return Ok(None);
    };
    let (Some(ours), None) = (ours, lists.next()) else {
        return Err(NotOffered);
    };
    let mut parts = answer.to_str().map_err(|_| NotOffered)?.split(';');
    let name = parts.next().unwrap_or_default().trim();
    if !name.eq_ignore_ascii_case("permessage-deflate") {
        return Err(NotOffered);
    }
    let mut agreement = Agreement {
        threshold: ours.threshold,
        server_forgets: false,
        client_forgets: ours.client_no_context_takeover,
        names_window: false,
    };
    for part in parts {
        match parameter(part) {
            ("server_no_context_takeover", None) if !agreement.server_forgets => {
                agreement.server_forgets = true;
            }
            ("client_no_context_takeover", None) => agreement.client_forgets = true,
            // Whatever a server refers to is read.
            ("server_max_window_bits", Some(bits)) if is_window(bits) => {}
            _ => return Err(NotOffered),
        }
    }
    // [RFC 7692 § 7.1.1.1] A server that accepts the offer accepts this too.
    if ours.server_no_context_takeover && !agreement.server_forgets {
        return Err(NotOffered);
    }
    Ok(Some(agreement))
}

/// The name and the value of a parameter.
fn parameter(part: &str) -> (&str, Option<&str>) {
    match part.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
        None => (part.trim(), None),
    }
}

/// Accepts the first offer of a client that can be kept. [RFC 7692 § 5.1]
#[cfg(feature = "server")]
pub(crate) fn agree(ours: PerMessageDeflate, request: &HeaderMap) -> Option<Agreement> {
    let lists = request.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        // No extension that is known quotes anything but a number, so a quoted comma is no offer.
        .filter(|list| !has_quoted_comma(list))
        .flat_map(|list| list.split(','))
        .find_map(|offer| accept(ours, offer))
}

#[cfg(feature = "server")]
fn has_quoted_comma(list: &str) -> bool {
    let quoted = list.split('"').skip(1).step_by(2);
    quoted.into_iter().any(|text| text.contains(','))
}

/// [RFC 7692 § 7.1] Declines what is not known, given twice, or out of its range.
#[cfg(feature = "server")]
fn accept(ours: PerMessageDeflate, offer: &str) -> Option<Agreement> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut agreement = Agreement {
        threshold: ours.threshold,
        server_forgets: ours.server_no_context_takeover,
        client_forgets: ours.client_no_context_takeover,
        names_window: false,
    };
    let mut seen = Vec::new();
    for part in parts {
        let (name, value) = parameter(part);
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            ("server_no_context_takeover", None) => agreement.server_forgets = true,
            ("client_no_context_takeover", None) => agreement.client_forgets = true,
            // The compressor refers back 32 KiB and cannot be told to refer less far.
            ("server_max_window_bits", Some("15")) => agreement.names_window = true,
            // What the client could be asked to do. It need not: everything it may do is read.
            ("client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(bits)) if is_window(bits) => {}
            _ => return None,
        }
    }
    Some(agreement)
}

fn is_window(bits: &str) -> bool {
    matches!(bits, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
}

#[cfg(test)]
impl Agreement {
    pub(super) fn with(threshold: usize) -> Self {
        Self {
            threshold,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "server")]
    fn answered(ours: PerMessageDeflate, text: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(text));
        let header = agree(ours, &headers)?.header();
        Some(header.to_str().unwrap().to_owned())
    }

    #[cfg(feature = "server")]
    #[test]
    fn the_first_offer_that_can_be_kept_is_accepted() {
        let ours = PerMessageDeflate::default();
        for (text, answer) in [
            ("permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate",
            ),
            (
                "x-other, permessage-deflate; client_max_window_bits=\"9\"",
                "permessage-deflate",
            ),
            (
                "permessage-deflate; server_max_window_bits=10, permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover",
            ),
            (
                "permessage-deflate;client_no_context_takeover;server_max_window_bits=15",
                "permessage-deflate; client_no_context_takeover; server_max_window_bits=15",
            ),
        ] {
            assert_eq!(answered(ours, text).as_deref(), Some(answer), "{text}");
        }
        let ours = PerMessageDeflate {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            ..ours
        };
        assert_eq!(
            answered(ours, "permessage-deflate").as_deref(),
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        );
    }

    #[cfg(feature = "server")]
    #[test]
    fn other_offers_are_declined() {
        for text in [
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits=14",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; unknown",
            "permessage-deflate;",
            "",
        ] {
            assert_eq!(answered(PerMessageDeflate::default(), text), None, "{text}");
        }
    }

    #[cfg(feature = "client")]
    fn agreed_to(ours: Option<PerMessageDeflate>, text: &str) -> Result<(bool, bool), NotOffered> {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, text.parse().unwrap());
        let agreement = agreed(ours, &headers)?.unwrap();
        Ok((agreement.server_forgets, agreement.client_forgets))
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_client_takes_what_it_has_offered() {
        let ours = PerMessageDeflate::default();
        assert_eq!(agreed(Some(ours), &HeaderMap::new()), Ok(None));
        for (text, forgetful) in [
            ("permessage-deflate", Ok((false, false))),
            (
                "Permessage-Deflate ; server_no_context_takeover",
                Ok((true, false)),
            ),
            (
                "permessage-deflate; client_no_context_takeover; server_max_window_bits=\"9\"",
                Ok((false, true)),
            ),
            (
                "permessage-deflate; client_max_window_bits=15",
                Err(NotOffered),
            ),
            (
                "permessage-deflate; server_max_window_bits=16",
                Err(NotOffered),
            ),
            ("permessage-deflate; unknown", Err(NotOffered)),
            ("permessage-deflate, permessage-deflate", Err(NotOffered)),
            ("x-other", Err(NotOffered)),
        ] {
            assert_eq!(agreed_to(Some(ours), text), forgetful, "{text}");
            assert_eq!(agreed_to(None, text), Err(NotOffered));
        }
        let both = PerMessageDeflate {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            ..ours
        };
        assert_eq!(
            offer(both),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        );
        let server_forgets = "permessage-deflate; server_no_context_takeover";
        assert_eq!(agreed_to(Some(both), server_forgets), Ok((true, true)));
        assert_eq!(agreed_to(Some(both), "permessage-deflate"), Err(NotOffered));
    }
}
