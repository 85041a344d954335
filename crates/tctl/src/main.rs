//! `tctl`: administers a Gatehouse: its devices, users, roles, locks and sessions.

mod cli;
mod commands;
mod connect;
mod document;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => output::finish(commands::run(cli)),
        Err(error) => output::usage(&error),
    }
}
