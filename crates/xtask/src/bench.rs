//! `cargo xtask bench`: our parsers beside the JavaScript packages and others in Rust, in a table.

use std::collections::BTreeMap;
use std::process::Command;

use crate::npm;
use crate::run::{self, Failure, cargo};

/// Builds the measuring programs, runs them in turns and shows what they found.
pub(crate) fn bench() -> Result<(), Failure> {
    let scripts = run::root().join("benches/js");
    npm::install(&scripts)?;
    let built = run::target().join("peers");
    run::run(
        cargo(&[
            "build",
            "--release",
            "--manifest-path",
            "benches/peers/Cargo.toml",
            "--target-dir",
        ])
        .arg(&built),
    )?;
    println!("measuring, for a few minutes; the machine should have nothing else to do");
    let (mut rust, mut javascript) = (String::new(), String::new());
    for _ in 0..ROUNDS {
        rust += &run::output(&mut Command::new(built.join("release/peers")))?;
        javascript += &run::output(Command::new("node").arg("bench.mjs").current_dir(&scripts))?;
    }
    println!("\n{}\n{LEGEND}", table(&rust, &javascript)?);
    println!("\n{}", parts(&rust)?);
    Ok(())
}

/// A disturbance makes things slower, never faster, and may last for seconds: of several medians,
/// the least is closest to the truth.
const ROUNDS: usize = 4;

/// How long each takes for one workload, in nanoseconds.
struct Workload<'a> {
    name: &'a str,
    bytes: f64,
    took: BTreeMap<&'a str, f64>,
}

fn table(rust: &str, javascript: &str) -> Result<String, Failure> {
    let mut scripts = BTreeMap::new();
    for line in javascript.lines() {
        let (name, who, took) = measured_by_script(line).ok_or_else(|| strange(line))?;
        least(&mut scripts, (name, who), took);
    }
    let all = workloads(rust)?;
    let rows: Vec<_> = all
        .iter()
        .filter(|workload| workload.took.contains_key(OURS))
        .map(|workload| workload.row(&scripts))
        .collect();
    Ok(aligned(&HEAD, &rows))
}

/// What parts of the work cost by themselves.
fn parts(rust: &str) -> Result<String, Failure> {
    let all = workloads(rust)?;
    let rows: Vec<_> = all
        .iter()
        .filter_map(|workload| {
            let took = workload.took.get(PART).copied();
            took.map(|took| vec![workload.name.to_owned(), cell(Some(took))])
        })
        .collect();
    Ok(aligned(&["part", "took"], &rows))
}

/// What the program in Rust has measured, in its order.
fn workloads(rust: &str) -> Result<Vec<Workload<'_>>, Failure> {
    let mut workloads: Vec<Workload<'_>> = Vec::new();
    for line in rust.lines() {
        let (name, bytes, who, took) = measured(line).ok_or_else(|| strange(line))?;
        let known = workloads.iter().position(|workload| workload.name == name);
        let index = known.unwrap_or_else(|| {
            workloads.push(Workload {
                name,
                bytes,
                took: BTreeMap::new(),
            });
            workloads.len() - 1
        });
        least(&mut workloads[index].took, who, took);
    }
    Ok(workloads)
}

fn strange(line: &str) -> Failure {
    Failure::new(format!("a measuring program wrote `{line}`"))
}

fn least<K: Ord>(all: &mut BTreeMap<K, f64>, key: K, took: f64) {
    let least = all.entry(key).or_insert(took);
    *least = least.min(took);
}

fn measured(line: &str) -> Option<(&str, f64, &str, f64)> {
    let mut fields = line.split('\t');
    let (name, bytes) = (fields.next()?, fields.next()?.parse().ok()?);
    Some((name, bytes, fields.next()?, fields.next()?.parse().ok()?))
}

fn measured_by_script(line: &str) -> Option<(&str, &str, f64)> {
    let mut fields = line.split('\t');
    Some((fields.next()?, fields.next()?, fields.next()?.parse().ok()?))
}

