//! The commands of this repository: `cargo xtask` followed by `bench`, `chat`, `compliance`, `docs`, `mutants`,
//! `simulate` or `test [step…]`.
#![forbid(unsafe_code)]

mod bench;
mod browser;
mod chat;
mod compliance;
mod docs;
mod fuzz;
mod layers;
mod no_std;
mod npm;
mod parity;
mod run;
mod simulate;
mod test;

use std::env;
use std::process::ExitCode;

use run::Failure;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((command, rest)) if command == "bench" && rest.is_empty() => bench::bench(),
        Some((command, rest)) if command == "chat" && rest.is_empty() => chat::chat(),
        Some((command, rest)) if command == "compliance" && rest.is_empty() => compliance::check(),
        Some((command, rest)) if command == "docs" => docs::docs(rest),
        Some((command, rest)) if command == "mutants" => simulate::mutants(rest),
        Some((command, rest)) if command == "simulate" => simulate::simulate(rest),
        Some((command, steps)) if command == "test" => test::test(steps),
        _ => Err(Failure::new(usage())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    format!(
        "say `cargo xtask` and `bench`, `chat`, `compliance`, `docs [--install]`, `mutants`, \
         `simulate [--seeds N] [--from M]` or `test [step…]`; the steps are {}",
        test::names()
    )
}
