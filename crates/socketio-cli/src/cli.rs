//! The commands.

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::connect::Connect;
use crate::decode::Decode;
use crate::emit::Emit;
use crate::failure::Failure;
use crate::listen::Listen;

/// Socket.IO on the command line.
#[derive(Debug, Parser)]
#[command(name = "sio", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Connect(Box<Connect>),
    Emit(Box<Emit>),
    Listen(Box<Listen>),
    Decode(Decode),
    Bench(Box<Bench>),
}

const EXAMPLES: &str = r#"Examples:
  sio connect :3000                             talk to a server, line by line
  sio emit :3000 add 2 3 --ack                  one event and its answer
  sio listen :3000 --json | jq .args            what a server sends
  echo '42["chat","hi"]' | sio decode --engine  what a frame means
  sio bench :3000 --connections 100 --ack       how fast a server answers

Each command has more of them: sio emit --help."#;

impl Cli {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Bench(bench) => block_on(bench.run()),
            Command::Connect(connect) => block_on(connect.run()),
            Command::Decode(decode) => decode.run(),
            Command::Emit(emit) => block_on(emit.run()),
            Command::Listen(listen) => block_on(listen.run()),
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::failed(format_args!("no runtime: {error}")))?;
    let result = runtime.block_on(work);
    // Nothing is left to be waited for, such as a thread that reads standard input.
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_command_has_examples() {
        for command in Cli::command().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(
                help.contains("Examples:") && help.contains(&format!("sio {name} ")),
                "{help}"
            );
        }
    }
}
