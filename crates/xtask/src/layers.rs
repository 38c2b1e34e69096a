//! The laws of the architecture that a search through sources and dependencies can prove.

use std::fs;
use std::path::{Path, PathBuf};

use crate::no_std::SANS_IO;
use crate::run::{self, Failure, cargo};

/// The crates that carry the protocol's packets without knowing what they mean.
const DRIVERS: [&str; 3] = ["engineio-tokio", "socketio-tokio", "socketio-axum"];

/// What a crate without input and output must not even mention.
const IMPURE: [&str; 14] = [
    "tokio",
    "std",
    "Instant",
    "SystemTime",
    "Mutex",
    "RwLock",
    "RefCell",
    "thread",
    "rand",
    "getrandom",
    "println",
    "eprintln",
    "HashMap",
    "HashSet",
];

/// Words of the protocol, which only its machines may speak.
const PROTOCOL: [&str; 5] = ["ping", "pong", "probe", "noop", "placeholder"];

/// Names in which a driver passes such a word through.
const PASSED_THROUGH: [&str; 3] = ["ping_interval", "ping_timeout", "PingTimeout"];

/// Which of our crates each crate may depend on, directly or not.
const BELOW: [(&str, &[&str]); 8] = [
    ("engineio-parser", &[]),
    ("socketio-macros", &[]),
    ("socketio-parser", &[]),
    ("engineio-proto", &["engineio-parser"]),
    (
        "socketio-proto",
        &["engineio-parser", "engineio-proto", "socketio-parser"],
    ),
    ("engineio-tokio", &["engineio-parser", "engineio-proto"]),
    (
        "socketio-tokio",
        &[
            "engineio-parser",
            "engineio-proto",
            "engineio-tokio",
            "socketio-macros",
            "socketio-parser",
            "socketio-proto",
        ],
    ),
    (
        "socketio-axum",
        &[
            "engineio-parser",
            "engineio-proto",
            "engineio-tokio",
            "socketio-macros",
            "socketio-parser",
            "socketio-proto",
            "socketio-tokio",
        ],
    ),
];

/// Third-party crates that have no place under a crate without input and output.
const FOREIGN: [&str; 7] = [
    "tokio",
    "hyper",
    "mio",
    "getrandom",
    "rand",
    "futures-util",
    "parking_lot",
];

pub(crate) fn check() -> Result<(), Failure> {
    dependencies()?;
    let mut found = Vec::new();
    for name in SANS_IO {
        search(name, impure_word, &mut found)?;
    }
    for name in DRIVERS {
        search(name, protocol_word, &mut found)?;
    }
    if found.is_empty() {
        return Ok(());
    }
    for line in &found {
        println!("{line}");
    }
    Err(Failure::new(format!(
        "{} lines break the layering",
        found.len()
    )))
}

fn dependencies() -> Result<(), Failure> {
    for (name, below) in BELOW {
        let tree = run::output(&mut cargo(&[
            "tree", "--quiet", "-p", name, "-e", "normal", "--prefix", "none",
        ]))?;
        for dependency in tree
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').next())
        {
            let ours =
                BELOW.iter().any(|(other, _)| *other == dependency) || dependency == "socketio";
            let wrong_way = ours && dependency != name && !below.contains(&dependency);
            let impure = SANS_IO.contains(&name) && FOREIGN.contains(&dependency);
            if wrong_way || impure {
                return Err(Failure::new(format!(
                    "{name} must not depend on {dependency}"
                )));
            }
        }
    }
    Ok(())
}

fn search(
    name: &str,
    judge: fn(&str) -> Option<&'static str>,
    found: &mut Vec<String>,
) -> Result<(), Failure> {
    let folder = run::root().join("crates").join(name).join("src");
    for file in sources(&folder)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?
    {
        let text = fs::read_to_string(&file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
        let shown = file
            .strip_prefix(run::root())
            .unwrap_or(&file)
            .display()
            .to_string();
        for (index, line) in text
            .lines()
            .enumerate()
            .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        {
            if let Some(word) = judge(without_comment(line)) {
                found.push(format!("{shown}:{}: `{word}`: {}", index + 1, line.trim()));
            }
        }
    }
    Ok(())
}

/// All Rust files below a folder, tests left out.
fn sources(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_test {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn impure_word(code: &str) -> Option<&'static str> {
    identifiers(code).find_map(|identifier| IMPURE.into_iter().find(|word| *word == identifier))
}

fn protocol_word(code: &str) -> Option<&'static str> {
    identifiers(code)
        .filter(|identifier| !PASSED_THROUGH.contains(identifier))
        .find_map(|identifier| PROTOCOL.into_iter().find(|word| has_part(identifier, word)))
}

fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|part| !part.is_empty())
}

/// Whether `word` is one of the words that make up a snake-case or camel-case identifier.
fn has_part(identifier: &str, word: &str) -> bool {
    identifier
        .split('_')
        .flat_map(camel_parts)
        // A packet's type digit may precede its word: "2probe".
        .any(|part| {
            part.trim_start_matches(|c: char| c.is_ascii_digit())
                .eq_ignore_ascii_case(word)
        })
}

fn camel_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, _) in text.char_indices().filter(|(_, c)| c.is_uppercase()) {
        parts.push(&text[start..index]);
        start = index;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_word_is_found_inside_names_but_not_inside_words() {
        assert_eq!(protocol_word("fn send_ping(&self) {}"), Some("ping"));
        assert_eq!(protocol_word("Packet::Pong => {}"), Some("pong"));
        assert_eq!(protocol_word("if text == \"2probe\" {}"), Some("probe"));
        assert_eq!(
            protocol_word("let x = json!({ \"_placeholder\": true });"),
            Some("placeholder")
        );
        assert_eq!(protocol_word("let mapping = typing(stopping);"), None);
        assert_eq!(protocol_word("options.ping_interval"), None);
    }

    #[test]
    fn a_clock_is_found() {
        assert_eq!(impure_word("let now = Instant::now();"), Some("Instant"));
        assert_eq!(
            impure_word(without_comment("let now = 1; // not an Instant")),
            None
        );
        assert_eq!(impure_word("fn instant(standard: u8) {}"), None);
    }
}
