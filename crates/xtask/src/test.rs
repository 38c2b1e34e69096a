//! `cargo xtask test`: everything that must hold before a change is taken, step by step.

use std::time::Instant;

use crate::run::{self, Failure, cargo};
use crate::{browser, chat, compliance, fuzz, layers, no_std, npm, parity, simulate};

struct Step {
    name: &'static str,
    run: fn() -> Result<(), Failure>,
}

/// Cheap steps first, so that a small mistake shows soon.
const STEPS: [Step; 12] = [
    Step {
        name: "format",
        run: format,
    },
    Step {
        name: "layers",
        run: layers::check,
    },
    Step {
        name: "compliance",
        run: compliance::check,
    },
    Step {
        name: "parity",
        run: parity::check,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "features",
        run: features,
    },
    Step {
        name: "no-std",
        run: no_std::check,
    },
    Step {
        name: "docs",
        run: docs,
    },
    Step {
        name: "tests",
        run: tests,
    },
    Step {
        name: "simulate",
        run: simulate::briefly,
    },
    Step {
        name: "interop",
        run: interop,
    },
    Step {
        name: "fuzz",
        run: fuzz::smoke,
    },
];

/// Runs the named steps, or all of them; stops at the first that fails.
pub(crate) fn test(chosen: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = chosen
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        return Err(Failure::new(format!(
            "there is no step `{unknown}`; the steps are {}",
            names()
        )));
    }
    let mut durations = Vec::new();
    for step in STEPS
        .iter()
        .filter(|step| chosen.is_empty() || chosen.iter().any(|name| name == step.name))
    {
        println!("── {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)();
        durations.push(format!("{} {:.0?}", step.name, start.elapsed()));
        if let Err(failure) = outcome {
            return Err(Failure::new(format!(
                "step `{}` failed: {failure}",
                step.name
            )));
        }
    }
    println!("── all passed: {}", durations.join(", "));
    Ok(())
}

/// The names of all steps, for messages.
pub(crate) fn names() -> String {
    STEPS.map(|step| step.name).join(", ")
}

fn format() -> Result<(), Failure> {
    run::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run::run(&mut cargo(&[
        "fmt",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--check",
    ]))
}

fn clippy() -> Result<(), Failure> {
    run::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    // Not tests by themselves, so the command above leaves them out.
    run::run(&mut cargo(&[
        "clippy",
        "--package",
        "engineio-proto",
        "--package",
        "socketio-proto",
        "--test",
        "simulate",
        "--test",
        "mutants",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Crates that are used in parts, each with the features that must do without the others.
const PARTS: [(&str, &[&str]); 3] = [
    ("engineio-tokio", &["server", "client"]),
    ("socketio-tokio", &["server", "client"]),
    ("socketio", &["server", "client"]),
];

/// A feature alone builds, and without a warning: what only another one needs is not there.
fn features() -> Result<(), Failure> {
    for (package, parts) in PARTS {
        for part in parts {
            run::run(&mut cargo(&[
                "clippy",
                "--package",
                package,
                "--no-default-features",
                "--features",
                part,
                "--",
                "-D",
                "warnings",
            ]))?;
        }
    }
    Ok(())
}

fn docs() -> Result<(), Failure> {
    crate::docs::check()?;
    run::run(
        cargo(&[
            "doc",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--exclude",
            "xtask",
            "--exclude",
            "interop",
            "--exclude",
            "guide",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Unit, integration and documentation tests of everything that needs neither Node.js nor a browser.
fn tests() -> Result<(), Failure> {
    run::run(&mut cargo(&[
        "test",
        "--workspace",
        "--all-features",
        "--exclude",
        "interop",
    ]))
}

/// The tests against the JavaScript packages and a browser, and the points of the public protocol suites.
fn interop() -> Result<(), Failure> {
    npm::install(&run::root().join("crates/interop/js"))?;
    npm::install(&chat::folder())?;
    let chromium = browser::chromium()?;
    // Selecting by test name instead of by package keeps the features, hence the build, of the step `tests`.
    let mut command = cargo(&["test", "--workspace", "--all-features"]);
    command.args([
        "--test",
        "conformance_*",
        "--test",
        "javascript_*",
        "--test",
        "rust_client*",
        "--test",
        "compression",
        "--test",
        "browser",
    ]);
    run::run(command.env("CHROMIUM", chromium))
}
