//! JSON texts that are taken apart and put together without changing what is in them.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Args, EncodeError, Utf8Bytes};

/// Writes a value.
///
/// # Errors
///
/// If the value has no JSON form, [`EncodeError::Binary`] among the reasons.
pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Utf8Bytes, EncodeError> {
    let args = Args::new(&(value,))?;
    if !args.attachments().is_empty() {
        return Err(EncodeError::Binary);
    }
    let json = args.json();
    // The arguments are an array of one; what is between the brackets is the value.
    let value = json
        .get(1..json.len().saturating_sub(1))
        .unwrap_or_default();
    Ok(value.to_string().into())
}

/// The members of an object, each as its text. `None` if this is not an object.
pub(crate) fn members(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(json).ok()
}

/// The characters of a string. `None` if this is not a string.
pub(crate) fn string(json: &RawValue) -> Option<String> {
    serde_json::from_str(json.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_text() {
        let members = members(r#"{"a": [1.50, "é"], "b":"\u0041"}"#).unwrap();
        assert_eq!(members["a"].get(), r#"[1.50, "é"]"#);
        assert_eq!(string(members["a"]), None);
        assert_eq!(string(members["b"]).as_deref(), Some("A"));
    }

    #[test]
    fn only_an_object_has_members() {
        for json in ["[]", "null", "1", "\"a\"", "{", "{\"a\":}", "{} 1"] {
            assert!(members(json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_value_is_written_alone() {
        assert_eq!(of(&[1, 2]).unwrap(), "[1,2]");
        assert_eq!(of(&()).unwrap(), "null");
    }
}
