//! `cargo xtask`: sets up, builds, runs, shows and tests Gatehouse, with nothing but cargo.
#![forbid(unsafe_code)]

mod bench;
mod browser;
mod demo;
mod hygiene;
mod known_cas;
mod layering;
mod output;
mod package;
mod packages;
mod process;
mod run;
mod setup;
mod tally;
mod test;
mod toolchain;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs and tests Gatehouse.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing on this machine, saying what and why first
    Setup(setup::Args),
    /// Build everything and start the server on https://localhost:3080
    Run(run::Args),
    /// Walk through the guide with a software TPM and the real programs
    Demo(demo::Args),
    /// Prove the project: formatting, lints, layering, tests, the browser and the demo
    Test(test::Args),
    /// Measure the release server under load, beside its floor and, if asked, beside a peer
    Bench(bench::Args),
    /// Make the .deb and the .rpm
    Package(package::Args),
    /// Build the browser's half of the console
    Wasm(wasm::Args),
    /// Make the list of known TPM makers' CAs anew from real data
    KnownCas(known_cas::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Setup(args) => setup::command(&args),
        Command::Run(args) => run::command(&args),
        Command::Demo(args) => demo::command(&args),
        Command::Test(args) => test::command(&args),
        Command::Bench(args) => bench::command(&args),
        Command::Package(args) => package::command(&args),
        Command::Wasm(args) => wasm::command(&args),
        Command::KnownCas(args) => known_cas::command(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
