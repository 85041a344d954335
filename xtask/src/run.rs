//! `cargo xtask run`: from a fresh clone to a running server.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::output::say;
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;
use crate::{process, wasm};

/// The packages of the programs that a person runs.
const PROGRAMS: [&str; 3] = ["gatehouse-server", "gatehouse-tctl", "gatehouse-tsh"];

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask run -- --listen 0.0.0.0:3080")]
pub(crate) struct Args {
    /// Passed on to `gatehouse start`
    #[arg(last = true)]
    server: Vec<String>,
}

pub(crate) fn command(args: &Args) -> Result<()> {
    setup::ensure(Purpose::Run)?;
    let workspace = Workspace::find()?;
    wasm::build(&workspace)?;
    build_programs(&workspace)?;

    let mut server = Command::new(workspace.program("gatehouse"));
    server.arg("start").arg("--data-dir").arg(workspace.target().join("run/data")).args(&args.server);
    server.env("GATEHOUSE_SITE", workspace.site());
    say(format!("$ {}", process::shown(&server)));
    // The server takes this process's place, so that Ctrl-C reaches it alone and its exit code is the command's.
    Err(server.exec()).context("starting the server")
}

/// Builds server and command lines with the dev profile.
pub(crate) fn build_programs(workspace: &Workspace) -> Result<()> {
    build_programs_as(workspace, false)
}

/// Builds server and command lines with the release or the dev profile.
pub(crate) fn build_programs_as(workspace: &Workspace, release: bool) -> Result<()> {
    let mut build = process::cargo(workspace);
    build.args(["build", "--bins"]);
    if release {
        build.arg("--release");
    }
    for package in PROGRAMS {
        build.args(["--package", package]);
    }
    process::run(&mut build)
}
