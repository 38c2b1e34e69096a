//! `sio`: Socket.IO on the command line.
#![forbid(unsafe_code)]

mod address;
mod args;
mod bench;
mod caret;
mod cli;
mod connect;
mod decode;
mod emit;
mod failure;
mod happening;
mod listen;
mod options;
mod output;
mod peer;
mod units;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
