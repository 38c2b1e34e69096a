//! Laws that hold for any payload and any input of JSONP.

mod strategies;

use engineio_parser::{
    Utf8Bytes,
    jsonp::{self, Index},
};
use proptest::{collection::vec, prelude::*};

use strategies::texts;

proptest! {
    #[test]
    fn decoding_undoes_encoding_of_answers(j in texts(), payload in texts()) {
        let index = Index::from_query(&j);
        let script = Utf8Bytes::try_from(jsonp::encode(&index, &payload))?;
        prop_assert_eq!(jsonp::decode(&script), Ok((index, payload.into())));
    }

    /// Whoever reads the script finds one call with one literal, whatever a client or an
    /// application says.
    #[test]
    fn a_script_is_one_call(j in hostile(), payload in hostile()) {
        let script = Utf8Bytes::try_from(jsonp::encode(&Index::from_query(&j), &payload))?;
        let digits: String = j.chars().filter(char::is_ascii_digit).collect();
        let literal = script
            .strip_prefix(format!("___eio[{digits}](\"").as_str())
            .and_then(|rest| rest.strip_suffix("\");"))
            .expect("one call");
        let has_line_end = literal.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        prop_assert!(!has_line_end);
        let mut chars = literal.chars();
        while let Some(char) = chars.next() {
            prop_assert_ne!(char, '"');
            if char == '\\' {
                let is_known = chars.next().is_some_and(|char| "\"\\bfnrtu".contains(char));
                prop_assert!(is_known);
            }
        }
        let parsed: String = serde_json::from_str(&format!("\"{literal}\""))?;
        prop_assert_eq!(parsed, payload);
    }

    #[test]
    fn any_script_is_decoded_or_refused(script in texts(), literal in hostile()) {
        let _ = jsonp::decode(&script);
        let _ = jsonp::decode(&format!("___eio[1](\"{literal}\");"));
    }

    /// A backslash in front of a line feed is lost, as in a browser.
    #[test]
    fn decoding_undoes_encoding_of_forms(payload in prop_oneof![texts(), "[a\\\\n\n\r%+& ]{0,9}"]) {
        let payload = payload.replace('\n', " \n");
        let body = jsonp::encode_request(&payload);
        prop_assert_eq!(jsonp::decode_request(&body), Some(payload.into()));
    }

    /// Two passes over the text, as the reference does it.
    #[test]
    fn line_feeds_are_restored_as_by_the_reference(value in "[\\\\na\n]{0,12}") {
        const MARK: &str = "\u{0}";
        let expected = value
            .replace("\\\\n", MARK)
            .replace("\\n", "\n")
            .replace(MARK, "\\n");
        let body = format!("d={value}");
        prop_assert_eq!(jsonp::decode_request(body.as_bytes()), Some(expected.into()));
    }

    #[test]
    fn any_form_is_read(
        body in prop_oneof![
            vec(any::<u8>(), 0..60),
            "((d|%64|x)=?[%0-9a-f+&=\\\\n€]{0,6}&){0,4}".prop_map(String::into_bytes),
        ],
    ) {
        let _ = jsonp::decode_request(&body);
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        texts(),
        "[\\]\\[\"\\\\();/<>nuxd0-9\r\n\u{2028}\u{2029}]{0,12}",
        Just("0](alert(1))//".to_owned()),
        Just("\");alert(1)//".to_owned()),
        Just("\\\");alert(1)//".to_owned()),
    ];
    vec(part, 0..3).prop_map(|parts| parts.concat())
}
