//! The server's binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use gatehouse_server::cli::Cli;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => gatehouse_server::run(cli),
        Err(error) => gatehouse_server::output::usage(&error),
    }
}
