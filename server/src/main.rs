//! The server's binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;

/// Ceremonies are many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatehouse_server::run(gatehouse_server::cli::Cli::parse())
}
