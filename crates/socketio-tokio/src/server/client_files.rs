//! The browser client, served from the folder of its npm package.
//!
//! Read once and kept in memory, compressed variants included, so that a request costs a look-up.
//! [js socket.io 4.8.4: which names, and the headers that they get]

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use engineio_tokio::Body;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use http::{Request, Response, StatusCode};
use serde::Deserialize;

use crate::server::compression::{self, Coding};

/// The bundles of the JavaScript client: `socket.io.js`, `socket.io.min.js`,
/// `socket.io.esm.min.js`, `socket.io.msgpack.min.js`, and the source map of each.
pub struct ClientFiles {
    files: HashMap<&'static str, File>,
    etag: HeaderValue,
    weak_etag: HeaderValue,
}

struct File {
    content_type: &'static str,
    plain: Bytes,
    compressed: HashMap<Coding, OnceLock<Bytes>>,
}

impl ClientFiles {
    /// Reads the bundles from `dist`, the folder of that name in the npm package
    /// `socket.io-client`.
    ///
    /// # Errors
    ///
    /// If a bundle, or the `package.json` beside the folder, cannot be read. Source maps may be
    /// missing.
    pub fn open(dist: impl AsRef<Path>) -> io::Result<Self> {
        let dist = dist.as_ref();
        let named = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let manifest = dist.join("../package.json");
        let text = std::fs::read(&manifest).map_err(|error| named(&manifest, error))?;
        let Package { version } = serde_json::from_slice(&text)
            .map_err(|error| named(&manifest, io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let mut files = HashMap::new();
        for name in BUNDLES {
            let path = dist.join(name);
            let plain = std::fs::read(&path).map_err(|error| named(&path, error))?;
            files.insert(
                name,
                File::new("application/javascript; charset=utf-8", plain),
            );
        }
        for name in MAPS {
            if let Ok(plain) = std::fs::read(dist.join(name)) {
                files.insert(name, File::new("application/json; charset=utf-8", plain));
            }
        }
        let header = |text: String| {
            HeaderValue::try_from(text).map_err(|error| {
                named(&manifest, io::Error::new(io::ErrorKind::InvalidData, error))
            })
        };
        let etag = header(format!("\"{version}\""))?;
        let weak_etag = header(format!("W/\"{version}\""))?;
        Ok(Self {
            files,
            etag,
            weak_etag,
        })
    }

    /// The answer, if the request asks for one of the files under `base`.
    pub(crate) fn respond<B>(&self, base: &str, request: &Request<B>) -> Option<Response<Body>> {
        let name = request.uri().path().strip_prefix(base)?;
        let file = self.files.get(name)?;
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
        headers.insert(ETAG, self.etag.clone());
        if self.is_known(request.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        if !file.compressed.is_empty() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let (coding, bytes) = file.variant(request.headers());
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
        }
        *response.body_mut() = Body::from(bytes);
        Some(response)
    }

    /// Whether the browser has this version already. [RFC 9110 § 13.1.2: compared weakly]
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = [&self.etag, &self.weak_etag];
        let values = headers.get_all(IF_NONE_MATCH).into_iter();
        values
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .any(|tag| {
                tag.trim_ascii() == b"*" || known.iter().any(|etag| *etag == tag.trim_ascii())
            })
    }
}

impl File {
    fn new(content_type: &'static str, plain: Vec<u8>) -> Self {
        let compressed = Coding::OFFERED
            .iter()
            .map(|&coding| (coding, OnceLock::new()));
        Self {
            content_type,
            plain: plain.into(),
            compressed: compressed.collect(),
        }
    }

    /// The form of the file that the browser likes best.
    fn variant(&self, headers: &HeaderMap) -> (Option<Coding>, Bytes) {
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let coding = compression::choose(accepted.unwrap_or_default());
        let made = coding.and_then(|coding| {
            let slot = self.compressed.get(&coding)?;
            Some((
                coding,
                slot.get_or_init(|| coding.compress(&self.plain)).clone(),
            ))
        });
        match made {
            Some((coding, bytes)) => (Some(coding), bytes),
            None => (None, self.plain.clone()),
        }
    }
}

impl fmt::Debug for ClientFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFiles")
            .field("files", &self.files.keys())
            .field("etag", &self.etag)
            .finish()
    }
}

#[derive(Deserialize)]
struct Package {
    version: String,
}

const BUNDLES: [&str; 4] = [
    "socket.io.esm.min.js",
    "socket.io.js",
    "socket.io.min.js",
    "socket.io.msgpack.min.js",
];

const MAPS: [&str; 4] = [
    "socket.io.esm.min.js.map",
    "socket.io.js.map",
    "socket.io.min.js.map",
    "socket.io.msgpack.min.js.map",
];
