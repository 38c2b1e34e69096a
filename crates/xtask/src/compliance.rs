//! `cargo xtask compliance`: every rule of the protocol documents has its code, its citation there and its test.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{self, Failure};

/// A protocol document, as comments cite it: `[tag § section]`.
struct Document {
    tag: &'static str,
    /// Its headings. One that occurs twice is told apart by the heading above it.
    sections: &'static [&'static str],
}

const DOCUMENTS: [Document; 2] = [
    Document {
        tag: "eio4",
        sections: &[
            "Transports",
            "HTTP long-polling",
            "Request path",
            "Query parameters",
            "Headers",
            "Sending and receiving data",
            "Sending data",
            "Receiving data",
            "WebSocket",
            "Protocol",
            "Handshake",
            "Heartbeat",
            "Upgrade",
            "Message",
            "Packet encoding",
            "Packet encoding, HTTP long-polling",
            "Packet encoding, WebSocket",
            "From v2 to v3",
            "From v3 to v4",
        ],
    },
    Document {
        tag: "sio5",
        sections: &[
            "Exchange protocol",
            "Connection to a namespace",
            "Sending and receiving data",
            "Acknowledgement",
            "Disconnection from a namespace",
            "Packet encoding",
            "Format",
            "Examples",
            "Sample session",
            "Difference between v5 and v4",
            "Difference between v4 and v3",
        ],
    },
];

/// Who has to keep a rule.
const SIDES: [&str; 3] = ["server", "client", "both"];

const TABLE: &str = "docs/compliance.md";

/// One rule of a document.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    id: &'a str,
    section: &'a str,
    side: &'a str,
    code: Vec<Place<'a>>,
    tests: Vec<Place<'a>>,
}

/// Something with a name, in a file of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) item: &'a str,
}

pub(crate) fn check() -> Result<(), Failure> {
    let table = read(&run::root().join(TABLE))?;
    let rows = rows(&table, row).map_err(Failure::new)?;
    let mut problems = wrong_ids(&rows);
    for row in &rows {
        check_row(row, &mut problems)?;
    }
    check_citations(&mut problems)?;
    let praise = format!("{} rules are kept, cited and tested", rows.len());
    judge(TABLE, &problems, &praise)
}

/// Prints what is wrong with a table, or that nothing is.
pub(crate) fn judge(table: &str, problems: &[String], praise: &str) -> Result<(), Failure> {
    if problems.is_empty() {
        println!("{praise}");
        return Ok(());
    }
    for problem in problems {
        println!("{problem}");
    }
    Err(Failure::new(format!(
        "{} places disagree with {table}",
        problems.len()
    )))
}

/// The rows of all tables in a text, heads left out.
pub(crate) fn rows<'a, R>(
    text: &'a str,
    row: fn(&'a str) -> Result<R, String>,
) -> Result<Vec<R>, String> {
    text.lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .filter(|cells| !is_head(cells))
        .map(row)
        .collect()
}

/// The names of the columns, or the line below them.
fn is_head(cells: &str) -> bool {
    let first = cells.split('|').next().unwrap_or_default().trim();
    first == "id" || first.starts_with("--")
}

fn row(cells: &str) -> Result<Row<'_>, String> {
    let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
    match cells[..] {
        [id, section, rule, side, code, tests] if !rule.is_empty() => Ok(Row {
            id,
            section,
            side,
            code: places(id, code)?,
            tests: places(id, tests)?,
        }),
        _ => Err(format!("not six full cells: {}", cells.join(" | "))),
    }
}

/// A file and a name in it in backticks; several are separated by `<br>`.
pub(crate) fn places<'a>(id: &str, cell: &'a str) -> Result<Vec<Place<'a>>, String> {
    let place = |text: &'a str| {
        let (file, item) = text.trim().strip_suffix('`')?.split_once(" `")?;
        Some(Place { file, item })
    };
    cell.split("<br>")
        .map(|text| place(text).ok_or_else(|| format!("{id}: not a file and a name: `{text}`")))
        .collect()
}

