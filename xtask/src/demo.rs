//! `cargo xtask demo`: builds what the walk needs and hands over to it (`xtask/demo`).

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::setup::{self, Purpose};
use crate::workspace::Workspace;
use crate::{process, run, wasm};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End after the last step instead of leaving server and TPM running
    #[arg(long)]
    exit: bool,
}

pub(crate) fn command(args: &Args) -> Result<()> {
    setup::ensure(Purpose::Demo)?;
    let workspace = Workspace::find()?;
    wasm::build(&workspace)?;
    run::build_programs(&workspace)?;
    process::run(process::cargo(&workspace).args(["build", "--package", "xtask-demo"]))?;
    Err(walk(&workspace, args.exit).exec()).context("starting the walk")
}

/// The walk, with everything that it needs to find.
pub(crate) fn walk(workspace: &Workspace, exit: bool) -> Command {
    let mut walk = Command::new(workspace.program("xtask-demo"));
    walk.arg("--programs").arg(workspace.target().join("debug"));
    walk.arg("--folder").arg(workspace.target().join("demo"));
    walk.env("GATEHOUSE_SITE", workspace.site());
    if exit {
        walk.arg("--exit");
    }
    walk
}