impl Workload<'_> {
    fn row(&self, scripts: &BTreeMap<(&str, &str), f64>) -> Vec<String> {
        let ours = self.took.get(OURS).copied();
        let floor = self.took.get(FLOOR).copied();
        // Scripts make values in any case, so all variants are compared with the same.
        let (base, _) = self.name.split_once(',').unwrap_or((self.name, ""));
        let script = |who| scripts.get(&(base, who)).copied();
        let peer = self
            .took
            .iter()
            .filter(|(name, _)| ![OURS, FLOOR].contains(name))
            .min_by(|a, b| a.1.total_cmp(b.1));
        let ratio =
            |theirs: Option<f64>| cell(theirs.zip(ours).map(|(theirs, ours)| theirs / ours));
        vec![
            self.name.to_owned(),
            format!("{}", self.bytes),
            cell(ours),
            cell(ours.map(|ours| self.bytes / ours * 1000.0)),
            cell(script(STRINGS)),
            ratio(script(STRINGS)),
            cell(script(BYTES)),
            ratio(script(BYTES)),
            peer.map_or(String::new(), |(name, _)| (*name).to_owned()),
            cell(peer.map(|(_, &took)| took)),
            ratio(peer.map(|(_, &took)| took)),
            cell(floor),
            ratio(floor),
        ]
    }
}

/// Two or three digits that say something.
fn cell(number: Option<f64>) -> String {
    match number {
        None => String::new(),
        Some(number) if number < 1.0 => format!("{number:.2}"),
        Some(number) if number < 30.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.0}"),
    }
}

/// A table as Markdown has them, that is read as it is too.
fn aligned(head: &[&str], rows: &[Vec<String>]) -> String {
    let rule: Vec<_> = head.iter().map(|_| "-".to_owned()).collect();
    let head: Vec<_> = head.iter().map(|&name| name.to_owned()).collect();
    let lines = [&head, &rule].into_iter().chain(rows);
    let width = |column: usize| {
        let cells = [&head].into_iter().chain(rows);
        let widths = cells.map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    lines
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<_> = cells
                .map(|(column, (cell, &width))| match (cell.as_str(), column) {
                    ("-", _) => "-".repeat(width),
                    (text, NAME | PEER) => format!("{text:width$}"),
                    (number, _) => format!("{number:>width$}"),
                })
                .collect();
            format!("| {} |", cells.join(" | "))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

const HEAD: [&str; 13] = [
    "workload", "bytes", "ours", "MB/s", "js", "×", "js+utf8", "×", "peer", "took", "×", "floor",
    "×",
];
const NAME: usize = 0;
const PEER: usize = 8;

/// What the measuring programs call those who are measured.
const OURS: &str = "ours";
const FLOOR: &str = "floor";
const PART: &str = "part";
const STRINGS: &str = "js";
const BYTES: &str = "js and utf-8";

const LEGEND: &str = "\
Nanoseconds, the least of several medians; × says how many times as long as ours.
js: the packages by themselves, from and to strings. js+utf8: from and to bytes, as all others.
peer: the fastest other parser in Rust. floor: decoding, UTF-8 validation and one search over the
same bytes; encoding, one copy of the result.
An event without a comma is validated to the last byte by us; peers in Rust have only read its
header, JavaScript has made values of it. Behind the comma: what the arguments become, or are
made from.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_compared_with_its_variants_and_peers() {
        let rust = "decode a\t10\tours\t5.0\ndecode a\t10\tslow\t20.0\ndecode a\t10\tfast\t10.0\n\
            decode a\t10\tfloor\t1.0\ndecode a\t10\tours\t6.0\ndecode a, typed\t10\tours\t100.0";
        let javascript = "decode a\tjs\t50.0\ndecode a\tjs and utf-8\t60.0";
        let table = table(rust, javascript).unwrap();
        let rows: Vec<Vec<_>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let cells = |row: usize| rows[row][1..14].join(" ");
        assert_eq!(
            cells(2),
            "decode a 10 5.0 2000 50 10.0 60 12.0 fast 10.0 2.0 1.0 0.20"
        );
        assert_eq!(cells(3), "decode a, typed 10 100 100 50 0.50 60 0.60     ");
    }

    #[test]
    fn parts_have_a_table_of_their_own() {
        let rust = "decode a\t10\tours\t5.0\none\t10\tpart\t7.0\none\t10\tpart\t6.0";
        let [table, parts] = [table(rust, ""), parts(rust)].map(Result::unwrap);
        assert!(table.contains("decode a") && !table.contains("one"));
        assert_eq!(parts, "| part | took |\n| ---- | ---- |\n| one  |  6.0 |");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(table("decode", "").is_err());
        assert!(table("", "decode\tjs\tx").is_err());
    }
}
