//! Any bytes as the form of JSONP, as its script and as its index: nothing panics, nothing gets out of
//! the literal of a script, and what was written is read.

#![no_main]

use engineio_parser::{
    Utf8Bytes,
    jsonp::{self, Index},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(payload) = jsonp::decode_request(data) {
        check_form(&payload);
    }
    let text = String::from_utf8_lossy(data);
    check_form(&text);
    check_script(&text);
    if let Ok((index, payload)) = jsonp::decode(&text) {
        let script = jsonp::encode(&index, &payload);
        let script = Utf8Bytes::try_from(script).expect("a script is text");
        assert_eq!(jsonp::decode(&script), Ok((index, payload)));
    }
});

fn check_form(payload: &str) {
    // A backslash in front of a line feed is lost, as in a browser.
    let payload = payload.replace('\n', " \n");
    let body = jsonp::encode_request(&payload);
    assert_eq!(jsonp::decode_request(&body), Some(payload.into()));
}

/// The text is the index and the payload at once.
fn check_script(text: &str) {
    let index = Index::from_query(text);
    assert!(index.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    let script = jsonp::encode(&index, text);
    let script = Utf8Bytes::try_from(script).expect("a script is text");
    let literal = script
        .strip_prefix(format!("___eio[{}](\"", index.as_str()).as_str())
        .and_then(|rest| rest.strip_suffix("\");"))
        .expect("one call");
    assert!(!literal.contains(['\n', '\r', '\u{2028}', '\u{2029}']));
    let mut chars = literal.chars();
    while let Some(char) = chars.next() {
        assert_ne!(char, '"', "the literal ends");
        if char == '\\' {
            chars.next().expect("an escape is complete");
        }
    }
    assert_eq!(jsonp::decode(&script), Ok((index, text.into())));
}
