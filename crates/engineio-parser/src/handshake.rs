//! The data of the open packet: what a server tells a client about their session.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt::Write;

use crate::{Revision, Utf8Bytes, json::Literal};

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
    #[cfg_attr(feature = "serde", serde(default))]
    pub upgrades: Vec<Cow<'a, str>>,
    /// From one ping to the next, in milliseconds.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "lenient::number"))]
    pub ping_interval: u64,
    /// How long the other side may stay silent after a ping was due, in milliseconds.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "lenient::number"))]
    pub ping_timeout: u64,
    /// How large the body of one request may be, in bytes. Servers before 6.2 do not say.
    #[cfg_attr(
        feature = "serde",
        serde(default, deserialize_with = "lenient::optional_number")
    )]
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
        Literal::Json.push(&mut json, &self.sid);
        json.push_str(r#","upgrades":["#);
        for (index, name) in self.upgrades.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            Literal::Json.push(&mut json, name);
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

    /// The JSON for a client of this revision.
    ///
    /// Before revision 4 there is no WebTransport to move to. Clients of revision 2 are told nothing
    /// that was not there in their time: some read by position, and expect the last timer in front of
    /// the brace. Clients of revision 3 are told `max_payload` if there is one, as servers since 6.2 do.
    ///
    /// ```
    /// use engineio_parser::{Handshake, Revision};
    ///
    /// let handshake = Handshake {
    ///     sid: "lv_VI97HAXpY6yYWAAAC".into(),
    ///     upgrades: vec!["websocket".into(), "webtransport".into()],
    ///     ping_interval: 25_000,
    ///     ping_timeout: 60_000,
    ///     max_payload: Some(1_000_000),
    /// };
    /// assert_eq!(
    ///     handshake.encode_for(Revision::V2),
    ///     r#"{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":60000}"#
    /// );
    /// ```
    pub fn encode_for(&self, revision: Revision) -> Utf8Bytes {
        if revision == Revision::V4 {
            return self.encode();
        }
        let mut handshake = self.clone();
        handshake.upgrades.retain(|name| name != "webtransport");
        if revision == Revision::V2 {
            handshake.max_payload = None;
        }
        handshake.encode()
    }
}

#[cfg(feature = "serde")]
impl Handshake<'static> {
    /// Reads the JSON of an open packet, as leniently as clients do.
    ///
    /// Keys may have any order, unknown ones are ignored. Without `upgrades` there are none. A number
    /// may be written in any way that JSON has; what is behind the point is cut off.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object, if `sid`, `pingInterval` or `pingTimeout` is missing, if a known key
    /// has the wrong type, occurs twice, or is a number below zero.
    pub fn decode(json: &str) -> Result<Self, HandshakeError> {
        serde_json::from_str(json).map_err(HandshakeError)
    }
}

/// Why a handshake could not be read.
#[cfg(feature = "serde")]
#[derive(Debug, thiserror::Error)]
#[error("invalid handshake: {0}")]
pub struct HandshakeError(serde_json::Error);

#[cfg(feature = "serde")]
mod lenient {
    //! Numbers as JavaScript knows them: `25000`, `25e3` and `25000.0` are the same.

    use core::fmt;

    use serde::{
        Deserializer,
        de::{Error, Unexpected, Visitor},
    };

    pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_u64(Number)
    }

    pub(super) fn optional_number<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        deserializer.deserialize_option(OptionalNumber)
    }

    struct Number;

    impl Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number from zero")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
            Ok(value)
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
            if value >= 0.0 {
                Ok(value as u64)
            } else {
                Err(E::invalid_value(Unexpected::Float(value), &self))
            }
        }
    }

    struct OptionalNumber;

    impl<'de> Visitor<'de> for OptionalNumber {
        type Value = Option<u64>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            Number.expecting(formatter)
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
            number(value).map(Some)
        }
    }
}

fn push_number(json: &mut String, key: &str, value: u64) {
    // Writing to a string cannot fail.
    let _ = write!(json, r#","{key}":{value}"#);
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
    fn old_clients_are_told_what_they_know() {
        let upgrades = || vec!["websocket".into(), "webtransport".into()];
        let full = handshake(upgrades(), Some(1));
        assert_eq!(full.encode_for(Revision::V4), full.encode());
        let websocket = || vec!["websocket".into()];
        let expected = handshake(websocket(), Some(1)).encode();
        assert_eq!(full.encode_for(Revision::V3), expected);
        let expected = handshake(websocket(), None).encode();
        assert_eq!(full.encode_for(Revision::V2), expected);
        assert_eq!(expected.len() + 1, 97);
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
        fn what_clients_take_is_read() {
            for (json, max_payload) in [
                (
                    r#"{"sid":"a","pingInterval":25e3,"pingTimeout":5000.9}"#,
                    None,
                ),
                (
                    r#" {"maxPayload":null,"pingTimeout":5000,"pingInterval":25000.0,"sid":"\u0061"} "#,
                    None,
                ),
                (
                    r#"{"sid":"a","pingInterval":25000,"pingTimeout":5000,"maxPayload":1e6}"#,
                    Some(1_000_000),
                ),
            ] {
                let handshake = Handshake::decode(json).unwrap();
                assert_eq!(handshake.sid, "a");
                assert!(handshake.upgrades.is_empty());
                assert_eq!(handshake.ping_interval, 25_000);
                assert_eq!(handshake.ping_timeout, 5000);
                assert_eq!(handshake.max_payload, max_payload);
            }
        }

        #[test]
        fn what_no_client_takes_is_an_error() {
            for json in [
                "",
                "null",
                "[]",
                "\"a\"",
                r#"{"sid":1,"pingInterval":1,"pingTimeout":1}"#,
                r#"{"sid":"a","pingInterval":-1,"pingTimeout":1}"#,
                r#"{"sid":"a","pingInterval":-0.5,"pingTimeout":1}"#,
                r#"{"sid":"a","pingInterval":"1","pingTimeout":1}"#,
                r#"{"sid":"a","pingInterval":1,"pingTimeout":null}"#,
                r#"{"sid":"a","pingInterval":1,"pingTimeout":1}}"#,
            ] {
                assert!(Handshake::decode(json).is_err(), "{json}");
            }
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
