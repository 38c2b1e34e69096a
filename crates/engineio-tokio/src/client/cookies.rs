//! The cookies of one server. [RFC 6265]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::SET_COOKIE};

/// The cookies of one server, which get them all back: there is one host and one path, so neither
/// is looked at. [js engine.io-client 6.6.8]
///
/// At most [`MAX_COOKIES`] of at most [`MAX_BYTES`] bytes are kept: what is longer is not taken,
/// and the oldest makes room for one more.
#[derive(Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    /// `None`: with the dialer.
    expires: Option<SystemTime>,
    secure: bool,
}

impl Jar {
    /// Takes the cookies out of an answer.
    pub(super) fn keep(&mut self, headers: &HeaderMap, now: SystemTime) {
        for header in headers.get_all(SET_COOKIE) {
            let cookie = header
                .to_str()
                .ok()
                .and_then(|text| Cookie::parse(text, now));
            let Some(cookie) = cookie else { continue };
            self.cookies.retain(|kept| kept.name != cookie.name);
            if cookie.is_expired(now) {
                continue;
            }
            if self.cookies.len() >= MAX_COOKIES {
                self.cookies.remove(0);
            }
            self.cookies.push(cookie);
        }
    }

    /// The value of `Cookie` in the next request. `None`: there is nothing to give back.
    pub(super) fn header(&mut self, is_secure: bool, now: SystemTime) -> Option<String> {
        self.cookies.retain(|cookie| !cookie.is_expired(now));
        let cookies = self.cookies.iter();
        let pairs: Vec<String> = cookies
            .filter(|cookie| is_secure || !cookie.secure)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    /// [RFC 6265 § 5.2] `None`: it is none.
    fn parse(text: &str, now: SystemTime) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), unquote(value.trim()));
        if name.is_empty() {
            return None;
        }
        let (mut by_date, mut by_age, mut secure) = (None, None, false);
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match attribute.trim().to_ascii_lowercase().as_str() {
                "expires" => by_date = date(value).or(by_date),
                "max-age" => by_age = age(value, now).or(by_age),
                "secure" => secure = true,
                _ => {}
            }
        }
        Some(Self {
            name: name.to_owned(),
            value: value.to_owned(),
            // [RFC 6265 § 5.3] The age wins.
            expires: by_age.or(by_date),
            secure,
        })
    }

    fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// Takes quotes off. [js engine.io-client 6.6.8]
fn unquote(value: &str) -> &str {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}

fn age(seconds: &str, now: SystemTime) -> Option<SystemTime> {
    if seconds.starts_with('-') {
        return Some(SystemTime::UNIX_EPOCH);
    }
    // What no clock can express does not expire.
    now.checked_add(Duration::from_secs(seconds.parse().ok()?))
}

/// Old servers put hyphens between day, month and year.
fn date(text: &str) -> Option<SystemTime> {
    let parse = |text: &str| httpdate::parse_http_date(text).ok();
    parse(text).or_else(|| parse(&text.replace('-', " ")))
}

/// Cookies that are kept. [RFC 6265 § 6.1]
const MAX_COOKIES: usize = 50;

/// Bytes of one cookie and its attributes. [RFC 6265 § 6.1]
const MAX_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn jar(cookies: &[&str]) -> Jar {
        let mut jar = Jar::default();
        for cookie in cookies {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, cookie.parse().unwrap());
            jar.keep(&headers, now());
        }
        jar
    }

    #[test]
    fn cookies_come_back_in_order_the_latest_of_a_name() {
        let mut jar = jar(&["a=1; Path=/; HttpOnly", "b=\"2\"", "a=3=4", "c="]);
        assert_eq!(jar.header(false, now()).unwrap(), "b=2; a=3=4; c=");
        assert_eq!(Jar::default().header(false, now()), None);
    }

    #[test]
    fn a_cookie_ends_by_date_or_by_age_and_the_age_wins() {
        let past = "Thu, 01 Jan 1970 00:00:00 GMT";
        for (cookie, is_kept) in [
            (format!("a=1; Expires={past}"), false),
            (
                "a=1; expires=Thu, 01-Jan-1970 00:00:00 GMT".to_owned(),
                false,
            ),
            (format!("a=1; Expires={past}; max-age=90"), true),
            ("a=1; Max-Age=0".to_owned(), false),
            ("a=1; MAX-AGE=-5".to_owned(), false),
            ("a=1; Max-Age=59".to_owned(), false),
            ("a=1; Max-Age=61".to_owned(), true),
            (
                "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT".to_owned(),
                true,
            ),
            ("a=1; Expires=whenever; Max-Age=soon".to_owned(), true),
            ("a=1; Max-Age=18446744073709551615".to_owned(), true),
        ] {
            let header = jar(&[&cookie]).header(false, now() + Duration::from_secs(60));
            assert_eq!(header.is_some(), is_kept, "{cookie}");
        }
        let mut jar = jar(&["a=1", &format!("a=; Expires={past}")]);
        assert_eq!(jar.header(false, now()), None);
    }

    #[test]
    fn a_secure_cookie_is_not_sent_in_the_clear() {
        let mut jar = jar(&["a=1; Secure", "b=2"]);
        assert_eq!(jar.header(false, now()).unwrap(), "b=2");
        assert_eq!(jar.header(true, now()).unwrap(), "a=1; b=2");
    }

    #[test]
    fn a_jar_is_bounded() {
        let many: Vec<String> = (0..MAX_COOKIES + 2).map(|n| format!("c{n}=1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let header = jar(&many).header(false, now()).unwrap();
        assert_eq!(header.split("; ").count(), MAX_COOKIES);
        assert!(header.starts_with("c2=1; "));
        let long = format!("a={}", "x".repeat(MAX_BYTES));
        assert_eq!(jar(&[&long, "=1", "novalue"]).header(false, now()), None);
    }
}
