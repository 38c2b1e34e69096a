//! Breaks a copy of a crate on purpose, one rule at a time, and sees what notices.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

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

/// Tries the mutants that `--only` picks; fails if one survives. One that makes a test run longer
/// than `--limit` seconds is caught, too: the test hangs.
pub(crate) fn run(subject: &Subject, mutants: &[Mutant]) -> ExitCode {
    let only = argument("--only").unwrap_or_default();
    let seeds = argument("--seeds").unwrap_or_else(|| subject.seeds.to_string());
    let limit = argument("--limit").map_or(LIMIT, |limit| limit.parse().expect("a number"));
    let copy = Copy::make(subject, Duration::from_secs(limit));
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
    /// How long one run of one test file may take.
    limit: Duration,
}

impl<'a> Copy<'a> {
    fn make(subject: &'a Subject, limit: Duration) -> Self {
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
            limit,
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
        self.folder().join("src").join(edit.file)
    }

    /// Of the crate, in the copy.
    fn folder(&self) -> PathBuf {
        self.root.join("crates").join(self.subject.package)
    }

    /// The seed and the law that caught the mutant, and how long that took.
    fn simulate(&self, seeds: &str) -> (Option<String>, f64) {
        let programs = self.build(&["--test", "simulate"]);
        let (name, program) = programs.first().expect("there is a simulation");
        let (end, seconds) = self.run(program, &["--seeds", seeds]);
        let caught = match end {
            End::Passed => None,
            End::Failed(report) => Some(verdict(&report)),
            End::Hung => Some(format!("`{name}` hangs")),
        };
        (caught, seconds)
    }

    /// The first of the other tests that catches the mutant.
    fn test(&self) -> Option<String> {
        let programs = self.build(&["--tests"]).into_iter();
        programs
            .filter_map(|(name, program)| match self.run(&program, &[]).0 {
                End::Passed => None,
                End::Failed(report) => {
                    let failed = report.lines().find_map(|line| line.strip_prefix("---- "));
                    let test = failed.unwrap_or("?").trim_end_matches(" stdout ----");
                    Some(format!("{name}: {test}"))
                }
                End::Hung => Some(format!("`{name}` hangs")),
            })
            .next()
    }

    /// Builds test files: their names and programs.
    fn build(&self, which: &[&str]) -> Vec<(String, PathBuf)> {
        let built = Command::new(env!("CARGO"))
            .args(["test", "--release", "--quiet", "--offline", "--no-run"])
            .args([
                "--message-format",
                "json-render-diagnostics",
                "-p",
                self.subject.package,
            ])
            .args(which)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."),
            )
            // Each mutant is built, and most live for a moment: building has to be fast.
            .envs([
                ("CARGO_INCREMENTAL", "1"),
                ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            ])
            .current_dir(&self.root)
            .output()
            .expect("cargo runs");
        let errors = String::from_utf8_lossy(&built.stderr);
        let report = String::from_utf8_lossy(&built.stdout);
        assert!(built.status.success(), "{errors}");
        let messages = report.lines().map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("a message of cargo")
        });
        let programs = messages.filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, message["executable"].as_str()?.into()))
        });
        programs.collect()
    }

    /// Runs a program until its end or its limit. What it printed, and how long it took.
    fn run(&self, program: &Path, arguments: &[&str]) -> (End, f64) {
        let printed = self.root.join("printed.txt");
        let output = File::create(&printed).expect("a file");
        #[allow(clippy::disallowed_methods, reason = "how long a mutant lives is real")]
        let start = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .expect("it was just built");
        loop {
            let seconds = start.elapsed();
            if let Some(status) = child.try_wait().expect("a child") {
                let report = fs::read(&printed).expect("what it printed");
                let report = String::from_utf8_lossy(&report).into_owned();
                let end = match status.success() {
                    true => End::Passed,
                    false => End::Failed(report),
                };
                return (end, seconds.as_secs_f64());
            }
            if seconds > self.limit {
                child.kill().expect("a child");
                child.wait().expect("a child");
                return (End::Hung, seconds.as_secs_f64());
            }
            #[expect(clippy::disallowed_methods, reason = "no machine waits here")]
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How a program ended, with what it printed.
enum End {
    Passed,
    Failed(String),
    /// Not within its limit.
    Hung,
}

/// Seconds that a test file may take, unless `--limit` says otherwise.
const LIMIT: u64 = 120;

/// How the words of a comparison that fails begin.
const COMPARISON: &str = "assertion `left == right` failed: ";

/// The seed that broke a law, and the law.
fn verdict(report: &str) -> String {
    let seed = report.lines().find(|line| line.starts_with("seed "));
    let law = report
        .lines()
        .rev()
        .skip_while(|line| !line.starts_with("broken after"))
        .skip(1)
        .find(|line| !line.trim().is_empty() && !line.starts_with(' '));
    let law = law.unwrap_or("?").trim_start_matches(COMPARISON);
    format!("{}: {law}", seed.unwrap_or("?"))
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
