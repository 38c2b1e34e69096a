//! `cargo xtask simulate` and `cargo xtask mutants`: machines against each other over a network made of seeds.

use crate::run::{self, Failure, cargo};

/// Schedules per run of the tests.
const IN_TESTS: &str = "100000";

/// Runs as many schedules as the arguments say, such as `--seeds 1000000 --from 5`.
pub(crate) fn simulate(arguments: &[String]) -> Result<(), Failure> {
    let mut command = cargo(&["test", "--quiet", "--release", "-p", "engineio-proto"]);
    command.args(["--test", "simulate", "--"]).args(arguments);
    run::run(&mut command)
}

/// The step of `cargo xtask test`.
pub(crate) fn briefly() -> Result<(), Failure> {
    simulate(&["--seeds".to_owned(), IN_TESTS.to_owned()])
}

/// Breaks the machines in every known way; each time the simulation or a test must notice.
pub(crate) fn mutants(arguments: &[String]) -> Result<(), Failure> {
    let mut command = cargo(&["test", "--quiet", "-p", "engineio-proto"]);
    command.args(["--test", "mutants", "--"]).args(arguments);
    run::run(&mut command)
}
