//! Load client and floor of `cargo xtask bench`: drives a real release server over TLS on loopback with software TPMs
//! in this process, and measures what the server spends on each ceremony.
#![forbid(unsafe_code)]

mod accounts;
mod admin;
mod bench;
mod cpu_clock;
mod device;
mod ek_chain;
mod figures;
mod floor;
mod inventory;
mod load;
mod output;
mod programs;
mod report;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Measures Gatehouse; `cargo xtask bench` builds and calls this.
#[derive(Debug, Parser)]
#[command(name = "gatehouse-bench", max_term_width = 110)]
pub(crate) struct Args {
    /// Folder of the release programs gatehouse, tctl and tsh
    #[arg(long)]
    programs: PathBuf,
    /// Folder for the data, on a disk; it is emptied first
    #[arg(long)]
    folder: PathBuf,
    /// Software TPMs of each kind; each enrols as a Linux and as a Windows device
    #[arg(long, default_value_t = 100)]
    tpms: usize,
    /// How often each TPM enrols in a measurement; the devices are removed in between
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Devices of the inventory that `tctl devices ls` is timed with
    #[arg(long, default_value_t = 10_000)]
    inventory: usize,
    /// Repeat the ceremonies for so many seconds, for a profiler, and measure nothing else
    #[arg(long, value_name = "SECONDS")]
    profile: Option<u64>,
    /// Clients that the profiler sees
    #[arg(long, default_value_t = 8, requires = "profile")]
    clients: usize,
    /// Measure only this
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Numbers of devices that the inventory's query is measured with
    #[arg(long, value_delimiter = ',', default_value = "100000,1000000")]
    sizes: Vec<usize>,
    /// Databases that the inventory's query is measured on; pages are asked of a server on SQLite
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres")]
    engines: Vec<Engine>,
    /// Write the figures here as JSON
    #[arg(long)]
    report: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Start-up, memory, command lines and ceremonies
    Ceremonies,
    /// The inventory's query and page with many devices, on both engines
    Inventory,
    /// Chains of EK certificates, beside their signature checks alone
    EkChains,
}

fn main() -> ExitCode {
    match bench::run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
