//! `cargo xtask docs`: checks the guide, and makes a book of it with mdBook.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{self, Failure, cargo};

/// Checks the guide, then builds it. `--install` fetches mdBook first where it is missing.
pub(crate) fn docs(arguments: &[String]) -> Result<(), Failure> {
    let install = match arguments {
        [] => false,
        [flag] if flag == "--install" => true,
        _ => {
            return Err(Failure::new(
                "say `cargo xtask docs` or `cargo xtask docs --install`",
            ));
        }
    };
    check()?;
    if run::find("mdbook").is_none() {
        if !install {
            return Err(Failure::new(
                "mdBook is missing, so there is no book: `cargo xtask docs --install` compiles it, which takes minutes",
            ));
        }
        run::run(&mut cargo(&["install", "mdbook", "--locked"]))?;
    }
    run::run(
        std::process::Command::new("mdbook")
            .arg("build")
            .arg(guide()),
    )?;
    println!(
        "{}",
        run::root().join("target/guide/html/index.html").display()
    );
    Ok(())
}

/// Looks for chapters that are missing, unlisted or not compiled, and for links that lead nowhere.
pub(crate) fn check() -> Result<(), Failure> {
    let source = guide().join("src");
    let summary = read(&source.join("SUMMARY.md"))?;
    let listed: Vec<&str> = links(&summary).collect();
    let compiled = read(&run::root().join("crates/guide/src/lib.rs"))?;
    let mut found = Vec::new();
    for chapter in markdown(&source)? {
        let name = file_name(&chapter);
        if name != "SUMMARY.md" && !listed.contains(&name.as_str()) {
            found.push(format!("{name} is not in SUMMARY.md"));
        }
        let text = read(&chapter)?;
        if text.contains("```rust") && !compiled.contains(&format!("\"{name}\"")) {
            found.push(format!(
                "{name} has snippets, and is not in crates/guide/src/lib.rs"
            ));
        }
    }
    let mut pages = markdown(&source)?;
    pages.extend(markdown(&run::root().join("docs"))?);
    pages.push(run::root().join("README.md"));
    for page in pages {
        found.extend(dead_links(&page)?);
    }
    if found.is_empty() {
        return Ok(());
    }
    for line in &found {
        println!("{line}");
    }
    Err(Failure::new(format!("{} faults in the guide", found.len())))
}

fn guide() -> PathBuf {
    run::root().join("docs/guide")
}

/// The links of a page to files that are not there.
fn dead_links(page: &Path) -> Result<Vec<String>, Failure> {
    let folder = page.parent().unwrap_or(page);
    let text = read(page)?;
    let dead = links(&text).filter(|link| {
        let file = link.split('#').next().unwrap_or(link);
        !file.is_empty() && !folder.join(file).exists()
    });
    let page = page.strip_prefix(run::root()).unwrap_or(page).display();
    Ok(dead
        .map(|link| format!("{page}: {link} leads nowhere"))
        .collect())
}

/// The targets of all links that stay in the repository, code left out.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let prose = text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    });
    prose
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split([')', ' ']).next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// The Markdown files directly in a folder.
fn markdown(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_prose_only() {
        let text = "See [a](a.md), [b](../b.md#part) and [the web](https://a.example).\n\
                    ```js\nlist[0](no.md)\n```\n![c](c.png \"a title\")";
        let found: Vec<_> = links(text).collect();
        assert_eq!(found, ["a.md", "../b.md#part", "c.png"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_named() {
        let folder = std::env::temp_dir().join(format!("xtask-docs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let page = folder.join("page.md");
        fs::write(&page, "[here](page.md) [part](#part) [gone](gone.md#part)").unwrap();
        let dead = dead_links(&page).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(dead.len(), 1);
        assert!(dead[0].ends_with("gone.md#part leads nowhere"), "{dead:?}");
    }
}
