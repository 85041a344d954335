//! The guide "Manage Trusted Devices", walked with the real programs and a software TPM.
#![forbid(unsafe_code)]

mod answers;
mod browser;
mod interrupts;
mod output;
mod running;
mod stage;
mod step;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use interrupts::Interrupts;
use stage::Stage;

/// Walks through the guide with a software TPM and the real programs.
#[derive(Debug, Parser)]
struct Cli {
    /// Folder of the built programs
    #[arg(long)]
    programs: PathBuf,
    /// Where server and client keep their data; emptied first
    #[arg(long)]
    folder: PathBuf,
    /// End after the last step instead of leaving server and TPM running
    #[arg(long)]
    exit: bool,
}

fn main() -> ExitCode {
    match demo(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn demo(cli: &Cli) -> Result<()> {
    let mut stage = Stage::set(&cli.programs, &cli.folder, Interrupts::watch()?)?;
    let walked = walk::walk(&stage);
    if walked.is_err() {
        output::explain("The server's log:");
        output::plain(stage.server_log());
    } else if !cli.exit {
        stage.show_links();
        stage.interrupts.wait();
    }
    let stopped = stage.strike();
    walked.and(stopped)
}
