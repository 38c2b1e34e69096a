//! Payloads that are one JSON value without attachments: those of connections.

use serde::{Deserialize, Serialize};

use crate::de::Reader;
use crate::error::{ArgsError, EncodeError};
use crate::frame::Utf8Bytes;
use crate::scan;
use crate::ser::Serializer;

/// Writes a value as JSON, for [`Packet::Connect`](crate::Packet::Connect) and
/// [`Packet::ConnectError`](crate::Packet::ConnectError).
///
/// # Errors
///
/// [`EncodeError::Binary`] if there are bytes in it, which only events and acknowledgements carry;
/// another [`EncodeError`] if the value cannot be JSON.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Utf8Bytes, EncodeError> {
    let mut serializer = Serializer::new();
    value.serialize(&mut serializer)?;
    if serializer.attachments.is_empty() {
        Ok(serializer.out.share())
    } else {
        Err(EncodeError::Binary)
    }
}

/// Reads a value from JSON, as [`Args::to`](crate::Args::to) reads an argument.
///
/// # Errors
///
/// [`ArgsError`] if the text is not one JSON value, or not what is asked for.
pub fn from_json<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, ArgsError> {
    scan::whole(json, &mut ()).map_err(|error| ArgsError::at(error.offset, error.kind))?;
    let mut reader = Reader::new(json, &[], &[]);
    T::deserialize(&mut reader).map_err(|error| error.or_at(reader.at))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_value_comes_back() {
        let json = to_json(&("a", [1.5])).unwrap();
        assert_eq!(json, r#"["a",[1.5]]"#);
        assert_eq!(from_json(&json), Ok(("a", [1.5])));
    }

    /// [sio5 § Packet encoding]: binary is looked for in events and acknowledgements only.
    #[test]
    fn bytes_are_refused() {
        assert_eq!(to_json(&[Bytes::new()]), Err(EncodeError::Binary));
    }

    #[test]
    fn what_is_not_one_value_is_an_error() {
        for json in ["", "1 2", "[1", "nul", "\"\n\""] {
            assert!(from_json::<serde_json::Value>(json).is_err(), "{json}");
        }
    }
}
