//! `permessage-deflate`: what both sides agree on, and the two coders. [RFC 7692]

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_EXTENSIONS};

use super::framing::Broken;

/// How messages are compressed on a WebSocket whose client offers it.
/// [js engine.io 6.6.12: `perMessageDeflate`; RFC 7692]
///
/// It costs each connection up to 300 KiB of memory, and each message time in the task of its
/// session: more than most messages are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PerMessageDeflate {
    /// Messages of fewer bytes are left as they are: 1024.
    pub threshold: usize,
    /// Whether this side forgets each message before the next, which saves memory and makes
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    threshold: usize,
    server_forgets: bool,
    client_forgets: bool,
    /// The client wants to hear how far back this side will refer: as far as there is.
    names_window: bool,
}

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

/// Accepts the first offer of a client that can be kept. [RFC 7692 § 5.1]
pub(crate) fn agree(ours: PerMessageDeflate, request: &HeaderMap) -> Option<Agreement> {
    let lists = request.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        // No extension that is known quotes anything but a number, so a quoted comma is no offer.
        .filter(|list| !has_quoted_comma(list))
        .flat_map(|list| list.split(','))
        .find_map(|offer| accept(ours, offer))
}

fn has_quoted_comma(list: &str) -> bool {
    let quoted = list.split('"').skip(1).step_by(2);
    quoted.into_iter().any(|text| text.contains(','))
}

/// [RFC 7692 § 7.1] Declines what is not known, given twice, or out of its range.
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
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
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

/// Compresses messages. What it needs is made when the first one is large enough.
pub(super) struct Deflater {
    agreement: Agreement,
    coder: Option<Compress>,
}

impl Deflater {
    pub(super) const fn new(agreement: Agreement) -> Self {
        Self {
            agreement,
            coder: None,
        }
    }

    /// Compresses one message. `None`: it is to travel as it is, because it is not large enough.
    /// [RFC 7692 § 7.2.1]
    pub(super) fn deflate(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.agreement.threshold {
            return None;
        }
        let coder = self
            .coder
            .get_or_insert_with(|| Compress::new(Compression::fast(), false));
        // Room for all of it, whatever it is: a flush that has to be called twice loses track of
        // what it has left to write.
        let mut out = Vec::with_capacity(message.len() + message.len() / 8 + 256);
        let before = coder.total_in();
        let outcome = coder.compress_vec(message, &mut out, FlushCompress::Sync);
        let is_whole = outcome.is_ok()
            && taken(before, coder.total_in()) == message.len()
            && out.len() < out.capacity()
            && out.ends_with(&TAIL);
        if self.agreement.server_forgets || !is_whole {
            // Without memory it refers to nothing that the peer may not have seen.
            self.coder = None;
        }
        out.truncate(out.len().saturating_sub(TAIL.len()));
        is_whole.then_some(out)
    }
}

/// Inflates messages.
pub(super) struct Inflater {
    forgets: bool,
    coder: Decompress,
}

impl Inflater {
    pub(super) fn new(agreement: Agreement) -> Self {
        Self {
            forgets: agreement.client_forgets,
            coder: Decompress::new(false),
        }
    }

    /// Inflates one message of at most `limit` bytes, and never more. [RFC 7692 § 7.2.2]
    pub(super) fn inflate(&mut self, message: &[u8], limit: usize) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::with_capacity(message.len().saturating_mul(3).min(limit).max(64));
        if !self.feed(message, &mut out, limit)? {
            self.feed(&TAIL, &mut out, limit)?;
        }
        if self.forgets {
            self.coder.reset(false);
        }
        Ok(out)
    }

    /// Whether the sender has ended its stream, which it may. [RFC 7692 § 7.2.3.4]
    fn feed(&mut self, mut rest: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<bool, Broken> {
        loop {
            let before = (self.coder.total_in(), out.len());
            let status = self.coder.decompress_vec(rest, out, FlushDecompress::Sync);
            let status = status.map_err(|_| Broken::Protocol)?;
            let taken = taken(before.0, self.coder.total_in());
            rest = rest.get(taken..).unwrap_or_default();
            if out.len() > limit {
                return Err(Broken::TooBig);
            }
            if status == Status::StreamEnd {
                self.coder.reset(false);
                return Ok(true);
            }
            if out.len() < out.capacity() {
                if rest.is_empty() {
                    return Ok(false);
                }
                if taken == 0 && out.len() == before.1 {
                    return Err(Broken::Protocol);
                }
            } else {
                // One byte more than allowed, so that too much is noticed.
                let room = limit.saturating_add(1).saturating_sub(out.len());
                out.reserve_exact(out.capacity().min(room).max(1));
            }
        }
    }
}

