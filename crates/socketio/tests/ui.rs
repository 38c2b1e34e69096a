//! Mistakes that do not compile, and what the compiler says about them.
//!
//! Each file in `ui/` makes one mistake. The comment `//~ text` stands in the line at which the
//! first error has to point, and each such text has to be somewhere in that error: its message, its
//! labels, its notes. The rest of the wording is the compiler's own, and another version of it may
//! say it otherwise.
#![cfg(feature = "macros")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

#[test]
fn mistakes_are_explained() {
    let cases = cases();
    assert!(!cases.is_empty());
    let errors = first_errors(&cases);
    let mut failures = String::new();
    for (name, path) in &cases {
        if let Err(failure) = judge(path, errors.get(name)) {
            let _infallible = writeln!(failures, "{}: {failure}", path.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The files of `ui/`, by their names.
fn cases() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// Compiles each file as a program of its own, and returns the first error of each.
fn first_errors(cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Value> {
    let package = write_package(cases);
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["check", "--quiet", "--bins", "--keep-going"])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(package.join("target"));
    let output = cargo.output().unwrap();
    let mut errors = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let target = line["target"]["name"].as_str().unwrap_or_default();
        if line["reason"] == "compiler-message" && line["message"]["level"] == "error" {
            let message = &line["message"];
            assert!(cases.contains_key(target), "{target}: {message}");
            errors
                .entry(target.to_owned())
                .or_insert_with(|| message.clone());
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.is_empty(), "cargo has compiled nothing: {said}");
    errors
}

/// A package outside of the workspace, whose programs are the cases.
fn write_package(cases: &BTreeMap<String, PathBuf>) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let mut manifest = format!(
        r#"[package]
name = "socketio-ui"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
serde = {{ version = "1", features = ["derive"] }}
socketio = {{ path = {crates:?}, default-features = false, features = ["macros", "server"] }}
"#
    );
    for (name, path) in cases {
        write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\n").unwrap();
    }
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    // The versions of the workspace, not newer ones.
    let lock = crates.join("../../Cargo.lock");
    if lock.exists() {
        fs::copy(lock, package.join("Cargo.lock")).unwrap();
    }
    package
}

/// Whether the first error of a file is where its comments want it, and says what they say.
fn judge(path: &Path, error: Option<&Value>) -> Result<(), String> {
    let source = fs::read_to_string(path).unwrap();
    let mut wanted = source
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| Some((number, line.split_once("//~ ")?.1)))
        .peekable();
    let &(line, _) = wanted.peek().ok_or("it has no `//~` comment")?;
    let error = error.ok_or("it compiles")?;
    let (points_at, said) = read(error);
    if points_at != Some(line) {
        return Err(format!("the error points at {points_at:?}:\n{said}"));
    }
    match wanted.find(|(_, text)| !said.contains(text)) {
        Some((_, text)) => Err(format!("`{text}` is not in the error:\n{said}")),
        None => Ok(()),
    }
}

/// The line at which an error points, and all of its texts.
fn read(error: &Value) -> (Option<u64>, String) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let spans = list(&error["spans"]);
    let primary = spans.iter().find(|span| span["is_primary"] == true);
    let points_at = primary.and_then(|span| span["line_start"].as_u64());
    let notes = list(&error["children"]);
    let texts = [error]
        .into_iter()
        .chain(&notes)
        .map(|it| &it["message"])
        .chain(spans.iter().map(|span| &span["label"]))
        .filter_map(Value::as_str);
    (points_at, texts.collect::<Vec<_>>().join("\n"))
}
