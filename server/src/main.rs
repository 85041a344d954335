//! The server's binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    gatehouse_server::run(gatehouse_server::cli::Cli::parse())
}
