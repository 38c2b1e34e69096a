//! Answers that travel compressed.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_ENCODING};

use super::Failure;

/// What the server is told that can be read here.
#[cfg(feature = "compression")]
pub(super) const ACCEPTED: http::HeaderValue = http::HeaderValue::from_static("gzip, deflate");

/// Decompresses the body of an answer to at most `limit` bytes.
pub(super) fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Failure> {
    let Some(coding) = headers.get(CONTENT_ENCODING) else {
        return Ok(body);
    };
    match coding.as_bytes().to_ascii_lowercase().as_slice() {
        b"identity" | b"" => Ok(body),
        _ if body.is_empty() => Ok(body),
        #[cfg(feature = "compression")]
        b"gzip" | b"x-gzip" => inflate(flate2::read::MultiGzDecoder::new(&body[..]), limit),
        #[cfg(feature = "compression")]
        b"deflate" => inflate(flate2::read::ZlibDecoder::new(&body[..]), limit),
        _ => {
            let _ = limit;
            Err(Failure::Encoding)
        }
    }
}

#[cfg(feature = "compression")]
fn inflate(decoder: impl std::io::Read, limit: usize) -> Result<Bytes, Failure> {
    use std::io::Read as _;

    // One byte more than allowed, so that too much is noticed.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut out = Vec::new();
    let read = decoder.take(most).read_to_end(&mut out);
    read.map_err(|_| Failure::Encoding)?;
    if out.len() > limit {
        return Err(Failure::TooLarge);
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coding: &'static str, body: &[u8], limit: usize) -> Result<Bytes, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, coding.parse().unwrap());
        decode(&headers, Bytes::copy_from_slice(body), limit)
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        assert!(matches!(decoded("br", b"xx", 9), Err(Failure::Encoding)));
        assert_eq!(decoded("identity", b"xx", 9).unwrap(), "xx");
        assert_eq!(decoded("gzip", b"", 9).unwrap(), "");
    }

    #[cfg(feature = "compression")]
    #[test]
    fn what_is_compressed_is_read_up_to_the_limit() {
        use flate2::{Compression, write};
        use std::io::Write as _;

        let plain = [b'a'; 5000];
        let mut gzip = write::GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&plain).unwrap();
        let mut zlib = write::ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&plain).unwrap();
        let (gzip, zlib) = (gzip.finish().unwrap(), zlib.finish().unwrap());
        for (coding, body) in [("gzip", &gzip), ("GZIP", &gzip), ("deflate", &zlib)] {
            assert_eq!(decoded(coding, body, 5000).unwrap(), &plain[..]);
            let outcome = decoded(coding, body, 4999);
            assert!(matches!(outcome, Err(Failure::TooLarge)));
            let outcome = decoded(coding, &body[..body.len() - 9], 5000);
            assert!(matches!(outcome, Err(Failure::Encoding)));
        }
    }
}
