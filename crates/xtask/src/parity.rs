//! `cargo xtask test parity`: every feature of the JavaScript packages has its row, and its test or a reason.

use crate::compliance::{Place, judge, places, read, rows};
use crate::run::{self, Failure};

/// The groups of features, and how many each of them has.
const GROUPS: [(&str, usize); 21] = [
    ("SC", 11),
    ("SO", 9),
    ("SN", 16),
    ("SE", 11),
    ("SV", 16),
    ("SD", 8),
    ("SS", 7),
    ("SM", 8),
    ("SJ", 5),
    ("SI", 8),
    ("SK", 7),
    ("BO", 8),
    ("RS", 4),
    ("AD", 3),
    ("SR", 6),
    ("CF", 6),
    ("CO", 11),
    ("CE", 18),
    ("CM", 8),
    ("CS", 15),
    ("V2", 13),
];

const TABLE: &str = "docs/parity.md";

/// What a cell begins with that has a reason in place of tests.
const REASON: &str = "Why not: ";

/// One feature.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    id: &'a str,
    proof: Proof<'a>,
}

/// How a row is kept.
#[derive(Debug, PartialEq, Eq)]
enum Proof<'a> {
    Tests(Vec<Place<'a>>),
    Reason(&'a str),
}

pub(crate) fn check() -> Result<(), Failure> {
    let table = read(&run::root().join(TABLE))?;
    let rows = rows(&table, row).map_err(Failure::new)?;
    let mut problems = wrong_ids(&rows);
    let mut reasons = 0;
    for row in &rows {
        match &row.proof {
            Proof::Reason(_) => reasons += 1,
            Proof::Tests(tests) => {
                for Place { file, item } in tests {
                    if !has_test(&read(&run::root().join(file))?, item) {
                        problems.push(format!("{}: {file} has no test `{item}`", row.id));
                    }
                }
            }
        }
    }
    let tested = rows.len() - reasons;
    let praise = format!("{tested} features are tested, {reasons} have a reason to be missing");
    judge(TABLE, &problems, &praise)
}

fn row(cells: &str) -> Result<Row<'_>, String> {
    let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
    match cells[..] {
        [id, known, here, proof] if !known.is_empty() && !here.is_empty() => Ok(Row {
            id,
            proof: match proof.strip_prefix(REASON) {
                Some(reason) => Proof::Reason(reason),
                None => Proof::Tests(places(id, proof)?),
            },
        }),
        _ => Err(format!("not four full cells: {}", cells.join(" | "))),
    }
}

/// Each feature has one row, in the order of the groups.
fn wrong_ids(rows: &[Row<'_>]) -> Vec<String> {
    let mut expected = GROUPS
        .iter()
        .flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number:02}")));
    let mut wrong: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let expected = expected.next().unwrap_or_else(|| "nothing".to_owned());
            (row.id != expected).then(|| format!("{}: {expected} comes next", row.id))
        })
        .collect();
    wrong.extend(expected.map(|missing| format!("{missing} has no row")));
    wrong
}

/// Whether a file has a test of this name: a function, or one that a macro makes of `case: name,`.
fn has_test(text: &str, item: &str) -> bool {
    text.contains(&format!("fn {item}(")) || text.contains(&format!(": {item},"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[String]) -> Vec<String> {
        let row = |id| Row {
            id,
            proof: Proof::Reason(""),
        };
        let rows: Vec<_> = ids.iter().map(|id| row(id.as_str())).collect();
        wrong_ids(&rows)
    }

    fn all() -> Vec<String> {
        let numbers = |&(group, count): &(&str, usize)| {
            let ids = (1..=count).map(move |number| format!("{group}{number:02}"));
            ids.collect::<Vec<_>>()
        };
        GROUPS.iter().flat_map(numbers).collect()
    }

    #[test]
    fn a_row_has_tests_or_a_reason() {
        let table = "# Words\n\n| id | known |\n|---|---|\n\
                     | SC01 | A thing. | `Thing` | a.rs `b`<br>c.rs `d` |\n\
                     | SC02 | Another. | No. | Why not: nobody asks for it. |\n";
        let place = |file, item| Place { file, item };
        let tested = Row {
            id: "SC01",
            proof: Proof::Tests(vec![place("a.rs", "b"), place("c.rs", "d")]),
        };
        let missing = Row {
            id: "SC02",
            proof: Proof::Reason("nobody asks for it."),
        };
        assert_eq!(rows(table, row), Ok(vec![tested, missing]));
        for cells in [
            "SC01 | A | B | ",
            "SC01 | | B | a `b`",
            "SC01 | A | B | it works",
        ] {
            assert!(rows(&format!("| {cells} |"), row).is_err(), "{cells}");
        }
    }

    #[test]
    fn every_feature_has_one_row_in_its_place() {
        let complete = all();
        assert_eq!(complete.len(), 198);
        assert_eq!(ids(&complete), [""; 0]);
        assert_eq!(ids(&complete[..197]), ["V213 has no row"]);
        let mut twice = complete.clone();
        twice.insert(3, "SC03".to_owned());
        assert_eq!(ids(&twice)[0], "SC03: SC04 comes next");
    }

    #[test]
    fn a_test_is_a_function_or_the_claim_of_a_case() {
        let text = "async fn one() {}\ncases! { two at x::y: three, }";
        assert!(has_test(text, "one") && has_test(text, "three"));
        assert!(!has_test(text, "two") && !has_test(text, "on"));
    }
}
