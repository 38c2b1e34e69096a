//! Breaks a copy of a crate on purpose, one rule at a time, and sees what notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// The crate that is broken.
pub(crate) struct Subject {
    pub(crate) package: &'static str,
    /// Our crates that it depends on.
    pub(crate) below: &'static [&'static str],
    /// How many schedules a mutant may survive, unless `--seeds` says otherwise.
    pub(crate) seeds: u32,
}

/// One rule, broken.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) edits: &'static [Edit],
}

/// In a file of `src`, words that occur once, and what stands there instead.
pub(crate) struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

pub(crate) const fn edit(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file, from, to }
}

/// Tries the mutants that `--only` picks; fails if one survives.
pub(crate) fn run(subject: &Subject, mutants: &[Mutant]) -> ExitCode {
    let only = argument("--only").unwrap_or_default();
    let seeds = argument("--seeds").unwrap_or_else(|| subject.seeds.to_string());
    let copy = Copy::make(subject);
    let mut survivors = 0;
    for mutant in mutants.iter().filter(|mutant| mutant.name.contains(&only)) {
        copy.apply(mutant);
        let (caught, seconds) = copy.simulate(&seeds);
        let verdict = caught.or_else(|| copy.test());
        survivors += usize::from(verdict.is_none());
        let verdict = verdict.unwrap_or_else(|| "SURVIVES".to_owned());
        println!("{:<58} {seconds:>6.2} s  {verdict}", mutant.name);
        copy.restore(mutant);
    }
    match survivors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The crate and those below it, outside their workspace, so that breaking them breaks nothing.
struct Copy<'a> {
    subject: &'a Subject,
    root: PathBuf,
    sources: PathBuf,
}

impl<'a> Copy<'a> {
    fn make(subject: &'a Subject) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.join("../..");
        let root =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutants-{}", subject.package));
        for name in subject.below.iter().chain([&subject.package]) {
            let from = workspace.join("crates").join(name);
            copy_folder(&from, &root.join("crates").join(name));
        }
        let manifest = fs::read_to_string(workspace.join("Cargo.toml")).expect("the workspace");
        let manifest = manifest.replace("\"benches\", ", "");
        write(&root.join("Cargo.toml"), &manifest);
        let lock = fs::read_to_string(workspace.join("Cargo.lock")).expect("the lock file");
        write(&root.join("Cargo.lock"), &lock);
        Self {
            subject,
            root,
            sources: here.join("src"),
        }
    }

    fn apply(&self, mutant: &Mutant) {
        for edit in mutant.edits {
            let file = self.file(edit);
            let source = fs::read_to_string(&file).expect("a file of the copy");
            let count = source.matches(edit.from).count();
            assert_eq!(
                count, 1,
                "{}: {:?} in {}",
                mutant.name, edit.from, edit.file
            );
            write(&file, source.replace(edit.from, edit.to));
        }
    }

    fn restore(&self, mutant: &Mutant) {
        for edit in mutant.edits {
            let source = fs::read_to_string(self.sources.join(edit.file)).expect("a source");
            write(&self.file(edit), &source);
        }
    }

    fn file(&self, edit: &Edit) -> PathBuf {
        let folder = self.root.join("crates").join(self.subject.package);
        folder.join("src").join(edit.file)
    }

    /// The seed and the law that caught the mutant, and how long that took.
    fn simulate(&self, seeds: &str) -> (Option<String>, f64) {
        let built = self.cargo(&["--test", "simulate", "--no-run"]);
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{errors}");
        #[allow(clippy::disallowed_methods, reason = "how long a mutant lives is real")]
        let start = Instant::now();
        let run = self.cargo(&["--test", "simulate", "--", "--seeds", seeds]);
        let seconds = start.elapsed().as_secs_f64();
        if run.status.success() {
            return (None, seconds);
        }
        let report = String::from_utf8_lossy(&run.stdout);
        let seed = report.lines().find(|line| line.starts_with("seed "));
        let law = report
            .lines()
            .rev()
            .skip_while(|line| !line.starts_with("broken after"))
            .skip(1)
            .find(|line| !line.trim().is_empty() && !line.starts_with(' '));
        let caught = format!("{}: {}", seed.unwrap_or("?"), law.unwrap_or("?"));
        (Some(caught), seconds)
    }

    /// The first of the other tests that catches the mutant.
    fn test(&self) -> Option<String> {
        let run = self.cargo(&["--tests", "--no-fail-fast"]);
        let report = String::from_utf8_lossy(&run.stdout);
        let failed = report.lines().find_map(|line| line.strip_prefix("---- "));
        let name = failed?.trim_end_matches(" stdout ----");
        Some(format!("test {name}"))
    }

    fn cargo(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(env!("CARGO"))
            .args([
                "test",
                "--release",
                "--quiet",
                "--offline",
                "-p",
                self.subject.package,
            ])
            .args(arguments)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."),
            )
            .current_dir(&self.root)
            .output()
            .expect("cargo runs")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a kind").is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => {
                let content = fs::read(entry.path()).expect("a file");
                write(&target, &content);
            }
        }
    }
}

/// Writes only what differs, so that little is built again.
fn write(path: &Path, content: impl AsRef<[u8]>) {
    if fs::read(path).is_ok_and(|old| old == content.as_ref()) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, content).expect("a file");
}

fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}
