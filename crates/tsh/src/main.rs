//! `tsh`: logs a person in, and enrols and authenticates the device they are on.

mod browser;
mod cli;
mod commands;
mod dialog;
mod failure;
mod input;
mod output;
mod status_view;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    // The zone of this machine can be told only while no other thread runs.
    let offset = gatehouse_client::present::local_offset(gatehouse_client::now());
    output::finish(commands::run(cli, offset))
}
