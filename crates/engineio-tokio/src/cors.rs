//! Cross-origin resource sharing: which headers let a browser read our answers.
//!
//! Follows the middleware that the reference uses ([js cors 2.8]), header by header.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN, VARY,
    },
};

/// What pages of other origins may do. [js cors 2.8]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cors {
    /// Which origins may read the answers.
    pub origin: AllowOrigin,
    /// The methods a preflight allows.
    pub methods: Vec<Method>,
    /// The request headers a preflight allows. `None`: those that it asks for.
    pub allowed_headers: Option<Vec<HeaderName>>,
    /// The response headers that a page may read besides the usual ones.
    pub exposed_headers: Vec<HeaderName>,
    /// Whether requests may carry cookies. Browsers refuse it together with [`AllowOrigin::Any`].
    pub credentials: bool,
    /// How long a browser may remember a preflight, in whole seconds. `None`: its own default.
    pub max_age: Option<Duration>,
}

/// Which origins may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowOrigin {
    /// Every origin: `*`.
    Any,
    /// This origin, sent whatever the request's origin is.
    Exact(HeaderValue),
    /// Whichever of these the request comes from.
    List(Vec<HeaderValue>),
    /// Whatever origin the request comes from.
    Mirror,
}

impl Cors {
    /// Allows `origin` to make simple requests: no credentials, every usual method, any header.
    #[must_use]
    pub fn new(origin: AllowOrigin) -> Self {
        Self {
            origin,
            methods: vec![
                Method::GET,
                Method::HEAD,
                Method::PUT,
                Method::PATCH,
                Method::POST,
                Method::DELETE,
            ],
            allowed_headers: None,
            exposed_headers: Vec::new(),
            credentials: false,
            max_age: None,
        }
    }

    /// The headers of the answer to a preflight.
    pub(crate) fn preflight_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut vary = self.put_origin(request, &mut headers);
        let methods = self.methods.iter().map(Method::as_str);
        put(
            &mut headers,
            ACCESS_CONTROL_ALLOW_METHODS,
            &join(methods, ","),
        );
        match (
            &self.allowed_headers,
            request.get(ACCESS_CONTROL_REQUEST_HEADERS),
        ) {
            (Some(allowed), _) => {
                let allowed = allowed.iter().map(HeaderName::as_str);
                put(
                    &mut headers,
                    ACCESS_CONTROL_ALLOW_HEADERS,
                    &join(allowed, ","),
                );
            }
            (None, wanted) => {
                vary.push("Access-Control-Request-Headers");
                if let Some(wanted) = wanted {
                    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
                }
            }
        }
        if let Some(max_age) = self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(max_age.as_secs()));
        }
        put(&mut headers, VARY, &vary.join(", "));
        headers
    }

    /// The headers of every other answer.
    pub(crate) fn headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let vary = self.put_origin(request, &mut headers);
        put(&mut headers, VARY, &vary.join(", "));
        headers
    }

    /// Returns what the answer varies by.
    fn put_origin(&self, request: &HeaderMap, headers: &mut HeaderMap) -> Vec<&'static str> {
        let origin = request.get(ORIGIN);
        let allowed = match &self.origin {
            AllowOrigin::Any => Some(HeaderValue::from_static("*")),
            AllowOrigin::Exact(exact) => Some(exact.clone()),
            AllowOrigin::List(list) => origin.filter(|origin| list.contains(origin)).cloned(),
            AllowOrigin::Mirror => origin.cloned(),
        };
        if let Some(allowed) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        }
        if self.credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        let exposed = self.exposed_headers.iter().map(HeaderName::as_str);
        put(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &join(exposed, ","));
        match self.origin {
            AllowOrigin::Any => Vec::new(),
            AllowOrigin::Exact(_) | AllowOrigin::List(_) | AllowOrigin::Mirror => vec!["Origin"],
        }
    }
}

/// Sets a header unless there is nothing to say.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Methods and header names are valid header values, so nothing is lost here.
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

fn join<'a>(words: impl Iterator<Item = &'a str>, separator: &str) -> String {
    words.collect::<Vec<_>>().join(separator)
}
