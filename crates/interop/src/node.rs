//! Running the scripts in `js/` with Node.js.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the scripts.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

/// Runs a script to its end and gives each line that it writes to `on_line`.
///
/// # Errors
///
/// What is missing, or how the script failed, in a few words; the script itself has said more on the
/// standard error.
pub fn run(
    script: &str,
    arguments: &[impl AsRef<OsStr>],
    mut on_line: impl FnMut(&str),
) -> Result<(), String> {
    if !folder().join("node_modules/.package-lock.json").is_file() {
        return Err(
            "the JavaScript packages are missing: run `npm ci` in crates/interop/js".to_owned(),
        );
    }
    let mut command = Command::new("node");
    command
        .arg(script)
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => "Node.js is missing: install version 20 or newer".to_owned(),
        _ => format!("cannot run node: {error}"),
    })?;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|lines| BufReader::new(lines).lines())
    {
        on_line(&line.map_err(|error| format!("{script}: {error}"))?);
    }
    let status = child.wait().map_err(|error| format!("{script}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{script} failed ({status})"))
    }
}
