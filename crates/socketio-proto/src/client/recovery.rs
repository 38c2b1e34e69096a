//! Where a namespace left off, so that the server can pick up from there.
//!
//! The server names the connection with a private id and appends an *offset* to what it emits; the
//! client says both when it comes back. [js socket.io 4.8.4]
//!
//! Nothing on the wire marks an offset: it is a string behind the last argument, as an argument may
//! be. What cannot be one is not taken for one, unlike in the reference:
//!
//! * an event that expects an answer carries none, nor does an answer;
//! * the event name alone is not one, and neither is a text as long as no server would choose;
//! * the offset of a connection that could not be recovered says nothing about the next one;
//! * a connection that either side has ended on purpose is not saved, so it is forgotten.
//!
//! A volatile event that ends with a text remains indistinguishable. Taken for an offset it costs
//! the next recovery, which the server then declines; left out, a real one would cost more: events
//! would come twice.

use alloc::string::{String, ToString};

use serde_json::Value;

use super::Auth;
use crate::{Args, Utf8Bytes, json};

/// What a namespace says of its last connection.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// The private id of the connection, a secret.
    pid: Option<String>,
    /// A string with its quotation marks, as it came.
    offset: Option<String>,
}

impl Recovery {
    /// The payload of the next CONNECT. What the application says goes first.
    pub(super) fn payload(&self, auth: Option<&Auth>) -> Option<Utf8Bytes> {
        let Some(pid) = &self.pid else {
            return auth.map(Auth::to_text);
        };
        let auth = auth.map_or("{}", Auth::as_str);
        let taken = json::members(auth).unwrap_or_default();
        let pid = Value::from(pid.as_str()).to_string();
        let own = [("pid", Some(&pid)), ("offset", self.offset.as_ref())];
        let mut payload = String::from("{");
        for (name, value) in own {
            if let Some(value) = value.filter(|_| !taken.contains_key(name)) {
                let separator = if payload.len() > 1 { "," } else { "" };
                payload.extend([separator, "\"", name, "\":", value]);
            }
        }
        let theirs = auth.trim_start().strip_prefix('{').unwrap_or("}");
        if !taken.is_empty() && payload.len() > 1 {
            payload.push(',');
        }
        payload.push_str(theirs);
        Some(payload.into())
    }

    /// The server has let the client in. Returns whether it has picked up where it left off.
    pub(super) fn on_connected(&mut self, pid: Option<String>) -> bool {
        if pid.is_some() && pid == self.pid {
            return true;
        }
        *self = Self { pid, offset: None };
        false
    }

    /// An event without acknowledgement has reached the application.
    pub(super) fn on_event(&mut self, args: &Args) {
        if self.pid.is_some()
            && let Some(offset) = last_string(args.json())
        {
            self.offset = Some(offset.to_string());
        }
    }

    /// A side has ended the connection on purpose.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The last of several elements of an array if it is a short string, with its quotation marks.
///
/// Reads from the end: the text is known to be valid, and may be long.
fn last_string(array: &str) -> Option<&str> {
    let elements = array.trim_end().strip_suffix(']')?.trim_end();
    let open = elements.strip_suffix('"')?;
    let bytes = open.as_bytes();
    // A quotation mark inside of the string stands behind an odd number of backslashes.
    let is_opening = |at: &usize| {
        let before = bytes.iter().take(*at).rev();
        bytes.get(*at) == Some(&b'"') && before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    };
    let window = bytes.len().saturating_sub(MAX_OFFSET)..bytes.len();
    let start = window.rev().find(is_opening)?;
    let has_neighbour = open.get(..start)?.trim_end().ends_with(',');
    elements.get(start..).filter(|_| has_neighbour)
}

/// In bytes. Those of the known adapters have less than 30.
const MAX_OFFSET: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn auth(json: &'static str) -> Option<Auth> {
        Some(Auth::from_json(json).unwrap())
    }

    fn after(pid: &str, events: &[&'static str]) -> Recovery {
        let mut recovery = Recovery::default();
        assert!(!recovery.on_connected(Some(pid.into())));
        for json in events {
            recovery.on_event(&Args::from_json(*json, Vec::new()).unwrap());
        }
        recovery
    }

    fn payload(recovery: &Recovery, auth: Option<Auth>) -> Option<String> {
        recovery.payload(auth.as_ref()).map(|text| text.to_string())
    }

    #[test]
    fn without_a_private_id_the_application_alone_speaks() {
        let recovery = Recovery::default();
        assert_eq!(payload(&recovery, None), None);
        assert_eq!(payload(&recovery, auth(" {}")).as_deref(), Some(" {}"));
    }

    /// [js socket.io-client 4.8.4] the members of the application win.
    #[test]
    fn both_are_said_in_one_object() {
        let recovery = after("P\"", &[r#"["a","O1"]"#]);
        let table = [
            (None, r#"{"pid":"P\"","offset":"O1"}"#),
            (auth("{}"), r#"{"pid":"P\"","offset":"O1"}"#),
            (auth("{ }"), r#"{"pid":"P\"","offset":"O1" }"#),
            (auth(r#"{"t":1}"#), r#"{"pid":"P\"","offset":"O1","t":1}"#),
            (auth(r#"{"pid":1}"#), r#"{"offset":"O1","pid":1}"#),
            (auth(r#"{"pid":1,"offset":2}"#), r#"{"pid":1,"offset":2}"#),
        ];
        for (auth, expected) in table {
            assert_eq!(payload(&recovery, auth).as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_last_of_several_arguments_is_the_offset_if_it_is_a_string() {
        let table = [
            (r#"["a","O1"]"#, Some(r#""O1""#)),
            (r#" [ "a" , "O1" ] "#, Some(r#""O1""#)),
            (r#"["a","\"\\"]"#, Some(r#""\"\\""#)),
            (r#"["a","\\\""]"#, Some(r#""\\\"""#)),
            (r#"["a",""]"#, Some(r#""""#)),
            (r#"["O1"]"#, None),
            (r#"["a",1]"#, None),
            (r#"["a",["O1"]]"#, None),
            (r#"["a",{"b":"c"}]"#, None),
            ("[]", None),
        ];
        for (json, expected) in table {
            assert_eq!(last_string(json), expected, "{json}");
        }
    }

    #[test]
    fn a_long_text_is_not_an_offset() {
        for filler in ["x", "\\\"", "é"] {
            let short = format!("[\"a\",\"{}\"]", filler.repeat(1000 / filler.len()));
            assert!(last_string(&short).is_some());
            let long = format!("[\"a\",\"{}\"]", filler.repeat(2000));
            assert_eq!(last_string(&long), None);
        }
    }

    #[test]
    fn the_offset_of_another_connection_is_forgotten() {
        let mut recovery = after("P1", &[r#"["a","O1"]"#, r#"["b"]"#]);
        assert!(recovery.on_connected(Some("P1".into())));
        assert!(!recovery.on_connected(Some("P2".into())));
        assert_eq!(payload(&recovery, None).as_deref(), Some(r#"{"pid":"P2"}"#));
        assert!(!recovery.on_connected(None));
        assert_eq!(payload(&recovery, None), None);
    }

    #[test]
    fn without_a_private_id_there_are_no_offsets() {
        let mut recovery = Recovery::default();
        recovery.on_event(&Args::from_json(r#"["a","O1"]"#, Vec::new()).unwrap());
        assert!(!recovery.on_connected(Some("P1".into())));
        assert_eq!(payload(&recovery, None).as_deref(), Some(r#"{"pid":"P1"}"#));
    }
}
