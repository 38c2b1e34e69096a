//! The data of the open packet: what a server tells a client about their session.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt::Write;

use crate::Utf8Bytes;

/// What a server tells a client in the [open packet](crate::Packet::Open).
///
/// Specification: [eio4 § Handshake].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct Handshake<'a> {
    /// The id of the session. Whoever knows it can speak in its name.
    pub sid: Cow<'a, str>,
    /// The transports that the client may move to, by name.
    pub upgrades: Vec<Cow<'a, str>>,
    /// From one ping to the next, in milliseconds.
    pub ping_interval: u64,
    /// How long the other side may stay silent after a ping was due, in milliseconds.
    pub ping_timeout: u64,
    /// How large the body of one request may be, in bytes. Servers before 6.2 do not say.
    pub max_payload: Option<u64>,
}

impl Handshake<'_> {
    /// The JSON, as the reference writes it: keys in its order, no blanks.
    ///
    /// The order is part of the contract: there are clients that read by position.
    pub fn encode(&self) -> Utf8Bytes {
        let names: usize = self.upgrades.iter().map(|name| name.len() + 3).sum();
        let mut json = String::with_capacity(FIXED_LEN + self.sid.len() + names);
        json.push_str(r#"{"sid":"#);
        push_string(&mut json, &self.sid);
        json.push_str(r#","upgrades":["#);
        for (index, name) in self.upgrades.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            push_string(&mut json, name);
        }
        json.push(']');
        push_number(&mut json, "pingInterval", self.ping_interval);
        push_number(&mut json, "pingTimeout", self.ping_timeout);
        if let Some(max_payload) = self.max_payload {
            push_number(&mut json, "maxPayload", max_payload);
        }
        json.push('}');
        json.into()
    }
}

#[cfg(feature = "serde")]
impl Handshake<'static> {
    /// Reads the JSON of an open packet. Unknown keys are ignored, keys may have any order.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or a key other than `maxPayload` is missing or has the wrong type.
    pub fn decode(json: &str) -> Result<Self, HandshakeError> {
        serde_json::from_str(json).map_err(HandshakeError)
    }
}

/// Why a handshake could not be read.
#[cfg(feature = "serde")]
#[derive(Debug, thiserror::Error)]
#[error("invalid handshake: {0}")]
pub struct HandshakeError(serde_json::Error);

fn push_number(json: &mut String, key: &str, value: u64) {
    // Writing to a string cannot fail.
    let _ = write!(json, r#","{key}":{value}"#);
}

/// Appends a string literal, escaped as `JSON.stringify` does.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for char in text.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(char));
            }
            _ => json.push(char),
        }
    }
    json.push('"');
}

/// Bytes of the JSON without the id and the names: keys and signs, and three numbers of ten digits.
const FIXED_LEN: usize = 69 + 3 * 10;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn handshake(upgrades: Vec<Cow<'static, str>>, max_payload: Option<u64>) -> Handshake<'static> {
        Handshake {
            sid: "lv_VI97HAXpY6yYWAAAC".into(),
            upgrades,
            ping_interval: 25_000,
            ping_timeout: 20_000,
            max_payload,
        }
    }

    /// [eio4 § Handshake]
    #[test]
    fn the_handshake_of_the_protocol_document() {
        let json = concat!(
            r#"{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"#,
            r#""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        );
        assert_eq!(
            handshake(vec!["websocket".into()], Some(1_000_000)).encode(),
            json
        );
    }

    #[test]
    fn names_are_separated_and_a_missing_limit_is_left_out() {
        let json = concat!(
            r#"{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket","webtransport"],"#,
            r#""pingInterval":25000,"pingTimeout":20000}"#
        );
        let upgrades = vec!["websocket".into(), "webtransport".into()];
        assert_eq!(handshake(upgrades, None).encode(), json);
    }

    #[test]
    fn strings_are_escaped() {
        let text: String = ('\0'..=' ')
            .chain(['"', '\\', '\u{7f}', '\u{2028}', '€'])
            .collect();
        let mut json = String::new();
        push_string(&mut json, &text);
        assert_eq!(json, serde_json::to_string(&text).unwrap());
    }

    #[cfg(feature = "serde")]
    mod reading {
        use alloc::string::ToString;

        use super::*;

        #[test]
        fn decoding_undoes_encoding() {
            for handshake in [
                handshake(vec![], None),
                handshake(vec!["websocket".into(), "\"\u{1f}".into()], Some(1)),
            ] {
                assert_eq!(Handshake::decode(&handshake.encode()).unwrap(), handshake);
            }
        }

        #[test]
        fn unknown_keys_are_ignored() {
            let json = r#"{"x":[1],"pingTimeout":2,"pingInterval":1,"upgrades":[],"sid":"a"}"#;
            assert_eq!(Handshake::decode(json).unwrap().sid, "a");
        }

        #[test]
        fn a_missing_key_is_an_error() {
            let error = Handshake::decode(r#"{"sid":"a"}"#).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("invalid handshake: missing field")
            );
        }
    }
}
