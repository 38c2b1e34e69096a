//! Compressed answers to polls: when, and in which coding.

use std::io::Write;

use bytes::Bytes;
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};

/// When answers to polls are compressed. [js engine.io 6.6.12: `httpCompression`]
///
/// The client has to accept gzip or deflate, and one of the packets has to be worth it: see
/// [`Compress`](engineio_proto::server::Compress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCompression {
    /// Payloads of fewer bytes are left as they are: 1024.
    pub threshold: usize,
}

impl HttpCompression {
    /// Compresses payloads of `threshold` bytes and more.
    #[must_use]
    pub const fn new(threshold: usize) -> Self {
        Self { threshold }
    }

    /// How to compress an answer. `None`: not at all.
    pub(crate) fn choose(self, request: &HeaderMap, payload: &Bytes) -> Option<Coding> {
        if payload.len() < self.threshold {
            return None;
        }
        Coding::accepted(request)
    }
}

impl Default for HttpCompression {
    fn default() -> Self {
        Self::new(1024)
    }
}

/// A content coding. [RFC 9110 § 8.4.1]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The value of `Content-Encoding`.
    pub(crate) const fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }

    /// The one that a client prefers, gzip if it does not care. [RFC 9110 § 12.5.3]
    fn accepted(request: &HeaderMap) -> Option<Self> {
        let lists = request.get_all(ACCEPT_ENCODING).into_iter();
        let items: Vec<&str> = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','))
            .collect();
        let mut best = None;
        for coding in [Self::Gzip, Self::Deflate] {
            let quality = quality(&items, coding.name());
            if quality > best.map_or(0, |(_, quality)| quality) {
                best = Some((coding, quality));
            }
        }
        best.map(|(coding, _)| coding)
    }

    /// Compresses a payload, away from the connections if it is large.
    pub(crate) async fn compress(self, payload: Bytes) -> Option<Bytes> {
        if payload.len() < LARGE {
            return self.run(&payload);
        }
        let task = tokio::task::spawn_blocking(move || self.run(&payload));
        task.await.ok().flatten()
    }

    fn run(self, payload: &[u8]) -> Option<Bytes> {
        let out = Vec::with_capacity(payload.len() / 4);
        // [RFC 9110 § 8.4.1.2] `deflate` comes in an envelope of zlib.
        let written = match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::fast());
                encoder.write_all(payload).and_then(|()| encoder.finish())
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, Compression::fast());
                encoder.write_all(payload).and_then(|()| encoder.finish())
            }
        };
        written.ok().map(Bytes::from)
    }
}

/// The weight of a coding in thousandths; `*` stands for those that are not named.
fn quality(items: &[&str], coding: &str) -> u32 {
    let mut of_others = 0;
    for item in items {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        if name.eq_ignore_ascii_case(coding) {
            return weight;
        }
        if name == "*" {
            of_others = weight;
        }
    }
    of_others
}

/// `0`, `0.5`, `1.000`: what is none of these is no permission.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{fraction:0<3}");
    match (whole, digits.parse::<u16>()) {
        ("1", _) => 1000,
        ("0", Ok(thousandths)) if digits.len() == 3 => u32::from(thousandths),
        _ => 0,
    }
}

/// Bytes that take longer to compress than other connections should wait.
const LARGE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(list: &'static str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
        Coding::accepted(&headers)
    }

    #[test]
    fn the_client_prefers_and_gzip_breaks_the_tie() {
        for (list, coding) in [
            ("deflate, gzip", Some(Coding::Gzip)),
            ("gzip;q=0.5, deflate;q=0.501", Some(Coding::Deflate)),
            ("GZIP;q=0, *", Some(Coding::Deflate)),
            ("br, *;q=0.1", Some(Coding::Gzip)),
            ("br, identity", None),
            ("gzip;q=0, deflate;q=0.000", None),
            ("", None),
        ] {
            assert_eq!(accepted(list), coding, "{list}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn both_codings_can_be_read_back() {
        use std::io::Read as _;

        for size in [2000, LARGE] {
            let payload = Bytes::from(b"4hello, hello! ".repeat(size / 15 + 1));
            let gzip = Coding::Gzip.compress(payload.clone()).await.unwrap();
            let deflate = Coding::Deflate.compress(payload.clone()).await.unwrap();
            assert!(gzip.len() < size / 2 && deflate.len() < size / 2);
            let mut back = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&gzip[..]);
            decoder.read_to_end(&mut back).unwrap();
            assert_eq!(back, payload);
            back.clear();
            let mut decoder = flate2::read::ZlibDecoder::new(&deflate[..]);
            decoder.read_to_end(&mut back).unwrap();
            assert_eq!(back, payload);
        }
    }
}