/// Ids count from 1 in each document.
fn wrong_ids(rows: &[Row<'_>]) -> Vec<String> {
    let mut counts = DOCUMENTS.map(|document| (document.tag, 0));
    let mut wrong = Vec::new();
    for row in rows {
        let expected = counts
            .iter_mut()
            .find(|(tag, _)| row.id.split('-').next() == Some(tag))
            .map(|(tag, count)| {
                *count += 1;
                format!("{tag}-{count:02}")
            });
        if expected.as_deref() != Some(row.id) {
            let expected = expected.as_deref().unwrap_or("the id of a document");
            wrong.push(format!("{}: {expected} comes next", row.id));
        }
    }
    wrong
}

fn check_row(row: &Row<'_>, problems: &mut Vec<String>) -> Result<(), Failure> {
    let mut complain = |what: String| problems.push(format!("{}: {what}", row.id));
    let tag = row.id.split('-').next().unwrap_or_default();
    if !is_section(tag, row.section) {
        complain(format!("there is no section `{}`", row.section));
    }
    if !SIDES.contains(&row.side) {
        complain(format!("`{}` is no side", row.side));
    }
    for Place { file, item } in &row.code {
        let text = read(&run::root().join(file))?;
        if !declares(&text, item) {
            complain(format!("{file} does not declare `{item}`"));
        }
        if !citations(&comments(&text)).any(|cited| cited == (tag, row.section)) {
            complain(format!("{file} does not cite [{tag} § {}]", row.section));
        }
    }
    for Place { file, item } in &row.tests {
        if !read(&run::root().join(file))?.contains(&format!("fn {item}(")) {
            complain(format!("{file} has no test `{item}`"));
        }
    }
    Ok(())
}

/// Every citation names a section that exists, whether or not a rule is kept there.
fn check_citations(problems: &mut Vec<String>) -> Result<(), Failure> {
    for file in sources(&run::root().join("crates"))? {
        let comments = comments(&read(&file)?);
        let shown = file.strip_prefix(run::root()).unwrap_or(&file).display();
        for (tag, section) in citations(&comments).filter(|(tag, name)| !is_section(tag, name)) {
            problems.push(format!("{shown}: there is no section [{tag} § {section}]"));
        }
    }
    Ok(())
}

fn is_section(tag: &str, name: &str) -> bool {
    DOCUMENTS
        .iter()
        .any(|document| document.tag == tag && document.sections.contains(&name))
}

/// Whether a file has a definition of this name.
fn declares(text: &str, item: &str) -> bool {
    ["fn", "struct", "enum", "trait", "type", "const"]
        .iter()
        .any(|keyword| {
            let definition = format!("{keyword} {item}");
            text.match_indices(&definition).any(|(at, _)| {
                let behind = text[at + definition.len()..].chars().next();
                behind.is_none_or(|next| !next.is_alphanumeric() && next != '_')
            })
        })
}

/// The comments of a file. One that goes on in the next line is one line here.
fn comments(text: &str) -> String {
    text.lines()
        .flat_map(|line| match line.split_once("//") {
            Some((_, comment)) => [comment.trim_start_matches(['/', '!']).trim(), " "],
            None => ["", "\n"],
        })
        .collect()
}

/// What comments cite of our documents: tags and sections. `[one; another]` are two.
fn citations(comments: &str) -> impl Iterator<Item = (&str, &str)> {
    comments
        .split('[')
        .filter_map(|text| Some(text.split_once(']')?.0))
        .flat_map(|cited| cited.split("; "))
        .filter_map(|cited| cited.split_once(" § "))
        .filter(|(tag, _)| DOCUMENTS.iter().any(|document| document.tag == *tag))
}

/// The Rust files of a folder and of those below it.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "node_modules" {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# Words\n\n| id | section |\n|---|---|\n";

    #[test]
    fn a_row_is_six_cells() {
        let table = format!(
            "{HEAD}| eio4-01 | Upgrade | Be kind. | both | a.rs `b`<br>c.rs `d` | e.rs `f` |\n"
        );
        let place = |file, item| Place { file, item };
        let row = Row {
            id: "eio4-01",
            section: "Upgrade",
            side: "both",
            code: vec![place("a.rs", "b"), place("c.rs", "d")],
            tests: vec![place("e.rs", "f")],
        };
        assert_eq!(rows(&table, super::row), Ok(vec![row]));
    }

    #[test]
    fn an_empty_cell_is_noticed() {
        for cells in [
            "eio4-01 | Upgrade | Be kind. | both | a.rs `b` ",
            "eio4-01 | Upgrade | Be kind. | both | a.rs `b` | ",
            "eio4-01 | Upgrade | | both | a.rs `b` | e.rs `f`",
            "eio4-01 | Upgrade | Be kind. | both | a.rs | e.rs `f`",
        ] {
            assert!(rows(&format!("| {cells} |"), row).is_err(), "{cells}");
        }
    }

    #[test]
    fn ids_count_from_one_in_each_document() {
        let wrong = |ids: &[&str]| {
            let row = |id: &&str| format!("| {id} | s | r | both | a `b` | c `d` |\n");
            let table: String = ids.iter().map(row).collect();
            wrong_ids(&rows(&table, super::row).unwrap())
        };
        assert_eq!(wrong(&["eio4-01", "sio5-01", "eio4-02"]), [""; 0]);
        assert_eq!(
            wrong(&["eio4-01", "eio4-01"]),
            ["eio4-01: eio4-02 comes next"]
        );
        assert_eq!(wrong(&["sio5-02"]), ["sio5-02: sio5-01 comes next"]);
        assert_eq!(wrong(&["x-1"]), ["x-1: the id of a document comes next"]);
    }

    #[test]
    fn a_citation_may_go_on_in_the_next_line() {
        let text = "/// Waits. [eio4 §\n/// Upgrade]\nlet a = b[0]; // [sio5 § Format; js x 1]: so";
        let cited: Vec<_> = citations(&comments(text))
            .map(|(tag, section)| format!("{tag} {section}"))
            .collect();
        assert_eq!(cited, ["eio4 Upgrade", "sio5 Format"]);
    }

    #[test]
    fn a_declaration_ends_with_its_name() {
        let text = "pub(super) fn on_poll(&mut self) {}\nconst LIMIT: u8 = 1;";
        assert!(declares(text, "on_poll") && declares(text, "LIMIT"));
        assert!(!declares(text, "on_po") && !declares(text, "u8"));
    }
}
