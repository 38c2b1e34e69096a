//! `cargo xtask simulate` and `cargo xtask mutants`: machines against each other over a network made of seeds.

use crate::run::{self, Failure, cargo};

/// Schedules of each crate per run of the tests.
const IN_TESTS: &str = "100000";

/// The crates whose machines are played, the lower layer first.
const CRATES: [&str; 2] = ["engineio-proto", "socketio-proto"];

/// Runs as many schedules of each crate as the arguments say, such as `--seeds 1000000 --from 5`.
pub(crate) fn simulate(arguments: &[String]) -> Result<(), Failure> {
    CRATES.iter().try_for_each(|name| {
        let mut command = cargo(&["test", "--quiet", "--release", "-p", name]);
        command.args(["--test", "simulate", "--"]).args(arguments);
        run::run(&mut command)
    })
}

/// The step of `cargo xtask test`.
pub(crate) fn briefly() -> Result<(), Failure> {
    simulate(&["--seeds".to_owned(), IN_TESTS.to_owned()])
}

/// Breaks the machines in every known way; each time the simulation or a test must notice.
pub(crate) fn mutants(arguments: &[String]) -> Result<(), Failure> {
    CRATES.iter().try_for_each(|name| {
        let mut command = cargo(&["test", "--quiet", "-p", name]);
        command.args(["--test", "mutants", "--"]).args(arguments);
        run::run(&mut command)
    })
}
