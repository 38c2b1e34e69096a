//! A short run of every fuzz target, seeded with the test vectors.
//!
//! The targets are built as `cargo fuzz` builds them, but by cargo alone, so that nothing has to be installed.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::no_std::SANS_IO;
use crate::run::{self, Failure};

/// What libFuzzer needs to know about the code it runs: which edges are taken and what is compared.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

const SECONDS: u32 = 30;

pub(crate) fn smoke() -> Result<(), Failure> {
    need_tools()?;
    let folder = run::root().join("fuzz");
    let programs = build(&folder)?;
    for target in targets(&folder)? {
        let corpus = folder.join("corpus").join(&target);
        let artifacts = folder.join("artifacts").join(&target);
        seed(&corpus)
            .and_then(|()| fs::create_dir_all(&artifacts))
            .map_err(|error| Failure::new(format!("cannot write the corpus: {error}")))?;
        let mut command = Command::new(programs.join(&target));
        command
            .arg(format!("-max_total_time={SECONDS}"))
            .args([
                "-max_len=4096",
                "-timeout=5",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
            ])
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(&corpus);
        fuzz(&target, &mut command)?;
    }
    Ok(())
}

fn need_tools() -> Result<(), Failure> {
    let Some(rustup) = run::find("rustup") else {
        return Err(Failure::new(
            "`rustup` is missing: fuzzing needs it to choose the nightly toolchain",
        ));
    };
    if run::find("c++").is_none() {
        return Err(Failure::new(
            "`c++` is missing: install a C++ compiler, with which libFuzzer is built",
        ));
    }
    let toolchains = run::output(Command::new(rustup).args(["toolchain", "list"]))?;
    if !toolchains.lines().any(|line| line.starts_with("nightly")) {
        return Err(Failure::new(
            "the nightly toolchain is missing: run `rustup toolchain install nightly`",
        ));
    }
    Ok(())
}

/// Builds all targets; the folder of their programs.
fn build(folder: &Path) -> Result<PathBuf, Failure> {
    let host = host()?;
    let built = run::target().join("fuzz");
    run::run(
        Command::new("rustup")
            .args([
                "run",
                "nightly",
                "cargo",
                "build",
                "--release",
                "--bins",
                "--target",
                &host,
                "--target-dir",
            ])
            .arg(&built)
            .current_dir(folder)
            .env("RUSTFLAGS", COVERAGE)
            // Set by the cargo that runs this program, for another toolchain.
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN"),
    )?;
    Ok(built.join(host).join("release"))
}

/// Runs one target. It writes a line per discovery, which only matter if it finds a mistake.
fn fuzz(target: &str, command: &mut Command) -> Result<(), Failure> {
    let output = command
        .output()
        .map_err(|error| Failure::new(format!("cannot run the fuzz target {target}: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let runs = said
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!(
            "{target}: {} runs in {SECONDS} s",
            runs.map_or("?", str::trim)
        );
        return Ok(());
    }
    eprintln!("{said}");
    Err(Failure::new(format!(
        "the fuzz target {target} found a mistake"
    )))
}

/// The names of the fuzz targets: the files of their folder.
fn targets(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder.join("fuzz_targets"))
        .map_err(|error| Failure::new(format!("cannot read fuzz/fuzz_targets: {error}")))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let rust = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<_> = rust
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn host() -> Result<String, Failure> {
    let about = run::output(
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"),
    )?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::new("rustc does not say for which machine it builds"))
}

/// Writes every string of the vector files into the corpus: packets, payloads and frames as they
/// are on the wire.
fn seed(corpus: &Path) -> std::io::Result<()> {
    fs::create_dir_all(corpus)?;
    let mut seeds = BTreeSet::new();
    for name in SANS_IO {
        let vectors = run::root().join("crates").join(name).join("tests/vectors");
        let Ok(entries) = fs::read_dir(&vectors) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            // Not the thousands of recorded answers beside them: a corpus should be small.
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                seeds.extend(strings(&fs::read_to_string(path)?));
            }
        }
    }
    seeds
        .iter()
        .enumerate()
        .try_for_each(|(index, seed)| fs::write(corpus.join(format!("seed-{index}")), seed))
}

/// The strings in a JSON text, unescaped; surrogates and other rarities are left out, they are only seeds.
fn strings(json: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut characters = json.chars();
    while let Some(character) = characters.next() {
        if character == '"' {
            strings.push(string(&mut characters));
        }
    }
    strings
}

/// The rest of a string whose opening quote has been read.
fn string(characters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => text.extend(escape(characters)),
            plain => text.push(plain),
        }
    }
    text
}

fn escape(characters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let digits: String = characters.by_ref().take(4).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::strings;

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(
            strings(r#"{"a": ["4x\u001e2", "\"\\"]}"#),
            ["a", "4x\u{1e}2", "\"\\"]
        );
    }
}