fn taken(before: u64, after: u64) -> usize {
    // Not more than a slice that was handed in.
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

/// What ends each message, and is left out. [RFC 7692 § 7.2.1]
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(ours: PerMessageDeflate, text: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(text));
        let header = agree(ours, &headers)?.header();
        Some(header.to_str().unwrap().to_owned())
    }

    fn agreed(server_forgets: bool, client_forgets: bool) -> Agreement {
        Agreement {
            threshold: 0,
            server_forgets,
            client_forgets,
            names_window: false,
        }
    }

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
            assert_eq!(offer(ours, text).as_deref(), Some(answer), "{text}");
        }
        let ours = PerMessageDeflate {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            ..ours
        };
        assert_eq!(
            offer(ours, "permessage-deflate").as_deref(),
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        );
    }

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
            assert_eq!(offer(PerMessageDeflate::default(), text), None, "{text}");
        }
    }

    /// [RFC 7692 § 7.2.3]
    #[test]
    fn the_messages_of_the_specification_are_read() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut inflater = Inflater::new(agreed(false, false));
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        // It refers to what came before.
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(inflater.inflate(&again, 5).unwrap(), b"Hello");
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        assert_eq!(inflater.inflate(&stored, 5).unwrap(), b"Hello");
        let ended = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflater.inflate(&ended, 5).unwrap(), b"Hello");
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        let two = [
            0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
        ];
        assert_eq!(inflater.inflate(&two, 5).unwrap(), b"Hello");
    }

    #[test]
    fn what_should_be_forgotten_cannot_be_referred_to() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut inflater = Inflater::new(agreed(false, true));
        assert_eq!(inflater.inflate(hello, 5).unwrap(), b"Hello");
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        // The library takes it for zeros.
        assert_ne!(inflater.inflate(&again, 5).as_deref(), Ok(&b"Hello"[..]));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = Deflater::new(agreed(false, false))
            .deflate(&vec![0; 4 << 20])
            .unwrap();
        assert!(bomb.len() < 64 * 1024);
        for (limit, outcome) in [((4 << 20) - 1, Err(Broken::TooBig)), (4 << 20, Ok(4 << 20))] {
            let mut inflater = Inflater::new(agreed(false, false));
            let inflated = inflater.inflate(&bomb, limit);
            assert_eq!(inflated.map(|message| message.len()), outcome);
        }
    }

    #[test]
    fn garbage_is_an_error() {
        let mut inflater = Inflater::new(agreed(false, false));
        assert_eq!(inflater.inflate(&[0xff; 9], 100), Err(Broken::Protocol));
    }

    #[test]
    fn what_is_deflated_is_inflated_to_the_same() {
        for (server_forgets, size) in [(false, 0), (false, 1), (true, 70_000), (false, 1 << 20)] {
            let message: Vec<u8> = (0..size)
                .map(|index: u32| (index.wrapping_mul(index) >> 7) as u8)
                .collect();
            let mut deflater = Deflater::new(agreed(server_forgets, false));
            let mut inflater = Inflater::new(agreed(false, server_forgets));
            let sizes = [0, 1, 2].map(|_| {
                let deflated = deflater.deflate(&message).unwrap();
                let inflated = inflater.inflate(&deflated, message.len()).unwrap();
                assert!(inflated == message, "{size}");
                deflated.len()
            });
            if server_forgets {
                assert_eq!(sizes[0], sizes[2]);
            }
        }
        let mut deflater = Deflater::new(Agreement {
            threshold: 10,
            ..agreed(false, false)
        });
        assert_eq!(deflater.deflate(b"too short"), None);
        assert!(deflater.deflate(b"just right").is_some());
    }
}
