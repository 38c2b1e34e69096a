//! Content codings for files: which one a browser takes, and how it is made.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// A content coding, the preferred one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
    Deflate,
}

impl Coding {
    /// In the order of preference.
    pub(crate) const OFFERED: &'static [Self] = &[Self::Brotli, Self::Gzip, Self::Deflate];

    /// The name in `Accept-Encoding` and `Content-Encoding`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// Compresses a whole file. [RFC 9110 § 8.4.1: `deflate` has a zlib envelope]
    pub(crate) fn compress(self, plain: &[u8]) -> Bytes {
        let mut out = Vec::new();
        let written = match self {
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, BROTLI_QUALITY, 22);
                encoder.write_all(plain).and_then(|()| encoder.flush())
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut out, Compression::default());
                encoder
                    .write_all(plain)
                    .and_then(|()| encoder.finish().map(drop))
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(&mut out, Compression::default());
                encoder
                    .write_all(plain)
                    .and_then(|()| encoder.finish().map(drop))
            }
        };
        written.expect("writing to memory does not fail");
        out.into()
    }
}

/// The best coding that `accept_encoding` allows. `None`: send the file as it is.
pub(crate) fn choose(accept_encoding: &str) -> Option<Coding> {
    let mut best: Option<(Coding, f32)> = None;
    for &coding in Coding::OFFERED {
        let quality = quality_of(accept_encoding, coding.as_str());
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((coding, quality));
        }
    }
    best.map(|(coding, _)| coding)
}

/// The weight that a list gives to a coding; `*` stands for those that it does not name.
/// [RFC 9110 § 12.5.3]
fn quality_of(list: &str, coding: &str) -> f32 {
    let mut of_others = 0.0;
    for item in list.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
        if name.eq_ignore_ascii_case(coding) {
            return quality;
        }
        if name == "*" {
            of_others = quality;
        }
    }
    of_others
}

/// Compressed once per file and process: worth more than the default of a stream.
const BROTLI_QUALITY: u32 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_favourite_wins_and_brotli_breaks_the_tie() {
        assert_eq!(choose("gzip, deflate, br"), Some(Coding::Brotli));
        assert_eq!(choose("gzip;q=1, br;q=0.5"), Some(Coding::Gzip));
        assert_eq!(choose("deflate"), Some(Coding::Deflate));
    }

    #[test]
    fn what_is_not_accepted_is_not_chosen() {
        assert_eq!(choose(""), None);
        assert_eq!(choose("identity"), None);
        assert_eq!(choose("br;q=0, *"), Some(Coding::Gzip));
        assert_eq!(choose("*;q=0"), None);
    }

    #[test]
    fn gzip_decompresses_to_the_same() {
        use std::io::Read as _;

        let plain = b"hello hello hello hello".repeat(100);
        let compressed = Coding::Gzip.compress(&plain);
        assert!(compressed.len() < plain.len());
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&compressed[..])
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, plain);
    }
}
